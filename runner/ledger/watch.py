"""Watches over an execution from a thread of its own: its deadline, a request to cancel it, and the lines it logs.

Stopping goes from gentle to final: the main thread is interrupted as by SIGTERM; what still runs in the database is
ended there; and where even that does not help (a portal that hangs, a library that swallows the interruption), the
record is closed from here and the process ends.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from ingest.errors import CrashesError
from runner.database.connection import connect
from runner.errors import CancelledError, TimedOutError
from runner.ledger.execution_log import ExecutionLog, write_lines
from runner.settings import RunnerSettings
from runner.terminal import print_error

LOOK_EVERY = 1.0  # seconds
END_QUERIES_AFTER = 4.0  # since the interruption
END_PROCESS_AFTER = 15.0


class Watch(threading.Thread):
    """`problem` is None, or why the execution was stopped, once it was."""

    def __init__(
        self, settings: RunnerSettings, execution_id: int, timeout_minutes: float | None, log: ExecutionLog
    ) -> None:
        super().__init__(name=f"watch over execution {execution_id}", daemon=True)
        self.problem: CrashesError | None = None
        self._settings = settings
        self._execution_id = execution_id
        self._timeout_minutes = timeout_minutes
        self._deadline = time.monotonic() + timeout_minutes * 60 if timeout_minutes else float("inf")
        self._log = log
        self._over = threading.Event()
        self._stopped_at = 0.0
        self._queries_ended = False
        self._connection: Connection | None = None

    def run(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            if self.problem is None and time.monotonic() >= self._deadline:
                self._interrupt(_timed_out(self._timeout_minutes or 0))
            try:
                self._look()
            except (psycopg2.Error, CrashesError):
                self._connection = None  # the database is away: the next look tries again
            if self.problem is not None and time.monotonic() - self._stopped_at > END_PROCESS_AFTER:
                self._end_process(self.problem)
        if self._connection is not None:
            self._connection.close()

    def end(self) -> None:
        """The execution is over, whatever became of it."""
        self._over.set()
        self.join(LOOK_EVERY * 5)

    def _look(self) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._settings.database, application=f"crashes watch {self._execution_id}")
        with self._connection.cursor() as cursor:
            write_lines(cursor, self._execution_id, self._log)
            cursor.execute(
                "select cancel_requested_at is not null from ops.job_executions where execution_id = %s",
                [self._execution_id],
            )
            if self.problem is None and cursor.fetchone() == (True,):
                self._interrupt(_cancelled())
            if self.problem and not self._queries_ended and time.monotonic() - self._stopped_at > END_QUERIES_AFTER:
                end_queries(cursor, self._execution_id)
                self._queries_ended = True

    def _interrupt(self, problem: CrashesError) -> None:
        self.problem = problem
        self._stopped_at = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)

    def _end_process(self, problem: CrashesError) -> None:
        """The main thread does not listen. What it holds goes with the process; what it committed stays."""
        if self._over.is_set():
            return
        try:
            with closing(connect(self._settings.database)) as connection, connection.cursor() as cursor:
                write_lines(cursor, self._execution_id, self._log)
                close_stopped(cursor, self._execution_id, problem)
                end_queries(cursor, self._execution_id)
        except (psycopg2.Error, CrashesError):
            pass  # then the next start marks the record abandoned
        print_error(problem, verbose=False)
        os._exit(problem.exit_code)


def application(execution_id: int) -> str:
    """How the connections of an execution call themselves (`application_name`): a slow query names its job."""
    return f"crashes execution {execution_id}"


def end_queries(cursor: Any, execution_id: int) -> None:
    """Ends what the execution still does in the database."""
    cursor.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s",
        [application(execution_id)],
    )


def close_stopped(cursor: Any, execution_id: int, problem: CrashesError) -> None:
    """Closes the record of an execution that cannot do so itself."""
    cursor.execute(
        """
        update ops.job_executions
        set status = %s, completed_at = clock_timestamp(), exit_code = %s,
            error_class = %s, error_message = %s, error_remedy = %s
        where execution_id = %s and status = 'running'
        """,
        [
            status_of(problem),
            problem.exit_code,
            type(problem).__name__,
            problem.message,
            problem.remedy,
            execution_id,
        ],
    )


def status_of(problem: CrashesError) -> str:
    """The status of an execution that ended with this error."""
    if isinstance(problem, TimedOutError):
        return "timed_out"
    return "cancelled" if isinstance(problem, CancelledError) else "failed"


def _timed_out(minutes: float) -> TimedOutError:
    return TimedOutError(
        f"Stopped after {minutes:g} minutes, the timeout of its job; what was committed until then is kept.",
        remedy="The next run goes on from there. Where it needs longer: crashes jobs edit NAME --timeout MINUTES.",
    )


def _cancelled() -> CancelledError:
    return CancelledError(
        "Cancelled by `crashes jobs cancel`; the final tables are as the last finished step left them.",
        remedy="Run the same again when it suits: it goes on where this one stopped.",
    )
