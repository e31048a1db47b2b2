"""A job that fails for good is told once, and so is that it works again, over a real webhook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import CommandLine, Database
from job_fixtures import NOON, due_now, quick_job
from receivers import Hook, mail_server, webhook

from runner.jobs import queue
from runner.jobs.alerts import tell
from runner.ledger.session import LedgerSession
from runner.settings import RunnerSettings, load_settings


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook("/services/T000/secret-part") as running:
        yield running


@pytest.fixture
def settings(here: None, monkeypatch: pytest.MonkeyPatch, hook: Hook) -> RunnerSettings:
    monkeypatch.setenv("CRASHES_WEBHOOK_URL", hook.url)
    return load_settings()


def execution(session: LedgerSession, status: str, attempt: int = 1, exit_code: int = 1) -> int:
    """One of the only job, that has ended so."""
    ((job_id,),) = session.execute("select job_id from ops.scheduled_jobs")
    ((execution_id,),) = session.execute(
        """
        insert into ops.job_executions
            (job, job_id, command, status, completed_at, attempt, exit_code, error_message, error_remedy)
        values ('Quick', %s, 'prune', %s, clock_timestamp(), %s, %s, 'The portal is on fire.', 'Wait.')
        returning execution_id
        """,
        [job_id, status, attempt, exit_code],
    )
    return int(execution_id)


def test_a_failure_is_told_once_when_no_retry_will_follow_and_so_is_the_recovery(
    session: LedgerSession, settings: RunnerSettings, hook: Hook
) -> None:
    quick_job(session, max_retries=1)
    execution(session, "failed")
    assert tell(session, settings) == [], "it will be repeated"
    execution(session, "failed", attempt=2)
    for _ in range(3):
        tell(session, settings)
    (told,) = hook.taken
    assert "The job 'Quick' failed after 2 attempts (execution 2)" in told["text"]
    assert "The portal is on fire." in told["text"]
    assert "→ Wait." in told["text"]
    assert (told["job"], told["status"], told["execution_id"]) == ("Quick", "failed", 2)
    execution(session, "failed", attempt=2)
    tell(session, settings)
    assert len(hook.taken) == 1, "it is still the same failure"
    execution(session, "completed", exit_code=0)
    for _ in range(3):
        tell(session, settings)
    assert [each["text"] for each in hook.taken[1:]] == ["The job 'Quick' works again: execution 4 completed."]


@pytest.mark.parametrize(("status", "exit_code"), [("failed", 2), ("failed", 4)])
def test_what_is_not_repeated_is_told_at_once(
    session: LedgerSession, settings: RunnerSettings, hook: Hook, status: str, exit_code: int
) -> None:
    quick_job(session, max_retries=3)
    execution(session, status, exit_code=exit_code)
    tell(session, settings)
    assert len(hook.taken) == 1


def test_what_somebody_cancelled_is_no_news(session: LedgerSession, settings: RunnerSettings, hook: Hook) -> None:
    quick_job(session, max_retries=0)
    execution(session, "cancelled")
    tell(session, settings)
    assert hook.taken == []


def test_what_could_not_be_told_is_told_later(session: LedgerSession, settings: RunnerSettings, hook: Hook) -> None:
    quick_job(session, max_retries=0)
    execution(session, "timed_out")
    hook.answer = (500, "no")
    assert tell(session, settings) == []
    hook.answer = (200, "ok")
    tell(session, settings)
    assert ["timed out" in each["text"] for each in hook.taken] == [True, True], "refused, and taken"


def test_a_tick_tells_and_the_address_of_the_hook_is_nowhere(
    session: LedgerSession, database: Database, crashes: CommandLine, hook: Hook
) -> None:
    quick_job(session, "Fails", command=["transform"], max_retries=0)
    due_now(database)
    done = crashes("tick", env={"CRASHES_WEBHOOK_URL": hook.url})
    assert done.code == 1
    assert "nothing has landed yet" in hook.taken[0]["text"]
    hook.answer = (500, "no")
    quick_job(session, "Fails too", command=["transform"], max_retries=0, now=NOON)
    again = crashes("tick", env={"CRASHES_WEBHOOK_URL": hook.url})
    assert "could not tell people about Fails too" in again.err
    kept = str(database.rows("select to_jsonb(job_executions) from ops.job_executions"))
    assert "secret-part" not in done.err + done.out + again.err + kept
    assert queue.waiting(session) == []


def test_a_failure_and_the_recovery_come_by_mail_too(
    session: LedgerSession, database: Database, crashes: CommandLine, tmp_path: Path
) -> None:
    quick_job(session, "Nightly", command=["transform"], max_retries=0)
    with mail_server(tmp_path) as box:
        due_now(database)
        assert crashes("tick", env=box.env()).code == 1
        session.execute('update ops.scheduled_jobs set config = \'{"command": ["prune"]}\'')
        due_now(database)
        assert crashes("tick", env=box.env()).code == 0
    (failed, works) = [message for _, message in box.taken]
    assert (failed["Subject"], works["Subject"]) == ("[crashes] Nightly: failed", "[crashes] Nightly: works again")
    assert "nothing has landed yet" in failed.get_content()
    assert "crashes jobs show 1" in failed.get_content()
