"""The embedded cluster's life: made, started, killed, raced for, and closed to everybody else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import psycopg2
import pytest
from harness import ROOT, clean_environment, short_folder

from runner.database.cluster import EmbeddedCluster
from runner.errors import ClusterError, HomeUnusableError, PostgisMissingError, PostgresMissingError

HASTY = {"fsync": "off"}


@pytest.fixture
def own() -> Iterator[EmbeddedCluster]:
    """A cluster of the test's own, not yet made."""
    with short_folder() as home:
        cluster = EmbeddedCluster(home / "h", settings=HASTY)
        yield cluster
        cluster.down()


def ask(cluster: EmbeddedCluster, query: str) -> object:
    with (
        closing(
            psycopg2.connect(host=str(cluster.run_dir), port=cluster.port, dbname=cluster.name, user=cluster.user)
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query)
        row = cursor.fetchone()
        connection.commit()
        return row[0] if row else None


def test_it_is_made_once_and_keeps_its_data_over_a_stop(own: EmbeddedCluster) -> None:
    own.ensure_up()
    ask(own, "create table kept as select 1 as one; select 1")
    assert own.status().running
    assert own.down()
    assert not own.status().running
    assert not own.down()
    own.ensure_up()
    assert ask(own, "select one from kept") == 1


def test_when_it_runs_asking_for_it_is_quick(cluster: EmbeddedCluster) -> None:
    began = time.monotonic()
    for _ in range(10):
        cluster.ensure_up()
    assert time.monotonic() - began < 2


def test_it_sorts_by_bytes_knows_letters_checks_its_pages_and_has_postgis(cluster: EmbeddedCluster) -> None:
    assert ask(cluster, "select string_agg(x, '' order by x) from unnest(array['b', 'A', 'a', 'B']) as x") == "ABab"
    assert ask(cluster, "select upper('é')") == "É"
    assert ask(cluster, "show data_checksums") == "on"
    # A page is logged whole when it is first touched. Debian's PostgreSQL knows lz4 from 15 on.
    assert ask(cluster, "show wal_compression") in ("lz4", "on")
    assert ask(cluster, "show server_version_num") < "150000" or ask(cluster, "show wal_compression") == "lz4"
    assert ask(cluster, "select st_srid(st_setsrid(st_makepoint(-87.6, 41.9), 4326))") == 4326
    assert ask(cluster, "show listen_addresses") == ""


def test_the_role_is_no_superuser_and_can_make_databases(cluster: EmbeddedCluster) -> None:
    assert ask(cluster, "select rolsuper from pg_roles where rolname = current_user") is False
    assert ask(cluster, "select rolcreatedb from pg_roles where rolname = current_user") is True


def test_after_kill_nine_it_starts_again_with_what_was_committed(own: EmbeddedCluster) -> None:
    own.ensure_up()
    ask(own, "create table kept as select 7 as seven; select 1")
    pid = own.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    own.ensure_up()
    assert ask(own, "select seven from kept") == 7


def test_a_pid_file_that_names_somebody_elses_process_does_not_stop_it(own: EmbeddedCluster) -> None:
    """As after a reboot: the file is there, and its number belongs to another process by now."""
    own.ensure_up()
    pid_file = own.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid = own.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    own.ensure_up()
    assert ask(own, "select 1") == 1


def test_a_first_start_that_was_killed_is_done_again(own: EmbeddedCluster) -> None:
    """What initdb had written until then lies beside the place of the data, not in it."""
    (own.home / "postgres.new" / "base").mkdir(parents=True)
    (own.home / "postgres.new" / "PG_VERSION").write_text("15\n")
    own.ensure_up()
    assert ask(own, "select 1") == 1


def test_a_database_that_was_dropped_is_made_again(own: EmbeddedCluster) -> None:
    own.ensure_up()
    with closing(own._connect("postgres", "postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("drop database crashes")
    own.ensure_up()
    assert ask(own, "select count(*) from pg_extension where extname = 'postgis'") == 1


def test_several_processes_that_start_it_at_once_get_one_server(own: EmbeddedCluster) -> None:
    code = (
        "from pathlib import Path; from runner.database.cluster import EmbeddedCluster; import sys;"
        "c = EmbeddedCluster(Path(sys.argv[1]), settings={'fsync': 'off'}); c.ensure_up(); print(c.status().pid)"
    )

    def start(_: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code, str(own.home)], capture_output=True, text=True, cwd=ROOT)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(start, range(4)))
    assert [each.stderr for each in done] == [""] * 4
    assert len({each.stdout for each in done}) == 1


def test_whoever_makes_the_folder_first_the_others_find_it() -> None:
    together = Barrier(4)

    def make(home: Path) -> None:
        together.wait()
        EmbeddedCluster(home)._check_home()

    with short_folder() as folder, ThreadPoolExecutor(4) as pool:
        for n in range(50):
            list(pool.map(make, [folder / str(n)] * 4))
            assert (folder / str(n)).stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_no_other_user_of_the_machine_can_connect(cluster: EmbeddedCluster) -> None:
    psql = ["psql", "-h", str(cluster.run_dir), "-U", cluster.user, cluster.name, "-c", "select 1"]
    assert subprocess.run(psql, capture_output=True).returncode == 0
    refused = subprocess.run(["runuser", "-u", "nobody", "--", *psql], capture_output=True, text=True, cwd="/")
    assert refused.returncode != 0
    assert "Permission denied" in refused.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_even_with_the_folder_open_the_server_refuses_another_user(own: EmbeddedCluster) -> None:
    own.ensure_up()
    own.run_dir.chmod(0o755)
    own.socket.chmod(0o777)
    psql = ["runuser", "-u", "nobody", "--", "psql", "-h", str(own.run_dir), "-U", own.user, own.name, "-c", "select 1"]
    refused = subprocess.run(psql, capture_output=True, text=True, cwd="/")
    assert refused.returncode != 0
    assert "Peer authentication failed" in refused.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_plain_user_runs_it_as_himself(tmp_path: Path) -> None:
    with short_folder() as home:
        shutil.chown(home, "nobody", "nogroup")
        code = (
            "import os, sys; from pathlib import Path; from runner.database.cluster import EmbeddedCluster;"
            "os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[3]));"
            "c = EmbeddedCluster(Path(sys.argv[1]) / 'h', settings={'fsync': 'off'}); c.ensure_up();"
            "print(c.status().account, c.status().running, oct(c.home.stat().st_mode)[-3:]); print(c.down())"
        )
        owner = home.stat()
        done = subprocess.run(
            [sys.executable, "-c", code, str(home), str(owner.st_gid), str(owner.st_uid)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**clean_environment(), "HOME": str(home)},
        )
        assert (done.stdout, done.stderr) == ("nobody True 700\nTrue\n", "")


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusableError) as caught:
        EmbeddedCluster(tmp_path / "file" / "home").ensure_up()
    assert "cannot be written" in caught.value.message
    assert "CRASHES_HOME" in caught.value.remedy
    assert caught.value.exit_code == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server is another account")
