"""The command line, `crashes`: parses, calls, and turns every foreseeable fault into a sentence and an exit code.

The commands are in `runner.commands`. dlt and dbt take seconds to import, so only the commands that use them do.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Sequence

import click

from ingest.errors import CrashesError
from runner import logs
from runner.commands.data import data
from runner.commands.db import db
from runner.commands.health import health
from runner.commands.jobs import jobs
from runner.commands.layers import layers
from runner.commands.pipeline import boundaries, compact, ingest, reconcile, run, transform
from runner.commands.portal import portal
from runner.commands.prune import prune
from runner.commands.questions import near, within
from runner.commands.scheduling import scheduler, tick
from runner.commands.stats import stats
from runner.commands.status import status
from runner.commands.summary import summary
from runner.commands.validate import validate
from runner.commands.version import version
from runner.errors import CancelledError, UnexpectedError, WrongUsageError
from runner.logs import keep_traceback
from runner.masking import Masking
from runner.settings import load_settings
from runner.terminal import print_error


@click.group(
    help="City of Chicago crash data: dlt lands it, dbt transforms it, PostGIS stores it.",
    epilog="Every variable that configures this is in README.md; `crashes status` shows those in force.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
def crashes() -> None:
    """The group; its help is above, for this docstring is for us."""


COMMANDS = (
    run,
    ingest,
    transform,
    validate,
    reconcile,
    compact,
    boundaries,
    layers,
    stats,
    near,
    within,
    summary,
    status,
    health,
    jobs,
    scheduler,
    tick,
    prune,
    data,
    db,
    portal,
    version,
)
for command in COMMANDS:
    crashes.add_command(command)


def main() -> None:
    """Entry point of the console script."""
    code = invoke(sys.argv[1:])
    if all(thread.daemon or thread is threading.main_thread() for thread in threading.enumerate()):
        sys.exit(code)
    # A thread still waits, for a portal that hangs or a query: Python would wait for it, and nobody wants its answer.
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def invoke(arguments: Sequence[str]) -> int:
    """Runs one command line; returns its exit code."""
    try:
        code = crashes.main(
            args=list(arguments), prog_name="crashes", standalone_mode=False, auto_envvar_prefix="CRASHES"
        )
    except CrashesError as error:
        return _failed(error)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WrongUsageError.exit_code
    except click.UsageError as error:
        return _failed(_as_wrong_usage(error))
    except (click.Abort, KeyboardInterrupt):
        return _failed(CancelledError("Cancelled.", remedy="Nothing had begun; run the same command again."))
    except Exception as fault:
        return _failed(_unforeseen(fault))
    return code if isinstance(code, int) else 0


def _failed(error: CrashesError) -> int:
    try:
        settings = load_settings()
    except CrashesError:  # it is what we are about to tell
        print_error(error, verbose=False)
    else:
        masking = Masking.of(settings.secrets())
        if settings.log_format == "json":
            logs.say_error(error, masking)
        else:
            print_error(error, verbose=settings.log_level == "DEBUG", masking=masking)
    return error.exit_code


def _as_wrong_usage(error: click.UsageError) -> WrongUsageError:
    """In the form of all other errors; click's own names the option and the valid choices."""
    path = error.ctx.command_path if error.ctx else "crashes"
    message = error.format_message()
    return WrongUsageError(message if message.endswith(".") else f"{message}.", remedy=f"See `{path} --help`.")


def _unforeseen(fault: Exception) -> UnexpectedError:
    try:
        file = keep_traceback(load_settings(), fault)
    except CrashesError:
        file = None
    error = UnexpectedError(
        f"{type(fault).__name__}: {str(fault).strip() or 'no message'}",
        remedy=f"Not foreseen. {file or 'LOG_LEVEL=DEBUG'} shows where it happened; please report it.",
    )
    error.__cause__ = fault
    return error


if __name__ == "__main__":
    main()
