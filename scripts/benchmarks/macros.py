"""What cleaning a value costs, by macro: each over a real column of raw, less what it takes to read that column."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ingest.datasets import all_datasets

from .measuring import ROOT, Line, seconds_of
from .place import Place


@dataclass(frozen=True)
class Use:
    """A macro as a staging model uses it, and the column, of values that are clean as nearly all are."""

    table: str
    column: str
    template: str


COLUMNS = list(all_datasets()["crashes"].columns)

USES = {
    "as_text": Use("crashes", "street_name", "{{ as_text('published.street_name') }}"),
    "as_text, in a tidy row": Use("crashes", "street_name", "{{ as_text('published.street_name', tidy='true') }}"),
    "as_flag": Use("crashes", "intersection_related_i", "{{ as_flag('published.intersection_related_i') }}"),
    "as_integer": Use("crashes", "street_no", "{{ as_integer('published.street_no') }}"),
    "as_integer, one digit": Use("crashes", "num_units", "{{ as_integer('published.num_units') }}"),
    "as_integer_within": Use("people", "age", "{{ as_integer_within('published.age', 0, 120) }}"),
    "as_bigint": Use("vehicles", "crash_unit_id", "{{ as_bigint('published.crash_unit_id') }}"),
    "as_number": Use("crashes", "latitude", "{{ as_number('published.latitude') }}"),
    "as_float": Use("crashes", "latitude", "{{ as_float('published.latitude') }}"),
    "as_degrees": Use("crashes", "latitude", "{{ as_degrees('published.latitude', 41.6, 42.1) }}"),
    "as_timestamp": Use("crashes", "crash_date", "{{ as_timestamp('published.crash_date') }}"),
    "as_instant": Use("crashes", "soda_updated_at", "{{ as_instant('published.soda_updated_at') }}"),
    "landed_at_local": Use("crashes", "_dlt_load_id", "{{ landed_at_local('published') }}"),
    "row_hash, a row of crashes": Use("crashes", "crash_record_id", f"{{{{ row_hash('published', {COLUMNS}) }}}}"),
    "is_tidy, as if all of it were text": Use(
        "crashes", "crash_record_id", f"{{{{ is_tidy('published', {COLUMNS}) }}}}"
    ),
}


def measure(place: Place) -> Iterator[Line]:
    place.have_landed()
    expressions = _compiled(place)
    costs = {name: _nanoseconds(place, use, expressions[name]) for name, use in USES.items()}
    total = sum(costs.values())
    for name, cost in sorted(costs.items(), key=lambda each: -each[1]):
        use = USES[name]
        yield Line(name, f"{cost:,.0f} ns a value, {cost / total:.0%} of all here", f"raw.{use.table}.{use.column}")


def _compiled(place: Place) -> dict[str, str]:
    """By dbt itself, all at once, for its start takes seconds."""
    text = "\n".join(f"-- bench: {name}\n{use.template}" for name, use in USES.items())
    program = Path(sys.executable).with_name("dbt")
    done = subprocess.run(
        [program, "--quiet", "compile", "--inline", text],
        cwd=ROOT,
        env=place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(re.findall(r"^-- bench: (.+)\n((?:(?!-- bench: ).*\n?)+)", done.stdout, re.MULTILINE))
    if done.returncode or found.keys() != USES.keys():
        sys.exit(f"dbt did not compile the macros: {done.stdout}{done.stderr}")
    return found


def _nanoseconds(place: Place, use: Use, expression: str) -> float:
    ((values,),) = place.sql(f"select greatest(count({use.column}), 1) from raw.{use.table}")  # noqa: S608
    with closing(place.session()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("set max_parallel_workers_per_gather = 0; set jit = off")

        def spent(counted: str) -> float:
            """Of values, for blanks cost nothing; at the least, for what else the machine does only adds."""
            statement = (
                f"select count({counted}) from raw.{use.table} as published "  # noqa: S608
                f"where published.{use.column} is not null"
            )
            seconds_of(connection, statement)  # compiles the regular expressions
            return min(seconds_of(connection, statement) for _ in range(place.floors))

        return (spent(expression) - spent(f"published.{use.column}")) / int(values) * 1e9
