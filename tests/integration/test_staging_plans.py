"""What PostgreSQL makes of the staging views and of the tables built from them: what a build's speed rests on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from harness import ROOT, CommandLine, Database
from sample_portal.testing import RunningPortal

KEYS = {"crashes": "crash_record_id", "people": "person_id", "vehicles": "crash_unit_id"}
# As PostgreSQL writes what a contract says.
TYPES = {"timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone"}


@pytest.fixture(scope="module")
def portal(module_serve: Callable[..., RunningPortal]) -> RunningPortal:
    return module_serve(crashes=300, seed=5)


@pytest.fixture(scope="module", autouse=True)
def built(module_crashes: CommandLine, portal: RunningPortal, module_database: Database) -> Database:
    """Tables of 300 crashes."""
    done = module_crashes("run", "--portal", portal.url)
    assert done.code == 0, done.err
    return module_database


def plan(database: Database, query: str, **settings: object) -> str:
    with database.connect() as connection, connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"set {name} = {value}")
        cursor.execute(f"explain (costs off) {query}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("table", [*KEYS, "vision_zero_fatalities"])
def test_cleaning_is_shared_among_processes(built: Database, table: str) -> None:
    """One expression that only one process may compute, and a full build takes twice as long."""
    shared = plan(
        built,
        f"select * from staging.stg_chicago__{table}",
        max_parallel_workers_per_gather=2,
        min_parallel_table_scan_size=0,
        parallel_setup_cost=0,
        parallel_tuple_cost=0,
    )
    first, *rest = shared.splitlines()
    assert first == "Gather"
    assert f"Parallel Seq Scan on {table}" in "".join(rest)


@pytest.mark.parametrize("table", KEYS)
def test_a_stamp_that_many_rows_have_is_judged_once(built: Database, table: str) -> None:
    judged = plan(built, f"select * from staging.stg_chicago__{table}", cpu_operator_cost=0.05)
    assert "Cache Key: rows_of_raw.soda_updated_at\n" in judged


@pytest.mark.parametrize("table", ["marts.crashes", "staging.int_crashes__impacts"])
def test_what_was_just_made_is_vacuumed_for_who_reads_it(built: Database, table: str) -> None:
    query = f"select last_vacuum is not null from pg_stat_user_tables where relid = '{table}'::regclass"
    assert built.value(query) is True


@pytest.mark.parametrize(
    ("table", "key"), [*KEYS.items(), ("people", "crash_record_id"), ("vehicles", "crash_record_id")]
)
def test_a_key_is_looked_up_in_the_index_of_raw(built: Database, table: str, key: str) -> None:
    value = built.value(f"select {key}::text from marts.{table} limit 1")
    looked_up = plan(built, f"select * from staging.stg_chicago__{table} where {key} = '{value}'", enable_seqscan="off")
    assert f"using {table}_{key}_" in looked_up
    assert "Seq Scan" not in looked_up


@pytest.mark.parametrize("table", [*KEYS, "vision_zero_fatalities"])
def test_a_final_table_is_what_its_contract_says(built: Database, table: str) -> None:
    (model,) = yaml.safe_load((ROOT / f"dbt_project/models/marts/{table}.yml").read_text())["models"]
    promised = {
        column["name"]: (
            TYPES.get(column["data_type"], column["data_type"]).replace(", ", ","),
            "not_null" in [each["type"] for each in column.get("constraints", [])],
        )
        for column in model["columns"]
    }
    there = built.rows(
        "select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
        f"marts.{table}",
    )
    assert [(name, (type_, needed)) for name, type_, needed in there] == list(promised.items())


def key_indexes(database: Database) -> list[str]:
    found = database.rows(
        "select indexname from pg_indexes where schemaname = 'raw' and indexdef like '%% USING hash %%'"
    )
    return sorted(name for (name,) in found)


def contents(database: Database) -> list[list[tuple[str]]]:
    return [
        database.rows(f"select row_to_json(finals)::text from marts.{table} as finals order by {key}")
        for table, key in KEYS.items()
    ]


def test_keys_are_indexed_by_who_looks_them_up(
    built: Database, module_crashes: CommandLine, portal: RunningPortal
) -> None:
    """The first build of millions of rows does without, also where keys came twice; a former index goes."""
    for table in KEYS:
        portal.control.restamp(table)
    assert module_crashes("run", "--portal", portal.url).code == 0
    names, tables = key_indexes(built), contents(built)
    assert [name[:-7] for name in names] == [
        "crashes_crash_record_id",
        "people_crash_record_id",
        "people_person_id",
        "vehicles_crash_record_id",
        "vehicles_crash_unit_id",
    ]

    for name in names:
        built.rows(f"drop index raw.{name}")
    former = "crashes_crash_record_id_0ddba1"
    built.rows(f"create index {former} on raw.crashes using hash (crash_record_id)")
    done = module_crashes("transform", "--full-refresh", "--select", "crashes people vehicles")
    assert done.code == 0, done.err
    assert contents(built) == tables
    assert key_indexes(built) == [former]

    ((key,),) = built.rows("select min(crash_record_id) from marts.crashes")
    portal.control.upsert("crashes", [{"crash_record_id": key, "street_name": "CHANGED", "crash_date": "2024-01-02"}])
    assert module_crashes("run", "--portal", portal.url).code == 0
    assert key_indexes(built) == names
    assert built.value("select street_name from marts.crashes where crash_record_id = %s", key) == "CHANGED"
