"""Compaction of `raw`: of a row's neighbouring versions that say the same the last stays, with the first one's stamps.

A publisher who stamps everything anew each night fills the log with repetitions. What is removed was served again
word for word, and the row that stays says when that was first: so history, the final tables and their full refresh
are what they were. A distinct version is never removed, nor the last one, nor one that a deletion stands before.
Everything happens in small batches, each a transaction of its own, beside whatever else is at work.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from ingest import database
from ingest.datasets import Dataset, choose
from ingest.errors import LandingBusyError
from ingest.pages import SYSTEM_FIELDS
from ingest.settings import Settings
from ingest.source import FIRST_STAMPS, LOGS

BATCH = 25_000  # runs of repetitions in one transaction

COMPACTION_LOCK = "chicago_crashes compaction"


@dataclass(frozen=True)
class Compacted:
    """What was removed from one table: versions, rows of loads that never committed, and their bytes together.

    The bytes are free for new rows of the table at once; the file on disk does not shrink by that.
    """

    versions: int = 0
    uncommitted: int = 0
    bytes: int = 0


def compact(
    settings: Settings,
    datasets: tuple[str, ...] = (),
    eligible: Callable[[Dataset], Collection[str] | None] = lambda _dataset: None,
    on_progress: Callable[[str, int, int], None] = lambda _table, _done, _total: None,
) -> dict[str, Compacted]:
    """Compact the tables of `raw`. `eligible` names the loads whose versions may be removed (None: all committed ones).

    `on_progress` is told table, rows removed, rows to remove. Raises LandingBusyError while another compaction is at
    work. While a landing is at work, rows of loads without a commit are left alone: they may be its own.
    """
    done: dict[str, Compacted] = {}
    with closing(database.connect(settings.database)) as connection, _alone(connection):
        for dataset in choose(datasets):
            table = sql.Identifier("raw", dataset.name)
            versions, won = _remove_repetitions(connection, dataset, eligible(dataset), on_progress)
            uncommitted, freed = _remove_uncommitted(connection, table)
            done[dataset.name] = Compacted(versions, uncommitted, won + freed)
            if versions or uncommitted:
                _run(connection, sql.SQL("vacuum (analyze) {}").format(table))
        for log in LOGS if not datasets else ():
            _remove_uncommitted(connection, sql.Identifier("raw", log))
    return done


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    with database.advisory_lock(connection, COMPACTION_LOCK) as ours:
        if not ours:
            raise LandingBusyError(
                "Another compaction of this database is at work.", remedy="Wait until it has finished (crashes status)."
            )
        yield


def _remove_repetitions(
    connection: Connection,
    dataset: Dataset,
    eligible: Collection[str] | None,
    on_progress: Callable[[str, int, int], None],
) -> tuple[int, int]:
    if dataset.key is None:
        return 0, 0  # each of its readings says who is there: a repetition is an observation, and they are few
    parts = {
        "table": sql.Identifier("raw", dataset.name),
        "dataset": sql.Literal(dataset.name),
        "key": sql.Identifier(dataset.key),
        "identity": sql.SQL(_IDENTITY).format(key=sql.Identifier("landed", dataset.key)),
        "identity_of_deleted": sql.SQL(_IDENTITY).format(key=sql.Identifier("deletions", "key")),
        "content": _content(connection, dataset),
        "eligible": sql.SQL("true")
        if eligible is None
        else sql.SQL("loads.load_id = any({})").format(sql.Literal(list(eligible))),
    }
    _run(connection, sql.SQL(_FIND_REPETITIONS).format(**parts))
    ((runs, removable, won),) = _run(connection, sql.SQL(_COUNT_REPETITIONS))
    removed = 0
    for first in range(1, runs + 1, BATCH):
        batch = {"first": sql.Literal(first), "last": sql.Literal(first + BATCH - 1)}
        ((gone,),) = _run(connection, sql.SQL(_REMOVE_BATCH).format(**batch, **parts))
        removed += gone
        if runs > BATCH:  # so that the next batch writes into the room that this one made, and the file does not grow
            _run(connection, sql.SQL("vacuum {table}").format(**parts))
        on_progress(dataset.name, removed, removable)
    _run(connection, sql.SQL("drop table repetitions"))
    return removed, won


def _content(connection: Connection, dataset: Dataset) -> sql.Composed:
    """All columns that the publisher fills: not the portal's stamps, not dlt's, not our own."""
    columns = _run(
        connection,
        sql.SQL(
            "select column_name from information_schema.columns where table_schema = 'raw' and table_name = {} "
            "order by ordinal_position"
        ).format(sql.Literal(dataset.name)),
    )
    not_content = {*SYSTEM_FIELDS.values(), *FIRST_STAMPS.values()}
    names = [name for (name,) in columns if name not in not_content and not name.startswith("_dlt")]
    return sql.SQL(", ").join(sql.Identifier("landed", name) for name in names)


def _remove_uncommitted(connection: Connection, table: sql.Identifier) -> tuple[int, int]:
    """Rows of loads that never committed: nobody reads them. Not while a landing is at work, whose they may be."""
    statement = sql.SQL(_REMOVE_UNCOMMITTED).format(table=table, batch=sql.Literal(BATCH))
    removed, freed = 0, 0
    with database.advisory_lock(connection, database.LANDING_LOCK) as ours:
        while ours:
            ((gone, size),) = _run(connection, statement)
            removed, freed = removed + gone, freed + size
            if not gone:
                break
    return removed, freed


def _run(connection: Connection, statement: sql.Composable) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


# Keys that differ in white space or in how a number is written are one key to the final tables. Being told that two
# keys are one, where they are not, only leaves a repetition in its place.
_IDENTITY = """
case
    when {key} ~ '^[1-9A-Za-z][0-9A-Za-z]*$' then {key}
    else ltrim(regexp_replace(regexp_replace({key}, '[.]0*[[:space:]]*$', ''), '[^0-9A-Za-z]', '', 'g'), '0')
