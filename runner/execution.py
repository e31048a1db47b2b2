"""An execution and its record: there before the work, closed whatever happens.

`recorded` takes the lock (one run at a time on a database), notices the dead, opens the record, lets the caller
work, and closes the record on success, failure, Ctrl-C and termination alike. What the work is, it does not know.
"""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Any, NoReturn

import psycopg2
from psycopg2.extras import Json

from ingest.errors import CrashesError
from runner.database import ready
from runner.errors import CancelledError, LockHeldError, UnexpectedError
from runner.ledger import migrate
from runner.ledger_session import LedgerSession
from runner.masking import Masking
from runner.record import Execution
from runner.settings import RunnerSettings
from runner.surroundings import surroundings


class Terminated(KeyboardInterrupt):
    """Somebody asked this process to end."""


@contextmanager
def recorded(
    settings: RunnerSettings,
    command: str,
    parameters: dict[str, Any],
    *,
    trigger: str = "manual",
    job: str | None = None,
    retry_of: int | None = None,
    beside: bool = False,
) -> Iterator[Execution]:
    """The work in the `with` block is one row of `ops.job_executions`. `beside`: it may be done while others run.

    Raises LockHeldError while another run is at work; what the work raised, where that is a CrashesError;
    CancelledError for Ctrl-C and termination; UnexpectedError for anything else.
    """
    with _termination_raises(), ledger(settings) as session:
        if not beside and not session.take_lock():
            raise _lock_held(session)
        mark_abandoned(session)
        masking = Masking.of(settings.secrets())
        context = {"parameters": parameters, **surroundings()}
        execution_id = _open(session, command, trigger, job, retry_of, masking.value(context))
        yield from _closed_whatever_happens(Execution(execution_id, session, masking, context))


@contextmanager
def ledger(settings: RunnerSettings) -> Iterator[LedgerSession]:
    """A connection to the ledger of a database that is ready, with every migration applied."""
    ready(settings)
    session = LedgerSession(settings)
    try:
        migrate(session.connection)
        yield session
    finally:
        session.close()


def mark_abandoned(session: LedgerSession) -> None:
    """A record that says `running` and whose process no longer holds its lock belongs to the dead."""
    for (execution_id,) in session.execute("select execution_id from ops.job_executions where status = 'running'"):
        if session.stay_alive(execution_id):
            session.execute(
                """
                update ops.job_executions
                set status = 'abandoned', completed_at = clock_timestamp(), error_class = 'Abandoned',
                    error_message = 'Its process ended without closing this record (killed, or the machine stopped).',
                    error_remedy = 'None needed: the next run goes on where this one stopped.'
                where execution_id = %s and status = 'running'
                """,
                [execution_id],
            )
            session.let_go(execution_id)


def _closed_whatever_happens(execution: Execution) -> Iterator[Execution]:
    try:
        yield execution
    except CrashesError as error:
        _close(execution, "failed", error)
        raise
    except KeyboardInterrupt as stop:
        how = "a termination signal" if isinstance(stop, Terminated) else "Ctrl-C"
        cancelled = CancelledError(
            f"Cancelled by {how}; the final tables are as the last finished step left them.",
            remedy="Run the same command again: it goes on where this one stopped.",
        )
        _close(execution, "cancelled", cancelled)
        raise cancelled from stop
    except BaseException as fault:
        unexpected = UnexpectedError(
            f"{type(fault).__name__}: {str(fault).strip() or 'no message'}",
            remedy=f"Not foreseen. Execution {execution.execution_id} in ops.job_executions has the traceback.",
        )
        unexpected.__cause__ = fault
        _close(execution, "failed", unexpected)
        raise unexpected from fault
    else:
        _close(execution, "completed")


def _close(execution: Execution, status: str, error: CrashesError | None = None) -> None:
    """A second Ctrl-C does not interrupt this: it takes a moment, and the record is what explains the first."""
    with _signals({signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_IGN}):
        try:
            execution.close(status, error, "".join(traceback.format_exception(error)) if error else None)
        except (CrashesError, psycopg2.Error) as fault:
            if error is None:
                raise
            error.remedy += (
                f" The record could not be closed either ({str(fault).strip()}): the next run marks it abandoned."
            )


def _open(
    session: LedgerSession, command: str, trigger: str, job: str | None, retry_of: int | None, context: Any
) -> int:
    """The sign of life is there before anybody can see the record."""
    session.execute("begin")
    ((execution_id,),) = session.execute(
        """
        insert into ops.job_executions (job, command, status, trigger_type, retry_of, context)
        values (%s, %s, 'running', %s, %s, %s)
        returning execution_id
        """,
        [job, command, trigger, retry_of, Json(context)],
    )
    session.stay_alive(execution_id)
    session.execute("commit")
    return int(execution_id)


def _lock_held(session: LedgerSession) -> LockHeldError:
    rows = session.execute(
        """
        select execution_id, command, context ->> 'pid', context ->> 'host', started_at
        from ops.job_executions
        where status = 'running' and command <> 'compact'
        order by execution_id desc
        limit 1
        """
    )
    if not rows:
        return LockHeldError(
            "Another run has just started on this database.", remedy="Look at `crashes status` in a moment."
        )
    execution_id, command, pid, host, started_at = rows[0]
    return LockHeldError(
        f"`crashes {command}` is at work on this database since {_when(started_at)}: execution {execution_id}, "
        f"process {pid} on {host}.",
        remedy=f"Wait for it (`crashes status`), or stop it there: kill {pid}",
    )


def _when(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


@contextmanager
def _termination_raises() -> Iterator[None]:
    """SIGTERM and a closed terminal end the work as Ctrl-C does: the record is closed."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated(signal.Signals(number).name)

    with _signals({signal.SIGTERM: stop, signal.SIGHUP: stop}):
        yield


@contextmanager
def _signals(handlers: dict[signal.Signals, Any]) -> Iterator[None]:
    """Only the main thread may set handlers; elsewhere whoever runs the thread decides when it ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
