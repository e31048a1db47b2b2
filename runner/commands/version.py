"""`crashes version`."""

from __future__ import annotations

import click

from runner.ledger.surroundings import git_revision, versions
from runner.terminal import print_json


@click.command(short_help="Versions of this project and of what it stands on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def version(as_json: bool) -> None:
    """Versions of this project and of what it stands on."""
    found = {"git_revision": git_revision(), **versions()}
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name:24} {value or 'not in git'}")
