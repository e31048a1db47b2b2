"""Is all well? Each check is one line: what was looked at, whether it is well, and what to do where it is not.

Nothing is changed by looking, except that an embedded database that is down is started, as by every command.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from ingest.datasets import all_datasets
from ingest.errors import CrashesError
from ingest.soda import SodaClient
from runner.database.connection import connect, ready
from runner.jobs.recurrence import said
from runner.ledger.migrate import applied_version, migrations
from runner.settings import RunnerSettings
from runner.terminal import size

LITTLE_ROOM = 2 * 1024**3  # bytes: a full refresh of the four datasets writes about as much before the old rows go
LATE = timedelta(minutes=15)  # a scheduler looks every minute, cron every five


@dataclass(frozen=True)
class Check:
    """`well` is None where the check is about something that is not in use here."""

    name: str
    well: bool | None
    found: str
    remedy: str | None = None


def health(settings: RunnerSettings, now: datetime) -> list[Check]:
    """All checks, the database's first: without it most others cannot be made."""
    checks = [_portal(settings), _disk(settings)]
    try:
        ready(settings)
        with closing(connect(settings.database, application="crashes health")) as connection:
            in_database = [*_database(connection, now)]
    except CrashesError as error:
        return [Check("database", False, error.message, error.remedy), *checks]
    return [*in_database, *checks]


def _database(connection: Connection, now: datetime) -> Iterator[Check]:
    ask = _asking(connection)
    yield Check("database", True, f"PostgreSQL {ask('show server_version')}")
    postgis = ask("select max(extversion) from pg_extension where extname = 'postgis'")
    yield Check("postgis", bool(postgis), f"PostGIS {postgis}" if postgis else "is not in this database",
                None if postgis else "create extension postgis")  # fmt: skip
    applied, known = applied_version(connection), migrations()[-1].version
    yield Check(
        "migrations",
        applied <= known,
        f"{applied} of {known} applied" + ("" if applied >= known else "; the next command applies the rest"),
        None if applied <= known else "Update this clone (git pull && ./scripts/setup).",
    )
    if applied == known:
        yield from _jobs(ask, now)


def _jobs(ask: Callable[..., object], now: datetime) -> Iterator[Check]:
    enabled = ask("select count(*) from ops.scheduled_jobs where enabled")
    late = ask(
        "select string_agg(name, ', ' order by next_run) from ops.scheduled_jobs where enabled and next_run < %s",
        now - LATE,
    )
    yield Check(
        "schedule",
        late is None,
        f"{enabled} jobs are enabled, and none is late" if late is None else f"late: {late}",
        None
        if late is None
        else "Nothing carries them out: start `crashes scheduler`, or put `crashes tick` into cron.",
    )
    failing = ask(
        """
        select string_agg(format('%%s (execution %%s)', jobs.name, last.execution_id), ', ')
        from ops.scheduled_jobs as jobs
        inner join lateral (
            select status, execution_id from ops.job_executions
            where job_id = jobs.job_id and status not in ('pending', 'running', 'cancelled')
            order by execution_id desc limit 1
        ) as last on true
        where jobs.enabled and last.status <> 'completed'
        """
    )
    yield Check("jobs", failing is None, "none failed last time" if failing is None else f"failed last time: {failing}",
                None if failing is None else "See `crashes jobs show EXECUTION`.")  # fmt: skip
    stale = ask(
        "select string_agg(execution_id::text, ', ') from ops.job_executions "
        "where status = 'running' and deadline < %s",
        now - LATE,
    )
    yield Check("executions", stale is None, "none is beyond its timeout" if stale is None else f"beyond: {stale}",
                None if stale is None else "`crashes tick` stops them.")  # fmt: skip
    last = ask(
        "select max(completed_at) from ops.job_executions where status = 'completed' and command in ('run', 'ingest')"
    )
    moment = last if isinstance(last, datetime) else None
    yield Check("last landing", None if moment is None else True, said(moment) if moment else "nothing has landed yet")


def _portal(settings: RunnerSettings) -> Check:
    token = settings.api_token.get_secret_value() if settings.api_token else None
    dataset = all_datasets()["crashes"]
    client = SodaClient(settings.portal_url, token=token, attempts=1)
    try:
        with closing(client):
            extent = client.extent(dataset.id, "crashes")
    except CrashesError as error:
        return Check("portal", False, error.message, error.remedy)
    return Check("portal", True, f"{settings.portal_url} has {extent.rows if extent else 0:,} crashes")


def _disk(settings: RunnerSettings) -> Check:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    roomy = free >= LITTLE_ROOM
    return Check("disk", roomy, f"{size(free)} are free at {folder}",
                 None if roomy else "Make room, or name another folder in CRASHES_HOME.")  # fmt: skip


def _asking(connection: Connection) -> Callable[..., object]:
    def ask(query: str, *parameters: object) -> object:
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            row = cursor.fetchone()
        return row[0] if row else None

    return ask
