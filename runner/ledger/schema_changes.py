"""Differences between the declared columns and the portal's, kept open in `ops.schema_changes` until they are gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from psycopg2.extras import Json

from runner.ledger.session import LedgerSession

if TYPE_CHECKING:
    from ingest.publication import SchemaChange


def record(session: LedgerSession, execution_id: int, dataset: str, changes: Iterable[SchemaChange]) -> None:
    """These are the dataset's differences now: new ones are opened, known ones seen again, all others resolved."""
    seen = Json([asdict(change) for change in changes])
    session.execute(
        """
        with seen as (
            select * from jsonb_to_recordset(%s) as seen (
                "column" text, change text, declared text, served text, remedy text
            )
        )
        insert into ops.schema_changes (dataset, column_name, change, declared, served, remedy, execution_id)
        select %s, seen."column", seen.change, seen.declared, seen.served, seen.remedy, %s from seen
        on conflict (dataset, column_name, change, coalesce(served, '')) where resolved_at is null
        do update set last_seen_at = clock_timestamp(), remedy = excluded.remedy
        """,
        [seen, dataset, execution_id],
    )
    session.execute(
        """
        update ops.schema_changes as known
        set resolved_at = clock_timestamp()
        where
            known.dataset = %s and known.resolved_at is null
            and not exists (
                select from jsonb_to_recordset(%s) as seen ("column" text, change text, served text)
                where
                    seen."column" = known.column_name and seen.change = known.change
                    and seen.served is not distinct from known.served
            )
        """,
        [dataset, seen],
    )


def open_changes(session: LedgerSession) -> list[dict[str, Any]]:
    """Those that are open, oldest first."""
    names = ("dataset", "column", "change", "declared", "served", "first_seen_at", "remedy")
    rows = session.execute(
        """
        select dataset, column_name, change, declared, served, first_seen_at, remedy
        from ops.schema_changes
        where resolved_at is null
        order by change_id
        """
    )
    return [dict(zip(names, row, strict=True)) for row in rows]
