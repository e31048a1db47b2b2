"""`crashes data delete`: rows of a final table, and what hangs on them, taken out by hand."""

from __future__ import annotations

import sys
from datetime import date

import click

from ingest.datasets import all_datasets
from runner import logs
from runner.commands.options import Day, json_option, wait_option
from runner.database.data_deletion import Selection, delete, extent, following, found, ways_back
from runner.errors import WrongUsageError
from runner.ledger.execution import ledger, recorded
from runner.settings import load_settings
from runner.terminal import print_json


@click.group(short_help="The rows of the final tables: delete.")
def data() -> None:
    """The rows of the final tables."""


@data.command("delete", short_help="Take rows out of a final table, by crash date.")
@click.argument("table", type=click.Choice(list(all_datasets())))
@click.option("--from", "since", type=Day(), help="First day of the crash dates, included.")
@click.option("--to", "until", type=Day(), help="Last day, included.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@wait_option
@json_option
def delete_rows(table: str, since: date | None, until: date | None, yes: bool, wait: bool, as_json: bool) -> None:
    """Take rows out of a final table, by crash date (Chicago's days). A crash takes its people and vehicles with it.

    Shows how many first, and asks. What has landed stays in raw: the rows can be brought back, and are when a later run
    reads them again. A crash that the portal corrects meanwhile comes back without its people and vehicles, until its
    days are brought back. Each deletion is on record in ops.data_deletions.
    """
    selection = _selection(table, since, until)
    settings = load_settings()
    with ledger(settings) as session:
        counts = found(session, selection)
        follow = following(session, selection)
        first, last = extent(session, table)
    if not any(counts.values()):
        _show_nothing(selection, first, last, as_json)
        return
    if not yes:
        _ask(selection, counts, follow, (first, last))
    logs.set_up(settings)
    parameters = {"table": table, "from": since and str(since), "to": until and str(until)}
    with recorded(settings, "data delete", parameters, wait=wait) as execution:
        removed = delete(settings, execution.execution_id, selection)
        execution.context["deleted"] = removed
    if as_json:
        print_json(
            {
                "execution_id": execution.execution_id,
                "deleted": removed,
                "gone_with_them": follow,
                "bring_back_with": ways_back(selection),
            }
        )
        return
    click.echo(f"Deleted: {_said(removed)}. On record as execution {execution.execution_id}.")
    click.echo("Bring them back with:")
    for way in ways_back(selection):
        click.echo(f"  {way}")


def _selection(table: str, since: date | None, until: date | None) -> Selection:
    if since is None and until is None:
        raise WrongUsageError(
            "Which days? Nothing is deleted without a range.",
            remedy="Give --from, --to or both; to empty everything: crashes db reset.",
        )
    if since and until and since > until:
        raise WrongUsageError(f"--from {since} is after --to {until}.", remedy="Swap them: both days are included.")
    return Selection(table, since, until)


def _show_nothing(selection: Selection, first: date | None, last: date | None, as_json: bool) -> None:
    there = f"the table has rows from {first} to {last}" if first else "the table is empty"
    if as_json:
        deleted = dict.fromkeys(selection.tables, 0)
        print_json({"execution_id": None, "deleted": deleted, "first_day": first, "last_day": last})
    else:
        click.echo(f"marts.{selection.table} has no row {selection.days()}; {there}. Nothing was deleted.")


def _ask(
    selection: Selection, counts: dict[str, int], follow: dict[str, int], days: tuple[date | None, date | None]
) -> None:
    click.echo(f"To be deleted, {selection.days()}: {_said(counts)}.", err=True)
    click.echo(
        f"What is made of them goes too: {', '.join(f'{n:,} of {name}' for name, n in follow.items())}.", err=True
    )
    click.echo(f"marts.{selection.table} has rows from {days[0]} to {days[1]}.", err=True)
    if not sys.stdin.isatty():
        raise WrongUsageError("Nobody is there to be asked.", remedy="Add --yes if this is what you want.")
    click.confirm("Delete them?", abort=True, err=True)


def _said(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{count:,} {'row' if count == 1 else 'rows'} of marts.{table}" for table, count in reversed(counts.items())
    )
