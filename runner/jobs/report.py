"""Executions as people read them: one of them explained, many of them listed, its log. Reads the ledger only."""

from __future__ import annotations

from typing import Any

from runner.errors import WrongUsageError
from runner.jobs.job import Job, find
from runner.ledger.record import COUNTS
from runner.ledger.session import LedgerSession

LOG_LINES = 15
FAILED_NODES = 10

_COLUMNS = (
    "execution_id",
    "job",
    "command",
    "status",
    "trigger_type",
    "attempt",
    "retry_of",
    "scheduled_for",
    "started_at",
    "completed_at",
    "deadline",
    "exit_code",
    *COUNTS,
    "datasets",
    "error_class",
    "error_message",
    "error_remedy",
    "error_traceback",
    "context",
)


def history(
    session: LedgerSession, *, job: Job | None = None, status: str | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """The last executions, newest first."""
    names = ("execution_id", "job", "command", "status", "trigger_type", "attempt", "started_at", "seconds")
    rows = session.execute(
        """
        select
            execution_id, job, command, status, trigger_type, attempt, started_at,
            round(extract(epoch from duration), 1)::float, fetched, inserted, updated, error_message
        from ops.job_executions
        where (%s::bigint is null or job_id = %s) and (%s::text is null or status = %s)
        order by execution_id desc
        limit %s
        """,
        [job and job.job_id, job and job.job_id, status, status, limit],
    )
    return [dict(zip((*names, "fetched", "inserted", "updated", "error_message"), row, strict=True)) for row in rows]


def execution_id_of(session: LedgerSession, which: str) -> int:
    """`12`, `last`, or the last execution of a job. Raises WrongUsageError where there is none."""
    if which.isdigit():
        number = min(int(which), 2**63 - 1)
        rows = session.execute("select execution_id from ops.job_executions where execution_id = %s", [number])
    elif which.lower() == "last":
        rows = session.execute("select max(execution_id) from ops.job_executions having count(*) > 0")
    else:
        job = find(session, which)
        rows = session.execute(
            "select max(execution_id) from ops.job_executions where job_id = %s having count(*) > 0", [job.job_id]
        )
    if not rows:
        raise WrongUsageError(
            f"There is no execution {which[:40]!r}.", remedy="See `crashes jobs history` for those there are."
        )
    return int(rows[0][0])


def explain(session: LedgerSession, execution_id: int) -> dict[str, Any]:
    """Everything that the ledger knows about one execution, the most telling first."""
    names = ", ".join(_COLUMNS)
    (row,) = session.execute(
        f"select {names}, round(extract(epoch from duration), 1)::float "  # noqa: S608 - our own column names
        "from ops.job_executions where execution_id = %s",
        [execution_id],
    )
    found = dict(zip((*_COLUMNS, "seconds"), row, strict=True))
    root = found["retry_of"] or execution_id
    attempts = session.execute(
        "select execution_id, status from ops.job_executions where execution_id = %s or retry_of = %s order by 1",
        [root, root],
    )
    return {
        **found,
        "attempts": [{"execution_id": number, "status": status} for number, status in attempts],
        "failed_nodes": _failed_nodes(session, execution_id),
        "failed_requests": _lines(session, execution_id, "logger = 'ingest.soda' and level in ('WARNING', 'ERROR')"),
        "log": _lines(session, execution_id, "true"),
    }


def log_lines(session: LedgerSession, execution_id: int, after: int = 0) -> list[dict[str, Any]]:
    """What it has logged beyond this line."""
    names = ("log_id", "logged_at", "level", "logger", "dataset", "load_id", "message")
    rows = session.execute(
        "select log_id, logged_at, level, logger, dataset, load_id, message from ops.job_execution_logs "
        "where execution_id = %s and log_id > %s order by log_id",
        [execution_id, after],
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def is_open(session: LedgerSession, execution_id: int) -> bool:
    """It waits or runs."""
    return bool(
        session.execute(
            "select 1 from ops.job_executions where execution_id = %s and status in ('pending', 'running')",
            [execution_id],
        )
    )


def markdown(found: dict[str, Any]) -> str:
    """For the summary page of a workflow run."""
    seconds = f" in {found['seconds']} s" if found["seconds"] is not None else ""
    lines = [f"### {_cell(found['job'] or 'crashes ' + found['command'])}: {found['status']}{seconds}", ""]
    if found["error_message"]:
        lines += [f"**{_cell(found['error_message'])}**", "", f"→ {_cell(found['error_remedy'] or '')}", ""]
    if found["datasets"]:
        lines += ["| dataset | " + " | ".join(COUNTS) + " |", "|---" * (len(COUNTS) + 1) + "|"]
        lines += [
            f"| {name} | "
            + " | ".join("-" if counts[count] is None else f"{counts[count]:,}" for count in COUNTS)
            + " |"
            for name, counts in found["datasets"].items()
        ]
    for node in found["failed_nodes"]:
        lines += ["", f"- {node['resource_type']} `{node['name']}` {node['status']}: {_cell(node['message'] or '')}"]
    lines += ["", f"Execution {found['execution_id']}, attempt {found['attempt']}, {found['trigger_type']}."]
    return "\n".join(lines)


def _failed_nodes(session: LedgerSession, execution_id: int) -> list[dict[str, Any]]:
    names = ("name", "resource_type", "status", "failures", "message", "first_rows")
    rows = session.execute(
        """
        select name, resource_type, status, failures, message, first_rows
        from ops.job_execution_nodes
        where execution_id = %s and status in ('error', 'runtime error', 'fail')
        order by resource_type, name
        limit %s
        """,
        [execution_id, FAILED_NODES],
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _lines(session: LedgerSession, execution_id: int, which: str) -> list[dict[str, Any]]:
    """The last lines of a kind, in their order."""
    rows = session.execute(
        "select logged_at, level, message from ("  # noqa: S608 - `which` is a literal of this module
        f"select * from ops.job_execution_logs where execution_id = %s and {which} order by log_id desc limit %s"
        ") as lines order by log_id",
        [execution_id, LOG_LINES],
    )
    return [dict(zip(("logged_at", "level", "message"), row, strict=True)) for row in rows]


def _cell(text: str) -> str:
    """One line, and nothing that markdown would take for its own."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
