"""`crashes jobs`: each command as a person uses it, and as a person gets it wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from harness import CommandLine, Database
from job_fixtures import executions
from sample_portal.testing import RunningPortal

from runner.cli import crashes as command_line
from runner.cli import invoke

Call = Callable[..., Result]


@pytest.fixture
def jobs(
    crashes: CommandLine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """`crashes jobs …` in this process, for there are many: code, out and err."""
    for name, value in crashes.env.items():
        if name.startswith("CRASHES_"):
            monkeypatch.setenv(name, value)

    def call(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = invoke(["jobs", *words])
        return (code, *capfd.readouterr())

    return call


def test_a_job_is_made_shown_changed_disabled_enabled_and_removed(jobs: Callable[..., Any], database: Database) -> None:
    code, out, _ = jobs("add", "Crashes of the week", "--type", "window", "--dataset", "crashes", "--days", "7",
                        "--weekly", "mon 04:05", "--timeout", "20", "--description", "For the meeting.")  # fmt: skip
    assert code == 0
    assert "every Monday at 04:05, Chicago time" in out
    assert out.count(" 04:05 C") == 5, "the next five"
    code, out, _ = jobs("show", "crashes of the WEEK", "--json")
    shown = json.loads(out)
    assert (shown["config"], shown["timeout_minutes"]) == ({"datasets": ["crashes"], "days": 7}, 20)
    assert (shown["does"], len(shown["next_runs"])) == ("crashes run", 5)

    assert jobs("edit", "Crashes of the week", "--months", "2", "--monthly", "31 05:00", "--name", "Monthly")[0] == 0
    shown = json.loads(jobs("show", "Monthly", "--json")[1])
    assert shown["config"] == {"datasets": ["crashes"], "months": 2}, "the new window replaces the old one"
    assert shown["schedule"].startswith("on day 31 of every month, or the last day")
    assert shown["description"] == "For the meeting.", "what is not named stays"

    assert "disabled" in jobs("disable", "Monthly")[1]
    assert "next     none: it is disabled" in jobs("show", "Monthly")[1]
    assert database.value("select next_run from ops.scheduled_jobs where name = 'Monthly'") is None
    assert jobs("enable", "Monthly")[0] == 0
    assert database.value("select next_run > now() from ops.scheduled_jobs where name = 'Monthly'")
    assert jobs("remove", "Monthly", "--yes")[0] == 0
    assert jobs("show", "Monthly")[0] == 2


def test_the_list_shows_when_each_is_due_and_how_the_last_time_went(jobs: Callable[..., Any]) -> None:
    code, out, _ = jobs("list")
    assert code == 0
    assert "Daily summary" in out
    assert "disabled" in out
    listed = {each["name"]: each for each in json.loads(jobs("list", "--json")[1])}
    assert listed["Incremental refresh"]["next_run"]
    assert listed["Incremental refresh"]["last_execution"] is None


def test_a_job_that_runs_once_needs_a_time(jobs: Callable[..., Any]) -> None:
    code, _, err = jobs("enable", "Full refresh")
    assert code == 2
    assert "nobody has said when" in err
    assert "--at 'YYYY-MM-DD HH:MM'" in err
    assert jobs("edit", "Full refresh", "--at", "2099-03-08 02:30")[0] == 0
    assert "03:30 CDT" in jobs("enable", "Full refresh")[1], "a time that the spring leaves out"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "X"], "When shall it run?"),
        (["add", "X", "--daily", "25:00"], "--daily '25:00' cannot be read"),
        (["add", "X", "--weekly", "someday 03:00"], "cannot be read"),
        (["add", "X", "--monthly", "32 03:00"], "cannot be read"),
        (["add", "X", "--daily", "3:00", "--cron", "* * * * *"], "two schedules"),
        (["add", "X", "--at", "2001-01-01 00:00"], "is in the past"),
        (["add", "X", "--cron", "every day"], "is no cron expression"),
        (["add", "X", "--daily", "3:00", "--config", "{"], "--config is no JSON"),
        (["add", "X", "--daily", "3:00", "--config", "[]"], "--config is no JSON object"),
        (
            ["add", "X", "--daily", "3:00", "--config", '{"dataset": "crashes"}'],
            "knows no 'dataset'; it knows datasets",
        ),
        (["add", "X", "--daily", "3:00", "--config", '{"datasets": ["cars"]}'], "datasets is a list of crashes"),
        (["add", "X", "--daily", "3:00", "--type", "window"], "a window is `days`"),
        (["add", "X", "--daily", "3:00", "--type", "window", "--config", '{"days": -3}'], "is no positive number"),
        (["add", "X", "--daily", "3:00", "--type", "custom"], "its command is a list of words"),
        (["add", "X", "--daily", "3:00", "--type", "custom", "--command", "rm -rf /"], "its command is one of run"),
        (["add", "X", "--daily", "3:00", "--type", "custom", "--command", "run --nonsense"], "No such option"),
        (["add", "X", "--daily", "3:00", "--type", "custom", "--command", "run 'x"], "cannot be read"),
        (["add", "Validation", "--daily", "3:00"], "There is a job 'Validation' already"),
        (["add", "12", "--daily", "3:00"], "could be taken for an execution"),
        (["add", "", "--daily", "3:00"], "is empty"),
        (["add", "x" * 10_000, "--daily", "3:00"], "has 10,000 characters"),
        (["add", "a\nb", "--daily", "3:00"], "cannot be shown"),
        (["edit", "Validation"], "Nothing would change"),
        (["edit", "Validation", "--name", "Housekeeping"], "There is a job 'Housekeeping' already"),
        (["edit", "Validation", "--timeout", "0"], "0"),
        (["show", "No such job"], "There is no job 'No such job'"),
        (["show", "4711"], "There is no execution '4711'"),
        (["show", "9" * 30], "There is no execution"),
        (["show", "last"], "There is no execution 'last'"),
        (["logs", "Validation"], "There is no execution 'Validation'"),
        (["run", "Nothing"], "There is no job 'Nothing'"),
        (["cancel", "1"], "There is no execution '1'"),
        (["history", "Nothing"], "There is no job 'Nothing'"),
        (["history", "--limit", "0"], "--limit"),
        (["remove", "Nothing", "--yes"], "There is no job 'Nothing'"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence_and_exit_code_2(
    jobs: Callable[..., Any], words: list[str], said: str
) -> None:
    code, _, err = jobs(*words)
    assert code == 2, err
    assert said in err
    assert "→" in err
    assert "Traceback" not in err
    assert max(map(len, err.splitlines())) < 700


@pytest.mark.parametrize(
    "name",
    [
        "Robert'); drop table ops.scheduled_jobs; --",
        'double "quotes" and `ticks`',
        "Ünï ✓ 自転車 🚲",
        "%s %(name)s {braces} [markup]",
        "back\\slash",
        "-- --help",
        "x" * 200,
    ],
)
def test_a_name_is_only_a_name(jobs: Callable[..., Any], database: Database, name: str) -> None:
    assert jobs("add", "--cron", "0 0 1 1 *", "--", name)[0] == 0
    assert database.value("select count(*) from ops.scheduled_jobs where name = %s", name) == 1
    assert name in json.dumps(json.loads(jobs("list", "--json")[1]), ensure_ascii=False).replace('\\"', '"').replace(
        "\\\\", "\\"
    )
    assert jobs("list")[0] == 0
    assert jobs("show", "--", name)[0] == 0
    assert jobs("disable", "--", name)[0] == 0
    assert jobs("remove", "--yes", "--", name)[0] == 0
    assert database.value("select count(*) from ops.scheduled_jobs") == 10


def test_a_job_is_carried_out_on_record_and_explained(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], jobs: Callable[..., Any]
) -> None:
    portal = serve(crashes=40, seed=9)
    crashes.env["CRASHES_PORTAL_URL"] = portal.url
    done = crashes("jobs", "run", "Last 30 days by crash date", "--json")
    assert done.code == 0, done.err
    assert done.json()["execution_id"] == 1
    found = json.loads(jobs("show", "1", "--json")[1])
    assert (found["job"], found["trigger_type"], found["command"]) == ("Last 30 days by crash date", "manual", "run")
    assert found["context"]["parameters"]["datasets"] == ["crashes", "people", "vehicles"]
    assert found["context"]["parameters"]["since"]
    assert found["deadline"]
    assert any("committed load" in line["message"] for line in found["log"])
    assert database.value("select count(*) from ops.job_execution_logs where dataset = 'people'") > 0
    assert database.value("select count(*) from ops.job_execution_logs where load_id is not null") > 0
    listed = {each["name"]: each for each in json.loads(jobs("list", "--json")[1])}
    assert listed["Last 30 days by crash date"]["last_execution"]["status"] == "completed"

    portal.control.fault(path="85ca-t3if", times=99, status=500)
    failed = crashes("jobs", "run", "Incremental refresh")
    assert failed.code == 1
    assert executions(database)[1] == (2, "Incremental refresh", "failed", 1, None)
    code, out, _ = jobs("show", "last")
    assert code == 0
    assert "crashes, count: http" in out or "HTTP 500" in out
    assert "→" in out
    assert "Requests that failed:" in out
    assert "asking again in" in out
    assert "Traceback" not in out
    assert "Traceback" in jobs("show", "2", "--verbose")[1]
    markdown = jobs("show", "last", "--markdown")[1]
    assert markdown.startswith("### Incremental refresh: failed")
    code, out, _ = jobs("history")
    assert out.index("Incremental refresh") < out.index("Last 30 days")
    assert [each["execution_id"] for each in json.loads(jobs("history", "--status", "failed", "--json")[1])] == [2]
    assert jobs("history", "Validation")[1] == "Nothing has been executed yet.\n"


def test_a_failed_test_is_explained_with_its_first_rows(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], jobs: Callable[..., Any]
) -> None:
    assert crashes("run", "--portal", serve(crashes=40, seed=9).url).code == 0
    database.rows("update marts.crashes set geom = st_setsrid(st_makepoint(0, 0), 4326) where geom is not null")
    done = crashes("jobs", "run", "Validation")
    assert done.code == 4
    out = jobs("show", "last")[1]
    assert "data tests failed" in out
    assert "test points_are_where_their_numbers_are: fail" in out
    assert '{"' in out.split("points_are_where_their_numbers_are: fail")[1]


def test_options_have_names_in_the_environment(jobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHES_JOBS_HISTORY_LIMIT", "none")
    code, _, err = jobs("history")
    assert code == 2
    assert "none" in err
    shown = CliRunner().invoke(command_line, ["scheduler", "--help"], auto_envvar_prefix="CRASHES").output
    assert "--interval" in shown
