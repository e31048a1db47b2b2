"""Validating whole tables: the data tests of all tiers, what failed, its first rows, and where the rest is.

The tests, their thresholds and the rules are dbt's (dbt_project/tests, dbt_project/macros/rules). Nothing is changed by
it but the tables `quality.failed_…`, which hold the rows at fault of the last validation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import sql

from runner.building.dbt import OnProgress, dbt_failed, invoke, log_file
from runner.errors import NothingBuiltError, TransformError, ValidationFailedError
from runner.ledger.record import NodeResult
from runner.ledger.session import LedgerSession
from runner.settings import RunnerSettings

TIERS = ("structure", "domain", "cross_table", "portal")
FIRST_ROWS = 3


@dataclass(frozen=True)
class Finding:
    """One data test, and what it found. `status`: pass, warn or fail; `stored_in`: the table of its rows, if any."""

    test: str
    tier: str
    status: str
    rows: int
    description: str
    stored_in: str | None = None
    first_rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class ValidationReport:
    """What was asked, what was found. `problem` is the error to raise once all this is on record."""

    invocation_id: str | None
    nodes: list[NodeResult]
    findings: list[Finding]
    rules: list[dict[str, Any]]
    problem: TransformError | ValidationFailedError | None


def validate(
    datasets: tuple[str, ...], settings: RunnerSettings, session: LedgerSession, on_progress: OnProgress | None = None
) -> ValidationReport:
    """Asks every data test of the tables, or those that read one of `datasets`, about all rows.

    Raises NothingBuiltError before the first build. What failed is in the report's `problem`.
    """
    if session.execute("select to_regclass('quality.by_rule')") == [(None,)]:
        raise NothingBuiltError(
            "There are no tables to validate yet, or an earlier version of this project has built them.",
            remedy="Build them: `crashes run`, or `crashes transform` where rows have landed.",
        )
    outcome = invoke(_command(datasets), settings, on_progress)
    log = log_file(settings)
    findings = sorted(
        (_finding(session, result) for result in outcome.results if str(result.status) in ("pass", "warn", "fail")),
        key=lambda found: (("fail", "warn", "pass").index(found.status), TIERS.index(found.tier), found.test),
    )
    problem: TransformError | ValidationFailedError | None = None
    broken = [node for node in outcome.nodes if node.status in ("error", "runtime error", "skipped")]
    failed = [found for found in findings if found.status == "fail"]
    if outcome.exception is not None:
        problem = dbt_failed("dbt could not start", str(outcome.exception), log)
    elif broken:
        problem = dbt_failed(f"dbt could not ask {broken[0].name}", broken[0].message or "", log)
    elif not outcome.nodes:
        problem = dbt_failed("dbt had nothing to ask", "no data test was selected", log)
    elif failed:
        problem = ValidationFailedError(
            f"{len(failed)} of {len(findings)} data tests failed: {', '.join(found.test for found in failed[:5])}.",
            remedy="The rows at fault are in the tables named above; the data stays loaded. "
            "`crashes run` lands what the portal has corrected since.",
        )
    return ValidationReport(outcome.invocation_id, outcome.nodes, findings, _rules(session, datasets), problem)


def _command(datasets: Iterable[str]) -> list[str]:
    chosen = [f"{dataset},test_type:data" for dataset in datasets] or [f"tag:{tier}" for tier in TIERS]
    return ["test", "--store-failures", "--exclude-resource-type", "unit_test", "--select", *chosen]


def _finding(session: LedgerSession, result: Any) -> Finding:
    node = result.node
    (tier,) = set(node.tags) & set(TIERS)
    stored = sql.Identifier(node.schema, node.alias)
    ((rows,),) = session.execute(sql.SQL("select count(*) from {}").format(stored))
    first = session.execute(
        sql.SQL("select to_jsonb(failed) from {} as failed limit {}").format(stored, sql.Literal(FIRST_ROWS))
    )
    return Finding(
        test=node.name,
        tier=tier,
        status=str(result.status),
        rows=rows,
        description=" ".join(node.description.split()),
        stored_in=f"{node.schema}.{node.alias}" if rows else None,
        first_rows=[row for (row,) in first],
    )


def _rules(session: LedgerSession, datasets: tuple[str, ...]) -> list[dict[str, Any]]:
    """How many rows break each rule now; those that nobody breaks are left out."""
    names = ("rule", "severity", "sentence", "rows")
    rows = session.execute(
        """
        select rule_id, severity, sentence, sum(violations)::bigint
        from quality.by_rule
        where table_name = any(%s) or %s
        group by rule_id, severity, sentence
        order by 4 desc, 1
        """,
        [list(datasets), not datasets],
    )
    return [dict(zip(names, row, strict=True)) for row in rows]
