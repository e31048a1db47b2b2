"""A portal as its tests see it: plain HTTP requests, and twenty rows to ask for."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample_portal.client import PortalControl

CRASHES, PEOPLE, VEHICLES, FATALITIES = "85ca-t3if", "u6pd-qa9d", "68nd-jvt3", "gzaz-isa6"

ROWS: dict[str, list[dict[str, Any]]] = {
    "crashes": [
        {
            "crash_record_id": f"c{number:02d}",
            "crash_date": f"2024-{1 + number // 10:02d}-{1 + number % 10:02d}T{number:02d}:30:00.000",
            "posted_speed_limit": str(20 + 5 * (number % 4)),
            "weather_condition": ["CLEAR", "Clear", "RAIN"][number % 3],
            **({} if number % 5 else {"lane_cnt": "2"}),
            "street_name": ["O'BRIEN ST", "WESTERN AVE", "100% PURE_ST"][number % 3],
            "latitude": "41.9",
            "longitude": "-87.7",
            "location": {"type": "Point", "coordinates": [-87.7, 41.9]},
            "rd_no": f"JE{number}",
        }
        for number in range(20)
    ],
    "vehicles": [{"crash_unit_id": str(number), "crash_record_id": "c00", "unit_no": "1"} for number in (9, 10, 100)],
    "vision_zero_fatalities": [{"victim": "PASSENGER", "crash_date": "2021-06-27T16:55:00.000"}] * 2,
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Portal:
    url: str
    control: PortalControl

    def send(self, target: str, method: str = "GET", **headers: str) -> Answer:
        """One request as it is, over a connection of its own; header names with `_` for `-`."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        connection.request(method, target, headers={name.replace("_", "-"): text for name, text in headers.items()})
        response = connection.getresponse()
        answer = Answer(response.status, {name.lower(): text for name, text in response.getheaders()}, response.read())
        connection.close()
        return answer

    def get(self, dataset: str = CRASHES, /, **clauses: str) -> Answer:
        """A query; clauses without their `$`, anything else as `field=value` through `send`."""
        query = urllib.parse.urlencode({f"${name}": text for name, text in clauses.items()})
        return self.send(f"/resource/{dataset}.json?{query}")

    def rows(self, dataset: str = CRASHES, /, **clauses: str) -> list[dict[str, Any]]:
        answer = self.get(dataset, **clauses)
        assert answer.status == 200, answer.body
        rows: list[dict[str, Any]] = answer.json
        return rows

    def column(self, field: str, dataset: str = CRASHES, /, **clauses: str) -> list[Any]:
        return [row.get(field) for row in self.rows(dataset, **clauses)]


def write_rows(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Path:
    for slug, objects in rows.items():
        (folder / f"{slug}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in objects))
    return folder
