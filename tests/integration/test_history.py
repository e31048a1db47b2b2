"""What was said when: a correction is found with both values, and any table is read as it stood at an instant.

That the histories agree with the tables at every instant, whatever comes, is shown with random sequences in
`test_increment_equals_full_refresh.py`; here with a portal and the commands.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from dbt.cli.main import dbtRunner
from harness import ROOT, CommandLine, Database
from histories import AS_OF, HISTORIES, Shown, shown_now, shown_then
from sample_portal.testing import RunningPortal

from ingest.compaction import compact
from ingest.datasets import all_datasets
from ingest.pipeline import LandingRequest, land
from ingest.reconcile import ReconcileRequest, reconcile
from ingest.settings import Settings

# As in the documentation (dbt_project/docs/overview.md).
ROSE = """
    select crash_record_id, version_number, changes -> 'severity_score' ->> 'old', changes -> 'severity_score' ->> 'new'
    from history.crash_versions
    where (changes -> 'severity_score' ->> 'new')::int > (changes -> 'severity_score' ->> 'old')::int
"""


def test_a_crash_whose_severity_rose_is_found_and_the_table_is_read_as_it_stood(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=150, seed=3)
    assert crashes("run", "--portal", portal.url).code == 0
    died = database.value("select min(crash_record_id) from marts.crashes where severity_score = 1")
    first = database.value("select clock_timestamp()")
    portal.control.upsert("crashes", [{"crash_record_id": died, "injuries_fatal": "1", "injuries_total": "1"}])
    assert crashes("run", "--portal", portal.url).code == 0
    assert database.rows(ROSE) == [(died, 2, "1", "5")]
    assert database.value("select changed_columns from history.crash_versions where version_number = 2") == [
        "injuries_fatal",
        "injuries_total",
        "severity_score",
    ]
    score = f"select severity_score from history.crash_versions where crash_record_id = %s and {AS_OF}"
    assert database.value(score, died, first, first) == 1
    assert database.value(score, died, "infinity", "infinity") == 5
    assert database.value(f"select count(*) from history.crash_versions where {AS_OF}", first, first) == 150


# By which landed row a version is told. What came back word for word is told by the row that came back, in its final
# table by the one that said so first.
STAMPS = ("soda_id", "soda_version", "source_updated_at", "_dlt_load_id")


def assert_the_current_versions_are_the_tables(database: Database, but: tuple[str, ...] = ()) -> None:
    """In every column that both have."""
    for history, (table, _) in HISTORIES.items():
        columns = ", ".join(
            column
            for (column,) in database.rows(
                "select column_name from information_schema.columns where table_schema = 'history' and table_name = %s "
                "intersect "
                "select column_name from information_schema.columns where table_schema = 'marts' and table_name = %s "
                "order by 1",
                history,
                table,
            )
            if column not in but
        )
        assert len(columns.split(", ")) > 8
        shown = f"select {columns} from marts.{table} where deleted_at is null"
        told = f"select {columns} from history.{history} where is_current"
        assert database.value(f"select count(*) from marts.{table}") > 0
        assert database.rows(f"({shown} except all {told}) union all ({told} except all {shown})") == []


class Steps:
    """What a portal's rows went through, with what the final tables showed after each step, and when that was."""

    def __init__(self, database: Database, portal: RunningPortal) -> None:
        self.database, self.portal = database, portal
        self.shown: dict[str, tuple[Any, Shown]] = {}

    def build(self, step: str) -> None:
        nodes = ["--select", *(f"+{name}" for history, (table, _) in HISTORIES.items() for name in (table, history))]
        arguments = ["--quiet", "--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
        assert dbtRunner().invoke(["run", *nodes, *arguments]).success, step
        self.shown[step] = (self.database.value("select clock_timestamp()"), shown_now(self.database.rows))

    def assert_found_again(self) -> None:
        for step, (instant, tables) in self.shown.items():
            told = shown_then(self.database.rows, instant)
            for history, rows in tables.items():
                assert told[history] == rows, f"{history} tells otherwise of the tables after {step}"

    def served(self, table: str, position: int, where: str) -> dict[str, Any]:
        """One row as the portal has it; of the fatalities, which have no key, with its `:id`."""
        dataset = all_datasets()[table]
        query = {"$select": "*" if dataset.key else ":*, *", "$where": where, "$order": ":id", "$limit": "2"}
        rows = requests.get(f"{self.portal.url}/resource/{dataset.id}.json", query, timeout=10).json()
        return {name: value for name, value in rows[position].items() if name == ":id" or not name.startswith(":")}

    def ends(self, table: str, key: str) -> list[Any]:
        """How each version of a row ended."""
        history, column = next((name, key) for name, (of, key) in HISTORIES.items() if of == table)
        return self.database.rows(
            f"select ended_by, changes from history.{history} where {column}::text = %s order by version_number", key
        )


# Of each table: rows to choose from, and what is said anew of one.
AMENDED: dict[str, tuple[str, dict[str, Any]]] = {
    "crashes": ("injuries_total = 0", {"injuries_total": "1", "injuries_fatal": "1"}),
    "people": ("injury_classification = 'NO INDICATION OF INJURY'", {"injury_classification": "FATAL"}),
    "vehicles": ("make is not null", {"make": "AMENDED"}),
    "vision_zero_fatalities": ("victim is not null", {"victim": "AMENDED"}),
}


def test_every_state_is_found_again_after_amendments_deletions_returns_and_compaction(
    database: Database,
    serve: Callable[..., RunningPortal],
    land_here: Callable[..., Settings],
    dbt_target: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    portal = serve(crashes=300, seed=5)
    settings = land_here(portal_url=portal.url)
    monkeypatch.setenv("DBT_TARGET_PATH", str(dbt_target))
    monkeypatch.setenv("DBT_LOG_PATH", str(dbt_target))
    steps = Steps(database, portal)
    land(LandingRequest(), settings)
    steps.build("the first reading")
    assert_the_current_versions_are_the_tables(database)
    amended, vanished = (
        {table: steps.served(table, position, where) for table, (where, _) in AMENDED.items()} for position in (0, 1)
    )

    for table, row in amended.items():
        identity = all_datasets()[table].key or ":id"
        portal.control.upsert(table, [{identity: row[identity], **AMENDED[table][1]}])
    land(LandingRequest(), settings)
    steps.build("an amendment")
    for table, row in amended.items():
        portal.control.upsert(table, [row])
        if table in ("crashes", "people", "vehicles"):
            portal.control.restamp(table)
    land(LandingRequest(), settings)
    steps.build("its withdrawal, and a stamp on every row")
    for table, row in vanished.items():
        key = all_datasets()[table].key
        portal.control.delete(table, f"{key} = '{row[key]}'" if key else f":id = '{row[':id']}'")
    reconcile(ReconcileRequest(), settings)
    steps.build("deletions")
    for table, row in vanished.items():
        portal.control.upsert(table, [{name: value for name, value in row.items() if name != ":id"}])
    land(LandingRequest(), settings)
    steps.build("returns")

    for table in ("crashes", "people", "vehicles"):
        key = all_datasets()[table].key or ""
        ends = steps.ends(table, amended[table][key])
        assert [end for end, _ in ends] == ["replaced", "replaced", None], table
        assert set(AMENDED[table][1]) <= set(ends[1][1]) == set(ends[2][1]), f"{table}: changed, and changed back"
        assert steps.ends(table, vanished[table][key]) == [("vanished", None), (None, None)], table
    assert database.rows("select ended_by, count(*) from history.fatality_versions group by 1 order by 1") == [
        ("replaced", 2),
        ("vanished", 1),
        (None, database.value("select count(*) from marts.vision_zero_fatalities")),
    ]
    assert database.rows(ROSE) == [(amended["crashes"]["crash_record_id"], 2, "1", "5")]
    assert_the_current_versions_are_the_tables(database, but=STAMPS)
    steps.assert_found_again()

    told = {history: database.rows(f"select * from history.{history} order by 1, valid_from") for history in HISTORIES}
    removed = compact(settings)
    assert all(removed[table].versions > 200 for table in ("crashes", "people", "vehicles"))
    for history, before in told.items():
        after = database.rows(f"select * from history.{history} order by 1, valid_from")
        assert after == before, f"{history} tells otherwise after compaction"
    steps.assert_found_again()
