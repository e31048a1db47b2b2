"""The job that finds deletions: land what is new, compare keys with the portal, record what is gone or was missing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest import database, packages
from ingest.comparison import Comparison, compare
from ingest.datasets import Dataset, choose
from ingest.errors import IngestError, MassDeletionError, PortalAnswerError
from ingest.pipeline import LandingReport, LandingRequest, OnSchema, land
from ingest.reading import Progress
from ingest.settings import Settings
from ingest.soda import RateLimiter, SodaClient
from ingest.source import chicago_crashes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReconcileRequest:
    """Datasets by name (none: all); whether to list all keys, also where counts agree; whether many may be gone."""

    datasets: tuple[str, ...] = ()
    every_month: bool = False
    accept_mass_deletion: bool = False


@dataclass(frozen=True)
class ReconcileReport:
    """What was found for each keyed dataset, beside what landing brought. The fatalities are read whole, by landing."""

    landing: LandingReport
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)
    problems: list[IngestError] = field(default_factory=list)
    seconds: float = 0.0

    def raise_problem(self) -> None:
        """Raises the first thing that kept a dataset from being compared."""
        for problem in self.problems:
            raise problem


def reconcile(
    request: ReconcileRequest,
    settings: Settings,
    on_progress: Callable[[Progress], None] | None = None,
    on_schema: OnSchema | None = None,
) -> ReconcileReport:
    """Find rows that vanished from the portal, and rows that never came.

    Raises what `ingest.pipeline.land` raises. A dataset that could not be compared, or of which too much vanished, is
    among the report's problems: nothing of it is marked.
    """
    started = time.monotonic()
    landing = land(
        LandingRequest(request.datasets, accept_mass_deletion=request.accept_mass_deletion),
        settings,
        on_progress,
        on_schema,
    )
    report = ReconcileReport(landing, load_ids=[*landing.load_ids], problems=[*landing.problems])
    for dataset in choose(request.datasets):
        if dataset.key is None:
            continue
        try:
            found = _compare(dataset, request, settings, on_progress)
        except (MassDeletionError, PortalAnswerError) as problem:
            log.warning("%s", problem, extra={"dataset": dataset.name})
            report.problems.append(problem)
            continue
        report.datasets[dataset.name] = _summary(found)
        for window in found.windows():
            again = land(LandingRequest((dataset.name,), window.since, window.until), settings)
            report.load_ids.extend(again.load_ids)
        report.load_ids.extend(_record(found, settings))
    return ReconcileReport(
        report.landing, report.datasets, report.load_ids, report.problems, round(time.monotonic() - started, 3)
    )


def _compare(
    dataset: Dataset,
    request: ReconcileRequest,
    settings: Settings,
    on_progress: Callable[[Progress], None] | None,
) -> Comparison:
    token = settings.api_token.get_secret_value() if settings.api_token else None
    limiter = RateLimiter(settings.requests_per_hour)
    client = SodaClient(settings.portal_url, token=token, limiter=limiter, dataset=dataset.name)
    with closing(client), closing(database.connect(settings.database)) as connection:
        return compare(
            dataset,
            client,
            connection,
            page_size=settings.page_size,
            every_month=request.every_month,
            accept_mass_deletion=request.accept_mass_deletion,
            on_progress=on_progress,
        )


def _record(found: Comparison, settings: Settings) -> list[str]:
    """Commit the deletions as a load of their own, so that the tables learn of them as of everything else."""
    if not found.vanished:
        return []
    with closing(database.connect(settings.database)) as connection, database.landing_lock(connection):
        pipeline = packages.restored_pipeline(settings)
        return packages.commit(pipeline, chicago_crashes(deletions=found.table()))


def _summary(found: Comparison) -> dict[str, Any]:
    whole = asdict(found)
    return {
        **{name: value for name, value in whole.items() if name not in ("dataset", "vanished", "missing")},
        "vanished": len(found.vanished),
        "missing": sum(found.missing.values()),
    }
