"""Every command of README.md is run, its SQL too, and its table of settings is the code's."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import BIN, ROOT, clean_environment, short_folder
from sample_portal.testing import RunningPortal, running_portal

from ingest.settings import Settings
from runner.settings import RunnerSettings

README = (ROOT / "README.md").read_text(encoding="utf-8")

# What this very test is a part of.
NOT_RUN = {"./scripts/test"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    return [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture(scope="module")
def portal() -> Iterator[RunningPortal]:
    """In the place of the City's portal, which no test may depend on."""
    with running_portal(crashes=300, seed=5) as running:
        yield running


@pytest.fixture(scope="module")
def environment(portal: RunningPortal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A newcomer's shell: nothing exported but where this test's embedded database and its portal are."""
    with short_folder() as home:
        shell = clean_environment() | {"CRASHES_HOME": str(home), "CRASHES_PORTAL_URL": portal.url}
        shell["PATH"] = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != BIN)
        shell["DBT_TARGET_PATH"] = str(tmp_path_factory.mktemp("target"))
        yield shell
        subprocess.run([BIN / "crashes", "db", "down"], env=shell, check=False, capture_output=True)


def test_every_command_works_in_the_order_in_which_it_is_written(environment: dict[str, str]) -> None:
    """One shell session, as a reader would type it; `crashes portal serve` gets a terminal of its own."""
    activated = False
    servers: list[subprocess.Popen[str]] = []
    try:
        for command in commands():
            if command in NOT_RUN:
                continue
            if command.startswith("source "):
                activated = True
                continue
            script = f"source .venv/bin/activate && {command}" if activated else command
            if "portal serve" in command:
                servers.append(served(script, environment))
                continue
            finished = run(script, environment)
            assert finished.returncode == 0, f"{command}\n{finished.stdout}\n{finished.stderr}"
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(10)
    assert (Path(environment["DBT_TARGET_PATH"]) / "static_index.html").stat().st_size > 1_000_000
    for statement in blocks("sql"):
        query = [BIN / "crashes", "db", "psql", "-v", "ON_ERROR_STOP=1", "-c", statement]
        finished = subprocess.run(query, env=environment, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr


def run(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=environment,
        input="select 1;\n",
        text=True,
        capture_output=True,
        timeout=400,
    )


def served(script: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    server = subprocess.Popen(
        ["bash", "-c", script],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    assert "Sample portal at http://127.0.0.1:8899" in server.stdout.readline()
    return server


def settings_table() -> str:
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for declared in RunnerSettings.model_fields.values():
        default = declared.default
        shown = default.get_secret_value() if hasattr(default, "get_secret_value") else default
        lines.append(
            f"| `{declared.alias}` | {f'`{shown}`' if shown not in (None, '') else ''} | {declared.description} |"
        )
    return "\n".join(lines)


def test_the_table_of_settings_is_the_codes() -> None:
    assert settings_table() in README, f"put this into README.md:\n{settings_table()}"


def test_every_setting_has_an_environment_name_and_a_description() -> None:
    for name, declared in RunnerSettings.model_fields.items():
        assert declared.alias, name
        assert declared.description, name
    assert set(Settings.model_fields) <= set(RunnerSettings.model_fields)


def test_every_file_that_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_every_subcommand_that_the_readme_names_exists(environment: dict[str, str]) -> None:
    table = README.split("## Commands")[1].split("## Configuration")[0]
    named = set(re.findall(r"`crashes ([a-z]+)", table))
    for name in named:
        asked = subprocess.run([BIN / "crashes", name, "--help"], env=environment, capture_output=True, text=True)
        assert asked.returncode == 0, f"crashes {name}: {asked.stderr}"
    listed = subprocess.run([BIN / "crashes", "--help"], env=environment, capture_output=True, text=True).stdout
    offered = set(re.findall(r"^  ([a-z]+) ", listed.split("Commands:")[1].split("\n\n")[0], re.MULTILINE))
    assert offered == named
