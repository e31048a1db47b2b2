"""What a run costs where little is new, which should be what changed, however much there is."""

from __future__ import annotations

from collections.abc import Iterator

from . import plans
from .measuring import Line, Measured, median
from .place import Place, throw_away

CHANGED = 1_000


def measure(place: Place) -> Iterator[Line]:
    changed = min(CHANGED, place.crashes // 10)  # as many as a tenth of the data has
    place.settle()
    nothing = place.crashes_run()
    yield Line("crashes run, nothing new", f"{nothing.wall:.1f} s", f"aim: 5 s or less; {nothing.peak()}")
    asked = place.run("crashes", "transform")
    yield Line("crashes transform, nothing new: all of dbt all the same", f"{asked.wall:.1f} s", asked.peak())
    whole = _median_run(place, changed)
    yield Line(f"crashes run, {changed:,} changed crashes", f"{whole:.1f} s", "aim: 10 s or less")
    with throw_away(place.crashes // 10, place.seed, place.floors) as tenth:
        tenth.settle()
        part = _median_run(tenth, changed)
    yield Line(f"the same on a tenth of the data ({place.crashes // 10:,} crashes)", f"{part:.1f} s")
    yield Line("whole / tenth", f"{whole / part:.2f}", "aim: 1.3 or less")
    yield from _plan_lines(place, changed)


def _median_run(place: Place, changed: int) -> float:
    batches = iter(range(place.floors))
    return median(place.floors, lambda: _run(place, changed, next(batches)).wall)


def _run(place: Place, changed: int, batch: int) -> Measured:
    """The same crashes each time, so that their versions are as many here as on a tenth of the data."""
    keys = place.sql("select crash_record_id from marts.crashes order by crash_record_id limit %s", [changed])
    rows = [{"crash_record_id": key, "damage": f"OVER $1,500 (BENCH {batch})"} for (key,) in keys]
    place.portal.control.upsert("crashes", rows)
    return place.crashes_run()


def _plan_lines(place: Place, changed: int) -> Iterator[Line]:
    with plans.of_models(place) as readings:
        _run(place, changed, place.floors)
    for model, reading in sorted(readings.items()):
        if reading.reads_raw():
            yield plans.line(place, f"plan of {model}", reading, changed)
