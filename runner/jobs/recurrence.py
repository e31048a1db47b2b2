"""When a job is due: the moments of its recurrence, in Chicago time. Pure: the time is given, nothing is looked up.

The calendar is cronsim's, which treats both clock changes as Debian's cron does: a fixed time that the spring leaves
out comes right after the gap, one that the autumn has twice comes once, and what runs every hour runs every hour.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from runner.errors import WrongUsageError

CHICAGO = ZoneInfo("America/Chicago")
KINDS = ("once", "daily", "weekly", "monthly", "cron")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Recurrence:
    """One of KINDS and what it needs. `at_time` is Chicago's clock, `weekday` 1 for Monday to 7 for Sunday."""

    kind: str
    once_at: datetime | None = None
    at_time: time | None = None
    weekday: int | None = None
    month_day: int | None = None
    cron_expression: str | None = None

    def check(self) -> None:
        """Raises WrongUsageError for a cron expression that is none."""
        if self.kind != "cron":
            return
        if len((self.cron_expression or "").split()) != 5:
            raise _no_cron(self.cron_expression, "it needs five fields")
        try:
            CronSim(self.cron_expression or "", datetime.now(CHICAGO))
        except CronSimError as error:
            raise _no_cron(self.cron_expression, str(error).lower()) from error

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Every due time later than `moment`, ascending, as instants in UTC; for `once` at most one."""
        if self.kind == "once":
            if self.once_at is not None and self.once_at > moment:
                yield self.once_at.astimezone(UTC)
            return
        for due in CronSim(self._cron(), moment.astimezone(CHICAGO)):
            if self.kind != "monthly" or due.day == self._day_in(due.year, due.month):
                yield due.astimezone(UTC)

    def next(self, moment: datetime) -> datetime | None:
        return next(self.after(moment), None)

    def coming(self, moment: datetime, count: int) -> list[datetime]:
        return list(islice(self.after(moment), count))

    def explained(self) -> str:
        """For people: `every Sunday at 03:40, Chicago time`."""
        at = f"at {self.at_time:%H:%M}, Chicago time" if self.at_time else ""
        if self.kind == "once":
            return f"once, {said(self.once_at)}" if self.once_at else "once, when it is said (--at)"
        if self.kind == "daily":
            return f"every day {at}"
        if self.kind == "weekly":
            return f"every {WEEKDAYS[(self.weekday or 1) - 1].capitalize()} {at}"
        if self.kind == "monthly":
            last = ", or the last day of a shorter month," if (self.month_day or 0) > 28 else ""
            return f"on day {self.month_day} of every month{last} {at}"
        words = CronSim(self.cron_expression or "", datetime.now(CHICAGO)).explain()
        return f"{words[:1].lower()}{words[1:]}, Chicago time (cron {self.cron_expression})"

    def _cron(self) -> str:
        if self.kind == "cron":
            return self.cron_expression or ""
        at = self.at_time or time(0)
        days = "28-31" if (self.month_day or 0) > 28 else str(self.month_day)
        return {
            "daily": f"{at.minute} {at.hour} * * *",
            "weekly": f"{at.minute} {at.hour} * * {self.weekday}",
            "monthly": f"{at.minute} {at.hour} {days} * *",
        }[self.kind]

    def _day_in(self, year: int, month: int) -> int:
        return min(self.month_day or 1, calendar.monthrange(year, month)[1])


def said(moment: datetime | None) -> str:
    """An instant as Chicago's clock shows it, with the zone, for the autumn has an hour twice."""
    return moment.astimezone(CHICAGO).strftime("%a %Y-%m-%d %H:%M %Z") if moment else "-"


def _no_cron(expression: str | None, reason: str) -> WrongUsageError:
    shown = (expression or "")[:60]
    return WrongUsageError(
        f"{shown!r} is no cron expression: {reason}.",
        remedy="Five fields: minute, hour, day of month, month, day of week; '15 */6 * * *' is a quarter past every "
        "sixth hour.",
    )
