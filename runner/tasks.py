"""What an execution does, by the name of its command: a command line, a scheduled job and a retry all do it here.

Each task is a function of settings, the open record, the display of progress, and its own parameters, which are what
JSON can hold, so that the record says them and a retry can have them again. dlt and dbt take seconds to import; only
the task that needs them does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from runner.ledger.record import Execution
from runner.progress import Display
from runner.settings import RunnerSettings

if TYPE_CHECKING:
    from ingest.pipeline import LandingReport

Carry = Callable[..., None]

# What changes no table that a run changes needs no lock, and may be done while one is at work.
BESIDE = frozenset({"compact", "prune", "summary"})


@dataclass(frozen=True)
class Task:
    """One of `TASKS`, with the parameters that were given; all others have their defaults."""

    command: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def beside(self) -> bool:
        return self.command in BESIDE

    def carry_out(self, settings: RunnerSettings, execution: Execution, display: Display) -> None:
        TASKS[self.command](settings, execution, display, **self.parameters)


def run(
    settings: RunnerSettings,
    execution: Execution,
    display: Display,
    *,
    datasets: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    full_refresh: bool = False,
    select: Sequence[str] = (),
) -> None:
    """Land what is new, build and test. A dataset that could not be read keeps no other waiting."""
    from runner.building.dbt import prepare  # noqa: PLC0415

    landed = _land(
        settings, execution, display, datasets, since, until, full_refresh, on_rows=partial(prepare, settings)
    )
    if select or full_refresh:
        _build(settings, execution, display, select, full_refresh)
    else:
        _build_what_is_new(settings, execution, display)
    landed.raise_problem()


def ingest(
    settings: RunnerSettings,
    execution: Execution,
    display: Display,
    *,
    datasets: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    full_refresh: bool = False,
) -> None:
    _land(settings, execution, display, datasets, since, until, full_refresh).raise_problem()


def transform(
    settings: RunnerSettings,
    execution: Execution,
    display: Display,
    *,
    select: Sequence[str] = (),
    full_refresh: bool = False,
) -> None:
    _build(settings, execution, display, select, full_refresh)


def validate(settings: RunnerSettings, execution: Execution, display: Display, *, datasets: Sequence[str] = ()) -> None:
    from runner.work import validate_tables  # noqa: PLC0415

    report = validate_tables(tuple(datasets), settings, execution, display)
    if report.problem is not None:
        raise report.problem


def reconcile(
    settings: RunnerSettings,
    execution: Execution,
    display: Display,
    *,
    datasets: Sequence[str] = (),
    every_month: bool = False,
    accept_mass_deletion: bool = False,
) -> None:
    from ingest.reconcile import ReconcileRequest  # noqa: PLC0415
    from runner.work import reconcile_datasets  # noqa: PLC0415

    request = ReconcileRequest(tuple(datasets), every_month, accept_mass_deletion)
    report = reconcile_datasets(request, settings, execution, display)
    _build_what_is_new(settings, execution, display)
    report.raise_problem()


def compact(settings: RunnerSettings, execution: Execution, display: Display, *, datasets: Sequence[str] = ()) -> None:
    from runner.work import compact_tables  # noqa: PLC0415

    compact_tables(tuple(datasets), settings, execution, display)


def prune(
    settings: RunnerSettings,
    execution: Execution,
    display: Display,
    *,
    executions_days: int | None = None,
    logs_days: int | None = None,
) -> None:
    from runner.ledger.pruning import prune as remove  # noqa: PLC0415

    removed = remove(
        execution.session,
        executions_days or settings.keep_executions_days,
        logs_days or settings.keep_logs_days,
        datetime.now(UTC),
    )
    execution.context["pruned"] = vars(removed)
    execution.save()


def summary(settings: RunnerSettings, execution: Execution, display: Display, *, day: str | None = None) -> None:
    from runner.summary.sending import send_summary  # noqa: PLC0415

    _, recipients = send_summary(settings, execution.session, _day(day), datetime.now(UTC))
    execution.context["sent_to"] = recipients
    execution.save()


def boundaries(settings: RunnerSettings, execution: Execution, display: Display) -> None:
    """Land the City's own boundaries, and give every crash its places by those that changed."""
    from ingest.boundaries import land_boundaries  # noqa: PLC0415
    from runner.layers import all_layers  # noqa: PLC0415

    known = {layer.layer_id: layer for layer in all_layers(execution.session)}
    report = land_boundaries(settings, known)
    execution.context["dlt_load_ids"] = report.load_ids
    execution.context["boundaries"] = report.outcomes
    execution.save()
    if report.has_news and execution.session.execute("select to_regclass('marts.crashes')") != [(None,)]:
        _build(settings, execution, display)


TASKS: dict[str, Carry] = {
    "run": run,
    "ingest": ingest,
    "transform": transform,
    "validate": validate,
    "reconcile": reconcile,
    "boundaries": boundaries,
    "compact": compact,
    "prune": prune,
    "summary": summary,
}


def _land(
    settings: RunnerSettings,
    execution: Execution,
    display: Display,
    datasets: Sequence[str],
    since: str | None,
    until: str | None,
    full_refresh: bool,
    on_rows: Callable[[], None] = lambda: None,
) -> LandingReport:
    from ingest.pipeline import LandingRequest  # noqa: PLC0415
    from runner.work import land_datasets  # noqa: PLC0415

    request = LandingRequest(tuple(datasets), _day(since), _day(until), full_refresh)
    return land_datasets(request, settings, execution, display, on_rows)


def _build(
    settings: RunnerSettings,
    execution: Execution,
    display: Display,
    select: Sequence[str] = (),
    full_refresh: bool = False,
) -> None:
    from runner.building.transform import TransformRequest  # noqa: PLC0415
    from runner.work import build_tables  # noqa: PLC0415

    build_tables(TransformRequest(tuple(select), full_refresh), settings, execution, display)


def _build_what_is_new(settings: RunnerSettings, execution: Execution, display: Display) -> None:
    from runner.work import build_what_is_new  # noqa: PLC0415

    build_what_is_new(settings, execution, display)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
