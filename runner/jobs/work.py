"""Which task a job is: its type and its config, turned into a command and its parameters on the day that it runs."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import click

from ingest.datasets import all_datasets
from ingest.errors import ConfigurationError
from runner.jobs.job import Job
from runner.jobs.recurrence import CHICAGO
from runner.tasks import TASKS, Task

COMMANDS = {
    "full_refresh": "run",
    "incremental": "run",
    "window": "run",
    "reconcile": "reconcile",
    "summary": "summary",
}

# What each type of job understands in its config; anything else there would be read by nobody.
UNDERSTOOD = {
    "full_refresh": {"datasets", "select"},
    "incremental": {"datasets", "select"},
    "window": {"datasets", "select", "days", "months", "since", "until"},
    "reconcile": {"datasets", "every_month"},
    "summary": set(),
    "custom": {"command"},
}


def task_of(job: Job, now: datetime) -> Task:
    """Raises ConfigurationError where the config cannot be meant."""
    if strange := sorted(set(job.config) - UNDERSTOOD[job.job_type]):
        known = ", ".join(sorted(UNDERSTOOD[job.job_type])) or "nothing"
        raise _unusable(job, f"a {job.job_type} job knows no {', '.join(map(repr, strange))}; it knows {known}")
    if job.job_type == "custom":
        return _of_words(job)
    _check_datasets(job)
    given = {name: job.config[name] for name in ("datasets", "select", "every_month") if name in job.config}
    task = Task(COMMANDS[job.job_type], given)
    if job.job_type == "full_refresh":
        return replace(task, parameters={**given, "full_refresh": True})
    if job.job_type == "window":
        return replace(task, parameters={**given, **_window(job, now.astimezone(CHICAGO).date())})
    return task


def command_of(job: Job) -> str:
    """The command by which the record knows it, also where the rest of the config cannot be used."""
    words = job.config.get("command")
    if job.job_type == "custom":
        return str(words[0]) if isinstance(words, list) and words and words[0] in TASKS else "custom"
    return COMMANDS[job.job_type]


def _window(job: Job, today: date) -> dict[str, str]:
    """Crash dates, both included: so many days or months up to today, or fixed ones."""
    lengths = [name for name in ("days", "months", "since", "until") if name in job.config]
    if not lengths or (len(lengths) > 1 and lengths != ["since", "until"]):
        raise _unusable(job, "a window is `days`, or `months`, or `since` and `until`")
    try:
        if "days" in job.config:
            return {"since": (today - timedelta(days=_count(job.config["days"]) - 1)).isoformat()}
        if "months" in job.config:
            return {"since": months_before(today, _count(job.config["months"])).isoformat()}
        return {name: date.fromisoformat(job.config[name]).isoformat() for name in lengths}
    except (TypeError, ValueError, OverflowError) as error:
        raise _unusable(job, f"its window cannot be read ({error})") from error


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months earlier, or the last one of a shorter month."""
    count = day.year * 12 + day.month - 1 - months
    year, month = count // 12, count % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{value!r} is no positive number")
    return int(value)


def _check_datasets(job: Job) -> None:
    named = job.config.get("datasets", [])
    known = list(all_datasets())
    if not isinstance(named, list) or any(name not in known for name in named):
        raise _unusable(job, f"datasets is a list of {', '.join(known)}")
    select = job.config.get("select", [])
    if not isinstance(select, list) or not all(isinstance(each, str) for each in select):
        raise _unusable(job, "select is a list of dbt selections")


def _of_words(job: Job) -> Task:
    """A custom job is a command line of ours; click reads it as it reads a person's."""
    from runner.cli import crashes  # noqa: PLC0415 - the command line imports the jobs
    from runner.commands.pipeline import recordable  # noqa: PLC0415

    words = job.config.get("command")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise _unusable(job, 'its command is a list of words, such as ["validate"]')
    if words[0] not in TASKS:
        raise _unusable(job, f"its command is one of {', '.join(TASKS)}")
    try:
        context = crashes.commands[words[0]].make_context(words[0], words[1:])
    except click.UsageError as error:
        raise _unusable(job, error.format_message().rstrip(".")) from error
    except click.exceptions.Exit as error:
        raise _unusable(job, "its command only asks for help") from error
    presentation = {"as_json", "wait", "portal_url", "send"}
    given = {name: value for name, value in context.params.items() if name not in presentation}
    return Task(words[0], recordable(given))


def _unusable(job: Job, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The config of the job {job.name!r} cannot be used: {reason}.",
        remedy=f"Correct it: crashes jobs edit {job.name!r} --config JSON (or --command, --days, --dataset).",
    )
