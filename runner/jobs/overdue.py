"""The second line against an execution that does not end: one whose process lives but no longer watches over itself.

A process that was frozen, or whose machine lost the network, holds the lock and stops nobody. Some minutes after its
deadline its connections are ended, here in the database, and its record is closed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from runner.errors import TimedOutError
from runner.ledger.session import ALIVE, LedgerSession
from runner.ledger.watch import close_stopped, end_queries

GRACE = timedelta(minutes=2)  # its own watch needs some seconds


def stop_overdue(session: LedgerSession, now: datetime) -> list[int]:
    """The executions that were stopped."""
    overdue = session.execute(
        "select execution_id, deadline from ops.job_executions where status = 'running' and deadline < %s",
        [now - GRACE],
    )
    for execution_id, deadline in overdue:
        problem = TimedOutError(
            f"Its timeout was over at {deadline.astimezone():%Y-%m-%d %H:%M:%S %Z}, and its process did not stop.",
            remedy="Its connections were ended. See what became of the process on its host; the next run goes on.",
        )
        with session.connection.cursor() as cursor:
            close_stopped(cursor, execution_id, problem)
            end_queries(cursor, execution_id)
        session.execute(
            "select pg_terminate_backend(pid) from pg_locks "
            "where locktype = 'advisory' and classid = %s and objid = %s "
            "and database = (select oid from pg_database where datname = current_database())",
            [ALIVE, execution_id],
        )
    return [execution_id for execution_id, _ in overdue]
