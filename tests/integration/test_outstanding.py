"""How much of the dbt project a run builds: all once, then the tables that take on rows, until more has to be made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

TABLES = {
    "crash_features", "crashes", "feature_parts", "features", "held_back",
    "int_crashes__impacts", "people", "vehicles", "vision_zero_fatalities",
}  # fmt: skip

Run = Callable[..., dict[str, set[str]]]


@pytest.fixture(scope="module")
def portal(module_serve: Callable[..., RunningPortal]) -> RunningPortal:
    return module_serve(crashes=40, seed=5)


@pytest.fixture(scope="module")
def run(module_crashes: CommandLine, module_database: Database, portal: RunningPortal) -> Run:
    """A run's nodes by their kind, of a portal that has changed a row since the last; `also` goes into that row."""
    changes = iter(range(100))

    def run_with_news(**also: str) -> dict[str, set[str]]:
        if module_database.value("select to_regclass('marts.crashes') is not null"):
            key = module_database.value("select min(crash_record_id) from marts.crashes")
            row = {"crash_record_id": key, "damage": f"OVER $1,500 ({next(changes)})", **also}
            portal.control.upsert("crashes", [row])
        finished = module_crashes("run", "--portal", portal.url)
        assert finished.code == 0, finished.err
        kinds: dict[str, set[str]] = {}
        for kind, name in module_database.rows(
            "select resource_type, name from ops.job_execution_nodes "
            "where execution_id = (select max(execution_id) from ops.job_executions)"
        ):
            kinds.setdefault(kind, set()).add(name)
        return kinds

    return run_with_news


def test_new_rows_alone_make_no_view_anew_and_meet_the_same_tests(run: Run, module_database: Database) -> None:
    first, second = run(), run()
    assert first["model"] > TABLES | {"crash_versions", "rule_violations"}
    assert first["seed"] == {"injury_costs"}
    assert second["model"] == TABLES
    assert "seed" not in second
    assert second["test"] == first["test"] != set()
    changed = module_database.value(
        "select updated from ops.model_changes where model = 'crashes' order by built_at desc limit 1"
    )
    assert changed == 1


def test_what_is_missing_is_made_again_with_the_next_rows(run: Run, module_database: Database) -> None:
    run()
    module_database.rows("drop view quality.by_rule")
    assert "by_rule" in run()["model"]
    assert module_database.value("select to_regclass('quality.by_rule') is not null")
    assert run()["model"] == TABLES


def test_a_new_column_in_raw_has_everything_looked_at_again(run: Run, portal: RunningPortal) -> None:
    run()
    portal.control.add_column("crashes", "weather_station")
    assert run(weather_station="Midway")["model"] > TABLES
    assert run()["model"] == TABLES


def test_after_a_failed_build_everything_is_built(run: Run, module_database: Database) -> None:
    run()
    module_database.rows(
        'update ops.job_executions set context = context || \'{"built": "failed"}\' '
        "where execution_id = (select max(execution_id) from ops.job_executions)"
    )
    assert run()["model"] > TABLES
