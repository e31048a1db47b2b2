"""`crashes db roles`: roles with least rights, for a database that several share."""

from __future__ import annotations

import click

from runner.commands.options import json_option
from runner.database.roles import ROLES, Login, apply, as_text, plan, public_is_open
from runner.ledger.execution import ledger
from runner.settings import load_settings
from runner.terminal import print_json


@click.command(short_help="Make roles with least rights: loader, transformer, reader.")
@click.option("--dry-run", is_flag=True, help="Print the SQL, and do nothing.")
@json_option
def roles(dry_run: bool, as_json: bool) -> None:
    """Make the roles crashes_loader, crashes_transformer and crashes_reader, and give each what it needs and no more.

    Run it as the owner of the database, after the first `crashes run`, and again whenever the owner has built tables
    that these roles are to take over. It is safe at any time.

    A login that acts for one of them, so that what it makes belongs to the role:

    \b
      create role nightly_loader login password '…' in role crashes_loader;
      alter role nightly_loader set role = 'crashes_loader';
    """
    with ledger(load_settings()) as session:
        statements = plan(session)
        text = as_text(session, statements)
        if not dry_run:
            apply(session, statements)
        still_open = not dry_run and public_is_open(session)
    if as_json:
        logins = {role: Login(role).statements() for role in ROLES}
        print_json(
            {"applied": not dry_run, "roles": ROLES, "logins": logins, "sql": text, "public_is_open": still_open}
        )
        return
    if dry_run:
        click.echo("\n".join(["begin;", *text, "commit;"]))
        return
    if still_open:
        click.echo(
            "Anybody may still make tables in the schema public; its owner can end that: "
            "revoke create on schema public from public;",
            err=True,
        )
    for role, may in ROLES.items():
        click.echo(f"{role} {may}. A login for it:")
        for line in Login(role).statements():
            click.echo(f"  {line}")
