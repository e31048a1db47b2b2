"""The end of `./scripts/quickstart`: the main job, on the City's portal or, out of its reach, on the sample portal."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import click
from sample_portal.testing import running_portal

from ingest.datasets import all_datasets
from ingest.errors import CrashesError, IngestError
from ingest.soda import LOOPBACK, SodaClient, identity
from runner.cli import invoke
from runner.commands.results import table
from runner.database.reset import filled_from, reset
from runner.ledger.execution import ledger
from runner.report import database_summary
from runner.settings import RunnerSettings, load_settings
from runner.terminal import print_error

DAYS = 30
SAMPLE_CRASHES = 2_000
SAMPLE_SEED = 1
# How `ingest.soda` names the sample portal that this quickstart starts; the day of its newest crash follows.
SAMPLE = f"sample portal, {SAMPLE_CRASHES} crashes generated with seed {SAMPLE_SEED} as of "

NEXT = (
    ("crashes status", "rows, cursors and the last executions"),
    ("crashes db psql -c 'select * from quality.rule_violations limit 5'", "what was nulled or noted, and why"),
    ("dbt docs generate --static", "then open target/static_index.html: every column, and where it comes from"),
)


def main() -> int:
    """Exit code of the main job."""
    try:
        settings = load_settings()
        code = _main_job(settings)
        if code == 0:
            _show(settings)
    except CrashesError as error:
        print_error(error, verbose=False)
        return error.exit_code
    return code


def _main_job(settings: RunnerSettings) -> int:
    with ledger(settings) as session:
        source = filled_from(session)
    silence = _silence_of(settings)
    if silence is None:
        if source and source.startswith(SAMPLE) and identity(settings.portal_url) != LOOPBACK:
            click.echo("The portal answers now: the sample portal's made-up rows make room for real ones.")
            with ledger(settings) as session:
                reset(session)
        since = date.today() - timedelta(days=DAYS)
        click.echo(f"Landing the crashes since {since} from {settings.portal_url} …")
        return invoke(["run", "--since", since.isoformat()])
    if source and not source.startswith(SAMPLE):
        click.echo(f"{silence} The database keeps the rows that it has.")
        return invoke(["transform"])
    click.echo(f"{silence} Running on the sample portal instead, whose rows are made up.")
    as_of = source.removeprefix(SAMPLE) if source else f"{date.today() - timedelta(days=1)}"
    with running_portal(crashes=SAMPLE_CRASHES, seed=SAMPLE_SEED, as_of=as_of) as portal:
        return invoke(["run", "--portal", portal.url])


def _silence_of(settings: RunnerSettings) -> str | None:
    """Why the portal cannot be used, as a sentence; None when it answers."""
    client = SodaClient(settings.portal_url, attempts=1)
    try:
        client.extent(all_datasets()["crashes"].id, "the portal")
    except IngestError as error:
        return f"{error.message[0].upper()}{error.message[1:]}"
    finally:
        client.close()
    return None


def _show(settings: RunnerSettings) -> None:
    with ledger(settings) as session:
        summary = database_summary(session)
    columns = {"table": "left", "rows": "right", "newest crash": "left", "located": "right", "violations": "right"}
    rows = [
        [
            entry["table"],
            entry["rows"],
            entry["newest_crash"],
            None if entry["located_share"] is None else f"{entry['located_share']:.1%}",
            entry["violations"],
        ]
        for entry in summary
    ]
    click.echo("\nIn the database now:")
    table(columns, rows)
    click.echo(f"\nIt is {settings.database}. Next, after `source .venv/bin/activate`:")
    width = max(len(command) for command, _ in NEXT)
    for command, what in NEXT:
        click.echo(f"  {command:<{width}}  # {what}")


if __name__ == "__main__":
    sys.exit(main())
