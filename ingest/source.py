"""The dlt source: how the pages of `ingest.reading` land in `raw`. No HTTP here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource

from ingest.datasets import Dataset, all_datasets
from ingest.deletions import DELETION_SCHEMA
from ingest.pages import SYSTEM_FIELDS, empty_page
from ingest.publication import PUBLICATION_SCHEMA
from ingest.reading import RECORD_SCHEMA, DatasetReading

PIPELINE_NAME = "chicago_crashes"
RAW_SCHEMA = "raw"
READS_TABLE = "portal_reads"
DATASETS_TABLE = "portal_datasets"
DELETIONS_TABLE = "portal_deletions"

# Each slice becomes a file (file_max_items in .dlt/config.toml), and a file is in memory as a whole while it is loaded.
ROWS_PER_FILE = 50_000

# ADBC refuses a parquet file without rows (dlt 1.31, adbc-driver-manager 1.13); COPY of an empty csv makes the table.
EMPTY_FORMAT: Final = "csv"

# Empty as landed. `ingest.compaction` keeps in them what the first of several versions of one content was stamped with.
FIRST_STAMPS = {
    **{stamp: f"first_{stamp}" for stamp in SYSTEM_FIELDS.values()},
    "_dlt_load_id": "first_dlt_load_id",
}

# What is landed about the rows, beside them.
LOGS = {READS_TABLE: RECORD_SCHEMA, DATASETS_TABLE: PUBLICATION_SCHEMA, DELETIONS_TABLE: DELETION_SCHEMA}


@dlt.source(name=PIPELINE_NAME)
def chicago_crashes(
    readings: Sequence[DatasetReading] = (),
    pages: int = 0,
    *,
    absent: Sequence[str] = (),
    deletions: pa.Table | None = None,
) -> Iterator[DltResource]:
    """One resource a dataset, each giving at most `pages` more pages of its reading; fetched side by side.

    `absent` tables are not in `raw` yet and get no row now: they are made empty, for dbt builds on all of them.

    The cursor that a package ends at is kept in the resource's state, so it is committed with the package's rows.
    `dlt.sources.incremental` is not used: it knows one cursor column where the portal needs two, and keeps a hash
    of every row that shares the last value, which here is a publisher's whole transaction.
    """
    for reading in readings:
        yield dlt.resource(
            _land(reading, pages, is_absent=reading.dataset.name in absent),
            name=reading.dataset.name,
            write_disposition="append",
            file_format="parquet" if reading.total else EMPTY_FORMAT,
            columns=_text_columns(reading.dataset, reading.extra_columns),
            parallelized=True,
        )
    for name in set(absent) - {reading.dataset.name for reading in readings}:
        dataset = all_datasets().get(name)
        yield dlt.resource(
            [_with_first_stamps(empty_page(dataset)) if dataset else LOGS[name].empty_table()],
            name=name,
            write_disposition="append",
            file_format=EMPTY_FORMAT,
            columns=_text_columns(dataset) if dataset else {},
        )
    if deletions is not None:
        yield dlt.resource([deletions], name=DELETIONS_TABLE, write_disposition="append", file_format="parquet")


def _land(reading: DatasetReading, pages: int, *, is_absent: bool) -> Iterator[Any]:
    state = dlt.current.resource_state(reading.dataset.name)
    if is_absent and reading.complete:
        yield _with_first_stamps(empty_page(reading.dataset))
    for table in reading.pages(pages):
        for start in range(0, max(table.num_rows, 1), ROWS_PER_FILE):
            yield _with_first_stamps(table.slice(start, ROWS_PER_FILE))
    state.update(reading.state())
    # Table variants, or what is said about the rows would be given the columns of the rows.
    for table, row in ((READS_TABLE, reading.record()), (DATASETS_TABLE, reading.publication())):
        if row is not None:
            hints = dlt.mark.make_hints(table_name=table, write_disposition="append", file_format="parquet", columns={})
            yield dlt.mark.with_hints(row, hints, create_table_variant=True)


def _with_first_stamps(table: pa.Table) -> pa.Table:
    """A table that lacks columns of its destination is written to disk by dlt a second time."""
    for name in FIRST_STAMPS.values():
        table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    return table


def _text_columns(dataset: Dataset, extra_columns: Sequence[str] = ()) -> dict[str, TColumnSchema]:
    names = [*SYSTEM_FIELDS.values(), *dataset.columns, *extra_columns, *FIRST_STAMPS.values()]
    return {name: {"name": name, "data_type": "text", "nullable": True} for name in names}
