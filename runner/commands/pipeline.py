"""`crashes run`, its two halves `ingest` and `transform`, `reconcile` and `compact`: each on record."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from ingest.errors import CrashesError
from runner import logs
from runner.commands.options import check_window, dataset_option, json_option, landing_options, portal_option
from runner.commands.results import show_execution
from runner.execution import recorded
from runner.masking import Masking
from runner.progress import Display, display
from runner.record import Execution
from runner.report import execution_summary
from runner.settings import RunnerSettings, load_settings

if TYPE_CHECKING:
    from ingest.pipeline import LandingReport

Work = Callable[[RunnerSettings, Execution, Display], None]


@click.command(short_help="Land what is new on the portal, build and test the tables.")
@landing_options
@click.option("--full-refresh", is_flag=True, help="Read everything again, and build every table from the beginning.")
@json_option
def run(since: date | None, until: date | None, portal_url: str | None, as_json: bool, **options: Any) -> None:
    """Land what is new on the portal with dlt, build and test the tables with dbt. This is the main job.

    Without options: all four datasets, from where the last run stopped.
    """
    check_window(since, until)

    def work(settings: RunnerSettings, execution: Execution, shown: Display) -> None:
        landed = _land(settings, execution, shown, since, until, **options)
        _build(settings, execution, shown, full_refresh=options["full_refresh"])
        landed.raise_problem()

    _perform("run", load_settings(portal_url=portal_url), {"since": since, "until": until, **options}, work, as_json)


@click.command(short_help="Only land: the portal's new rows into the schema raw.")
@landing_options
@click.option("--full-refresh", is_flag=True, help="Read everything again, from the very beginning.")
@json_option
def ingest(since: date | None, until: date | None, portal_url: str | None, as_json: bool, **options: Any) -> None:
    """Land what is new on the portal into the schema raw, with dlt. The first half of `crashes run`."""
    check_window(since, until)

    def work(settings: RunnerSettings, execution: Execution, shown: Display) -> None:
        _land(settings, execution, shown, since, until, **options).raise_problem()

    _perform("ingest", load_settings(portal_url=portal_url), {"since": since, "until": until, **options}, work, as_json)


@click.command(short_help="Only build and test the tables from what has landed.")
@click.option("--select", multiple=True, metavar="NODES", help="Only these, in dbt's syntax, such as crashes+.")
@click.option("--full-refresh", is_flag=True, help="Build every table from the beginning.")
@json_option
def transform(select: tuple[str, ...], full_refresh: bool, as_json: bool) -> None:
    """Build and test the tables from what has landed, with dbt. The second half of `crashes run`."""

    def work(settings: RunnerSettings, execution: Execution, shown: Display) -> None:
        _build(settings, execution, shown, select, full_refresh)

    _perform("transform", load_settings(), {"select": select, "full_refresh": full_refresh}, work, as_json)


@click.command(short_help="Find rows that vanished from the portal, and rows that never came.")
@dataset_option
@portal_option
@click.option("--every-month", is_flag=True, help="List all keys, also of months whose counts agree.")
@click.option("--accept-mass-deletion", is_flag=True, help="Mark rows as deleted, however many have vanished.")
@json_option
def reconcile(portal_url: str | None, as_json: bool, **options: Any) -> None:
    """Compare what has landed with what the portal has, and bring the tables in line.

    Rows are counted by month first, keys are listed where the counts differ. A row that vanished gets deleted_at and
    keeps its history; a row that never came is read; a row that came back is current again.
    """

    def work(settings: RunnerSettings, execution: Execution, shown: Display) -> None:
        from ingest.reconcile import ReconcileRequest  # noqa: PLC0415
        from runner.work import reconcile_datasets  # noqa: PLC0415

        report = reconcile_datasets(ReconcileRequest(**options), settings, execution, shown)
        _build(settings, execution, shown)
        report.raise_problem()

    _perform("reconcile", load_settings(portal_url=portal_url), options, work, as_json)


@click.command(short_help="Remove landed versions that only repeat what was known.")
@dataset_option
@json_option
def compact(datasets: tuple[str, ...], as_json: bool) -> None:
    """Remove from the schema raw what says nothing new: versions that only repeat the one before, rows of broken loads.

    A distinct version stays, and so does the last one. The tables are what they were. It may be done beside a run.
    """

    def work(settings: RunnerSettings, execution: Execution, shown: Display) -> None:
        from runner.work import compact_tables  # noqa: PLC0415

        compact_tables(datasets, settings, execution, shown)

    _perform("compact", load_settings(), {"datasets": datasets}, work, as_json, beside=True)


def _land(
    settings: RunnerSettings,
    execution: Execution,
    shown: Display,
    since: date | None,
    until: date | None,
    datasets: tuple[str, ...],
    full_refresh: bool,
) -> LandingReport:
    from ingest.pipeline import LandingRequest  # noqa: PLC0415 - dlt takes a second to import, and help needs none
    from runner.work import land_datasets  # noqa: PLC0415

    return land_datasets(LandingRequest(datasets, since, until, full_refresh), settings, execution, shown)


def _build(
    settings: RunnerSettings,
    execution: Execution,
    shown: Display,
    select: tuple[str, ...] = (),
    full_refresh: bool = False,
) -> None:
    from runner.transform import TransformRequest  # noqa: PLC0415 - dbt takes two seconds to import
    from runner.work import build_tables  # noqa: PLC0415

    build_tables(TransformRequest(select, full_refresh), settings, execution, shown)


def _perform(
    command: str,
    settings: RunnerSettings,
    parameters: dict[str, Any],
    work: Work,
    as_json: bool,
    *,
    beside: bool = False,
) -> None:
    """The work on record, and its result shown, also where it failed: what was done until then counts."""
    logs.set_up(settings)
    masking = Masking.of(settings.secrets())
    started, execution = time.monotonic(), None
    given = {name: str(value) if isinstance(value, date) else value for name, value in parameters.items()}

    def show(error: CrashesError | None) -> None:
        summary = {**execution_summary(execution, error), "seconds": round(time.monotonic() - started, 1)}
        show_execution(masking.value(summary), as_json)

    try:
        parameters = {**given, "portal": settings.portal_url}
        with recorded(settings, command, parameters, beside=beside) as execution, display() as shown:
            work(settings, execution, shown)
    except CrashesError as error:
        show(error)
        raise
    show(None)
