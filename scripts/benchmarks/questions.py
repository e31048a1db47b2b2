"""Questions about places, as the functions of the schema spatial answer them: how long, and by which indexes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from . import plans
from .measuring import Line, median, seconds_of
from .place import Place

POINTS = 9
FEET = 500
ZOOMS = (12, 14)
FEW = 100  # rows of a seed: the costs of an injury

NEAR = "select count(*) from spatial.crashes_near(%s, %s, %s)"
REPORT_NEAR = "select spatial.report_near(%s, %s, %s)"
REPORT_WITHIN = "select spatial.report_within(spatial.feature_area('wards', %s))"
TILE = "select spatial.crash_tiles(%s, %s, %s)"

# Those of crashes taken at random, the same ones each time: where there are many, many are asked about.
SOME_POINTS = """
select st_y(geom), st_x(geom)
from marts.crashes
where geom is not null and deleted_at is null
order by md5(crash_record_id)
limit %s
"""

WARDS = """
select label, count(*)
from spatial.crash_features
where layer_id = 'wards'
group by label
order by count(*), label
"""

TILES = """
select distinct
    floor((st_x(geom) + 180) / 360 * (1 << %(z)s))::integer as x,
    floor((1 - asinh(tan(radians(st_y(geom)))) / pi()) / 2 * (1 << %(z)s))::integer as y
from marts.crashes
where geom is not null and deleted_at is null
"""


def measure(place: Place) -> Iterator[Line]:
    points = [(*point, FEET) for point in place.sql(SOME_POINTS, [POINTS])]
    wards = place.sql(WARDS)
    sizes = {"median": wards[len(wards) // 2], "largest": wards[-1]}
    with closing(place.session()) as connection:
        near = _milliseconds(place, connection, NEAR, points)
        yield Line(f"crashes_near, {FEET} feet, {len(points)} points", _median_and_worst(near), "aim: 50 ms or less")
        reports = _milliseconds(place, connection, REPORT_NEAR, points)
        yield Line(f"report_near, {FEET} feet, {len(points)} points", _median_and_worst(reports))
        for size, (label, crashes) in sizes.items():
            (spent,) = _milliseconds(place, connection, REPORT_WITHIN, [(label,)])
            what = f"report_within, {size} ward ({label}, {crashes:,} crashes)"
            yield Line(what, f"{spent:.1f} ms", "aim: 300 ms or less")
        for z in ZOOMS:
            tiles = [(z, *tile) for tile in place.sql(TILES, {"z": z})]
            drawn = _milliseconds(place, connection, TILE, tiles, times=1)
            yield Line(f"crash_tiles, zoom {z}, {len(tiles):,} tiles", _median_and_worst(drawn), "aim: 100 ms or less")
    largest = sizes["largest"][0]
    asked = {
        "crashes_near": (NEAR, points[0]),
        "report_near": (REPORT_NEAR, points[0]),
        "report_within": (REPORT_WITHIN, (largest,)),
        "crash_tiles": (TILE, tiles[0]),
    }
    for name, (question, values) in asked.items():
        yield plans.line(place, f"plan of {name}", plans.of_statement(place, question, values), FEW)


def _milliseconds(
    place: Place, connection: Connection, question: str, asked: Sequence[tuple[Any, ...]], times: int = 0
) -> list[float]:
    """Of each, in a session that has asked before, as a tile server's and an analyst's have."""
    seconds_of(connection, question, asked[0])

    def spent(values: tuple[Any, ...]) -> float:
        return median(times or place.floors, lambda: seconds_of(connection, question, values)) * 1000

    return [spent(values) for values in asked]


def _median_and_worst(spent: list[float]) -> str:
    return f"median {statistics.median(spent):.1f} ms, worst {max(spent):.1f} ms"
