"""Places: every crash in five layers against the bare join, what an increment takes, and the questions of users."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from ingest.datasets import all_boundaries, all_datasets

from . import plans, questions
from .measuring import ROOT, Line, median, seconds_of
from .place import Place

NEW = 1_000

# The City's real boundaries where there are any; the portal makes up the others.
SAMPLE = ROOT.parent / "shared" / "sample" / "boundaries"
REAL = {
    "wards": "wards_2023.geojson",
    "community_areas": "community_areas.geojson",
    "police_beats": "police_beats.geojson",
    "police_districts": "police_districts.geojson",
}

# With what the model sets for itself: see plan_carefully.
JOIN = """
set join_collapse_limit = 20;
set from_collapse_limit = 20;
set jit = off;
create table bench_places as
select crashes.crash_record_id, parts.layer_id, parts.feature_id
from marts.crashes
inner join spatial.feature_parts as parts on st_intersects(parts.geom, crashes.geom)
"""


def measure(place: Place) -> Iterator[Line]:
    place.settle()
    yield from _first_places(place)
    yield from _increment(place)
    yield from questions.measure(place)


def _first_places(place: Place) -> Iterator[Line]:
    real = _publish(place)
    place.rest()  # five million rows have just been built, and what autovacuum does for them takes a core
    command = place.run("crashes", "boundaries", "--portal", place.portal.url)
    crashes, features = place.rows("marts.crashes"), place.rows("spatial.features")
    made_up = len(all_boundaries()) - real
    yield Line(
        f"crashes boundaries, {crashes:,} crashes, {features:,} features",
        f"{command.wall:.1f} s",
        f"{real} real layers, {made_up} made up; {command.peak()}",
    )
    spent = _seconds_of_model(place)
    yield Line("of it crash_features: every crash in its five places", f"{spent:.1f} s", "aim: under 60 s")
    floor = median(place.floors, lambda: _join(place))
    yield Line("floor: create table as join on st_intersects", f"{floor:.1f} s")
    yield Line("crash_features / st_intersects join", f"{spent / floor:.2f}", "aim: 3 or less")


def _increment(place: Place) -> Iterator[Line]:
    new = min(NEW, place.crashes)
    _add_crashes(place, new)
    place.rest()  # every crash has just been given its places, and what they were is still cleared away
    with plans.of_models(place) as readings:
        command = place.crashes_run()
    yield Line(f"crashes run, {new:,} new crashes", f"{command.wall:.1f} s", "its plans counted and logged")
    yield Line("of it crash_features", f"{_seconds_of_model(place):.2f} s", "aim: under 2 s")
    yield plans.line(place, "plan of crash_features", readings["crash_features"], new)


def _publish(place: Place) -> int:
    """How many boundaries are real now."""
    found = {slug: SAMPLE / name for slug, name in REAL.items() if (SAMPLE / name).is_file()}
    for slug, file in found.items():
        place.portal.control.boundary(slug, json.loads(file.read_bytes())["features"])
    return len(found)


def _add_crashes(place: Place, new: int) -> None:
    """As there are, by other ids: the first ones of the portal once more."""
    url = f"{place.portal.url}/resource/{all_datasets()['crashes'].id}.json?$limit={new}"
    with urllib.request.urlopen(url) as response:  # noqa: S310 - the portal's own http URL
        rows: list[dict[str, Any]] = json.load(response)
    place.portal.control.upsert("crashes", [row | {"crash_record_id": secrets.token_hex(64)} for row in rows])


def _seconds_of_model(place: Place) -> float:
    """In the last execution, as dbt has it: hooks and indexes included."""
    ((spent,),) = place.sql(
        "select seconds from ops.job_execution_nodes where name = 'crash_features' and resource_type = 'model' "
        "order by execution_id desc limit 1"
    )
    return float(spent)


def _join(place: Place) -> float:
    with closing(place.session()) as connection:
        spent = seconds_of(connection, JOIN)
        seconds_of(connection, "drop table bench_places")
    return spent
