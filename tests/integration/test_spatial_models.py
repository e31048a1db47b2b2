"""Hot spots, corners, hexagons and tiles: against the same computed in Python from the crashes of the final table."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

import mapbox_vector_tile
import numpy as np
import psycopg2
import pytest
import shapely
from crash_clusters import TO_PLANE, VARS, Crash, commonest, dbscan, hot_spots, least, periods
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

MODELS = ("hotspots", "intersections", "grid")

# The sample portal strews crashes evenly over a decade, so that nowhere is dense: most of them move to twelve places.
GATHER = """
with numbered as (
    select crash_record_id, row_number() over (order by crash_record_id) as n
    from marts.crashes
    where geom is not null
)
update marts.crashes
set
    geom = case when n %% 8 = 0 then geom else st_setsrid(st_makepoint(
        -87.70 + 0.004 * (n %% 12) + 0.0007 * sin(n * n), 41.88 + 0.0005 * cos(n * 7.3) * sin(n)
    ), 4326) end,
    crash_at_local = date '2024-03-01' + (n * 37 %% 600) * interval '1 day',
    street_name = case when n %% 5 = 0 then null else 'STREET ' || n %% 3 end,
    intersection_related_i = case when n %% 2 = 0 then 'Y' end
from numbered
where crashes.crash_record_id = numbered.crash_record_id
"""


@pytest.fixture(scope="module")
def portal(module_serve: Callable[..., RunningPortal]) -> RunningPortal:
    return module_serve(crashes=800, seed=23)


@pytest.fixture(scope="module")
def ran(module_crashes: CommandLine, portal: RunningPortal) -> CommandLine:
    """Tables of 800 crashes, as an ordinary run leaves them."""
    done = module_crashes("run", "--portal", portal.url)
    assert done.code == 0, done.err
    return module_crashes


@pytest.fixture(scope="module")
def after_a_run(ran: CommandLine, module_database: Database) -> dict[str, Any]:
    """What an ordinary run made of the models and the function."""
    tables = {name: module_database.value("select to_regclass(%s)::text", f"spatial.{name}") for name in MODELS}
    return tables | {"crash_tiles": module_database.value("select to_regproc('spatial.crash_tiles')::text")}


@pytest.fixture(scope="module")
def run_again(
    after_a_run: dict[str, Any], ran: CommandLine, portal: RunningPortal, module_database: Database
) -> list[tuple[str, ...]]:
    """The nodes that a run builds after the models were asked for, and nothing is new."""
    assert ran("transform", "--select", "tag:hotspots").code == 0
    assert ran("run", "--portal", portal.url).code == 0
    return module_database.rows(
        "select name from ops.job_execution_nodes where execution_id = "
        "(select max(execution_id) from ops.job_executions)"
    )


@pytest.fixture(scope="module")
def located(run_again: list[tuple[str, ...]], ran: CommandLine, module_database: Database) -> list[Crash]:
    """The crashes, gathered; one deleted and those without a point are left out; and the models are built."""
    module_database.rows(GATHER)
    for key, x, y in module_database.rows("select crash_record_id, st_x(geom), st_y(geom) from marts.crashes"):
        values = (None, None, None) if x is None else (x, y, tile_cell(x, y))
        module_database.rows(
            "update marts.crashes set longitude = %s, latitude = %s, tile_cell = %s where crash_record_id = %s",
            *values,
            key,
        )
    module_database.rows(
        "update marts.crashes set deleted_at = now() where crash_record_id = "
        "(select min(crash_record_id) from marts.crashes where geom is not null)"
    )
    done = ran("transform", "--select", "tag:hotspots", "--json")
    assert done.code == 0, done.err
    rows = module_database.rows(
        """
        select
            crash_record_id, crash_at_local::date, severity_score, coalesce(injuries_fatal, 0),
            coalesce(injuries_total, 0), street_name, intersection_related_i is not distinct from 'Y', first_crash_type,
            st_x(geom), st_y(geom)
        from marts.crashes
        where geom is not null and deleted_at is null
        order by crash_at_local, crash_record_id
        """
    )
    return [Crash(*row) for row in rows]


def on_plane(wkb: memoryview) -> Any:
    """A geometry of the database, in metres."""
    return shapely.transform(shapely.from_wkb(bytes(wkb)), lambda pairs: np.column_stack(TO_PLANE.transform(*pairs.T)))


def sums(crashes: Iterable[Crash]) -> tuple[int, int, int, int]:
    found = list(crashes)
    return (
        len(found),
        sum(crash.weight for crash in found),
        sum(crash.killed for crash in found),
        sum(crash.injured for crash in found),
    )


def test_no_ordinary_run_builds_them_and_who_asks_for_them_is_given_them(
    after_a_run: dict[str, Any], located: list[Crash], module_database: Database
) -> None:
    assert after_a_run == {"hotspots": None, "intersections": None, "grid": None, "crash_tiles": "spatial.crash_tiles"}
    for name in MODELS:
        assert module_database.value(f"select count(*) from spatial.{name}") > 0, name
        assert module_database.value(
            "select count(*) from pg_indexes where tablename = %s and indexdef like '%%gist%%'", name
        )
    types = module_database.rows(
        "select f_table_name, f_geometry_column, type, srid from geometry_columns "
        "where f_table_schema = 'spatial' and f_table_name in ('hotspots', 'intersections', 'grid') order by 1, 2"
    )
    assert types == [
        ("grid", "geom", "POLYGON", 4326),
        ("hotspots", "extent", "POLYGON", 4326),
        ("hotspots", "geom", "POINT", 4326),
        ("intersections", "extent", "POLYGON", 4326),
        ("intersections", "geom", "POINT", 4326),
    ]


def test_a_run_still_knows_that_there_is_nothing_to_build(run_again: list[tuple[str, ...]]) -> None:
    assert run_again == []


# --- hexagons


def test_every_crash_is_counted_in_the_hexagon_that_it_lies_in(located: list[Crash], module_database: Database) -> None:
    rows = module_database.rows(
        """
        select
            i, j, st_asbinary(geom), crashes, weighted_crashes, killed, injured,
            array[crashes_of_severity_1, crashes_of_severity_2, crashes_of_severity_3, crashes_of_severity_4,
            crashes_of_severity_5]
        from spatial.grid
        """
    )
    hexagons = {(i, j): on_plane(geom) for i, j, geom, *_ in rows}
    side = VARS["hexagon_metres"]
    assert all(len(hexagon.exterior.coords) == 7 for hexagon in hexagons.values())
    assert all(hexagon.area == pytest.approx(side**2 * 1.5 * math.sqrt(3), rel=1e-6) for hexagon in hexagons.values())
    inside: dict[tuple[int, int], list[Crash]] = defaultdict(list)
    tree, keys = shapely.STRtree(list(hexagons.values())), list(hexagons)
    for crash in located:
        (place,) = tree.query(shapely.Point(crash.place), predicate="dwithin", distance=1e-6)
        inside[keys[place]].append(crash)
    assert {(i, j): tuple(counted) for i, j, _, *counted, _ in rows} == {
        key: sums(found) for key, found in inside.items()
    }
    for i, j, *_, by_severity in rows:
        of = Counter(crash.severity for crash in inside[i, j])
        assert by_severity == [of[score] for score in range(1, 6)]
    assert sum(row[3] for row in rows) == len(located)


# --- clusters


def test_hot_spots_are_those_of_an_independent_dbscan_in_all_and_each_year(
    located: list[Crash], module_database: Database
) -> None:
    shown: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for period, *row in module_database.rows(
        "select period, crashes, weighted_crashes, killed, injured, first_day, last_day, street_name, radius_metres, "
        "st_x(st_transform(geom, 26971)), st_y(st_transform(geom, 26971)) from spatial.hotspots order by period, rank"
    ):
        shown[period].append(tuple(row))
    dense = 0
    for period, (first, last) in periods(located).items():
        found = hot_spots([crash for crash in located if first <= crash.day <= last], first, last)
        dense += len(found)
        expected = []
        for cluster in found:
            weights, places = [crash.weight for crash in cluster], np.array([crash.place for crash in cluster])
            centre = np.average(places, axis=0, weights=weights)
            days = [crash.day for crash in cluster]
            street = (commonest(crash.street for crash in cluster) or [None])[0]
            radius = np.hypot(*(places - centre).T).max()
            expected.append((*sums(cluster), min(days), max(days), street, radius, *centre))
        assert sorted(row[:7] for row in shown[period]) == sorted(row[:7] for row in expected), period
        for row, wanted in zip(sorted(shown[period]), sorted(expected), strict=True):
            assert row[7:] == pytest.approx(wanted[7:], abs=0.06), period
        assert [row[1] for row in shown[period]] == sorted((row[1] for row in shown[period]), reverse=True)
    assert {period for period, rows in shown.items() if rows} >= {"all", "2024", "2025"}
    assert dense > 20


def test_a_hot_spots_extent_holds_its_crashes_and_its_centre_is_a_place_of_the_city(
    located: list[Crash], module_database: Database
) -> None:
    by_first_crash = {
        (period, crash.key): [crash.place for crash in cluster]
        for period, (first, last) in periods(located).items()
        for cluster in hot_spots([crash for crash in located if first <= crash.day <= last], first, last)
        for crash in cluster[:1]
    }
    ids = {
        module_database.value("select md5(%s || ':' || %s)", period, key): places
        for (period, key), places in by_first_crash.items()
    }
    rows = module_database.rows("select hotspot_id, st_asbinary(extent), rank from spatial.hotspots")
    assert {row[0] for row in rows} == set(ids)
    for hotspot_id, extent, _ in rows:
        outline = on_plane(extent)
        assert outline.is_valid
        assert all(outline.contains(shapely.Point(place)) for place in ids[hotspot_id])


def test_corners_are_tight_clusters_of_what_the_police_call_related_to_one(
    located: list[Crash], module_database: Database
) -> None:
    corner = [crash for crash in located if crash.corner]
    first, last = periods(corner)["all"]
    wanted = least(VARS["intersection_crashes_a_year"], VARS["intersection_crashes_floor"], first, last)
    clusters = dbscan([crash.place for crash in corner], [1] * len(corner), VARS["intersection_metres"], wanted)
    expected = []
    for members in clusters:
        cluster = [corner[member] for member in sorted(members)]
        streets = [*commonest(crash.street for crash in cluster), None, None][:2]
        expected.append((*sums(cluster), *streets))
    shown = module_database.rows(
        "select crashes, weighted_crashes, killed, injured, street_name, other_street_name "
        "from spatial.intersections order by rank"
    )
    assert Counter(shown) == Counter(expected)
    assert [row[:2] for row in shown] == sorted((row[:2] for row in shown), reverse=True)
    assert len(shown) > 5


def test_built_again_they_are_the_same(located: list[Crash], ran: CommandLine, module_database: Database) -> None:
    def all_rows() -> list[Any]:
        return [
            module_database.rows(f"select md5(string_agg(t::text, '|' order by t::text)) from spatial.{name} t")
            for name in MODELS
        ]

    before = all_rows()
    assert ran("transform", "--select", "tag:hotspots").code == 0
    assert all_rows() == before


# --- tiles


def tile_at(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Web Mercator, as every map of tiles cuts it."""
    across = (longitude + 180) / 360 * 2**zoom
    down = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**zoom
    return math.floor(across), math.floor(down)


