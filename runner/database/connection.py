"""Connections to the database in use, embedded or named by the user, with a sentence for each way they can fail."""

from __future__ import annotations

from contextlib import closing

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from ingest.errors import CrashesError
from ingest.settings import DatabaseSettings
from runner.database.binaries import OLDEST_MAJOR
from runner.errors import (
    DatabaseMissingError,
    DatabaseTooOldError,
    DatabaseUnreachableError,
    LoginRefusedError,
    PostgisMissingError,
)
from runner.settings import RunnerSettings


def ready(settings: RunnerSettings) -> None:
    """Returns when the database can take a run: reachable, recent enough, PostGIS in it. Starts an embedded one."""
    if settings.database.embedded:
        settings.cluster.ensure_up()
        return
    with closing(connect(settings.database)) as connection:
        _check_version(connection, settings.database)
        _have_postgis(connection, settings.database)


def connect(database: DatabaseSettings, *, application: str = "crashes") -> Connection:
    """An autocommit connection. Raises an error that says what to do, where there is none to be had."""
    try:
        connection: Connection = psycopg2.connect(
            **database.connect_args(),
            connect_timeout=10,
            application_name=application,
            # A server that vanished without a word is noticed within two minutes, not within two hours.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=9,
        )
    except psycopg2.OperationalError as error:
        raise _explained(error, database) from error
    connection.autocommit = True
    return connection


def server_status(database: DatabaseSettings) -> dict[str, str | int | bool | None]:
    """What `crashes db status` shows of a server of the user's."""
    shown: dict[str, str | int | bool | None] = {"running": False, "server": str(database)}
    try:
        connection = connect(database)
    except CrashesError as error:
        return {**shown, "error": error.message, "remedy": error.remedy}
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version'), pg_database_size(current_database())")
        version, size = cursor.fetchone() or ("?", 0)
    return {**shown, "running": True, "version": version, "bytes": size}


def _explained(error: psycopg2.OperationalError, database: DatabaseSettings) -> CrashesError:
    """libpq gives no SQLSTATE for a failed connection, only words; they have been the same since PostgreSQL 9."""
    said = " ".join(str(error).split())
    if "does not exist" in said and f'database "{database.name}"' in said:
        return DatabaseMissingError(
            f"The server on {database.host}:{database.port} has no database {database.name}.",
            remedy=f"Create it there (createdb {database.name}), or correct CRASHES_DB_NAME.",
        )
    refusals = ("password", "authentication", "role", "pg_hba.conf", "permission denied for database")
    if any(word in said for word in refusals):
        return LoginRefusedError(
            f"The server on {database.host}:{database.port} refuses the user {database.user}: {_reason(said)}",
            remedy="Correct CRASHES_DB_USER and CRASHES_DB_PASSWORD in the environment or in .env.",
        )
    if database.embedded:
        remedy = "Run `crashes db up`; `crashes db status` names its log."
    else:
        remedy = (
            "Start that server or correct CRASHES_DB_HOST and CRASHES_DB_PORT; "
            "with neither they nor CRASHES_DATABASE_URL set, a private embedded database is used."
        )
    return DatabaseUnreachableError(
        f"No database answers on {database.host}:{database.port}: {_reason(said)}", remedy=remedy
    )


def _reason(said: str) -> str:
    """The last clause of libpq's message: `connection to server at …, port … failed: FATAL: …`."""
    reason = said.rsplit("failed: ", maxsplit=1)[-1].removeprefix("FATAL: ").strip()
    return reason.split(" Is the server running")[0].rstrip(".") + "."


def _check_version(connection: Connection, database: DatabaseSettings) -> None:
    if connection.server_version // 10_000 < OLDEST_MAJOR:
        raise DatabaseTooOldError(
            f"The server on {database.host}:{database.port} is PostgreSQL {connection.server_version // 10_000}.",
            remedy=f"Use PostgreSQL {OLDEST_MAJOR} or newer.",
        )


def _have_postgis(connection: Connection, database: DatabaseSettings) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_extension where extname = 'postgis'")
        if cursor.fetchone():
            return
        try:
            cursor.execute("create extension if not exists postgis")
        except psycopg2.Error as error:
            raise PostgisMissingError(
                f"The database {database.name} on {database.host}:{database.port} has no PostGIS, and "
                f"{database.user} cannot add it: {str(error).splitlines()[0].rstrip('.')}.",
                remedy=(
                    "Install the server's PostGIS package (Debian: postgresql-15-postgis-3), then as a superuser run "
                    f'psql {database.name} -c "create extension postgis".'
                ),
            ) from error
