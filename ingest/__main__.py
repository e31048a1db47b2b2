"""`python -m ingest`: the dlt pipeline by hand, without the runner's record. `dbt build` is the other half."""

from __future__ import annotations

import logging
import sys
from datetime import datetime

import click

from ingest.datasets import all_datasets
from ingest.errors import CrashesError
from ingest.pipeline import LandingReport, LandingRequest, land
from ingest.settings import load_settings

_DATE = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--dataset", "datasets", multiple=True, type=click.Choice(list(all_datasets())), help="only this one")
@click.option("--since", type=_DATE, help="crash dates from this day on; the cursor stays where it is")
@click.option("--until", type=_DATE, help="crash dates up to and including this day")
@click.option("--full-refresh", is_flag=True, help="read everything again, from the very beginning")
@click.option("--portal", "portal_url", help="another portal than CRASHES_PORTAL_URL")
def main(
    datasets: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    full_refresh: bool,
    portal_url: str | None,
) -> None:
    """Land what the portal has and `raw` has not. `dbt build` makes the tables of it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    request = LandingRequest(
        datasets, since.date() if since else None, until.date() if until else None, full_refresh=full_refresh
    )
    try:
        settings = load_settings(portal_url=portal_url)
        _start_embedded_cluster()
        report = land(request, settings)
        _print(report)
        report.raise_problem()
    except CrashesError as error:
        click.echo(f"Error: {error.message}\n→ {error.remedy}", err=True)
        sys.exit(error.exit_code)


def _start_embedded_cluster() -> None:
    """Entry points may know both halves; the packages behind them do not."""
    from runner.database.connection import ready  # noqa: PLC0415
    from runner.settings import load_settings as load_runner_settings  # noqa: PLC0415

    ready(load_runner_settings())


def _print(report: LandingReport) -> None:
    for name, dataset in report.datasets.items():
        cursor = f", cursor at {dataset.cursor_after.updated_at}" if dataset.cursor_after else ""
        click.echo(f"{name}: {dataset.rows:,} rows in {dataset.pages} pages ({dataset.mode}){cursor}")
        for note in dataset.notes:
            click.echo(f"  {note}")
    loads = ", ".join(report.load_ids) or "none, the portal has nothing new"
    click.echo(f"committed loads: {loads}")


if __name__ == "__main__":
    main()
