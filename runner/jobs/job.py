"""A scheduled job and the table it lives in, `ops.scheduled_jobs`: reading, adding, editing, removing, planning.

What is due and who carries it out is the business of `runner.jobs.queue` and `runner.jobs.scheduler`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

import psycopg2.errors
from psycopg2 import sql
from psycopg2.extras import Json

from runner.errors import WrongUsageError
from runner.jobs.recurrence import Recurrence
from runner.ledger.session import LedgerSession

JOB_TYPES = ("full_refresh", "incremental", "window", "reconcile", "summary", "custom")
LONGEST_NAME = 200

COLUMNS = (
    "name",
    "description",
    "job_type",
    "config",
    "enabled",
    "recurrence_type",
    "once_at",
    "at_time",
    "weekday",
    "month_day",
    "cron_expression",
    "timeout_minutes",
    "max_retries",
    "retry_delay_minutes",
    "next_run",
)
_KEPT = ("job_id", *COLUMNS, "last_run", "told_failure", "created_by", "created_at", "updated_at")


@dataclass(frozen=True)
class Job:
    """One row of `ops.scheduled_jobs`."""

    name: str
    job_type: str
    recurrence: Recurrence
    description: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    enabled: bool = True
    timeout_minutes: float = 60
    max_retries: int = 3
    retry_delay_minutes: float = 5
    next_run: datetime | None = None
    last_run: datetime | None = None
    told_failure: int | None = None
    created_by: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    job_id: int = 0

    @property
    def needs_a_time(self) -> bool:
        """It is enabled to run once, and nobody said when."""
        return self.recurrence.kind == "once" and self.recurrence.once_at is None

    def shown(self) -> dict[str, Any]:
        """As `--json` tells it."""
        rule = self.recurrence
        return {
            "name": self.name,
            "description": self.description,
            "job_type": self.job_type,
            "config": self.config,
            "enabled": self.enabled,
            "recurrence_type": rule.kind,
            "schedule": rule.explained(),
            "cron_expression": rule.cron_expression,
            "next_run": self.next_run,
            "last_run": self.last_run,
            "timeout_minutes": self.timeout_minutes,
            "max_retries": self.max_retries,
            "retry_delay_minutes": self.retry_delay_minutes,
            "created_by": self.created_by,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


def all_jobs(session: LedgerSession) -> list[Job]:
    """Every job, by name."""
    return _read(session, sql.SQL("order by lower(name)"))


def find(session: LedgerSession, name: str) -> Job:
    """The job of this name, in any case if that is unambiguous. Raises WrongUsageError, with the names there are."""
    check_name(name)
    found = _read(session, sql.SQL("where lower(name) = lower(%s) order by name = %s desc"), [name, name])
    if not found or (len(found) > 1 and found[0].name != name):
        names = ", ".join(repr(job.name) for job in all_jobs(session)) or "none"
        raise WrongUsageError(f"There is no job {name!r}.", remedy=f"Jobs there are: {names}.")
    return found[0]


def by_id(session: LedgerSession, job_id: int) -> Job | None:
    found = _read(session, sql.SQL("where job_id = %s"), [job_id])
    return found[0] if found else None


def add(session: LedgerSession, job: Job, now: datetime) -> Job:
    """Raises WrongUsageError where there is a job of that name."""
    _check(job)
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    values = sql.SQL(", ").join(sql.Placeholder() * len(COLUMNS))
    statement = sql.SQL("insert into ops.scheduled_jobs ({}) values ({})").format(names, values)
    _written(session, statement, _values(_planned(job, now)), job.name)
    return find(session, job.name)


def save(session: LedgerSession, job: Job, now: datetime) -> Job:
    """An edited job, under its number; it is planned anew."""
    _check(job)
    names = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in COLUMNS)
    statement = sql.SQL("update ops.scheduled_jobs set {}, updated_at = clock_timestamp() where job_id = %s").format(
        names
    )
    _written(session, statement, [*_values(_planned(job, now)), job.job_id], job.name)
    return find(session, job.name)


def remove(session: LedgerSession, job: Job) -> None:
    """Its executions stay on record; what waits in the queue goes with it."""
    session.execute(
        """
        update ops.job_executions
        set status = 'cancelled', completed_at = clock_timestamp(), error_class = 'JobRemoved',
            error_message = 'The job was removed before this execution began.', error_remedy = 'None needed.'
        where job_id = %s and status = 'pending'
        """,
        [job.job_id],
    )
    session.execute("delete from ops.scheduled_jobs where job_id = %s", [job.job_id])


def plan(session: LedgerSession, now: datetime) -> None:
    """Enabled jobs that are not planned yet get their next run: the defaults, at the first look at them."""
    for job in _read(session, sql.SQL("where enabled and next_run is null and recurrence_type <> 'once'")):
        session.execute(
            "update ops.scheduled_jobs set next_run = %s where job_id = %s and next_run is null",
            [job.recurrence.next(now), job.job_id],
        )


def check_name(name: str) -> None:
    """A name can be shown on one line, found again, and told from the number of an execution."""
    wrong = None
    if not name.strip():
        wrong = "is empty"
    elif len(name) > LONGEST_NAME:
        wrong = f"has {len(name):,} characters; {LONGEST_NAME} are the most"
    elif not name.isprintable():
        wrong = "holds characters that cannot be shown"
    elif name != name.strip() or name.isdigit() or name.lower() == "last":
        wrong = "begins or ends with a space, or could be taken for an execution (a number, or `last`)"
    if wrong:
        raise WrongUsageError(
            f"The name {name[:40]!r}{'…' if len(name) > 40 else ''} {wrong}.",
            remedy="Name the job in a few words, such as 'Nightly refresh'.",
        )


def _check(job: Job) -> None:
    check_name(job.name)
    job.recurrence.check()


def _planned(job: Job, now: datetime) -> Job:
    planned = job.recurrence.next(now) if job.enabled else None
    return Job(**{**vars(job), "next_run": planned})


def _written(session: LedgerSession, statement: sql.Composable, values: list[Any], name: str) -> None:
    try:
        session.execute(statement, values)
    except psycopg2.errors.UniqueViolation:
        raise WrongUsageError(
            f"There is a job {name!r} already.", remedy="Choose another name, or change that one: crashes jobs edit."
        ) from None


def _values(job: Job) -> list[Any]:
    rule = job.recurrence
    plain = {**vars(job), **vars(rule), "recurrence_type": rule.kind, "config": Json(job.config)}
    return [plain[name] for name in COLUMNS]


def _read(session: LedgerSession, which: sql.SQL, values: list[Any] | None = None) -> list[Job]:
    names = sql.SQL(", ").join(map(sql.Identifier, _KEPT))
    rows = session.execute(sql.SQL("select {} from ops.scheduled_jobs {}").format(names, which), values or [])
    return [_job(dict(zip(_KEPT, row, strict=True))) for row in rows]


def _job(row: dict[str, Any]) -> Job:
    rule = {name: row.pop(name) for name in ("once_at", "at_time", "weekday", "month_day", "cron_expression")}
    return Job(recurrence=Recurrence(row.pop("recurrence_type"), **rule), **row)


def time_of_day(text: str) -> time:
    """`3:40` or `03:40`. Raises ValueError."""
    if not re.fullmatch(r"\d{1,2}:\d{2}", text):
        raise ValueError(text)
    hour, minute = text.split(":")
    return time(int(hour), int(minute))
