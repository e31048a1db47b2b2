"""Questions about places: against the same found with shapely and pyproj and summed in Python; every form read back."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyogrio
import pyproj
import pytest
import shapely
from harness import BIN, ROOT, CommandLine, Database
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

NEAR = [
    (*LOOP, "2640", None, None),
    (*LOOP, "10560", None, "2021-12-31"),
    ("41.75", "-87.65", "26400", None, None),
    ("41.95", "-87.70", "26400", "2019-03-01", "2023-02-28"),
    ("41.60", "-87.50", "26400", None, None),
    ("41.9773", "-87.8369", "20000.5", "2020-01-01", None),
]
WITHIN = [
    (SQUARE, None, None),
    (RING, "2022-01-01", "2022-12-31"),
    (TWO, None, None),
    ({"type": "Feature", "properties": {}, "geometry": STRIP}, "2018-01-01", None),
    (OVERLAPPING, None, "2024-06-30"),
]


@pytest.fixture(scope="module")
def built(
    module_crashes: CommandLine, module_database: Database, module_serve: Callable[..., RunningPortal]
) -> CommandLine:
    """Tables of 800 crashes, of which some, some people and some vehicles have vanished from the portal."""
    done = module_crashes("run", "--portal", module_serve(crashes=800, seed=29).url)
    assert done.code == 0, done.err
    for table, key in (("crashes", "crash_record_id"), ("people", "person_id"), ("vehicles", "crash_unit_id::text")):
        module_database.rows(f"update marts.{table} set deleted_at = now() where {key} ~ '7$'")
    counted = module_crashes("transform", "--select", "int_crashes__impacts", "--full-refresh")
    assert counted.code == 0, counted.err
    return module_crashes


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


@pytest.mark.parametrize(("lat", "lon", "feet", "since", "until"), NEAR)
def test_what_is_near_is_what_a_geodesic_says(
    built: CommandLine, module_database: Database, lat: str, lon: str, feet: str, since: str | None, until: str | None
) -> None:
    place = ["--lat", lat, "--lon", lon, "--radius-feet", feet, *window(since, until)]
    truth = Truth(module_database)
    found = truth.near(lat, lon, feet, since, until)
    listed = built("near", *place, "--format", "csv")
    assert listed.code == 0, listed.err
    rows = list(csv.DictReader(io.StringIO(listed.out)))
    assert {row["crash_record_id"]: float(row["metres"]) for row in rows} == pytest.approx(found, abs=0.001)
    assert [float(row["metres"]) for row in rows] == sorted(float(row["metres"]) for row in rows)
    told = built("near", *place, "--json").json()
    assert_same(told, truth.report(set(found)))
    assert (told["lat"], told["radius_feet"], told["from"], told["to"]) == (float(lat), float(feet), since, until)


@pytest.mark.parametrize(("area", "since", "until"), WITHIN)
def test_what_is_within_is_what_shapely_says(
    built: CommandLine, module_database: Database, tmp_path: Path, area: Shape, since: str | None, until: str | None
) -> None:
    place = ["--geojson", file_of(area, tmp_path), *window(since, until)]
    truth = Truth(module_database)
    found = truth.within(area, since, until)
    assert len(found) > 5
    listed = built("within", *place, "--format", "csv")
    assert listed.code == 0, listed.err
    assert {row["crash_record_id"] for row in csv.DictReader(io.StringIO(listed.out))} == found
    told = built("within", *place, "--json").json()
    assert_same(told, truth.report(found))
    assert told["square_miles"] == pytest.approx(
        abs(EARTH.geometry_area_perimeter(shapely.force_2d(polygons(area)))[0]) / 2_589_988.110336, abs=0.001
    )


def test_the_questions_find_something(module_database: Database, built: CommandLine) -> None:
    """Or else the comparisons compare nothing."""
    truth = Truth(module_database)
    asked = [truth.report(set(truth.near(*question))) for question in NEAR]
    assert sum(each["crashes"] for each in asked) > 100
    assert all(sum(each[name] for each in asked) for name in ("killed", "children_injured", "hit_and_run"))
    assert module_database.value("select count(*) from marts.crashes where deleted_at is not null") > 10


def test_a_crash_on_a_line_where_an_area_is_cut_counts_once(built: CommandLine, module_database: Database) -> None:
    """An area with a long border is looked through in pieces; two of them meet in the middle, where the crash is."""
    circle = (
        "with area as ("
        "select geom as middle, st_buffer(geom, 0.02, 'quad_segs=100') as area from marts.crashes "
        "where geom is not null and deleted_at is null order by crash_record_id limit 1"
        ") "
    )
    pieces = "select count(*) from area, st_subdivide(area.area, 255) as piece where st_intersects(piece, middle)"
    assert module_database.value(circle + pieces) > 1
    true = module_database.value(
        circle + "select count(*) from area, marts.crashes where st_intersects(area.area, geom) and deleted_at is null"
    )
    assert module_database.value(circle + "select spatial.report_within(area) ->> 'crashes' from area") == str(true)
    found = "select count(*), count(distinct crash_record_id) from area, spatial.crashes_within(area)"
    assert module_database.rows(circle + found) == [(true, true)]


def test_a_crash_where_two_parts_of_an_area_touch_counts_once(built: CommandLine, module_database: Database) -> None:
    """In the second part it is at a notch, nowhere near the edge of the part's box."""
    touching = (
        "with area as ("
        "select geom as middle, st_setsrid(st_geomfromtext(format('multipolygon("
        "((%%1$s %%2$s, %%3$s %%6$s, %%4$s %%6$s, %%1$s %%2$s)),"
        "((%%5$s %%7$s, %%8$s %%7$s, %%8$s %%6$s, %%1$s %%2$s, %%5$s %%6$s, %%5$s %%7$s)))',"
        "st_x(geom), st_y(geom), st_x(geom) + 0.01, st_x(geom) - 0.01, st_x(geom) - 0.02, st_y(geom) + 0.02,"
        "st_y(geom) - 0.02, st_x(geom) + 0.02)), 4326) as area from marts.crashes "
        "where geom is not null and deleted_at is null order by crash_record_id limit 1"
        ") "
    )
    pieces = "select st_isvalid(area), count(*) from area, st_dump(area) as part where st_intersects(part.geom, middle)"
    assert module_database.rows(touching + pieces + " group by area") == [(True, 2)]
    true = module_database.value(
        touching
        + "select count(*) from area, marts.crashes where st_intersects(area.area, geom) and deleted_at is null"
    )
    found = "select count(*), count(distinct crash_record_id) from area, spatial.crashes_within(area)"
    assert module_database.rows(touching + found) == [(true, true)]
    assert module_database.value(touching + "select spatial.report_within(area) ->> 'crashes' from area") == str(true)


