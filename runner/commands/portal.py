"""`crashes portal serve`: the sample portal, the stand-in for the City's where there is no internet."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from runner.errors import WrongUsageError


@click.group(short_help="The sample portal: serve.")
def portal() -> None:
    """The sample portal: a SODA 2.1 server over HTTP on this machine, with given or generated rows."""


@portal.command(short_help="Serve given or generated rows until interrupted.")
@click.option(
    "--rows", type=click.Path(path_type=Path), metavar="DIR", help="A folder with crashes.jsonl and the others."
)
@click.option("--crashes", type=click.IntRange(min=0), help="Generate that many crashes, and what belongs to them.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other rows.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback only.")
@click.option("--port", type=click.IntRange(0, 65535), default=8899, show_default=True, help="0 takes any free one.")
def serve(rows: Path | None, crashes: int | None, seed: int, host: str, port: int) -> None:
    """Serve given or generated rows until interrupted; then: crashes run --portal http://127.0.0.1:8899"""
    if (rows is None) == (crashes is None):
        raise WrongUsageError(
            "Say what to serve, and one thing only.",
            remedy="Give --rows DIR, or --crashes 1000 to generate some.",
        )
    served = ["--rows", str(rows)] if rows is not None else ["--crashes", str(crashes), "--seed", str(seed)]
    command = [sys.executable, "-m", "sample_portal", "--host", host, "--port", str(port), *served]
    os.execv(command[0], command)  # noqa: S606 - no shell
