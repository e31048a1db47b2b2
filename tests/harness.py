"""What tests hold in their hands: a database, a finished command, the command line. The fixtures are in conftest.py."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from runner.database.cluster import EmbeddedCluster

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# Nothing that configures the project leaks from the developer's shell into a test.
OURS = ("CRASHES_", "CHICAGO_", "DBT_", "DLT_", "DESTINATION__", "PG", "LOG_")


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def sample_dir() -> Path:
    return Path(os.environ.get("CRASHES_SAMPLE_DIR") or ROOT.parent / "shared" / "sample")


@dataclass(frozen=True)
class Database:
    """A fresh database with PostGIS in it."""

    host: str
    port: int
    name: str
    user: str
    password: str = ""

    def env(self) -> dict[str, str]:
        return {
            "CRASHES_DB_HOST": self.host,
            "CRASHES_DB_PORT": str(self.port),
            "CRASHES_DB_NAME": self.name,
            "CRASHES_DB_USER": self.user,
            "CRASHES_DB_PASSWORD": self.password or "unused",
        }

    def connect(self) -> Connection:
        connection = psycopg2.connect(host=self.host, port=self.port, dbname=self.name, user=self.user)
        connection.autocommit = True
        return connection

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def value(self, query: str, *parameters: Any) -> Any:
        ((value,),) = self.rows(query, *parameters)
        return value


@dataclass(frozen=True)
class Finished:
    """What a command line did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class CommandLine:
    """The installed `crashes`, as a process of its own, on one database and a home of its own."""

    env: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(
        self, *arguments: str, env: dict[str, str] | None = None, cwd: Path = ROOT, tool: str = "crashes"
    ) -> Finished:
        done = subprocess.run(
            [str(BIN / tool), *arguments],
            env=self.env | (env or {}),
            cwd=cwd,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Goes on in the background, in a process group of its own; ended with the test."""
        process = subprocess.Popen(
            [str(BIN / "crashes"), *arguments],
            env=self.env | (env or {}),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def stop_all(self) -> None:
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def until(reached: Callable[[], bool], seconds: float = 40) -> None:
    """Waits for it, and fails where it does not come to that in time."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.1)


@contextmanager
def short_folder() -> Iterator[Path]:
    """Short, for a socket's path may have 103 bytes; and where the account `postgres` can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="crashes-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(cluster: EmbeddedCluster, name: str) -> Iterator[Database]:
    """A copy of the cluster's own empty database. The name is fixed, so that dbt need not parse everything anew."""
    own = Database(str(cluster.run_dir), cluster.port, cluster.name, cluster.user)
    admin = Database(own.host, own.port, "postgres", own.user)
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    create = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(own.name))
    with closing(admin.connect()) as connection, connection.cursor() as cursor:
        _insist(cursor, drop)
        cursor.execute(create)
        yield Database(own.host, own.port, name, own.user)
        _insist(cursor, drop)


def _insist(cursor: Any, statement: sql.Composable) -> None:
    """`force` may not end an autovacuum worker, which is the superuser's; in a moment it has gone by itself."""
    deadline = time.monotonic() + 60
    while True:
        try:
            cursor.execute(statement)
        except psycopg2.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def command_line(database: Database, home: Path, dbt_target: Path) -> CommandLine:
    scratch = {"CRASHES_HOME": str(home), "DBT_TARGET_PATH": str(dbt_target)}
    return CommandLine({**clean_environment(), **database.env(), **scratch})
