"""What is left to build: are the tables what the landed rows and the project's files make of them?

dbt takes seconds to find out that nothing is new, and this a moment: every committed load is booked by every table,
the last build went well, the project is the one that it built with, and every relation that it made is still there.
Where rows alone are new, views need not be made again: with dbt, each is a tenth of a second of Python.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from importlib import metadata

from ingest.settings import PROJECT_ROOT
from runner.ledger.session import LedgerSession

FAILED = "failed"


class Outstanding(Enum):
    NOTHING = "nothing"
    ROWS = "rows"
    EVERYTHING = "everything"


def fingerprint(session: LedgerSession) -> str:
    """Of everything that decides what a build makes of the same rows: files, dbt, and the columns that it reads."""
    digest = hashlib.sha256()
    files = [PROJECT_ROOT / "dbt_project.yml", *sorted((PROJECT_ROOT / "dbt_project").rglob("*.*"))]
    for file in files:
        digest.update(f"{file.relative_to(PROJECT_ROOT)}\n".encode())
        digest.update(file.read_bytes() if file.is_file() else b"")
    for package in ("dbt-core", "dbt-postgres"):
        digest.update(metadata.version(package).encode())
    columns = session.execute(
        """
        select table_schema, table_name, column_name, data_type
        from information_schema.columns
        where table_schema in ('raw', 'ops')
        order by table_schema, table_name, column_name
        """
    )
    digest.update(repr(columns).encode())
    return digest.hexdigest()


def outstanding(session: LedgerSession) -> Outstanding:
    """What a build would have to make."""
    if session.execute("select to_regclass('ops.model_loads'), to_regclass('raw._dlt_loads')")[0].count(None):
        return Outstanding.EVERYTHING
    ((last, whole),) = session.execute(
        """
        select
            (array_agg(context ->> 'built' order by execution_id desc))[1],
            max(execution_id) filter (where context ->> 'built' = %s and context ->> 'building' = %s)
        from ops.job_executions
        where context ? 'built'
        """,
        [now := fingerprint(session), Outstanding.EVERYTHING.value],
    )
    if last != now or whole is None:
        return Outstanding.EVERYTHING
    ((unbooked, missing),) = session.execute(
        """
        select
            exists (
                select 1
                from raw._dlt_loads as loads
                cross join (select distinct model from ops.model_loads) as models
                left join ops.model_loads as booked
                    on loads.load_id = booked.load_id and models.model = booked.model and booked.applied
                where loads.status = 0 and booked.load_id is null
            ),
            exists (
                select 1
                from ops.job_execution_nodes as nodes
                where
                    nodes.execution_id = %s and nodes.resource_type in ('model', 'seed')
                    and not exists (
                        select 1
                        from pg_class
                        where
                            pg_class.relname = nodes.name
                            and relnamespace in (
                                select oid from pg_namespace
                                where nspname in ('staging', 'marts', 'quality', 'history', 'spatial')
                            )
                    )
            )
        """,
        [whole],
    )
    if missing:
        return Outstanding.EVERYTHING
    return Outstanding.ROWS if unbooked else Outstanding.NOTHING
