"""Options that several commands share, and the types behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

from ingest.datasets import all_datasets
from runner.errors import WrongUsageError

F = TypeVar("F", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A calendar day."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date; give one as YYYY-MM-DD, such as 2026-01-31", param, ctx)


def dataset_option(command: F) -> F:
    return click.option(
        "--dataset",
        "datasets",
        multiple=True,
        type=click.Choice(list(all_datasets())),
        help="Only this dataset; may be given several times.",
    )(command)


def portal_option(command: F) -> F:
    return click.option("--portal", "portal_url", metavar="URL", help="Another portal than CRASHES_PORTAL_URL.")(
        command
    )


def landing_options(command: F) -> F:
    """What `crashes run` and `crashes ingest` have in common."""
    for option in (
        portal_option,
        click.option("--until", type=Day(), help="Crashes up to this day, included."),
        click.option("--since", type=Day(), help="Crashes from this day on. The cursor of the increments stays."),
        dataset_option,
    ):
        command = option(command)
    return command


def wait_option(command: F) -> F:
    return click.option("--wait", is_flag=True, help="Wait while another run is at work, instead of giving up.")(
        command
    )


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout instead of text.")(command)


def check_window(since: date | None, until: date | None) -> None:
    if since and until and since > until:
        raise WrongUsageError(
            f"--since {since} is after --until {until}.", remedy="Swap them: both days are included in what is read."
        )
