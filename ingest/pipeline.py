"""The landing as a whole: from a request, through packages that each commit rows and cursor together, to a report."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dlt

from ingest import database, packages
from ingest.cursor import Cursor
from ingest.datasets import Dataset, choose
from ingest.errors import ConfigurationError, DatasetGoneError, IngestError, MassDeletionError, SchemaBreakError
from ingest.publication import SchemaChange
from ingest.reading import DatasetReading, Progress, Window
from ingest.settings import Settings
from ingest.soda import LOOPBACK, RateLimiter, SodaClient
from ingest.source import chicago_crashes

log = logging.getLogger(__name__)

# Pages of each dataset in one load package: a killed backfill loses at most this much work, and a package costs
# about a second of its own.
PAGES_PER_PACKAGE = 8

# What is wrong with one dataset and no reason to keep the others waiting.
OF_ONE_DATASET = (SchemaBreakError, MassDeletionError, DatasetGoneError)

OnSchema = Callable[[str, list[SchemaChange]], None]


@dataclass(frozen=True)
class LandingRequest:
    """What to land: datasets by name (none: all), crash dates (both inclusive), and whether from the very beginning."""

    datasets: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    full_refresh: bool = False
    accept_mass_deletion: bool = False


@dataclass(frozen=True)
class DatasetReport:
    """What was done for one dataset. `rows` were received and committed; `portal_rows` is what there was to read.

    `skipped`: the portal said that nothing was published since the last complete reading.
    """

    mode: str
    skipped: bool
    rows: int
    portal_rows: int
    pages: int
    bytes: int
    seconds: float
    requests: int
    retries: int
    cursor_before: Cursor | None
    cursor_after: Cursor | None
    load_ids: list[str]
    new_columns: list[str]
    schema_changes: list[SchemaChange]
    notes: list[str]


@dataclass(frozen=True)
class LandingReport:
    """What a landing did, dataset by dataset; `load_ids` are dlt's, in the order of their commits."""

    datasets: dict[str, DatasetReport] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)
    problems: list[IngestError] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def schema_changes(self) -> list[SchemaChange]:
        """Differences between what is declared and what the portal publishes, new since the last complete reading."""
        return [change for dataset in self.datasets.values() for change in dataset.schema_changes]

    def raise_problem(self) -> None:
        """Raises what kept a dataset from being read, the first if there are several; the others were landed."""
        if self.problems:
            first, *others = self.problems
            more = f" Also: {' '.join(other.message for other in others)}" if others else ""
            raise type(first)(first.message + more, remedy=f"{first.remedy} The other datasets were landed.")


def land(
    request: LandingRequest,
    settings: Settings,
    on_progress: Callable[[Progress], None] | None = None,
    on_schema: OnSchema | None = None,
) -> LandingReport:
    """Bring what the portal has and `raw` has not. `on_progress` is called from the fetching threads.

    `on_schema` is told, before any row of a dataset is landed, how its columns differ from the declared ones.
    What is wrong with one dataset alone is among the report's `problems`, and the others are landed.
    Raises ConfigurationError for a request that cannot be meant, LandingBusyError where another landing is at work,
    and an IngestError for anything that the portal or the database did.
    """
    datasets = choose(request.datasets)
    window = Window(request.since, request.until)
    if request.since and request.until and request.since > request.until:
        raise ConfigurationError(
            f"--since {request.since} is after --until {request.until}.", remedy="Swap them; both days are included."
        )
    started = time.monotonic()
    with closing(database.connect(settings.database)) as connection, database.landing_lock(connection):
        pipeline = packages.restored_pipeline(settings)
        with (
            packages.page_folder(pipeline) as folder,
            _readings(datasets, pipeline, settings, request, window, folder, on_progress) as readings,
        ):
            problems = _begin(pipeline, readings, on_schema or (lambda _dataset, _changes: None))
            sound = [reading for reading in readings if reading.dataset.name not in problems]
            load_ids = _land_packages(pipeline, sound, folder)
            return _report(readings, load_ids, list(problems.values()), time.monotonic() - started)