def tile_of(crash: Crash, zoom: int) -> tuple[int, int]:
    return tile_at(crash.longitude, crash.latitude, zoom)


def tile_cell(longitude: float, latitude: float) -> int:
    """Tile of zoom 12, then the tile of zoom 18 within it; column before row."""
    (wide, high), (column, row) = tile_at(longitude, latitude, 12), tile_at(longitude, latitude, 18)
    return ((wide * 2**12 + high) * 2**6 + column % 64) * 2**6 + row % 64


def test_the_cell_of_a_crash_is_its_tile(ran: CommandLine, module_database: Database) -> None:
    """Before anything was moved by hand."""
    rows = module_database.rows("select longitude, latitude, tile_cell from marts.crashes where geom is not null")
    assert rows
    for longitude, latitude, cell in rows:
        assert cell == tile_cell(longitude, latitude)


def tile(database: Database, zoom: int, x: int, y: int, **query: Any) -> list[dict[str, Any]]:
    encoded = bytes(database.value("select spatial.crash_tiles(%s, %s, %s, %s)", zoom, x, y, json.dumps(query)))
    decoded: dict[str, Any] = mapbox_vector_tile.decode(encoded)
    assert set(decoded) <= {"crashes"}
    features: list[dict[str, Any]] = decoded.get("crashes", {}).get("features", [])
    return features


