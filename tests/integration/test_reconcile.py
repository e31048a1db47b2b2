"""What vanishes from the portal leaves the tables' default reading, keeps its history, and may come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

from ingest.errors import MassDeletionError, PortalAnswerError
from ingest.pipeline import LandingRequest, land
from ingest.reconcile import ReconcileRequest, reconcile
from ingest.settings import Settings

CRASHES = 300
GONE = "deleted_at is not null"


@pytest.fixture
def portal(serve: Callable[..., RunningPortal]) -> RunningPortal:
    return serve(crashes=CRASHES, seed=5)


@pytest.fixture
def settings(portal: RunningPortal, land_here: Callable[..., Settings]) -> Settings:
    return land_here(portal_url=portal.url, page_size=37)


def keys(database: Database, where: str = "true") -> list[str]:
    return [key for (key,) in database.rows(f"select crash_record_id from marts.crashes where {where} order by 1")]


def reconciled(crashes: CommandLine, portal: RunningPortal, *options: str) -> dict[str, Any]:
    done = crashes("reconcile", "--portal", portal.url, "--json", *options)
    assert done.code == 0, done.err
    found: dict[str, Any] = done.json()["reconciled"]
    return found


def test_rows_vanish_and_come_back(crashes: CommandLine, database: Database, portal: RunningPortal) -> None:
    assert crashes("run", "--portal", portal.url).code == 0
    assert reconciled(crashes, portal)["crashes"]["vanished"] == 0

    victims = keys(database)[::100]
    moved = keys(database)[5]
    for key in victims:
        portal.control.delete("crashes", f"crash_record_id = '{key}'")
    portal.control.upsert("crashes", [{"crash_record_id": moved, "crash_date": "2019-02-03T04:05:00.000"}])
    people = database.value("select count(*) from marts.people")
    before = database.rows("select crash_record_id, updated_at from marts.crashes where crash_record_id <> %s", moved)

    found = reconciled(crashes, portal)
    assert found["crashes"]["vanished"] == len(victims) == 3
    assert 0 < found["crashes"]["months_listed"] < found["crashes"]["months"]
    assert keys(database, GONE) == victims
    assert database.value("select count(*) from marts.people") == people, "its people are the portal's to take away"
    unmoved = set(before) & set(database.rows("select crash_record_id, updated_at from marts.crashes"))
    assert len(unmoved) == len(before) - len(victims)
    assert database.value("select count(*) from marts.crashes where deleted_at = updated_at") == len(victims)
    assert database.value("select count(*) from raw.crashes") == CRASHES + 1, "raw keeps everything"
    assert reconciled(crashes, portal)["crashes"]["vanished"] == 0, "found once"

    # one comes back as it was: by a later write, as any other row
    content = database.rows(
        "select crash_date::text, street_name from marts.crashes where crash_record_id = %s", victims[0]
    )
    portal.control.upsert("crashes", [{"crash_record_id": victims[0], "crash_date": content[0][0].replace(" ", "T")}])
    assert crashes("run", "--portal", portal.url).code == 0
    assert keys(database, GONE) == victims[1:]


@pytest.fixture
def landed(portal: RunningPortal, settings: Settings) -> RunningPortal:
    """A portal of which everything has landed."""
    land(LandingRequest(), settings)
    return portal


def test_what_never_came_is_read(landed: RunningPortal, settings: Settings, database: Database) -> None:
    (lost,) = database.rows("select min(crash_record_id) from raw.crashes")[0]
    database.rows("delete from raw.crashes where crash_record_id = %s", lost)
    database.rows("delete from raw.people where person_id = (select min(person_id) from raw.people)")
    found = reconcile(ReconcileRequest(), settings).datasets
    assert (found["crashes"]["missing"], found["people"]["missing"]) == (1, 1)
    assert database.value("select count(*) from raw.crashes where crash_record_id = %s", lost) == 1
    found = reconcile(ReconcileRequest(every_month=True), settings).datasets
    assert {(dataset["missing"], dataset["vanished"]) for dataset in found.values()} == {(0, 0)}
    assert found["crashes"]["months_listed"] == found["crashes"]["months"]


def test_what_a_replica_forgot_for_a_while_is_read_again(
    landed: RunningPortal, settings: Settings, database: Database
) -> None:
    """Rows that were gone and are there again with their old stamps: the cursor would never bring them."""
    (key,) = database.rows("select min(crash_record_id) from raw.crashes")[0]
    database.rows("insert into raw._dlt_loads values ('9999999999.9', 'chicago_crashes', 0, now(), 'x')")
    database.rows(
        "insert into raw.portal_deletions (dataset, key, _dlt_load_id) values ('crashes', %s, '9999999999.9')", key
    )
    assert reconcile(ReconcileRequest(), settings).datasets["crashes"]["missing"] == 1
    assert database.value("select count(*) from raw.crashes where crash_record_id = %s", key) == 2
    assert reconcile(ReconcileRequest(), settings).datasets["crashes"]["months_listed"] == 0


def test_a_mass_disappearance_is_refused_until_it_is_meant(
    landed: RunningPortal, settings: Settings, database: Database
) -> None:
    landed.control.delete("crashes", "crash_hour < 12")
    vanished = database.value("select count(*) from raw.crashes where crash_hour::int < 12")
    report = reconcile(ReconcileRequest(), settings)
    with pytest.raises(MassDeletionError, match=f"crashes: {vanished} of 300 rows have vanished") as caught:
        report.raise_problem()
    assert "--accept-mass-deletion" in caught.value.remedy
    assert database.value("select count(*) from raw.portal_deletions") == 0
    found = reconcile(ReconcileRequest(accept_mass_deletion=True), settings).datasets
    assert found["crashes"]["vanished"] == vanished == database.value("select count(*) from raw.portal_deletions")


def test_a_lagging_replica_is_not_believed(landed: RunningPortal, settings: Settings, database: Database) -> None:
    (key,) = database.rows("select min(crash_record_id) from raw.crashes")[0]
    landed.control.delete("crashes", f"crash_record_id = '{key}'")
    landed.control.settings(out_of_date=True)
    with pytest.raises(PortalAnswerError, match="crashes: 1 rows seem to have vanished"):
        reconcile(ReconcileRequest(), settings).raise_problem()
    assert database.value("select count(*) from raw.portal_deletions") == 0
    landed.control.settings(out_of_date=False)
    assert reconcile(ReconcileRequest(), settings).datasets["crashes"]["vanished"] == 1


def test_a_key_put_right_is_no_deletion(crashes: CommandLine, database: Database, portal: RunningPortal) -> None:
    """White space makes no other key, and the landed 777.0 is the portal's 777."""
    portal.control.upsert("crashes", [{"crash_record_id": " k  w ", "crash_date": "2024-05-01T10:00:00.000"}])
    unit = {"crash_unit_id": "777", "crash_record_id": "k w", "crash_date": "2024-05-01T10:00:00.000"}
    portal.control.upsert("vehicles", [unit])
    assert crashes("run", "--portal", portal.url).code == 0
    database.rows("update raw.vehicles set crash_unit_id = '777.0' where crash_unit_id = '777'")
    portal.control.delete("crashes", "crash_record_id = ' k  w '")
    portal.control.upsert("crashes", [{"crash_record_id": "k w", "crash_date": "2024-05-01T10:00:00.000"}])
    assert crashes("run", "--portal", portal.url).code == 0
    found = reconciled(crashes, portal, "--every-month")
    assert {(dataset["missing"], dataset["vanished"]) for dataset in found.values()} == {(0, 0)}
    assert keys(database, "crash_record_id = 'k w' and deleted_at is null") == ["k w"]


