"""`crashes db reset`: an empty database again."""

from __future__ import annotations

import click

from runner.database.reset import SCHEMAS, filled_from
from runner.database.reset import reset as empty
from runner.ledger.execution import ledger
from runner.settings import load_settings


@click.command(short_help="Empty it: drop all that was landed and built.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Empty the database: drop all that was landed and built. The record of executions stays.

    Only the portal can bring it back, and no portal brings back versions that it has since replaced.
    """
    settings = load_settings()
    with ledger(settings) as session:
        if not yes:
            click.confirm(
                f"Drop the schemas {', '.join(SCHEMAS)} of {settings.database} with all that is in them "
                f"(rows of: {filled_from(session) or 'no portal'})?",
                abort=True,
            )
        empty(session)
    click.echo(f"Empty: {settings.database}")
