"""Takes rows of a final table out of it by crash date, with what hangs on them, and keeps a record of that.

`raw` is not touched: what was deleted can be built again. Rows that the portal withdrew are another matter: they stay,
marked `deleted_at` (`ingest.reconcile`).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from ingest.datasets import all_datasets
from runner.database.connection import connect
from runner.errors import NothingBuiltError
from runner.ledger.session import LedgerSession
from runner.settings import RunnerSettings

# What belongs to a crash cannot stay without it: there are foreign keys. Children first.
HANGING = {"crashes": ("people", "vehicles", "crashes")}

# Tables of which a row counts in the impacts of a crash.
INVOLVING = ("crashes", "people", "vehicles")

# The places that a crash is in: derived by dbt, without a foreign key, and counted by whoever asks for a place.
PLACES = sql.Identifier("spatial", "crash_features")

# What crash_impacts keeps of each crash, and the view by which it is counted.
IMPACTS = sql.Identifier("staging", "int_crashes__impacts")
INVOLVED = sql.Identifier("staging", "int_crashes__involved")

# Views with a row for each row of a table.
MIRRORED = {"crashes": "marts.crash_impacts", "vision_zero_fatalities": "marts.fatality_links"}


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
            # PostgreSQL knows a day after the 31st of December 9999; Python does not.
            sides.append(sql.SQL("crash_at_local < {}::date + 1").format(sql.Literal(self.until)))
        rows = sql.SQL(" and ").join(sides) if sides else sql.SQL("true")
        if table == self.table:
            return rows
        return _in_crashes(rows)


def found(session: LedgerSession, selection: Selection) -> dict[str, int]:
    """How many rows of each table would go. Raises NothingBuiltError before the first build."""
    _check_built(session)
    counts = {}
    for table in selection.tables:
        query = sql.SQL("select count(*) from {} where {}").format(_marts(table), selection.condition(table))
        ((counts[table],),) = session.execute(query)
    return counts


def following(session: LedgerSession, selection: Selection) -> dict[str, int]:
    """How many rows of views and derived tables go by themselves with those of the final tables."""
    counts = {"quality.rule_violations": 0}
    for table in selection.tables:
        query = sql.SQL(
            "select count(*), coalesce(sum(jsonb_array_length(violations)), 0) from {} where {} and deleted_at is null"
        ).format(_marts(table), selection.condition(table))
        ((shown, violations),) = session.execute(query)
        counts["quality.rule_violations"] += int(violations)
        if table in MIRRORED:
            counts[MIRRORED[table]] = shown
    if selection.table == "crashes" and session.execute(_presence(PLACES)) == [(True,)]:
        query = sql.SQL("select count(*) from {} where {}").format(PLACES, _of_crashes(selection))
        ((counts["spatial.crash_features"],),) = session.execute(query)
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
            if selection.table == "crashes" and _is_there(cursor, PLACES):
                cursor.execute(sql.SQL("delete from {} where {}").format(PLACES, _of_crashes(selection)))
            counted_anew = selection.table in INVOLVING and _is_there(cursor, IMPACTS)
            if counted_anew:
                _note_crashes(cursor, selection)
            for table in selection.tables:
                cursor.execute(sql.SQL("delete from {} where {}").format(_marts(table), selection.condition(table)))
                removed[table] = cursor.rowcount
                if not removed[table]:
                    continue
                cursor.execute(
                    "insert into ops.data_deletions (execution_id, table_name, from_day, to_day, rows) "
                    "values (%s, %s, %s, %s, %s)",
                    [execution_id, table, selection.since, selection.until, removed[table]],
                )
            if counted_anew:
                cursor.execute(_RECOUNT)
    return removed


def ways_back(selection: Selection) -> list[str]:
    """The commands that bring the rows back."""
    window = "".join(
        f" --{name} {day}" for name, day in (("since", selection.since), ("until", selection.until)) if day is not None
    )
    build = "crashes transform --full-refresh (all of them, from what has landed)"
    if all_datasets()[selection.table].key is None:
        return [build]
    return [f"crashes run{window} (those that the portal still has on these days)", build]


# The impacts of the crashes noted before, as they are after the deletion.
_RECOUNT = sql.SQL(
    """
    delete from {impacts} where crash_record_id in (select crash_record_id from touched_crashes);
    insert into {impacts}
    select involved.*
    from touched_crashes
    cross join lateral (
        select of_crash.*
        from {involved} as of_crash
        where of_crash.crash_record_id = touched_crashes.crash_record_id
        offset 0
    ) as involved
    """
).format(impacts=IMPACTS, involved=INVOLVED)


def _presence(table: sql.Identifier) -> sql.Composable:
    """A query that says whether it is there."""
    return sql.SQL("select to_regclass({}) is not null").format(sql.Literal(".".join(table.strings)))


def _is_there(cursor: Cursor, table: sql.Identifier) -> bool:
    cursor.execute(_presence(table))
    return cursor.fetchone() == (True,)


def _note_crashes(cursor: Cursor, selection: Selection) -> None:
    """The crashes of the rows that are to go, in a table of this transaction."""
    cursor.execute(
        sql.SQL(
            "create temporary table touched_crashes on commit drop as select distinct crash_record_id from {} where {}"
        ).format(_marts(selection.table), selection.condition(selection.table))
    )


def _of_crashes(selection: Selection) -> sql.Composable:
    return _in_crashes(selection.condition("crashes"))


def _in_crashes(rows: sql.Composable) -> sql.Composable:
    return sql.SQL("crash_record_id in (select crash_record_id from {} where {})").format(_marts("crashes"), rows)


def _check_built(session: LedgerSession) -> None:
    for name in all_datasets():
        if session.execute(_presence(_marts(name))) != [(True,)]:
            raise NothingBuiltError("There are no tables to delete from yet.", remedy="Run `crashes run` first.")


def _marts(table: str) -> sql.Identifier:
    return sql.Identifier("marts", table)
