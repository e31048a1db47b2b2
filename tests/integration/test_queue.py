"""What is due is put into the queue once, whatever was missed; what failed comes again later. The time is given."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from harness import CommandLine, Database
from job_fixtures import NOON, due_now, executions, quick_job

from runner.jobs import job as jobs
from runner.jobs import queue
from runner.jobs.job import Job
from runner.jobs.recurrence import CHICAGO, Recurrence
from runner.ledger.execution import ledger
from runner.ledger.session import LedgerSession
from runner.settings import load_settings

HOUR = timedelta(hours=1)


def ended(session: LedgerSession, execution_id: int, status: str, at: datetime, exit_code: int | None = 1) -> None:
    session.execute(
        "update ops.job_executions set status = %s, started_at = %s, completed_at = %s, exit_code = %s "
        "where execution_id = %s",
        [status, at, at, exit_code, execution_id],
    )


def test_the_defaults_are_there_once_and_an_edit_of_a_user_stays(here: None) -> None:
    with ledger(load_settings()) as session:
        jobs.plan(session, NOON)
        shown = {job.name: job for job in jobs.all_jobs(session)}
        assert set(shown) >= {
            "Incremental refresh", "Last 30 days by crash date", "Vision Zero fatalities, last 6 months",
            "Reconcile deletions", "Full refresh", "Daily summary", "Validation", "Housekeeping", "Hot spots",
            "Boundaries",
        }  # fmt: skip
        assert [name for name, job in shown.items() if not job.enabled] == ["Daily summary", "Full refresh"]
        assert shown["Full refresh"].timeout_minutes == 300
        assert shown["Incremental refresh"].next_run == datetime(2026, 6, 1, 12, 15, tzinfo=CHICAGO)
        session.execute("update ops.scheduled_jobs set timeout_minutes = 7 where name = 'Incremental refresh'")
        session.execute("delete from ops.scheduled_jobs where name = 'Housekeeping'")
    with ledger(load_settings()) as session:
        again = {job.name: job.timeout_minutes for job in jobs.all_jobs(session)}
    assert again["Incremental refresh"] == 7
    assert "Housekeeping" not in again


def test_a_job_is_put_in_when_it_is_due_and_not_before(session: LedgerSession, database: Database) -> None:
    quick_job(session)
    assert queue.put_in_what_is_due(session, NOON + timedelta(minutes=59)) == []
    assert queue.put_in_what_is_due(session, NOON + HOUR) == [1]
    assert database.rows("select trigger_type, scheduled_for, command, status from ops.job_executions") == [
        ("scheduled", NOON + HOUR, "prune", "pending")
    ]
    assert queue.put_in_what_is_due(session, NOON + HOUR) == []
    assert jobs.find(session, "Quick").next_run == NOON + 2 * HOUR


def test_what_was_missed_is_run_once(session: LedgerSession, database: Database) -> None:
    quick_job(session)
    assert queue.put_in_what_is_due(session, NOON + 30 * HOUR + timedelta(minutes=5)) == [1]
    assert jobs.find(session, "Quick").next_run == NOON + 31 * HOUR
    assert queue.put_in_what_is_due(session, NOON + 31 * HOUR) == [1], "it still waits: not a second time"
    assert len(executions(database)) == 1


def test_a_disabled_job_is_not_put_in(session: LedgerSession, database: Database) -> None:
    quick_job(session, enabled=False)
    assert queue.put_in_what_is_due(session, NOON + 99 * HOUR) == []


def test_a_job_that_runs_once_runs_once(session: LedgerSession) -> None:
    jobs.add(session, Job("Once", "incremental", Recurrence("once", once_at=NOON + HOUR)), NOON)
    assert queue.put_in_what_is_due(session, NOON + 2 * HOUR) == [1]
    assert jobs.find(session, "Once").next_run is None
    assert queue.put_in_what_is_due(session, NOON + 99 * HOUR) == []


def test_many_schedulers_at_once_put_in_each_due_job_once(session: LedgerSession, database: Database) -> None:
    for number in range(10):
        quick_job(session, f"Job {number}")

    def look(_: int) -> int:
        with ledger(load_settings()) as own:
            return len(queue.put_in_what_is_due(own, NOON + HOUR))

    with ThreadPoolExecutor(6) as pool:
        put = list(pool.map(look, range(6)))
    assert sum(put) == 10
    assert len(executions(database)) == 10


@pytest.mark.parametrize(
    ("status", "exit_code", "repeated"),
    [
        ("failed", 1, True),
        ("timed_out", 1, True),
        ("abandoned", None, True),
        ("failed", 2, False),
        ("failed", 4, False),
        ("cancelled", 1, False),
        ("completed", 0, False),
    ],
)
def test_what_time_may_heal_is_repeated_after_the_delay(
    session: LedgerSession, database: Database, status: str, exit_code: int | None, repeated: bool
) -> None:
    quick_job(session, max_retries=2, retry_delay_minutes=5)
    queue.put_in_what_is_due(session, NOON + HOUR)
    ended(session, 1, status, NOON + HOUR, exit_code)
    assert queue.put_in_retries(session, NOON + HOUR + timedelta(minutes=4)) == []
    assert queue.put_in_retries(session, NOON + HOUR + timedelta(minutes=5)) == ([2] if repeated else [])
    if repeated:
        assert executions(database)[1] == (2, "Quick", "pending", 2, 1)
        assert database.value("select trigger_type from ops.job_executions where execution_id = 2") == "scheduled"


def test_every_repetition_points_to_the_first_and_there_are_no_more_than_said(
    session: LedgerSession, database: Database
) -> None:
    quick_job(session, max_retries=2, retry_delay_minutes=0)
    queue.put_in_what_is_due(session, NOON + HOUR)
    for execution_id in (1, 2, 3):
        ended(session, execution_id, "failed", NOON + HOUR)
        queue.put_in_retries(session, NOON + 2 * HOUR)
    assert executions(database) == [
        (1, "Quick", "failed", 1, None),
        (2, "Quick", "failed", 2, 1),
        (3, "Quick", "failed", 3, 1),
    ]


def test_a_failure_is_not_repeated_once_the_job_has_run_again(session: LedgerSession, database: Database) -> None:
    job = quick_job(session, retry_delay_minutes=5)
    queue.put_in_what_is_due(session, NOON + HOUR)
    ended(session, 1, "failed", NOON + HOUR)
    ended(session, queue.put_in(session, job), "completed", NOON + HOUR, 0)
    assert queue.put_in_retries(session, NOON + 3 * HOUR) == []


def test_two_ticks_at_once_carry_out_each_due_job_once(
    session: LedgerSession, database: Database, crashes: CommandLine
) -> None:
    for number in range(3):
        quick_job(session, f"Job {number}")
    due_now(database)
    with ExitStack() as stack:
        ticks = [stack.enter_context(crashes.start("tick")) for _ in range(2)]
        for tick in ticks:
            tick.communicate(timeout=120)
            assert tick.returncode == 0
    assert sorted((job, status) for _, job, status, *_ in executions(database)) == [
        (f"Job {number}", "completed") for number in range(3)
    ]


def test_a_tick_says_when_nothing_is_due(session: LedgerSession, crashes: CommandLine) -> None:
    done = crashes("tick")
    assert (done.code, done.out) == (0, "Nothing is due.\n")


def test_a_tick_leaves_what_waits_for_another_run_and_says_so(
    session: LedgerSession, database: Database, crashes: CommandLine
) -> None:
    quick_job(session, "Needs the lock", command=["transform"], max_retries=0)
    due_now(database)
    assert session.take_lock()
    done = crashes("tick", "--json")
    assert done.code == 3
    assert "Needs the lock waits." in done.err
    assert done.json()["executions"] == []
    assert executions(database) == [(1, "Needs the lock", "pending", 1, None)]
    session.close()
    assert crashes("tick").code == 1, "now it is carried out, and fails: nothing has landed"
    assert executions(database) == [(1, "Needs the lock", "failed", 1, None)]


def test_whoever_waits_goes_on_when_the_other_run_is_over(
    session: LedgerSession, database: Database, crashes: CommandLine
) -> None:
    quick_job(session, "Needs the lock", command=["transform"], max_retries=0)
    due_now(database)
    assert session.take_lock()
    waiting = [crashes.start("tick", "--wait"), crashes.start("transform", "--wait")]
    assert waiting[1].stderr
    assert "Waiting for it." in waiting[1].stderr.readline()
    time.sleep(1)
    assert [each.poll() for each in waiting] == [None, None]
    session.close()
    told = [each.communicate(timeout=120)[1] for each in waiting]
    assert all("nothing has landed yet" in each for each in told), "both had their turn"
    assert [each.returncode for each in waiting] == [1, 1]


def test_a_tick_that_waits_stays_for_the_retries_of_what_fails(
    session: LedgerSession, database: Database, crashes: CommandLine
) -> None:
    quick_job(session, "Fails", command=["transform"], max_retries=1, retry_delay_minutes=0.02)
    due_now(database)
    done = crashes("tick", "--wait", "--json")
    assert done.code == 1
    assert done.json()["executions"] == [{"execution_id": 1, "exit_code": 1}, {"execution_id": 2, "exit_code": 1}]
    assert executions(database) == [(1, "Fails", "failed", 1, None), (2, "Fails", "failed", 2, 1)]


def test_a_job_whose_config_cannot_be_used_fails_in_a_sentence_and_is_not_repeated(
    session: LedgerSession, database: Database, crashes: CommandLine
) -> None:
    quick_job(session)
    session.execute('update ops.scheduled_jobs set config = \'{"command": ["rm", "-rf"]}\'')
    due_now(database)
    done = crashes("tick")
    assert done.code == 1
    assert "its command is one of run, ingest" in done.err
    ((error, exit_code),) = database.rows("select error_class, exit_code from ops.job_executions")
    assert (error, exit_code) == ("ConfigurationError", 2)
    assert queue.put_in_retries(session, datetime.now(UTC) + HOUR) == []


def test_a_removed_job_takes_what_waits_with_it(session: LedgerSession, database: Database) -> None:
    job = quick_job(session)
    queue.put_in(session, job)
    jobs.remove(session, job)
    assert executions(database) == [(1, "Quick", "cancelled", 1, None)]