end
"""

# Versions in the order in which the final tables read them (macro current_versions). A run is neighbours of one
# content, without a deletion between them, all from loads that may be touched. The first is the one that was committed
# first: it is the one that the final tables show.
_FIND_REPETITIONS = """
create temporary table repetitions as
with repeated as (
    select {identity} as identity
    from {table} as landed
    where {key} is not null
    group by 1
    having count(*) > 1
),

deletions as (
    select {identity_of_deleted} as identity, array_agg(loads.inserted_at) as moments
    from raw.portal_deletions as deletions
    inner join raw._dlt_loads as loads on deletions._dlt_load_id = loads.load_id and loads.status = 0
    where deletions.dataset = {dataset}
    group by 1
),

-- rows that had another key, or none, for a while: what they said then is read by their :id
renamed as (
    select landed.soda_id
    from {table} as landed
    group by landed.soda_id
    having min(coalesce({identity}, '')) <> max(coalesce({identity}, ''))
),

versions as (
    select
        landed.ctid as place,
        pg_column_size(landed.*) as bytes,
        repeated.identity,
        landed.{key} as key,
        md5(row({content})::text) as content,
        loads.inserted_at,
        coalesce(firsts.inserted_at, loads.inserted_at) as seen_at,
        coalesce(landed.first_dlt_load_id, landed._dlt_load_id) as seen_load_id,
        {eligible} and renamed.soda_id is null as is_eligible,
        (select count(*) from unnest(deletions.moments) as moment where moment < loads.inserted_at) as deletions_before,
        landed.soda_id, landed.soda_version, landed.soda_created_at, landed.soda_updated_at, landed._dlt_load_id,
        landed.first_soda_id, landed.first_soda_version, landed.first_soda_created_at, landed.first_soda_updated_at,
        landed.first_dlt_load_id
    from {table} as landed
    inner join repeated on {identity} = repeated.identity
    inner join raw._dlt_loads as loads on landed._dlt_load_id = loads.load_id and loads.status = 0
    left join raw._dlt_loads as firsts on landed.first_dlt_load_id = firsts.load_id
    left join deletions on repeated.identity = deletions.identity
    left join renamed on landed.soda_id = renamed.soda_id
),

marked as (
    select
        *,
        (
            is_eligible and lag(is_eligible) over in_order
            and content = lag(content) over in_order
            and deletions_before = lag(deletions_before) over in_order
        ) is not true as begins_run,
        row_number() over in_order as nth
    from versions
    window in_order as (
        partition by identity
        order by soda_updated_at nulls first, inserted_at, _dlt_load_id, soda_id, soda_version, content
    )
),

runs as (
    select *, count(*) filter (where begins_run) over (partition by identity order by nth) as run
    from marked
)

select
    row_number() over () as number,
    min(key) as key,
    (array_agg(place order by nth desc))[1] as kept,
    (array_agg(place order by nth desc))[2:] as dropped,
    (array_agg(_dlt_load_id order by nth desc))[1] as kept_load_id,
    sum(bytes) - (array_agg(bytes order by nth desc))[1] as bytes,
    (array_agg(coalesce(first_soda_id, soda_id) order by seen_at, seen_load_id, nth))[1] as soda_id,
    (array_agg(coalesce(first_soda_version, soda_version) order by seen_at, seen_load_id, nth))[1] as soda_version,
    (array_agg(coalesce(first_soda_created_at, soda_created_at) order by seen_at, seen_load_id, nth))[1]
        as soda_created_at,
    (array_agg(coalesce(first_soda_updated_at, soda_updated_at) order by seen_at, seen_load_id, nth))[1]
        as soda_updated_at,
    (array_agg(coalesce(first_dlt_load_id, _dlt_load_id) order by seen_at, seen_load_id, nth))[1] as dlt_load_id
from runs
group by identity, run
having count(*) > 1;
create unique index on repetitions (number);
analyze repetitions
"""

_COUNT_REPETITIONS = """
select count(*), coalesce(sum(cardinality(dropped)), 0)::bigint, coalesce(sum(bytes), 0)::bigint from repetitions
"""

# Rows are found by where they lie, and are the ones that were meant only if key and load still agree. What is dropped
# goes only if the row that takes its place is there.
_REMOVE_BATCH = """
with batch as (
    select * from repetitions where number between {first} and {last}
),

kept as (
    update {table} as landed
    set
        first_soda_id = batch.soda_id,
        first_soda_version = batch.soda_version,
        first_soda_created_at = batch.soda_created_at,
        first_soda_updated_at = batch.soda_updated_at,
        first_dlt_load_id = batch.dlt_load_id
    from batch
    where landed.ctid = batch.kept and landed.{key} = batch.key and landed._dlt_load_id = batch.kept_load_id
    returning batch.number
),

dropped as (
    delete from {table} as landed
    using (
        select unnest(batch.dropped) as place, batch.key
        from batch
        inner join kept on batch.number = kept.number
    ) as doomed
    where landed.ctid = doomed.place and landed.{key} = doomed.key
    returning 1
)

select count(*) from dropped
"""

_REMOVE_UNCOMMITTED = """
with doomed as (
    select ctid as place
    from {table} as landed
    where not exists (
        select from raw._dlt_loads as loads where loads.load_id = landed._dlt_load_id and loads.status = 0
    )
    limit {batch}
),

dropped as (
    delete from {table} as landed
    using doomed
    where landed.ctid = doomed.place
    returning pg_column_size(landed.*) as bytes
)

select count(*), coalesce(sum(bytes), 0)::bigint from dropped
"""
