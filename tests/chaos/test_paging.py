"""Paging is exact whatever the page size, however many rows share an instant, and whoever writes meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

from chaos.truth import assert_tables_equal_portal, served
from ingest.datasets import all_datasets
from ingest.pipeline import LandingRequest, land
from ingest.settings import Settings

PEOPLE = LandingRequest(("people",))


def keys(database: Database) -> list[str]:
    return [key for (key,) in database.rows("select person_id from raw.people order by 1")]


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1_000, 100_000])
def test_every_page_size_brings_every_row_once(
    size: int, land_here: Callable[..., Settings], database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=50, seed=17)
    land(PEOPLE, land_here(portal_url=portal.url, page_size=size))
    assert keys(database) == sorted(row["person_id"] for row in served(portal, all_datasets()["people"]))


def test_a_hundred_thousand_rows_of_one_instant(
    land_here: Callable[..., Settings], database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=45_000, seed=17)
    portal.control.restamp("people")
    report = land(PEOPLE, land_here(portal_url=portal.url, page_size=9_999))
    assert report.datasets["people"].rows > 100_000
    assert database.value("select count(distinct soda_updated_at) from raw.people") == 1
    landed = database.value("select count(*) from raw.people")
    assert (
        landed == database.value("select count(distinct person_id) from raw.people") == report.datasets["people"].rows
    )


def test_a_publisher_at_work_between_the_pages(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    """Rows are updated, inserted and deleted while they are read; one more run, and nothing is wrong."""
    portal = serve(crashes=300, seed=19)
    people = served(portal, all_datasets()["people"])
    over = threading.Event()

    def publish() -> None:
        number = 0
        while not over.wait(0.02):
            number += 1
            portal.control.upsert("people", [{**people[number % len(people)], "age": str(number % 90)}])
            portal.control.upsert("people", [{**people[0], "person_id": f"O9{number:06}"}])
            if number % 10 == 0:
                portal.control.delete("people", f"person_id = '{people[-number // 10]['person_id']}'")

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        assert crashes("ingest", "--portal", portal.url, env={"CRASHES_PAGE_SIZE": "10"}).code == 0
    finally:
        over.set()
        publisher.join()
    done = crashes("reconcile", "--portal", portal.url)
    assert done.code == 0, done.err
    assert_tables_equal_portal(database, portal)
