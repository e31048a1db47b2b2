"""`crashes jobs add, edit, enable, disable, remove`: what a person decides about a job."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import click

from ingest.datasets import all_datasets
from runner.commands.job_views import show_job
from runner.commands.options import Day, F
from runner.errors import WrongUsageError
from runner.jobs import job as store
from runner.jobs.job import JOB_TYPES, Job, time_of_day
from runner.jobs.recurrence import CHICAGO, WEEKDAYS, Recurrence, said
from runner.jobs.work import task_of
from runner.ledger.execution import ledger
from runner.settings import load_settings

PATTERNS = {
    "daily": "HH:MM",
    "weekly": "'DAY HH:MM'",
    "monthly": "'DAY-OF-MONTH HH:MM'",
    "cron": "EXPRESSION",
    "at": "'YYYY-MM-DD HH:MM'",
}


def job_options(command: F) -> F:
    """What a job is made of, for `add` and `edit` alike; none has a default, so that an edit changes what it names."""
    schedule = {
        "daily": "Every day at this time (all times are Chicago's).",
        "weekly": "Every week, such as 'sunday 03:40'.",
        "monthly": "Every month, such as '31 03:40': on the last day of a shorter one.",
        "cron": "By a cron expression of five fields, such as '15 */6 * * *'.",
        "at": "Once, at this time.",
    }
    options: list[Callable[[F], F]] = [
        click.option(f"--{name}", metavar=PATTERNS[name], help=text) for name, text in schedule.items()
    ]
    options += [
        click.option(
            "--dataset", "datasets", multiple=True, type=click.Choice(list(all_datasets())), help="Only this."
        ),
        click.option("--days", type=click.IntRange(1), help="A window of crash dates: so many days up to today."),
        click.option("--months", type=click.IntRange(1), help="The same in months."),
        click.option("--since", type=Day(), help="A window from this day on."),
        click.option("--until", type=Day(), help="A window up to this day, included."),
        click.option("--select", multiple=True, metavar="NODES", help="Build only these, in dbt's syntax."),
        click.option("--command", "words", metavar="'COMMAND …'", help="What a custom job does, such as 'validate'."),
        click.option("--config", metavar="JSON", help="The whole config as a JSON object, in place of the above."),
        click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Minutes until it is stopped."),
        click.option("--retries", type=click.IntRange(0, 100), help="How often a failure is repeated."),
        click.option("--retry-delay", type=click.FloatRange(min=0), help="Minutes from a failure to its repetition."),
        click.option("--description", help="What it is for."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command(short_help="Make a job.")
@click.argument("name")
@click.option("--type", "job_type", type=click.Choice(JOB_TYPES), default="incremental", show_default=True)
@click.option("--disabled", is_flag=True, help="Make it, but do not let it run by itself yet.")
@job_options
def add(name: str, job_type: str, disabled: bool, **options: Any) -> None:
    """Make a job. Say when: one of --daily, --weekly, --monthly, --cron and --at."""
    now = datetime.now(UTC)
    recurrence = _recurrence(options, now)
    if recurrence is None:
        raise WrongUsageError("When shall it run?", remedy="Give one of --daily, --weekly, --monthly, --cron and --at.")
    job = _with(Job(name, job_type, recurrence, enabled=not disabled), options)
    store.check_name(name)
    task_of(job, now)
    with ledger(load_settings()) as session:
        _show(store.add(session, job, now), now)


@click.command(short_help="Change a job.")
@click.argument("name")
@click.option("--name", "new_name", help="Call it this.")
@click.option("--type", "job_type", type=click.Choice(JOB_TYPES), help="Another type of work.")
@job_options
def edit(name: str, new_name: str | None, job_type: str | None, **options: Any) -> None:
    """Change what is named, and nothing else. Its executions stay on record."""
    now = datetime.now(UTC)
    with ledger(load_settings()) as session:
        job = store.find(session, name)
        changed = _with(job, options)
        if job_type and job_type != job.job_type:
            changed = replace(changed, job_type=job_type)
        changed = replace(
            changed, name=new_name or job.name, recurrence=_recurrence(options, now) or changed.recurrence
        )
        if changed == job:
            raise WrongUsageError("Nothing would change.", remedy="See `crashes jobs edit --help`.")
        task_of(changed, now)
        _show(store.save(session, changed, now), now)


@click.command(short_help="Let a job run by itself.")
@click.argument("name")
def enable(name: str) -> None:
    """Let a job run by itself from now on. What it missed while it was disabled is not made up for."""
    now = datetime.now(UTC)
    with ledger(load_settings()) as session:
        job = store.find(session, name)
        if job.recurrence.kind == "once" and job.recurrence.next(now) is None:
            raise WrongUsageError(
                f"{job.name!r} runs once, and {said(job.recurrence.once_at)} is over."
                if job.recurrence.once_at
                else f"{job.name!r} runs once, and nobody has said when.",
                remedy=f"Say when: crashes jobs edit {shlex.quote(job.name)} --at 'YYYY-MM-DD HH:MM'; "
                f"or run it now: crashes jobs run {shlex.quote(job.name)}",
            )
        _show(store.save(session, replace(job, enabled=True), now), now)


@click.command(short_help="Keep a job, but do not let it run by itself.")
@click.argument("name")
def disable(name: str) -> None:
    """Keep a job, but do not let it run by itself. An execution that runs goes on: see `crashes jobs cancel`."""
    now = datetime.now(UTC)
    with ledger(load_settings()) as session:
        job = store.find(session, name)
        store.save(session, replace(job, enabled=False), now)
    click.echo(f"{job.name} is disabled.")


@click.command(short_help="Remove a job. Its executions stay on record.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove a job. Its executions stay on record; one that waits is cancelled."""
    with ledger(load_settings()) as session:
        job = store.find(session, name)
        if not yes:
            click.confirm(f"Remove the job {job.name!r} ({job.recurrence.explained()})?", abort=True)
        store.remove(session, job)
    click.echo(f"{job.name} is removed.")


