"""Building the tables: `dbt build`, and one sentence for what failed.

What the models contain is their own business; what they changed is read from the bookkeeping that they keep in
`ops.model_changes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ingest.settings import PROJECT_ROOT
from runner.building.dbt import DbtOutcome, OnProgress, dbt_failed, invoke, log_file
from runner.errors import TransformError, ValidationFailedError
from runner.ledger.record import Counts, NodeResult
from runner.ledger.session import LedgerSession
from runner.settings import RunnerSettings

TESTS = ("test", "unit_test")

# Unit tests and the macros' tables of examples test the code, not the data: `./scripts/test` runs them.
# What reads whole tables is left to `crashes validate`: a run costs what changed.
NOT_IN_A_RUN = ("tag:macros", "tag:cross_table", "tag:portal")

# Models that read all crashes, whatever changed: no run waits for them, but who names one is given it.
UNLESS_SELECTED = ("tag:hotspots",)

# Where rows alone are new: the tables that take them on, and what is asked of them.
ROWS = ("config.materialized:incremental", "resource_type:test")


@dataclass(frozen=True)
class TransformRequest:
    """What to build: dbt's selection syntax, none for everything; `rows_only` leaves views and seeds as they are."""

    select: tuple[str, ...] = ()
    full_refresh: bool = False
    rows_only: bool = False


@dataclass(frozen=True)
class TransformReport:
    """What dbt did. `problem` is the error to raise once all this is on record."""

    invocation_id: str | None
    nodes: list[NodeResult]
    problem: TransformError | ValidationFailedError | None
    warnings: list[str] = field(default_factory=list)
    failed_queries: dict[str, str] = field(default_factory=dict)


def transform(
    request: TransformRequest,
    settings: RunnerSettings,
    on_progress: OnProgress | None = None,
    project: Path = PROJECT_ROOT,
) -> TransformReport:
    """Builds, and asks the data tests about what changed.

    Failures are in the report's `problem`, so that the nodes are recorded before it is raised.
    """
    outcome = invoke(_command(request), settings, on_progress, project)
    return TransformReport(
        invocation_id=outcome.invocation_id,
        nodes=outcome.nodes,
        problem=_problem(outcome, settings),
        warnings=[node.name for node in outcome.nodes if node.status == "warn"],
        failed_queries=outcome.failed_queries,
    )


def changes(session: LedgerSession, invocation_id: str) -> dict[str, Counts]:
    """What the models of one invocation did to their tables; empty where dbt did not come that far."""
    if session.execute("select to_regclass('ops.model_changes')") == [(None,)]:
        return {}
    rows = session.execute(
        "select model, inserted, updated, unchanged, held_back from ops.model_changes where invocation_id = %s",
        [invocation_id],
    )
    return {model: Counts(None, *counts) for model, *counts in rows}


def applied_loads(session: LedgerSession, dataset: str) -> list[str] | None:
    """The loads that every model which reads the dataset's versions has taken in; None where nothing was ever built."""
    if session.execute("select to_regclass('ops.model_loads')") == [(None,)]:
        return None
    rows = session.execute(
        """
        select load_id
        from ops.model_loads
        where model in (%s, 'held_back') and applied
        group by load_id
        having count(*) = 2
        """,
        [dataset],
    )
    return [load_id for (load_id,) in rows]


def _command(request: TransformRequest) -> list[str]:
    excluded = NOT_IN_A_RUN if request.select else (*NOT_IN_A_RUN, *UNLESS_SELECTED)
    command = ["build", "--exclude-resource-type", "unit_test", "--exclude", *excluded]
    if request.full_refresh:
        command.append("--full-refresh")
    if request.rows_only:  # nothing is said of the project that the last whole build did not say
        command.append("--no-write-json")
    for selection in ROWS if request.rows_only else request.select:
        command += ["--select", selection]
    return command


def _problem(outcome: DbtOutcome, settings: RunnerSettings) -> TransformError | ValidationFailedError | None:
    """Structure first: what could not be built outweighs what was built and found wanting."""
    log = log_file(settings)
    nodes = outcome.nodes
    if outcome.exception is not None:
        return dbt_failed("dbt could not start", str(outcome.exception), log)
    broken = [node for node in nodes if node.status in ("error", "runtime error")]
    if broken:
        first = broken[0]
        more = f" ({len(broken) - 1} more failed)" if len(broken) > 1 else ""
        return dbt_failed(f"dbt could not build {first.resource_type} {first.name}{more}", first.message or "", log)
    failed = [node for node in nodes if node.status == "fail"]
    unbuilt = [node.name for node in nodes if node.status == "skipped" and node.resource_type not in TESTS]
    found = ", ".join(f"{node.name} ({node.failures or '?'} rows)" for node in failed[:5])
    if unbuilt:
        return TransformError(
            f"{', '.join(unbuilt)} could not be built, because data tests before them failed: {found or 'none known'}.",
            remedy=f"`dbt build --select {unbuilt[0]}` repeats it; the tests' queries are named in {log}.",
        )
    if failed:
        return ValidationFailedError(
            f"The tables are built, and {len(failed)} of their data tests failed: {found}.",
            remedy=f"`crashes validate` shows the rows at fault and keeps them in quality.failed_…; the log is {log}.",
        )
    if not outcome.success:
        return dbt_failed("dbt failed", "it gave no reason", log)
    return None
