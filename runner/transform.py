"""dbt in this process: builds and tests the models, tells how far it is, and explains what failed.

The one door between the runner and dbt. What the models contain is their own business; what they changed is read from
the bookkeeping that they keep in `ops.model_changes`.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult

from ingest.settings import PROJECT_ROOT
from runner import plain_tools
from runner.errors import TransformError, ValidationFailedError
from runner.ledger_session import LedgerSession
from runner.record import Counts, NodeResult
from runner.settings import RunnerSettings

TESTS = ("test", "unit_test")
BUILT = ("success", "pass", "warn", "no-op")


@dataclass(frozen=True)
class TransformRequest:
    """What to build: dbt's selection syntax, none for everything."""

    select: tuple[str, ...] = ()
    full_refresh: bool = False


@dataclass(frozen=True)
class TransformProgress:
    """One node is done."""

    name: str
    resource_type: str
    status: str
    done: int
    total: int


@dataclass(frozen=True)
class TransformReport:
    """What dbt did. `problem` is the error to raise once all this is on record."""

    invocation_id: str | None
    nodes: list[NodeResult]
    problem: TransformError | ValidationFailedError | None
    warnings: list[str] = field(default_factory=list)


def transform(
    request: TransformRequest,
    settings: RunnerSettings,
    on_progress: Callable[[TransformProgress], None] | None = None,
    project: Path = PROJECT_ROOT,
) -> TransformReport:
    """`dbt build` without the unit tests, which are about the code and need no data.

    Failures are in the report's `problem`, so that the nodes are recorded before it is raised.
    """
    listener = _Listener(on_progress)
    plain_tools.fill(settings)
    with _stdout_kept_for_results():
        outcome = dbtRunner(callbacks=[listener]).invoke(_arguments(request, settings, project))
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    nodes = [_node_result(result) for result in getattr(outcome.result, "results", [])]
    return TransformReport(
        invocation_id=listener.invocation_id,
        nodes=nodes,
        problem=_problem(outcome, nodes, settings),
        warnings=[node.name for node in nodes if node.status == "warn"],
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


def _arguments(request: TransformRequest, settings: RunnerSettings, project: Path) -> list[str]:
    arguments = ["build", "--project-dir", str(project), "--profiles-dir", str(PROJECT_ROOT)]
    # Unit tests and the macros' tables of examples test the code, not the data: `./scripts/test` runs them.
    arguments += ["--exclude-resource-type", "unit_test", "--exclude", "tag:macros"]
    arguments += ["--threads", str(settings.threads)]
    arguments += ["--log-level", "debug" if settings.log_level == "DEBUG" else "none", "--log-level-file", "debug"]
    if "DBT_LOG_PATH" not in os.environ:
        arguments += ["--log-path", str(settings.home / "logs")]
    if request.full_refresh:
        arguments.append("--full-refresh")
    for selection in request.select:
        arguments += ["--select", selection]
    return arguments


class _Listener:
    """dbt's events, as far as they say how far it is. Its event classes are no stable interface: names only."""

    def __init__(self, on_progress: Callable[[TransformProgress], None] | None) -> None:
        self.invocation_id: str | None = None
        self._on_progress = on_progress
        self._done = 0
        self._total = 0

    def __call__(self, event: Any) -> None:
        self.invocation_id = event.info.invocation_id or self.invocation_id
        if event.info.name == "LogStartLine":
            self._total = max(self._total, int(event.data.total))
        elif event.info.name == "NodeFinished":
            self._done += 1
            self._tell(event.data.node_info)

    def _tell(self, node: Any) -> None:
        if self._on_progress:
            total = max(self._total, self._done)
            status = str(node.node_status)
            self._on_progress(TransformProgress(node.node_name, node.resource_type, status, self._done, total))


@contextlib.contextmanager
def _stdout_kept_for_results() -> Iterator[None]:
    """dbt logs to stdout, which here belongs to tables and JSON."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _node_result(result: Any) -> NodeResult:
    rows = (result.adapter_response or {}).get("rows_affected")
    return NodeResult(
        node_id=result.node.unique_id,
        name=result.node.name,
        resource_type=str(result.node.resource_type),
        status=str(result.status),
        seconds=round(result.execution_time, 3),
        rows=rows if isinstance(rows, int) and rows >= 0 else None,
        failures=result.failures,
        message=result.message,
    )


def _problem(
    outcome: dbtRunnerResult, nodes: list[NodeResult], settings: RunnerSettings
) -> TransformError | ValidationFailedError | None:
    """Structure first: what could not be built outweighs what was built and found wanting."""
    log = f"{os.environ.get('DBT_LOG_PATH') or settings.home / 'logs'}/dbt.log"
    if outcome.exception is not None:
        return _transform_error("dbt could not start", str(outcome.exception), log)
    broken = [node for node in nodes if node.status in ("error", "runtime error")]
    if broken:
        first = broken[0]
        more = f" ({len(broken) - 1} more failed)" if len(broken) > 1 else ""
        return _transform_error(
            f"dbt could not build {first.resource_type} {first.name}{more}", first.message or "", log
        )
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
            remedy=f"`dbt test --select {failed[0].name} --store-failures` keeps the rows at fault; the log is {log}.",
        )
    if not outcome.success:
        return _transform_error("dbt failed", "it gave no reason", log)
    return None


def _transform_error(what: str, said: str, log: str) -> TransformError:
    """dbt's messages have a headline, the reason, and then places and hints: the reason is what one needs."""
    if "nothing has landed yet" in said:
        return TransformError(
            "There is nothing to transform: nothing has landed yet.",
            remedy="Run `crashes run`, or `crashes ingest` first.",
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reasons = [line for line in lines if not re.match(r"(Database|Compilation|Runtime|Parsing|Encountered)\b.*", line)]
    reason = (reasons or lines or ["it gave no reason"])[0].rstrip(".")
    return TransformError(f"{what}: {reason}.", remedy=f"The whole message is in {log}; then run the same again.")
