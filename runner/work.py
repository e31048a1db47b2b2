"""The two halves of the main job, each writing what it did into the open record: landing by dlt, building by dbt."""

from __future__ import annotations

from dataclasses import asdict

from ingest.pipeline import LandingReport, LandingRequest, land
from runner.progress import Display
from runner.record import Execution
from runner.settings import RunnerSettings
from runner.transform import TransformReport, TransformRequest, changes, transform


def land_datasets(
    request: LandingRequest, settings: RunnerSettings, execution: Execution, display: Display
) -> LandingReport:
    """Lands, and records rows and dlt loads: those that were committed, also where the rest failed."""
    before = _committed_loads(execution)
    try:
        report = land(request, settings, on_progress=display.landed)
    except BaseException:
        execution.context["dlt_load_ids"] = sorted(_committed_loads(execution) - before)
        raise
    execution.context["dlt_load_ids"] = report.load_ids
    execution.context["landing"] = {name: asdict(dataset) for name, dataset in report.datasets.items()}
    for name, dataset in report.datasets.items():
        execution.counts(name).fetched = dataset.rows
    execution.save()
    return report


def build_tables(
    request: TransformRequest, settings: RunnerSettings, execution: Execution, display: Display
) -> TransformReport:
    """Builds and tests, and records nodes and counts before it raises what failed."""
    report = transform(request, settings, on_progress=display.built)
    execution.context["dbt_invocation_id"] = report.invocation_id
    execution.context["warnings"] = report.warnings
    execution.nodes = report.nodes
    if report.invocation_id:
        for model, changed in changes(execution.session, report.invocation_id).items():
            fetched = execution.counts(model).fetched
            execution.datasets[model] = changed
            changed.fetched = fetched
    execution.save()
    if report.problem is not None:
        raise report.problem
    return report


def _committed_loads(execution: Execution) -> set[str]:
    if execution.session.execute("select to_regclass('raw._dlt_loads')") == [(None,)]:
        return set()
    return {load_id for (load_id,) in execution.session.execute("select load_id from raw._dlt_loads where status = 0")}
