"""Whatever a user or the world does wrong: one sentence, one remedy, the right exit code, a closed record."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from harness import ROOT, CommandLine, Database, Finished, clean_environment, short_folder

from runner.database.cluster import EmbeddedCluster
from runner.ledger.session import ONE_RUN


def assert_explained(done: Finished, code: int, *words: str) -> None:
    """`Error: …` and `→ …` at the end of stderr, nothing on stdout that could be taken for a result."""
    *_, error, remedy = done.err.strip().splitlines()
    assert error.startswith("Error: "), done.err
    assert remedy.startswith("→ "), done.err
    assert "Traceback" not in done.err
    assert done.code == code, done.err
    for word in words:
        assert word in error + remedy


def last_record(database: Database) -> tuple[str, str, str]:
    return database.rows(
        "select status, error_class, error_remedy from ops.job_executions order by execution_id desc limit 1"
    )[0]  # type: ignore[return-value]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--dataset", "bicycles"], ["bicycles", "vision_zero_fatalities"]),
        (["run", "--since", "yesterday"], ["yesterday", "YYYY-MM-DD"]),
        (["ingest", "--until", "2024-02-30"], ["2024-02-30", "YYYY-MM-DD"]),
        (["run", "--since", "2026-02-01", "--until", "2026-01-01"], ["2026-02-01", "2026-01-01", "Swap"]),
        (["run", "--portal", "ftp://portal"], ["http://"]),
        (["transform", "--dataset", "crashes"], ["--dataset", "crashes transform --help"]),
        (["walk"], ["walk", "crashes --help"]),
        (["portal", "serve"], ["--rows", "--crashes"]),
    ],
)
def test_wrong_usage(crashes: CommandLine, arguments: list[str], words: list[str]) -> None:
    done = crashes(*arguments)
    assert_explained(done, 2, *words)
    assert done.out == ""


def test_wrong_usage_asks_nothing_of_the_database(crashes: CommandLine, database: Database) -> None:
    crashes("run", "--dataset", "bicycles")
    assert database.value("select to_regclass('ops.job_executions')") is None


@pytest.mark.parametrize("name", ["CRASHES_PAGE_SIZE", "CRASHES_DB_PORT", "CRASHES_THREADS", "LOG_LEVEL"])
def test_a_variable_that_cannot_be_meant(crashes: CommandLine, name: str) -> None:
    assert_explained(crashes("status", env={name: "many"}), 2, name)


def test_a_portal_that_refuses(crashes: CommandLine, database: Database) -> None:
    done = crashes("ingest", "--portal", f"http://127.0.0.1:{free_port()}")
    assert_explained(done, 1, "127.0.0.1")
    assert last_record(database)[0] == "failed"


def test_a_portal_that_does_not_resolve(crashes: CommandLine, database: Database) -> None:
    done = crashes("ingest", "--portal", "http://portal.invalid")
    assert_explained(done, 1, "portal.invalid")
    assert last_record(database)[0] == "failed"


@pytest.fixture
def web_server(tmp_path: Path) -> Iterator[str]:
    """A real web server that is no portal: HTML where it has a file, 404 elsewhere."""
    (tmp_path / "resource").mkdir()
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)],
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def test_a_portal_that_answers_404(crashes: CommandLine, database: Database, web_server: str) -> None:
    done = crashes("ingest", "--dataset", "crashes", "--portal", web_server)
    assert_explained(done, 1)
    assert last_record(database)[0] == "failed"


def test_a_portal_that_answers_html(crashes: CommandLine, database: Database, web_server: str, tmp_path: Path) -> None:
    for path in ("api/views/85ca-t3if.json", "resource/85ca-t3if.json"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("<!doctype html><title>Down for maintenance</title>")
    done = crashes("ingest", "--dataset", "crashes", "--portal", web_server)
    assert_explained(done, 1)
    assert last_record(database)[0] == "failed"


def test_a_failure_as_json_says_the_same(crashes: CommandLine) -> None:
    done = crashes("ingest", "--json", "--portal", f"http://127.0.0.1:{free_port()}")
    found = done.json()
    assert (found["status"], found["execution_id"]) == ("failed", 1)
    assert f"Error: {found['error']['message']}" in done.err
    assert f"→ {found['error']['remedy']}" in done.err


def test_transforming_before_anything_has_landed(crashes: CommandLine, database: Database) -> None:
    assert_explained(crashes("transform"), 1, "nothing has landed yet", "crashes ingest")
    assert last_record(database)[0] == "failed"


def test_a_database_that_is_down(crashes: CommandLine) -> None:
    port = str(free_port())
    done = crashes("run", env={"CRASHES_DB_HOST": "127.0.0.1", "CRASHES_DB_PORT": port})
    assert_explained(done, 1, f"127.0.0.1:{port}", "CRASHES_DB_HOST")
    assert crashes("db", "status", env={"CRASHES_DB_HOST": "127.0.0.1", "CRASHES_DB_PORT": port}).code == 1


def test_a_database_that_is_not_there(crashes: CommandLine) -> None:
    assert_explained(crashes("run", env={"CRASHES_DB_NAME": "nowhere"}), 2, "nowhere", "createdb")


def test_a_database_without_postgis(crashes: CommandLine, database: Database) -> None:
    with closing(psycopg2.connect(host=database.host, dbname="postgres", user="postgres")) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute("drop database if exists crashes_bare")
            cursor.execute("create database crashes_bare template template0 owner crashes")
            done = crashes("run", env={"CRASHES_DB_NAME": "crashes_bare"})
            cursor.execute("drop database crashes_bare")
    assert_explained(done, 2, "PostGIS", "create extension postgis")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Database]:
    """A server on a port that asks for a password."""
    with short_folder() as home:
        (home / "hba.conf").write_text("local all all peer map=embedded\nhost all all 127.0.0.1/32 scram-sha-256\n")
        (home / "hba.conf").chmod(0o644)
        port = free_port()
        network = {"listen_addresses": "127.0.0.1", "hba_file": str(home / "hba.conf"), "fsync": "off"}
        server = EmbeddedCluster(home, port=port, settings=network)
        server.up()
        with closing(psycopg2.connect(host=str(server.run_dir), port=port, dbname="crashes", user="crashes")) as own:
            own.autocommit = True
            own.cursor().execute("alter role crashes password 'the-right-one-7'")
        yield Database("127.0.0.1", port, "crashes", "crashes", "the-right-one-7")
        server.down()


def test_a_password_that_is_refused_and_shown_nowhere(crashes: CommandLine, guarded: Database) -> None:
    done = crashes("run", env={**guarded.env(), "CRASHES_DB_PASSWORD": "the-wrong-one-8"})
    assert_explained(done, 2, "crashes", "CRASHES_DB_PASSWORD")
    assert "the-wrong-one-8" not in done.out + done.err


def test_a_server_with_a_password_is_used_and_the_password_shown_nowhere(
    crashes: CommandLine, guarded: Database
) -> None:
    done = crashes("status", env=guarded.env())
    assert done.code == 0
    assert "the-right-one-7" not in done.out + done.err
    url = f"postgresql://crashes:{guarded.password}@127.0.0.1:{guarded.port}/crashes"
    without = {name: value for name, value in crashes.env.items() if not name.startswith("CRASHES_DB_")}
    done = CommandLine(without)("status", "--json", env={"CRASHES_DATABASE_URL": url})
    assert done.json()["embedded"] is False
    assert "the-right-one-7" not in done.out + done.err
    asked = CommandLine(without)("db", "psql", "-Atc", "select current_user", env={"CRASHES_DATABASE_URL": url})
    assert (asked.out, asked.code) == ("crashes\n", 0)


def test_a_server_of_the_users_is_not_ours_to_stop(crashes: CommandLine) -> None:
    for verb in ("up", "down"):
        assert_explained(crashes("db", verb), 2, "CRASHES_DB_HOST")


def test_a_port_that_is_taken(crashes: CommandLine, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = crashes("portal", "serve", "--crashes", "10", "--port", str(taken.getsockname()[1]))
    assert done.code != 0
    assert "taken" in done.err
    assert "Traceback" not in done.err


def test_a_folder_that_cannot_be_written(crashes: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    embedded = CommandLine({**clean_environment(), "CRASHES_HOME": str(tmp_path / "file" / "home")})
    for command in (["run"], ["status"], ["db", "up"]):
        assert_explained(embedded(*command), 2, "cannot be written", "CRASHES_HOME")


def test_a_second_run_beside_the_first(crashes: CommandLine, database: Database) -> None:
    with closing(database.connect()) as first, first.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s, %s)", ONE_RUN)
        assert_explained(crashes("run"), 3, "crashes status")


@pytest.fixture
def hanging_portal() -> Iterator[str]:
    """It takes the call and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_in_the_middle(
    crashes: CommandLine, database: Database, hanging_portal: str, number: signal.Signals
) -> None:
    process = crashes.start("run", "--portal", hanging_portal)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if database.value("select to_regclass('ops.job_executions')") and database.value(
            "select count(*) from ops.job_executions where status = 'running'"
        ):
            break
        time.sleep(0.1)
    time.sleep(2)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 15
    assert_explained(Finished(process.returncode or 0, out, err), 1, "Cancelled")
    assert last_record(database)[0] == "cancelled"


def test_an_answer_cut_short_by_its_reader_is_no_error(crashes: CommandLine) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m runner.cli status | true"],
        env=crashes.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