def tiles(crashes: list[Crash], zoom: int) -> dict[tuple[int, int], list[Crash]]:
    found: dict[tuple[int, int], list[Crash]] = defaultdict(list)
    for crash in crashes:
        found[tile_of(crash, zoom)].append(crash)
    return found


@pytest.mark.parametrize("zoom", [12, 15])
def test_a_near_tile_has_a_point_for_each_of_its_crashes(
    zoom: int, located: list[Crash], module_database: Database
) -> None:
    for (x, y), inside in sorted(tiles(located, zoom).items())[:40]:
        features = tile(module_database, zoom, x, y)
        shown = {feature["properties"]["crash_record_id"]: feature for feature in features}
        assert len(shown) == len(features)
        assert set(shown) == {crash.key for crash in inside}
        for crash in inside:
            assert shown[crash.key]["properties"] == {
                "crashes": 1, "crash_record_id": crash.key, "crash_day": str(crash.day),
                "severity_score": crash.severity, "first_crash_type": crash.kind,
                "injuries_total": crash.injured, "injuries_fatal": crash.killed,
            }  # fmt: skip
            across = (crash.longitude + 180) / 360 * 2**zoom - x
            down = (1 - math.asinh(math.tan(math.radians(crash.latitude))) / math.pi) / 2 * 2**zoom - y
            column, row = shown[crash.key]["geometry"]["coordinates"]
            assert (column, 4096 - row) == pytest.approx((across * 4096, down * 4096), abs=1.01)


