"""Which processes are touched when Python starts, and which of them get a database started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner import plain_tools


@pytest.mark.parametrize(
    ("argv", "tool"),
    [
        (["python", "/x/.venv/bin/dbt", "build"], "dbt"),
        (["python", "-X", "utf8", "/x/.venv/bin/sqlfluff", "lint"], "sqlfluff"),
        (["python", "-m", "dbt.cli.main", "build"], "dbt"),
        (["python", "-m", "ingest"], "ingest"),
        (["python", "-m", "ingest.pipeline"], "ingest"),
        (["/x/.venv/bin/dlt", "pipeline", "chicago_crashes", "info"], None),
        (["python", "script.py", "dbt"], None),
        (["python", "-m", "pytest", "dbt"], None),
        (["python", "-c", "import dbt"], None),
        (["python"], None),
    ],
)
def test_a_tool_is_known_by_the_program_not_by_its_arguments(argv: list[str], tool: str | None) -> None:
    assert plain_tools.tool_of(argv) == tool


@pytest.mark.parametrize(
    ("tool", "arguments", "connects"),
    [
        ("dbt", ["build"], True),
        ("dbt", ["--log-level", "warn", "docs", "generate", "--static"], True),
        ("dbt", ["parse"], False),
        ("dbt", ["deps"], False),
        ("dbt", ["build", "--help"], False),
        ("dbt", ["--version"], False),
        ("dlt", ["pipeline", "chicago_crashes", "info"], True),
        ("dlt", ["telemetry"], False),
        ("sqlfluff", ["lint", "dbt_project"], True),
        ("sqlfluff", ["rules"], False),
        ("ingest", [], True),
        ("ingest", ["--help"], False),
    ],
)
def test_a_database_is_started_only_for_what_connects(tool: str, arguments: list[str], connects: bool) -> None:
    assert plain_tools.connects(tool, ["python", tool, *arguments]) is connects


def test_the_line_in_the_environment_imports_nothing_for_other_processes() -> None:
    code = f"import sys; sys.orig_argv = ['python', 'other']; exec({plain_tools.PTH!r}); print('runner' in sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_clone_that_has_moved_away_is_passed_over_in_silence(tmp_path: Path) -> None:
    code = f"import sys; sys.orig_argv = ['python', 'bin/dbt', 'build']; exec({plain_tools.PTH!r}); print('on')"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("on\n", "")
