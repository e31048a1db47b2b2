"""Landing into a real database from a real portal: everything arrives, once, and a killed run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sample_portal.testing import RunningPortal, running_portal

from ingest.datasets import all_datasets
from ingest.errors import (
    ConfigurationError,
    LandingBusyError,
    MassDeletionError,
    PortalAnswerError,
    SchemaBreakError,
)
from ingest.pipeline import LandingReport, LandingRequest, land
from ingest.reading import DatasetReading, Window
from ingest.settings import PROJECT_ROOT, Settings
from ingest.soda import SodaClient

CRASHES = 300


def crash(number: int, **fields: str) -> dict[str, Any]:
    day = 1 + number % 28
    return {
        "crash_record_id": f"{number:0128x}",
        "crash_date": f"2024-01-{day:02}T10:00:00.000",
        "street_name": f"STREET {number}",
        **fields,
    }


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[RunningPortal]:
    rows = {
        "crashes": [crash(number) for number in range(CRASHES)],
        "people": [
            {
                "person_id": f"O{number}",
                "crash_record_id": f"{number % CRASHES:0128x}",
                "crash_date": "2024-01-02T10:00:00.000",
            }
            for number in range(2 * CRASHES)
        ],
        "vehicles": [
            {
                "crash_unit_id": str(number),
                "crash_record_id": f"{number:0128x}",
                "crash_date": "2024-01-02T10:00:00.000",
            }
            for number in range(CRASHES)
        ],
        "vision_zero_fatalities": [{"crash_date": "2024-01-02T10:00:00.000", "victim": "DRIVER"}] * 2,
    }
    for name, lines in rows.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with running_portal(rows=tmp_path) as running:
        yield running


@pytest.fixture
def settings(portal: RunningPortal, land_here: Callable[..., Settings]) -> Settings:
    return land_here(portal_url=portal.url, page_size=37)


def landed(database: Any, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """What committed loads brought, in the order of the portal's keyset."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"""
            select {columns} from raw.{table}
            where _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
            """
        )
        return list(cursor.fetchall())


def test_every_row_of_every_dataset_arrives_once_with_pages_that_split_a_transaction(
    database: Any, settings: Settings
) -> None:
    report = land(LandingRequest(), settings)
    assert {name: dataset.rows for name, dataset in report.datasets.items()} == {
        "crashes": CRASHES,
        "people": 2 * CRASHES,
        "vehicles": CRASHES,
        "vision_zero_fatalities": 2,
    }
    ids = [row[0] for row in landed(database, "crashes", "crash_record_id")]
    assert sorted(ids) == [f"{number:0128x}" for number in range(CRASHES)]
    assert len(landed(database, "vision_zero_fatalities", "soda_id")) == 2
    # 300 rows in pages of 37, eight pages a package
    assert len(report.datasets["crashes"].load_ids) == 2


def test_raw_has_every_declared_column_and_only_text(database: Any, settings: Settings) -> None:
    land(LandingRequest(), settings)
    with database.connect() as connection, connection.cursor() as cursor:
        for name, dataset in all_datasets().items():
            cursor.execute(
                """
                select column_name, data_type from information_schema.columns
                where table_schema = 'raw' and table_name = %s
                """,
                [name],
            )
            columns = dict(cursor.fetchall())
            assert set(dataset.columns) <= set(columns)
            assert set(columns.values()) == {"character varying"}


def test_raw_is_not_vacuumed_for_what_is_only_appended(database: Any, settings: Settings) -> None:
    land(LandingRequest(), settings)
    options = database.rows(
        "select distinct reloptions from pg_class where relnamespace = 'raw'::regnamespace and relname = any(%s)",
        [*all_datasets(), "portal_reads"],
    )
    assert options == [(["autovacuum_vacuum_insert_threshold=-1"],)]


def test_nothing_new_lands_nothing_and_asks_once_a_dataset(
    database: Any, settings: Settings, portal: RunningPortal
) -> None:
    land(LandingRequest(), settings)
    portal.control.clear_requests()
    report = land(LandingRequest(), settings)
    assert report.load_ids == []
    assert [request["status"] for request in portal.control.requests()] == [304] * 4
    assert all(dataset.skipped for dataset in report.datasets.values())
    assert len(landed(database, "crashes")) == CRASHES


def test_what_a_lagging_replica_served_is_asked_for_again(
    database: Any, settings: Settings, portal: RunningPortal
) -> None:
    portal.control.settings(out_of_date=True)
    assert "lags" in " ".join(land(LandingRequest(), settings).datasets["crashes"].notes)
    portal.control.settings(out_of_date=False)
    assert not any(dataset.skipped for dataset in land(LandingRequest(), settings).datasets.values())
    assert all(dataset.skipped for dataset in land(LandingRequest(), settings).datasets.values())


def test_what_they_publish_lands_once_for_each_publication(
    database: Any, settings: Settings, portal: RunningPortal
) -> None:
    land(LandingRequest(), settings)
    portal.control.delete("crashes", "street_name = 'STREET 7'")
    report = land(LandingRequest(), settings)
    assert (report.datasets["crashes"].skipped, report.datasets["crashes"].rows) == (False, 0)
    assert land(LandingRequest(), settings).load_ids == []
    rows = landed(database, "portal_datasets", "dataset, row_count, rows_updated_at, columns::json ->> 'crash_date'")
    of_crashes = sorted((row for row in rows if row[0] == "crashes"), key=lambda row: row[2])
    assert [(count, kind) for _, count, _, kind in of_crashes] == [
        (CRASHES, "calendar_date"),
        (CRASHES - 1, "calendar_date"),
    ]
    assert len(rows) == 5


def test_exactly_what_changed_arrives(database: Any, settings: Settings, portal: RunningPortal) -> None:
    land(LandingRequest(), settings)
    portal.control.upsert("crashes", [crash(number, street_name="CHANGED") for number in (3, 5, 7)])
    portal.control.upsert("crashes", [crash(CRASHES)])
    report = land(LandingRequest(), settings)
    assert {name: dataset.rows for name, dataset in report.datasets.items() if dataset.rows} == {"crashes": 4}
    assert len(landed(database, "crashes")) == CRASHES + 4


def test_a_window_brings_its_days_and_leaves_the_cursor_alone(database: Any, settings: Settings) -> None:
    window = LandingRequest(("crashes",), date(2024, 1, 3), date(2024, 1, 4))
    report = land(window, settings)
    days = {row[0][:10] for row in landed(database, "crashes", "crash_date")}
    assert days == {"2024-01-03", "2024-01-04"}
    assert report.datasets["crashes"].cursor_after is None
    assert land(LandingRequest(("crashes",)), settings).datasets["crashes"].rows == CRASHES


def test_one_dataset_alone_gives_the_others_empty_tables_so_that_dbt_can_build(
    database: Any, settings: Settings
) -> None:
    land(LandingRequest(("crashes",)), settings)
    assert landed(database, "vehicles") == []
    assert landed(database, "vision_zero_fatalities", "soda_id, geocoded_column, _dlt_load_id") == []
    report = land(LandingRequest(), settings)
    assert report.datasets["vehicles"].rows == CRASHES
    assert report.datasets["crashes"].rows == 0


def test_a_window_without_any_row_is_a_reading_too(database: Any, settings: Settings) -> None:
    report = land(LandingRequest((), date(1999, 1, 1), date(1999, 1, 2)), settings)
    assert {dataset.rows for dataset in report.datasets.values()} == {0}
    assert landed(database, "people") == []
    assert {row[0] for row in landed(database, "portal_reads", "mode")} == {"window"}


def test_a_whole_read_that_a_change_cuts_through_is_read_again(
    database: Any, settings: Settings, portal: RunningPortal, tmp_path: Path
) -> None:
    """Replaced between the count and the page, all rows have moved past the bound: none of them may count as gone."""
    client = SodaClient(portal.url)
    reading = DatasetReading(
        all_datasets()["vision_zero_fatalities"],
        client,
        page_size=37,
        state={},
        extra_columns=[],
        window=Window(),
        folder=tmp_path,
    )
    reading.begin()
    portal.control.replace("vision_zero_fatalities")
    assert sum(page.rows for page in reading.pages(8)) == 2
    assert reading.complete
    assert "changed while" in reading.notes[0]
    reading.close()


def test_fatalities_are_read_whole_when_one_vanishes(settings: Settings, portal: RunningPortal) -> None:
    land(LandingRequest(), settings)
    portal.control.upsert("vision_zero_fatalities", [{"crash_date": "2024-01-03T10:00:00.000"}])
    assert land(LandingRequest(), settings).datasets["vision_zero_fatalities"].rows == 3
    portal.control.delete("vision_zero_fatalities", "victim is null")
    assert land(LandingRequest(), settings).datasets["vision_zero_fatalities"].rows == 2
    assert land(LandingRequest(), settings).load_ids == []


def test_a_full_refresh_reads_everything_again_and_the_cursor_goes_on(settings: Settings) -> None:
    land(LandingRequest(), settings)
    assert land(LandingRequest(("people",), full_refresh=True), settings).datasets["people"].rows == 2 * CRASHES
    assert land(LandingRequest(("people",)), settings).datasets["people"].rows == 0


def test_a_new_column_lands_in_the_same_run_and_is_reported(
    database: Any, settings: Settings, portal: RunningPortal
) -> None:
    land(LandingRequest(), settings)
    portal.control.add_column("crashes", "reviewed_at", "floating_timestamp")
    portal.control.upsert("crashes", [crash(1, reviewed_at="2026-01-01T00:00:00.000")])
    report = land(LandingRequest(), settings)
    assert [(change.dataset, change.column, change.change) for change in report.schema_changes] == [
        ("crashes", "reviewed_at", "new")
    ]
    assert {row[0] for row in landed(database, "crashes", "reviewed_at")} == {None, "2026-01-01T00:00:00.000"}
    assert land(LandingRequest(full_refresh=True), settings).schema_changes == []


def test_a_required_column_that_is_gone_stops_the_dataset_before_anything_is_loaded(
    settings: Settings, portal: RunningPortal
) -> None:
    portal.control.drop_column("people", "crash_record_id")
    with pytest.raises(SchemaBreakError, match="crash_record_id"):
        land(LandingRequest(("people",)), settings)


def test_one_dataset_that_cannot_be_read_does_not_stop_the_others(
    database: Any, settings: Settings, portal: RunningPortal
) -> None:
    portal.control.drop_column("people", "crash_record_id")
    report = land(LandingRequest(), settings)
    assert len(landed(database, "crashes")) == CRASHES
    assert landed(database, "people") == []
    with pytest.raises(SchemaBreakError, match="crash_record_id"):
        report.raise_problem()


def test_differences_are_told_before_any_row_lands(settings: Settings, portal: RunningPortal) -> None:
    portal.control.drop_column("crashes", "street_name")
    portal.control.add_column("crashes", "street_name_full", "text")
    portal.control.drop_column("crashes", "alignment")
    told: dict[str, list[tuple[str, str, str | None]]] = {}
    land(
        LandingRequest(("crashes",)),
        settings,
        on_schema=lambda dataset, changes: told.setdefault(
            dataset, [(change.column, change.change, change.served) for change in changes]
        ),
    )
    assert ("street_name", "renamed", "street_name_full") in told["crashes"]
    assert ("alignment", "missing", None) in told["crashes"]
    assert ("street_name_full", "new", "text") in told["crashes"]


def test_a_portal_without_metadata_is_read_all_the_same(settings: Settings, portal: RunningPortal) -> None:
    portal.control.fault(path="/api/views", status=404, times=99, body="{}")
    report = land(LandingRequest(), settings)
    assert report.datasets["crashes"].rows == CRASHES
    assert "metadata" in report.datasets["crashes"].notes[0]


def test_an_emptied_dataset_is_not_believed_unasked(settings: Settings, portal: RunningPortal) -> None:
    day = "2024-01-02T10:00:00.000"
    portal.control.upsert("vision_zero_fatalities", [{"crash_date": day, "victim": f"V{n}"} for n in range(60)])
    land(LandingRequest(), settings)
    portal.control.delete("vision_zero_fatalities", "victim is not null")
    report = land(LandingRequest(), settings)
    with pytest.raises(MassDeletionError, match="62 of 62 rows"):
        report.raise_problem()
    land(LandingRequest(accept_mass_deletion=True), settings).raise_problem()
    assert land(LandingRequest(), settings).load_ids == []


def test_rows_that_do_not_advance_are_an_error_and_no_endless_loop(settings: Settings, portal: RunningPortal) -> None:
    row = '[{":id":"row-aaaa.aaaa_aaaa",":updated_at":"2020-01-01T00:00:00.000Z","crash_record_id":"a"}]\n'
    headers = {"Content-Type": "application/json;charset=utf-8"}
    portal.control.fault(path="85ca-t3if", query="limit", status=200, times=99, headers=headers, body=row)
    with pytest.raises(PortalAnswerError, match="do not follow"):
        land(LandingRequest(("crashes",)), settings)


def test_rows_of_two_portals_never_meet(settings: Settings) -> None:
    land(LandingRequest(("crashes",)), settings)
    with pytest.raises(ConfigurationError, match="another portal"):
        land(LandingRequest(("crashes",)), settings.model_copy(update={"portal_url": "https://portal.invalid"}))
    with running_portal(crashes=10) as other, pytest.raises(ConfigurationError, match="another portal"):
        land(LandingRequest(("crashes",)), settings.model_copy(update={"portal_url": other.url}))


def test_a_second_landing_beside_the_first_is_refused(database: Any, settings: Settings) -> None:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('chicago_crashes landing'))")
        with pytest.raises(LandingBusyError):
            land(LandingRequest(), settings)


def test_a_landing_that_fails_midway_leaves_nothing_half_done(
    database: Any, settings: Settings, portal: RunningPortal
) -> None:
    portal.control.fault(path="u6pd-qa9d", query="limit", after=5, times=99, status=400, body='{"message":"no"}')
    with pytest.raises(PortalAnswerError, match="people, page 6"):
        land(LandingRequest(), settings)
    portal.control.clear_faults()
    assert land(LandingRequest(), settings).datasets["people"].rows == 2 * CRASHES
    assert len(landed(database, "people")) == 2 * CRASHES


def test_another_machine_goes_on_with_nothing_but_the_database(
    settings: Settings, portal: RunningPortal, tmp_path: Path
) -> None:
    land(LandingRequest(), settings)
    elsewhere = settings.model_copy(update={"home_dir": tmp_path / "elsewhere"})
    assert land(LandingRequest(), elsewhere).load_ids == []


def test_another_database_begins_at_the_beginning_whatever_lies_in_the_working_folder(
    settings: Settings, portal: RunningPortal, database: Any
) -> None:
    land(LandingRequest(("crashes",)), settings)
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("drop schema raw cascade")
    assert land(LandingRequest(("crashes",)), settings).datasets["crashes"].rows == CRASHES


@pytest.mark.parametrize("packages", [1, 2])
def test_a_killed_landing_goes_on_from_its_last_package(
    database: Any, settings: Settings, portal: RunningPortal, packages: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest", "--portal", portal.url],
        cwd=PROJECT_ROOT,
        env={**os.environ, "CRASHES_PAGE_SIZE": "5"},
    )
    wait_for_loads(database, packages)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = len(landed(database, "people"))
    assert 0 < before < 2 * CRASHES
    report: LandingReport = land(LandingRequest(), settings)
    assert report.datasets["people"].rows == 2 * CRASHES - before
    ids = [row[0] for row in landed(database, "people", "person_id")]
    assert sorted(ids) == sorted(f"O{number}" for number in range(2 * CRASHES))


def wait_for_loads(database: Any, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("select to_regclass('raw._dlt_loads')")
            if cursor.fetchone() != (None,):
                cursor.execute("select count(*) from raw._dlt_loads where status = 0")
                if cursor.fetchone()[0] >= count:
                    return
        time.sleep(0.02)
    raise AssertionError(f"{count} loads were not committed within a minute")
