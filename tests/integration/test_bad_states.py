"""Whatever a build is doing, and however it ends: who reads the tables sees the last good state, whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2
from harness import CommandLine, Database, until
from sample_portal.testing import RunningPortal

CRASHES = 200
RELATIONS = (
    "marts.crashes",
    "marts.people",
    "marts.vehicles",
    "marts.vision_zero_fatalities",
    "marts.crash_impacts",
    "marts.crash_stats_daily",
    "marts.fatality_links",
    "quality.held_back",
    "quality.rule_violations",
    "quality.by_rule",
    "quality.orphans",
    "quality.rules",
    "history.crash_versions",
    "history.people_versions",
    "history.fatality_versions",
)


class Reader(threading.Thread):
    """Counts the rows of everything, again and again, until it is told to stop; keeps every distinct answer."""

    def __init__(self, database: Database) -> None:
        super().__init__(daemon=True)
        self._database = database
        self._enough = threading.Event()
        self.seen: dict[str, set[Any]] = {relation: set() for relation in RELATIONS}
        self.rounds = 0

    def run(self) -> None:
        while not self._enough.is_set():
            for relation in RELATIONS:
                try:
                    self.seen[relation].add(self._database.value(f"select count(*) from {relation}"))
                except Exception as fault:  # what a reader must never see
                    self.seen[relation].add(str(fault))
            self.rounds += 1

    def stop(self) -> dict[str, set[Any]]:
        self._enough.set()
        self.join()
        return self.seen


def counts(database: Database) -> dict[str, int]:
    return {relation: database.value(f"select count(*) from {relation}") for relation in RELATIONS}


def read_during(database: Database, work: Callable[[], Any]) -> dict[str, set[Any]]:
    reader = Reader(database)
    reader.start()
    work()
    seen = reader.stop()
    assert reader.rounds > 3, "it read too seldom to prove anything"
    return seen


def test_readers_see_the_last_good_tables_through_a_run_a_full_refresh_and_a_failure(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=CRASHES, seed=31)
    assert crashes("run", "--portal", portal.url).code == 0
    before = counts(database)
    assert before["marts.crashes"] == CRASHES

    # a full refresh, with nothing changed: at no moment anything else than before
    codes = []
    seen = read_during(database, lambda: codes.append(crashes("transform", "--full-refresh").code))
    assert codes == [0]
    assert seen == {relation: {count} for relation, count in before.items()}

    # an increment: the rows of before or those of after
    portal.control.upsert("crashes", [{"crash_record_id": "N" * 128, "crash_date": "2026-01-02T03:04:05.000"}])
    seen = read_during(database, lambda: codes.append(crashes("run", "--portal", portal.url).code))
    assert codes == [0, 0]
    after = counts(database)
    assert after["marts.crashes"] == CRASHES + 1
    assert {relation: seen[relation] - {before[relation], after[relation]} for relation in RELATIONS} == {
        relation: set() for relation in RELATIONS
    }

    # a model that fails, in the middle of a build: a trigger refuses the people who would come
    portal.control.upsert(
        "people",
        [{"person_id": "O99999999", "crash_record_id": "N" * 128, "crash_date": "2026-01-02T03:04:05.000"}],
    )
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create function refuse() returns trigger language plpgsql as $$ begin raise 'no room'; end $$; "
            "create trigger refuse before insert on marts.people for each row execute function refuse()"
        )
    failed = crashes("run", "--portal", portal.url)
    assert failed.code == 1
    assert "people" in failed.err
    assert counts(database) == after, "half of a build was visible"
    assert database.value("select count(*) from ops.model_loads where model = 'people' and not applied") == 0

    # the next run repairs it, with nothing new to land
    database.rows("drop function refuse() cascade")
    assert crashes("run", "--portal", portal.url).code == 0
    repaired = counts(database)
    assert repaired["marts.people"] == after["marts.people"] + 1
    assert repaired["history.people_versions"] == after["history.people_versions"] + 1


def test_a_full_refresh_lets_readers_of_several_tables_finish_and_others_read_on(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    """Whichever table a reader comes to first, no deadlock is ended at his cost; who stays keeps nobody waiting."""
    assert crashes("run", "--portal", serve(crashes=CRASHES, seed=31).url).code == 0
    orders = [("crashes", "people"), ("people", "crashes"), ("vehicles", "people"), ("crash_impacts", "crashes")]
    faults: list[str] = []
    done = threading.Event()

    def read(first: str, second: str) -> None:
        while not done.is_set():
            try:
                with closing(database.connect()) as connection, connection.cursor() as cursor:
                    connection.autocommit = False
                    cursor.execute(f"select count(*), pg_sleep(0.05) from (select 1 from marts.{first} limit 1) as one")
                    cursor.execute(f"select count(*) from marts.{second}")
                    connection.commit()
                time.sleep(0.2)
            except psycopg2.Error as fault:
                faults.append(f"{first}, {second}: {fault}")

    readers = [threading.Thread(target=read, args=order, daemon=True) for order in orders]
    for reader in readers:
        reader.start()
    swapped = crashes("transform", "--full-refresh")
    done.set()
    for reader in readers:
        reader.join()
    assert (swapped.code, faults) == (0, [])

    with closing(database.connect()) as staying, staying.cursor() as cursor:
        staying.autocommit = False
        cursor.execute("select count(*) from marts.vehicles")
        refresh = crashes.start("transform", "--full-refresh", "--select", "crashes")
        until(
            lambda: database.value(
                "select exists (select from pg_stat_activity where query like '%%waits_otherwise constant%%' "
                "and pid <> pg_backend_pid())"
            ),
            60,
        )
        for _ in range(20):
            database.rows("set statement_timeout = '2s'; select count(*) from marts.crashes")
            time.sleep(0.1)
        assert refresh.poll() is None, "it waits for who stays"
        staying.rollback()
    refresh.communicate(timeout=60)
    assert refresh.returncode == 0


def test_a_full_refresh_gives_a_table_other_columns_past_our_views_and_not_past_a_users(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    """As after an upgrade: the table was built with another type."""
    crashes.env["CRASHES_PORTAL_URL"] = serve(crashes=30, seed=5).url
    assert crashes("run").code == 0
    of_people = (
        "select data_type from information_schema.columns "
        "where table_schema = %s and table_name = %s and column_name = 'people'"
    )
    ours = database.value("select pg_get_viewdef('marts.crash_impacts'::regclass)")
    database.rows("drop view marts.crash_impacts cascade")
    database.rows("alter table staging.int_crashes__impacts alter column people type bigint")
    database.rows(f"create view marts.crash_impacts as {ours}")

    for read in ("staging.int_crashes__impacts", "marts.crash_impacts"):
        database.rows(f"create view public.of_a_user as select people from {read}")
        refused = crashes("transform", "--full-refresh")
        assert refused.code == 1
        assert "does not make again: public.of_a_user" in refused.err
        assert "Traceback" not in refused.err
        assert database.value("select count(*) from public.of_a_user") == 30
        assert database.value(of_people, "staging", "int_crashes__impacts") == "bigint", "the table is as it was"
        database.rows("drop view public.of_a_user")

    alone = crashes("transform", "--full-refresh", "--select", "int_crashes__impacts")
    assert (alone.code, "does not make again: marts.crash_impacts" in alone.err) == (1, True)
    assert crashes("transform", "--full-refresh").code == 0
    assert database.value(of_people, "marts", "crash_impacts") == "integer"
    assert database.value("select count(*) from marts.crash_impacts") == 30
