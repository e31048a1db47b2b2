"""Whatever starts the project from outside: GitHub's workflows, the systemd units, docs/scheduling.md's crontab.

None of them can be run here, so all that they name is looked up: commands, options, secrets, scripts, units.
`./scripts/test --lint` has the linters of the workflows.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import BIN, ROOT, clean_environment

from runner.settings import RunnerSettings

WORKFLOWS = {file.stem: file for file in sorted((ROOT / ".github/workflows").glob("*.yml"))}
UNITS = sorted((ROOT / "docs/systemd").iterdir())
SCHEDULING = (ROOT / "docs/scheduling.md").read_text(encoding="utf-8")

# Where docs/scheduling.md and the units take the clone to be.
CLONE = "/srv/chicago-crashes"

Step = dict[str, Any]


def read(name: str) -> dict[Any, Any]:
    workflow = yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))
    assert isinstance(workflow, dict), name
    return workflow


def steps() -> Iterator[tuple[str, Step]]:
    for name in WORKFLOWS:
        for job in read(name)["jobs"].values():
            for step in job.get("steps", []):
                yield name, step


def scripts() -> Iterator[tuple[str, str]]:
    for name, step in steps():
        if "run" in step:
            yield name, step["run"]


def crontab() -> list[str]:
    lines = "".join(re.findall(r"```cron\n(.*?)```", SCHEDULING, re.DOTALL)).splitlines()
    return [line for line in lines if not re.match(r"[A-Z_]+=", line)]


def unit(file: Path) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(file, encoding="utf-8")
    return parser


# What is said about `crashes`, wherever it is said -------------------------------------------------------------------


def named_commands() -> set[str]:
    """Every `crashes …`, up to where its own words end."""
    said = [script for _, script in scripts()]
    said += [unit(file)["Service"]["ExecStart"] for file in UNITS if file.suffix == ".service"]
    said += re.findall(r"```(?:cron|sh)\n(.*?)```", SCHEDULING, re.DOTALL)
    said += re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", SCHEDULING, flags=re.DOTALL))
    found = set()
    for text in said:
        for words in re.findall(r"(?<![-=\w])crashes((?: +[-\w]+)+)", text):
            found.add(" ".join(words.split()))
    return found


def help_of(*command: str) -> str:
    asked = subprocess.run(
        [BIN / "crashes", *command, "--help"], env=clean_environment(), capture_output=True, text=True
    )
    assert asked.returncode == 0, f"crashes {' '.join(command)}: {asked.stderr}"
    return asked.stdout


def test_commands_are_found_where_they_are_named() -> None:
    firsts = {words.split()[0] for words in named_commands()}
    assert {"tick", "scheduler", "jobs", "health", "db", "status"} <= firsts


@pytest.mark.parametrize("named", sorted(named_commands()))
def test_every_command_that_is_named_exists_with_its_options(named: str) -> None:
    words = named.split()
    command = words[:1]
    told = help_of(*command)
    if "COMMAND" in told.splitlines()[0] and len(words) > 1:
        command = words[:2]
        told = help_of(*command)
    for option in (word for word in words if word.startswith("--") and word != "--"):
        assert option in told, f"crashes {' '.join(command)} has no {option}"


# Workflows -----------------------------------------------------------------------------------------------------------


def test_there_are_the_three_workflows() -> None:
    assert set(WORKFLOWS) == {"ci", "refresh", "docs"}


@pytest.mark.parametrize(("name", "script"), list(scripts()))
def test_every_script_is_one(name: str, script: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    assert checked.returncode == 0, f"{name}: {checked.stderr}"


def test_nothing_is_interpolated_into_a_script() -> None:
    """What a person typed and what is secret come as variables of the environment: a script never changes."""
    for name, script in scripts():
        assert "${{" not in script, f"{name}: {script}"


def test_a_secret_is_given_to_the_step_that_needs_it_alone() -> None:
    for name in WORKFLOWS:
        workflow = read(name)
        assert "secrets." not in str(workflow.get("env", ""))
        for job in workflow["jobs"].values():
            assert "secrets." not in str(job.get("env", "")), name
            assert job.get("secrets") != "inherit", name
            for step in job.get("steps", []):
                assert "secrets." not in str({key: value for key, value in step.items() if key != "env"}), name
                assert "secrets." not in str(step.get("env", "")) or "run" in step, f"{name} gives one to an action"


def test_permissions_are_the_least() -> None:
    """Only publishing the documentation takes more than reading the repository."""
    for name in WORKFLOWS:
        workflow = read(name)
        assert workflow["permissions"] in ({}, {"contents": "read"}), name
        for job_name, job in workflow["jobs"].items():
            more = set(job.get("permissions", {}).items()) - {("contents", "read")}
            if (name, job_name) in {("refresh", "docs"), ("docs", "publish")}:
                assert more == {("pages", "write"), ("id-token", "write")}
            else:
                assert not more, f"{name}.{job_name}"


def test_checkouts_keep_no_credentials_and_jobs_have_an_end() -> None:
    for name, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}, name
    for name in WORKFLOWS:
        for job in read(name)["jobs"].values():
            assert "uses" in job or 0 < job["timeout-minutes"] < 360, name


def test_a_refresh_in_progress_is_never_stopped_by_the_next() -> None:
    refresh = read("refresh")
    assert refresh["concurrency"] == {"group": "refresh", "cancel-in-progress": False}
    triggers = refresh[True]  # YAML 1.1 reads the key `on` so
    assert set(triggers) == {"schedule", "workflow_dispatch"}
    ((minute, hours, *rest),) = [entry["cron"].split() for entry in triggers["schedule"]]
    assert int(minute) % 15, "on the hour and its quarters everybody starts"
    assert [hours, *rest] == ["*/6", "*", "*", "*"]


def test_a_refresh_reports_whatever_became_of_it() -> None:
    report = read("refresh")["jobs"]["refresh"]["steps"][-1]
    assert report["if"].startswith("always()")
    assert "crashes jobs show last --markdown" in report["run"]
    assert report["run"].rstrip().endswith('>> "$GITHUB_STEP_SUMMARY"')


@pytest.mark.parametrize(
    ("job", "said", "code"),
    [
        ("", {"tick --wait": 0}, 0),
        ("", {"tick --wait": 1}, 1),
        ("Daily summary; touch injected", {"jobs run --wait -- Daily summary; touch injected": 0}, 0),
        ("--help", {"jobs run --wait -- --help": 3}, 3),
    ],
)
def test_the_script_of_the_refresh_asks_for_the_right_thing(
    job: str, said: dict[str, int], code: int, tmp_path: Path
) -> None:
    """The real script, with a `crashes` that writes down what it was asked and ends as it is told."""
    ((arguments, answer),) = said.items()
    crashes = tmp_path / ".venv/bin/crashes"
    crashes.parent.mkdir(parents=True)
    crashes.write_text(f'#!/bin/sh\necho "$*" >>asked\nexit {answer}\n', encoding="utf-8")
    crashes.chmod(0o755)
    script = read("refresh")["jobs"]["refresh"]["steps"][-2]["run"]
    done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env={**clean_environment(), "JOB": job})
    assert done.returncode == code
    assert (tmp_path / "asked").read_text() == f"{arguments}\n"
    assert not (tmp_path / "injected").exists()


def test_a_missing_database_is_told_in_a_sentence() -> None:
    for name, job in (("refresh", "refresh"), ("docs", "generate")):
        first = read(name)["jobs"][job]["steps"][0]
        for named, code in (("true", 0), ("false", 2)):
            done = subprocess.run(
                ["bash", "-e", "-c", first["run"]],
                env={**clean_environment(), "NAMED": named},
                capture_output=True,
                text=True,
            )
            assert done.returncode == code
            assert ("::error::There is no secret CRASHES_DATABASE_URL" in done.stdout) == (code == 2)


def test_every_secret_is_a_setting_and_is_in_the_table() -> None:
    used = set(re.findall(r"secrets\.(\w+)", "".join(file.read_text(encoding="utf-8") for file in WORKFLOWS.values())))
    table = SCHEDULING.split("| secret |")[1].split("\n\n")[0]
    assert used == set(re.findall(r"`([A-Z_]+)`", table))
    assert used <= {field.alias for field in RunnerSettings.model_fields.values()}


# Units and crontab ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_every_unit_reads_and_what_it_starts_is_there(file: Path) -> None:
    sections = unit(file)
    assert sections["Unit"]["Description"]
    if file.suffix == ".timer":
        assert file.with_suffix(".service") in UNITS
        return
    service = sections["Service"]
    assert service["User"] == "crashes"
    assert service["WorkingDirectory"] == CLONE
    for key in ("ExecStart", "ExecStop"):
        if key in service:
            program, *arguments = shlex.split(service[key])
            assert program == f"{CLONE}/.venv/bin/crashes"
            help_of(*arguments)


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here; the units are read anyway"
)
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    """The programs are looked up too: so the clone of the copies is this one."""
    copies = [tmp_path / file.name for file in UNITS]
    for file, copy in zip(UNITS, copies, strict=True):
        text = file.read_text(encoding="utf-8").replace(f"{CLONE}/.venv/bin", str(BIN)).replace(CLONE, str(ROOT))
        copy.write_text(text, encoding="utf-8")
    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", *copies], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_unit_is_described_in_the_page() -> None:
    for file in UNITS:
        assert f"](systemd/{file.name})" in SCHEDULING


def test_the_crontab_is_made_for_crons_bare_environment() -> None:
    assert crontab()
    for line in crontab():
        fields, command = line.split()[:5], line.split(maxsplit=5)[5]
        assert all(re.fullmatch(r"[-*/,\d]+", each) for each in fields), line
        assert "%" not in command, "cron takes it for a new line"
        assert command.startswith("/"), "cron's PATH is short"
        assert subprocess.run(["sh", "-n", "-c", command]).returncode == 0, line


@pytest.mark.parametrize(("code", "mailed"), [(0, ""), (3, ""), (1, "it failed\n")])
def test_the_crontab_has_something_to_mail_only_where_a_tick_failed(code: int, mailed: str, tmp_path: Path) -> None:
    (command,) = (line.split(maxsplit=5)[5] for line in crontab())
    crashes = tmp_path / ".venv/bin/crashes"
    crashes.parent.mkdir(parents=True)
    crashes.write_text(f"#!/bin/sh\necho it failed >&2\nexit {code}\n", encoding="utf-8")
    crashes.chmod(0o755)
    bare = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    script = command.replace(CLONE, str(tmp_path))
    done = subprocess.run(["/bin/sh", "-c", script], env=bare, cwd="/", capture_output=True, text=True)
    assert done.stdout == mailed
    assert done.stderr == ""


def test_every_file_that_the_page_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", SCHEDULING):
        assert target.startswith("http") or (ROOT / "docs" / target).exists(), target
