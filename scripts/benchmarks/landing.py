"""Landing, from the start of the process to the last committed row, against a COPY of the very same rows.

Beside it what dlt does with the same pages as Python dicts and default settings (`plain_dlt`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from time import perf_counter

from .measuring import Line, cpu_seconds, median
from .place import Place

PLAIN_ROWS = 30_000  # enough to outweigh its start, for it is slow


def measure(place: Place) -> Iterator[Line]:
    chosen = [option for dataset in place.datasets for option in ("--dataset", dataset)]
    serving = cpu_seconds(place.portal.pid)
    landed = place.run("python", "-m", "ingest", "--portal", place.portal.url, *chosen)
    serving = cpu_seconds(place.portal.pid) - serving
    rows = sum(place.rows(f"raw.{dataset}") for dataset in place.datasets)
    yield Line("landing, start to committed rows", landed.with_rate(rows), landed.peak())
    yield Line("of the same cores, the sample portal", f"{serving:.1f} s CPU")
    place.rest()
    floor = median(place.floors, lambda: _copy(place))
    yield Line("floor: COPY into all-text tables", f"{floor:.1f} s, {rows / floor:,.0f} rows/s")
    yield Line("landing / COPY", f"{landed.wall / floor:.2f}", "aim: 2.5 or less")
    few = min(PLAIN_ROWS, place.crashes)
    plain = place.run("python", "-m", "benchmarks.plain_dlt", place.portal.url, str(few))
    yield Line(f"dlt on dicts, defaults, {few:,} crashes", plain.with_rate(few), plain.peak())
    ratio = rows / landed.wall / (few / plain.wall)
    yield Line("landing / dlt on dicts, in rows a second", f"{ratio:.1f}", "aim: 20 or more")


def _copy(place: Place) -> float:
    """COPY of the landed rows, from a file in PostgreSQL's own text format, table after table."""
    spent = 0.0
    for table in place.datasets:
        with (
            tempfile.TemporaryFile() as file,
            closing(place.session()) as connection,
            closing(connection.cursor()) as cursor,
        ):
            cursor.copy_expert(f"copy raw.{table} to stdout", file)
            cursor.execute(f"drop table if exists bench_copy; create table bench_copy (like raw.{table})")
            file.seek(0)
            started = perf_counter()
            cursor.copy_expert("copy bench_copy from stdin", file)
            spent += perf_counter() - started
            cursor.execute("drop table bench_copy")
    return spent
