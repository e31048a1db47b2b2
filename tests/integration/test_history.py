"""What was said when: a correction is found with both values, and any table is read as it stood at an instant.

That the histories agree with the tables at every instant, whatever comes, is shown with random sequences in
`test_increment_equals_full_refresh.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

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
    as_of = "valid_from <= %s and (valid_to > %s or valid_to is null)"
    score = f"select severity_score from history.crash_versions where crash_record_id = %s and {as_of}"
    assert database.value(score, died, first, first) == 1
    assert database.value(score, died, "infinity", "infinity") == 5
    assert database.value(f"select count(*) from history.crash_versions where {as_of}", first, first) == 150


def test_the_current_versions_are_the_tables(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    """In every column that both have."""
    assert crashes("run", "--portal", serve(crashes=150, seed=8).url).code == 0
    for history, table in (
        ("crash_versions", "crashes"),
        ("people_versions", "people"),
        ("vehicle_versions", "vehicles"),
        ("fatality_versions", "vision_zero_fatalities"),
    ):
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
        )
        assert len(columns.split(", ")) > 8
        shown = f"select {columns} from marts.{table}"
        told = f"select {columns} from history.{history} where is_current"
        assert database.value(f"select count(*) from marts.{table}") > 0
        assert database.rows(f"({shown} except all {told}) union all ({told} except all {shown})") == []
