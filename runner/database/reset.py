"""Emptying the database: all that was landed and built, and nothing else. The record of executions stays."""

from __future__ import annotations

from psycopg2 import sql

from ingest.database import landing_lock
from runner.errors import LockHeldError
from runner.ledger.session import LedgerSession

# What dlt and dbt made; of `ops` only the book of loads, which goes with the loads.
SCHEMAS = ("staging", "quality", "history", "spatial", "marts", "raw")
BOOKS = ("model_loads", "model_changes", "placed_layers")


def filled_from(session: LedgerSession) -> str | None:
    """Which portal the rows in `raw` came from, as `ingest.soda` names it; None where there are none."""
    if session.execute("select to_regclass('raw.portal_reads')") == [(None,)]:
        return None
    rows = session.execute("select portal from raw.portal_reads order by finished_at desc limit 1")
    return str(rows[0][0]) if rows else None


def reset(session: LedgerSession) -> None:
    """Drop what was landed and built, in one transaction. Raises LockHeldError or LandingBusyError
    while a run, or a landing by hand, is at work.
    """
    if not session.take_lock():
        raise LockHeldError(
            "A run is at work on this database.", remedy="Wait until it has finished (`crashes status`)."
        )
    drops = [sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)) for schema in SCHEMAS]
    drops += [sql.SQL("drop table if exists {} cascade").format(sql.Identifier("ops", book)) for book in BOOKS]
    with landing_lock(session.connection):
        session.execute(sql.SQL("; ").join([sql.SQL("begin"), *drops, sql.SQL("commit")]))
