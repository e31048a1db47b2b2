"""`kill -9` at any moment of a backfill or an increment: the next run goes on, and the tables equal the portal."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable

import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

from chaos.truth import assert_tables_equal_portal, served
from ingest.datasets import all_datasets

CRASHES = 400
LONGEST = 11.0  # seconds that an undisturbed run takes
KILLS = 30 if os.environ.get("CRASHES_TEST_CHAOS") else 3

PAGES = {"CRASHES_PAGE_SIZE": "40"}


@pytest.fixture(scope="module")
def portal(module_serve: Callable[..., RunningPortal]) -> RunningPortal:
    return module_serve(crashes=CRASHES, seed=11)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_goes_on(
    seed: int, portal: RunningPortal, module_crashes: CommandLine, module_database: Database
) -> None:
    """The first is killed in the backfill, the others in increments on what the one before has left."""
    chance = random.Random(seed)
    if seed:
        publish(portal, chance)
    for _ in range(chance.choice([1, 1, 2])):
        process = module_crashes.start("run", "--portal", portal.url, env=PAGES)
        try:
            process.wait(chance.uniform(0.3, LONGEST))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    until_the_dead_are_gone(module_database)
    done = module_crashes("run", "--portal", portal.url, env=PAGES)
    assert done.code == 0, done.err
    assert_tables_equal_portal(module_database, portal)
    assert module_database.value("select count(*) from ops.job_executions where status = 'running'") == 0


def publish(portal: RunningPortal, chance: random.Random) -> None:
    """What a publisher does in a night: some corrected, some new, now and then all stamped anew or replaced."""
    for name in ("crashes", "people", "vehicles"):
        dataset = all_datasets()[name]
        rows = served(portal, dataset)
        changed = [
            {**row, "crash_date": f"2024-05-0{chance.randint(1, 9)}T10:00:00.000"} for row in chance.sample(rows, 9)
        ]
        portal.control.upsert(name, changed)
    portal.control.upsert(
        "crashes", [{**rows_of_crashes(portal)[0], "crash_record_id": f"{chance.getrandbits(512):0128x}"}]
    )
    move = chance.choice([None, None, portal.control.restamp, portal.control.replace])
    if move:
        move(chance.choice(["crashes", "people", "vehicles", "vision_zero_fatalities"]))


def rows_of_crashes(portal: RunningPortal) -> list[dict[str, object]]:
    return served(portal, all_datasets()["crashes"])


def until_the_dead_are_gone(database: Database) -> None:
    """The server notices a killed client when it next writes to it: a statement may go on for a moment."""
    deadline = time.monotonic() + 30
    while database.value(
        "select count(*) from pg_locks where locktype = 'advisory' and database = "
        "(select oid from pg_database where datname = current_database())"
    ):
        assert time.monotonic() < deadline, "a killed run still holds its lock"
        time.sleep(0.1)
