"""The dlt source: how the pages of `ingest.reading` land in `raw`. No HTTP here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource

from ingest.datasets import Dataset, all_datasets
from ingest.deletions import DELETION_SCHEMA
from ingest.destination import LOAD_ID
from ingest.pages import SYSTEM_FIELDS, Page, empty_page
from ingest.publication import PUBLICATION_SCHEMA
from ingest.reading import RECORD_SCHEMA, DatasetReading

PIPELINE_NAME = "chicago_crashes"
RAW_SCHEMA = "raw"
READS_TABLE = "portal_reads"
DATASETS_TABLE = "portal_datasets"
DELETIONS_TABLE = "portal_deletions"

# Pages come as files of COPY's text format, and logs as dlt's csv: see `ingest.destination`. For a parquet file ADBC
# makes a connection of its own, which is a tenth of a second of the processor, and it refuses one without rows.
FORMAT: Final = "csv"

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
    folder: Path | None = None,
    absent: Sequence[str] = (),
    deletions: pa.Table | None = None,
) -> Iterator[DltResource]:
    """One resource a dataset, each giving at most `pages` more pages of its reading; fetched side by side.

    `absent` tables are not in `raw` yet and get no row now: they are made empty, for dbt builds on all of them, by
    files in `folder`.

    The cursor that a package ends at is kept in the resource's state, so it is committed with the package's rows.
    `dlt.sources.incremental` is not used: it knows one cursor column where the portal needs two, and keeps a hash
    of every row that shares the last value, which here is a publisher's whole transaction.
    """
    for reading in readings:
        empty = folder / reading.dataset.name if folder and reading.dataset.name in absent else None
        extra_columns = list(reading.extra_columns)  # pages are read ahead, and may add to them at any moment
        yield dlt.resource(
            _land(reading, pages, empty, extra_columns),
            name=reading.dataset.name,
            write_disposition="append",
            file_format=FORMAT,
            columns=_text_columns(reading.dataset, extra_columns),
            parallelized=True,
        )
    for name in set(absent) - {reading.dataset.name for reading in readings}:
        dataset = all_datasets().get(name)
        if dataset is None:
            yield dlt.resource([LOGS[name].empty_table()], name=name, write_disposition="append", file_format=FORMAT)
        elif folder:
            yield dlt.resource(
                [_imported(empty_page(dataset, folder / name))],
                name=name,
                write_disposition="append",
                file_format=FORMAT,
                columns=_text_columns(dataset),
            )
    if deletions is not None:
        yield dlt.resource([deletions], name=DELETIONS_TABLE, write_disposition="append", file_format="parquet")


def _land(reading: DatasetReading, pages: int, empty: Path | None, extra_columns: list[str]) -> Iterator[Any]:
    """The resource of a reading, whose table has `extra_columns`; `empty`: a file to make it by if nothing is read."""
    state = dlt.current.resource_state(reading.dataset.name)
    columns = list(extra_columns)
    if empty and reading.complete:
        yield _imported(empty_page(reading.dataset, empty))
    for page in reading.pages(pages):
        news = [column for column in reading.extra_columns if column in page.columns and column not in columns]
        columns += news
        yield _imported(page, _text_columns(reading.dataset, columns) if news else None)
    state.update(reading.state())
    # Table variants, or what is said about the rows would be given the columns of the rows.
    for table, row in ((READS_TABLE, reading.record()), (DATASETS_TABLE, reading.publication())):
        if row is not None:
            hints = dlt.mark.make_hints(table_name=table, write_disposition="append", file_format=FORMAT, columns={})
            yield dlt.mark.with_hints(row, hints, create_table_variant=True)


def _imported(page: Page, columns: dict[str, TColumnSchema] | None = None) -> Any:
    """A page for dlt, which links the file into its package; with `columns` where the table has new ones."""
    hints = dlt.mark.make_hints(columns=columns) if columns else {}
    return dlt.mark.with_file_import(str(page.file), FORMAT, page.rows, hints)


def _text_columns(dataset: Dataset, extra_columns: Sequence[str] = ()) -> dict[str, TColumnSchema]:
    names = [*SYSTEM_FIELDS.values(), *dataset.columns, *extra_columns, *FIRST_STAMPS.values()]
    texts: dict[str, TColumnSchema] = {name: {"name": name, "data_type": "text", "nullable": True} for name in names}
    return {**texts, LOAD_ID: {"name": LOAD_ID, "data_type": "text", "nullable": False}}