def test_plain_sql_says_the_same_as_the_command(built: CommandLine, tmp_path: Path) -> None:
    asked = {
        "select spatial.report_near(41.8786, -87.6251, 10560, until => '2021-12-31')": built(
            "near", "--lat", LOOP[0], "--lon", LOOP[1], "--radius-feet", "10560", "--to", "2021-12-31", "--json"
        ),
        f"select spatial.report_within(st_geomfromgeojson('{json.dumps(SQUARE)}'), '2020-01-01')": built(
            "within", "--geojson", file_of(SQUARE, tmp_path), "--from", "2020-01-01", "--format", "json"
        ),
    }
    for statement, command in asked.items():
        typed = psql(built, statement)
        assert typed.returncode == 0, typed.stderr
        assert json.loads(typed.stdout) == command.json()


def psql(crashes: CommandLine, statement: str) -> subprocess.CompletedProcess[str]:
    command = [BIN / "crashes", "db", "psql", "-v", "ON_ERROR_STOP=1", "-At", "-c", statement]
    return subprocess.run(command, env=crashes.env, capture_output=True, text=True, timeout=60)


def test_every_form_is_read_back(built: CommandLine, module_database: Database, tmp_path: Path) -> None:
    truth = Truth(module_database)
    found = truth.near(*LOOP, "10560", None, None)
    place = ["near", "--lat", LOOP[0], "--lon", LOOP[1], "--radius-feet", "10560"]
    files = {form: tmp_path / f"answer.{form}" for form in ("csv", "geojson", "geoparquet", "flatgeobuf", "json")}
    for form, file in files.items():
        done = built(*place, "--format", form, "--output", str(file))
        assert done.code == 0, done.err
        assert done.out == ""
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in files.values()}
    points = {key: (truth.crashes[key][3], truth.crashes[key][2]) for key in found}

    features = json.loads(files["geojson"].read_text(encoding="utf-8"))["features"]
    assert {
        each["properties"]["crash_record_id"]: tuple(each["geometry"]["coordinates"]) for each in features
    } == points
    assert {each["properties"]["crash_record_id"]: each["properties"]["metres"] for each in features} == pytest.approx(
        found, abs=0.001
    )
    assert built(*place, "--format", "geojson").json()["features"] == features
    assert built(*place, "--format", "csv").out == files["csv"].read_text(encoding="utf-8")
    assert built(*place, "--json").json() == json.loads(files["json"].read_text(encoding="utf-8"))

    table = pq.read_table(files["geoparquet"])
    geo = json.loads(table.schema.metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    assert geo["columns"]["geometry"]["encoding"] == "WKB"
    west, south, east, north = geo["columns"]["geometry"]["bbox"]
    rows = table.to_pylist()
    parsed = {row["crash_record_id"]: shapely.from_wkb(row["geometry"]) for row in rows}
    assert {key: (point.x, point.y) for key, point in parsed.items()} == points
    assert shapely.box(west, south, east, north).covers(shapely.MultiPoint(list(points.values())))
    assert all(row["crash_at_local"] == truth.crashes[row["crash_record_id"]][1] for row in rows)

    meta, _, wkb, columns = pyogrio.raw.read(files["flatgeobuf"])
    named = dict(zip(meta["fields"], columns, strict=True))
    assert meta["crs"] == "EPSG:4326"
    read = [shapely.from_wkb(each) for each in wkb]
    assert dict(zip(named["crash_record_id"], ((each.x, each.y) for each in read), strict=True)) == points
    assert {str(when)[:16] for when in named["crash_at_local"]} == {
        f"{truth.crashes[key][1]:%Y-%m-%dT%H:%M}" for key in found
    }


def test_files_are_overwritten_only_when_told(built: CommandLine, tmp_path: Path) -> None:
    place = ["near", "--lat", LOOP[0], "--lon", LOOP[1], "--radius-feet", "5280"]
    file = tmp_path / "kept.fgb"
    file.write_text("mine")
    done = built(*place, "--format", "flatgeobuf", "--output", str(file))
    assert (done.code, file.read_text()) == (2, "mine")
    assert "--force" in done.err
    assert built(*place, "--format", "flatgeobuf", "--output", str(file), "--force").code == 0
    assert pyogrio.read_info(file)["features"] > 0
    for form, output, word in (
        ("geoparquet", None, "--output"),
        ("csv", str(tmp_path), "folder"),
        ("csv", str(tmp_path / "none" / "a.csv"), "folder that is there"),
        ("flatgeobuf", str(tmp_path / "none" / "a.fgb"), "folder that is there"),
        ("table", str(tmp_path / "a.txt"), "terminal"),
    ):
        done = built(*place, "--format", form, *(["--output", output] if output else []))
        assert (done.code, done.out) == (2, ""), form
        assert word in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["kept.fgb"]


def test_an_empty_answer_is_an_answer(built: CommandLine, tmp_path: Path) -> None:
    place = [
        "near",
        "--lat",
        LOOP[0],
        "--lon",
        LOOP[1],
        "--radius-feet",
        "500",
        "--from",
        "1999-01-01",
        "--to",
        "1999-02-01",
    ]
    shown = built(*place)
    assert (shown.code, shown.out) == (
        0,
        "No crash up to 500 feet from 41.8786, -87.6251, from 1999-01-01 to 1999-02-01.\n",
    )
    told = built(*place, "--json").json()
    assert (told["crashes"], told["total_cost"], told["months"], told["causes"]) == (0, 0, [], [])
    for form in ("geoparquet", "flatgeobuf"):
        file = tmp_path / form
        assert built(*place, "--format", form, "--output", str(file)).code == 0
    assert pq.read_table(tmp_path / "geoparquet").num_rows == 0
    assert pyogrio.read_info(tmp_path / "flatgeobuf", force_feature_count=True)["features"] == 0
    assert built(*place, "--format", "geojson").json() == {"type": "FeatureCollection", "features": []}


def test_the_table_says_what_the_json_says(built: CommandLine) -> None:
    place = ["near", "--lat", LOOP[0], "--lon", LOOP[1], "--radius-feet", "10560"]
    told, shown = built(*place, "--json").json(), built(*place)
    assert shown.code == 0, shown.err
    for key in ("crashes", "people", "injured", "hit_and_run", "total_cost", "economic_cost"):
        assert f"{told[key]:,}" in shown.out, key
    assert re.search(r"^O +NO INDICATION OF INJURY", shown.out, re.MULTILINE)
    assert told["causes"][0]["prim_contributory_cause"] in shown.out
    assert f"\n{told['months'][-1]['month']} " in shown.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--lat", "-87.6251", "--lon", "41.8786", "--radius-feet", "500"], "swapped"),
        (["--lat", "40.7", "--lon", "-74.0", "--radius-feet", "500"], "41.6 to 42.1"),
        (["--lat", "41.8786", "--lon", "87.6251", "--radius-feet", "500"], "negative"),
        (["--lat", "nan", "--lon", "-87.6", "--radius-feet", "500"], "not in Chicago"),
        (["--lat", "41.88", "--lon", "-87.6", "--radius-feet", "0"], "26,400 feet"),
        (["--lat", "41.88", "--lon", "-87.6", "--radius-feet", "-5"], "26,400 feet"),
        (["--lat", "41.88", "--lon", "-87.6", "--radius-feet", "528000"], "5 miles"),
        (["--lat", "41.88", "--lon", "-87.6", "--radius-feet", "inf"], "5 miles"),
        (["--lat", "41.88", "--lon", "-87.6", "--radius-feet", "nan"], "5 miles"),
        (["--lat", "41.88", "--lon", "-87.6"], "--radius-feet"),
        (["--lat", "here", "--lon", "-87.6", "--radius-feet", "5"], "--lat"),
        (
            ["--lat", "41.88", "--lon", "-87.6", "--radius-feet", "5", "--from", "2024-02-01", "--to", "2024-01-01"],
            "Swap",
        ),
        (["--lat", "41.88", "--lon", "-87.6", "--radius-feet", "5", "--json", "--format", "csv"], "one of them"),
    ],
)
def test_a_place_that_cannot_be_meant_is_a_sentence(built: CommandLine, arguments: list[str], word: str) -> None:
    done = built("near", *arguments)
    assert (done.code, done.out) == (2, "")
    assert word in done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == 2