@contextmanager
def _readings(
    datasets: tuple[Dataset, ...],
    pipeline: dlt.Pipeline,
    settings: Settings,
    request: LandingRequest,
    window: Window,
    folder: Path,
    on_progress: Callable[[Progress], None] | None,
) -> Iterator[list[DatasetReading]]:
    limiter = RateLimiter(settings.requests_per_hour)
    token = settings.api_token.get_secret_value() if settings.api_token else None
    states = packages.resource_states(pipeline)
    readings = [
        DatasetReading(
            dataset,
            SodaClient(settings.portal_url, token=token, limiter=limiter, dataset=dataset.name),
            page_size=settings.page_size,
            state=states.get(dataset.name, {}),
            extra_columns=packages.extra_columns(pipeline, dataset),
            window=window,
            folder=folder,
            full_refresh=request.full_refresh,
            accept_mass_deletion=request.accept_mass_deletion,
            on_progress=on_progress,
        )
        for dataset in datasets
    ]
    try:
        yield readings
    finally:
        for reading in readings:
            reading.close()


def _refuse_another_portal(states: dict[str, dict[str, Any]], readings: list[DatasetReading]) -> None:
    """Rows of the City's portal and made-up ones of a sample portal must never meet in one database."""
    here = {reading.client.portal for reading in readings}
    others = {portal for state in states.values() if (portal := state.get("portal"))} - here
    if others:
        raise ConfigurationError(
            f"This database holds rows of another portal ({', '.join(sorted(others))}) than this one "
            f"({', '.join(sorted(here))}); they must not be mixed.",
            remedy="Name the same portal (--portal or CRASHES_PORTAL_URL), land into another database "
            "(CRASHES_DB_NAME), or empty this one first (crashes db reset).",
        )


def _begin(pipeline: dlt.Pipeline, readings: list[DatasetReading], on_schema: OnSchema) -> dict[str, IngestError]:
    """Ask the portal what there is to read of each dataset; what kept single datasets from being read."""
    states = packages.resource_states(pipeline)
    if readings[0].client.portal != LOOPBACK:  # which sample portal it is, only its answers tell
        _refuse_another_portal(states, readings)
    problems: dict[str, IngestError] = {}
    for reading in readings:
        try:
            reading.begin()
        except OF_ONE_DATASET as problem:
            log.warning("%s", problem, extra={"dataset": reading.dataset.name})
            problems[reading.dataset.name] = problem
        on_schema(reading.dataset.name, reading.schema_changes)
    if len(problems) == len(readings):
        raise next(iter(problems.values()))
    _refuse_another_portal(states, readings)
    return problems


def _land_packages(pipeline: dlt.Pipeline, readings: list[DatasetReading], folder: Path) -> dict[str, list[str]]:
    """Land package after package until every reading is complete; load ids with the datasets that each one holds."""
    load_ids: dict[str, list[str]] = {}
    unfinished = [reading for reading in readings if not reading.finished]
    absent = packages.absent_tables(pipeline)
    while unfinished or absent:
        source = chicago_crashes(unfinished, PAGES_PER_PACKAGE, folder=folder, absent=absent)
        for load_id in packages.commit(pipeline, source):
            load_ids[load_id] = [reading.dataset.name for reading in unfinished]
            names = ", ".join(load_ids[load_id])
            log.info("committed load %s: %s", load_id, names or "empty tables", extra=_of_load(load_id, names))
        unfinished = [reading for reading in readings if not reading.finished]
        absent = []
    return load_ids


def _of_load(load_id: str, names: str) -> dict[str, str]:
    """For a log line: it is about this load, and about these datasets."""
    return {"load_id": load_id, "dataset": names}


def _report(
    readings: list[DatasetReading], load_ids: dict[str, list[str]], problems: list[IngestError], seconds: float
) -> LandingReport:
    reports = {
        reading.dataset.name: DatasetReport(
            mode=reading.mode,
            skipped=reading.skipped,
            rows=reading.all.rows,
            portal_rows=reading.total,
            pages=reading.all.pages,
            bytes=reading.all.bytes,
            seconds=round(reading.seconds, 3),
            requests=reading.client.traffic.requests,
            retries=reading.client.traffic.retries,
            cursor_before=reading.cursor_before,
            cursor_after=reading.cursor,
            load_ids=[load_id for load_id, names in load_ids.items() if reading.dataset.name in names],
            new_columns=reading.new_columns,
            schema_changes=reading.new_schema_changes,
            notes=[*reading.notes, *reading.client.traffic.notes],
        )
        for reading in readings
    }
    return LandingReport(datasets=reports, load_ids=list(load_ids), problems=problems, seconds=round(seconds, 3))
