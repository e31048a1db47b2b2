"""`crashes data delete`: only after showing and asking, all or nothing, on record; and everything comes back."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from harness import BIN, ROOT, CommandLine, Database
from sample_portal.testing import RunningPortal

from runner.database.data_deletion import Selection, following
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


def answering(crashes: CommandLine, answer: str, *words: str) -> subprocess.CompletedProcess[str]:
    """At a terminal, where somebody types an answer."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        command = [str(BIN / "crashes"), "data", "delete", *words]
        return subprocess.run(
            command, env=crashes.env, cwd=ROOT, stdin=theirs, capture_output=True, text=True, timeout=120
        )
    finally:
        os.close(ours)
        os.close(theirs)


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


def test_who_is_dated_otherwise_than_the_crash_comes_back_with_a_full_refresh_only(
    here: None, crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=40, seed=6)
    crashes.env["CRASHES_PORTAL_URL"] = portal.url
    assert crashes("run").code == 0
    person, day = database.rows("select person_id, crash_at_local::date::text from marts.people order by 1 limit 1")[0]
    portal.control.upsert("people", [{"person_id": person, "crash_date": "2020-01-01T00:00:00.000"}])
    assert crashes("run").code == 0
    before = snapshot(database)
    done = crashes("data", "delete", "crashes", "--from", day, "--to", day, "--yes")
    assert "(those that the portal still has on these days)" in done.out
    assert crashes("run", "--since", day, "--until", day).code == 0
    assert len(snapshot(database)["people"]) == len(before["people"]) - 1
    assert "crashes transform --full-refresh (all of them, from what has landed)" in done.out
    assert crashes("transform", "--full-refresh").code == 0
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
    assert database.value("select sum(people) from marts.crash_impacts") == len(left["people"])
    assert left["vision_zero_fatalities"] == []
    assert built("transform", "--full-refresh").code == 0
    assert snapshot(database) == before


def test_whoever_is_asked_decides_and_sees_what_hangs_on_it(built: CommandLine, database: Database) -> None:
    before, day = snapshot(database), middle(database)
    words = ("crashes", "--from", day)
    violations = database.value("select count(*) from quality.rule_violations where severity <> 'held_back'")
    impacts = database.value("select count(*) from marts.crash_impacts where crash_at_local >= %s", day)
    with closing(database.connect()), ledger(load_settings()) as session:
        everything = following(session, Selection("crashes", None, None))
        some = following(session, Selection("crashes", session.execute("select %s::date", [day])[0][0], None))
        deaths = following(session, Selection("vision_zero_fatalities", None, None))
    assert everything["quality.rule_violations"] + deaths["quality.rule_violations"] == violations
    assert some["marts.crash_impacts"] == impacts

    no = answering(built, "n", *words)
    assert no.returncode == 1
    assert "Delete them? [y/N]" in no.stderr
    assert f"{impacts:,} of marts.crash_impacts" in no.stderr
    assert "marts.crashes has rows from 20" in no.stderr
    assert "Traceback" not in no.stderr
    assert snapshot(database) == before
    assert database.value("select count(*) from ops.data_deletions") == 0

    yes = answering(built, "y", *words)
    assert yes.returncode == 0, yes.stderr
    assert len(snapshot(database)["crashes"]) < len(before["crashes"])
    assert database.value("select count(*) from marts.crash_impacts where crash_at_local >= %s", day) == 0
    assert database.value("select count(*) from marts.crash_impacts") == len(snapshot(database)["crashes"])


def test_the_places_of_a_crash_go_with_it(built: CommandLine, database: Database) -> None:
    if database.value("select to_regclass('spatial.crash_features')") is None:
        pytest.skip("this version does not assign crashes to places")
    day = middle(database)
    database.rows(
        """
        insert into spatial.crash_features (crash_record_id, layer_id, feature_id, label, how, metres)
        select crash_record_id, 'wards', 'wards/1', '1', 'within', 0 from marts.crashes
        """
    )
    done = built("data", "delete", "crashes", "--from", day, "--yes", "--json")
    assert done.code == 0, done.err
    assert done.json()["gone_with_them"]["spatial.crash_features"] == done.json()["deleted"]["crashes"]
    assert (
        database.value(
            "select count(*) from spatial.crash_features where crash_record_id not in "
            "(select crash_record_id from marts.crashes)"
        )
        == 0
    )


def test_nothing_goes_unasked_nor_where_nothing_matches(built: CommandLine, database: Database) -> None:
    before = snapshot(database)
    asked = built("data", "delete", "crashes", "--from", "2000-01-01")
    assert asked.code == 2
    assert "To be deleted, from 2000-01-01 on: 120 rows of marts.crashes" in asked.err
    assert "--yes" in asked.err
    none = built("data", "delete", "crashes", "--to", "1990-01-01", "--yes")
    assert none.code == 0
    assert "has no row up to 1990-01-01; the table has rows from 20" in none.out
    late = built("data", "delete", "crashes", "--from", "9999-12-30", "--to", "9999-12-31", "--yes", "--json")
    assert late.code == 0, late.err
    assert late.json()["deleted"] == {"people": 0, "vehicles": 0, "crashes": 0}
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
