"""The connection that a run keeps for its lock and its record: apart from the work, and mended when it breaks.

Two advisory locks live on it: one that only one run on a database can have, and one for each execution, by which
others see that its process is alive. PostgreSQL gives both back the moment the process dies, however it dies.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.sql import Composable

from runner.database.connection import connect
from runner.errors import DatabaseUnreachableError, LockLostError
from runner.settings import RunnerSettings

# Advisory locks are pairs of numbers, ours alone by this first one.
ONE_RUN = (42_720, 1)
ALIVE = 42_721
PATIENCE = 30.0  # seconds: a server that restarts is back by then


class LedgerSession:
    """One autocommit connection to the ledger."""

    def __init__(self, settings: RunnerSettings) -> None:
        self._settings = settings
        self._wants_lock = False
        self._locked = False
        self.connection = self._connect()

    def execute(self, sql: str | Composable, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows, if the statement has any. On a broken connection: once more, on a new one."""
        try:
            return self._execute(sql, parameters)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if not self.connection.closed:
                raise
            self._reconnect()
            return self._execute(sql, parameters)

    def take_lock(self) -> bool:
        """True when from now on no other run can start on this database."""
        self._wants_lock = True
        self._locked = self._try_lock(*ONE_RUN)
        return self._locked

    def lock_is_held(self) -> bool:
        """A run is at work on this database: ours or another's."""
        return (
            self._execute(
                "select 1 from pg_locks where locktype = 'advisory' and classid = %s and objid = %s and granted "
                "and database = (select oid from pg_database where datname = current_database())",
                ONE_RUN,
            )
            != []
        )

    def stay_alive(self, execution_id: int) -> bool:
        """Shows others that this execution's process lives. False: it shows that already, from elsewhere."""
        return self._try_lock(ALIVE, execution_id)

    def let_go(self, execution_id: int) -> None:
        self.execute("select pg_advisory_unlock(%s, %s)", [ALIVE, execution_id])

    def hold(self, execution_id: int) -> None:
        """Makes sure that a lock that was taken is still ours; takes it again where the connection broke meanwhile."""
        self.execute("select 1")
        if self._wants_lock and not self._locked:
            if not self.take_lock():
                raise LockLostError(
                    "The connection that held the lock broke, and another run has started meanwhile.",
                    remedy="Wait for that run (`crashes status`), then run the same command again.",
                )
            self.stay_alive(execution_id)

    def close(self) -> None:
        self.connection.close()

    def _try_lock(self, first: int, second: int) -> bool:
        return bool(self.execute("select pg_try_advisory_lock(%s, %s)", [first, second])[0][0])

    def _execute(self, sql: str | Composable, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def _connect(self) -> Connection:
        connection = connect(self._settings.database, application="crashes ledger")
        with connection.cursor() as cursor:
            # A backfill of hours says nothing here between two steps; a server's limit on idleness must not end it.
            cursor.execute("set idle_session_timeout = 0")
        return connection

    def _reconnect(self) -> None:
        self._locked = False
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.connection = self._connect()
            except DatabaseUnreachableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return