def test_days_at_the_ends_of_time_are_compared_as_others(
    landed: RunningPortal, settings: Settings, database: Database
) -> None:
    days = ["9999-12-31T00:00:00.000", "1850-01-01T00:00:00.000"]
    landed.control.upsert("crashes", [{"crash_record_id": f"far {day}", "crash_date": day} for day in days])
    land(LandingRequest(), settings)
    for key, day in (("month 13", "2024-13-05T00:00:00.000"), ("year 0", "0000-00-00T00:00:00.000")):
        database.rows(
            "insert into raw.crashes (crash_record_id, crash_date, soda_id, soda_version, soda_created_at, "
            "soda_updated_at, _dlt_load_id) select %s, %s, %s, soda_version, soda_created_at, soda_updated_at, "
            "_dlt_load_id from raw.crashes limit 1",
            key, day, key,
        )  # fmt: skip
    landed.control.delete("crashes", "crash_record_id like 'far %'")
    found = reconcile(ReconcileRequest(every_month=True), settings).datasets
    assert (found["crashes"]["missing"], found["crashes"]["vanished"]) == (0, 4)


def test_a_full_replace_is_no_deletion(landed: RunningPortal, settings: Settings) -> None:
    for name in ("crashes", "people", "vehicles", "vision_zero_fatalities"):
        landed.control.replace(name)
    found = reconcile(ReconcileRequest(every_month=True), settings).datasets
    assert {(dataset["missing"], dataset["vanished"]) for dataset in found.values()} == {(0, 0)}
