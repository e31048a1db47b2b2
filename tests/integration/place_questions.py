"""What the tests of questions about places share: areas, tables to ask, and the same answers found in Python."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyproj
import shapely
from harness import ROOT, CommandLine, Database
from sample_portal.testing import RunningPortal
from shapely.geometry import shape

Shape = dict[str, Any]
EARTH = pyproj.Geod(ellps="WGS84")
LOOP = ("41.8786", "-87.6251")
MOTOR_VEHICLES = ("DRIVER", "PARKED", "DRIVERLESS")

SQUARE: Shape = {
    "type": "Polygon",
    "coordinates": [[[-87.7, 41.8], [-87.6, 41.8], [-87.6, 41.9], [-87.7, 41.9], [-87.7, 41.8]]],
}
RING: Shape = {
    "type": "Polygon",
    "coordinates": [
        [[-87.75, 41.7], [-87.55, 41.7], [-87.55, 41.95], [-87.75, 41.95], [-87.75, 41.7]],
        SQUARE["coordinates"][0][::-1],
    ],
}
TWO: Shape = {
    "type": "MultiPolygon",
    "coordinates": [
        [[[-87.8, 41.9], [-87.7, 41.9], [-87.75, 42.0], [-87.8, 41.9]]],
        [[[-87.66, 41.7], [-87.6, 41.72], [-87.63, 41.8], [-87.66, 41.7]]],
    ],
}
STRIP: Shape = {
    "type": "Polygon",
    "coordinates": [[[-87.9, 41.85, 7], [-87.5, 41.86, 7], [-87.5, 41.88, 7], [-87.9, 41.87, 7], [-87.9, 41.85, 7]]],
}
OVERLAPPING: Shape = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {}, "geometry": SQUARE},
        {"type": "Feature", "properties": None, "geometry": STRIP},
        {"type": "Feature", "properties": None, "geometry": None},
    ],
}


def built_with_some_vanished(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> CommandLine:
    """Tables of 800 crashes, of which some, some people and some vehicles have vanished from the portal."""
    done = crashes("run", "--portal", serve(crashes=800, seed=29).url)
    assert done.code == 0, done.err
    for table, key in (("crashes", "crash_record_id"), ("people", "person_id"), ("vehicles", "crash_unit_id::text")):
        database.rows(f"update marts.{table} set deleted_at = now() where {key} ~ '7$'")
    counted = crashes("transform", "--select", "int_crashes__impacts", "--full-refresh")
    assert counted.code == 0, counted.err
    return crashes


def file_of(area: Shape, folder: Path) -> str:
    file = folder / "area.geojson"
    file.write_text(json.dumps(area), encoding="utf-8")
    return str(file)


def window(since: str | None, until: str | None) -> list[str]:
    return [*(["--from", since] if since else []), *(["--to", until] if until else [])]


def polygons(area: Shape) -> Any:
    if area["type"] == "FeatureCollection":
        return shapely.union_all([shape(each["geometry"]) for each in area["features"] if each["geometry"]])
    return shape(area.get("geometry", area))


class Truth:
    """The tables, in Python."""

    def __init__(self, database: Database) -> None:
        self.crashes = {
            row[0]: row
            for row in database.rows(
                "select crash_record_id, crash_at_local, latitude, longitude, hit_and_run_i, prim_contributory_cause, "
                "injuries_total from marts.crashes where deleted_at is null"
            )
        }
        self.people: dict[str, list[tuple[str, str, int | None]]] = defaultdict(list)
        for crash, *person in database.rows(
            "select crash_record_id, person_type, injury_classification, age from marts.people where deleted_at is null"
        ):
            self.people[crash].append((person[0], person[1], person[2]))
        self.units: dict[str, list[str]] = defaultdict(list)
        for crash, kind in database.rows(
            "select crash_record_id, unit_type from marts.vehicles where deleted_at is null"
        ):
            self.units[crash].append(kind)
        with (ROOT / "dbt_project/seeds/injury_costs.csv").open(encoding="utf-8", newline="") as file:
            self.costs = {
                (row["counted"], row["injury_classification"]): (
                    row["kabco"],
                    int(row["economic_cost"]),
                    int(row["quality_of_life_cost"]),
                )
                for row in csv.DictReader(file)
            }

    def near(self, lat: str, lon: str, feet: str, since: str | None, until: str | None) -> dict[str, float]:
        """Metres to each crash."""
        found = {}
        for key, _, crash_lat, crash_lon, *_ in self.located(since, until):
            metres = EARTH.inv(float(lon), float(lat), crash_lon, crash_lat)[2]
            if metres <= float(feet) * 0.3048:
                found[key] = metres
        return found

    def within(self, area: Shape, since: str | None, until: str | None) -> set[str]:
        whole = polygons(area)
        return {row[0] for row in self.located(since, until) if whole.intersects(shapely.Point(row[3], row[2]))}

    def located(self, since: str | None, until: str | None) -> list[tuple[Any, ...]]:
        first, last = date.fromisoformat(since or "1900-01-01"), date.fromisoformat(until or "2100-01-01")
        return [row for row in self.crashes.values() if row[2] is not None and first <= row[1].date() <= last]

    def report(self, keys: set[str]) -> dict[str, Any]:
        people = [person for key in keys for person in self.people[key]]
        hurt = [person for person in people if self.letter(person[1]) in tuple("KABC")]
        classes = {letter: [0, 0, 0] for letter in "KABCOU"}
        for _, injury, _ in people:
            _, economic, quality = self.costs.get(("person", injury), ("U", 0, 0))
            letter = classes[self.letter(injury)]
            classes[self.letter(injury)] = [letter[0] + 1, letter[1] + economic, letter[2] + quality]
        for key in keys:
            harmed = (self.crashes[key][6] or 0) > 0 or any(
                self.letter(injury) in tuple("KABC") for _, injury, _ in self.people[key]
            )
            vehicles = 0 if harmed else sum(kind in MOTOR_VEHICLES for kind in self.units[key])
            classes["O"][1] += vehicles * 6_269
            classes["O"][2] += vehicles * 3_927
        return {
            "crashes": len(keys),
            "people": len(people),
            "units": sum(len(self.units[key]) for key in keys),
            "injured": len(hurt),
            "killed": sum(injury == "FATAL" for _, injury, _ in people),
            "children_injured": sum(age is not None and age < 18 for *_, age in hurt),
            "pedestrians_injured": sum(kind == "PEDESTRIAN" for kind, *_ in hurt),
            "cyclists_injured": sum(kind == "BICYCLE" for kind, *_ in hurt),
            "hit_and_run": sum(self.crashes[key][4] == "Y" for key in keys),
            "economic_cost": sum(money[1] for money in classes.values()),
            "quality_of_life_cost": sum(money[2] for money in classes.values()),
            "kabco": classes,
            "types": Counter(kind for kind, *_ in people),
            "causes": Counter(self.crashes[key][5] for key in keys),
            "months": Counter(f"{self.crashes[key][1]:%Y-%m}" for key in keys),
        }

    def letter(self, injury: str) -> str:
        return self.costs.get(("person", injury), ("U", 0, 0))[0]


def assert_same(told: dict[str, Any], true: dict[str, Any]) -> None:
    for name, value in true.items():
        if name not in ("kabco", "types", "causes", "months"):
            assert told[name] == value, name
    assert told["total_cost"] == true["economic_cost"] + true["quality_of_life_cost"]
    assert true["kabco"] == {
        each["kabco"]: [each["people"], each["economic_cost"], each["quality_of_life_cost"]] for each in told["kabco"]
    }
    assert sum(each["total_cost"] for each in told["kabco"]) == told["total_cost"]
    assert true["types"] == {each["person_type"]: each["people"] for each in told["people_by_type"]}
    assert sum(each["injured"] for each in told["people_by_type"]) == told["injured"]
    causes = {each["prim_contributory_cause"]: each["crashes"] for each in told["causes"]}
    assert len(causes) == min(10, len(true["causes"]))
    assert causes.items() <= true["causes"].items()
    assert sorted(causes.values(), reverse=True) == sorted(true["causes"].values(), reverse=True)[:10]
    months = {each["month"]: each["crashes"] for each in told["months"]}
    assert {month: count for month, count in months.items() if count} == true["months"]
    assert list(months) == sorted(months)
    if months:
        first, last = (12 * int(month[:4]) + int(month[5:]) for month in (min(months), max(months)))
        assert len(months) == last - first + 1
    for name in ("injured", "killed"):
        assert sum(each[name] for each in told["months"]) == told[name]
