"""The main job on real rows, whole: what is on the portal is in the final tables, and the defects are on record."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import CommandLine, Database, Finished
from sample_portal.testing import RunningPortal

pytestmark = pytest.mark.sample


@dataclass(frozen=True)
class Done:
    """One run over the real rows, and where it left them."""

    finished: Finished
    crashes: CommandLine
    database: Database
    portal: RunningPortal

    def value(self, query: str) -> Any:
        return self.database.value(query)


@pytest.fixture(scope="module")
def done(
    module_crashes: CommandLine,
    module_database: Database,
    module_serve: Callable[..., RunningPortal],
    sample_rows: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Done:
    """The rows are copied: a portal may change what it serves, never what it was given."""
    rows = tmp_path_factory.mktemp("rows") / "soda"
    shutil.copytree(sample_rows, rows)
    portal = module_serve(rows=rows)
    finished = module_crashes("run", "--portal", portal.url, "--json")
    assert finished.code == 0, finished.err
    return Done(finished, module_crashes, module_database, portal)


def test_every_row_arrives_and_is_counted(done: Done) -> None:
    found = done.finished.json()
    counted = {name: (each["fetched"], each["inserted"], each["updated"]) for name, each in found["datasets"].items()}
    assert counted == {
        "crashes": (1000, 1000, 0),
        "people": (1000, 1000, 0),
        "vehicles": (1000, 1000, 0),
        "vision_zero_fatalities": (871, 871, 0),
    }
    for name, (rows, _, _) in counted.items():
        assert done.value(f"select count(*) from marts.{name}") == rows


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("select count(*) from marts.crashes where geom is not null", 987),
        ("select count(distinct st_srid(geom)) from marts.crashes where geom is not null", 1),
        ("select max(st_srid(geom)) from marts.crashes", 4326),
        ("select sum(injuries_total) from marts.crashes", 181),
        ("select sum(injuries_fatal) from marts.crashes", 3),
        ("select count(*) from marts.crashes where weather_condition = 'UNKNOWN'", 77),
        ("select count(*) from marts.vehicles where vehicle_year = 2099", 0),
        ("select count(*) from marts.vehicles where vehicle_year = 1900", 1),
        (
            "select count(*) from quality.rule_violations where table_name = 'vehicles' "
            "and column_name = 'vehicle_year' and original_value = '2099'",
            1,
        ),
        ("select count(*) from raw.crashes where rd_no is not null", 1000),
        ("select count(*) from marts.vision_zero_fatalities where person_id is null", 25),
    ],
)
def test_what_is_known_of_the_rows_holds_in_the_tables(done: Done, question: str, answer: int) -> None:
    assert done.value(question) == answer


def test_the_record_tells_the_whole_run(done: Done) -> None:
    ((status, fetched, inserted, context),) = done.database.rows(
        "select status, fetched, inserted, context from ops.job_executions where execution_id = 1"
    )
    assert (status, fetched, inserted) == ("completed", 3871, 3871)
    told = done.finished.json()
    assert context["dlt_load_ids"] == told["dlt_load_ids"] != []
    assert context["dbt_invocation_id"] == told["dbt_invocation_id"]
    committed = "select count(*) from raw._dlt_loads where status = 0 and load_id = any(%s)"
    assert done.database.value(committed, told["dlt_load_ids"]) == len(told["dlt_load_ids"])
    nodes = dict(done.database.rows("select name, status from ops.job_execution_nodes where resource_type = 'model'"))
    assert {"crashes", "people", "vehicles", "vision_zero_fatalities"} <= set(nodes)
    assert set(nodes.values()) == {"success"}


def test_status_shows_where_everything_stands(done: Done) -> None:
    found = done.crashes("status", "--json").json()
    crashes = found["datasets"]["crashes"]
    assert crashes["rows"] == 1000
    assert crashes["newest_crash"].startswith("2021-12-31")
    assert crashes["cursor"]
    assert crashes["last_load_id"] in done.finished.json()["dlt_load_ids"]
    assert found["executions"][-1]["status"] == "completed"
    text = done.crashes("status").out
    assert "1,000" in text
    assert "2021-12-31" in text
    assert done.crashes("status").err == ""


def test_then_nothing_new_and_then_exactly_what_changed(done: Done) -> None:
    """One test, for the order matters: a run with nothing new, then three rows changed and one inserted."""
    again = done.crashes("run", "--portal", done.portal.url)
    assert again.code == 0, again.err
    assert "Nothing new" in again.out
    assert _updated_since_first(done) == 0

    keys = [key for (key,) in done.database.rows("select crash_record_id from marts.crashes order by 1 limit 3")]
    rows = [_portal_row(done, key) | {"street_name": "CHANGED ST"} for key in keys]
    new = {"crash_record_id": "f" * 128, "crash_date": "2026-01-01T00:00:00.000", "street_name": "NEW ST"}
    done.portal.control.upsert("crashes", [*rows, new])
    changed = done.crashes("run", "--portal", done.portal.url, "--json")
    assert changed.code == 0, changed.err
    found = changed.json()
    crashes = found["datasets"]["crashes"]
    assert (crashes["fetched"], crashes["inserted"], crashes["updated"]) == (4, 1, 3)
    for name in ("people", "vehicles", "vision_zero_fatalities"):
        others = found["datasets"][name]
        assert (others["fetched"], others["inserted"], others["updated"]) == (0, 0, 0)
    assert found["nothing_new"] is False
    assert _updated_since_first(done) == 4
    assert done.value("select count(*) from marts.crashes where street_name in ('CHANGED ST', 'NEW ST')") == 4


def _portal_row(done: Done, key: str) -> dict[str, Any]:
    """As the portal has it, from raw: only what it publishes."""
    ((row,),) = done.database.rows("select to_jsonb(crashes) from raw.crashes where crash_record_id = %s", key)
    hidden = ("soda_", "_dlt", "location")
    return {name: value for name, value in row.items() if value is not None and not name.startswith(hidden)}


def _updated_since_first(done: Done) -> int:
    """Rows of all final tables that any run after the first has touched."""
    first = "(select min(inserted_at) from raw._dlt_loads where status = 0)"
    tables = ("crashes", "people", "vehicles", "vision_zero_fatalities")
    return sum(done.value(f"select count(*) from marts.{name} where updated_at > {first}") for name in tables)
