"""`crashes stats`: how many crashes, injuries and deaths, by day, week, hour or cause."""

from __future__ import annotations

import csv
import sys
from datetime import date

import click
from rich.bar import Bar
from rich.table import Table

from runner.commands.options import Day, json_option
from runner.commands.results import cell, table
from runner.errors import WrongUsageError
from runner.ledger.execution import ledger
from runner.settings import load_settings
from runner.stats import COUNTS, KINDS, Stats
from runner.stats import stats as count
from runner.terminal import print_json, results


@click.command(short_help="Crashes, injuries and deaths by day, week, hour or cause.")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--from", "since", type=Day(), help="First day, included. Default: 30 days up to the newest crash.")
@click.option("--to", "until", type=Day(), help="Last day, included. Default: the day of the newest crash.")
@click.option(
    "--group-by",
    "group_by",
    multiple=True,
    type=click.Choice(["type", "weather", "cause", "severity"]),
    help="One row for each of these as well; may be given several times.",
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values on stdout, with a header.")
@click.option("--chart", is_flag=True, help="A bar for each row: how many crashes.")
def stats(
    kind: str,
    since: date | None,
    until: date | None,
    group_by: tuple[str, ...],
    as_json: bool,
    as_csv: bool,
    chart: bool,
) -> None:
    """Count crashes, injuries and deaths, by the crash reports' own figures. Rows that vanished are left out."""
    _check(kind, since, until, group_by, as_json + as_csv + chart)
    with ledger(load_settings()) as session:
        found = count(session, kind, since, until, group_by)
    if as_json:
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        print_json({"kind": kind, "from": found.since, "to": found.until, "rows": rows})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([found.columns, *found.rows])
    elif not found.rows:
        click.echo(
            f"No crash from {found.since} to {found.until}; there are crashes from {found.first} to {found.last}."
        )
    elif chart:
        _show_chart(found)
    else:
        numbers = (*COUNTS, "severity_score", "hour")
        sides = {name.replace("_", " "): "right" if name in numbers else "left" for name in found.columns}
        table(sides, found.rows)


def _check(kind: str, since: date | None, until: date | None, group_by: tuple[str, ...], forms: int) -> None:
    if since and until and since > until:
        raise WrongUsageError(f"--from {since} is after --to {until}.", remedy="Swap them: both days are included.")
    if forms > 1:
        raise WrongUsageError("--json, --csv and --chart are three forms of one answer.", remedy="Ask for one of them.")
    if unknown := [group for group in group_by if group not in KINDS[kind].groups]:
        valid = ", ".join(KINDS[kind].groups)
        raise WrongUsageError(
            f"{kind} statistics cannot be grouped by {unknown[0]}.",
            remedy=f"Group by {valid}." if valid else "Leave out --group-by, or ask for daily ones.",
        )


def _show_chart(found: Stats) -> None:
    """As wide as the terminal; the longest bar is the most crashes."""
    groups = len(found.columns) - len(COUNTS)
    most = max(row[groups] for row in found.rows)
    drawn = Table(box=None, pad_edge=False, show_header=False, expand=True)
    for _ in range(groups):
        drawn.add_column(no_wrap=True)
    drawn.add_column(justify="right")
    drawn.add_column(ratio=1)
    for row in found.rows:
        drawn.add_row(*map(cell, row[:groups]), cell(row[groups]), Bar(most, 0, row[groups]))
    results().print(drawn)
