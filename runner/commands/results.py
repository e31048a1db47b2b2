"""Tables and sentences of the commands. What they say is in `runner.report`; this decides only how it looks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click
from rich.table import Table

from runner.ledger.record import COUNTS
from runner.terminal import print_json, results, size


def show_execution(summary: dict[str, Any], as_json: bool) -> None:
    """The end of a run, failed or not. Where nothing had begun, the error says it all."""
    if as_json:
        print_json(summary)
    elif any(summary.get(done) for done in ("datasets", "compacted", "boundaries", "pruned", "sent_to")):
        if summary["datasets"]:
            _show_counts(summary)
        if summary["error"] is None:
            _show_success(summary)


def table(columns: dict[str, str], rows: list[list[Any]]) -> None:
    """A plain table on stdout; a column is `left` or `right`."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column, side in columns.items():
        drawn.add_column(column, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(cell(value) for value in row))
    results().print(drawn)


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


def _show_counts(summary: dict[str, Any]) -> None:
    columns = {"dataset": "left", **{count.replace("_", " "): "right" for count in COUNTS}}
    table(columns, [[name, *counts.values()] for name, counts in summary["datasets"].items()])


def _show_success(summary: dict[str, Any]) -> None:
    click.echo()
    if summary["nothing_new"]:
        click.echo("Nothing new: no row was inserted or updated.")
    for name, found in (summary["reconciled"] or {}).items():
        click.echo(
            f"{name}: {found['months_listed']} of {found['months']} months differed; "
            f"{found['vanished']} rows have vanished, {found['missing']} had not come and were read."
        )
    for name, removed in (summary["compacted"] or {}).items():
        rows = f"{removed['versions']:,} repetitions and {removed['uncommitted']:,} rows of broken loads removed"
        click.echo(f"{name}: {rows}; {size(removed['bytes'])} are free for what comes.")
    for name, outcome in (summary["boundaries"] or {}).items():
        click.echo(f"{name}: {outcome}")
    if pruned := summary["pruned"]:
        click.echo(f"{pruned['executions']:,} executions and {pruned['log_lines']:,} log lines were removed.")
    if sent_to := summary["sent_to"]:
        click.echo(f"Sent to {', '.join(sent_to)}.")
    for note in summary["notes"]:
        click.echo(f"Note: {note}")
    for sentence in summary["advice"]:
        click.echo(sentence)
    if warnings := summary["warnings"]:
        click.echo(f"Tests that warn: {', '.join(warnings)}.")
    click.echo(f"Execution {summary['execution_id']} completed in {summary['seconds']} s.")
