"""Finding what vanished: the portal deletes without a trace, so what is there is compared with what has landed.

Rows are counted by month of their crash first, and keys are listed only for months that differ. A key that is not in
its month is asked for by itself before it counts as vanished: its row may have moved to another month meanwhile.
No dlt here.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, cast

import pyarrow as pa
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from ingest.body import Body
from ingest.datasets import EVENT_DATE, Dataset
from ingest.deletions import DELETION_SCHEMA, refuse_mass_deletion
from ingest.errors import PortalAnswerError
from ingest.reading import Progress, Window
from ingest.soda import SodaClient, quoted

# Keys asked for in one request. A crash's key has 128 digits, and servers refuse an address of more than 8 kB.
KEYS_A_REQUEST = 40

# As dbt's `white_space()` has it.
WHITE_SPACE = r"[\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"

Month = str | None  # "2026-01"; None for rows without a date that one could count by


@dataclass
class Comparison:
    """One dataset at the portal beside `raw`. `vanished` maps keys to months; `missing` are months to read again."""

    dataset: str
    portal_rows: int = 0
    raw_rows: int = 0
    months: int = 0
    months_listed: int = 0
    keys_listed: int = 0
    vanished: dict[str, Month] = field(default_factory=dict)
    missing: dict[Month, int] = field(default_factory=dict)

    def windows(self) -> list[Window]:
        """The months of rows that the portal has and `raw` has not, as windows to read."""
        return [_window(month) for month in sorted(filter(None, self.missing))]

    def table(self) -> pa.Table:
        """Rows for `raw.portal_deletions`."""
        found_at = datetime.now(UTC)
        rows = [
            {"dataset": self.dataset, "key": key, "month": month, "found_at": found_at}
            for key, month in self.vanished.items()
        ]
        return pa.Table.from_pylist(rows, schema=DELETION_SCHEMA)


def compare(
    dataset: Dataset,
    client: SodaClient,
    connection: Connection,
    *,
    page_size: int,
    every_month: bool = False,
    accept_mass_deletion: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Comparison:
    """What of a keyed dataset is at the portal and not in `raw`, and the other way round.

    `every_month` lists all keys, also where the counts agree. Raises MassDeletionError where more has vanished than a
    publisher takes away, PortalAnswerError where a lagging replica says so, and an IngestError for its other answers.
    """
    landed = _LandedKeys(connection, dataset)
    portal = _portal_months(dataset, client)
    raw = landed.months()
    found = Comparison(dataset.name, sum(portal.values()), sum(raw.values()), len({*portal, *raw}))
    differing = sorted(
        (month for month in {*portal, *raw} if every_month or portal[month] != raw[month]),
        key=lambda month: month or "",
    )
    expected = sum(portal[month] for month in differing)
    for number, month in enumerate(differing, 1):
        listed = set(_portal_keys(dataset, client, month, page_size))
        known = landed.keys(month)
        found.months_listed += 1
        found.keys_listed += len(listed)
        found.vanished |= dict.fromkeys(known - listed, month)
        if missing := len(landed.unknown(listed - known)):
            found.missing[month] = missing
        if on_progress:
            done = number == len(differing)
            on_progress(Progress(dataset.name, found.keys_listed, expected, number, client.traffic.bytes, done))
    refuse_mass_deletion(dataset.name, len(found.vanished), found.raw_rows, accepted=accept_mass_deletion)
    there = set(_still_there(dataset, client, list(found.vanished)))
    # a number may have landed as 7.0, and be 7 there
    found.vanished = {key: month for key, month in found.vanished.items() if not there & {key, key.removesuffix(".0")}}
    if found.vanished and client.traffic.out_of_date:
        raise PortalAnswerError(
            f"{dataset.name}: {len(found.vanished):,} rows seem to have vanished, but the portal answered from a "
            "replica that lags behind; they stay as they are.",
            remedy="Reconcile again in an hour or so.",
        )
    return found


class _LandedKeys:
    """The keys that `raw` has, by the month of their newest version, without those that are known to have vanished.

    A key is asked for as its newest version spells it. As in the final tables, white space makes no other of it.
    """

    def __init__(self, connection: Connection, dataset: Dataset) -> None:
        self._connection = connection
        self._present = sql.Identifier(f"present_{dataset.name}")
        self._execute(
            """
            create temporary table {present} as
            select distinct on (name)
                name,
                key,
                case when date ~ '^(?!0000)[0-9]{{4}}-(0[1-9]|1[0-2])-' then left(date, 7) end as month,
                max(inserted_at) over (partition by name) as last_landed_at
            from (
                select
                    {name} as name,
                    landed.{key} as key,
                    landed.{date} as date,
                    landed.soda_updated_at,
                    loads.inserted_at
                from raw.{table} as landed
                inner join raw._dlt_loads as loads on landed._dlt_load_id = loads.load_id and loads.status = 0
                where landed.{key} is not null
            ) as versions
            order by name, soda_updated_at desc nulls last, inserted_at desc
            """,
            name=_name(sql.Identifier("landed", dataset.key or "")),
            key=sql.Identifier(dataset.key or ""),
            date=sql.Identifier(EVENT_DATE),
            table=sql.Identifier(dataset.name),
        )
        self._execute(
            """
            delete from {present} as present
            using raw.portal_deletions as deletions
            inner join raw._dlt_loads as loads on deletions._dlt_load_id = loads.load_id and loads.status = 0
            where
                deletions.dataset = {name}
                and {name_of_gone} = present.name
                and loads.inserted_at > present.last_landed_at
            """,
            name=sql.Literal(dataset.name),
            name_of_gone=_name(sql.SQL("deletions.key")),
        )
        self._execute("create index on {present} (month)")

    def months(self) -> Counter[Month]:
        return Counter(dict(self._execute("select month, count(*) from {present} group by month")))

    def keys(self, month: Month) -> set[str]:
        found = self._execute(
            "select key from {present} where month is not distinct from {month}", month=sql.Literal(month)
        )
        return {key for (key,) in found}

    def unknown(self, keys: set[str]) -> set[str]:
        """Those of `keys` that are there in no month: a row that moved is not missing."""
        if not keys:
            return keys
        found = self._execute(
            """
            select asked.key
            from unnest({keys}) as asked (key)
            inner join {present} as present on present.name = {name}
            """,
            keys=sql.Literal(list(keys)),
            name=_name(sql.SQL("asked.key")),
        )
        return keys - {key for (key,) in found}

    def _execute(self, statement: str, **parts: sql.Composable) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(present=self._present, **parts))
            return cursor.fetchall() if cursor.description else []


def _name(key: sql.Composable) -> sql.Composable:
    """SQL: a key without stray white space, and without the decimals of a whole number."""
    tidied = """
        case
            when {key} ~ '[^!-~]' then btrim(regexp_replace({key}, '{space}+', ' ', 'g'))
            when {key} like '%.0' then regexp_replace({key}, '^([0-9]+)[.]0+$', '\\1')
            else {key}
        end
    """
    return sql.SQL(tidied).format(key=key, space=sql.SQL(WHITE_SPACE))


def _portal_months(dataset: Dataset, client: SodaClient) -> Counter[Month]:
    rows = _rows(
        dataset,
        client,
        "counts by month",
        select=f"date_trunc_ym({EVENT_DATE}) as month,count(*) as row_count",
        where=f"{dataset.key} is not null",
        group="month",
        order="month",
        limit=10_000,
    )
    return Counter({_month(row.get("month")): int(row["row_count"]) for row in rows})


def _portal_keys(dataset: Dataset, client: SodaClient, month: Month, page_size: int) -> Iterator[str]:
    """All keys of a month. Paged by `:id`, which orders by a hidden number and is only ever sent back."""
    within = _window(month).predicate() if month else f"{EVENT_DATE} is null"
    after = ""
    while True:
        where = f"{dataset.key} is not null and {within}{after}"
        what = f"keys of {month or 'no month'}"
        rows = _rows(dataset, client, what, select=f":id,{dataset.key}", where=where, order=":id", limit=page_size)
        yield from (str(row[cast(str, dataset.key)]) for row in rows)
        if not rows:
            return
        after = f" and :id > {quoted(rows[-1][':id'])}"


def _still_there(dataset: Dataset, client: SodaClient, keys: list[str]) -> Iterator[str]:
    """Those of `keys` that the portal has after all, wherever."""
    for start in range(0, len(keys), KEYS_A_REQUEST):
        some = keys[start : start + KEYS_A_REQUEST]
        where = f"{dataset.key} in ({','.join(quoted(key) for key in some)})"
        # grouped, for nothing promises that the portal has a key only once
        rows = _rows(dataset, client, "vanished keys", select=f"{dataset.key}", where=where, group=f"{dataset.key}")
        yield from (str(row[cast(str, dataset.key)]) for row in rows)


def _rows(dataset: Dataset, client: SodaClient, what: str, **clauses: str | int) -> list[dict[str, Any]]:
    def parse(body: Body, _headers: Mapping[str, str]) -> list[dict[str, Any]]:
        rows = json.loads(body.whole())
        if not isinstance(rows, list):
            raise ValueError("no array of rows")  # noqa: TRY004 - a broken body, whatever its type
        return rows

    return client.rows(dataset.id, f"{dataset.name}, {what}", parse, **clauses)


def _month(moment: str | None) -> Month:
    return moment[:7] if moment else None


def _window(month: str) -> Window:
    first = date.fromisoformat(f"{month}-01")
    return Window(first, first.replace(day=monthrange(first.year, first.month)[1]))
