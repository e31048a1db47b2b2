"""How fast, as ratios in one run: machines differ and are shared, so every figure stands beside its floor.

Landing is measured from the start of the process to the last committed row, against a COPY of the very same rows into
an all-text table, and beside what dlt does with the same pages as Python dicts and default settings. Building is
measured as `dbt build` as users run it, against `create table as select *` of the same raw rows with the same keys and
indexes. Everything happens in a throw-away cluster, with the sample portal's rows.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from sample_portal.testing import RunningPortal, running_portal

from ingest.database import connect
from runner.database.connection import ready
from runner.settings import RunnerSettings, load_settings
from runner.terminal import results

ROOT = Path(__file__).resolve().parent.parent
KEYS = {"crashes": "crash_record_id", "people": "person_id", "vehicles": "crash_unit_id"}
PARTS = ("landing", "building", "increments")
CHANGED = 1_000
PLAIN_ROWS = 30_000  # enough to outweigh its start, for it is slow
AS_OF = "2026-11-22"  # or every day would measure other rows


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds of a process and its children, and the peak memory of its largest one in MB."""

    wall: float
    cpu: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crashes", type=int, default=100_000, help="generated crashes (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=PARTS, help="one of the parts; the others rest on landing")
    parser.add_argument("--dataset", action="append", choices=list(KEYS), help="land only this; may be repeated")
    parser.add_argument("--floors", type=int, default=3, help="times each floor is measured; the median counts")
    chosen = parser.parse_args()
    console = results()
    with throw_away_home() as settings, running_portal(crashes=chosen.crashes, seed=chosen.seed, as_of=AS_OF) as portal:
        bench = Bench(settings, portal, chosen.floors, chosen.dataset or list(KEYS))
        cores = os.cpu_count()
        console.print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, {bench.server()}")
        for part, measure in zip(PARTS, (bench.landing, bench.building, bench.increments), strict=True):
            if chosen.only in (None, part) or part == "landing":
                console.print(report(part.capitalize(), measure()))


