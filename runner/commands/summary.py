"""`crashes summary`: one day against the usual, on the terminal or by mail."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime

import click

from runner.commands.options import Day, json_option
from runner.ledger.execution import ledger, recorded
from runner.settings import load_settings
from runner.summary import render
from runner.summary.figures import summary as summarise
from runner.summary.sending import send_summary
from runner.terminal import print_json


@click.command(short_help="A day's crashes, injuries and deaths against the usual; by mail with --send.")
@click.option("--date", "day", type=Day(), help="The day. Default: yesterday in Chicago.")
@click.option(
    "--send", is_flag=True, help="Send it by mail (CRASHES_SMTP_HOST, CRASHES_MAIL_TO) instead of showing it."
)
@json_option
def summary(day: date | None, send: bool, as_json: bool) -> None:
    """Tell of one day: crashes, injured and killed against the usual, the worst places, and how good the data is."""
    settings, now = load_settings(), datetime.now(UTC)
    if not send:
        with ledger(settings) as session:
            found = summarise(session, day, now)
        if as_json:
            print_json(asdict(found))
        else:
            click.echo(render.text(found), nl=False)
        return
    with recorded(settings, "summary", {"day": day and day.isoformat()}, beside=True) as execution:
        found, sent_to = send_summary(settings, execution.session, day, now)
        execution.context["sent_to"] = sent_to
    if as_json:
        print_json({**asdict(found), "execution_id": execution.execution_id, "sent_to": sent_to})
    else:
        click.echo(f"Sent to {', '.join(sent_to)}: {render.subject(found)}")
