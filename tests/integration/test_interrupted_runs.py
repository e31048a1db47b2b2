"""A run that is interrupted or killed while dbt builds: the tables stay whole, and the next run completes them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

CRASHES = 300


@contextmanager
def halted_in_the_middle_of_a_model(database: Database) -> Iterator[None]:
    """The models write their counts in their own transaction: whoever holds that table holds them there."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("create schema ops")
        cursor.execute(
            "create table ops.model_changes (invocation_id text, model text, inserted bigint, updated bigint, "
            "unchanged bigint, held_back bigint, built_at timestamptz default now(), "
            "primary key (invocation_id, model))"
        )
        cursor.execute("begin; lock table ops.model_changes in access exclusive mode")
        yield
        cursor.execute("rollback")


def wait_for_the_halt(database: Database, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 90
    while not database.value(
        "select count(*) from pg_stat_activity where datname = current_database() "
        "and wait_event_type = 'Lock' and query like '%%model_changes%%'"
    ):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "dbt did not come to that"
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_next_run_completes_what_this_one_began(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], number: signal.Signals
) -> None:
    portal = serve(crashes=CRASHES, seed=3)
    with halted_in_the_middle_of_a_model(database):
        process = crashes.start("run", "--portal", portal.url)
        wait_for_the_halt(database, process)
        began = time.monotonic()
        os.kill(process.pid, number)
        _, said = process.communicate(timeout=60)
        assert time.monotonic() - began < 15
    assert "Traceback" not in said
    assert database.value("select to_regclass('marts.crashes')") is None, "half a table is no table"

    ((status, fetched, loads),) = database.rows(
        "select status, fetched, context -> 'dlt_load_ids' from ops.job_executions"
    )
    assert fetched >= CRASHES
    assert len(loads) >= 1
    if number == signal.SIGINT:
        assert (status, process.returncode) == ("cancelled", 1)
        assert "Error: Cancelled by Ctrl-C" in said
    else:
        assert status == "running"

    done = crashes("run", "--portal", portal.url, "--json")
    assert done.code == 0, done.err
    assert database.value("select status from ops.job_executions where execution_id = 1") == (
        "cancelled" if number == signal.SIGINT else "abandoned"
    )
    found = done.json()["datasets"]["crashes"]
    assert (found["fetched"], found["inserted"]) == (0, CRASHES), "it went on where the first had stopped"
    assert database.value("select count(*) from marts.crashes") == CRASHES
