"""Plain dbt, dlt, sqlfluff and python -m ingest find the embedded database by themselves, started when needed."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import BIN, ROOT, clean_environment, short_folder

from runner import plain_tools
from runner.database.cluster import EmbeddedCluster

pytestmark = pytest.mark.skipif(
    not (Path(sysconfig.get_path("purelib")) / "chicago_crashes.pth").exists(),
    reason="chicago_crashes.pth is not in this environment (scripts/setup puts it there)",
)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """CRASHES_HOME stands for the clone's own default, which a test must not touch."""
    with short_folder() as folder:
        yield folder
        EmbeddedCluster(folder).down()


def tool(home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**clean_environment(), "CRASHES_HOME": str(home), **variables}
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def test_the_line_in_the_environment_is_the_one_of_this_version() -> None:
    installed = (Path(sysconfig.get_path("purelib")) / "chicago_crashes.pth").read_text()
    assert installed == plain_tools.PTH + "\n"


def test_dbt_finds_the_database_and_starts_it(home: Path, tmp_path: Path) -> None:
    paths = {"DBT_TARGET_PATH": str(tmp_path), "DBT_LOG_PATH": str(tmp_path)}
    parsed = tool(home, "dbt", "--version", **paths)
    assert parsed.returncode == 0
    assert not EmbeddedCluster(home).status().running
    done = tool(home, "dbt", "debug", **paths)
    assert "Connection test" in done.stdout
    assert done.returncode == 0, done.stdout
    assert EmbeddedCluster(home).status().running


def test_what_a_model_depends_on_does_not_hang_on_the_command_that_reads_it_first(home: Path, tmp_path: Path) -> None:
    """dbt keeps what it has read for the next command, which is often another."""

    def read_by(command: str) -> dict[str, list[str]]:
        target = tmp_path / command
        paths = {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(tmp_path)}
        done = tool(home, "dbt", command, *(["--select", "none_of_these"] if command != "parse" else []), **paths)
        assert done.returncode == 0, done.stdout
        nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
        return {name: sorted(node["depends_on"].get("nodes", [])) for name, node in nodes.items()}

    parsed = read_by("parse")
    assert "model.chicago_crashes.int_crashes__landed_keys" in parsed["model.chicago_crashes.crash_features"]
    for command in ("build", "test"):
        assert read_by(command) == parsed, command


def test_python_dash_m_ingest_connects_to_it_too(home: Path) -> None:
    done = tool(home, "python", "-m", "ingest", "--portal", "http://127.0.0.1:9")
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_tools_are_told_not_to_tell_anybody(home: Path) -> None:
    code = (
        "import os, sys; sys.orig_argv = ['python', 'bin/dbt', 'parse'];"
        "from runner import plain_tools; plain_tools.prepare(sys.orig_argv);"
        "print(os.environ['RUNTIME__DLTHUB_TELEMETRY'], os.environ['DBT_SEND_ANONYMOUS_USAGE_STATS'],"
        "os.environ['CRASHES_DB_HOST'], os.environ['CRASHES_DB_PASSWORD'], os.environ['DLT_DATA_DIR'])"
    )
    done = tool(home, "python", "-c", code)
    assert done.stdout.split() == ["false", "false", f"{home}/run", "unused", f"{home}/dlt"]


def test_what_the_user_exported_is_kept(home: Path) -> None:
    code = (
        "import os, sys; from runner import plain_tools; plain_tools.prepare(['python', 'bin/dbt', 'parse']);"
        "print(os.environ['CRASHES_DB_HOST'], os.environ['CRASHES_DB_NAME'], os.environ['DLT_DATA_DIR'])"
    )
    exported = {"CRASHES_DB_HOST": "db.example", "DLT_DATA_DIR": "/elsewhere"}
    assert tool(home, "python", "-c", code, **exported).stdout.split() == ["db.example", "crashes", "/elsewhere"]
    url = {"CRASHES_DATABASE_URL": "postgresql://me:pw@other.example:5433/mine"}
    assert tool(home, "python", "-c", code, **url).stdout.split()[:2] == ["other.example", "mine"]


def test_a_fault_is_a_sentence_and_an_exit_code_here_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = tool(tmp_path / "file" / "home", "dbt", "build", DBT_TARGET_PATH=str(tmp_path), DBT_LOG_PATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The folder")
    assert "Traceback" not in done.stderr
