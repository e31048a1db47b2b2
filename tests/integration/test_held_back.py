"""Rows that no final table can take: they stop nothing, are on record with all that is wrong, and leave it."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any

import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

DAY = "2024-05-01T10:00:00.000"
LONG = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=9000))


@pytest.fixture(scope="module")
def portal(module_serve: Callable[..., RunningPortal]) -> RunningPortal:
    return module_serve(crashes=60, seed=9)


@pytest.fixture(scope="module")
def run(module_crashes: CommandLine, portal: RunningPortal) -> Callable[..., dict[str, Any]]:
    """Runs, and says what became of the rows of each dataset."""

    def run_(*command: str) -> dict[str, Any]:
        done = module_crashes(*(command or ("run",)), "--portal", portal.url, "--json")
        assert done.code == 0, done.err
        datasets: dict[str, Any] = done.json()["datasets"]
        return datasets

    return run_


def held_back(database: Database, table: str, condition: str = "true") -> list[tuple[str, str, str]]:
    return database.rows(
        f"select row_key, rule_id, severity from quality.held_back where table_name = '{table}' and {condition} "
        "order by 1, 2"
    )


def test_numbers_and_keys_as_large_as_the_portal_can_send_stop_nothing(
    run: Callable[..., dict[str, Any]], portal: RunningPortal, module_database: Database
) -> None:
    run()
    most = {"injuries_total": "5", "injuries_fatal": "2147483647", "injuries_incapacitating": "2147483647"}
    nothing = {"injuries_non_incapacitating": "0", "injuries_reported_not_evident": "0"}
    portal.control.upsert("crashes", [{"crash_record_id": "most", "crash_date": DAY, **most, **nothing}])
    portal.control.upsert("crashes", [{"crash_record_id": LONG[:4000], "crash_date": DAY}])
    portal.control.upsert("people", [{"person_id": LONG[:4000], "crash_record_id": "most", "crash_date": DAY}])
    portal.control.upsert("people", [{"person_id": "of-long", "crash_record_id": LONG[:4000], "crash_date": DAY}])
    portal.control.upsert("vision_zero_fatalities", [{"person_id": LONG, "crash_date": DAY}])
    run()
    broken = "select rule_id from quality.rule_violations where table_name = 'crashes' and row_key = 'most'"
    assert ("crashes.injuries_total.sum",) in module_database.rows(broken)
    assert [rule for _, rule, _ in held_back(module_database, "crashes")] == ["crashes.crash_record_id.required"]
    assert [rule for _, rule, _ in held_back(module_database, "people", f"original_value = '{LONG[:4000]}'")] == [
        "people.crash_record_id.required",
        "people.person_id.required",
    ]
    assert module_database.value("select count(*) from marts.vision_zero_fatalities where person_id = %s", LONG) == 1


def test_a_replacement_doubles_no_row_without_a_key_and_a_correction_takes_it_off(
    run: Callable[..., dict[str, Any]], portal: RunningPortal, module_database: Database
) -> None:
    portal.control.upsert("people", [{"crash_record_id": "most", "crash_date": DAY, "city": "NO KEY"}])
    portal.control.upsert("vision_zero_fatalities", [{"rd_no": "VZ1", "crash_date": "2024-02-30"}, {"rd_no": "VZ2"}])
    run()
    keyless = "not has_key and rule_id <> 'people.crash_record_id.required'"
    people, deaths = held_back(module_database, "people", keyless), held_back(module_database, "vision_zero_fatalities")
    assert {rule for _, rule, _ in deaths} == {"vision_zero_fatalities.crash_date.required"}
    assert len(deaths) == 2

    for table in ("people", "vision_zero_fatalities"):
        portal.control.replace(table)
    run()
    assert len(held_back(module_database, "people", keyless)) == len(people)
    assert len(held_back(module_database, "vision_zero_fatalities")) == 2

    portal.control.delete("vision_zero_fatalities", "rd_no in ('VZ1', 'VZ2')")
    portal.control.upsert("vision_zero_fatalities", [{"rd_no": "VZ1", "crash_date": "2024-02-28T00:00:00.000"}])
    run()
    assert held_back(module_database, "vision_zero_fatalities") == []
    assert module_database.value("select count(*) from marts.vision_zero_fatalities where rd_no = 'VZ1'") == 1


def test_whatever_else_is_wrong_with_the_row_is_on_record_and_it_counts_once(
    run: Callable[..., dict[str, Any]], portal: RunningPortal, module_database: Database
) -> None:
    good = {"crash_record_id": "good", "crash_date": DAY}
    portal.control.upsert("crashes", [good, {**good, "crash_record_id": "good too"}])
    assert run()["crashes"]["inserted"] == 2
    portal.control.upsert("crashes", [{**good, "crash_date": "2024-02-30", "posted_speed_limit": "99"}])
    portal.control.upsert("crashes", [{**good, "crash_record_id": "good three"}])
    counts = run()["crashes"]
    assert {what: counts[what] for what in ("fetched", "inserted", "updated", "unchanged", "held_back")} == {
        "fetched": 2,
        "inserted": 1,
        "updated": 0,
        "unchanged": 0,
        "held_back": 1,
    }
    assert held_back(module_database, "crashes", "row_key = 'good'") == [
        ("good", "crashes.crash_date.required", "held_back"),
        ("good", "crashes.posted_speed_limit.out_of_range", "error"),
    ]
    assert module_database.value("select crash_date::text from marts.crashes where crash_record_id = 'good'")


def test_those_of_a_crash_that_vanished_are_orphans_until_it_is_back(
    run: Callable[..., dict[str, Any]], module_crashes: CommandLine, portal: RunningPortal, module_database: Database
) -> None:
    person = module_database.value("select min(person_id) from marts.people")
    key = module_database.value("select crash_record_id from marts.people where person_id = %s", person)
    portal.control.delete("crashes", f"crash_record_id = '{key}'")
    assert module_crashes("reconcile", "--portal", portal.url).code == 0
    waiting = "select crash_deleted_at is not null from quality.orphans where table_name = 'people' and row_key = %s"
    assert module_database.rows(waiting, person) == [(True,)]
    assert module_database.value("select deleted_at is null from marts.people where person_id = %s", person)
    portal.control.upsert("crashes", [{"crash_record_id": key, "crash_date": DAY}])
    run()
    assert module_database.rows(waiting, person) == []


def test_a_test_that_fails_holds_up_nothing_that_is_built_by_hand(
    module_crashes: CommandLine, portal: RunningPortal, module_database: Database
) -> None:
    """More people than may have another date than their crash, and a person who waits."""
    everybody = [key for (key,) in module_database.rows("select person_id from marts.people where deleted_at is null")]
    other_day = [{"person_id": key, "crash_date": "2020-01-01T00:00:00.000"} for key in everybody]
    portal.control.upsert("people", other_day)
    portal.control.upsert("people", [{"person_id": "waits", "crash_record_id": "nobody's", "crash_date": DAY}])
    assert module_crashes("ingest", "--portal", portal.url).code == 0
    built = module_crashes("build", "--exclude-resource-type", "unit_test", "--exclude", "tag:macros", tool="dbt")
    assert built.code == 1
    assert "people_and_vehicles_have_the_date_of_their_crash" in built.out
    assert held_back(module_database, "people", "row_key = 'waits'") == [
        ("waits", "people.crash_record_id.orphan", "held_back")
    ]