BOWTIE: Shape = {
    "type": "Polygon",
    "coordinates": [[[-87.7, 41.8], [-87.6, 41.9], [-87.6, 41.8], [-87.7, 41.9], [-87.7, 41.8]]],
}
SWAPPED: Shape = {
    "type": "Polygon",
    "coordinates": [[position[::-1] for position in SQUARE["coordinates"][0]]],
}
PARIS: Shape = {"type": "Polygon", "coordinates": [[[2.2, 48.8], [2.4, 48.8], [2.4, 48.9], [2.2, 48.8]]]}
FEET: Shape = {"type": "Polygon", "coordinates": [[[1.1e6, 1.8e6], [1.2e6, 1.8e6], [1.2e6, 1.9e6], [1.1e6, 1.8e6]]]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps(BOWTIE), ["invalid", "Self-intersection"]),
        (
            json.dumps({"type": "GeometryCollection", "geometries": [SQUARE, BOWTIE]}),
            ["Polygon 2", "Self-intersection"],
        ),
        (json.dumps(SWAPPED), ["swapped", "longitude first"]),
        (json.dumps(PARIS), ["not in Chicago"]),
        (json.dumps(FEET), ["no degrees"]),
        (
            json.dumps({**SQUARE, "crs": {"type": "name", "properties": {"name": "EPSG:3435"}}}),
            ["coordinate system", "ogr2ogr"],
        ),
        ("", ["no GeoJSON"]),
        ("a,b\n1,2\n", ["no GeoJSON"]),
        ("[]", ["no GeoJSON", "no object"]),
        ("{}", ["no type"]),
        ('{"type": "Topology"}', ["Topology"]),
        ('{"type": "FeatureCollection", "features": []}', ["no polygon"]),
        ('{"type": "FeatureCollection", "features": 3}', ["no list"]),
        ('{"type": "Point", "coordinates": [-87.6, 41.8]}', ["Point"]),
        ('{"type": "Polygon"}', ["coordinates"]),
        ('{"type": "Polygon", "coordinates": []}', ["no polygon"]),
        ('{"type": "Polygon", "coordinates": [[]]}', ["null or empty"]),
        ('{"type": "Polygon", "coordinates": [[["a", "b"]]]}', ["no position"]),
        ('{"type": "Polygon", "coordinates": [[[-87.7, NaN]]]}', ["NaN is no number"]),
        ('{"type": "Polygon", "coordinates": [[[-87.7, 1e999]]]}', ["no position"]),
        (
            '{"type": "Polygon", "coordinates": [[[-87.7, 41.8], [-87.6, 41.8], [-87.6, 41.9]]]}',
            ["last equal to the first"],
        ),
        ('{"type": "Polygon", "coordinates": [[[-87.7, 41.8]]]}', ["four positions"]),
        ('{"type":"Feature","geometry":' * 100_000, ["no GeoJSON"]),
        ("[" * 100_000, ["no GeoJSON"]),
        ("\x00\x01", ["no GeoJSON"]),
    ],
)
def test_a_file_that_cannot_be_meant_is_a_sentence(
    built: CommandLine, tmp_path: Path, content: str, words: list[str]
) -> None:
    file = tmp_path / "area.geojson"
    file.write_text(content, encoding="utf-8")
    done = built("within", "--geojson", str(file))
    assert (done.code, done.out) == (2, ""), done.err
    assert all(word in done.err for word in words), done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == 2


