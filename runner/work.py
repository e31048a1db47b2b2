"""The steps of the jobs, each writing what it did into the open record: landing and comparing, building by dbt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

import psycopg2
from psycopg2 import sql

from ingest.compaction import Compacted, compact
from ingest.datasets import Dataset, all_datasets
from ingest.pipeline import LandingReport, LandingRequest, land
from ingest.publication import SchemaChange
from ingest.reading import Progress
from ingest.reconcile import ReconcileReport, ReconcileRequest, reconcile
from runner.building.built import FAILED, Outstanding, fingerprint, outstanding
from runner.building.repetitions import repetitions
from runner.building.transform import TransformReport, TransformRequest, applied_loads, changes, transform
from runner.building.validation import FIRST_ROWS, ValidationReport, validate
from runner.ledger import schema_changes
from runner.ledger.record import Counts, Execution, NodeResult
from runner.progress import Display
from runner.settings import RunnerSettings

log = logging.getLogger(__name__)


def land_datasets(
    request: LandingRequest,
    settings: RunnerSettings,
    execution: Execution,
    display: Display,
    on_rows: Callable[[], None] = lambda: None,
) -> LandingReport:
    """Lands, and records rows and dlt loads: those that were committed, also where the rest failed.

    `on_rows` is called as soon as there are rows to land, perhaps several times, from the fetching threads.
    """

    def landed(progress: Progress) -> None:
        if progress.total:
            on_rows()
        display.landed(progress)

    with _committed_loads_on_record(execution):
        report = land(request, settings, landed, _schema_recorder(execution))
    _record_landing(report, execution)
    execution.save()
    return report


def reconcile_datasets(
    request: ReconcileRequest, settings: RunnerSettings, execution: Execution, display: Display
) -> ReconcileReport:
    """Lands what is new, finds what vanished and what never came, and records it."""
    with _committed_loads_on_record(execution):
        report = reconcile(request, settings, display.landed, _schema_recorder(execution))
    _record_landing(report.landing, execution)
    execution.context["dlt_load_ids"] = report.load_ids
    execution.context["reconciled"] = report.datasets
    execution.save()
    return report


def compact_tables(
    datasets: tuple[str, ...], settings: RunnerSettings, execution: Execution, display: Display
) -> dict[str, Compacted]:
    """Removes repetitions from raw, of loads that every final table has taken in."""

    def eligible(dataset: Dataset) -> list[str] | None:
        return applied_loads(execution.session, dataset.name)

    done = compact(settings, datasets, eligible, display.compacted)
    execution.context["compacted"] = {name: asdict(table) for name, table in done.items()}
    execution.save()
    return done


def build_what_is_new(settings: RunnerSettings, execution: Execution, display: Display) -> None:
    """Builds what is outstanding. Where nothing is, every count is nought, and dbt is not started."""
    left = outstanding(execution.session)
    if left is not Outstanding.NOTHING:
        build_tables(TransformRequest(rows_only=left is Outstanding.ROWS), settings, execution, display)
        return
    for name in all_datasets():
        execution.datasets[name] = Counts(execution.counts(name).fetched, 0, 0, 0, 0)
    log.info("nothing to build: the tables hold every load, and the project is the one that built them")
    execution.context["repetitions"] = repetitions(execution.session)
    execution.save()


def build_tables(
    request: TransformRequest, settings: RunnerSettings, execution: Execution, display: Display
) -> TransformReport:
    """Builds and tests, and records nodes and counts before it raises what failed."""
    report = transform(request, settings, on_progress=display.built)
    if report.problem is not None:
        execution.context["built"] = FAILED
    elif not request.select:
        execution.context["built"] = fingerprint(execution.session)
        execution.context["building"] = (Outstanding.ROWS if request.rows_only else Outstanding.EVERYTHING).value
    execution.context["dbt_invocation_id"] = report.invocation_id
    execution.context["warnings"] = report.warnings
    execution.nodes = [_with_first_rows(node, report.failed_queries, execution) for node in report.nodes]
    if report.invocation_id:
        for model, changed in changes(execution.session, report.invocation_id).items():
            fetched = execution.counts(model).fetched
            execution.datasets[model] = changed
            changed.fetched = fetched
    execution.save()  # first, for what this build found unchanged counts too
    execution.context["repetitions"] = repetitions(execution.session)
    execution.save()
    if report.problem is not None:
        raise report.problem
    return report


def validate_tables(
    datasets: tuple[str, ...], settings: RunnerSettings, execution: Execution, display: Display
) -> ValidationReport:
    """Asks the data tests about all rows, and records what each found."""
    report = validate(datasets, settings, execution.session, on_progress=display.built)
    execution.context["dbt_invocation_id"] = report.invocation_id
    execution.context["warnings"] = [found.test for found in report.findings if found.status == "warn"]
    first_rows = {found.test: found.first_rows for found in report.findings if found.status == "fail"}
    execution.nodes = [replace(node, first_rows=first_rows.get(node.name)) for node in report.nodes]
    execution.save()
    return report


def _with_first_rows(node: NodeResult, queries: dict[str, str], execution: Execution) -> NodeResult:
    """A test that failed in a build, with the first rows that it found; none where asking again takes too long."""
    if node.node_id not in queries:
        return node
    session = execution.session
    asked = sql.SQL("select to_jsonb(failed) from ({}) as failed limit {}").format(
        sql.SQL(queries[node.node_id]), sql.Literal(FIRST_ROWS)
    )
    session.execute("set statement_timeout = '10s'")
    try:
        return replace(node, first_rows=[row for (row,) in session.execute(asked)])
    except psycopg2.Error:
        return node
    finally:
        session.execute("reset statement_timeout")


def _record_landing(report: LandingReport, execution: Execution) -> None:
    execution.context["dlt_load_ids"] = report.load_ids
    execution.context["landing"] = {name: asdict(dataset) for name, dataset in report.datasets.items()}
    for name, dataset in report.datasets.items():
        execution.counts(name).fetched = dataset.rows


def _schema_recorder(execution: Execution) -> Callable[[str, list[SchemaChange]], None]:
    """Differences are on record before any row lands, and also where they stop the dataset."""

    def record(dataset: str, changes: list[SchemaChange]) -> None:
        schema_changes.record(execution.session, execution.execution_id, dataset, changes)

    return record


@contextmanager
def _committed_loads_on_record(execution: Execution) -> Iterator[None]:
    """Where the work fails, what it had committed until then is on record nevertheless."""
    before = _committed_loads(execution)
    try:
        yield
    except BaseException:
        execution.context["dlt_load_ids"] = sorted(_committed_loads(execution) - before)
        raise


def _committed_loads(execution: Execution) -> set[str]:
    if execution.session.execute("select to_regclass('raw._dlt_loads')") == [(None,)]:
        return set()
    return {load_id for (load_id,) in execution.session.execute("select load_id from raw._dlt_loads where status = 0")}
