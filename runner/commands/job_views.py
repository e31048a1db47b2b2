"""How jobs and executions look on a terminal. What they say is in `runner.jobs.report`."""

from __future__ import annotations

import json
from typing import Any

import click

from runner.commands.results import table
from runner.jobs.recurrence import said
from runner.ledger.record import COUNTS

WIDEST = 160
COLOURS = {"completed": "green", "failed": "red", "timed_out": "red", "abandoned": "yellow", "cancelled": "yellow"}


def show_jobs(found: list[dict[str, Any]]) -> None:
    if not found:
        click.echo("There are no jobs: crashes jobs add makes one.")
        return
    columns = {"job": "left", "runs": "left", "next run": "left", "last execution": "left"}
    table(
        columns,
        [
            [
                job["name"],
                job["schedule"],
                said(job["next_run"]) if job["enabled"] else "disabled",
                _ended(job["last_execution"]),
            ]
            for job in found
        ],
    )


def show_job(found: dict[str, Any], last: list[dict[str, Any]]) -> None:
    click.echo(click.style(found["name"], bold=True) + ("" if found["enabled"] else " (disabled)"))
    if found["description"]:
        click.echo(f"  {found['description']}")
    given = ", ".join(_given(name, value) for name, value in found["with"].items() if value)
    limits = (
        f"{found['timeout_minutes']:g} minutes at most; {found['max_retries']} retries, "
        f"{found['retry_delay_minutes']:g} minutes after a failure"
    )
    lines = {"does": found["does"] + (f" ({given})" if given else ""), "runs": found["schedule"], "limits": limits}
    for name, value in lines.items():
        click.echo(f"  {name:8} {value}")
    coming = [said(moment) for moment in found["next_runs"]]
    none = "none: it is disabled" if not found["enabled"] else "none"
    click.echo(f"  {'next':8} " + ("\n" + " " * 11).join(coming or [none]))
    if last:
        click.echo("\nLast executions:")
        show_history(last)


def show_history(found: list[dict[str, Any]]) -> None:
    if not found:
        click.echo("Nothing has been executed yet.")
        return
    columns = {
        "id": "right",
        "job": "left",
        "status": "left",
        "attempt": "right",
        "started": "left",
        "seconds": "right",
    }
    table(
        {**columns, "fetched": "right", "inserted": "right", "updated": "right"},
        [
            [
                str(each["execution_id"]),
                each["job"] or f"crashes {each['command']}",
                _status(each["status"], styled=False),
                each["attempt"],
                said(each["started_at"]),
                each["seconds"],
                each["fetched"],
                each["inserted"],
                each["updated"],
            ]
            for each in found
        ],
    )
    for each in found:
        if each["error_message"]:
            click.echo(f"  {each['execution_id']}: {each['error_message']}")


def show_execution(found: dict[str, Any]) -> None:
    """The sentence first, then what led to it."""
    name = found["job"] or f"crashes {found['command']}"
    seconds = f" after {found['seconds']} s" if found["seconds"] is not None else ""
    click.echo(f"Execution {found['execution_id']}, {name}: {_status(found['status'])}{seconds}")
    click.echo(f"  started {said(found['started_at'])}, {found['trigger_type']}, attempt {found['attempt']}")
    if found["error_message"]:
        click.echo(f"\n{found['error_message']}\n{click.style('→', bold=True)} {found['error_remedy']}")
    if found["datasets"]:
        click.echo()
        columns = {"dataset": "left", **{count.replace("_", " "): "right" for count in COUNTS}}
        table(columns, [[each, *(counts[count] for count in COUNTS)] for each, counts in found["datasets"].items()])
    for node in found["failed_nodes"]:
        message = " ".join((node["message"] or "").split())
        click.echo(f"\n{node['resource_type']} {node['name']}: {node['status']}. {message}")
        for row in node["first_rows"] or []:
            click.echo(f"    {_short(json.dumps(row, ensure_ascii=False, default=str))}")
    _section("Requests that failed:", found["failed_requests"])
    _section("Log:", found["log"])
    if len(found["attempts"]) > 1:
        tries = ", ".join(f"{each['execution_id']} {each['status']}" for each in found["attempts"])
        click.echo(f"\nAttempts: {tries}")
    context = found["context"] or {}
    place = {name: context.get(name) for name in ("host", "pid", "user", "git_revision", "dbt_invocation_id")}
    click.echo("\n" + "  ".join(f"{name} {value}" for name, value in place.items() if value is not None))
    if found.get("error_traceback"):
        click.echo(f"\n{found['error_traceback']}")


def show_line(line: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(line, default=str, ensure_ascii=False))
    else:
        level = "" if line["level"] == "INFO" else f"{line['level']} "
        click.echo(f"{line['logged_at'].astimezone():%H:%M:%S} {level}{line['message']}")


def _section(title: str, lines: list[dict[str, Any]]) -> None:
    if lines:
        click.echo(f"\n{title}")
        for line in lines:
            level = "" if line["level"] == "INFO" else f"{line['level']} "
            click.echo(_short(f"  {line['logged_at'].astimezone():%H:%M:%S} {level}{line['message']}"))


def _given(name: str, value: Any) -> str:
    if value is True:
        return name.replace("_", " ")
    return f"{name}: {', '.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _ended(last: dict[str, Any] | None) -> str:
    return f"{last['status']} {said(last['started_at'])}" if last else "-"


def _status(status: str, *, styled: bool = True) -> str:
    return click.style(status, fg=COLOURS.get(status)) if styled else status


def _short(line: str) -> str:
    return line if len(line) <= WIDEST else line[: WIDEST - 1] + "…"
