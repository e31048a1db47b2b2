"""The publisher changes columns: told before anything lands, on record with the remedy until it is settled."""

from __future__ import annotations

from collections.abc import Callable

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal


def open_changes(database: Database) -> list[tuple[str, str, str]]:
    return [
        (dataset, column, change)
        for dataset, column, change in database.rows(
            "select dataset, column_name, change from ops.schema_changes where resolved_at is null order by 1, 2"
        )
    ]


def test_drift_is_told_recorded_and_settled(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=100, seed=29)
    portal.control.add_column("crashes", "scooter_i", "text")
    done = crashes("run", "--portal", portal.url)
    assert done.code == 0, done.err
    assert "crashes: the portal publishes a new column scooter_i (text); it lands as text" in done.out
    assert open_changes(database) == [("crashes", "scooter_i", "new")]
    status = crashes("status").out
    assert "crashes.scooter_i: new, text" in status
    assert "stg_chicago__crashes" in status

    # a required column gone: its dataset stops, the others and the tables are built
    portal.control.drop_column("people", "crash_record_id")
    portal.control.restamp("crashes")
    done = crashes("run", "--portal", portal.url)
    assert done.code == 1
    assert "people: the portal no longer serves crash_record_id" in done.err
    assert "The other datasets were landed." in done.err
    assert "scooter_i" not in done.out, "what was known is not told again"
    assert database.value("select count(*) from raw.crashes") == 200
    assert ("people", "crash_record_id", "missing") in open_changes(database)
    assert (
        database.value("select error_class from ops.job_executions order by execution_id desc limit 1")
        == "SchemaBreakError"
    )

    portal.control.add_column("people", "crash_record_id", "text")
    portal.control.drop_column("crashes", "scooter_i")
    assert crashes("ingest", "--dataset", "crashes", "--portal", portal.url).code == 0
    assert ("crashes", "scooter_i", "new") not in open_changes(database)
    assert database.value("select count(*) from ops.schema_changes where resolved_at is not null") == 1
