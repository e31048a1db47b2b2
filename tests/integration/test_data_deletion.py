"""`crashes data delete`: only after showing and asking, all or nothing, on record; and everything comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

from runner.ledger.execution import ledger
from runner.settings import load_settings

TABLES = ("crashes", "people", "vehicles", "vision_zero_fatalities")


@pytest.fixture
def built(here: None, crashes: CommandLine, serve: Callable[..., RunningPortal]) -> CommandLine:
    crashes.env["CRASHES_PORTAL_URL"] = serve(crashes=120, seed=6).url
    assert crashes("run").code == 0
    return crashes


def snapshot(database: Database) -> dict[str, list[Any]]:
    return {
        table: sorted(str(row) for row in database.rows(f"select to_jsonb(shown) from marts.{table} as shown"))
        for table in TABLES
    }


def middle(database: Database) -> str:
    day = database.value(
        "select percentile_disc(0.5) within group (order by crash_at_local)::date::text from marts.crashes"
    )
    assert isinstance(day, str)
    return day


def test_crashes_go_with_what_hangs_on_them_and_come_back_as_they_were(built: CommandLine, database: Database) -> None:
    before, day = snapshot(database), middle(database)
    done = built("data", "delete", "crashes", "--from", day, "--yes", "--json")
    assert done.code == 0, done.err
    removed = done.json()["deleted"]
    assert all(removed[table] > 0 for table in ("crashes", "people", "vehicles"))
    left = snapshot(database)
    for table in ("crashes", "people", "vehicles"):
        assert len(left[table]) == len(before[table]) - removed[table]
        assert set(left[table]) < set(before[table])
    assert left["vision_zero_fatalities"] == before["vision_zero_fatalities"]
    assert database.rows(
        "select table_name, from_day::text, to_day, rows, execution_id from ops.data_deletions order by 1"
    ) == [(table, day, None, removed[table], 2) for table in ("crashes", "people", "vehicles")]
    assert database.value("select status from ops.job_executions where execution_id = 2") == "completed"

    assert built("run").code == 0
    assert built("transform").code == 0
    assert snapshot(database) == left, "what is not read again stays deleted"

    first, second = done.json()["bring_back_with"]
    again = built(*first.split(" (")[0].split()[1:])
    assert again.code == 0, again.err
    assert snapshot(database) == before

    assert built("data", "delete", "crashes", "--to", day, "--yes").code == 0
    assert built(*second.split(" (")[0].split()[1:]).code == 0
    assert snapshot(database) == before


def test_a_child_goes_alone_and_so_does_a_death(built: CommandLine, database: Database) -> None:
    before, day = snapshot(database), middle(database)
    assert built("data", "delete", "people", "--from", day, "--to", day, "--yes").code == 0
    done = built("data", "delete", "vision_zero_fatalities", "--from", "2000-01-01", "--yes")
    assert done.code == 0
    assert "crashes transform --full-refresh" in done.out
    left = snapshot(database)
    assert left["crashes"] == before["crashes"]
    assert len(left["people"]) < len(before["people"])
    assert left["vision_zero_fatalities"] == []
    assert built("transform", "--full-refresh").code == 0
    assert snapshot(database) == before


def test_nothing_goes_unasked_nor_where_nothing_matches(built: CommandLine, database: Database) -> None:
    before = snapshot(database)
    asked = built("data", "delete", "crashes", "--from", "2000-01-01")
    assert asked.code == 2
    assert "To be deleted, from 2000-01-01 on: 120 rows of marts.crashes" in asked.err
    assert "--yes" in asked.err
    none = built("data", "delete", "crashes", "--to", "1990-01-01", "--yes")
    assert none.code == 0
    assert "has no row up to 1990-01-01; the table has rows from 20" in none.out
    with ledger(load_settings()) as session:
        assert session.take_lock()
        held = built("data", "delete", "crashes", "--from", "2000-01-01", "--yes")
        assert held.code == 3
    assert snapshot(database) == before
    assert database.value("select count(*) from ops.data_deletions") == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crashes"], "Nothing is deleted without a range"),
        (["crashes", "--from", "2026-02-01", "--to", "2026-01-01"], "is after --to"),
        (["crashes", "--from", "yesterday"], "is no date"),
        (["crashes", "--from", "2026-01-01'; drop table marts.crashes; --"], "is no date"),
        (["raw.crashes", "--from", "2026-01-01"], "is not one of"),
        (["crashes; drop schema marts", "--from", "2026-01-01"], "is not one of"),
        (["crashes", "--from", "2026-01-01", "--yes"], "There are no tables to delete from yet"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(crashes: CommandLine, words: list[str], said: str) -> None:
    done = crashes("data", "delete", *words)
    assert done.code in (1, 2)
    assert said in done.err
    assert "Traceback" not in done.err
