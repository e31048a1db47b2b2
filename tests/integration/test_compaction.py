"""A publisher who stamps everything anew fills raw with repetitions: they go, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

CRASHES = 200
TABLES = ("crashes", "people", "vehicles")


def contents(database: Database) -> list[Any]:
    return [
        database.rows(f"select row_to_json(finals)::text from marts.{table} as finals order by 1") for table in TABLES
    ]


def versions(database: Database) -> dict[str, int]:
    return {table: database.value(f"select count(*) from raw.{table}") for table in TABLES}


def test_repetitions_go_and_the_tables_stay(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=CRASHES, seed=23)
    assert crashes("run", "--portal", portal.url).code == 0
    once = versions(database)
    built = contents(database)

    for table in TABLES:
        portal.control.restamp(table)
    done = crashes("run", "--portal", portal.url)
    assert done.code == 0, done.err
    assert "Nothing new" not in done.out, "they have landed"
    assert "`crashes compact` would remove them" in done.out
    assert contents(database) == built, "an identical stamp changes nothing"
    assert versions(database) == {table: 2 * count for table, count in once.items()}
    newest = database.value("select max(soda_updated_at) from raw.crashes")

    # a distinct version, and rows of a load that broke off
    ((key,),) = database.rows("select min(crash_record_id) from marts.crashes")
    portal.control.upsert("crashes", [{"crash_record_id": key, "street_name": "CHANGED", "crash_date": "2024-01-02"}])
    assert crashes("run", "--portal", portal.url).code == 0
    built = contents(database)
    database.rows("insert into raw.people (person_id, _dlt_load_id) values ('O1', 'broken')")
    with closing(database.connect()) as beside, beside.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(42720, 1)")  # as a run holds it
        done = crashes("compact", "--json")
    assert done.code == 0, done.err
    removed = done.json()["compacted"]
    assert {table: removed[table]["versions"] for table in TABLES} == once
    assert removed["people"]["uncommitted"] == 1
    assert removed["crashes"]["bytes"] > 100 * CRASHES
    assert versions(database) == {**once, "crashes": CRASHES + 1}
    assert database.value("select max(soda_updated_at) from raw.crashes") > newest
    assert database.value("select count(*) from raw.crashes where crash_record_id = %s", key) == 2

    done = crashes("run", "--portal", portal.url)
    assert "Nothing new" in done.out
    assert "compact" not in done.out
    assert crashes("transform", "--full-refresh").code == 0
    assert contents(database) == built, "the first one's stamps are kept"
    assert all(not removed["versions"] for removed in crashes("compact", "--json").json()["compacted"].values())


def test_what_no_table_has_taken_in_stays(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=CRASHES, seed=23)
    assert crashes("run", "--portal", portal.url).code == 0
    portal.control.restamp("crashes")
    assert crashes("ingest", "--portal", portal.url).code == 0
    assert crashes("compact", "--json").json()["compacted"]["crashes"]["versions"] == 0
