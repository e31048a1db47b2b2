"""What is known about an execution, and how it is written to its row in `ops.job_executions`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from psycopg2.extras import Json

from ingest.errors import CrashesError
from runner.errors import UnexpectedError
from runner.ledger.session import LedgerSession
from runner.masking import Masking


@dataclass
class Counts:
    """What happened to the rows of one dataset. None: that step was not part of the execution."""

    fetched: int | None = None
    inserted: int | None = None
    updated: int | None = None
    unchanged: int | None = None
    held_back: int | None = None


COUNTS = tuple(each.name for each in fields(Counts))


@dataclass(frozen=True)
class NodeResult:
    """What dbt did with one node."""

    node_id: str
    name: str
    resource_type: str
    status: str
    seconds: float | None
    rows: int | None
    failures: int | None
    message: str | None
    first_rows: list[dict[str, Any]] | None = None


@dataclass
class Execution:
    """An open record. The work fills it in and calls `save` whenever a step is done."""

    execution_id: int
    session: LedgerSession
    masking: Masking
    context: dict[str, Any]
    datasets: dict[str, Counts] = field(default_factory=dict)
    nodes: list[NodeResult] = field(default_factory=list)

    def counts(self, dataset: str) -> Counts:
        return self.datasets.setdefault(dataset, Counts())

    def total(self, count: str) -> int | None:
        """Over all datasets; None where no dataset has it."""
        values = [getattr(counts, count) for counts in self.datasets.values()]
        known = [value for value in values if value is not None]
        return sum(known) if known else None

    def save(self) -> None:
        """Writes what is known so far, and makes sure that the lock is still ours."""
        self.session.hold(self.execution_id)
        self._write()

    def close(self, status: str, error: CrashesError | None = None, trace: str | None = None) -> None:
        """Also where another start took this process for dead meanwhile: it was not."""
        self._write()
        told: list[str | None] = [None, None, None]
        if error is not None:
            cause = error.__cause__ if isinstance(error, UnexpectedError) else error
            told = [type(cause).__name__, self.masking.text(error.message), self.masking.text(error.remedy)]
        self.session.execute(
            """
            update ops.job_executions
            set status = %s, completed_at = clock_timestamp(), exit_code = %s,
                error_class = %s, error_message = %s, error_remedy = %s, error_traceback = %s
            where execution_id = %s and status in ('running', 'abandoned')
            """,
            [
                status,
                error.exit_code if error else 0,
                *told,
                self.masking.text(trace) if trace else None,
                self.execution_id,
            ],
        )

    def _write(self) -> None:
        self.session.execute(
            """
            update ops.job_executions
            set fetched = %s, inserted = %s, updated = %s, unchanged = %s, held_back = %s,
                datasets = %s, context = %s
            where execution_id = %s
            """,
            [
                *(self.total(count) for count in COUNTS),
                Json({name: asdict(counts) for name, counts in self.datasets.items()}),
                Json(self.masking.value(self.context)),
                self.execution_id,
            ],
        )
        self.session.execute(
            """
            insert into ops.job_execution_nodes
                (execution_id, node_id, name, resource_type, status, seconds, rows, failures, message, first_rows)
            select %s, node.*
            from jsonb_to_recordset(%s) as node (
                node_id text, name text, resource_type text, status text,
                seconds double precision, rows bigint, failures bigint, message text, first_rows jsonb
            )
            on conflict (execution_id, node_id) do nothing
            """,
            [self.execution_id, Json([self.masking.value(asdict(node)) for node in self.nodes])],
        )
