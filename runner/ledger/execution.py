"""An execution and its record: there before the work, closed whatever happens.

`recorded` takes the lock (one run at a time on a database), notices the dead, opens the record, lets the caller
work under the eye of `runner.ledger.watch`, and closes the record on success, failure, Ctrl-C, termination, timeout and
request to cancel alike. What the work is, it does not know.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from types import FrameType
from typing import Any, NoReturn

import psycopg2
from psycopg2.extras import Json

from ingest.errors import CrashesError
from runner.database.connection import ready
from runner.errors import CancelledError, LockHeldError, TakenElsewhereError, UnexpectedError
from runner.ledger.execution_log import ExecutionLog, collected, write_lines
from runner.ledger.migrate import migrate
from runner.ledger.record import Execution
from runner.ledger.session import LedgerSession
from runner.ledger.surroundings import surroundings
from runner.ledger.watch import Watch, application, status_of
from runner.logs import naming
from runner.masking import Masking
from runner.settings import RunnerSettings

log = logging.getLogger(__name__)


class Terminated(KeyboardInterrupt):
    """Somebody asked this process to end."""


@contextmanager
def recorded(
    settings: RunnerSettings,
    command: str,
    parameters: dict[str, Any],
    *,
    beside: bool = False,
    wait: bool = False,
    pending: int | None = None,
    timeout_minutes: float | None = None,
) -> Iterator[Execution]:
    """The work in the `with` block is one row of `ops.job_executions`. `beside`: it may be done while others run.

    `wait`: until no other run is at work, instead of giving up. `pending`: the row is there already and waits in the
    queue. Raises LockHeldError while another run is at work; TakenElsewhereError where the row no longer waits; what
    the work raised, where that is a CrashesError; CancelledError for Ctrl-C and termination; TimedOutError;
    UnexpectedError for anything else.
    """
    with _termination_raises(), ledger(settings) as session:
        if not beside:
            _lock(session, wait=wait)
        mark_abandoned(session)
        masking = Masking.of(settings.secrets())
        context = {"parameters": parameters, "beside": beside, **surroundings()}
        if pending is None:
            execution_id = _open(session, command, masking.value(context))
        else:
            execution_id = pending
            _take_over(session, pending, masking.value(context), timeout_minutes)
        with ExitStack() as stack:
            log = stack.enter_context(collected(masking))
            stack.enter_context(naming(execution_id))
            stack.enter_context(_signed(execution_id))
            watch = Watch(settings, execution_id, timeout_minutes, log)
            watch.start()
            stack.callback(watch.end)
            yield from _closed_whatever_happens(Execution(execution_id, session, masking, context), watch, log)


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


def _closed_whatever_happens(execution: Execution, watch: Watch, log: ExecutionLog) -> Iterator[Execution]:
    try:
        yield execution
    except BaseException as fault:
        error = watch.problem or _explained(fault, execution.execution_id)
        _close(execution, status_of(error), log, error)
        if error is fault:
            raise
        raise error from fault
    else:
        _close(execution, "completed", log)


def _explained(fault: BaseException, execution_id: int) -> CrashesError:
    if isinstance(fault, CrashesError):
        return fault
    if isinstance(fault, KeyboardInterrupt):
        how = "a termination signal" if isinstance(fault, Terminated) else "Ctrl-C"
        return CancelledError(
            f"Cancelled by {how}; the final tables are as the last finished step left them.",
            remedy="Run the same command again: it goes on where this one stopped.",
        )
    unexpected = UnexpectedError(
        f"{type(fault).__name__}: {str(fault).strip() or 'no message'}",
        remedy=f"Not foreseen. `crashes jobs show {execution_id} --verbose` has the traceback; please report it.",
    )
    unexpected.__cause__ = fault
    return unexpected


def _close(execution: Execution, status: str, log: ExecutionLog, error: CrashesError | None = None) -> None:
    """A second Ctrl-C does not interrupt this: it takes a moment, and the record is what explains the first."""
    with _signals({signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_IGN}):
        try:
            execution.close(status, error, "".join(traceback.format_exception(error)) if error else None)
            with execution.session.connection.cursor() as cursor:
                write_lines(cursor, execution.execution_id, log)
        except (CrashesError, psycopg2.Error) as fault:
            if error is None:
                raise
            error.remedy += (
                f" The record could not be closed either ({str(fault).strip()}): the next run marks it abandoned."
            )


def _open(session: LedgerSession, command: str, context: Any) -> int:
    """The sign of life is there before anybody can see the record."""
    session.execute("begin")
    ((execution_id,),) = session.execute(
        """
        insert into ops.job_executions (command, status, trigger_type, context)
        values (%s, 'running', 'manual', %s)
        returning execution_id
        """,
        [command, Json(context)],
    )
    session.stay_alive(execution_id)
    session.execute("commit")
    return int(execution_id)


def _take_over(session: LedgerSession, execution_id: int, context: Any, timeout_minutes: float | None) -> None:
    """From pending to running, for one process only."""
    session.execute("begin")
    session.stay_alive(execution_id)
    taken = session.execute(
        """
        update ops.job_executions
        set status = 'running', started_at = clock_timestamp(), context = %s,
            deadline = clock_timestamp() + make_interval(secs => %s)
        where execution_id = %s and status = 'pending'
        returning execution_id
        """,
        [Json(context), timeout_minutes * 60 if timeout_minutes else None, execution_id],
    )
    session.execute("commit")
    if not taken:
        raise TakenElsewhereError(
            f"Execution {execution_id} no longer waits: somebody else has carried it out, or cancelled it.",
            remedy=f"See `crashes jobs show {execution_id}`.",
        )


def _lock(session: LedgerSession, *, wait: bool) -> None:
    told = False
    while not session.take_lock():
        if not wait:
            raise lock_held(session)
        if not told:
            told = True
            log.info("%s Waiting for it.", lock_held(session))
        time.sleep(1)


@contextmanager
def _signed(execution_id: int) -> Iterator[None]:
    """Whatever connects to the database from here on, dlt and dbt too, says for which execution."""
    signature = {"PGAPPNAME": application(execution_id), "CRASHES_EXECUTION_ID": str(execution_id)}
    before = {name: os.environ.get(name) for name in signature}
    os.environ.update(signature)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def lock_held(session: LedgerSession) -> LockHeldError:
    """Who is at work, since when, and what to do about it."""
    rows = session.execute(
        """
        select execution_id, command, context ->> 'pid', context ->> 'host', started_at
        from ops.job_executions
        where status = 'running' and coalesce(context ->> 'beside', 'false') = 'false'
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
        remedy=f"Wait for it (the same command with --wait does), or stop it: crashes jobs cancel {execution_id}",
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
