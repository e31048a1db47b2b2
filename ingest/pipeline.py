"""The landing as a whole: from a request, through packages that each commit rows and cursor together, to a report."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import dlt

from ingest import database, packages
from ingest.datasets import Dataset, choose
from ingest.errors import ConfigurationError
from ingest.reading import DatasetReading, Progress, Window
from ingest.settings import Settings
from ingest.soda import LOOPBACK, Cursor, RateLimiter, SodaClient
from ingest.source import chicago_crashes

log = logging.getLogger(__name__)

# Pages of each dataset in one load package: a killed backfill loses at most this much work, and a package costs
# about a second of its own.
PAGES_PER_PACKAGE = 8


@dataclass(frozen=True)
class LandingRequest:
    """What to land: datasets by name (none: all), crash dates (both inclusive), and whether from the very beginning."""

    datasets: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    full_refresh: bool = False


@dataclass(frozen=True)
class DatasetReport:
    """What was done for one dataset. `rows` were received and committed; `portal_rows` is what there was to read."""

    mode: str
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
    notes: list[str]


@dataclass(frozen=True)
class LandingReport:
    """What a landing did, dataset by dataset; `load_ids` are dlt's, in the order of their commits."""

    datasets: dict[str, DatasetReport] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)
    schema_changes: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def land(
    request: LandingRequest, settings: Settings, on_progress: Callable[[Progress], None] | None = None
) -> LandingReport:
    """Bring what the portal has and `raw` has not. `on_progress` is called from the fetching threads.

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
        with _readings(datasets, pipeline, settings, request, window, on_progress) as readings:
            load_ids = _land_packages(pipeline, readings)
            return _report(readings, load_ids, time.monotonic() - started)


@contextmanager
def _readings(
    datasets: tuple[Dataset, ...],
    pipeline: dlt.Pipeline,
    settings: Settings,
    request: LandingRequest,
    window: Window,
    on_progress: Callable[[Progress], None] | None,
) -> Iterator[list[DatasetReading]]:
    limiter = RateLimiter(settings.requests_per_hour)
    token = settings.api_token.get_secret_value() if settings.api_token else None
    states = packages.resource_states(pipeline)
    readings = [
        DatasetReading(
            dataset,
            SodaClient(settings.portal_url, token=token, limiter=limiter),
            page_size=settings.page_size,
            state=states.get(dataset.name, {}),
            extra_columns=packages.extra_columns(pipeline, dataset),
            window=window,
            full_refresh=request.full_refresh,
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


def _land_packages(pipeline: dlt.Pipeline, readings: list[DatasetReading]) -> dict[str, list[str]]:
    """Land package after package until every reading is complete; load ids with the datasets that each one holds."""
    load_ids: dict[str, list[str]] = {}
    states = packages.resource_states(pipeline)
    if readings[0].client.portal != LOOPBACK:  # which sample portal it is, only its answers tell
        _refuse_another_portal(states, readings)
    for reading in readings:
        reading.begin()
    _refuse_another_portal(states, readings)
    unfinished = [reading for reading in readings if not reading.complete]
    coming = {reading.dataset.name for reading in unfinished}
    absent = [dataset for dataset in packages.absent_datasets(pipeline) if dataset.name not in coming]
    while unfinished or absent:
        for load_id in packages.commit(pipeline, chicago_crashes(unfinished, PAGES_PER_PACKAGE, absent)):
            load_ids[load_id] = [reading.dataset.name for reading in unfinished]
            log.info("committed load %s: %s", load_id, ", ".join(load_ids[load_id]) or "empty tables")
        unfinished = [reading for reading in readings if not reading.complete]
        absent = []
    return load_ids


def _report(readings: list[DatasetReading], load_ids: dict[str, list[str]], seconds: float) -> LandingReport:
    reports = {
        reading.dataset.name: DatasetReport(
            mode=reading.mode,
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
            notes=[*reading.notes, *reading.client.traffic.notes],
        )
        for reading in readings
    }
    changes = [
        {"dataset": reading.dataset.name, "column": column, "change": "new"}
        for reading in readings
        for column in reading.new_columns
    ]
    return LandingReport(datasets=reports, load_ids=list(load_ids), schema_changes=changes, seconds=round(seconds, 3))
