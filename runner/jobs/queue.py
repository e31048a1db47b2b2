"""The queue: executions that wait, as rows of `ops.job_executions` with status `pending`, at most one for each job.

What is due is put in, once whatever was missed; what failed is put in again after its delay; whoever carries one out
takes it by turning it into `running` (`runner.ledger.execution`). Two schedulers share one queue and never a row of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.errors import WrongUsageError
from runner.jobs import job as jobs
from runner.jobs.job import Job
from runner.jobs.work import command_of
from runner.ledger.session import LedgerSession
from runner.tasks import BESIDE

# What a repetition cannot heal, by exit code: wrong configuration (2), a data test that failed (4).
HEALED_BY_NONE = (2, 4)


@dataclass(frozen=True)
class Waiting:
    """An execution in the queue. `beside`: it needs no lock."""

    execution_id: int
    job: str
    command: str

    @property
    def beside(self) -> bool:
        return self.command in BESIDE


def put_in(
    session: LedgerSession,
    job: Job,
    *,
    trigger: str = "manual",
    scheduled_for: datetime | None = None,
    retry_of: int | None = None,
    attempt: int = 1,
) -> int:
    """The execution of this job that waits now: a new one, or the one that waits already."""
    session.execute(
        """
        insert into ops.job_executions
            (job, job_id, command, status, trigger_type, scheduled_for, retry_of, attempt)
        values (%s, %s, %s, 'pending', %s, %s, %s, %s)
        on conflict (job_id) where status = 'pending' do nothing
        """,
        [job.name, job.job_id, command_of(job), trigger, scheduled_for, retry_of, attempt],
    )
    ((execution_id,),) = session.execute(
        "select max(execution_id) from ops.job_executions where job_id = %s and status = 'pending'", [job.job_id]
    )
    return int(execution_id)


def put_in_what_is_due(session: LedgerSession, now: datetime) -> list[int]:
    """Each enabled job whose time has come, once, however many of its times were missed."""
    jobs.plan(session, now)
    put: list[int] = []
    due = "select job_id from ops.scheduled_jobs where enabled and next_run <= %s order by next_run"
    for (job_id,) in session.execute(due, [now]):
        session.execute("begin")
        try:
            put += _put_in_due(session, job_id, now)
        except BaseException:
            session.execute("rollback")
            raise
        session.execute("commit")
    return put


def _put_in_due(session: LedgerSession, job_id: int, now: datetime) -> list[int]:
    """Under the row's lock: another scheduler that has it now does the same."""
    taken = session.execute(
        "select next_run from ops.scheduled_jobs where job_id = %s and enabled and next_run <= %s "
        "for update skip locked",
        [job_id, now],
    )
    job = jobs.by_id(session, job_id)
    if not taken or job is None:
        return []
    due = taken[0][0]
    execution_id = put_in(session, job, trigger="scheduled", scheduled_for=due)
    session.execute(
        "update ops.scheduled_jobs set last_run = %s, next_run = %s where job_id = %s",
        [due, job.recurrence.next(now), job_id],
    )
    return [execution_id]


def put_in_retries(session: LedgerSession, now: datetime) -> list[int]:
    """Failed, timed-out and abandoned executions whose delay is over, unless the job has run, or waits, since."""
    put: list[int] = []
    for execution_id, job_id, attempt, retry_of, trigger, scheduled_for, at in retries(session):
        job = jobs.by_id(session, job_id)
        if at <= now and job is not None:
            put.append(
                put_in(
                    session,
                    job,
                    trigger=trigger,
                    scheduled_for=scheduled_for,
                    retry_of=retry_of or execution_id,
                    attempt=attempt + 1,
                )
            )
    return put


def retries(session: LedgerSession) -> list[tuple[Any, ...]]:
    """Executions that will be repeated: id, job_id, attempt, retry_of, trigger, scheduled_for, when."""
    return session.execute(
        """
        select
            last.execution_id, last.job_id, last.attempt, last.retry_of, last.trigger_type, last.scheduled_for,
            last.completed_at + jobs.retry_delay_minutes * interval '1 minute'
        from ops.scheduled_jobs as jobs
        inner join lateral (
            select *
            from ops.job_executions as executions
            where executions.job_id = jobs.job_id
            order by executions.execution_id desc
            limit 1
        ) as last on true
        where
            last.status in ('failed', 'timed_out', 'abandoned')
            and last.attempt <= jobs.max_retries
            and coalesce(last.exit_code, 1) <> all(%s)
        order by last.execution_id
        """,
        [list(HEALED_BY_NONE)],
    )


def waiting(session: LedgerSession) -> list[Waiting]:
    """Oldest first."""
    rows = session.execute(
        "select execution_id, coalesce(job, command), command from ops.job_executions "
        "where status = 'pending' order by execution_id"
    )
    return [Waiting(*row) for row in rows]


def cancel(session: LedgerSession, execution_id: int) -> str:
    """`cancelled` where it waited, `asked` where it runs. Raises WrongUsageError where it is over."""
    ended = session.execute(
        """
        update ops.job_executions
        set status = 'cancelled', completed_at = clock_timestamp(), exit_code = 1, error_class = 'CancelledError',
            error_message = 'Cancelled by `crashes jobs cancel` before it began.',
            error_remedy = 'Run the job again when it suits.', cancel_requested_at = clock_timestamp()
        where execution_id = %s and status = 'pending'
        returning status
        """,
        [execution_id],
    )
    if ended:
        return "cancelled"
    asked = session.execute(
        """
        update ops.job_executions
        set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
        where execution_id = %s and status = 'running'
        returning status
        """,
        [execution_id],
    )
    if asked:
        return "asked"
    ((status,),) = session.execute("select status from ops.job_executions where execution_id = %s", [execution_id])
    raise WrongUsageError(f"Execution {execution_id} is over: {status}.", remedy="There is nothing to stop.")