def test_a_folder_that_the_servers_account_cannot_reach_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(HomeUnusableError, match="cannot reach"):
        EmbeddedCluster(tmp_path / "home").ensure_up()


def test_a_path_that_is_too_long_for_a_socket_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(HomeUnusableError, match="longer than the 103 bytes"):
        EmbeddedCluster(tmp_path / ("x" * 100)).ensure_up()


def test_without_postgresql_it_says_what_to_install(
    own: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("runner.database.binaries.PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PostgresMissingError) as caught:
        own.ensure_up()
    assert "apt-get install postgresql" in caught.value.remedy
    assert "docker compose" in caught.value.remedy


def test_without_postgis_it_says_what_to_install(own: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.database.binaries._has_postgis", lambda bindir, major: False)
    with pytest.raises(PostgisMissingError) as caught:
        own.ensure_up()
    assert "-postgis-3" in caught.value.remedy


def test_a_setting_that_the_server_refuses_is_a_sentence_with_its_own_words(own: EmbeddedCluster) -> None:
    broken = EmbeddedCluster(own.home, settings={**HASTY, "shared_buffers": "'a lot'"})
    with pytest.raises(ClusterError) as caught:
        broken.ensure_up()
    assert "did not start" in caught.value.message
    assert str(own.log) in caught.value.remedy
