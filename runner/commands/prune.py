"""`crashes prune`: old executions and their logs go."""

from __future__ import annotations

from typing import Any

import click

from runner.commands.options import json_option
from runner.commands.pipeline import perform
from runner.settings import load_settings
from runner.tasks import Task


@click.command(short_help="Remove executions and logs that are older than they are kept.")
@click.option("--executions-days", type=click.IntRange(1), help="Instead of CRASHES_KEEP_EXECUTIONS_DAYS.")
@click.option("--logs-days", type=click.IntRange(1), help="Instead of CRASHES_KEEP_LOGS_DAYS.")
@json_option
def prune(as_json: bool, **options: Any) -> None:
    """Remove executions that are older than they are kept, with their dbt nodes, and older lines of their logs.

    What is open stays, and so does the last completed execution of each command and job. No table of data is touched.
    """
    perform(Task("prune", options), load_settings(), as_json)
