"""What people and machines see: results on stdout, everything else on stderr, an error as one sentence and a remedy."""

from __future__ import annotations

import json
import traceback
from typing import Any

import click
from rich.console import Console

from ingest.errors import CrashesError
from runner.masking import Masking


def results() -> Console:
    """Where tables go. Wide where it is no terminal, so that a table in a log or a pipe is not folded."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)


def notices() -> Console:
    """Where progress and logs go."""
    return Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One object on stdout, for machines."""
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def print_error(error: CrashesError, *, verbose: bool, masking: Masking | None = None) -> None:
    """`Error: what happened, to what` and the remedy below it."""
    masking = masking or Masking()
    if verbose:
        click.echo(masking.text("".join(traceback.format_exception(error))), err=True)
    click.echo(f"{click.style('Error:', fg='red', bold=True)} {masking.text(str(error))}", err=True)
    click.echo(f"{click.style('→', bold=True)} {masking.text(error.remedy)}", err=True)


def size(count: int | None) -> str:
    """A number of bytes as people say it."""
    amount = float(count or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
