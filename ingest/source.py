"""The dlt source: how the pages of `ingest.reading` land in `raw`. No HTTP here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dlt
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource

from ingest.pages import SYSTEM_FIELDS
from ingest.reading import DatasetReading

PIPELINE_NAME = "chicago_crashes"
RAW_SCHEMA = "raw"
READS_TABLE = "portal_reads"

_READ_HINTS = dlt.mark.make_hints(table_name=READS_TABLE, write_disposition="append", file_format="parquet", columns={})


@dlt.source(name=PIPELINE_NAME)
def chicago_crashes(readings: Sequence[DatasetReading], pages: int) -> Iterator[DltResource]:
    """One resource a dataset, each giving at most `pages` more pages of its reading; fetched side by side.

    The cursor that a package ends at is kept in the resource's state, so it is committed with the package's rows.
    `dlt.sources.incremental` is not used: it knows one cursor column where the portal needs two, and keeps a hash
    of every row that shares the last value, which here is a publisher's whole transaction.
    """
    for reading in readings:
        yield dlt.resource(
            _land(reading, pages),
            name=reading.dataset.name,
            write_disposition="append",
            file_format="parquet",
            columns=_text_columns(reading),
            parallelized=True,
        )


def _land(reading: DatasetReading, pages: int) -> Iterator[Any]:
    state = dlt.current.resource_state(reading.dataset.name)
    yield from reading.pages(pages)
    state.update(reading.state())
    # A table variant, or the record would be given the columns of the rows that it describes.
    yield dlt.mark.with_hints(reading.record(), _READ_HINTS, create_table_variant=True)


def _text_columns(reading: DatasetReading) -> dict[str, TColumnSchema]:
    names = [*SYSTEM_FIELDS.values(), *reading.dataset.columns, *reading.extra_columns]
    return {name: {"name": name, "data_type": "text", "nullable": True} for name in names}
