"""The ledger's tables in schema `ops`: numbered SQL files, applied forward only, once, by whoever comes first.

The files are plain SQL; one that has been released is never edited, the next one changes what it made.
What is written into the tables is the business of `runner.ledger.execution`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import psycopg2.errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from runner.errors import LedgerTooNewError, LoginRefusedError

# A number of our own, so that two commands that start at once migrate one after the other.
MIGRATION_LOCK = 4_272_001

BOOKKEEPING = """
    create schema if not exists ops;
    comment on schema ops is 'How the tables came to be: executions, dbt nodes, loads, migrations.';
    create table if not exists ops.schema_migrations (
        version integer primary key,
        name text not null,
        sha256 text not null,
        applied_at timestamptz not null default clock_timestamp()
    );
    comment on table ops.schema_migrations is 'Which numbered SQL files of runner/migrations this database has seen.';
    comment on column ops.schema_migrations.version is 'Number in the name of the file.';
    comment on column ops.schema_migrations.name is 'The rest of its name.';
    comment on column ops.schema_migrations.sha256 is 'Digest of what was applied.';
    comment on column ops.schema_migrations.applied_at is 'When.';
"""


@dataclass(frozen=True)
class Migration:
    """One file of `runner/migrations`."""

    version: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """All of them, in order."""
    return sorted(_read(), key=lambda migration: migration.version)


def migrate(connection: Connection) -> list[Migration]:
    """Brings the ledger to this version; returns what was applied. Quick when nothing is to do."""
    known = migrations()
    applied = applied_version(connection)
    if applied > known[-1].version:
        raise LedgerTooNewError(
            f"The ledger of this database is at version {applied}, made by a newer version of this project, "
            f"which knows {known[-1].version}.",
            remedy="Update this clone (git pull && ./scripts/setup).",
        )
    if applied == known[-1].version:
        return []
    with connection.cursor() as cursor:
        cursor.execute("begin isolation level read committed")
        try:
            cursor.execute("select pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
            done = _apply(connection, known)
        except psycopg2.errors.InsufficientPrivilege as error:
            cursor.execute("rollback")
            raise LoginRefusedError(
                f"This user may not make the ledger's tables: {str(error).splitlines()[0]}.",
                remedy="Let it own the database, or: grant create on database … to …; the schema `ops` is its own.",
            ) from error
        except BaseException:
            cursor.execute("rollback")
            raise
        cursor.execute("commit")
    return done


def applied_version(connection: Connection) -> int:
    """0 where there is no ledger yet."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('ops.schema_migrations')")
        if cursor.fetchone() == (None,):
            return 0
        cursor.execute("select coalesce(max(version), 0) from ops.schema_migrations")
        (version,) = cursor.fetchone() or (0,)
        return int(version)


def _apply(connection: Connection, known: list[Migration]) -> list[Migration]:
    """Under the lock: another process may have migrated while this one waited for it."""
    with connection.cursor() as cursor:
        cursor.execute(BOOKKEEPING)
        due = [migration for migration in known if migration.version > applied_version(connection)]
        for migration in due:
            cursor.execute(migration.sql)
            cursor.execute(
                "insert into ops.schema_migrations (version, name, sha256) values (%s, %s, %s)",
                [migration.version, migration.name, hashlib.sha256(migration.sql.encode()).hexdigest()],
            )
    return due


def _read() -> Iterator[Migration]:
    for file in resources.files("runner").joinpath("migrations").iterdir():
        number, _, rest = file.name.partition("_")
        if file.name.endswith(".sql"):
            yield Migration(int(number), rest.removesuffix(".sql"), file.read_text(encoding="utf-8"))
