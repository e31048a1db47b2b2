"""Three roles with least rights, for whoever does not want one user to do everything: what each may do, as SQL.

They are groups without a login. A login that acts for one of them takes its name at every connection (`alter role …
set role`), so that what it makes belongs to the group. The owner of the database is a member of all three, and goes on
to do everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg2.errors
from psycopg2 import sql

from runner.errors import LoginRefusedError
from runner.ledger.session import LedgerSession

LOADER, TRANSFORMER, READER = "crashes_loader", "crashes_transformer", "crashes_reader"

ROLES = {
    LOADER: "lands: owns the schema raw, and keeps the ledger (crashes ingest)",
    TRANSFORMER: "builds: reads raw, owns staging, marts, quality, history, and keeps the ledger (crashes transform)",
    READER: "reads marts, quality, history and the ledger, and writes nothing",
}

# Schema by schema: who owns it and what is made in it, and who reads it.
OWNERS = {
    "raw": LOADER,
    "staging": TRANSFORMER,
    "marts": TRANSFORMER,
    "quality": TRANSFORMER,
    "history": TRANSFORMER,
}
READERS = {
    "raw": [TRANSFORMER],
    "staging": [],
    "marts": [READER],
    "quality": [READER],
    "history": [READER],
}
BOOKS = ("model_loads", "model_changes")  # dbt's, in ops


@dataclass(frozen=True)
class Login:
    """How a login is made that acts for a role: for people to copy."""

    role: str

    def statements(self) -> list[str]:
        name = self.role.removeprefix("crashes_")
        return [
            f"create role nightly_{name} login password '…' in role {self.role};",
            f"alter role nightly_{name} set role = '{self.role}';",
        ]


def plan(session: LedgerSession) -> list[sql.Composed]:
    """The statements that bring the database to what this module says; safe to run again at any time."""
    return [*_roles(session), *_schemas(session), *_ledger(session)]


def apply(session: LedgerSession, statements: Iterable[sql.Composed]) -> None:
    """All of them or none. Raises LoginRefusedError where this user may not."""
    whole = sql.SQL("; ").join([sql.SQL("begin"), *statements, sql.SQL("commit")])
    try:
        session.execute(whole)
    except psycopg2.errors.InsufficientPrivilege as error:
        session.execute("rollback")
        raise LoginRefusedError(
            f"This user may not make the roles: {str(error).splitlines()[0]}.",
            remedy="Let an administrator run what `crashes db roles --dry-run` prints, or: alter role … createrole.",
        ) from error
    except BaseException:
        if not session.connection.closed:
            session.execute("rollback")
        raise


def as_text(session: LedgerSession, statements: Iterable[sql.Composed]) -> list[str]:
    return [f"{statement.as_string(session.connection)};" for statement in statements]


def _roles(session: LedgerSession) -> Iterator[sql.Composed]:
    there = {name for (name,) in session.execute("select rolname from pg_roles where rolname = any(%s)", [[*ROLES]])}
    for role in ROLES:
        if role not in there:
            yield _sql("create role {} nologin", role)
        member = role in there and session.execute("select pg_has_role(current_user, %s, 'usage')", [role])[0][0]
        if not member:
            yield _sql("grant {} to current_user", role)


def _schemas(session: LedgerSession) -> Iterator[sql.Composed]:
    there = {name for (name,) in session.execute("select nspname from pg_namespace")}
    for schema, owner in OWNERS.items():
        if schema not in there:
            yield _sql("create schema {} authorization {}", schema, owner)
        else:
            yield _sql("alter schema {} owner to {}", schema, owner)
        for kind, name in _relations(session, schema):
            yield sql.SQL("alter {} {} owner to {}").format(
                sql.SQL(kind), sql.Identifier(schema, name), sql.Identifier(owner)
            )
        # What the owner of the database makes here is its own; views stand on it, and read with their owner's rights.
        yield _sql(
            "alter default privileges for role current_user in schema {} grant all on tables to {}", schema, owner
        )
        for reader in READERS[schema]:
            yield _sql("grant usage on schema {} to {}", schema, reader)
            yield _sql("grant select on all tables in schema {} to {}", schema, reader)
            for maker in (sql.SQL("current_user"), sql.Identifier(owner)):
                yield sql.SQL("alter default privileges for role {} in schema {} grant select on tables to {}").format(
                    maker, sql.Identifier(schema), sql.Identifier(reader)
                )


def _relations(session: LedgerSession, schema: str) -> list[tuple[str, str]]:
    """Tables and views; their indexes, and sequences of identity columns, go with them."""
    return [
        (str(kind), str(name))
        for kind, name in session.execute(
            """
            select case relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, relname
            from pg_class
            where
                relnamespace = to_regnamespace(%s) and relkind in ('r', 'p', 'v', 'm')
                and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e')
            order by relname
            """,
            [schema],
        )
    ]


def _ledger(session: LedgerSession) -> Iterator[sql.Composed]:
    """The tables of the migrations stay the owner's: who may write a record may not change what a record is."""
    yield _sql("grant create on schema ops to {}", TRANSFORMER)  # for its books
    for role in ROLES:
        yield _sql("grant usage on schema ops to {}", role)
        yield _sql("grant select on all tables in schema ops to {}", role)
    for _, table in _relations(session, "ops"):
        if table in BOOKS:
            yield _sql("alter table ops.{} owner to {}", table, TRANSFORMER)
        elif table != "schema_migrations":
            for role in (LOADER, TRANSFORMER):
                yield _sql("grant insert, update, delete on ops.{} to {}", table, role)
    for maker in (sql.SQL("current_user"), sql.Identifier(TRANSFORMER)):
        yield sql.SQL("alter default privileges for role {} in schema ops grant select on tables to {}").format(
            maker, sql.SQL(", ").join(map(sql.Identifier, ROLES))
        )


def _sql(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
