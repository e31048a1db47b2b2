"""`crashes status`: what is in the tables, how it came there, and with which settings."""

from __future__ import annotations

from typing import Any

import click

from runner import report
from runner.commands.options import json_option
from runner.commands.results import table
from runner.ledger.execution import ledger
from runner.settings import load_settings
from runner.terminal import print_json


@click.command(short_help="What is in the tables, the last executions, the settings in force.")
@json_option
def status(as_json: bool) -> None:
    """What is in the tables, the last executions, where the database is, the settings in force (secrets masked)."""
    settings = load_settings()
    with ledger(settings) as session:
        found = report.status(session, settings)
    if as_json:
        print_json(found)
        return
    _show_datasets(found["datasets"])
    _show_executions(found["executions"])
    _show_schema_changes(found["schema_changes"])
    for sentence in found["advice"]:
        click.echo(f"\n{sentence}")
    kind = "embedded" if found["embedded"] else "server"
    click.echo(f"\nDatabase ({kind}): {found['database']}\n\nSettings:")
    for name, value in found["settings"].items():
        click.echo(f"  {name:26} {value or '-'}")


def _show_datasets(datasets: dict[str, dict[str, Any]]) -> None:
    columns = ("newest crash", "newest portal update", "published", "cursor", "last load")
    shown = ("rows", "newest_crash", "newest_portal_update", "published", "cursor", "last_load")
    table(
        {"dataset": "left", "rows": "right", **dict.fromkeys(columns, "left")},
        [[name, *(dataset[key] for key in shown)] for name, dataset in datasets.items()],
    )


def _show_executions(executions: list[dict[str, Any]]) -> None:
    click.echo("\nLast executions:" if executions else "\nNothing has been executed yet: try `crashes run`.")
    shown = ("execution_id", "command", "status", "started_at", "seconds", "fetched", "inserted", "updated")
    left = ("command", "status", "started_at")
    if executions:
        table(
            {
                ("id" if key == "execution_id" else key.removesuffix("_at")): "left" if key in left else "right"
                for key in shown
            },
            [[each[key] for key in shown] for each in executions],
        )
    for each in executions:
        if each["error_message"]:
            click.echo(f"  {each['execution_id']}: {each['error_message']}\n     → {each['error_remedy']}")


def _show_schema_changes(changes: list[dict[str, Any]]) -> None:
    if not changes:
        return
    click.echo("\nThe portal's columns differ from the declared ones:")
    for each in changes:
        how = {"new": f"new, {each['served']}", "missing": "missing", "renamed": f"renamed to {each['served']}?"}
        said = how.get(each["change"], f"{each['declared']} before, {each['served']} now")
        click.echo(f"  {each['dataset']}.{each['column']}: {said} (since {each['first_seen_at']:%Y-%m-%d})")
        click.echo(f"     → {each['remedy']}")
