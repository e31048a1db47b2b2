"""What is logged, and where it goes: text or JSON on stderr, lines in the ledger; also when the disk is full."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal


def test_json_lines_say_execution_dataset_and_load(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=20, seed=2)
    portal.control.fault(path="u6pd-qa9d", query="limit", times=1, status=503)
    done = crashes("ingest", "--portal", portal.url, env={"LOG_FORMAT": "json"})
    assert done.code == 0
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert {line["execution_id"] for line in lines} == {1}
    assert {line["level"] for line in lines} == {"INFO", "WARNING"}
    (retried,) = [line for line in lines if line["level"] == "WARNING"]
    assert (retried["dataset"], retried["logger"]) == ("people", "ingest.soda")
    load_id = database.value("select load_id from raw._dlt_loads")
    assert [line["load_id"] for line in lines if "load_id" in line] == [load_id]
    kept = database.rows("select message, dataset from ops.job_execution_logs order by log_id")
    assert kept == [(line["message"], line.get("dataset")) for line in lines]


def test_an_error_is_a_json_line_too(crashes: CommandLine) -> None:
    done = crashes("transform", env={"LOG_FORMAT": "json"})
    assert done.code == 1
    last = json.loads(done.err.splitlines()[-1])
    assert (last["level"], last["error_class"]) == ("ERROR", "TransformError")
    assert "nothing has landed yet" in last["message"]
    assert last["remedy"]


def test_a_quiet_terminal_still_leaves_a_full_record(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    done = crashes("ingest", "--portal", serve(crashes=20, seed=2).url, env={"LOG_LEVEL": "ERROR"})
    assert (done.code, done.err) == (0, "")
    assert database.value("select count(*) from ops.job_execution_logs where message like 'committed load%%'") == 1


def test_a_full_disk_ends_the_log_file_and_not_the_work(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    logs = Path(crashes.env["CRASHES_HOME"]) / "logs"
    logs.mkdir(parents=True)
    (logs / "crashes.log").symlink_to("/dev/full")
    done = crashes("ingest", "--portal", serve(crashes=20, seed=2).url)
    assert done.code == 0, done.err
    assert done.err.count("cannot be written (No space left on device)") == 1
    assert "Traceback" not in done.err
    assert database.value("select count(*) from ops.job_execution_logs") > 0


def test_a_log_format_that_is_none_is_refused(crashes: CommandLine) -> None:
    done = crashes("status", env={"LOG_FORMAT": "xml"})
    assert done.code == 2
    assert "LOG_FORMAT" in done.err
