"""Removes what the ledger no longer needs to remember: executions and the lines they logged, after stated days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.ledger.session import LedgerSession


@dataclass(frozen=True)
class Pruned:
    """How many rows went. An execution takes its nodes and its log with it."""

    executions: int
    log_lines: int


def prune(session: LedgerSession, executions_days: int, logs_days: int, now: datetime) -> Pruned:
    """What is open stays, and so does the last completed execution of each command and job: others look back at it."""
    lines = session.execute(
        """
        with removed as (
            delete from ops.job_execution_logs where logged_at < %s returning 1
        )
        select count(*) from removed
        """,
        [now - timedelta(days=logs_days)],
    )
    executions = session.execute(
        """
        with removed as (
            delete from ops.job_executions as old
            where
                old.started_at < %s and old.status not in ('pending', 'running')
                and old.execution_id not in (
                    select max(execution_id)
                    from ops.job_executions
                    where status = 'completed'
                    group by command, job_id
                )
            returning 1
        )
        select count(*) from removed
        """,
        [now - timedelta(days=executions_days)],
    )
    return Pruned(executions[0][0], lines[0][0])
