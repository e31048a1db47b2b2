"""`crashes run`, its two halves `ingest` and `transform`, `reconcile` and `compact`: each on record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import click

from ingest.errors import CrashesError
from runner import logs
from runner.commands.options import (
    check_window,
    dataset_option,
    json_option,
    landing_options,
    portal_option,
    wait_option,
)
from runner.commands.results import show_execution
from runner.ledger.execution import recorded
from runner.ledger.record import Execution
from runner.masking import Masking
from runner.progress import display, draws_bars
from runner.report import execution_summary
from runner.settings import RunnerSettings, load_settings
from runner.tasks import Task


@click.command(short_help="Land what is new on the portal, build and test the tables.")
@landing_options
@click.option("--full-refresh", is_flag=True, help="Read everything again, and build every table from the beginning.")
@wait_option
@json_option
def run(portal_url: str | None, wait: bool, as_json: bool, **options: Any) -> None:
    """Land what is new on the portal with dlt, build and test the tables with dbt. This is the main job.

    Without options: all four datasets, from where the last run stopped.
    """
    check_window(options["since"], options["until"])
    perform(Task("run", recordable(options)), load_settings(portal_url=portal_url), as_json, wait=wait)


@click.command(short_help="Only land: the portal's new rows into the schema raw.")
@landing_options
@click.option("--full-refresh", is_flag=True, help="Read everything again, from the very beginning.")
@wait_option
@json_option
def ingest(portal_url: str | None, wait: bool, as_json: bool, **options: Any) -> None:
    """Land what is new on the portal into the schema raw, with dlt. The first half of `crashes run`."""
    check_window(options["since"], options["until"])
    perform(Task("ingest", recordable(options)), load_settings(portal_url=portal_url), as_json, wait=wait)


@click.command(short_help="Only build and test the tables from what has landed.")
@click.option("--select", multiple=True, metavar="NODES", help="Only these, in dbt's syntax, such as +crashes+.")
@click.option("--full-refresh", is_flag=True, help="Build every table from the beginning.")
@wait_option
@json_option
def transform(wait: bool, as_json: bool, **options: Any) -> None:
    """Build and test the tables from what has landed, with dbt. The second half of `crashes run`."""
    perform(Task("transform", recordable(options)), load_settings(), as_json, wait=wait)


@click.command(short_help="Find rows that vanished from the portal, and rows that never came.")
@dataset_option
@portal_option
@click.option("--every-month", is_flag=True, help="List all keys, also of months whose counts agree.")
@click.option("--accept-mass-deletion", is_flag=True, help="Mark rows as deleted, however many have vanished.")
@wait_option
@json_option
def reconcile(portal_url: str | None, wait: bool, as_json: bool, **options: Any) -> None:
    """Compare what has landed with what the portal has, and bring the tables in line.

    Rows are counted by month first, keys are listed where the counts differ. A row that vanished gets deleted_at and
    keeps its history; a row that never came is read; a row that came back is current again.
    """
    perform(Task("reconcile", recordable(options)), load_settings(portal_url=portal_url), as_json, wait=wait)


@click.command(short_help="Remove landed versions that only repeat what was known.")
@dataset_option
@json_option
def compact(as_json: bool, **options: Any) -> None:
    """Remove from the schema raw what says nothing new: versions that only repeat the one before, rows of broken loads.

    A distinct version stays, and so does the last one. The tables are what they were. It may be done beside a run.
    """
    perform(Task("compact", recordable(options)), load_settings(), as_json)


@click.command(short_help="Land the City's boundaries: wards, community areas, beats, districts, tracts.")
@portal_option
@wait_option
@json_option
def boundaries(portal_url: str | None, wait: bool, as_json: bool) -> None:
    """Land the City's own boundaries as layers, and give every crash its ward, community area, beat, district, tract.

    One that has not changed costs a small request. Layers of your own: crashes layers.
    """
    perform(Task("boundaries"), load_settings(portal_url=portal_url), as_json, wait=wait)


def recordable(options: dict[str, Any]) -> dict[str, Any]:
    """As the record keeps it: days as text."""
    return {name: str(value) if isinstance(value, date) else value for name, value in options.items()}


def perform(task: Task, settings: RunnerSettings, as_json: bool, *, wait: bool = False) -> None:
    """The task on record, and its result shown."""
    logs.set_up(settings, bars=draws_bars(settings))
    parameters = {**task.parameters, "portal": settings.portal_url}
    with (
        showing(settings, as_json) as began,
        recorded(settings, task.command, parameters, beside=task.beside, wait=wait) as execution,
        display(settings) as shown,
    ):
        began(execution)
        task.carry_out(settings, execution, shown)


@contextmanager
def showing(settings: RunnerSettings, as_json: bool) -> Iterator[Callable[[Execution], None]]:
    """At its end, what became of the execution that the block told of; also where it failed: what was done counts."""
    masking = Masking.of(settings.secrets())
    started = time.monotonic()
    execution: Execution | None = None

    def began(begun: Execution) -> None:
        nonlocal execution
        execution = begun

    def show(error: CrashesError | None) -> None:
        summary = {**execution_summary(execution, error), "seconds": round(time.monotonic() - started, 1)}
        show_execution(masking.value(summary), as_json)

    try:
        yield began
    except CrashesError as error:
        show(error)
        raise
    show(None)
