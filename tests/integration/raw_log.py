"""A hand that writes `raw` as ingest does: versions of rows as text, loads, readings. Rows say what the caller says.

For tests of the dbt project alone: no portal, no dlt, any sequence of events in a second.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import psycopg2.extras

from ingest.datasets import all_datasets

DATASETS = all_datasets()
SYSTEM = ("soda_id", "soda_version", "soda_created_at", "soda_updated_at")
EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass
class RawLog:
    """Connection to a database whose `raw` schema it owns; `clock` counts minutes of the portal and of the loads."""

    connection: Any
    clock: int = 0
    loads: int = 0
    _uncommitted: list[str] = field(default_factory=list)

    @classmethod
    def create(cls, database: Any) -> RawLog:
        """Make the tables of the contract, empty."""
        connection = database.connect()
        log = cls(connection)
        log.run("create extension if not exists postgis; create schema raw")
        log.run(
            "create table raw._dlt_loads (load_id varchar, schema_name varchar, status bigint, "
            "inserted_at timestamptz, schema_version_hash varchar)"
        )
        log.run(
            "create table raw.portal_reads (dataset varchar, mode varchar, since varchar, until varchar, "
            "complete boolean, rows bigint, pages bigint, bytes bigint, portal_rows bigint, "
            "cursor_updated_at varchar, cursor_id varchar, "
            "started_at timestamptz, finished_at timestamptz, read_id varchar, _dlt_load_id varchar not null)"
        )
        log.run(
            "create table raw.portal_deletions (dataset varchar, key varchar, month varchar, found_at timestamptz, "
            "_dlt_load_id varchar not null)"
        )
        log.run(
            "create table raw.portal_datasets (dataset varchar, id varchar, portal varchar, name varchar, "
            "rows_updated_at timestamptz, row_count bigint, newest_updated_at varchar, columns varchar, "
            "read_at timestamptz, _dlt_load_id varchar not null)"
        )
        for name, dataset in DATASETS.items():
            first = ("first_dlt_load_id", *(f"first_{stamp}" for stamp in SYSTEM))
            columns = ", ".join(f"{column} varchar" for column in (*SYSTEM, *dataset.columns, *first))
            log.run(f"create table raw.{name} ({columns}, rd_no_ varchar, _dlt_load_id varchar not null)")
        return log

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Execute one statement; its rows, if it has any."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def tick(self) -> str:
        """The next minute on the portal, as it writes instants."""
        self.clock += 1
        return (EPOCH + dt.timedelta(minutes=self.clock)).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def land(
        self,
        rows: dict[str, list[dict[str, str | None]]],
        *,
        committed: bool = True,
        reading: tuple[str, str | None, str | None] = ("whole", None, None),
    ) -> str:
        """Append rows under one load id and, unless the load is to stay uncommitted, commit it."""
        self.loads += 1
        load_id = f"{1_760_000_000 + self.loads}.5"
        for name, versions in rows.items():
            if versions:
                columns = sorted({column for version in versions for column in version})
                values = [(*(version.get(column) for column in columns), load_id) for version in versions]
                with self.connection.cursor() as cursor:
                    psycopg2.extras.execute_values(
                        cursor, f"insert into raw.{name} ({', '.join(columns)}, _dlt_load_id) values %s", values
                    )
            mode, since, until = reading if name == "vision_zero_fatalities" else ("incremental", None, None)
            self.run(
                "insert into raw.portal_reads (dataset, mode, since, until, complete, rows, read_id, _dlt_load_id) "
                "values (%s, %s, %s, %s, true, %s, %s, %s)",
                *(name, mode, since, until, len(versions), load_id, load_id),
            )
        if committed:
            self.commit(load_id)
        else:
            self._uncommitted.append(load_id)
        return load_id

    def find_gone(self, table: str, keys: list[str]) -> str:
        """A load that says of these keys that the portal has them no more."""
        self.loads += 1
        load_id = f"{1_760_000_000 + self.loads}.5"
        for key in keys:
            self.run(
                "insert into raw.portal_deletions (dataset, key, _dlt_load_id) values (%s, %s, %s)", table, key, load_id
            )
        self.commit(load_id)
        return load_id

    def commit(self, load_id: str) -> None:
        """What dlt does last: the row that makes the load count."""
        self.clock += 1
        self.run(
            "insert into raw._dlt_loads values (%s, 'chicago_crashes', 0, %s, 'x')",
            *(load_id, EPOCH + dt.timedelta(minutes=self.clock)),
        )

    def commit_late(self) -> None:
        """Commit the oldest load that was left open, if there is one."""
        if self._uncommitted:
            self.commit(self._uncommitted.pop(0))
