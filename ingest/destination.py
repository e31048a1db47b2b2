"""dlt's PostgreSQL destination, with a load job of ours for pages: COPY in the text format, as they lie on the disk.

dlt's own job for csv takes an empty text for none, and the one for parquet makes a connection for each file, reads the
file whole and writes every value anew. dlt creates and alters the tables, runs the jobs and commits the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

import psycopg2.extensions
from dlt.common.destination.client import LoadJob
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.storages import FileStorage
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.postgres import PostgresClient, PostgresCsvCopyJob

LOAD_ID = "_dlt_load_id"

_PIECE = 1 << 20  # bytes sent at a time: psycopg2 waits for the interpreter's lock before each


class raw_postgres(postgres):  # noqa: N801 - destinations are named like functions in dlt
    """`dlt.destinations.postgres`, under its own name, so that dlt's command line finds it in the pipeline's state."""

    @property
    def destination_type(self) -> str:
        return "dlt.destinations.postgres"

    @property
    def client_class(self) -> type[PostgresClient]:
        return _RawClient


class _RawClient(PostgresClient):
    def _get_table_update_sql(
        self, table_name: str, new_columns: Sequence[TColumnSchema], generate_alter: bool
    ) -> list[str]:
        """A table of ours is not vacuumed for what is merely appended: that serves index-only scans, which nobody does
        on raw, and takes a core from a backfill for a minute. What compaction deletes is cleared away as ever.
        """
        statements = super()._get_table_update_sql(table_name, new_columns, generate_alter)
        if not generate_alter and table_name not in self.schema.dlt_table_names():
            table = self.sql_client.make_qualified_table_name(table_name)
            statements.append(f"ALTER TABLE {table} SET (autovacuum_vacuum_insert_threshold = -1)")
        return statements

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        job = super().create_load_job(table, file_path, load_id, restore)
        return _CopyJob(file_path) if isinstance(job, PostgresCsvCopyJob) else job


class _CopyJob(PostgresCsvCopyJob):
    """COPY of a file of `ingest.copytext`, or of dlt's own csv: that has no tab in its first line."""

    def run(self) -> None:
        client = self._job_client.sql_client
        with FileStorage.open_zipsafe_ro(self._file_path, "rb") as file:
            if b"\t" not in file.readline():
                super().run()
                return
            file.seek(0)
            with client.begin_transaction(), client.native_connection.cursor() as cursor:
                # Nobody reads these rows before the package's last commit, on another connection, and that one waits
                # until the log is on the disk up to itself.
                cursor.execute("set local synchronous_commit = off")
                copy(cursor, client.make_qualified_table_name(self.load_table_name), file, self._load_id)


def copy(cursor: psycopg2.extensions.cursor, table: str, file: IO[bytes], load_id: str) -> None:
    """Load a file of `ingest.copytext` into `table`, a quoted name, as rows of this load."""
    names = file.readline().decode().rstrip("\n").split("\t")
    columns = ", ".join(f'"{name}"' for name in (*names, LOAD_ID))
    cursor.copy_expert(
        f"copy {table} ({columns}) from stdin with (encoding 'utf8')", _WithLoadId(file, load_id), size=_PIECE
    )


class _WithLoadId:
    """The rows of a file with a value more at the end of each: which load it is, is known last."""

    def __init__(self, file: IO[bytes], load_id: str) -> None:
        self._file = file
        self._end = f"\t{load_id}\n".encode()

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size).replace(b"\n", self._end)

    def readline(self, _size: int = -1, /) -> bytes:
        return self._file.readline().replace(b"\n", self._end)
