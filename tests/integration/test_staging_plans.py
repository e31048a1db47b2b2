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


@pytest.fixture(scope="module", autouse=True)
def built(
    module_crashes: CommandLine, module_serve: Callable[..., RunningPortal], module_database: Database
) -> Database:
    """Tables of 300 crashes."""
    done = module_crashes("run", "--portal", module_serve(crashes=300, seed=5).url)
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


@pytest.mark.parametrize(("table", "key"), KEYS.items())
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
