"""What a run costs where little is new, which should be what changed, however much there is."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from . import plans
from .measuring import Line, Measured
from .place import Place, throw_away

CHANGED = 1_000


def measure(place: Place) -> Iterator[Line]:
    changed = min(CHANGED, place.crashes // 10)  # as many as a tenth of the data has
    place.settle()
    nothing = place.crashes_run()
    yield Line("crashes run, nothing new", f"{nothing.wall:.1f} s", f"aim: 5 s or less; {nothing.peak()}")
    asked = place.run("crashes", "transform")
    yield Line("crashes transform, nothing new: all of dbt all the same", f"{asked.wall:.1f} s", asked.peak())
    whole, build = _median_run(place, changed)
    yield Line(f"crashes run, {changed:,} changed crashes", f"{whole:.1f} s")
    yield Line("of it the build, dbt's start included", f"{build:.1f} s", "aim: 10 s or less")
    with throw_away(place.crashes // 10, place.seed, place.floors) as tenth:
        tenth.settle()
        whole_of_tenth, build_of_tenth = _median_run(tenth, changed)
    tenth_of = f"on a tenth of the data ({place.crashes // 10:,} crashes)"
    yield Line(f"the same {tenth_of}", f"{whole_of_tenth:.1f} s", f"the build {build_of_tenth:.1f} s")
    yield Line("build, whole / tenth", f"{build / build_of_tenth:.2f}", "aim: 1.3 or less")
    yield from _plan_lines(place, changed)


def _median_run(place: Place, changed: int) -> tuple[float, float]:
    """Of the whole command, and of its build, by the middle of each."""
    runs = [(_run(place, changed, batch).wall, _seconds_of_build(place)) for batch in range(place.floors)]
    whole, build = zip(*runs, strict=True)
    return statistics.median(whole), statistics.median(build)


def _seconds_of_build(place: Place) -> float:
    """In the last execution: from the commit of what it landed to its end."""
    ((spent,),) = place.sql(
        "select extract(epoch from completed_at - (select max(inserted_at) from raw._dlt_loads)) "
        "from ops.job_executions order by execution_id desc limit 1"
    )
    return float(spent)


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