@pytest.mark.parametrize("zoom", [0, 5, 9, 11])
def test_a_far_tile_counts_every_crash_once_in_few_points(
    zoom: int, located: list[Crash], module_database: Database
) -> None:
    for (x, y), inside in tiles(located, zoom).items():
        features = tile(module_database, zoom, x, y)
        shown = [feature["properties"] for feature in features]
        assert len(shown) == len({tile_of(crash, zoom + 6) for crash in inside}) <= VARS["tile_cells"] ** 2
        assert sum(point["crashes"] for point in shown) == len(inside)
        assert sum(point["injuries_fatal"] for point in shown) == sum(crash.killed for crash in inside)
        assert sum(point["injuries_total"] for point in shown) == sum(crash.injured for crash in inside)
        assert max(point["severity_score"] for point in shown) == max(crash.severity for crash in inside)


@pytest.mark.parametrize("zoom", [9, 12])
def test_filters_leave_what_they_say(zoom: int, located: list[Crash], module_database: Database) -> None:
    (x, y), inside = max(tiles(located, zoom).items(), key=lambda found: len(found[1]))
    days = sorted(crash.day for crash in inside)
    since, until = days[len(days) // 4], days[len(days) // 2]
    wanted = [crash for crash in inside if since <= crash.day <= until and crash.severity >= 2]
    shown = tile(module_database, zoom, x, y, since=str(since), until=str(until), min_severity=2)
    assert 0 < len(wanted) < len(inside)
    assert sum(feature["properties"]["crashes"] for feature in shown) == len(wanted)
    as_text = tile(module_database, zoom, x, y, min_severity="2", elsewhere="ignored")
    assert sum(feature["properties"]["crashes"] for feature in as_text) == sum(crash.severity >= 2 for crash in inside)
    assert tile(module_database, zoom, x, y, since="2100-01-01") == []


@pytest.mark.parametrize(
    ("zoom", "x", "y"),
    [
        (12, 0, 0),
        (-1, 0, 0),
        (0, 1, 0),
        (3, 0, -1),
        (3, 8, 0),
        (12, 5000, 1),
        (99, 1, 1),
        (None, 0, 0),
        (30, 2**29, 2**29),
    ],
)
def test_a_tile_without_crashes_or_outside_of_the_world_is_empty(
    zoom: int | None, x: int, y: int, located: list[Crash], module_database: Database
) -> None:
    assert bytes(module_database.value("select spatial.crash_tiles(%s, %s, %s)", zoom, x, y)) == b""
    assert bytes(module_database.value("select spatial.crash_tiles(%s, %s, %s, null)", zoom, x, y)) == b""


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"until": "2024-02-30"}, {"min_severity": 9}, {"min_severity": "1; drop table"}]
)
def test_a_filter_that_cannot_be_is_an_error_that_names_it(
    query: dict[str, Any], located: list[Crash], module_database: Database
) -> None:
    with pytest.raises(psycopg2.DataError, match=r"yesterday|2024-02-30|min_severity"):
        tile(module_database, 12, 1050, 1522, **query)


