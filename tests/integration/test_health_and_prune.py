"""`crashes health` says what is wrong and what to do; `crashes prune` forgets what is old, not what is looked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal


def checks(crashes: CommandLine, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    done = crashes("health", "--json", *arguments, env=env)
    told = done.json()
    assert told["healthy"] == (done.code == 0)
    return done.code, {each["name"]: each for each in told["checks"]}


def test_health_of_a_fresh_database_and_of_a_troubled_one(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=20, seed=2)
    code, found = checks(crashes, "--portal", portal.url)
    assert code == 0
    assert {"database", "postgis", "migrations", "portal", "disk"} <= set(found)
    assert "the next command applies the rest" in found["migrations"]["found"]
    assert "has 20 crashes" in found["portal"]["found"]
    assert crashes("jobs", "list").code == 0
    code, found = checks(crashes, "--portal", portal.url)
    assert (code, found["schedule"]["well"], found["last landing"]["well"]) == (0, True, None)

    database.rows("update ops.scheduled_jobs set next_run = now() - interval '1 hour' where name = 'Validation'")
    database.rows(
        "insert into ops.job_executions (job_id, job, command, status, completed_at) "
        "select job_id, name, 'run', 'failed', now() from ops.scheduled_jobs where name = 'Incremental refresh'"
    )
    database.rows(
        "insert into ops.job_executions (command, status, deadline) values ('run', 'running', now() - interval '1 day')"
    )
    code, found = checks(crashes, "--portal", portal.url)
    assert code == 1
    assert found["schedule"]["found"] == "late: Validation"
    assert "crashes tick" in found["schedule"]["remedy"]
    assert "Incremental refresh (execution 1)" in found["jobs"]["found"]
    assert found["executions"]["well"] is False
    text = crashes("health", "--portal", portal.url)
    assert text.code == 1
    assert "NOT OK" in text.out
    assert "→" in text.out


def test_health_without_a_portal_or_a_database(crashes: CommandLine) -> None:
    code, found = checks(crashes, "--portal", "http://127.0.0.1:9")
    assert code == 1
    assert "cannot be reached" in found["portal"]["found"]
    code, found = checks(crashes, "--portal", "http://127.0.0.1:9", env={"CRASHES_DB_HOST": "/nowhere"})
    assert code == 1
    assert found["database"]["well"] is False
    assert found["database"]["remedy"]


def test_prune_forgets_what_is_old_and_nothing_that_is_looked_for(crashes: CommandLine, database: Database) -> None:
    assert crashes("jobs", "list").code == 0
    old = [("run", "completed", 900), ("run", "completed", 800), ("run", "failed", 500), ("compact", "completed", 700)]
    for command, status, days in [*old, ("run", "failed", 10)]:
        database.rows(
            "insert into ops.job_executions (command, status, started_at, completed_at) "
            "values (%s, %s, now() - %s * interval '1 day', now())",
            command, status, days,
        )  # fmt: skip
    database.rows("insert into ops.job_execution_nodes (execution_id, node_id, name, resource_type, status) "
                  "values (1, 'n', 'n', 'model', 'success')")  # fmt: skip
    database.rows(
        "insert into ops.job_execution_logs (execution_id, logged_at, level, logger, message) values "
        "(5, now() - interval '100 days', 'INFO', 'x', 'old'), (5, now(), 'INFO', 'x', 'new')"
    )
    done = crashes("prune")
    assert done.code == 0, done.err
    assert "2 executions and 1 log lines were removed" in done.out
    kept = database.rows("select execution_id from ops.job_executions order by 1")
    assert kept == [(2,), (4,), (5,), (6,)], "the last completed of each command, what is young, and the pruning itself"
    assert database.value("select count(*) from ops.job_execution_nodes") == 0
    assert database.rows("select message from ops.job_execution_logs") == [("new",)]
    assert crashes("prune", "--executions-days", "0").code == 2
    assert crashes("prune", "--executions-days", "5", "--json").json()["pruned"]["executions"] == 1
