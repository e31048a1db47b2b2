"""What the runner makes of dbt's outcomes: each kind of failure, on a small project of the test's own."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from harness import Database

from runner.building.dbt import DbtProgress, prepare
from runner.building.transform import TransformReport, TransformRequest, transform
from runner.errors import TransformError, ValidationFailedError
from runner.settings import RunnerSettings, load_settings

PROJECT = """
name: small
version: "1.0"
profile: chicago_crashes
flags:
  send_anonymous_usage_stats: false
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two models, the second on the first."""
    (tmp_path / "models").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "dbt_project.yml").write_text(PROJECT)
    (tmp_path / "models" / "one.sql").write_text("select 1 as one")
    (tmp_path / "models" / "two.sql").write_text("select one + 1 as two from {{ ref('one') }}")
    return tmp_path


@pytest.fixture
def settings(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunnerSettings:
    scratch = {"CRASHES_HOME": str(tmp_path / "home"), "DBT_TARGET_PATH": str(tmp_path / "target")}
    for name, value in {**database.env(), **scratch}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def build(project: Path, settings: RunnerSettings, *select: str) -> TransformReport:
    return transform(TransformRequest(select), settings, project=project)


def test_success_has_nodes_an_invocation_and_progress(
    project: Path, settings: RunnerSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[DbtProgress] = []
    report = transform(TransformRequest(), settings, seen.append, project)
    assert report.problem is None
    assert report.invocation_id
    assert [(node.name, node.status, node.resource_type) for node in report.nodes] == [
        ("one", "success", "model"),
        ("two", "success", "model"),
    ]
    assert [(each.name, each.done, each.total) for each in seen] == [("one", 1, 2), ("two", 2, 2)]
    assert capsys.readouterr().out == ""


def test_what_was_prepared_is_read_once_and_serves_one_build(project: Path, settings: RunnerSettings) -> None:
    prepare(settings, project)
    prepare(settings, project)  # as from another fetching thread
    while any(thread.name == "prepare-dbt" for thread in threading.enumerate()):
        time.sleep(0.05)
    (project / "models" / "three.sql").write_text("select 3 as three")
    assert {node.name for node in build(project, settings).nodes} == {"one", "two"}
    assert {node.name for node in build(project, settings).nodes} == {"one", "two", "three"}


def test_what_is_wrong_with_a_prepared_project_is_told_by_the_build(project: Path, settings: RunnerSettings) -> None:
    (project / "models" / "two.sql").write_text("select {{ nonsense(")
    prepare(settings, project)
    problem = build(project, settings).problem
    assert problem is not None
    assert problem.message.startswith("dbt could not start: ")


def test_a_selection_builds_only_that(project: Path, settings: RunnerSettings) -> None:
    assert [node.name for node in build(project, settings, "one").nodes] == ["one"]


def test_a_model_that_the_database_refuses_gives_the_databases_words(project: Path, settings: RunnerSettings) -> None:
    (project / "models" / "two.sql").write_text("select nowhere from {{ ref('one') }}")
    problem = build(project, settings).problem
    assert isinstance(problem, TransformError)
    assert problem.exit_code == 1
    assert problem.message == 'dbt could not build model two: column "nowhere" does not exist.'
    assert "dbt.log" in problem.remedy


def test_a_project_that_does_not_parse_is_a_sentence(project: Path, settings: RunnerSettings) -> None:
    (project / "models" / "two.sql").write_text("select * from {{ ref('nothing') }}")
    problem = build(project, settings).problem
    assert isinstance(problem, TransformError)
    assert "nothing" in problem.message
    assert "\n" not in problem.message


def test_failed_data_tests_on_built_models_are_exit_code_four(project: Path, settings: RunnerSettings) -> None:
    (project / "tests" / "two_is_three.sql").write_text("select * from {{ ref('two') }} where two <> 3")
    report = build(project, settings)
    assert isinstance(report.problem, ValidationFailedError)
    assert report.problem.exit_code == 4
    assert "two_is_three (1 rows)" in report.problem.message
    assert {node.name: node.status for node in report.nodes}["two"] == "success"


def test_a_failed_test_that_kept_a_model_from_being_built_is_exit_code_one(
    project: Path, settings: RunnerSettings
) -> None:
    (project / "tests" / "one_is_two.sql").write_text("select * from {{ ref('one') }} where one <> 2")
    problem = build(project, settings).problem
    assert isinstance(problem, TransformError)
    assert "two could not be built" in problem.message
    assert "one_is_two" in problem.message


def test_a_warning_is_told_and_is_no_failure(project: Path, settings: RunnerSettings) -> None:
    warn = "{{ config(severity='warn') }} select * from {{ ref('two') }} where two <> 3"
    (project / "tests" / "two_is_three.sql").write_text(warn)
    report = build(project, settings)
    assert report.problem is None
    assert report.warnings == ["two_is_three"]


def test_unit_tests_are_left_to_those_who_change_the_code(project: Path, settings: RunnerSettings) -> None:
    (project / "models" / "two.yml").write_text(
        "version: 2\nunit_tests:\n- name: it_adds\n  model: two\n  given:\n  - input: ref('one')\n"
        "    rows: [{one: 1}]\n  expect:\n    rows: [{two: 5}]\n"
    )
    report = build(project, settings)
    assert report.problem is None
    assert [node.name for node in report.nodes] == ["one", "two"]
