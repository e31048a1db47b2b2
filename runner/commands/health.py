"""`crashes health`: is all well?"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from runner.commands.options import json_option, portal_option
from runner.health import health as look
from runner.masking import Masking
from runner.settings import load_settings
from runner.terminal import print_json


@click.command(short_help="Is all well: database, portal, disk, schedule, jobs?")
@portal_option
@json_option
def health(portal_url: str | None, as_json: bool) -> int:
    """Look at the database, PostGIS, migrations, the portal, the disk, the schedule and the last executions.

    Exit code 0: all is well; 1: something is not, and what to do stands beside it.
    """
    settings = load_settings(portal_url=portal_url)
    checks = look(settings, datetime.now(UTC))
    well = all(check.well is not False for check in checks)
    masking = Masking.of(settings.secrets())
    if as_json:
        print_json(masking.value({"healthy": well, "checks": [asdict(check) for check in checks]}))
        return 0 if well else 1
    for check in checks:
        mark, colour = {True: ("ok", "green"), False: ("NOT OK", "red"), None: ("-", "white")}[check.well]
        click.echo(f"{click.style(f'{mark:7}', fg=colour)} {check.name:13} {masking.text(check.found)}")
        if check.remedy and check.well is False:
            click.echo(f"        → {masking.text(check.remedy)}")
    return 0 if well else 1
