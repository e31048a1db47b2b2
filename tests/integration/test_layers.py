"""Layers: the City's boundaries, and files of one's own; and every crash in its place, against shapely."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio.raw
import pytest
import shapely
from harness import CommandLine, Database, sample_dir
from sample_portal.testing import RunningPortal

CITY = (-87.95, 41.6, -87.5, 42.1)

CARRIED = {
    "ward": "wards",
    "community_area": "community_areas",
    "police_beat": "police_beats",
    "police_district": "police_districts",
    "census_tract": "census_tracts",
}


def box(label: str, west: float, south: float, east: float, north: float, **more: Any) -> dict[str, Any]:
    geometry = shapely.geometry.mapping(shapely.box(west, south, east, north))
    return {"type": "Feature", "properties": {"name": label, **more}, "geometry": geometry}


def write(file: Path, *features: dict[str, Any]) -> Path:
    file.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return file


def halves(folder: Path, middle: float, name: str = "halves.geojson") -> Path:
    """The city in a western and an eastern half."""
    west, south, east, north = CITY
    return write(folder / name, box("West", west, south, middle, north), box("East", middle, south, east, north))


@pytest.fixture
def built(crashes: CommandLine, serve: Callable[..., RunningPortal]) -> tuple[CommandLine, RunningPortal]:
    portal = serve(crashes=300, seed=8)
    crashes.env["CRASHES_PORTAL_URL"] = portal.url
    assert crashes("run").code == 0
    return crashes, portal


def places(database: Database, layer: str) -> dict[str, str]:
    return dict(database.rows("select crash_record_id, label from spatial.crash_features where layer_id = %s", layer))


def carried(database: Database, column: str) -> dict[str, str]:
    return dict(database.rows(f"select crash_record_id, {column} from marts.crashes where {column} is not null"))


def contents(database: Database) -> list[tuple[Any, ...]]:
    """Every column of the crashes and of their places."""
    crashes = database.rows("select to_jsonb(crashes)::text from marts.crashes order by crash_record_id")
    return crashes + database.rows("select to_jsonb(f)::text from spatial.crash_features as f order by 1")


def points(database: Database) -> dict[str, shapely.Point]:
    rows = database.rows("select crash_record_id, st_x(geom), st_y(geom) from marts.crashes where geom is not null")
    return {key: shapely.Point(x, y) for key, x, y in rows}


def test_the_boundaries_of_the_city_come_from_the_portal_once_and_again_when_they_change(
    built: tuple[CommandLine, RunningPortal], database: Database
) -> None:
    crashes, portal = built
    done = crashes("boundaries", "--json")
    assert done.code == 0, done.err
    names = {"wards", "community_areas", "police_beats", "police_districts", "census_tracts"}
    assert done.json()["boundaries"] == dict.fromkeys(names, "new")
    located = points(database)
    for layer in names - {"police_beats"}:
        assert set(places(database, layer)) == set(located), "a grid over the whole city holds every crash"
    assert database.value("select count(*) from marts.crashes where ward is not null") == len(located)
    indexes = database.rows(
        "select indisprimary, pg_get_indexdef(indexrelid) from pg_index "
        "where indrelid = 'spatial.crash_features'::regclass"
    )
    assert sorted(definition.rpartition("(")[2] for _, definition in indexes) == [
        "crash_record_id, layer_id)",
        "feature_id)",
    ]
    assert [is_primary for is_primary, _ in indexes].count(True) == 1, "the empty table's key came back after its rows"
    assert database.value(
        "select bool_and(last_analyze is not null) from pg_stat_user_tables "
        "where schemaname = 'spatial' and relname in ('features', 'feature_parts')"
    ), "what was filled a moment ago was counted before crashes met it"

    portal.control.clear_requests()
    again = crashes("boundaries", "--json").json()
    assert again["boundaries"] == dict.fromkeys(names, "unchanged")
    assert again["dlt_load_ids"] == []
    assert len(portal.control.requests()) == 5, "one small request each"

    west, south, east, north = CITY
    two = [box("1", west, south, -87.7, north, ward="1"), box("2", -87.7, south, east, north, ward="2")]
    portal.control.boundary("wards", two)
    portal.control.fault(path="5jrd-6zik", times=9, status=404)
    changed = crashes("boundaries", "--json").json()["boundaries"]
    assert (changed["wards"], changed["census_tracts"]) == ("changed", "missing")
    assert changed["community_areas"] == "unchanged"
    expected = {key: "1" if point.x < -87.7 else "2" for key, point in located.items()}
    assert places(database, "wards") == expected
    assert database.value("select count(*) from spatial.features where layer_id = 'wards'") == 2
    assert carried(database, "ward") == expected, "the crashes follow the boundaries"


def test_crashes_carry_their_places_and_a_beat_that_is_another_is_noted(
    built: tuple[CommandLine, RunningPortal], database: Database
) -> None:
    crashes, portal = built
    assert crashes("boundaries").code == 0
    for column, layer in CARRIED.items():
        assert carried(database, column) == places(database, layer)
    before = dict(database.rows("select crash_record_id, updated_at from marts.crashes"))
    west, south, east, north = CITY
    portal.control.boundary("police_beats", [box("9999", west, south, east, north, beat_num="9999")])
    changed = crashes("boundaries", "--json")
    assert changed.json()["datasets"]["crashes"]["updated"] == 0, "boundaries are no news of the portal's rows"
    assert dict(database.rows("select crash_record_id, updated_at from marts.crashes")) == before
    assert set(carried(database, "police_beat").values()) == {"9999"}
    reported = dict(
        database.rows("select crash_record_id, beat_of_occurrence::text from marts.crashes where geom is not null")
    )
    noted = """
        select row_key, original_value from quality.rule_violations
        where rule_id = 'crashes.beat_of_occurrence.contradicts_point'
    """
    assert dict(database.rows(noted)) == reported

    moved, unplaced = sorted(reported)[:2]
    rows = [
        {"crash_record_id": moved, "beat_of_occurrence": "9999", "latitude": "41.7", "longitude": "-87.6"},
        {"crash_record_id": unplaced, "latitude": None, "longitude": None},
    ]
    portal.control.upsert("crashes", [{**row, "location": None} for row in rows])
    assert crashes("run").code == 0
    assert set(reported) - set(dict(database.rows(noted))) == {moved, unplaced}
    for column, layer in CARRIED.items():
        assert carried(database, column) == places(database, layer)
    increment = contents(database)
    assert crashes("transform", "--full-refresh").code == 0
    assert contents(database) == increment

    refused = crashes("layers", "remove", "wards", "--yes")
    assert refused.code == 2
    assert "would bring it back" in refused.err
    by_name = crashes("within", "--layer", "Police Beats", "--feature", "9999", "--json")
    assert by_name.json()["crashes"] == len(reported) - 1

    assert crashes("layers", "deactivate", "police_beats").code == 0
    assert carried(database, "police_beat") == {}
    assert database.rows(noted) == []
    assert len(carried(database, "ward")) == len(reported) - 1


def test_places_that_were_lost_halfway_are_found_again(
    built: tuple[CommandLine, RunningPortal], database: Database
) -> None:
    """A build that failed between two tables, or one table made anew alone: the next build makes all of them agree."""
    crashes, _ = built
    assert crashes("boundaries").code == 0
    before = contents(database)
    database.rows("delete from spatial.feature_parts where layer_id = 'wards'")
    database.rows("delete from spatial.crash_features where layer_id = 'wards'")
    database.rows("delete from ops.placed_layers where model = 'crash_features' and layer_id = 'wards'")
    assert contents(database) != before
    assert crashes("transform").code == 0
    assert contents(database) == before

    database.rows("update marts.crashes set ward = null")
    assert crashes("transform", "--select", "crash_features", "--full-refresh").code == 0
    assert carried(database, "ward") == {}
    assert crashes("transform").code == 0
    assert contents(database) == before


def test_a_layer_of_ones_own_is_added_shown_edited_replaced_put_out_of_use_and_removed(
    built: tuple[CommandLine, RunningPortal], database: Database, tmp_path: Path
) -> None:
    crashes, _ = built
    file = halves(tmp_path, -87.7)
    seen = crashes("layers", "preview", str(file), "--json").json()
    assert (seen["suggested_label"], seen["features"], seen["geometry"]) == ("name", 2, "polygon")
    done = crashes("layers", "add", str(file), "--name", "Two Halves!", "--description", "For a test.")
    assert done.code == 0, done.err
    assert "2 features" in done.out
    located = points(database)
    assert places(database, "two_halves") == {key: "West" if p.x < -87.7 else "East" for key, p in located.items()}
    shown = crashes("layers", "show", "two halves!", "--json").json()
    assert sum(each["crashes"] for each in shown["labelled"]) == len(located)
    assert [each["label"] for each in shown["labelled"]] == ["East", "West"]
    assert "Two Halves!" in crashes("layers", "list").out

    again = crashes("layers", "add", str(file), "--name", "The same once more")
    assert again.code == 0, again.err
    assert places(database, "the_same_once_more") == places(database, "two_halves"), "one set of features, two layers"
    assert database.value("select count(*) from raw.layer_features") == 2
    assert crashes("layers", "remove", "The same once more", "--yes").code == 0

    other = halves(tmp_path, -87.65, "other.geojson")
    assert crashes("layers", "replace", "two_halves", str(other)).code == 0
    assert places(database, "two_halves") == {key: "West" if p.x < -87.65 else "East" for key, p in located.items()}

    assert crashes("layers", "edit", "two_halves", "--name", "Halves").code == 0
    assert crashes("layers", "deactivate", "Halves").code == 0
    assert places(database, "two_halves") == {}
    assert crashes("layers", "activate", "Halves").code == 0
    assert len(places(database, "two_halves")) == len(located)

    for name in ("out.geojson", "out.gpkg", "out.fgb"):
        output = tmp_path / name
        assert crashes("layers", "export", "Halves", "--output", str(output)).code == 0
        meta, _, geometry, fields = pyogrio.raw.read(output)
        labels = list(fields[list(meta["fields"]).index("label")])
        assert sorted(labels) == ["East", "West"]
        areas = [round(shapely.from_wkb(each).area, 4) for each in geometry]
        assert sorted(areas) == sorted(round(shapely.box(*b).area, 4) for b in
                                       ((-87.95, 41.6, -87.65, 42.1), (-87.65, 41.6, -87.5, 42.1)))  # fmt: skip
        assert crashes("layers", "export", "Halves", "--output", str(output)).code == 2, "it is there already"

    assert crashes("layers", "remove", "Halves", "--yes").code == 0
    assert database.value("select count(*) from spatial.features") == 0
    assert places(database, "two_halves") == {}
    assert database.value("select count(*) from raw.layer_features") == 4, "what was landed stays"
    assert database.value("select count(*) from ops.job_executions where command like 'layers %%'") == 8


def test_increments_of_places_equal_a_full_refresh(
    built: tuple[CommandLine, RunningPortal], database: Database, tmp_path: Path
) -> None:
    crashes, portal = built
    assert crashes("layers", "add", str(halves(tmp_path, -87.7)), "--name", "Halves", "--city-wide").code == 0
    keys = sorted(places(database, "halves"))[:4]
    moved = [
        {"crash_record_id": keys[0], "latitude": "41.8", "longitude": "-87.9"},
        {"crash_record_id": keys[1], "latitude": "41.8", "longitude": "-87.6"},
        {"crash_record_id": keys[2], "latitude": "0", "longitude": "0"},
        {"crash_record_id": keys[3], "latitude": "41.8", "longitude": "-87.7"},
    ]
    portal.control.upsert("crashes", [{**row, "location": None} for row in moved])
    assert crashes("run").code == 0
    rows = "select to_jsonb(f)::text from spatial.crash_features as f order by 1"
    increment = database.rows(rows)
    now = places(database, "halves")
    assert (now[keys[0]], now[keys[1]], keys[2] in now) == ("West", "East", False)
    how = "select how, label from spatial.crash_features where crash_record_id = %s"
    assert database.rows(how, keys[3]) == [("border", "East")], "on the border: the first in the layer's order"
    assert crashes("transform", "--full-refresh").code == 0
    assert database.rows(rows) == increment


def test_a_crash_just_outside_of_a_city_wide_layer_belongs_to_the_nearest_feature(
    built: tuple[CommandLine, RunningPortal], database: Database, tmp_path: Path
) -> None:
    """A degree of longitude is 83.1 km here: 0.00024 degrees are 20 m, 0.00036 are 30 m."""
    crashes, portal = built
    file = write(tmp_path / "east.geojson", box("East", -87.7, 41.6, -87.5, 42.1))
    keys = sorted(points(database))[:3]
    for key, longitude in zip(keys, ("-87.70024", "-87.70036", "-87.69"), strict=True):
        row = {"crash_record_id": key, "latitude": "41.8", "longitude": longitude, "location": None}
        portal.control.upsert("crashes", [row])
    assert crashes("run").code == 0
    assert crashes("layers", "add", str(file), "--name", "East", "--city-wide").code == 0
    found = "select how, round(metres::numeric) from spatial.crash_features where crash_record_id = %s"
    assert database.rows(found, keys[0]) == [("nearest", 20)]
    assert database.rows(found, keys[1]) == []
    assert database.rows(found, keys[2]) == [("within", 0)]
    assert crashes("layers", "edit", "East", "--not-city-wide").code == 0
    assert database.rows(found, keys[0]) == []


def test_what_cannot_be_meant_is_one_sentence(
    built: tuple[CommandLine, RunningPortal], database: Database, tmp_path: Path
) -> None:
    crashes, _ = built
    file = str(halves(tmp_path, -87.7))
    assert crashes("layers", "add", file, "--name", "Halves").code == 0
    bow = {
        "type": "Polygon",
        "coordinates": [[[-87.7, 41.8], [-87.6, 41.9], [-87.6, 41.8], [-87.7, 41.9], [-87.7, 41.8]]],
    }
    crossed = write(tmp_path / "bow.geojson", {"type": "Feature", "properties": {"name": "Bow"}, "geometry": bow})
    repaired = crashes("layers", "add", str(crossed), "--name", "Robert'); drop schema spatial; -- 🚲")
    assert repaired.code == 0, repaired.err
    assert "1 of them repaired" in repaired.out
    for words, said in (
        (["add", file, "--name", "halves"], "There is a layer 'halves' already"),
        (["add", file, "--name", "x" * 10_000], "is no name for a layer"),
        (["add", file, "--name", ""], "is no name for a layer"),
        (["add", file, "--name", "Other", "--label-field", "nom"], "has no field 'nom'"),
        (["add", str(tmp_path / "absent.geojson"), "--name", "Other"], "absent.geojson"),
        (["edit", "Halves"], "Nothing would change"),
        (["edit", "Halves", "--label-field", "nom"], "have no field 'nom'"),
        (["show", "Hlaves"], "Did you mean 'Halves'?"),
        (["activate", "Halves"], "in use already"),
        (["export", "Halves", "--output", str(tmp_path / "out.doc")], "no ending"),
        (["export", "Halves", "--output", str(tmp_path / "nowhere" / "out.fgb")], "cannot be written"),
    ):
        done = crashes("layers", *words)
        assert done.code == 2, (words, done.err)
        assert said in done.err
        assert "Traceback" not in done.err
    assert database.value("select count(*) from spatial.layers") == 2


@pytest.mark.sample
def test_real_crashes_lie_in_real_boundaries_as_the_reports_say(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], tmp_path: Path
) -> None:
    """Point in beat equals the beat of the report for 984 of 987; every crash within 25 m of a ward has one."""
    rows = tmp_path / "rows"
    shutil.copytree(sample_dir() / "soda", rows)
    (rows / "boundaries").mkdir()
    for slug, file in {"wards": "wards_2023"}.items() | {
        (name, name) for name in ("community_areas", "police_beats", "police_districts")
    }:
        shutil.copy(sample_dir() / "boundaries" / f"{file}.geojson", rows / "boundaries" / f"{slug}.geojson")
    crashes.env["CRASHES_PORTAL_URL"] = serve(rows=rows).url
    assert crashes("run").code == 0
    done = crashes("boundaries")
    assert done.code == 0, done.err
    agree = """
        select count(*) filter (where police_beat::integer = beat_of_occurrence), count(*)
        from marts.crashes where police_beat is not null
    """
    assert database.rows(agree) == [(984, 987)]
    wards = "select how, count(*), max(metres) < 25 from spatial.crash_features where layer_id = 'wards' group by how"
    assert sorted(database.rows(wards)) == [("nearest", 2, True), ("within", 985, True)]
    counted = "select layer_id, count(*) from spatial.features where not is_repaired group by layer_id"
    assert dict(database.rows(counted)) == {
        "census_tracts": 798, "community_areas": 77, "police_beats": 277, "police_districts": 22, "wards": 50,
    }  # fmt: skip
