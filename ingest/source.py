"""The dlt source: how the pages of `ingest.reading` land in `raw`. No HTTP here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import dlt
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource

from ingest.datasets import Dataset
from ingest.pages import SYSTEM_FIELDS, empty_page
from ingest.reading import RECORD_SCHEMA, DatasetReading

PIPELINE_NAME = "chicago_crashes"
RAW_SCHEMA = "raw"
READS_TABLE = "portal_reads"

# ADBC refuses a parquet file without rows (dlt 1.31, adbc-driver-manager 1.13); COPY of an empty csv makes the table.
EMPTY_FORMAT: Final = "csv"

_READ_HINTS = dlt.mark.make_hints(table_name=READS_TABLE, write_disposition="append", file_format="parquet", columns={})


@dlt.source(name=PIPELINE_NAME)
def chicago_crashes(
    readings: Sequence[DatasetReading], pages: int, absent: Sequence[Dataset] = ()
) -> Iterator[DltResource]:
    """One resource a dataset, each giving at most `pages` more pages of its reading; fetched side by side.

    `absent` datasets have no table in `raw` yet and are not read now: they get an empty one, for dbt builds on all.

    The cursor that a package ends at is kept in the resource's state, so it is committed with the package's rows.
    `dlt.sources.incremental` is not used: it knows one cursor column where the portal needs two, and keeps a hash
    of every row that shares the last value, which here is a publisher's whole transaction.
    """
    for reading in readings:
        yield dlt.resource(
            _land(reading, pages),
            name=reading.dataset.name,
            write_disposition="append",
            file_format="parquet" if reading.total else EMPTY_FORMAT,
            columns=_text_columns(reading.dataset, reading.extra_columns),
            parallelized=True,
        )
    for dataset in absent:
        yield dlt.resource(
            [empty_page(dataset)],
            name=dataset.name,
            write_disposition="append",
            file_format=EMPTY_FORMAT,
            columns=_text_columns(dataset),
        )
    if absent:
        yield dlt.resource(
            [RECORD_SCHEMA.empty_table()], name=READS_TABLE, write_disposition="append", file_format=EMPTY_FORMAT
        )


def _land(reading: DatasetReading, pages: int) -> Iterator[Any]:
    state = dlt.current.resource_state(reading.dataset.name)
    yield from reading.pages(pages)
    state.update(reading.state())
    # A table variant, or the record would be given the columns of the rows that it describes.
    yield dlt.mark.with_hints(reading.record(), _READ_HINTS, create_table_variant=True)


def _text_columns(dataset: Dataset, extra_columns: Sequence[str] = ()) -> dict[str, TColumnSchema]:
    names = [*SYSTEM_FIELDS.values(), *dataset.columns, *extra_columns]
    return {name: {"name": name, "data_type": "text", "nullable": True} for name in names}
