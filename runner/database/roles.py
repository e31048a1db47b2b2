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
    TRANSFORMER: "builds: reads raw, owns all other schemas of tables, and keeps the ledger (crashes transform)",
    READER: "reads marts, quality, history, spatial and the ledger, and writes nothing",
}

# Schema by schema: who owns it and what is made in it, and who reads it.
OWNERS = {
    "raw": LOADER,
    "staging": TRANSFORMER,
    "marts": TRANSFORMER,
    "quality": TRANSFORMER,
    "history": TRANSFORMER,
    "spatial": TRANSFORMER,
}
READERS = {
    "raw": [TRANSFORMER],
    "staging": [],
    "marts": [READER],
    "quality": [READER],
    "history": [READER],
    "spatial": [READER],
}
BOOKS = ("model_loads", "model_changes", "placed_layers")  # dbt's, in ops


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
    # By name: an administrator may run these in the place of this user, and must not be taken for it.
    ((me,),) = session.execute("select current_user")
    return [*_roles(session, me), *_public(session), *_schemas(session, me), *_ledger(session, me)]


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


def public_is_open(session: LedgerSession) -> bool:
    """Anybody may make tables in the schema public: so it was before PostgreSQL 15."""
    return (
        session.execute(
            "select 1 from pg_namespace where nspname = 'public' and has_schema_privilege('public', oid, 'create')"
        )
        != []
    )


def as_text(session: LedgerSession, statements: Iterable[sql.Composed]) -> list[str]:
    return [f"{statement.as_string(session.connection)};" for statement in statements]


def _roles(session: LedgerSession, me: str) -> Iterator[sql.Composed]:
    # From 16 on whoever makes a role may only grant it on, and what a grant lets its member do is said with the grant.
    said = session.connection.server_version >= 160_000
    terms, needed = (" with inherit true, set true", ("usage", "set")) if said else ("", ("usage",))
    there = {name for (name,) in session.execute("select rolname from pg_roles where rolname = any(%s)", [[*ROLES]])}
    for role in ROLES:
        if role not in there:
            yield _sql("create role {} nologin", role)
        member = role in there and all(
            session.execute("select pg_has_role(%s, %s, %s)", [me, role, right])[0][0] for right in needed
        )
        if not member:
            yield _sql("grant {} to {}" + terms, role, me)


def _public(session: LedgerSession) -> Iterator[sql.Composed]:
    if public_is_open(session):
        yield _sql("revoke create on schema public from public")


def _schemas(session: LedgerSession, me: str) -> Iterator[sql.Composed]:
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
        for routine in _routines(session, schema):
            yield sql.SQL("alter routine {} owner to {}").format(sql.SQL(routine), sql.Identifier(owner))
        # What the owner of the database makes here is its own; views stand on it, and read with their owner's rights.
        yield _sql("alter default privileges for role {} in schema {} grant all on tables to {}", me, schema, owner)
        for reader in READERS[schema]:
            yield _sql("grant usage on schema {} to {}", schema, reader)
            yield _sql("grant select on all tables in schema {} to {}", schema, reader)
            for maker in (me, owner):
                yield _sql(
                    "alter default privileges for role {} in schema {} grant select on tables to {}",
                    maker,
                    schema,
                    reader,
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


def _routines(session: LedgerSession, schema: str) -> list[str]:
    """Functions with their arguments, quoted by PostgreSQL: only its owner may replace one."""
    return [
        str(routine)
        for (routine,) in session.execute(
            """
            select oid::regprocedure::text
            from pg_proc
            where
                pronamespace = to_regnamespace(%s)
                and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
            order by 1
            """,
            [schema],
        )
    ]


def _ledger(session: LedgerSession, me: str) -> Iterator[sql.Composed]:
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
    for maker in (me, TRANSFORMER):
        for role in ROLES:
            yield _sql("alter default privileges for role {} in schema ops grant select on tables to {}", maker, role)


def _sql(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
