"""An execution that must end, ends: here, in the database and on its record. By its timeout, on request, or killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import CommandLine, Database, command_line, short_folder, until
from job_fixtures import connections_of, due_now, executions, no_defaults
from job_fixtures import quick_job as make_job
from sample_portal.testing import RunningPortal

from runner.database.cluster import EmbeddedCluster
from runner.jobs import queue
from runner.jobs.job import Job
from runner.jobs.overdue import stop_overdue
from runner.ledger.execution import ledger
from runner.ledger.session import LedgerSession
from runner.settings import load_settings

SHORT = 0.05  # minutes: three seconds


def quick_job(session: LedgerSession, name: str = "Quick", **changed: Any) -> Job:
    """Not due yet: here real processes look at a real clock."""
    return make_job(session, name, now=datetime.now(UTC), **changed)


@pytest.fixture
def hanging(crashes: CommandLine, serve: Callable[..., RunningPortal]) -> RunningPortal:
    """A portal that takes every request, and answers none for ten minutes."""
    portal = serve(crashes=20, seed=3)
    crashes.env["CRASHES_PORTAL_URL"] = portal.url
    portal.control.fault(path="resource", times=99, delay_seconds=600)
    return portal


def status(database: Database, execution_id: int = 1) -> str:
    found: str = database.value("select status from ops.job_executions where execution_id = %s", execution_id)
    return found


def begun(database: Database, execution_id: int = 1) -> Callable[[], bool]:
    return lambda: (
        database.value(
            "select count(*) from ops.job_executions where execution_id = %s and status = 'running'", execution_id
        )
        == 1
    )


def test_a_portal_that_hangs_is_left_when_the_time_is_over(
    session: LedgerSession, database: Database, crashes: CommandLine, hanging: RunningPortal
) -> None:
    quick_job(session, "Hangs", command=["ingest"], timeout_minutes=SHORT, max_retries=1, retry_delay_minutes=1)
    began = time.monotonic()
    done = crashes("jobs", "run", "Hangs")
    assert time.monotonic() - began < 60
    assert done.code == 1
    assert "Stopped after 0.05 minutes" in done.err
    assert "--timeout" in done.err
    assert "Traceback" not in done.err
    assert status(database) == "timed_out"
    assert connections_of(database, 1) == 0
    assert queue.put_in_retries(session, datetime.now(UTC) + timedelta(minutes=2)) == [2]
    assert executions(database)[1] == (2, "Hangs", "pending", 2, 1)


def test_a_query_that_runs_is_ended_in_the_database_too(
    session: LedgerSession, database: Database, crashes: CommandLine, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=20, seed=3)
    assert crashes("run", "--portal", portal.url).code == 0
    quick_job(session, "Waits for a lock", command=["transform"], timeout_minutes=0.25, max_retries=0)
    with closing(database.connect()) as other, other.cursor() as cursor:
        cursor.execute("begin; lock table marts.crashes in access exclusive mode")
        process = crashes.start("jobs", "run", "Waits for a lock")
        waits = (
            "select count(*) from pg_stat_activity where application_name = 'crashes execution 2' "
            "and wait_event_type = 'Lock' and query like '%%\"execution_id\": \"2\"%%'"
        )
        until(lambda: database.value(waits) > 0)
        _, told = process.communicate(timeout=90)
        cursor.execute("rollback")
    assert process.returncode == 1, told
    assert status(database, 2) == "timed_out"
    until(lambda: connections_of(database, 2) == 0, 10)
    assert crashes("run", "--portal", portal.url).code == 0, "and the next run repairs what was left"


def test_a_running_execution_is_cancelled_on_request(
    session: LedgerSession, database: Database, crashes: CommandLine, hanging: RunningPortal
) -> None:
    quick_job(session, "Hangs", command=["ingest"])
    process = crashes.start("jobs", "run", "Hangs")
    until(begun(database))
    done = crashes("jobs", "cancel", "Hangs")
    assert (done.code, done.out) == (0, "Execution 1 is cancelled.\n")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Cancelled by `crashes jobs cancel`" in told
    assert status(database) == "cancelled"
    assert queue.put_in_retries(session, datetime.now(UTC) + timedelta(hours=1)) == [], "nobody wants it again"
    again = crashes("jobs", "cancel", "1")
    assert (again.code, "is over: cancelled" in again.err) == (2, True)


def test_one_that_waits_is_cancelled_before_it_begins(
    session: LedgerSession, database: Database, crashes: CommandLine
) -> None:
    queue.put_in(session, quick_job(session))
    assert crashes("jobs", "cancel", "1").code == 0
    assert status(database) == "cancelled"
    assert crashes("tick").out == "Nothing is due.\n"


def test_a_frozen_process_cannot_hold_everything_up(
    session: LedgerSession, database: Database, crashes: CommandLine, hanging: RunningPortal
) -> None:
    quick_job(session, "Freezes", command=["ingest"], timeout_minutes=1, max_retries=0)
    process = crashes.start("jobs", "run", "Freezes")
    until(begun(database))
    process.send_signal(signal.SIGSTOP)
    assert stop_overdue(session, datetime.now(UTC)) == []
    assert stop_overdue(session, datetime.now(UTC) + timedelta(minutes=4)) == [1]
    assert status(database) == "timed_out"
    until(lambda: not session.lock_is_held(), 10)
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert status(database) == "timed_out", "what it says afterwards is not asked"


def test_a_killed_execution_is_abandoned_by_the_next_tick_and_repeated(
    session: LedgerSession, database: Database, crashes: CommandLine, hanging: RunningPortal
) -> None:
    quick_job(session, "Dies", command=["ingest"], max_retries=1, retry_delay_minutes=0)
    due_now(database)
    tick = crashes.start("tick")
    until(begun(database))
    hanging.control.clear_faults()
    os.kill(database.value("select (context ->> 'pid')::int from ops.job_executions"), signal.SIGKILL)
    tick.communicate(timeout=60)
    assert tick.returncode in (0, 3), "3: the server had not noticed yet that the lock's holder is dead"
    until(lambda: not session.lock_is_held(), 15)
    assert crashes("tick").code == 0
    assert executions(database) == [(1, "Dies", "abandoned", 1, None), (2, "Dies", "completed", 2, 1)]
    assert database.value("select count(*) from raw.crashes") == 20


def test_whoever_stops_the_scheduler_stops_what_it_started(
    session: LedgerSession, database: Database, crashes: CommandLine, hanging: RunningPortal
) -> None:
    quick_job(session, "Hangs", command=["ingest"], max_retries=0)
    due_now(database)
    scheduler = crashes.start("scheduler", "--interval", "1")
    until(begun(database))
    scheduler.terminate()
    _, told = scheduler.communicate(timeout=60)
    assert scheduler.returncode == 0
    assert "The scheduler has stopped" in told
    assert status(database) == "cancelled"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[EmbeddedCluster, Database, CommandLine]]:
    """A server that may be stopped, without the default jobs."""
    with short_folder() as home:
        cluster = EmbeddedCluster(home, settings={"fsync": "off"})
        cluster.up()
        database = Database(str(cluster.run_dir), cluster.port, cluster.name, cluster.user)
        crashes = command_line(database, tmp_path / "home", tmp_path / "target")
        for name, value in {**database.env(), "CRASHES_HOME": str(tmp_path)}.items():
            monkeypatch.setenv(name, value)
        with ledger(load_settings()) as session:
            no_defaults(session)
        yield cluster, database, crashes
        crashes.stop_all()
        cluster.down()


def test_a_scheduler_outlives_a_restart_of_the_database(own: tuple[EmbeddedCluster, Database, CommandLine]) -> None:
    cluster, database, crashes = own
    with ledger(load_settings()) as session:
        quick_job(session)
    scheduler = crashes.start("scheduler", "--interval", "1")
    due_now(database)
    until(lambda: len(executions(database)) == 1 and status(database) == "completed")
    cluster.down()
    time.sleep(2)
    assert scheduler.poll() is None
    cluster.up()
    due_now(database)
    until(lambda: len(executions(database)) == 2 and status(database, 2) == "completed")
    scheduler.terminate()
    _, told = scheduler.communicate(timeout=30)
    assert scheduler.returncode == 0
    assert "Trying again in 1 s" in told
    assert "Traceback" not in told


def test_a_restart_of_the_database_in_the_middle_of_an_execution_costs_a_retry_and_no_row(
    own: tuple[EmbeddedCluster, Database, CommandLine], serve: Callable[..., RunningPortal]
) -> None:
    cluster, database, crashes = own
    portal = serve(crashes=300, seed=3)
    portal.control.fault(path="85ca-t3if", query="limit=20", after=10, delay_seconds=4)
    crashes.env |= {"CRASHES_PORTAL_URL": portal.url, "CRASHES_PAGE_SIZE": "20"}
    with ledger(load_settings()) as session:
        quick_job(session, "Interrupted", command=["ingest", "--dataset", "crashes"], retry_delay_minutes=0)
    process = crashes.start("jobs", "run", "Interrupted")
    committed = "select count(*) from raw._dlt_loads"
    until(lambda: database.value("select to_regclass('raw._dlt_loads') is not null") and database.value(committed) > 0)
    cluster.down()
    cluster.up()
    _, told = process.communicate(timeout=90)
    assert "Traceback" not in told
    ((ended, message),) = database.rows("select status, error_message from ops.job_executions")
    assert ended in ("failed", "completed"), "it lost its connections, and closed its record on a new one"
    assert crashes("tick").code == 0
    assert status(database, 2 if ended == "failed" else 1) == "completed", message
    rows = "select count(distinct crash_record_id) from raw.crashes inner join raw._dlt_loads on _dlt_load_id = load_id"
    assert database.value(rows) == 300


def test_a_detached_execution_outlives_its_terminal_and_can_be_followed(
    session: LedgerSession, database: Database, crashes: CommandLine, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=20, seed=3)
    quick_job(session, "Long", command=["ingest"])
    done = crashes("jobs", "run", "Long", "--detach", "--json", env={"CRASHES_PORTAL_URL": portal.url})
    assert done.code == 0
    followed = crashes("jobs", "logs", str(done.json()["execution_id"]), "--follow")
    assert followed.code == 0
    assert "crashes: 20 of 20 rows" in followed.out
    assert status(database) == "completed"
