"""Are the tables what the landed rows and the project's files make of them? Then there is nothing to build.

dbt takes seconds to find out that nothing is new, and this a moment: every committed load is booked by every table,
the last build went well, the project is the one that it built with, and every relation that it made is still there.
"""

from __future__ import annotations

import hashlib
from importlib import metadata

from ingest.settings import PROJECT_ROOT
from runner.ledger.session import LedgerSession

FAILED = "failed"


def project_fingerprint() -> str:
    """Of everything that decides what a build makes of the same rows."""
    digest = hashlib.sha256()
    files = [PROJECT_ROOT / "dbt_project.yml", *sorted((PROJECT_ROOT / "dbt_project").rglob("*.*"))]
    for file in files:
        digest.update(f"{file.relative_to(PROJECT_ROOT)}\n".encode())
        digest.update(file.read_bytes() if file.is_file() else b"")
    for package in ("dbt-core", "dbt-postgres"):
        digest.update(metadata.version(package).encode())
    return digest.hexdigest()


def is_built(session: LedgerSession) -> bool:
    """Whether a build would change nothing."""
    if session.execute("select to_regclass('ops.model_loads'), to_regclass('raw._dlt_loads')")[0].count(None):
        return False
    last = session.execute(
        "select execution_id, context ->> 'built' from ops.job_executions where context ? 'built' "
        "order by execution_id desc limit 1"
    )
    if not last or last[0][1] != project_fingerprint():
        return False
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
        [last[0][0]],
    )
    return not unbooked and not missing
