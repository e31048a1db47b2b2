"""`crashes db roles`: each login does its half of the work for real, and is refused everything else by the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg2.errors
import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

from runner.database.cluster import ADMIN, EmbeddedCluster
from runner.database.roles import ROLES

LOGINS = {f"test_{role.removeprefix('crashes_')}": role for role in ROLES}


@pytest.fixture
def logins(cluster: EmbeddedCluster, database: Database) -> Iterator[dict[str, Database]]:
    """A login for each role, that this account may be over the socket; gone again afterwards."""
    ident = cluster.data / "pg_ident.conf"
    before = ident.read_text()
    admin = replace(database, user=ADMIN)
    account = cluster.account.pw_name
    names = {account, *(line.split('"')[1] for line in before.splitlines() if line.startswith("embedded"))}
    lines = [f'embedded "{name}" {login}' for name in names for login in LOGINS]
    ident.write_text("\n".join([before, *lines, ""]))
    admin.rows("select pg_reload_conf()")
    yield {role: replace(database, user=login) for login, role in LOGINS.items()}
    for name in (*LOGINS, *ROLES):
        if admin.value("select count(*) from pg_roles where rolname = %s", name):
            admin.rows(f"reassign owned by {name} to {database.user}; drop owned by {name}; drop role {name}")
    ident.write_text(before)
    admin.rows("select pg_reload_conf()")


def make_logins(database: Database) -> None:
    for login, role in LOGINS.items():
        database.rows(f"create role {login} login in role {role}")
        database.rows(f"alter role {login} set role = '{role}'")


def as_login(crashes: CommandLine, login: Database, *words: str) -> int:
    done = crashes(*words, env={"CRASHES_DB_USER": login.user})
    assert "Traceback" not in done.err
    assert done.code == 0, done.err
    return done.code


REFUSED = {
    "crashes_reader": [
        "insert into marts.crashes select * from marts.crashes",
        "update marts.crashes set damage = null",
        "delete from marts.people",
        "truncate marts.vehicles",
        "create table marts.mine (i int)",
        "create table public.mine (i int)",
        "select * from raw.crashes",
        "select * from staging.stg_chicago__crashes",
        "update ops.job_executions set status = 'completed'",
        "delete from ops.scheduled_jobs",
    ],
    "crashes_loader": [
        "select * from marts.crashes",
        "insert into marts.crashes (crash_record_id) values ('x')",
        "delete from marts.crashes",
        "drop table marts.crashes",
        "create table marts.mine (i int)",
        "select * from quality.rule_violations",
        "drop table ops.job_executions",
        "alter table ops.job_executions drop column context",
    ],
    "crashes_transformer": [
        "insert into raw.crashes select * from raw.crashes",
        "update raw.crashes set damage = null",
        "delete from raw.crashes",
        "drop table raw.crashes",
        "create table raw.mine (i int)",
        "drop table ops.job_executions",
    ],
}


def test_each_login_does_its_half_and_no_more(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], logins: dict[str, Database]
) -> None:
    portal = serve(crashes=60, seed=4)
    crashes.env["CRASHES_PORTAL_URL"] = portal.url
    assert crashes("run").code == 0
    # As it is up to PostgreSQL 14.
    replace(database, user=ADMIN).rows("grant create on schema public to public")
    dry = crashes("db", "roles", "--dry-run")
    assert (dry.code, "create role" in dry.out) == (0, True)
    assert database.value("select count(*) from pg_roles where rolname like 'crashes\\_%%'") == 0
    made = crashes("db", "roles")
    assert made.code == 0, made.err
    for told in (made.out, crashes("db", "roles", "--help").out, crashes("db", "roles", "--dry-run", "--json").out):
        assert "alter role nightly_loader set role = 'crashes_loader';" in told
    assert "Anybody may still make tables" not in made.err
    make_logins(database)
    loader, transformer, reader = (logins[role] for role in ROLES)

    for role, statements in REFUSED.items():
        for statement in statements:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                logins[role].rows(statement)

    keys = [key for (key,) in database.rows("select crash_record_id from marts.crashes order by 1 limit 5")]
    portal.control.upsert("crashes", [{"crash_record_id": key, "damage": "OVER $1,500 (ROLES)"} for key in keys])
    as_login(crashes, loader, "ingest")
    as_login(crashes, transformer, "transform")
    damaged = "select count(*) from marts.crashes where damage like '%%(ROLES)'"
    assert reader.value(damaged) == 5
    assert reader.value("select count(*) from marts.job_executions where status = 'completed'") == 3
    assert reader.value("select count(*) from history.crash_versions") > 60
    assert reader.value("select count(*) from quality.by_rule") >= 0
    as_login(crashes, transformer, "transform", "--full-refresh")
    assert reader.value(damaged) == 5, "the tables are new, and can be read"

    portal.control.upsert("crashes", [{"crash_record_id": keys[0], "damage": "OVER $1,500 (OWNER)"}])
    owner = crashes("run", "--full-refresh")
    assert owner.code == 0, owner.err + "the owner goes on to do everything"
    assert reader.value(damaged) == 4
    # What the owner makes anew is the owner's, whom nobody else may replace, until it is handed over.
    database.rows("create function marts.own() returns int language sql as 'select 1'; create table marts.own (i int)")
    owners = (
        "select proowner::regrole::text from pg_proc where proname = 'own' "
        "union all select relowner::regrole::text from pg_class where relname = 'own'"
    )
    assert {name for (name,) in database.rows(owners)} == {database.user}
    assert crashes("db", "roles").code == 0
    assert {name for (name,) in database.rows(owners)} == {"crashes_transformer"}
    portal.control.upsert("crashes", [{"crash_record_id": keys[1], "damage": "OVER $1,500 (AGAIN)"}])
    as_login(crashes, loader, "ingest")
    as_login(crashes, transformer, "transform", "--full-refresh")
    assert reader.value(damaged) == 3
    as_login(crashes, reader, "stats", "daily")
    as_login(crashes, reader, "jobs", "history")
    refused = crashes("run", env={"CRASHES_DB_USER": reader.user})
    assert refused.code == 1
    assert "Traceback" not in refused.err
    assert "→" in refused.err


def test_whoever_may_not_make_roles_is_told_what_to_do(
    crashes: CommandLine, database: Database, cluster: EmbeddedCluster
) -> None:
    admin = replace(database, user=ADMIN)
    assert crashes("jobs", "list").code == 0
    admin.rows(f"alter role {database.user} nocreaterole")
    try:
        done = crashes("db", "roles")
    finally:
        admin.rows(f"alter role {database.user} createrole")
    assert done.code == 2
    assert "may not make the roles" in done.err
    assert "--dry-run" in done.err
    assert database.value("select count(*) from pg_roles where rolname like 'crashes\\_%%'") == 0


def test_an_administrator_may_make_them_for_whoever_may_not(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], logins: dict[str, Database]
) -> None:
    admin = replace(database, user=ADMIN)
    crashes.env["CRASHES_PORTAL_URL"] = serve(crashes=20, seed=4).url
    assert crashes("run").code == 0
    admin.rows(f"alter role {database.user} nocreaterole")
    try:
        admin.rows(crashes("db", "roles", "--dry-run").out)
        again = crashes("db", "roles")
    finally:
        admin.rows(f"alter role {database.user} createrole")
    assert again.code == 0, again.err
    assert admin.value("select pg_has_role(%s, 'crashes_loader', 'usage')", database.user)
    defaults = "select distinct defaclrole::regrole::text from pg_default_acl order by 1"
    assert [name for (name,) in database.rows(defaults)] == ["crashes", "crashes_loader", "crashes_transformer"]
    make_logins(database)
    as_login(crashes, logins["crashes_loader"], "ingest")
    as_login(crashes, logins["crashes_transformer"], "transform", "--full-refresh")
    assert crashes("run", "--full-refresh").code == 0
    assert logins["crashes_reader"].value("select count(*) from marts.crashes") == 20
