"""Takes rows of a final table out of it by crash date, with what hangs on them, and keeps a record of that.

`raw` is not touched: what was deleted can be built again. Rows that the portal withdrew are another matter: they stay,
marked `deleted_at` (`ingest.reconcile`).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta

from psycopg2 import sql

from ingest.datasets import all_datasets
from runner.database.connection import connect
from runner.errors import NothingBuiltError
from runner.ledger.session import LedgerSession
from runner.settings import RunnerSettings

# What belongs to a crash cannot stay without it: there are foreign keys. Children first.
HANGING = {"crashes": ("people", "vehicles", "crashes")}


@dataclass(frozen=True)
class Selection:
    """Rows of a table between two days of crash dates, both included; None leaves a side open."""

    table: str
    since: date | None
    until: date | None

    @property
    def tables(self) -> tuple[str, ...]:
        """All that rows go from, in the order in which they can."""
        return HANGING.get(self.table, (self.table,))

    def days(self) -> str:
        if self.since and self.until:
            return f"from {self.since} to {self.until}"
        return f"from {self.since} on" if self.since else f"up to {self.until}"

    def condition(self, table: str) -> sql.Composable:
        """Of the rows of one of its tables; a child goes with its crash, whatever its own date says."""
        sides = []
        if self.since:
            sides.append(sql.SQL("crash_at_local >= {}").format(sql.Literal(self.since)))
        if self.until:
            sides.append(sql.SQL("crash_at_local < {}").format(sql.Literal(self.until + timedelta(days=1))))
        rows = sql.SQL(" and ").join(sides) if sides else sql.SQL("true")
        if table == self.table:
            return rows
        return sql.SQL("crash_record_id in (select crash_record_id from {} where {})").format(_marts(self.table), rows)


def found(session: LedgerSession, selection: Selection) -> dict[str, int]:
    """How many rows of each table would go. Raises NothingBuiltError before the first build."""
    _check_built(session)
    counts = {}
    for table in selection.tables:
        query = sql.SQL("select count(*) from {} where {}").format(_marts(table), selection.condition(table))
        ((counts[table],),) = session.execute(query)
    return counts


def extent(session: LedgerSession, table: str) -> tuple[date | None, date | None]:
    """The first and the last day of crash dates that the table holds."""
    query = sql.SQL("select min(crash_at_local)::date, max(crash_at_local)::date from {}").format(_marts(table))
    ((first, last),) = session.execute(query)
    return first, last


def delete(settings: RunnerSettings, execution_id: int, selection: Selection) -> dict[str, int]:
    """All of it or nothing, in one transaction with its record; how many rows went from each table."""
    removed = {}
    with closing(connect(settings.database, application=f"crashes execution {execution_id}")) as connection:
        connection.autocommit = False
        with connection, connection.cursor() as cursor:
            for table in selection.tables:
                cursor.execute(sql.SQL("delete from {} where {}").format(_marts(table), selection.condition(table)))
                removed[table] = cursor.rowcount
                cursor.execute(
                    "insert into ops.data_deletions (execution_id, table_name, from_day, to_day, rows) "
                    "values (%s, %s, %s, %s, %s)",
                    [execution_id, table, selection.since, selection.until, removed[table]],
                )
    return removed


def ways_back(selection: Selection) -> list[str]:
    """The commands that bring the rows back."""
    window = "".join(
        f" --{name} {day}" for name, day in (("since", selection.since), ("until", selection.until)) if day is not None
    )
    build = "crashes transform --full-refresh (all of them, from what has landed)"
    if all_datasets()[selection.table].key is None:
        return [build]
    return [f"crashes run{window} (those that the portal still has)", build]


def _check_built(session: LedgerSession) -> None:
    for name in all_datasets():
        if session.execute("select to_regclass(%s)", [f"marts.{name}"]) == [(None,)]:
            raise NothingBuiltError("There are no tables to delete from yet.", remedy="Run `crashes run` first.")


def _marts(table: str) -> sql.Identifier:
    return sql.Identifier("marts", table)
