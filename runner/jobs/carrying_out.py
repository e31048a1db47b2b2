"""Carrying out one execution that waits, in this process: the work of its job, under its timeout, on its record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ingest.errors import CrashesError
from runner.errors import WrongUsageError
from runner.jobs import job as jobs
from runner.jobs.alerts import tell
from runner.jobs.work import command_of, task_of
from runner.ledger.execution import ledger, recorded
from runner.ledger.record import Execution
from runner.progress import display
from runner.settings import RunnerSettings
from runner.tasks import BESIDE

Began = Callable[[Execution], None]


def carry_out(settings: RunnerSettings, execution_id: int, began: Began, *, wait: bool = False) -> None:
    """Raises what `runner.ledger.execution.recorded` raises, and tells people of a failure that will not be repeated.

    `began` is given the execution as soon as there is one to look at.
    """
    with ledger(settings) as session:
        found = session.execute(
            "select job_id from ops.job_executions where execution_id = %s and job_id is not null", [execution_id]
        )
        job = jobs.by_id(session, found[0][0]) if found else None
    if job is None:
        raise WrongUsageError(
            f"Execution {execution_id} belongs to no job that is there.", remedy="See `crashes jobs list`."
        )
    command = command_of(job)
    try:
        with (
            recorded(
                settings,
                command,
                {},
                beside=command in BESIDE,
                wait=wait,
                pending=execution_id,
                timeout_minutes=job.timeout_minutes,
            ) as execution,
            display(settings) as shown,
        ):
            began(execution)
            task = task_of(job, datetime.now(UTC))
            execution.context["parameters"] = {**task.parameters, "portal": settings.portal_url}
            execution.save()
            task.carry_out(settings, execution, shown)
    finally:
        _tell(settings)


def _tell(settings: RunnerSettings) -> None:
    try:
        with ledger(settings) as session:
            tell(session, settings)
    except CrashesError:
        pass  # the database is away; the next tick tells
