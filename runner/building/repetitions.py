"""How many landed versions say nothing new, so that one knows when `crashes compact` would pay."""

from __future__ import annotations

from typing import Any

from runner.ledger.session import LedgerSession

# Below this share of all landed versions, compacting is not worth the trouble.
WORTH_A_COMPACTION = 0.2


def repetitions(session: LedgerSession) -> dict[str, dict[str, Any]]:
    """For each dataset: versions that came again unchanged since the last compaction, and about how many `raw` holds.

    A full refresh looks at every row again without anything having landed, so it does not count.
    """
    rows = session.execute(
        """
        select dataset.key, sum((dataset.value ->> 'unchanged')::bigint)::bigint,
            coalesce((select reltuples from pg_class where oid = to_regclass('raw.' || dataset.key)), 0)::bigint
        from ops.job_executions as executions
        cross join lateral jsonb_each(executions.datasets) as dataset
        where
            coalesce((dataset.value ->> 'fetched')::bigint, 0) > 0
            and executions.started_at > coalesce(
                (
                    select max(completed_at) from ops.job_executions
                    where command = 'compact' and status = 'completed'
                ),
                '-infinity'
            )
        group by dataset.key
        having sum((dataset.value ->> 'unchanged')::bigint) > 0
        """
    )
    return {name: {"repeated": repeated, "of": max(of, 0)} for name, repeated, of in rows}


def advice(found: dict[str, dict[str, Any]]) -> list[str]:
    """A sentence for each dataset that is worth a compaction."""
    return [
        f"{name}: about {each['repeated']:,} of {each['of']:,} landed versions repeat what was known; "
        "`crashes compact` would remove them."
        for name, each in found.items()
        if name != "vision_zero_fatalities" and each["repeated"] > WORTH_A_COMPACTION * each["of"]
    ]
