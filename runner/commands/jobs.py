"""`crashes jobs`: the scheduled jobs and their executions. Editing a job is in `runner.commands.job_edits`."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import click

from runner import logs
from runner.commands import job_views
from runner.commands.job_edits import add, disable, edit, enable, remove
from runner.commands.options import json_option
from runner.commands.pipeline import showing
from runner.errors import LockHeldError, WrongUsageError
from runner.jobs import job as store
from runner.jobs import queue, report
from runner.jobs.carrying_out import carry_out
from runner.jobs.work import task_of
from runner.ledger.execution import ledger, lock_held, mark_abandoned
from runner.ledger.session import LedgerSession
from runner.progress import draws_bars
from runner.settings import load_settings
from runner.terminal import print_json

STATUSES = ("pending", "running", "completed", "failed", "cancelled", "timed_out", "abandoned")
CANCEL_PATIENCE = 30.0  # seconds


@click.group(short_help="Scheduled jobs and their executions: list, show, run, history, …")
def jobs() -> None:
    """Scheduled jobs, in Chicago time, and what became of their executions.

    `crashes scheduler` or `crashes tick` carries out what is due.
    """


for command in (add, edit, enable, disable, remove):
    jobs.add_command(command)


@jobs.command("list", short_help="All jobs: when they run, and how the last time went.")
@json_option
def list_jobs(as_json: bool) -> None:
    """All jobs: when they are due next, and how their last execution ended."""
    with ledger(load_settings()) as session:
        store.plan(session, datetime.now(UTC))
        found = [{**job.shown(), "last_execution": _last(session, job)} for job in store.all_jobs(session)]
    print_json(found) if as_json else job_views.show_jobs(found)


@jobs.command(short_help="A job and its next five runs; or an execution, explained.")
@click.argument("which", metavar="JOB|EXECUTION|last")
@click.option("--verbose", is_flag=True, help="With the traceback, and all the record holds.")
@click.option("--markdown", is_flag=True, help="An execution as Markdown, for the summary of a workflow run.")
@json_option
def show(which: str, verbose: bool, markdown: bool, as_json: bool) -> None:
    """A job by its name: what it does, and its next five runs. An execution by its number: what became of it."""
    now = datetime.now(UTC)
    with ledger(load_settings()) as session:
        mark_abandoned(session)
        if markdown or which.isdigit() or which.lower() == "last":
            found = report.explain(session, report.execution_id_of(session, which))
            if not verbose:
                found.pop("error_traceback")
            if as_json:
                print_json(found)
            elif markdown:
                click.echo(report.markdown(found))
            else:
                job_views.show_execution(found)
            return
        store.plan(session, now)
        job = store.find(session, which)
        coming = job.recurrence.coming(now, 5) if job.enabled else []
        task = task_of(job, now)
        found = {**job.shown(), "next_runs": coming, "does": f"crashes {task.command}", "with": task.parameters}
        last = report.history(session, job=job, limit=5)
    print_json({**found, "executions": last}) if as_json else job_views.show_job(found, last)


@jobs.command("run", short_help="Carry out a job now.")
@click.argument("name", metavar="JOB")
@click.option("--wait/--detach", default=True, help="Stay until it is done (the default), or leave it to itself.")
@json_option
def run_job(name: str, wait: bool, as_json: bool) -> None:
    """Carry out a job now, whether it is enabled or not, with its timeout. Its schedule stays as it is.

    While another run is at work: exit code 3; with --detach it waits for that run instead.
    """
    settings = load_settings()
    with ledger(settings) as session:
        job = store.find(session, name)
        task = task_of(job, datetime.now(UTC))
        if wait and not task.beside and session.lock_is_held():
            raise lock_held(session)
        execution_id = queue.put_in(session, job)
    if not wait:
        _detach(execution_id)
        print_json({"execution_id": execution_id}) if as_json else click.echo(
            f"Execution {execution_id} has begun: crashes jobs logs {execution_id} --follow"
        )
        return
    logs.set_up(settings, bars=draws_bars(settings))
    with showing(settings, as_json) as began:
        carry_out(settings, execution_id, began)


@jobs.command("carry-out", hidden=True)
@click.argument("execution_id", type=int)
@click.option("--wait", is_flag=True)
def carry_out_waiting(execution_id: int, wait: bool) -> None:
    """What the scheduler starts: one execution of the queue."""
    settings = load_settings()
    logs.set_up(settings)
    with showing(settings, as_json=False) as began:
        carry_out(settings, execution_id, began, wait=wait)


@jobs.command("history", short_help="The last executions.")
@click.argument("name", metavar="[JOB]", required=False)
@click.option("--status", type=click.Choice(STATUSES), help="Only those that ended so.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@json_option
def show_history(name: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """The last executions, newest first: of everything, or of one job."""
    with ledger(load_settings()) as session:
        mark_abandoned(session)
        job = store.find(session, name) if name else None
        found = report.history(session, job=job, status=status, limit=limit)
    print_json(found) if as_json else job_views.show_history(found)


@jobs.command("logs", short_help="What an execution logged.")
@click.argument("which", metavar="EXECUTION|JOB|last")
@click.option("--follow", "-f", is_flag=True, help="Go on until it is over.")
@json_option
def show_logs(which: str, follow: bool, as_json: bool) -> None:
    """What an execution logged, from the ledger; --json: one object a line."""
    with ledger(load_settings()) as session:
        execution_id = report.execution_id_of(session, which)
        last = 0
        while True:
            going_on = follow and report.is_open(session, execution_id)
            for line in report.log_lines(session, execution_id, last):
                last = line["log_id"]
                job_views.show_line(line, as_json)
            if not going_on:
                return
            time.sleep(0.5)
            mark_abandoned(session)


@jobs.command(short_help="Stop an execution that waits or runs.")
@click.argument("which", metavar="EXECUTION|JOB|last")
def cancel(which: str) -> None:
    """Stop an execution that waits or runs, on whatever machine: what it committed stays, and its record says so."""
    with ledger(load_settings()) as session:
        mark_abandoned(session)
        execution_id = report.execution_id_of(session, which)
        became = queue.cancel(session, execution_id)
        if became == "asked":
            became = _awaited(session, execution_id)
    if became == "running":
        raise LockHeldError(
            f"Execution {execution_id} was asked to stop and has not yet.",
            remedy=f"See `crashes jobs show {execution_id}` in a moment.",
        )
    if became != "cancelled":
        raise WrongUsageError(
            f"Execution {execution_id} ended before it could be stopped: {became}.", remedy="There is nothing to stop."
        )
    click.echo(f"Execution {execution_id} is cancelled.")


def _awaited(session: LedgerSession, execution_id: int) -> str:
    deadline = time.monotonic() + CANCEL_PATIENCE
    while True:
        ((status,),) = session.execute("select status from ops.job_executions where execution_id = %s", [execution_id])
        if status != "running" or time.monotonic() > deadline:
            return str(status)
        time.sleep(0.2)


def _last(session: LedgerSession, job: store.Job) -> dict[str, Any] | None:
    found = report.history(session, job=job, limit=1)
    return found[0] if found else None


def _detach(execution_id: int) -> None:
    """A process of its own, that outlives this one and its terminal."""
    subprocess.Popen(
        [sys.executable, "-m", "runner.cli", "jobs", "carry-out", str(execution_id), "--wait"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
