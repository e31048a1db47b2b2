"""`python -m benchmarks`: the parts that were asked for, each a table of what was measured and what is aimed at."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterator

from rich.table import Table

from runner.terminal import results

from . import building, increments, landing, macros, spatial
from .measuring import Line
from .place import DATASETS, Place, throw_away

PARTS: dict[str, Callable[[Place], Iterator[Line]]] = {
    "landing": landing.measure,
    "building": building.measure,
    "increments": increments.measure,
    "spatial": spatial.measure,
    "macros": macros.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="How fast, as ratios, in a throw-away cluster.")
    parser.add_argument("--crashes", type=int, default=100_000, help="generated crashes (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument("--dataset", action="append", choices=DATASETS, help="land only this; may be repeated")
    parser.add_argument("--floors", type=int, default=3, help="times of what is quickly repeated; the median counts")
    chosen = parser.parse_args()
    console = results()
    with throw_away(chosen.crashes, chosen.seed, chosen.floors, chosen.dataset) as place:
        ((server,),) = place.sql("select split_part(version(), ' on ', 1)")
        console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {server}")
        for part, measure in PARTS.items():
            if part in (chosen.only or PARTS):
                console.print(_table(part.capitalize(), measure(place)))


def _table(title: str, lines: Iterator[Line]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    for _ in ("what", "measured"):
        table.add_column(no_wrap=True)
    for line in lines:
        table.add_row(line.what, line.measured, line.note)
    return table


if __name__ == "__main__":
    main()
