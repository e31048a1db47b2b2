"""Questions about places: against the same found with shapely and pyproj and summed in Python; every form read back."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from harness import BIN, CommandLine, Database
from place_questions import (
    EARTH,
    LOOP,
    OVERLAPPING,
    RING,
    SQUARE,
    STRIP,
    TWO,
    Shape,
    Truth,
    assert_same,
    built_with_some_vanished,
    file_of,
    polygons,
    window,
)
from sample_portal.testing import RunningPortal

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
    return built_with_some_vanished(module_crashes, module_database, module_serve)


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
