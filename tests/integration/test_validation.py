"""`crashes validate`: sound tables pass, each kind of damage is found, shown, kept, and told by the exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

Serve = Callable[..., RunningPortal]


@pytest.fixture(scope="module")
def built(module_crashes: CommandLine, module_serve: Serve, module_database: Database) -> CommandLine:
    """Tables of 600 crashes."""
    portal = module_serve(crashes=600, seed=11)
    done = module_crashes("run", "--portal", portal.url)
    assert done.code == 0, done.err
    return module_crashes


def found(report: Any, test: str) -> dict[str, Any]:
    (finding,) = [each for each in report["tests"] if each["test"] == test]
    return dict(finding)


def test_sound_tables_pass_in_every_tier(built: CommandLine, module_database: Database) -> None:
    done = built("validate", "--json")
    assert done.code == 0, done.err
    report = done.json()
    assert {each["tier"] for each in report["tests"]} == {"structure", "domain", "cross_table", "portal"}
    assert {each["status"] for each in report["tests"]} == {"pass"}
    by_rule = module_database.rows(
        "select rule_id, count(*) from quality.rule_violations group by rule_id order by count(*) desc, rule_id"
    )
    assert [(each["rule"], each["rows"]) for each in report["rules"]] == by_rule
    record = module_database.rows(
        "select command, status, (select count(*) from ops.job_execution_nodes as nodes "
        "where nodes.execution_id = executions.execution_id and nodes.resource_type = 'test') "
        "from ops.job_executions as executions order by execution_id desc limit 1"
    )
    assert record == [("validate", "completed", len(report["tests"]))]


def test_damage_is_shown_with_its_first_rows_and_kept_and_told_by_the_exit_code(
    built: CommandLine, module_database: Database
) -> None:
    """A score that does not follow the counts, people who say otherwise than their crashes, and impacts of others."""
    module_database.rows("create table kept as select crash_record_id, severity_score from marts.crashes")
    module_database.rows("update marts.crashes set severity_score = 5 where injuries_fatal = 0")
    module_database.rows("create table kept_people as select person_id, injury_classification from marts.people")
    module_database.rows(
        "update marts.people set injury_classification = 'NO INDICATION OF INJURY' "
        "where injury_classification is not null"
    )
    try:
        done = built("validate", "--json")
        assert done.code == 4
        report = done.json()
        assert report["error"]["class"] == "ValidationFailedError"
        scores = found(report, "severity_scores_are_1_to_5_and_follow_the_counts")
        wrong = module_database.value("select count(*) from marts.crashes where injuries_fatal = 0")
        assert (scores["status"], scores["rows"], len(scores["first_rows"])) == ("fail", wrong, 3)
        assert scores["stored_in"] == "quality.failed_severity_scores_are_1_to_5_and_follow_the_counts"
        assert module_database.value(f"select count(*) from {scores['stored_in']}") == wrong
        assert found(report, "injuries_of_people_add_up_to_those_of_the_crash")["status"] == "fail"
        assert found(report, "impacts_are_counted_of_those_involved")["status"] == "fail"
        assert found(report, "units_of_a_crash_are_as_many_as_it_says")["status"] == "pass"

        shown = built("validate")
        assert shown.code == 4
        assert f"FAILED  {scores['test']} (structure): {wrong} rows, in {scores['stored_in']}" in shown.out
        assert "severity_score=5" in shown.out
        assert "Error: 3 of " in shown.err
        assert "Traceback" not in shown.err
    finally:
        module_database.rows(
            "update marts.crashes set severity_score = kept.severity_score "
            "from kept where kept.crash_record_id = crashes.crash_record_id"
        )
        module_database.rows(
            "update marts.people set injury_classification = kept.injury_classification "
            "from kept_people as kept where kept.person_id = people.person_id"
        )
        module_database.rows("drop table kept, kept_people")


def test_rows_that_are_not_there_are_missed_by_the_portals_count(built: CommandLine, module_database: Database) -> None:
    module_database.rows("create table kept as select * from marts.vehicles limit 100")
    module_database.rows("delete from marts.vehicles where crash_unit_id in (select crash_unit_id from kept)")
    try:
        report = built("validate", "--json", "--dataset", "vehicles").json()
        (short,) = found(report, "rows_are_as_many_as_the_portal_has")["first_rows"]
        assert short["dataset"] == "vehicles"
        assert short["rows_of_portal"] == short["rows_here"] + short["held_back"] + 100
    finally:
        module_database.rows("insert into marts.vehicles select * from kept; drop table kept")


def test_a_dataset_alone_is_asked_only_what_is_about_it(built: CommandLine) -> None:
    report = built("validate", "--dataset", "vision_zero_fatalities", "--json").json()
    tests = {each["test"] for each in report["tests"]}
    assert "points_are_where_their_numbers_are" in tests
    assert "units_of_a_crash_are_as_many_as_it_says" not in tests
    assert all(each["rule"].startswith("vision_zero_fatalities.") for each in report["rules"])


def test_before_anything_was_built_it_says_what_to_do(crashes: CommandLine, database: Database) -> None:
    done = crashes("validate")
    assert done.code == 1
    *_, error, remedy = done.err.strip().splitlines()
    assert error.startswith("Error: There are no tables to validate yet")
    assert "crashes run" in remedy
    assert database.rows("select command, status, error_class from ops.job_executions") == [
        ("validate", "failed", "NothingBuiltError")
    ]


def test_a_table_of_which_everything_is_held_back_is_told(built: CommandLine, module_database: Database) -> None:
    """The worst case of a share: nothing is left to compare with."""
    module_database.rows("create table kept as select * from quality.held_back")
    module_database.rows(
        "insert into quality.held_back "
        "(table_name, row_key, has_key, soda_id, load_id, loaded_at, rule_id, column_name) "
        "select 'vision_zero_fatalities', n::text, false, n::text, 'x', now(), "
        "'vision_zero_fatalities.crash_date.required', 'crash_date' from generate_series(1, 600) as n"
    )
    try:
        share = found(built("validate", "--json").json(), "share_of_rows_held_back")
        assert (share["status"], share["first_rows"][0]["held_back_rows"]) == ("fail", 600)
    finally:
        module_database.rows(
            "truncate quality.held_back; insert into quality.held_back select * from kept; drop table kept"
        )


def test_counts_by_rule_are_those_of_the_violations(built: CommandLine, module_database: Database) -> None:
    counted = "select rule_id, load_id, sum(violations) from quality.by_rule group by 1, 2 order by 1, 2"
    listed = "select rule_id, load_id, count(*) from quality.rule_violations group by 1, 2 order by 1, 2"
    assert module_database.rows(counted) == module_database.rows(listed) != []


def test_every_column_that_people_query_has_a_comment(built: CommandLine, module_database: Database) -> None:
    """In PostgreSQL itself, views too: `\\d+` tells what a column means."""
    bare = module_database.rows(
        """
        select attrelid::regclass::text, attname
        from pg_attribute
        inner join pg_class on pg_attribute.attrelid = pg_class.oid
        where
            relnamespace::regnamespace::text in ('marts', 'quality', 'history') and relkind in ('r', 'v')
            and relname not like 'failed\\_%%' and attnum > 0 and not attisdropped
            and coalesce(length(col_description(attrelid, attnum)), 0) < 15
        """
    )
    assert bare == []


def test_deaths_link_to_people_and_crashes(built: CommandLine, module_database: Database) -> None:
    """Every death once; an exact one is a person that the list names."""
    deaths = module_database.value("select count(*) from marts.vision_zero_fatalities where deleted_at is null")
    links = module_database.rows(
        "select link, count(*), count(crash_record_id) from marts.fatality_links group by link"
    )
    assert sum(count for _, count, _ in links) == deaths
    assert "exact" in {link for link, _, _ in links}
    assert all(linked == (0 if link == "none" else count) for link, count, linked in links)
    assert (
        module_database.value(
            """
        select count(*)
        from marts.fatality_links as links
        inner join marts.vision_zero_fatalities as deaths using (fatality_id)
        where links.link = 'exact' and links.person_id is distinct from deaths.person_id
        """
        )
        == 0
    )
