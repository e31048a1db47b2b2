"""What the tests of jobs share: settings for the test's own database, and jobs that are quickly done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from harness import Database

from runner.jobs import job as jobs
from runner.jobs.job import Job
from runner.jobs.recurrence import Recurrence
from runner.ledger.session import LedgerSession

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)  # in Chicago


def quick_job(session: LedgerSession, name: str = "Quick", **changed: Any) -> Job:
    """Every hour from `now` on; it prunes, which takes no lock. One with `command=['ingest']` needs the lock."""
    command, now = changed.pop("command", ["prune"]), changed.pop("now", NOON)
    job = Job(name, "custom", Recurrence("cron", cron_expression="0 * * * *"), config={"command": command}, **changed)
    return jobs.add(session, job, now)


def no_defaults(session: LedgerSession) -> None:
    """Only the test's own jobs."""
    session.execute("delete from ops.scheduled_jobs")


def executions(database: Database) -> list[tuple[Any, ...]]:
    return database.rows("select execution_id, job, status, attempt, retry_of from ops.job_executions order by 1")


def due_now(database: Database) -> None:
    database.rows("update ops.scheduled_jobs set next_run = now() - interval '1 minute' where enabled")


def connections_of(database: Database, execution_id: int) -> int:
    count: int = database.value(
        "select count(*) from pg_stat_activity where application_name = %s and datname = current_database()",
        f"crashes execution {execution_id}",
    )
    return count
