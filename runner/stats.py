"""Counts of crashes by day, week, hour or cause, from the views `marts.crash_stats_…`: which rows, summed by what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from psycopg2 import sql

from runner.errors import NothingBuiltError
from runner.ledger.session import LedgerSession

DAYS = 30  # of the default range, up to the newest crash
COUNTS = ("crashes", "injuries", "incapacitating_injuries", "fatalities")
GROUPS = {
    "type": "first_crash_type",
    "weather": "weather_condition",
    "cause": "prim_contributory_cause",
    "severity": "severity_score",
}


@dataclass(frozen=True)
class Kind:
    """One of the views: the column of days it is cut by, what it is summed by of itself, and what else it may be."""

    view: str
    day: str
    by: tuple[str, ...]
    groups: tuple[str, ...]


KINDS = {
    "daily": Kind("crash_stats_daily", "crash_day", ("crash_day",), tuple(GROUPS)),
    "weekly": Kind("crash_stats_weekly", "week", ("week",), tuple(GROUPS)),
    "hourly": Kind("crash_stats_hourly", "crash_day", ("hour",), ("severity",)),
    "cause": Kind("crash_stats_by_cause", "crash_day", ("prim_contributory_cause",), ()),
}


@dataclass(frozen=True)
class Stats:
    """Rows of `columns`, the last four of which are counts; the days asked about; and the days that there are."""

    columns: list[str]
    rows: list[list[Any]]
    since: date
    until: date
    first: date
    last: date


def stats(
    session: LedgerSession, kind: str, since: date | None, until: date | None, group_by: tuple[str, ...] = ()
) -> Stats:
    """Sums between two days, both included; without them the last 30 up to the newest crash.

    Raises NothingBuiltError before the first build, and while no crash has landed.
    """
    chosen = KINDS[kind]
    if session.execute("select to_regclass(%s)", [f"marts.{chosen.view}"]) == [(None,)]:
        raise NothingBuiltError("There are no tables to count in yet.", remedy="Run `crashes run` first.")
    ((first, last),) = session.execute(
        "select min(crash_at_local)::date, max(crash_at_local)::date from marts.crashes where deleted_at is null"
    )
    if last is None:
        raise NothingBuiltError("There is no crash to count yet.", remedy="Land some: `crashes run --dataset crashes`.")
    until = until or max(last, since or last)
    since = since or until - timedelta(days=min(DAYS - 1, (until - date.min).days))
    columns = [*chosen.by, *(GROUPS[group] for group in group_by)]
    query = sql.SQL(
        "select {columns}, {sums} from marts.{view} where {day} between %s and %s group by {columns} order by {order}"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        sums=sql.SQL(", ").join(sql.SQL("sum({})::bigint").format(sql.Identifier(count)) for count in COUNTS),
        view=sql.Identifier(chosen.view),
        day=sql.Identifier(chosen.day),
        order=sql.SQL("sum(crashes) desc, 1") if kind == "cause" else sql.SQL(", ").join(map(sql.Identifier, columns)),
    )
    rows = session.execute(query, [_first_day(kind, since), until])
    return Stats([*columns, *COUNTS], [list(row) for row in rows], since, until, first, last)


def _first_day(kind: str, since: date) -> date:
    """A week belongs to its Monday, and is told whole."""
    return since - timedelta(days=since.weekday()) if kind == "weekly" else since
