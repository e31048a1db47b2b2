"""The figures of one day: what happened, what is usual, where it is worst. How good the data is, `condition` finds out;
how all of it looks is `render`'s business. Rows that vanished from the portal are left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from runner.errors import NothingBuiltError, WrongUsageError
from runner.jobs.recurrence import CHICAGO
from runner.ledger.session import LedgerSession
from runner.summary.condition import Condition, condition
from runner.telling.words import one_line

FIGURES = {
    "crashes": "count(*)",
    "injured": "coalesce(sum(injuries_total), 0)",  # the killed are among them, as in the portal's own column
    "incapacitated": "coalesce(sum(injuries_incapacitating), 0)",
    "killed": "coalesce(sum(injuries_fatal), 0)",
}
USUAL_WEEKS = 8
FEWEST_DAYS = 2  # fewer are not what is usual
SEVERE = 4  # severity_score: somebody was badly hurt (4) or killed (5)
SEVERE_SHOWN = 10
PLACE_DAYS = 30
PLACES_SHOWN = 5
# What a crash weighs in its street, by its severity_score, which ranks and is not itself to be added up.
WEIGHTS = {2: 1, 3: 2, 4: 3, 5: 4}
WEIGHT = (
    f"sum(case severity_score {' '.join(f'when {score} then {each}' for score, each in WEIGHTS.items())} else 0 end)"
)


@dataclass(frozen=True)
class Figure:
    """What was counted that day; the mean of the same weekdays before, and that day as a multiple of it."""

    name: str
    value: int
    usual: float | None
    ratio: float | None


@dataclass(frozen=True)
class SevereCrash:
    """A crash that killed or badly hurt somebody. The time is Chicago's clock."""

    crash_record_id: str
    at: datetime
    place: str
    injured: int
    killed: int


@dataclass(frozen=True)
class Place:
    """A street and its direction, in the days up to this one."""

    place: str
    crashes: int
    injured: int
    killed: int
    weight: int


@dataclass(frozen=True)
class Summary:
    """Everything that is told of a day. `first_day` and `newest_crash` are the range of the table.

    `reported`: whether any crash of the day is there yet, for reports come days late.
    """

    day: date
    reported: bool
    first_day: date
    newest_crash: datetime
    figures: list[Figure]
    usual_days: list[date]
    severe_count: int
    severe: list[SevereCrash]
    places_since: date
    places: list[Place]
    condition: Condition

    def figure(self, name: str) -> Figure:
        return next(each for each in self.figures if each.name == name)


def summary(session: LedgerSession, day: date | None = None, now: datetime | None = None) -> Summary:
    """Of this day; without one, of yesterday in Chicago, as of `now` (an instant; without one, this).

    Raises NothingBuiltError before the first build and while no crash has landed, WrongUsageError for a day that has
    not begun or that is before the first crash.
    """
    now = now or datetime.now(UTC)
    today = now.astimezone(CHICAGO).date()
    day = day or today - timedelta(days=1)
    first, newest = _range(session)
    if day > today or day < first:
        why = "it has not begun" if day > today else "it is before the first crash"
        raise WrongUsageError(
            f"There is nothing to tell of {day}: {why}.",
            remedy=f"Give --date a day from {first} to {today}; the newest crash is of {newest.date()}.",
        )
    counted = _counted(session, day)
    usual = _usual(session, day, first, newest.date())
    severe = _severe(session, day)
    since = day - timedelta(days=PLACE_DAYS - 1)
    return Summary(
        day=day,
        reported=counted["crashes"] > 0,
        first_day=first,
        newest_crash=newest,
        figures=[_figure(name, counted[name], [each[name] for each in usual.values()]) for name in FIGURES],
        usual_days=sorted(usual),
        severe_count=len(severe),
        severe=severe[:SEVERE_SHOWN],
        places_since=since,
        places=_places(session, since, day),
        condition=condition(session, now),
    )


def _range(session: LedgerSession) -> tuple[date, datetime]:
    """The day of the first crash, and the newest one."""
    if session.execute("select to_regclass('marts.crashes')") == [(None,)]:
        raise NothingBuiltError("There are no tables to sum up yet.", remedy="Run `crashes run` first.")
    ((first, newest),) = session.execute(
        "select min(crash_at_local)::date, max(crash_at_local) from marts.crashes where deleted_at is null"
    )
    if newest is None:
        raise NothingBuiltError(
            "There is no crash to sum up yet.", remedy="Land some: `crashes run --dataset crashes`."
        )
    return first, newest


def _counted(session: LedgerSession, day: date) -> dict[str, int]:
    (values,) = session.execute(
        f"select {', '.join(FIGURES.values())} from marts.crashes "  # noqa: S608 - constants
        "where deleted_at is null and crash_at_local >= %s and crash_at_local < %s",
        [day, day + timedelta(days=1)],
    )
    return dict(zip(FIGURES, map(int, values), strict=True))


def _usual(session: LedgerSession, day: date, first: date, last: date) -> dict[date, dict[str, int]]:
    """The same weekdays before, as far as the table goes; one without a crash counts as it is."""
    days = [day - timedelta(weeks=weeks) for weeks in range(1, USUAL_WEEKS + 1)]
    return {each: _counted(session, each) for each in days if first <= each <= last}


def _figure(name: str, value: int, before: list[int]) -> Figure:
    usual = sum(before) / len(before) if len(before) >= FEWEST_DAYS else None
    return Figure(name, value, usual, value / usual if usual else None)


def _severe(session: LedgerSession, day: date) -> list[SevereCrash]:
    rows = session.execute(
        """
        select
            crash_record_id, crash_at_local, street_no, street_direction, street_name,
            coalesce(injuries_total, 0), coalesce(injuries_fatal, 0)
        from marts.crashes
        where
            deleted_at is null and severity_score >= %s
            and crash_at_local >= %s and crash_at_local < %s
        order by
            severity_score desc, injuries_fatal desc nulls last, injuries_incapacitating desc nulls last,
            crash_at_local, crash_record_id
        """,
        [SEVERE, day, day + timedelta(days=1)],
    )
    return [SevereCrash(key, at, _place(*place), injured, killed) for key, at, *place, injured, killed in rows]


def _places(session: LedgerSession, since: date, day: date) -> list[Place]:
    rows = session.execute(
        f"""
        select
            street_direction, street_name, {FIGURES["crashes"]}, {FIGURES["injured"]}, {FIGURES["killed"]}, {WEIGHT}
        from marts.crashes
        where
            deleted_at is null and street_name is not null
            and crash_at_local >= %s and crash_at_local < %s
        group by street_direction, street_name
        having {WEIGHT} > 0
        order by {WEIGHT} desc, {FIGURES["killed"]} desc, {FIGURES["crashes"]} desc, street_name, street_direction
        limit %s
        """,  # noqa: S608 - constants
        [since, day + timedelta(days=1), PLACES_SHOWN],
    )
    return [
        Place(_place(direction, name), int(crashes), int(injured), int(killed), int(weight))
        for direction, name, crashes, injured, killed, weight in rows
    ]


def _place(*parts: Any) -> str:
    """Number, direction and street, as far as they are known."""
    return one_line(" ".join(str(part) for part in parts if part is not None)) or "place unknown"
