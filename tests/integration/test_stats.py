"""What crashes did and cost, and how many there were: against the same sums done in Python from the final tables."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from harness import ROOT, CommandLine, Database
from sample_portal.testing import RunningPortal


@pytest.fixture(scope="module")
def built(module_crashes: CommandLine, module_serve: Callable[..., RunningPortal]) -> CommandLine:
    """Tables of 500 crashes."""
    done = module_crashes("run", "--portal", module_serve(crashes=500, seed=17).url)
    assert done.code == 0, done.err
    return module_crashes


def person_costs() -> dict[str, int]:
    """The seed as published: class of injury to dollars a person."""
    with (ROOT / "dbt_project/seeds/injury_costs.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["injury_classification"]: int(row["economic_cost"]) + int(row["quality_of_life_cost"])
            for row in csv.DictReader(file)
            if row["counted"] == "person"
        }


def test_every_crash_costs_what_its_people_or_else_its_vehicles_do(
    built: CommandLine, module_database: Database
) -> None:
    costs, unhurt_vehicle = person_costs(), 6_269 + 3_927
    people: dict[str, list[str]] = defaultdict(list)
    for crash, injury in module_database.rows("select crash_record_id, injury_classification from marts.people"):
        people[crash].append(injury)
    vehicles = Counter(
        crash
        for crash, kind in module_database.rows("select crash_record_id, unit_type from marts.vehicles")
        if kind in ("DRIVER", "PARKED", "DRIVERLESS")
    )
    injured = dict(module_database.rows("select crash_record_id, injuries_total from marts.crashes"))
    expected = {}
    for crash, total in injured.items():
        hurt = any(costs.get(injury, 0) for injury in people[crash]) or (total or 0) > 0
        paid = sum(costs.get(injury, 0) for injury in people[crash])
        expected[crash] = paid if hurt else vehicles[crash] * unhurt_vehicle
    shown = dict(module_database.rows("select crash_record_id, total_cost from marts.crash_impacts"))
    assert shown == expected
    assert sum(shown.values()) > 1_000_000


def test_every_view_counts_every_crash_once(built: CommandLine, module_database: Database) -> None:
    whole = module_database.rows("select count(*), sum(injuries_total), sum(injuries_fatal) from marts.crashes")
    for view in ("daily", "weekly", "hourly", "by_cause"):
        counted = f"select sum(crashes), sum(injuries), sum(fatalities) from marts.crash_stats_{view}"
        assert module_database.rows(counted) == whole, view


def everything(database: Database) -> list[str]:
    ((first, last),) = database.rows("select min(crash_date)::date, max(crash_date)::date from marts.crashes")
    return ["--from", str(first), "--to", str(last)]


def test_days_by_severity_are_those_of_the_crashes(built: CommandLine, module_database: Database) -> None:
    crashes = module_database.rows("select crash_date::date::text, severity_score from marts.crashes")
    done = built("stats", "daily", "--group-by", "severity", "--json", *everything(module_database))
    assert done.code == 0, done.err
    counted = {(row["crash_day"], row["severity_score"]): row["crashes"] for row in done.json()["rows"]}
    assert counted == Counter(crashes)


def test_csv_and_json_and_table_say_the_same(built: CommandLine, module_database: Database) -> None:
    days = everything(module_database)
    rows: list[dict[str, Any]] = built("stats", "cause", "--json", *days).json()["rows"]
    assert [row["crashes"] for row in rows] == sorted((row["crashes"] for row in rows), reverse=True)
    written = list(csv.DictReader(io.StringIO(built("stats", "cause", "--csv", *days).out)))
    assert [
        {name: str(value or "") if value is None else str(value) for name, value in row.items()} for row in rows
    ] == [dict(row) for row in written]
    shown = built("stats", "cause", *days).out.splitlines()
    assert len(shown) == len(rows) + 1
    assert shown[0].split()[-1] == "fatalities"


def test_hours_are_those_of_the_clock_and_weeks_begin_on_monday(built: CommandLine, module_database: Database) -> None:
    days = everything(module_database)
    hours = built("stats", "hourly", "--json", *days).json()["rows"]
    crashes = Counter(
        hour for (hour,) in module_database.rows("select extract(hour from crash_date) from marts.crashes")
    )
    assert {row["hour"]: row["crashes"] for row in hours} == crashes
    weeks = built("stats", "weekly", "--json", *days).json()["rows"]
    assert sum(row["crashes"] for row in weeks) == 500
    assert (
        module_database.value("select count(*) from marts.crash_stats_weekly where extract(isodow from week) <> 1") == 0
    )


def test_a_chart_has_a_bar_for_each_row(built: CommandLine, module_database: Database) -> None:
    done = built("stats", "hourly", "--chart", *everything(module_database))
    assert done.code == 0, done.err
    bars = [line.count("█") for line in done.out.splitlines()]
    crashes = [
        row["crashes"] for row in built("stats", "hourly", "--json", *everything(module_database)).json()["rows"]
    ]
    assert len(bars) == len(crashes)
    assert bars.index(max(bars)) == crashes.index(max(crashes))


def test_days_without_a_crash_are_told_with_those_that_have_some(built: CommandLine) -> None:
    done = built("stats", "daily", "--from", "1999-01-01", "--to", "1999-12-31")
    assert done.code == 0
    assert done.out.startswith("No crash from 1999-01-01 to 1999-12-31; there are crashes from 20")


@pytest.mark.parametrize(
    ("limit", "days"),
    [(("--to", "0001-01-02"), "0001-01-01 to 0001-01-02"), (("--from", "9999-12-31"), "9999-12-31 to 9999-12-31")],
)
def test_one_limit_alone_may_be_any_day(built: CommandLine, limit: tuple[str, str], days: str) -> None:
    done = built("stats", "daily", *limit)
    assert (done.code, done.out.partition(";")[0]) == (0, f"No crash from {days}")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["daily", "--from", "2026-02-01", "--to", "2026-01-01"], "Swap"),
        (["daily", "--from", "yesterday"], "YYYY-MM-DD"),
        (["hourly", "--group-by", "cause"], "severity"),
        (["cause", "--group-by", "weather"], "daily"),
        (["daily", "--json", "--csv"], "one of them"),
        (["yearly"], "weekly"),
    ],
)
def test_wrong_usage_is_a_sentence(crashes: CommandLine, arguments: list[str], word: str) -> None:
    done = crashes("stats", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert word in done.err
    assert "Traceback" not in done.err


def test_without_any_crash_it_says_so(crashes: CommandLine, serve: Callable[..., RunningPortal]) -> None:
    assert crashes("run", "--portal", serve(crashes=20).url, "--dataset", "vision_zero_fatalities").code == 0
    done = crashes("stats", "daily")
    assert done.code == 1
    assert "no crash to count yet" in done.err
    assert "None" not in done.err + done.out


def test_before_the_first_build_it_says_what_to_do(crashes: CommandLine) -> None:
    done = crashes("stats", "daily")
    assert done.code == 1
    assert "`crashes run`" in done.err
