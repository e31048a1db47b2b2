"""Which plans PostgreSQL chose and what they read, said by its own auto_explain: nothing is planned a second time."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import sql

from .measuring import Line
from .place import Place

# With the rows that were read, for a plan may name a table whose branch is never run; without clocks, which cost time.
SETTINGS = {
    "log_min_duration": "0",
    "log_format": "json",
    "log_verbose": "on",  # or relations have no schema
    "log_analyze": "on",
    "log_timing": "off",
}
LONGEST = 40
NODE = re.compile(r'"node_id": "model\.[a-z_]+\.([a-z0-9_]+)"')


@dataclass
class Reading:
    """The tables that plans read, the indexes that they went through, and the rows that they read from end to end."""

    tables: set[str] = field(default_factory=set)
    indexes: set[str] = field(default_factory=set)
    whole: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, plan: dict[str, Any]) -> None:
        # A branch that was never run read nothing; what a session has for itself and catalogs are no data.
        if plan.get("Actual Loops") and not plan.get("Schema", "").startswith("pg_"):
            self._add_node(plan)
        for below in plan.get("Plans", []):
            self.add(below)

    def _add_node(self, plan: dict[str, Any]) -> None:
        if "Index Name" in plan:
            self.indexes.add(plan["Index Name"])
        if "Relation Name" not in plan:
            return
        table = f"{plan['Schema']}.{plan['Relation Name']}"
        self.tables.add(table)
        if plan["Node Type"] == "Seq Scan":
            # Rows are averages of a loop; each worker of a parallel scan is one.
            rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
            self.whole[table] += round(rows * plan["Actual Loops"])

    def reads_raw(self) -> bool:
        return any(table.startswith("raw.") for table in self.tables)


def of_statement(place: Place, statement: str, values: Any) -> Reading:
    """Of one statement and all those inside of the functions that it calls."""
    reading = Reading()
    with closing(place.session(superuser=True)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("load 'auto_explain'")
        for name, value in (SETTINGS | {"log_nested_statements": "on"}).items():
            cursor.execute(sql.SQL("set {} = %s").format(sql.Identifier("auto_explain", name)), [value])
        cursor.execute("set client_min_messages = log")
        cursor.execute(statement, values)
        for message in connection.notices:
            for said in _plans(message.splitlines()):
                reading.add(said["Plan"])
    return reading


@contextmanager
def of_models(place: Place) -> Iterator[dict[str, Reading]]:
    """Of what dbt does in the block, by model; filled at its end, from the log of the server."""
    _explain_everything(place, SETTINGS | {"session_preload_libraries": "auto_explain"})
    log = place.settings.cluster.log
    start = log.stat().st_size
    readings: dict[str, Reading] = defaultdict(Reading)
    try:
        yield readings
    finally:
        _explain_everything(place, {})
    with log.open(encoding="utf-8", errors="replace") as file:
        file.seek(start)
        for said in _plans(file):
            # Several statements may be sent at once, under one comment of dbt's.
            if model := NODE.search(said["Query Text"]):
                readings[model[1]].add(said["Plan"])


def line(place: Place, what: str, reading: Reading, few: int) -> Line:
    """Small tables are read whole for good reason: what counts is one of more rows than `few`."""
    scans = [f"sequential: {table}, {rows:,} rows" for table, rows in sorted(reading.whole.items()) if rows > few]
    return Line(what, "\n".join(scans) or "no sequential scan", "\n".join(_described(place, reading)) or "no index")


def _described(place: Place, reading: Reading) -> list[str]:
    """Table and columns, for dbt names indexes by hashes; or the name of one of expressions. Only of data."""
    found = place.sql(
        """
        select distinct schemaname || '.' || tablename, indexname, substring(indexdef from ' USING (?:btree )?(.+)$')
        from pg_indexes
        where indexname = any(%s) and schemaname in ('raw', 'marts', 'spatial')
        order by 1, 3
        """,
        [list(reading.indexes)],
    )
    return [f"{table}: {name if len(columns) > LONGEST else columns}" for table, name, columns in found]


def _explain_everything(place: Place, settings: dict[str, str]) -> None:
    """All sessions of the database that begin from now on."""
    database = sql.Identifier(place.settings.database.name)
    with closing(place.session(superuser=True)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("load 'auto_explain'")
        cursor.execute(sql.SQL("alter database {} reset all").format(database))
        for name, value in settings.items():
            parts = (name,) if name.startswith("session") else ("auto_explain", name)
            cursor.execute(sql.SQL("alter database {} set {} = %s").format(database, sql.Identifier(*parts)), [value])


def _plans(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What stands below `duration: … plan:`, up to the brace that closes it; the server's log indents it by a tab."""
    plan: list[str] | None = None
    for line in lines:
        text = line.rstrip("\n").removeprefix("\t")
        if plan is not None:
            plan.append(text)
            if text == "}":
                yield json.loads("\n".join(plan))
                plan = None
        elif re.search(r"LOG:  duration: .* plan:$", text):
            plan = []
