"""What is in the database, read for people: `crashes status`, the end of the quickstart, a run's last words."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg2 import sql

from ingest.datasets import all_datasets
from ingest.errors import CrashesError
from runner.building.repetitions import advice, repetitions
from runner.errors import CancelledError
from runner.ledger.record import COUNTS, Execution
from runner.ledger.schema_changes import open_changes
from runner.ledger.session import LedgerSession
from runner.settings import RunnerSettings, describe

LAST_EXECUTIONS = 5


def status(session: LedgerSession, settings: RunnerSettings) -> dict[str, Any]:
    """Everything that `crashes status` shows."""
    return {
        "database": str(settings.database),
        "embedded": settings.database.embedded,
        "datasets": {name: dataset_state(session, name) for name in all_datasets()},
        "executions": executions(session, LAST_EXECUTIONS),
        "schema_changes": open_changes(session),
        "advice": advice(repetitions(session)),
        "settings": describe(settings),
    }


def executions(session: LedgerSession, limit: int) -> list[dict[str, Any]]:
    """The last ones, newest first."""
    names = ("execution_id", "command", "status", "started_at", "seconds", *COUNTS, "error_message", "error_remedy")
    rows = session.execute(
        """
        select
            execution_id, command, status, started_at, round(extract(epoch from duration), 1)::float,
            fetched, inserted, updated, unchanged, held_back, error_message, error_remedy
        from ops.job_executions
        order by execution_id desc
        limit %s
        """,
        [limit],
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def database_summary(session: LedgerSession) -> list[dict[str, Any]]:
    """One entry for each final table: rows, newest crash, located share (None where it has no points), violations."""
    violations = _violations(session)
    return [
        {"table": f"marts.{name}", **_table(session, name), "violations": violations.get(name, 0)}
        for name in all_datasets()
        if _exists(session, f"marts.{name}")
    ]


def execution_summary(execution: Execution | None, error: CrashesError | None = None) -> dict[str, Any]:
    """What a run prints at its end, as text or JSON. No execution: the error came before there was a record."""
    failed = describe_error(error) if error else None
    status = "completed" if error is None else "cancelled" if isinstance(error, CancelledError) else "failed"
    if execution is None:
        return {"execution_id": None, "status": status, "datasets": {}, "error": failed}
    return {
        "execution_id": execution.execution_id,
        "status": status,
        "datasets": {name: asdict(counts) for name, counts in execution.datasets.items()},
        "dlt_load_ids": execution.context.get("dlt_load_ids", []),
        "dbt_invocation_id": execution.context.get("dbt_invocation_id"),
        "warnings": execution.context.get("warnings", []),
        "notes": [
            f"{name}: {note}"
            for name, landing in execution.context.get("landing", {}).items()
            for note in landing.get("notes", [])
        ],
        "advice": advice(execution.context.get("repetitions", {})),
        "compacted": execution.context.get("compacted"),
        "boundaries": execution.context.get("boundaries"),
        "pruned": execution.context.get("pruned"),
        "sent_to": execution.context.get("sent_to"),
        "landing": execution.context.get("landing", {}),
        "reconciled": execution.context.get("reconciled"),
        "nothing_new": nothing_new(execution),
        "error": failed,
    }


def describe_error(error: CrashesError) -> dict[str, str]:
    """An error as `--json` tells it."""
    return {"class": type(error).__name__, "message": str(error), "remedy": error.remedy}


def nothing_new(execution: Execution) -> bool:
    """Where something might have been."""
    return bool(execution.datasets) and not any(execution.total(count) for count in ("fetched", "inserted", "updated"))


def dataset_state(session: LedgerSession, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"rows": None, "newest_crash": None, "newest_portal_update": None}
    if _exists(session, f"marts.{name}"):
        ((rows, crash, update),) = session.execute(
            sql.SQL("select count(*), max(crash_date), max(source_updated_at) from {} where deleted_at is null").format(
                _marts(name)
            )
        )
        found = {"rows": rows, "newest_crash": crash, "newest_portal_update": update}
    return {**found, "published": _published(session, name), **_landing(session, name)}


def _published(session: LedgerSession, name: str) -> datetime | None:
    """When the portal last published the dataset, as far as we have read it: they published, whether we ran or not."""
    if not _exists(session, "raw.portal_datasets"):
        return None
    ((published,),) = session.execute(
        "select max(rows_updated_at) from raw.portal_datasets inner join raw._dlt_loads "
        "on portal_datasets._dlt_load_id = _dlt_loads.load_id and _dlt_loads.status = 0 where dataset = %s",
        [name],
    )
    moment: datetime | None = published
    return moment


def _landing(session: LedgerSession, name: str) -> dict[str, Any]:
    """The cursor of the newest complete read that has one, and when anything was last committed."""
    if not _exists(session, "raw.portal_reads"):
        return {"cursor": None, "last_load": None, "last_load_id": None}
    committed = """
        from raw.portal_reads
        inner join raw._dlt_loads on portal_reads._dlt_load_id = _dlt_loads.load_id and _dlt_loads.status = 0
        where portal_reads.dataset = %s
    """
    cursor = session.execute(
        f"select cursor_updated_at {committed} and complete and cursor_updated_at is not null "
        "order by inserted_at desc, load_id desc limit 1",
        [name],
    )
    load = session.execute(
        f"select inserted_at, load_id {committed} order by inserted_at desc, load_id desc limit 1",
        [name],
    )
    return {
        "cursor": cursor[0][0] if cursor else None,
        "last_load": load[0][0] if load else None,
        "last_load_id": load[0][1] if load else None,
    }


def _table(session: LedgerSession, name: str) -> dict[str, Any]:
    located = "null" if not _has_column(session, name, "geom") else "round(avg((geom is not null)::int), 4)::float"
    ((rows, newest, share),) = session.execute(
        sql.SQL("select count(*), max(crash_date), {} from {} where deleted_at is null").format(
            sql.SQL(located), _marts(name)
        )
    )
    return {"rows": rows, "newest_crash": newest, "located_share": share}


def _violations(session: LedgerSession) -> dict[str, int]:
    if not _exists(session, "quality.rule_violations"):
        return {}
    return dict(session.execute("select table_name, count(*) from quality.rule_violations group by table_name"))


def _marts(name: str) -> sql.Identifier:
    return sql.Identifier("marts", name)


def _exists(session: LedgerSession, relation: str) -> bool:
    return session.execute("select to_regclass(%s)", [relation]) != [(None,)]


def _has_column(session: LedgerSession, table: str, column: str) -> bool:
    return bool(
        session.execute(
            "select 1 from information_schema.columns "
            "where table_schema = 'marts' and table_name = %s and column_name = %s",
            [table, column],
        )
    )
