"""Values that no publisher should publish land word for word, or with a note of what had to be changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

STAMP = '":version":"rv-a","{c}":"2026-01-01T00:00:00.000Z",":updated_at":"2026-01-01T00:00:00.000Z"'.replace(
    "{c}", ":created_at"
)
MEGABYTE = "x" * 1_000_000

# What follows the key and the date of a crash, and what becomes of it in raw: column, text.
HOSTILE = {
    "nul": (r'"street_name":"A\u0000B"', "street_name", "AB"),
    "surrogate": (r'"street_name":"A\ud800B"', "street_name", "A\ufffdB"),
    "megabyte": (f'"street_name":"{MEGABYTE}"', "street_name", MEGABYTE),
    "number": ('"street_no":12.50', "street_no", "12.50"),
    "boolean": ('"street_name":true', "street_name", "true"),
    "object": ('"street_name":{"a":[1,{"b":null}]}', "street_name", '{"a":[1,{"b":null}]}'),
    "sql": ('"street_name":"\'); drop table raw.crashes; --"', "street_name", "'); drop table raw.crashes; --"),
    "twice": ('"street_name":"FIRST","street_name":"LAST"', "street_name", "LAST"),
    "no point": (
        '"location":{"type":"Point","coordinates":[null,null]}',
        "location",
        '{"type":"Point","coordinates":[null,null]}',
    ),
    "odd key": ('"x\\"; drop table raw.crashes":"Y"', None, None),
    "empty": ('"street_name":""', "street_name", ""),
    "no value": ('"street_name":null', "street_name", None),
    "backslash N": (r'"street_name":"\\N"', "street_name", r"\N"),
    "breaks": (r'"street_name":"a\tb\nc\r\nd\\"', "street_name", "a\tb\nc\r\nd\\"),
    "emoji": ('"street_name":"🚗 Étoile"', "street_name", "🚗 Étoile"),
}


def test_no_value_costs_a_row(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], tmp_path: Path
) -> None:
    for name in ("crashes", "people", "vehicles", "vision_zero_fatalities"):
        (tmp_path / f"{name}.jsonl").write_text("")
    (tmp_path / "crashes.jsonl").write_text(
        json.dumps({"crash_record_id": "tame", "crash_date": "2024-01-02T03:04:05.000"}) + "\n"
    )
    portal = serve(rows=tmp_path)
    rows = [
        f'{{":id":"row-{number}",{STAMP},"crash_record_id":"{name}","crash_date":"2024-01-02T03:04:05.000",{fields}}}'
        for number, (name, (fields, _, _)) in enumerate(HOSTILE.items())
    ]
    headers = {"Content-Type": "application/json;charset=utf-8"}
    portal.control.fault(
        path="85ca-t3if", query="limit", status=200, headers=headers, body="[" + "\n,".join(rows) + "]\n"
    )
    done = crashes("run", "--portal", portal.url, "--json")
    assert done.code == 0, done.err

    shown = [key for (key,) in database.rows("select crash_record_id from marts.crashes order by 1")]
    assert shown == sorted(HOSTILE)
    for name, (_, column, text) in HOSTILE.items():
        if column:
            assert database.value(f"select {column} from raw.crashes where crash_record_id = %s", name) == text, name
    notes = " ".join(done.json()["notes"])
    assert "1 values held NUL bytes" in notes
    assert "1 values held lone surrogates" in notes
    assert database.value("select geom is null from marts.crashes where crash_record_id = 'no point'")
    odd = "select count(*) from information_schema.columns where table_schema = 'raw' and column_name like 'x_%%drop%%'"
    assert database.value(odd) == 1, "even a column with such a name has landed"

    # and again: a column is known by its name in raw, not by the portal's
    portal.control.fault(
        path="85ca-t3if", query="limit", status=200, headers=headers, body="[" + "\n,".join(rows) + "]\n"
    )
    assert crashes("ingest", "--full-refresh", "--portal", portal.url).code == 0
    assert database.value(odd) == 1
    assert database.value("select count(*) from raw.crashes where crash_record_id = 'odd key'") == 2
