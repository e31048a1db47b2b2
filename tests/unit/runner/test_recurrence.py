"""When a job is due: in Chicago time, over both clock changes, at the end of short months."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import WrongUsageError
from runner.jobs.recurrence import CHICAGO, Recurrence


def chicago(year: int, month: int, day: int, hour: int = 0, minute: int = 0, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CHICAGO, fold=fold)


def local(rule: Recurrence, since: datetime, count: int) -> list[str]:
    return [moment.astimezone(CHICAGO).strftime("%m-%d %H:%M %Z") for moment in rule.coming(since, count)]


@pytest.mark.parametrize(
    ("rule", "since", "expected"),
    [
        pytest.param(
            Recurrence("daily", at_time=time(2, 30)),
            chicago(2026, 3, 7, 12),
            ["03-08 03:00 CDT", "03-09 02:30 CDT"],
            id="a time that the spring leaves out comes right after the gap",
        ),
        pytest.param(
            Recurrence("daily", at_time=time(1, 30)),
            chicago(2026, 10, 31, 12),
            ["11-01 01:30 CDT", "11-02 01:30 CST"],
            id="a time that the autumn has twice comes once",
        ),
        pytest.param(
            Recurrence("daily", at_time=time(1, 30)),
            chicago(2026, 11, 1, 1, 45, fold=1),
            ["11-02 01:30 CST"],
            id="nor again when looked at from the second hour",
        ),
        pytest.param(
            Recurrence("cron", cron_expression="0 * * * *"),
            chicago(2026, 11, 1, 0, 30),
            ["11-01 01:00 CDT", "11-01 01:00 CST", "11-01 02:00 CST"],
            id="what runs every hour runs every hour",
        ),
        pytest.param(
            Recurrence("cron", cron_expression="15 */6 * * *"),
            chicago(2026, 3, 7, 20),
            ["03-08 00:15 CST", "03-08 06:15 CDT", "03-08 12:15 CDT"],
            id="every six hours by the clock on the wall",
        ),
        pytest.param(
            Recurrence("weekly", at_time=time(3, 40), weekday=7),
            chicago(2026, 3, 1, 3, 40),
            ["03-08 03:40 CDT", "03-15 03:40 CDT"],
            id="weekly, and the moment itself is over",
        ),
        pytest.param(
            Recurrence("monthly", at_time=time(4), month_day=31),
            chicago(2028, 1, 1),
            ["01-31 04:00 CST", "02-29 04:00 CST", "03-31 04:00 CDT", "04-30 04:00 CDT"],
            id="the last day where a month has no such day",
        ),
        pytest.param(
            Recurrence("monthly", at_time=time(4), month_day=15),
            chicago(2026, 1, 20),
            ["02-15 04:00 CST", "03-15 04:00 CDT"],
            id="the same day of every month",
        ),
        pytest.param(
            Recurrence("once", once_at=chicago(2026, 5, 1, 3)), chicago(2026, 4, 1), ["05-01 03:00 CDT"], id="once"
        ),
        pytest.param(
            Recurrence("once", once_at=chicago(2026, 5, 1, 3)), chicago(2026, 5, 1, 3), [], id="and never again"
        ),
        pytest.param(Recurrence("once"), chicago(2026, 5, 1, 3), [], id="nobody has said when"),
    ],
)
def test_due_times(rule: Recurrence, since: datetime, expected: list[str]) -> None:
    assert local(rule, since, len(expected) + 1)[: len(expected)] == expected
    if rule.kind == "once":
        assert local(rule, since, 9) == expected


DAILY = st.builds(lambda clock: Recurrence("daily", at_time=clock.replace(second=0, microsecond=0)), st.times())
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(DAILY, MOMENTS)
def test_a_daily_job_runs_once_on_every_day_of_chicago(rule: Recurrence, since: datetime) -> None:
    days = [moment.astimezone(CHICAGO).date().toordinal() for moment in rule.coming(since, 400)]
    assert days == list(range(days[0], days[0] + 400))


@given(DAILY, MOMENTS, st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]))
def test_the_zone_of_the_question_does_not_matter(rule: Recurrence, since: datetime, zone: str) -> None:
    assert rule.next(since) == rule.next(since.astimezone(ZoneInfo(zone)))
    assert rule.next(since) > since  # type: ignore[operator]


@pytest.mark.parametrize(
    "expression", ["", "x", "* * * *", "60 * * * *", "0 0 30 2 *", "* * * * * *", "a" * 10_000, "\x00"]
)
def test_what_is_no_cron_expression_is_refused_in_a_sentence(expression: str) -> None:
    with pytest.raises(WrongUsageError) as caught:
        Recurrence("cron", cron_expression=expression).check()
    assert "is no cron expression" in caught.value.message
    assert "Five fields" in caught.value.remedy
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Recurrence("daily", at_time=time(2, 30)), "every day at 02:30, Chicago time"),
        (Recurrence("weekly", at_time=time(3, 40), weekday=7), "every Sunday at 03:40, Chicago time"),
        (
            Recurrence("monthly", at_time=time(4), month_day=31),
            "on day 31 of every month, or the last day of a shorter",
        ),
        (Recurrence("cron", cron_expression="15 */6 * * *"), "at minute 15 past every sixth hour, Chicago time"),
        (Recurrence("once"), "once, when it is said"),
    ],
)
def test_a_recurrence_says_what_it_is(rule: Recurrence, words: str) -> None:
    assert rule.explained().startswith(words)