class Bench:
    """The measurements, in an order in which each finds what it needs."""

    def __init__(self, settings: RunnerSettings, portal: RunningPortal, floors: int, tables: list[str]) -> None:
        self.settings = settings
        self.portal = portal
        self.floors = floors
        self.tables = tables
        self.rows = 0

    def server(self) -> str:
        return str(self.sql("select split_part(version(), ' on ', 1)")[0][0])

    def landing(self) -> Iterator[tuple[str, str, str]]:
        chosen = [option for table in self.tables for option in ("--dataset", table)]
        serving = cpu_seconds(self.portal.pid)
        landed = run("python", "-m", "ingest", "--portal", self.portal.url, *chosen)
        serving = cpu_seconds(self.portal.pid) - serving
        self.rows = sum(int(self.sql(f"select count(*) from raw.{table}")[0][0]) for table in KEYS)  # noqa: S608
        yield "landing, start to committed rows", seconds(landed, self.rows), f"peak {landed.peak_mb:,.0f} MB"
        yield "of the same cores, the sample portal", f"{serving:.1f} s CPU", ""
        floor = self.median(self.copy_floor)
        yield "floor: COPY into all-text tables", f"{floor:.1f} s, {self.rows / floor:,.0f} rows/s", ""
        yield "landing / COPY", f"{landed.wall / floor:.2f}", "aim: 2.5 or less"
        plain = run("python", "scripts/plain_dlt.py", self.portal.url, str(PLAIN_ROWS))
        rate = PLAIN_ROWS / plain.wall
        yield (
            f"dlt on dicts, defaults, {PLAIN_ROWS:,} crashes",
            seconds(plain, PLAIN_ROWS),
            f"peak {plain.peak_mb:,.0f} MB",
        )
        yield "landing / dlt on dicts, in rows a second", f"{self.rows / landed.wall / rate:.1f}", "aim: 20 or more"

    def building(self) -> Iterator[tuple[str, str, str]]:
        run("dbt", "--quiet", "seed")
        built = run("dbt", "--quiet", "run")
        yield "dbt run, first build, dbt's start included", seconds(built, self.rows), f"peak {built.peak_mb:,.0f} MB"
        floor = self.median(self.copy_of_raw)
        yield "floor: copy of raw with the same keys and indexes", f"{floor:.1f} s", ""
        yield "dbt run / copy", f"{built.wall / floor:.2f}", ""
        tested = run("dbt", "--quiet", "test", "--exclude-resource-type", "unit_test")
        yield "dbt test, everything", f"{tested.wall:.1f} s", ""

    def increments(self) -> Iterator[tuple[str, str, str]]:
        nothing = run("crashes", "run", "--portal", self.portal.url)
        yield "crashes run, nothing new", f"{nothing.wall:.1f} s", f"peak {nothing.peak_mb:,.0f} MB"
        keys = self.sql(f"select crash_record_id from marts.crashes order by 1 limit {CHANGED}")  # noqa: S608
        changed = [{"crash_record_id": key, "damage": "OVER $1,500 (BENCH)"} for (key,) in keys]
        self.portal.control.upsert("crashes", changed)
        increment = run("crashes", "run", "--portal", self.portal.url)
        yield f"crashes run, {CHANGED:,} changed crashes", f"{increment.wall:.1f} s", ""

    def copy_floor(self) -> float:
        """COPY of the landed rows, from a file in PostgreSQL's own text format, table after table."""
        spent = 0.0
        for table in KEYS:
            with tempfile.TemporaryFile() as file, closing(connect(self.settings.database)) as connection:
                cursor = connection.cursor()
                cursor.copy_expert(f"copy raw.{table} to stdout", file)
                cursor.execute(f"drop table if exists bench_{table}; create table bench_{table} (like raw.{table})")
                file.seek(0)
                started = time.perf_counter()
                cursor.copy_expert(f"copy bench_{table} from stdin", file)
                spent += time.perf_counter() - started
                cursor.execute(f"drop table bench_{table}")
        return spent

    def copy_of_raw(self) -> float:
        """A copy of each raw table with the key and the indexes of its final table, one table after the other."""
        spent = 0.0
        for table, key in KEYS.items():
            indexes = self.sql(
                "select indexdef from pg_indexes where schemaname = 'marts' and tablename = %s and indexname !~ %s",
                [table, "_pkey$"],
            )
            statements = [f"create table bench_{table} as select * from raw.{table}"]  # noqa: S608
            statements.append(f"alter table bench_{table} add primary key ({key})")
            for (definition,) in indexes:
                columns = definition.split(" USING ", 1)[1]
                if "gist" in columns or "WHERE" in columns:
                    continue  # raw has no geometry and no violations to index
                columns = columns.replace("crash_at_local", "crash_date").replace("(updated_at)", "(soda_updated_at)")
                statements.append(f"create index on bench_{table} using {columns}")
            started = time.perf_counter()
            for statement in statements:
                self.sql(statement)
            spent += time.perf_counter() - started
            self.sql(f"drop table bench_{table}")
        return spent

    def median(self, measure: Callable[[], float]) -> float:
        return statistics.median(measure() for _ in range(self.floors))

    def sql(self, statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with closing(connect(self.settings.database)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def run(*arguments: str) -> Measured:
    """A command of the project in a process of its own, measured from outside. Ends the benchmark if it fails."""
    started = time.perf_counter()
    program = Path(sys.executable).with_name(arguments[0])
    process = subprocess.Popen([program, *arguments[1:]], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}: no figures without it.")
    wall = time.perf_counter() - started
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def cpu_seconds(pid: int) -> float:
    """What a running process has used so far, in user and system mode (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seconds(measured: Measured, rows: int) -> str:
    return f"{measured.wall:.1f} s ({measured.cpu:.1f} s CPU), {rows / measured.wall:,.0f} rows/s"


def report(title: str, lines: Iterator[tuple[str, str, str]]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    for line in lines:
        table.add_row(*line)
    return table


@contextmanager
def throw_away_home() -> Iterator[RunnerSettings]:
    """An embedded cluster of its own, with the settings that users get, gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="crashes-bench.", dir="/tmp"))
    home.chmod(0o755)
    for variable in [name for name in os.environ if name.startswith("CRASHES_")]:
        del os.environ[variable]
    os.environ["CRASHES_HOME"] = str(home)
    settings = load_settings()
    # Plain dbt is told where the database is, as `chicago_crashes.pth` tells it in a user's shell.
    os.environ.update(settings.database.environment())
    try:
        ready(settings)
        yield settings
    finally:
        settings.cluster.down()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
