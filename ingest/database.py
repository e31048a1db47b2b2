"""What landing needs of the database beside dlt: a connection that explains itself, and a lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import psycopg2.extensions
from psycopg2 import errors

from ingest.errors import DatabaseError, LandingBusyError
from ingest.settings import DatabaseSettings

LANDING_LOCK = "chicago_crashes landing"


def connect(place: DatabaseSettings) -> psycopg2.extensions.connection:
    """An autocommit connection. Raises DatabaseError with what is wrong and what to do."""
    try:
        connection: psycopg2.extensions.connection = psycopg2.connect(
            **place.connect_args(),
            application_name=os.environ.get("PGAPPNAME", "crashes ingest"),  # the runner names the execution
        )
    except psycopg2.Error as error:
        raise as_database_error(error, place) from error
    connection.autocommit = True
    return connection


@contextmanager
def advisory_lock(connection: psycopg2.extensions.connection, name: str) -> Iterator[bool]:
    """Whether the lock of this name is ours for the length of the block; false where somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext(%s))", [name])
        row = cursor.fetchone()
        ours = bool(row and row[0])
        try:
            yield ours
        finally:
            if ours and not connection.closed:
                cursor.execute("select pg_advisory_unlock(hashtext(%s))", [name])


@contextmanager
def landing_lock(connection: psycopg2.extensions.connection) -> Iterator[None]:
    """One landing into a database at a time: two would read the same cursor and land the same rows twice."""
    with advisory_lock(connection, LANDING_LOCK) as ours:
        if not ours:
            raise LandingBusyError(
                "Another landing into this database is at work.",
                remedy="Wait until it has finished; `crashes status` shows it.",
            )
        yield


def as_database_error(error: psycopg2.Error, place: DatabaseSettings | None = None) -> DatabaseError:
    """A sentence and a remedy for what PostgreSQL or the way to it did."""
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    where = f" ({place})" if place else ""
    if isinstance(error, errors.InsufficientPrivilege):
        remedy = "Grant the role of CRASHES_DB_USER what it needs (create on the database), or use another role."
    elif isinstance(error, errors.DiskFull):
        remedy = "Make room on the database's disk and run again; what was committed is kept."
    elif "password authentication failed" in said or "no password supplied" in said:
        remedy = "Check CRASHES_DB_USER and CRASHES_DB_PASSWORD, or CRASHES_DATABASE_URL."
    elif "does not exist" in said and "database" in said:
        remedy = "Create the database, or correct CRASHES_DB_NAME."
    elif isinstance(error, psycopg2.OperationalError):
        remedy = "See whether the server runs and is reachable (`crashes db status`), then run again."
    else:
        remedy = "What was committed is kept, so running again goes on from there."
    return DatabaseError(f"The database{where} said: {said}", remedy=remedy)