def _show(job: Job, now: datetime) -> None:
    task = task_of(job, now)
    coming = job.recurrence.coming(now, 5) if job.enabled else []
    show_job({**job.shown(), "next_runs": coming, "does": f"crashes {task.command}", "with": task.parameters}, [])


def _with(job: Job, options: dict[str, Any]) -> Job:
    numbers = {
        "timeout_minutes": options["timeout"],
        "max_retries": options["retries"],
        "retry_delay_minutes": options["retry_delay"],
        "description": options["description"],
    }
    return replace(
        job, config=_config(job, options), **{name: value for name, value in numbers.items() if value is not None}
    )


def _config(job: Job, options: dict[str, Any]) -> dict[str, Any]:
    """The config as it was, with what was named in its place; a new window replaces the old one."""
    if options["config"] is not None:
        return _read_config(options["config"])
    config = dict(job.config)
    window = {name: options[name] for name in ("days", "months", "since", "until") if options[name] is not None}
    if window:
        config = {name: value for name, value in config.items() if name not in ("days", "months", "since", "until")}
        config |= {name: str(value) if isinstance(value, date) else value for name, value in window.items()}
    for name in ("datasets", "select"):
        if options[name]:
            config[name] = list(options[name])
    if options["words"] is not None:
        config["command"] = _words(options["words"])
    return config


def _read_config(text: str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except ValueError as error:
        raise WrongUsageError(
            f"--config is no JSON: {error}.", remedy="""Such as: --config '{"datasets": ["crashes"], "days": 30}'"""
        ) from error
    if not isinstance(config, dict):
        raise WrongUsageError("--config is no JSON object.", remedy="Such as: --config '{\"days\": 30}'")
    return config


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise WrongUsageError(f"--command cannot be read: {error}.", remedy="Close the quote.") from error
    return words[1:] if words[:1] == ["crashes"] else words


def _recurrence(options: dict[str, Any], now: datetime) -> Recurrence | None:
    given = [name for name in PATTERNS if options[name] is not None]
    if len(given) > 1:
        raise WrongUsageError(
            f"--{given[0]} and --{given[1]} are two schedules.", remedy="Give one; or make a second job."
        )
    if not given:
        return None
    name, text = given[0], options[given[0]].strip()
    if name == "cron":
        recurrence = Recurrence("cron", cron_expression=text)
        recurrence.check()
        return recurrence
    try:
        if name == "at":
            return _once(text, now)
        return _at_a_time(name, text)
    except (ValueError, IndexError):
        raise WrongUsageError(
            f"--{name} {text[:40]!r} cannot be read.", remedy=f"Write it as {PATTERNS[name]}; the time is Chicago's."
        ) from None


def _at_a_time(name: str, text: str) -> Recurrence:
    *day, clock = text.split()
    at_time = time_of_day(clock)
    if name == "daily" and not day:
        return Recurrence("daily", at_time=at_time)
    (word,) = day
    if name == "weekly":
        (weekday,) = [
            number for number, full in enumerate(WEEKDAYS, 1) if len(word) > 2 and full.startswith(word.lower())
        ]
        return Recurrence("weekly", at_time=at_time, weekday=weekday)
    if name == "monthly" and 1 <= int(word) <= 31:
        return Recurrence("monthly", at_time=at_time, month_day=int(word))
    raise ValueError(text)


def _once(text: str, now: datetime) -> Recurrence:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}", text):
        raise ValueError(text)
    day, clock = re.split("[ T]", text)
    moment = datetime.combine(date.fromisoformat(day), time_of_day(clock), CHICAGO)
    if moment <= now:
        raise WrongUsageError(f"{said(moment)} is in the past.", remedy="Name a time to come, or: crashes jobs run.")
    return Recurrence("once", once_at=moment.astimezone(UTC))
