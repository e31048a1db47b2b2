"""`crashes scheduler` and `crashes tick`: what carries out the jobs, for ever or once."""

from __future__ import annotations

import click

from runner import logs
from runner.commands.options import json_option
from runner.errors import LockHeldError
from runner.jobs.scheduler import Scheduler
from runner.settings import load_settings
from runner.terminal import print_json


@click.command(short_help="Carry out jobs when they are due, until stopped.")
@click.option("--interval", type=click.FloatRange(min=1), default=60, show_default=True, help="Seconds between looks.")
def scheduler(interval: float) -> None:
    """Carry out jobs when they are due, until stopped. Several schedulers may run: none does another's work again.

    It retries what failed, marks what died, stops what takes too long, and tells people (mail, webhook).
    """
    settings = load_settings()
    logs.set_up(settings)
    try:
        Scheduler(settings).loop(interval)
    except KeyboardInterrupt:
        click.echo("The scheduler has stopped; what it had started has closed its record.", err=True)


@click.command(short_help="Carry out what is due now, once: for cron and CI.")
@click.option("--wait", is_flag=True, help="Wait for another run that is at work, and for retries of what fails here.")
@json_option
def tick(wait: bool, as_json: bool) -> int:
    """Carry out what is due now, one after the other, and return. What was missed while nothing ran is run once.

    Exit code 0: all done, or nothing due. 1: something failed. 3: something waits, for another run is at work.
    """
    settings = load_settings()
    logs.set_up(settings)
    worker = Scheduler(settings)
    worker.tick(wait=wait)
    if as_json:
        ended = [{"execution_id": number, "exit_code": code} for number, (_, code) in worker.ended.items()]
        print_json({"executions": ended, "waits": worker.held_up})
    elif not worker.ended and worker.held_up is None:
        click.echo("Nothing is due.")
    if worker.held_up is not None:
        raise LockHeldError(worker.held_up, remedy="The next tick carries it out; --wait waits for it.")
    return 1 if worker.failed else 0
