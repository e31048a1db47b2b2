"""The record of an execution: there before the work, closed whatever happens, one run at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Database, clean_environment

from ingest.errors import IngestError
from runner.errors import LockHeldError, LockLostError, UnexpectedError
from runner.ledger.execution import ledger, recorded
from runner.ledger.record import NodeResult
from runner.settings import RunnerSettings, load_settings

# A run whose work is to wait: started as a process, to be interrupted or killed.
WAITING = """
import sys, time
from runner.cli import _failed
from ingest.errors import CrashesError
from runner.ledger.execution import recorded
from runner.settings import load_settings
try:
    with recorded(load_settings(), "run", {}) as execution:
        print(execution.execution_id, flush=True)
        time.sleep(60)
except CrashesError as error:
    sys.exit(_failed(error))
"""


@pytest.fixture
def settings(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunnerSettings:
    for name, value in {**database.env(), "CRASHES_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CHICAGO_API_TOKEN", "tok-planted-1")
    monkeypatch.setenv("CRASHES_DB_PASSWORD", "pw-planted-2")
    return load_settings()


@pytest.fixture
def waiting(settings: RunnerSettings, database: Database) -> Iterator[subprocess.Popen[str]]:
    """Another process, in the middle of its work."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING],
        env={**clean_environment(), **database.env(), "CRASHES_HOME": str(settings.home)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "1\n"
    yield process
    process.kill()
    process.communicate()


def record(database: Database, execution_id: int = 1) -> dict[str, Any]:
    ((found,),) = database.rows(
        "select to_jsonb(job_executions) from ops.job_executions where execution_id = %s", execution_id
    )
    return dict(found)


def test_the_record_is_there_before_the_work(settings: RunnerSettings, database: Database) -> None:
    with recorded(settings, "run", {"datasets": ["crashes"], "since": "2026-01-01"}):
        found = record(database)
        assert (found["status"], found["completed_at"], found["command"]) == ("running", None, "run")
        assert found["context"]["parameters"] == {"datasets": ["crashes"], "since": "2026-01-01"}
        assert found["context"]["pid"] == os.getpid()
        assert {"host", "versions", "git_revision", "user"} <= set(found["context"])


def test_success_closes_it_with_counts_per_dataset_and_in_total(settings: RunnerSettings, database: Database) -> None:
    with recorded(settings, "run", {}) as execution:
        execution.counts("crashes").fetched = 3
        execution.counts("people").fetched = 4
        execution.counts("people").inserted = 2
        execution.context["dlt_load_ids"] = ["1.5"]
        execution.save()
        assert record(database)["fetched"] == 7
    found = record(database)
    assert (found["status"], found["trigger_type"], found["job"]) == ("completed", "manual", None)
    assert (found["fetched"], found["inserted"], found["updated"]) == (7, 2, None)
    assert found["datasets"]["people"] == {
        "fetched": 4, "inserted": 2, "updated": None, "unchanged": None, "held_back": None,
    }  # fmt: skip
    assert found["context"]["dlt_load_ids"] == ["1.5"]
    assert found["duration"] is not None


def test_dbt_nodes_are_rows_of_their_own(settings: RunnerSettings, database: Database) -> None:
    with recorded(settings, "transform", {}) as execution:
        execution.nodes = [
            NodeResult("model.x.a", "a", "model", "success", 1.5, 10, None, "INSERT 0 10"),
            NodeResult("test.x.t", "t", "test", "fail", 0.1, None, 3, "Got 3 results"),
        ]
        execution.save()
    assert database.rows("select name, status, seconds, rows, failures from ops.job_execution_nodes order by 1") == [
        ("a", "success", 1.5, 10, None),
        ("t", "fail", 0.1, None, 3),
    ]


def test_a_failure_closes_it_with_class_message_and_remedy(settings: RunnerSettings, database: Database) -> None:
    with pytest.raises(IngestError), recorded(settings, "ingest", {}) as execution:
        execution.counts("crashes").fetched = 5
        raise IngestError("The portal is on fire.", remedy="Wait.")
    found = record(database)
    assert (found["status"], found["fetched"]) == ("failed", 5)
    assert (found["error_class"], found["error_message"], found["error_remedy"]) == (
        "IngestError", "The portal is on fire.", "Wait.",
    )  # fmt: skip
    assert "test_execution.py" in found["error_traceback"]


def test_a_fault_that_nobody_foresaw_closes_it_too_and_names_the_record(
    settings: RunnerSettings, database: Database
) -> None:
    with pytest.raises(UnexpectedError) as caught, recorded(settings, "run", {}):
        raise ZeroDivisionError("by nought")
    assert caught.value.message == "ZeroDivisionError: by nought"
    assert "jobs show 1 --verbose" in caught.value.remedy
    found = record(database)
    assert (found["status"], found["error_class"]) == ("failed", "ZeroDivisionError")
    assert "ZeroDivisionError: by nought" in found["error_traceback"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_is_cancelled_in_one_sentence(
    number: signal.Signals, waiting: subprocess.Popen[str], database: Database
) -> None:
    waiting.send_signal(number)
    _, said = waiting.communicate(timeout=20)
    assert waiting.returncode == 1
    assert said.startswith("Error: Cancelled by ")
    assert "Traceback" not in said
    found = record(database)
    assert (found["status"], found["error_class"]) == ("cancelled", "CancelledError")


def test_a_killed_run_is_abandoned_by_the_next_start(
    waiting: subprocess.Popen[str], settings: RunnerSettings, database: Database
) -> None:
    waiting.kill()
    waiting.wait()
    assert record(database)["status"] == "running"
    _until_the_server_has_noticed(database)
    with recorded(settings, "run", {}):
        found = record(database)
        assert (found["status"], found["duration"]) == ("abandoned", None)
        assert found["error_remedy"].startswith("None needed")
    assert record(database, 2)["status"] == "completed"


def test_a_second_run_is_told_who_runs_and_leaves_no_record(
    waiting: subprocess.Popen[str], settings: RunnerSettings, database: Database
) -> None:
    with pytest.raises(LockHeldError) as caught, recorded(settings, "run", {}):
        pytest.fail("it must not come here")
    assert caught.value.exit_code == 3
    assert "`crashes run`" in caught.value.message
    assert f"process {waiting.pid}" in caught.value.message
    assert "since 20" in caught.value.message
    assert database.value("select count(*) from ops.job_executions") == 1
    assert record(database)["status"] == "running"


def test_a_live_run_is_never_taken_for_dead(
    waiting: subprocess.Popen[str], settings: RunnerSettings, database: Database
) -> None:
    with pytest.raises(LockHeldError), recorded(settings, "run", {}):
        pytest.fail("it must not come here")
    assert waiting.poll() is None
    assert record(database)["status"] == "running"


def test_a_run_that_lost_its_connection_takes_its_lock_again_and_closes_its_record(
    settings: RunnerSettings, database: Database
) -> None:
    with recorded(settings, "run", {}) as execution:
        _end_ledger_connections(database)
        execution.counts("crashes").fetched = 1
        execution.save()
        with pytest.raises(LockHeldError), recorded(settings, "run", {}):
            pytest.fail("it must not come here")
    assert record(database)["status"] == "completed"


def test_a_run_whose_lock_was_taken_meanwhile_stops_and_closes_its_record(
    settings: RunnerSettings, database: Database
) -> None:
    with pytest.raises(LockLostError), recorded(settings, "run", {}) as execution:
        _end_ledger_connections(database)
        with recorded(settings, "run", {}):
            assert record(database)["status"] == "abandoned"
            execution.save()
    assert record(database)["error_class"] == "LockLostError"


def test_no_secret_reaches_the_record(settings: RunnerSettings, database: Database) -> None:
    with pytest.raises(UnexpectedError), recorded(settings, "run", {"portal": "http://u:pw-url-3@portal"}) as execution:
        execution.context["landing"] = {"note": "token tok-planted-1"}
        execution.nodes = [NodeResult("n", "n", "model", "error", 1.0, None, None, "pw-planted-2")]
        execution.save()
        raise ValueError("connection to postgresql://crashes:pw-planted-2@h failed, X-App-Token: tok-planted-1")
    told = str(record(database)) + str(database.rows("select * from ops.job_execution_nodes"))
    for secret in ("tok-planted-1", "pw-planted-2", "pw-url-3"):
        assert secret not in told
    assert "********" in told


def test_looking_at_the_ledger_takes_no_lock(waiting: subprocess.Popen[str], settings: RunnerSettings) -> None:
    with ledger(settings) as session:
        assert session.execute("select status from ops.job_executions") == [("running",)]


def _end_ledger_connections(database: Database) -> None:
    database.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = 'crashes ledger' and datname = current_database()"
    )
    _until_the_server_has_noticed(database)


def _until_the_server_has_noticed(database: Database) -> None:
    """Advisory locks go with their connection, a moment after their process."""
    deadline = time.monotonic() + 10
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "select count(*) from pg_stat_activity "
                "where application_name = 'crashes ledger' and datname = current_database()"
            )
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.05)
    pytest.fail("the connection is still there")
