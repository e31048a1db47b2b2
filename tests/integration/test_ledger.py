"""The ledger's tables: made once, by whoever comes first, and only forward."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from harness import Database

from runner.errors import LedgerTooNewError, LoginRefusedError
from runner.ledger.migrate import migrate, migrations


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert [migration.version for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_all_are_applied_once(database: Database) -> None:
    with closing(database.connect()) as connection:
        assert migrate(connection) == migrations()
        assert migrate(connection) == []
    assert database.rows("select version, name from ops.schema_migrations order by version") == [
        (migration.version, migration.name) for migration in migrations()
    ]


def test_many_that_start_at_once_apply_each_migration_once(database: Database) -> None:
    def start(_: int) -> int:
        with closing(database.connect()) as connection:
            return len(migrate(connection))

    with ThreadPoolExecutor(8) as pool:
        applied = sorted(pool.map(start, range(8)))
    assert applied == [0] * 7 + [len(migrations())]


def test_a_migration_that_fails_leaves_nothing(database: Database) -> None:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("create schema ops; create table ops.job_executions (taken integer)")
        with pytest.raises(Exception, match="job_executions"):
            migrate(connection)
    assert database.value("select to_regclass('ops.schema_migrations')") is None


def test_a_ledger_from_the_future_is_refused_with_a_remedy(database: Database) -> None:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        migrate(connection)
        cursor.execute("insert into ops.schema_migrations values (999, 'from_the_future', '')")
        with pytest.raises(LedgerTooNewError) as caught:
            migrate(connection)
    assert "999" in caught.value.message
    assert "git pull" in caught.value.remedy


def test_a_role_that_may_not_make_a_schema_is_told_so(database: Database) -> None:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("drop role if exists crashes_powerless; create role crashes_powerless")
        cursor.execute("grant crashes_powerless to current_user; set role crashes_powerless")
        with pytest.raises(LoginRefusedError, match="permission denied"):
            migrate(connection)
        cursor.execute("reset role; drop role crashes_powerless")


def test_every_column_of_the_ledger_is_described(database: Database) -> None:
    with closing(database.connect()) as connection:
        migrate(connection)
    bare = database.rows(
        """
        select attrelid::regclass::text, attname
        from pg_attribute
        inner join pg_class on attrelid = pg_class.oid
        where relnamespace = 'ops'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
            and col_description(attrelid, attnum) is null
        """
    )
    assert bare == []


def test_a_record_cannot_be_closed_without_an_end(database: Database) -> None:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        migrate(connection)
        with pytest.raises(Exception, match="violates check constraint"):
            cursor.execute("insert into ops.job_executions (command, status) values ('run', 'completed')")