def test_a_file_that_is_none_or_too_large_is_a_sentence(built: CommandLine, tmp_path: Path) -> None:
    large = tmp_path / "large.geojson"
    with large.open("wb") as file:
        file.truncate(50_000_001)
    latin = tmp_path / "latin.geojson"
    latin.write_bytes(b'{"type": "\xe9"}')
    for name, word in (
        (large, "50 MB"),
        (latin, "UTF-8"),
        (tmp_path, "cannot be read"),
        (tmp_path / "no", "No such file"),
    ):
        done = built("within", "--geojson", str(name))
        assert (done.code, done.out) == (2, "")
        assert word in done.err
        assert "Traceback" not in done.err


def test_an_area_may_come_by_stdin_and_with_a_byte_order_mark(built: CommandLine, tmp_path: Path) -> None:
    command = [BIN / "crashes", "within", "--geojson", "-", "--json"]
    content = b"\xef\xbb\xbf" + json.dumps(SQUARE).encode()
    done = subprocess.run(command, env=built.env, input=content, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == built("within", "--geojson", file_of(SQUARE, tmp_path), "--json").json()


def test_a_feature_of_a_layer_is_an_area(built: CommandLine, module_database: Database, tmp_path: Path) -> None:
    module_database.rows(
        "insert into spatial.features (feature_id, layer_id, label, geom) "
        "select 'x' || label, 'wards', label, st_setsrid(st_geomfromgeojson(geom), 4326) "
        "from (values ('27', %s), ('Near West', %s)) as given (label, geom)",
        json.dumps(SQUARE),
        json.dumps(TWO),
    )
    try:
        told = built("within", "--layer", "Wards", "--feature", "27", "--json")
        assert told.code == 0, told.err
        assert told.json() == built("within", "--geojson", file_of(SQUARE, tmp_path), "--json").json()
        assert built("within", "--layer", "wards", "--feature", "near west").out.split()[1:5] == [
            "crashes",
            "within",
            "near",
            "west",
        ]
        for asked, word in (
            (["--layer", "ward", "--feature", "27"], "Did you mean --layer wards?"),
            (["--layer", "x; drop table", "--feature", "27"], "Layers there are: wards"),
            (["--layer", "wards", "--feature", "Neer West"], "'Near West'"),
            (["--layer", "wards", "--feature", "Ω"], "It has 27, Near West."),
            (["--layer", "wards"], "--feature"),
            (["--layer", "wards", "--feature", "27", "--geojson", "a"], "either"),
            ([], "either"),
        ):
            done = built("within", *asked)
            assert (done.code, done.out) == (2, ""), asked
            assert word in done.err
    finally:
        module_database.rows("delete from spatial.features where layer_id = 'wards'")


def test_without_the_table_of_features_it_says_so(built: CommandLine, module_database: Database) -> None:
    with closing(module_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("alter table spatial.features rename to elsewhere")
        with pytest.raises(Exception, match="There are no layers yet") as raised:
            cursor.execute("select spatial.feature_area('wards', '27')")
        assert "crashes layers add" in str(raised.value)
        cursor.execute("rollback")


def test_the_lookups_use_the_index_of_places(built: CommandLine, module_database: Database) -> None:
    """In a table of some ten thousand crashes, and as the planner likes it. It counts scans within the transaction."""
    columns = [
        name
        for (name,) in module_database.rows(
            "select attname from pg_attribute where attrelid = 'marts.crashes'::regclass and attnum > 0"
        )
    ]
    copied = ", ".join("crash_record_id || copy" if name == "crash_record_id" else f'"{name}"' for name in columns)
    used = (
        "select sum(pg_stat_get_xact_numscans(indexrelid)), pg_stat_get_xact_numscans('marts.crashes'::regclass) from "
        " pg_index join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam "
        "where indrelid = 'marts.crashes'::regclass and amname = 'gist'"
    )
    names = ", ".join(f'"{name}"' for name in columns)
    box = "st_makeenvelope(-87.63, 41.87, -87.62, 41.88, 4326)"
    with closing(module_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute(
            f"insert into marts.crashes ({names}) "
            f"select {copied} from marts.crashes cross join generate_series(1, 19) as copy"
        )
        cursor.execute("analyze marts.crashes")
        for asked in (
            "spatial.crashes_near(41.8786, -87.6251, 1000)",
            f"spatial.crashes_within({box})",
        ):
            cursor.execute(used)
            by_index, whole = cursor.fetchone() or (0, 0)
            cursor.execute(f"select count(*) from {asked}")
            cursor.execute(used)
            assert cursor.fetchone() == (by_index + 1, whole), asked
        cursor.execute("set local enable_seqscan = off")
        for condition in (f"geom && {box}", f"st_intersects({box}, geom)"):
            cursor.execute(f"explain select from marts.crashes where {condition} and deleted_at is null")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Index Cond: (geom " in plan, plan
        cursor.execute("rollback")


def test_the_functions_say_what_they_are_and_may_be_called_by_readers(
    built: CommandLine, module_database: Database
) -> None:
    functions = module_database.rows(
        "select proname, provolatile, proparallel, obj_description(oid, 'pg_proc'), proconfig from pg_proc "
        "where pronamespace = 'spatial'::regnamespace"
    )
    wanted = {"crashes_near", "crashes_within", "report_near", "report_within", "report_of", "feature_area"}
    assert wanted <= {name for name, *_ in functions}
    for name, volatile, parallel, comment, config in functions:
        if name in wanted or name.startswith("checked_"):
            assert (volatile, parallel) == ("s", "s"), name
            assert len(comment) > 40, name
            assert config[0] == "search_path=pg_catalog, public, pg_temp", name
    with closing(module_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("create role questions_reader")
        cursor.execute("grant questions_reader to current_user")
        cursor.execute("grant usage on schema spatial, marts to questions_reader")
        cursor.execute("grant select on all tables in schema marts to questions_reader")
        cursor.execute("set local role questions_reader")
        cursor.execute("set local search_path = pg_catalog")
        cursor.execute("select spatial.report_near(41.8786, -87.6251, 10560) -> 'crashes'")
        assert (cursor.fetchone() or (0,))[0] > 0
        cursor.execute("rollback")


def test_another_system_is_transformed_and_a_null_is_an_error(built: CommandLine, module_database: Database) -> None:
    area = f"st_setsrid(st_geomfromgeojson('{json.dumps(SQUARE)}'), 4326)"
    count = "select count(*) from spatial.crashes_within"
    assert module_database.value(f"{count}(st_transform({area}, 3435))") == module_database.value(f"{count}({area})")
    for asked, word in (
        ("crashes_within(null)", "HINT:  Give a polygon"),
        ("crashes_within('POLYGON EMPTY'::geometry)", "null or empty"),
        ("crashes_within(st_makepoint(-87.6, 41.8))", "A Point has no inside"),
        (f"crashes_within({area}, '2024-02-01', '2024-01-01')", "Swap them"),
        ("crashes_near(null, -87.6, 500)", "are needed"),
    ):
        done = psql(built, f"select * from spatial.{asked}")
        assert word in done.stderr, asked


def test_before_the_first_build_it_says_what_to_do(crashes: CommandLine) -> None:
    done = crashes("near", "--lat", LOOP[0], "--lon", LOOP[1], "--radius-feet", "500")
    assert (done.code, done.out) == (1, "")
    assert "`crashes run`" in done.err


def test_days_are_days_of_the_clock(built: CommandLine, module_database: Database) -> None:
    """A crash in the last minute of a day belongs to it."""
    key, when, lat, lon = module_database.rows(
        "select crash_record_id, crash_at_local, latitude, longitude from marts.crashes "
        "where geom is not null and deleted_at is null order by crash_at_local::time desc limit 1"
    )[0]
    assert isinstance(when, datetime)
    day = when.date().isoformat()
    place = ["near", "--lat", str(lat), "--lon", str(lon), "--radius-feet", "1", "--from", day, "--to", day]
    assert key in built(*place, "--format", "csv").out


def test_the_functions_outlive_a_full_refresh_and_an_older_form_of_themselves(
    built: CommandLine, module_database: Database
) -> None:
    """The last of the module: the tables come out as the portal has them, with what had vanished only here."""
    module_database.rows("drop function spatial.report_near(float8, float8, float8, date, date)")
    module_database.rows("create function spatial.report_near(lat text) returns text language sql as 'select lat'")
    module_database.rows("drop function spatial.report_of(text[])")
    module_database.rows("create function spatial.report_of(others text[]) returns text language sql as 'select null'")
    before = module_database.value("select 'spatial.crashes_near'::regproc::oid")
    assert built("transform", "--full-refresh").code == 0
    assert module_database.value("select 'spatial.crashes_near'::regproc::oid") == before
    place = (*LOOP, "26400", None, None)
    truth = Truth(module_database)
    found = truth.near(*place)
    done = built("near", "--lat", LOOP[0], "--lon", LOOP[1], "--radius-feet", "26400", "--json")
    assert done.code == 0, done.err
    assert_same(done.json(), truth.report(set(found)))
    assert module_database.value("select count(*) from pg_proc where proname = 'report_near'") == 1
