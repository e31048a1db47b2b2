"""dlt's side of the landing: a pipeline restored from the database, and packages committed through it.

The database is the only memory. dlt's working folder is emptied at the start and its state restored from the
destination, so a killed run, another clone or a fresh machine all go on from the last committed package; what a
broken package left in `raw` has no row in `raw._dlt_loads` and is nobody's.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import psycopg2
from dlt.common.exceptions import DltException
from dlt.extract import DltSource

from ingest import database
from ingest.datasets import Dataset, all_datasets
from ingest.destination import raw_postgres
from ingest.errors import CrashesError, IngestError
from ingest.pages import SYSTEM_FIELDS
from ingest.settings import PROJECT_ROOT, Settings
from ingest.source import FIRST_STAMPS, LOGS, PIPELINE_NAME, RAW_SCHEMA


def restored_pipeline(settings: Settings) -> dlt.Pipeline:
    """The pipeline `chicago_crashes` with the schema and state of the last committed package, and nothing else."""
    # dlt looks for .dlt/ in the working directory unless told; ours lies in the repository, wherever we are called.
    os.environ.setdefault("DLT_PROJECT_DIR", str(PROJECT_ROOT))
    with _faults_as_sentences():
        pipeline = dlt.pipeline(
            PIPELINE_NAME,
            pipelines_dir=str(settings.pipelines_dir),
            destination=raw_postgres(settings.database.url()),
            dataset_name=RAW_SCHEMA,
        )
        pipeline = pipeline.drop()
        pipeline.sync_destination()
    return pipeline


@contextmanager
def page_folder(pipeline: dlt.Pipeline) -> Iterator[Path]:
    """An empty folder for pages on their way, gone at the end; what a killed run leaves goes with dlt's working folder.

    No other landing ever has the same one: a request of a landing that failed may still be under way.
    """
    with tempfile.TemporaryDirectory(prefix="pages-", dir=pipeline.working_dir, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def commit(pipeline: dlt.Pipeline, source: DltSource) -> list[str]:
    """Extract, normalize and load one package; the load ids that are committed when this returns."""
    with _faults_as_sentences():
        return list(pipeline.run(source).loads_ids)


def resource_states(pipeline: dlt.Pipeline) -> dict[str, dict[str, Any]]:
    """What the last committed package left for each resource: see `DatasetReading.state`."""
    sources: dict[str, Any] = pipeline.state.get("sources", {})
    resources: dict[str, dict[str, Any]] = sources.get(PIPELINE_NAME, {}).get("resources", {})
    return resources


def absent_tables(pipeline: dlt.Pipeline) -> list[str]:
    """Tables that are not in `raw` yet: of datasets, and of what is landed about them."""
    tables: set[str] = set(pipeline.default_schema.tables) if pipeline.default_schema_name else set()
    return [name for name in (*all_datasets(), *LOGS) if name not in tables]


def extra_columns(pipeline: dlt.Pipeline, dataset: Dataset) -> list[str]:
    """Columns of a raw table beyond the declared ones: earlier landings met them."""
    if not pipeline.default_schema_name:
        return []
    table = pipeline.default_schema.tables.get(dataset.name)
    known = {*SYSTEM_FIELDS.values(), *dataset.columns, *FIRST_STAMPS.values()}
    return [name for name in (table or {}).get("columns", {}) if name not in known and not name.startswith("_dlt")]


@contextmanager
def _faults_as_sentences() -> Iterator[None]:
    """dlt wraps what went wrong in its own steps' exceptions: bring the cause to the surface."""
    try:
        yield
    except CrashesError:
        raise
    except (DltException, psycopg2.Error) as error:
        causes = list(_causes(error))
        for cause in causes:
            if isinstance(cause, CrashesError | KeyboardInterrupt):
                raise cause from error
        for cause in causes:
            if isinstance(cause, psycopg2.Error):
                raise database.as_database_error(cause) from error
        last = str(causes[-1]).splitlines()
        raise IngestError(
            f"dlt could not load the package: {last[0] if last else type(causes[-1]).__name__}",
            remedy="What was committed is kept, so running again goes on from there; LOG_LEVEL=DEBUG tells more.",
        ) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