def test_a_tile_is_found_by_the_index(located: list[Crash], module_database: Database) -> None:
    """By the server's own count of scans: no plan shows what a function does. 800 rows would else be read whole."""
    scans = "select pg_stat_get_xact_numscans(%s::regclass)"
    index = module_database.value(
        "select indexrelid::regclass::text from pg_index where indrelid = 'marts.crashes'::regclass "
        "and pg_get_indexdef(indexrelid) like '%%(tile_cell)%%'"
    )
    (x, y), _ = next(iter(tiles(located, 15).items()))
    with closing(module_database.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = False
        cursor.execute("set local enable_seqscan = off")
        for zoom, column, row in ((15, x, y), (11, x >> 4, y >> 4)):
            cursor.execute(scans, [index])
            (before,) = cursor.fetchone() or (0,)
            cursor.execute("select spatial.crash_tiles(%s, %s, %s)", [zoom, column, row])
            cursor.execute(scans, [index])
            (after,) = cursor.fetchone() or (0,)
            assert after > before, zoom


def test_tile_servers_find_it_and_any_session_may_call_it(located: list[Crash], module_database: Database) -> None:
    ((arguments, returns, stability, parallel, comment),) = module_database.rows(
        "select pg_get_function_arguments(oid), prorettype::regtype::text, provolatile, proparallel, "
        "obj_description(oid, 'pg_proc') from pg_proc where oid = 'spatial.crash_tiles'::regproc"
    )
    assert arguments == "z integer, x integer, y integer, query_params json DEFAULT '{}'::json"
    assert (returns, stability, parallel) == ("bytea", "s", "s")
    assert "min_severity" in comment
    with closing(module_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("set search_path = ''")
        cursor.execute("select length(spatial.crash_tiles(z => 9, x => 131, y => 190))")
        assert cursor.fetchone() is not None


def test_a_full_tile_counts_in_cells_and_loses_nothing(located: list[Crash], module_database: Database) -> None:
    (x, y), inside = max(tiles(located, 12).items(), key=lambda found: len(found[1]))
    body = module_database.value("select pg_get_functiondef('spatial.crash_tiles'::regproc)")
    few = body.replace(
        f"most_points constant integer := {VARS['tile_most_points']}", "most_points constant integer := 5"
    )
    assert few != body
    try:
        module_database.rows(few.replace("%", "%%"))
        shown = [feature["properties"] for feature in tile(module_database, 12, x, y)]
    finally:
        module_database.rows(body.replace("%", "%%"))
    assert not any("crash_record_id" in point for point in shown)
    assert sum(point["crashes"] for point in shown) == len(inside) > 5


def test_tiles_survive_a_full_refresh(located: list[Crash], ran: CommandLine, module_database: Database) -> None:
    """The last of this module: the crashes are where the portal has them again."""
    assert ran("transform", "--select", "crashes", "--full-refresh").code == 0
    there = module_database.value("select count(*) from marts.crashes where geom is not null and deleted_at is null")
    shown = tile(module_database, 0, 0, 0)
    assert sum(feature["properties"]["crashes"] for feature in shown) == there
