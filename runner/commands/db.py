"""`crashes db`: the database in use. up and down are for the embedded one; psql and env for any."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import asdict

import click

from ingest.settings import DatabaseSettings
from runner.commands.reset import reset
from runner.commands.roles import roles
from runner.database.binaries import find_installation
from runner.database.connection import ready, server_status
from runner.errors import PostgresMissingError, WrongUsageError
from runner.settings import RunnerSettings, load_settings
from runner.terminal import print_json, size


@click.group(short_help="The database: up, down, status, psql, env, reset, roles.")
def db() -> None:
    """The database in use: the embedded one, or the server named by CRASHES_DB_HOST or CRASHES_DATABASE_URL."""


db.add_command(reset)
db.add_command(roles)


@db.command(short_help="Start the embedded database; make it, if need be.")
def up() -> None:
    """Start the embedded database; make it, if need be. Other commands do this by themselves."""
    settings = _embedded("start")
    settings.cluster.ensure_up()
    click.echo(f"The embedded database is up: {settings.cluster.socket}")


@db.command(short_help="Stop the embedded database. Its data stays.")
def down() -> None:
    """Stop the embedded database. Its data stays, and the next command that needs it starts it again."""
    settings = _embedded("stop")
    stopped = settings.cluster.down()
    click.echo("The embedded database is down." if stopped else "The embedded database was not running.")


@db.command(short_help="Where the database is, and whether it answers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def status(as_json: bool) -> int:
    """Where the database is, and whether it answers. Starts nothing; exit code 1 when it is down."""
    settings = load_settings()
    if settings.database.embedded:
        shown = {"kind": "embedded", **asdict(settings.cluster.status())}
    else:
        shown = {"kind": "server", **server_status(settings.database)}
    if as_json:
        print_json(shown)
    else:
        for name, value in shown.items():
            text = size(value) if name == "bytes" and isinstance(value, int) else value
            click.echo(f"{name:10} {'-' if text is None else text}")
    return 0 if shown["running"] else 1


@db.command(
    short_help="Open psql on it; further arguments go to psql.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the database. Further arguments go to psql: crashes db psql -c 'select 1'."""
    settings = load_settings()
    ready(settings)
    program = shutil.which("psql") or find_installation().program("psql")
    if not os.access(program, os.X_OK):
        raise PostgresMissingError("psql is not installed.", remedy="apt-get install postgresql-client")
    os.execve(program, ["psql", *arguments], {**os.environ, **_libpq(settings.database)})  # noqa: S606 - no shell


@db.command(short_help="Print it as variables for other tools.")
def env() -> None:
    """Print the database as variables for other tools: eval "$(crashes db env)"."""
    settings = load_settings()
    ready(settings)
    for name, value in {**_libpq(settings.database), **settings.database.environment()}.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _libpq(database: DatabaseSettings) -> dict[str, str]:
    """In the environment, never among the arguments, which every user of the machine can read."""
    variables = {
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGDATABASE": database.name,
        "PGUSER": database.user,
        "PGPASSWORD": database.password.get_secret_value(),
        "PGSSLMODE": database.sslmode or "",
    }
    return {name: value for name, value in variables.items() if value}


def _embedded(verb: str) -> RunnerSettings:
    settings = load_settings()
    if not settings.database.embedded:
        raise WrongUsageError(
            f"The database is the server {settings.database}, which is not ours to {verb}.",
            remedy="Unset CRASHES_DB_HOST and CRASHES_DATABASE_URL to use the embedded database.",
        )
    return settings
