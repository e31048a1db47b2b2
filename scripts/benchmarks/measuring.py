"""What a measurement is: a process seen from outside, a statement timed, a line of a table."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

ROOT = Path(__file__).resolve().parent.parent.parent


class Line(NamedTuple):
    """What was measured, how it came out, and what is aimed at or worth knowing."""

    what: str
    measured: str
    note: str = ""


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds of a process and its children, and the peak memory of its largest one in MB."""

    wall: float
    cpu: float
    peak_mb: float

    def with_rate(self, rows: int) -> str:
        return f"{self.wall:.1f} s ({self.cpu:.1f} s CPU), {rows / self.wall:,.0f} rows/s"

    def peak(self) -> str:
        return f"peak {self.peak_mb:,.0f} MB"


def run(arguments: Iterable[str], environment: Mapping[str, str]) -> Measured:
    """A command of the project in a process of its own, measured from outside. Ends the benchmark if it fails."""
    name, *rest = arguments
    program = Path(sys.executable).with_name(name)
    started = time.perf_counter()
    process = subprocess.Popen([program, *rest], cwd=ROOT, env=dict(environment), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit(f"{name} {' '.join(rest)} ended with {os.waitstatus_to_exitcode(status)}: no figures without it.")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def cpu_seconds(pid: int) -> float:
    """What a running process has used so far, in user and system mode (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def median(times: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(times))


def seconds_of(connection: Connection, statement: str, values: Any = None) -> float:
    """From sending a statement to holding its rows."""
    with closing(connection.cursor()) as cursor:
        started = time.perf_counter()
        cursor.execute(statement, values)
        if cursor.description:
            cursor.fetchall()
        return time.perf_counter() - started
