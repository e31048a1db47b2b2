"""How far to trust a summary: which rules the newest rows break, how fresh each dataset is, which executions failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.datasets import all_datasets
from runner.ledger.session import LedgerSession
from runner.report import dataset_state
from runner.telling.words import one_line

WINDOW = timedelta(hours=24)
RULES_SHOWN = 10
FAILURES_SHOWN = 10


@dataclass(frozen=True)
class BrokenRule:
    """A rule that rows of the loads of the window break now."""

    rule: str
    severity: str
    sentence: str
    violations: int


@dataclass(frozen=True)
class Freshness:
    """Of a dataset: its newest crash on Chicago's clock, and the instants of the last publication and the last load."""

    dataset: str
    newest_crash: datetime | None
    published: datetime | None
    last_load: datetime | None


@dataclass(frozen=True)
class FailedExecution:
    """One of `ops.job_executions` that ended in the window and did not do its work."""

    execution_id: int
    job: str | None
    command: str
    status: str
    error_message: str | None
    ended_at: datetime


@dataclass(frozen=True)
class Condition:
    """`since` begins the window. `held_back`: rows that are in no table now, `held_back_new`: of the window's loads."""

    since: datetime
    rules: list[BrokenRule]
    rules_count: int
    violations: int
    held_back: int
    held_back_new: int
    freshness: list[Freshness]
    failed: list[FailedExecution]
    failed_count: int


def condition(session: LedgerSession, now: datetime) -> Condition:
    """Of the 24 hours up to `now`."""
    since = now - WINDOW
    rules = _rules(session, since)
    failed = _failed(session, since)
    held_back, held_back_new = _held_back(session, since)
    return Condition(
        since=since,
        rules=rules[:RULES_SHOWN],
        rules_count=len(rules),
        violations=sum(each.violations for each in rules),
        held_back=held_back,
        held_back_new=held_back_new,
        freshness=[_freshness(session, name) for name in all_datasets()],
        failed=failed[:FAILURES_SHOWN],
        failed_count=len(failed),
    )


def _rules(session: LedgerSession, since: datetime) -> list[BrokenRule]:
    if not _exists(session, "quality.by_rule"):
        return []
    rows = session.execute(
        """
        select rule_id, severity, sentence, sum(violations)
        from quality.by_rule
        where loaded_at > %s
        group by rule_id, severity, sentence
        order by sum(violations) desc, rule_id
        """,
        [since],
    )
    return [BrokenRule(rule, severity, sentence, int(count)) for rule, severity, sentence, count in rows]


def _held_back(session: LedgerSession, since: datetime) -> tuple[int, int]:
    """A row may be held back for several reasons, and is one row."""
    if not _exists(session, "quality.held_back"):
        return 0, 0
    ((now, new),) = session.execute(
        """
        select count(*), count(*) filter (where loaded_at > %s)
        from (select table_name, row_key, max(loaded_at) as loaded_at from quality.held_back group by 1, 2) as held_back
        """,
        [since],
    )
    return now, new


def _freshness(session: LedgerSession, name: str) -> Freshness:
    state = dataset_state(session, name)
    return Freshness(name, state["newest_crash"], state["published"], state["last_load"])


def _failed(session: LedgerSession, since: datetime) -> list[FailedExecution]:
    """What a person cancelled has not failed."""
    rows = session.execute(
        """
        select execution_id, job, command, status, error_message, completed_at
        from ops.job_executions
        where status in ('failed', 'timed_out', 'abandoned') and completed_at > %s
        order by completed_at desc, execution_id desc
        """,
        [since],
    )
    return [
        FailedExecution(number, job, command, status, one_line(message) if message else None, ended)
        for number, job, command, status, message, ended in rows
    ]


def _exists(session: LedgerSession, relation: str) -> bool:
    return session.execute("select to_regclass(%s)", [relation]) != [(None,)]
