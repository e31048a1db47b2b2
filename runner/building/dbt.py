"""dbt in this process: one invocation, how far it is, and what became of each node.

`runner.building.transform` builds with it, `runner.building.validation` asks the data tests. dbt's event and result
classes are no stable interface: they are touched here alone.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.settings import PROJECT_ROOT
from runner import plain_tools
from runner.errors import TransformError
from runner.ledger.record import NodeResult
from runner.settings import RunnerSettings


@dataclass(frozen=True)
class DbtProgress:
    """One node is done."""

    name: str
    resource_type: str
    status: str
    done: int
    total: int


OnProgress = Callable[[DbtProgress], None]


@dataclass(frozen=True)
class DbtOutcome:
    """What an invocation left. `results` are dbt's own, one for each of `nodes`."""

    invocation_id: str | None
    success: bool
    exception: BaseException | None
    nodes: list[NodeResult]
    results: list[Any]

    @property
    def failed_queries(self) -> dict[str, str]:
        """The SQL of each data test that failed, by node id: it returns the rows at fault."""
        return {
            result.node.unique_id: result.node.compiled_code
            for result in self.results
            if str(result.status) == "fail" and getattr(result.node, "compiled_code", None)
        }


class _Preparation:
    """dbt imported and a project read in a thread of its own, while rows still land; for one invocation."""

    def __init__(self) -> None:
        self._project: Path | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._manifest: Any = None

    def begin(self, settings: RunnerSettings, project: Path) -> None:
        with self._lock:
            if self._thread is None:
                # A project as dbt holds it is a million objects that stay: to search them for garbage with each 700
                # new ones takes a twentieth of a build.
                gc.set_threshold(50_000)
                plain_tools.fill(settings)
                self._project = project
                reading = (settings, project)
                self._thread = threading.Thread(target=self._read, args=reading, name="prepare-dbt", daemon=True)
                self._thread.start()

    def manifest(self, settings: RunnerSettings, project: Path) -> Any:
        """What to invoke dbt with; None where it is to read the project itself, and say what is wrong there."""
        self.begin(settings, project)
        if self._thread is not None:
            self._thread.join()
        manifest = self._manifest if project == self._project else None
        self._project = self._thread = self._manifest = None
        return manifest

    def _read(self, settings: RunnerSettings, project: Path) -> None:
        with contextlib.suppress(Exception):  # whatever it is, the invocation meets it again
            from dbt.cli.main import dbtRunner  # noqa: PLC0415

            self._manifest = dbtRunner().invoke(["parse", "--no-write-json", *_common(settings, project)]).result


_preparation = _Preparation()


def prepare(settings: RunnerSettings, project: Path = PROJECT_ROOT) -> None:
    """Begin with what takes dbt three seconds before its first query. For who will invoke it soon, in this process."""
    _preparation.begin(settings, project)


def invoke(
    command: list[str], settings: RunnerSettings, on_progress: OnProgress | None = None, project: Path = PROJECT_ROOT
) -> DbtOutcome:
    """Runs one dbt command. Raises KeyboardInterrupt where it was interrupted; failures are in the outcome."""
    listener = _Listener(on_progress)
    with _stdout_kept_for_results():
        manifest = _preparation.manifest(settings, project)
        from dbt.cli.main import dbtRunner  # noqa: PLC0415 - it takes a second to import, and a run may not need it

        outcome = dbtRunner(manifest=manifest, callbacks=[listener]).invoke(command + _common(settings, project))
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    results = list(getattr(outcome.result, "results", []))
    nodes = [_node_result(result) for result in results]
    return DbtOutcome(listener.invocation_id, outcome.success, outcome.exception, nodes, results)


def log_file(settings: RunnerSettings) -> str:
    """Where dbt keeps its own log."""
    return f"{os.environ.get('DBT_LOG_PATH') or settings.home / 'logs'}/dbt.log"


def dbt_failed(what: str, said: str, log: str) -> TransformError:
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


def _common(settings: RunnerSettings, project: Path) -> list[str]:
    arguments = ["--project-dir", str(project), "--profiles-dir", str(PROJECT_ROOT)]
    arguments += ["--threads", str(settings.threads)]
    # dbt's own log has every statement where it was asked for: 30,000 lines a build, which take it a second to write.
    debug = settings.log_level == "DEBUG"
    arguments += ["--log-level", "debug" if debug else "none", "--log-level-file", "debug" if debug else "info"]
    if "DBT_LOG_PATH" not in os.environ:
        arguments += ["--log-path", str(settings.home / "logs")]
    return arguments


class _Listener:
    """dbt's events, as far as they say how far it is: names only."""

    def __init__(self, on_progress: OnProgress | None) -> None:
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
            self._on_progress(DbtProgress(node.node_name, node.resource_type, str(node.node_status), self._done, total))


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
