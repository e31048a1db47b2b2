"""Puts into the queue what is due, and works the queue off: once (`crashes tick`) or for ever (`crashes scheduler`).

Each execution is a process of its own, so that one can be stopped, or die, and no other notices. What changes the
tables is carried out one at a time, in the order of the queue; what only reads or tidies up, beside it. Any number of
schedulers may be at work on one database.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType
from typing import NoReturn

from ingest.errors import CrashesError
from runner.errors import LockHeldError
from runner.jobs import queue
from runner.jobs.alerts import tell
from runner.jobs.overdue import stop_overdue
from runner.jobs.queue import Waiting
from runner.ledger.execution import ledger, lock_held, mark_abandoned
from runner.ledger.session import LedgerSession
from runner.settings import RunnerSettings

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
GLANCE = 0.25  # seconds between two looks at the processes
LOOK_EVERY = 5.0  # seconds between two looks at the queue, while something is under way
PATIENCE = 30.0  # seconds for a process to close its record before it is killed


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Scheduler:
    """`ended`: what this one started and saw end, with its exit code; `now` is injected by tests."""

    settings: RunnerSettings
    now: Now = utc_now
    running: dict[int, tuple[Waiting, subprocess.Popen[bytes]]] = field(default_factory=dict)
    ended: dict[int, tuple[Waiting, int]] = field(default_factory=dict)
    held_up: str | None = None

    @property
    def failed(self) -> bool:
        """The last execution of some job failed here: one whose repetition went well did not."""
        last = {waiting.job: code for waiting, code in self.ended.values()}
        return any(last.values())

    def tick(self, *, wait: bool = False) -> None:
        """What is due now, and what waits; returns when all of it is done.

        Where another run is at work, `held_up` says so and what needs the lock stays in the queue. `wait`: for that
        run, and for retries of what failed here.
        """
        with self._stopping():
            self._look(due=True)
            looked = time.monotonic()
            while self.running or (wait and (self.held_up or self._retry_is_ahead())):
                time.sleep(GLANCE)
                if self._reap() or time.monotonic() - looked > LOOK_EVERY:
                    looked = time.monotonic()
                    self._look(due=False)

    def loop(self, every: float) -> NoReturn:
        """For ever. A database that is away is waited for."""
        with self._stopping():
            looked = -every
            while True:
                if self._reap() or time.monotonic() - looked >= every:
                    looked = time.monotonic()
                    try:
                        self._look(due=True)
                    except CrashesError as error:
                        log.warning("%s Trying again in %.0f s. %s", error, every, error.remedy)
                time.sleep(GLANCE)

    def _look(self, *, due: bool) -> None:
        self._reap()
        with ledger(self.settings) as session:
            mark_abandoned(session)
            stop_overdue(session, self.now())
            if due:
                queue.put_in_what_is_due(session, self.now())
            queue.put_in_retries(session, self.now())
            self._start(session)
            if not self.running:
                tell(session, self.settings)

    def _start(self, session: LedgerSession) -> None:
        self.held_up = None
        for waiting in queue.waiting(session):
            if waiting.execution_id in self.running or waiting.execution_id in self.ended:
                continue
            if not waiting.beside:
                if any(not other.beside for other, _ in self.running.values()):
                    continue
                if session.lock_is_held():
                    self.held_up = f"{waiting.job} waits. {lock_held(session)}"
                    continue
            self._launch(waiting)

    def _launch(self, waiting: Waiting) -> None:
        log.info("execution %s: %s begins", waiting.execution_id, waiting.job)
        command = [sys.executable, "-m", "runner.cli", "jobs", "carry-out", str(waiting.execution_id)]
        # Our stdout is for our own result.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno())
        self.running[waiting.execution_id] = (waiting, process)

    def _reap(self) -> bool:
        over = [(number, process.poll()) for number, (_, process) in self.running.items()]
        for number, code in over:
            if code is not None:
                waiting, _ = self.running.pop(number)
                if code != LockHeldError.exit_code:  # somebody was quicker, and it waits still
                    self.ended[number] = (waiting, code)
                log.info("execution %s: %s ended with exit code %s", number, waiting.job, code)
        return any(code is not None for _, code in over)

    def _retry_is_ahead(self) -> bool:
        with ledger(self.settings) as session:
            return any(execution_id in self.ended for execution_id, *_ in queue.retries(session))

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Whoever stops the scheduler stops what it has started, and each closes its record."""

        def stop(number: int, frame: FrameType | None) -> NoReturn:
            raise KeyboardInterrupt

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            for _, process in self.running.values():
                process.terminate()
            for _, process in self.running.values():
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
