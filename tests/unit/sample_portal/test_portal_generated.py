"""Generated rows: that they belong together, look like the portal's, carry its defects, and repeat by seed."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from portal_http import CRASHES, FATALITIES, PEOPLE, VEHICLES, Portal
from sample_portal.columns import DATASETS
from sample_portal.testing import running_portal

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def rows(generated: Portal) -> dict[str, Rows]:
    return {
        dataset.slug: generated.rows(dataset.id, select=":*,*", order=":updated_at,:id", limit="50000")
        for dataset in DATASETS
    }


def test_the_number_asked_for_and_what_belongs_to_it(rows: dict[str, Rows]) -> None:
    assert len(rows["crashes"]) == 3000
    assert 1.9 < len(rows["vehicles"]) / 3000 < 2.2
    assert 2.0 < len(rows["people"]) / 3000 < 2.4
    assert 5 <= len(rows["vision_zero_fatalities"]) <= 60


def test_the_default_limit_is_a_thousand(generated: Portal) -> None:
    assert len(generated.rows()) == 1000


def test_only_published_columns_are_served(rows: dict[str, Rows]) -> None:
    for dataset in DATASETS:
        fields = {field for row in rows[dataset.slug] for field in row if not re.match(r":(id|version|.*_at)$", field)}
        assert fields <= {column.field for column in dataset.columns}


def test_keys_are_unique_and_look_real(rows: dict[str, Rows]) -> None:
    for slug, key, form in [
        ("crashes", "crash_record_id", r"[0-9a-f]{128}"),
        ("people", "person_id", r"[OP]\d+"),
        ("vehicles", "crash_unit_id", r"\d+"),
    ]:
        keys = [row[key] for row in rows[slug]]
        assert len(set(keys)) == len(keys)
        assert all(re.fullmatch(form, text) for text in keys)


def test_drivers_carry_their_units_number_and_people_its_vehicle(rows: dict[str, Rows]) -> None:
    units = {row["crash_unit_id"]: row for row in rows["vehicles"]}
    vehicles = {row["vehicle_id"]: row for row in rows["vehicles"] if "vehicle_id" in row}
    for person in rows["people"]:
        if person["person_type"] != "PASSENGER":
            unit = units[person["person_id"][1:]]
            assert unit["crash_record_id"] == person["crash_record_id"]
            assert unit.get("vehicle_id") == person.get("vehicle_id")
        else:
            assert vehicles[person["vehicle_id"]]["crash_record_id"] == person["crash_record_id"]


def test_a_few_children_are_orphans(rows: dict[str, Rows]) -> None:
    crashes = {row["crash_record_id"] for row in rows["crashes"]}
    for slug in ("people", "vehicles"):
        orphans = sum(row["crash_record_id"] not in crashes for row in rows[slug])
        assert 0 < orphans < 0.005 * len(rows[slug])


def test_counts_agree_but_for_a_few(rows: dict[str, Rows]) -> None:
    units = Counter(row["crash_record_id"] for row in rows["vehicles"])
    hurt = Counter(
        row["crash_record_id"]
        for row in rows["people"]
        if row.get("injury_classification", "NO INDICATION OF INJURY") != "NO INDICATION OF INJURY"
    )
    crashes = rows["crashes"]
    wrong_units = sum(units[row["crash_record_id"]] != int(row["num_units"]) for row in crashes)
    told = [row for row in crashes if "injuries_total" in row]
    wrong_totals = sum(hurt[row["crash_record_id"]] != int(row["injuries_total"]) for row in told)
    assert 0 < wrong_units < 0.005 * len(crashes) and wrong_totals < 0.005 * len(crashes)
    assert 0 < len(crashes) - len(told) < 0.01 * len(crashes)


def test_places_are_blank_zero_or_in_the_city(rows: dict[str, Rows]) -> None:
    located = [row for row in rows["crashes"] if "latitude" in row]
    assert 0.97 < len(located) / 3000 < 1
    zero = [row for row in located if row["latitude"] == "0"]
    inside = [
        row for row in located if 41.6 < float(row["latitude"]) < 42.1 and -87.95 < float(row["longitude"]) < -87.5
    ]
    assert 0 < len(zero) < 15
    assert len(located) - len(zero) - len(inside) < 5
    for row in inside:
        longitude, latitude = row["location"]["coordinates"]
        assert abs(latitude - float(row["latitude"])) < 0.003 and abs(longitude - float(row["longitude"])) < 1e-6


def test_dates_run_from_2015_to_the_day_asked_for(rows: dict[str, Rows]) -> None:
    dates = [row["crash_date"] for row in rows["crashes"]]
    assert min(dates) > "2015-08" and max(dates)[:10] == "2026-06-30"
    assert sum(date >= "2026-05-31" for date in dates) >= 20
    assert sum(date[11:13] in ("15", "16", "17") for date in dates) > 2 * sum(
        date[11:13] in ("03", "04", "05") for date in dates
    )


def test_stamps_tie_and_never_run_ahead(rows: dict[str, Rows]) -> None:
    stamps = Counter(row[":updated_at"] for row in rows["crashes"])
    assert 2 <= len(stamps) <= 8 and max(stamps.values()) > 300
    assert max(stamps) < "2026-07-01"
    amended = sum(row[":updated_at"] > row[":created_at"] for row in rows["crashes"])
    assert 0.03 < amended / 3000 < 0.2
    assert all(row[":created_at"] <= row[":updated_at"] for row in rows["crashes"])


def test_defects_are_there(rows: dict[str, Rows]) -> None:
    streets = {row.get("street_name", "") for row in rows["crashes"]}
    assert any(street != street.strip() for street in streets)
    assert 100 < sum(row["weather_condition"] == "UNKNOWN" for row in rows["crashes"]) < 250
    fatalities = rows["vision_zero_fatalities"]
    if len(fatalities) >= 10:
        contents = [str({k: v for k, v in row.items() if not k.startswith(":")}) for row in fatalities]
        assert len(set(contents)) < len(contents), "two deaths that are equal in every column"
        assert any("person_id" not in row for row in fatalities)


def test_the_dead_of_vision_zero_are_people(rows: dict[str, Rows]) -> None:
    dead = {row["person_id"] for row in rows["people"] if row.get("injury_classification") == "FATAL"}
    named = {row["person_id"] for row in rows["vision_zero_fatalities"] if row.get("person_id", "UNK") != "UNK"}
    assert named <= dead


def test_the_same_seed_gives_the_same_rows_and_another_gives_others(cache: Path, tmp_path: Path) -> None:
    def served(seed: int, folder: Path) -> list[bytes]:
        with running_portal(crashes=300, seed=seed, as_of="2026-06-30", options=("--cache", str(folder))) as running:
            portal = Portal(running.url, running.control)
            return [portal.get(dataset, select=":*,*").body for dataset in (CRASHES, PEOPLE, VEHICLES, FATALITIES)]

    first = served(1, cache)
    assert served(1, tmp_path) == first
    assert all(a != b for a, b in zip(served(2, cache), first, strict=True))


@pytest.mark.parametrize("crashes", [1, 2, 7])
def test_few_crashes_are_no_special_case(crashes: int, cache: Path) -> None:
    with running_portal(crashes=crashes, options=("--cache", str(cache))) as running:
        assert len(Portal(running.url, running.control).rows()) == crashes
