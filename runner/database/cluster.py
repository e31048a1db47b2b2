"""The embedded cluster: a private PostgreSQL + PostGIS of the invoking user, made from the system's programs.

It listens on a Unix socket in a folder of mode 0700 and on no network; the kernel tells it who connects.
PostgreSQL refuses to run as root, so root's cluster belongs to the account `postgres`. Any command may call
`ensure_up`: it is quick when the server runs, and starts it, or makes it, when it does not.
A server that the user names (`CRASHES_DB_*`) is none of this module's business: see `runner.database.connection`.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from runner.database import cluster_files
from runner.database.binaries import Installation, find_installation
from runner.errors import ClusterError, HomeUnusableError, PostgresMissingError

ADMIN = "postgres"
LONGEST_SOCKET = 103  # bytes: 108 on Linux, 104 on macOS, each with a closing NUL
LOG_KEPT = 16 * 1024 * 1024


@dataclass(frozen=True)
class ClusterStatus:
    """What `crashes db status` shows."""

    running: bool
    home: str
    socket: str
    log: str
    pid: int | None
    version: str | None
    account: str
    bytes: int | None


@dataclass(frozen=True)
class EmbeddedCluster:
    """A cluster in one folder. `settings` go on top of ours (the tests switch fsync off)."""

    home: Path
    port: int = 5432
    name: str = "crashes"
    user: str = "crashes"
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def run_dir(self) -> Path:
        return self.home / "run"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def socket(self) -> Path:
        return self.run_dir / f".s.PGSQL.{self.port}"

    @cached_property
    def account(self) -> pwd.struct_passwd:
        """Who owns the server: the invoking user, or `postgres` where that is root."""
        if os.geteuid() != 0:
            return pwd.getpwuid(os.geteuid())
        try:
            return pwd.getpwnam("postgres")
        except KeyError:
            raise PostgresMissingError(
                "PostgreSQL refuses to run as root, and this machine has no account `postgres` to run it as.",
                remedy="apt-get install postgresql makes it.",
            ) from None

    def ensure_up(self) -> None:
        """Returns with the server running and its database there. Safe when two call at once."""
        if not self._answers():
            self.up()

    def up(self) -> None:
        self._check_home()
        with self._locked():
            if self._answers():
                return
            installation = find_installation(self._made_by())
            if not self.data.exists():
                self._initialise(installation)
            self._configure(installation)
            if not self._comes_round():
                self._start(installation)
            self._provision()

    def down(self) -> bool:
        """Stops the server after the running transactions are rolled back. False when it was not running."""
        if not self.data.exists() or self._pid() is None:
            return False
        with self._locked():
            pg_ctl = find_installation(self._made_by()).program("pg_ctl")
            answer = self._run([pg_ctl, "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60"])
            if answer.returncode != 0 and self._pid() is not None:
                raise self._failed("did not stop", answer)
        return True

    def status(self) -> ClusterStatus:
        running = self._answers()
        version, size = self._measure() if running else (None, None)
        return ClusterStatus(
            running=running,
            home=str(self.home),
            socket=str(self.socket),
            log=str(self.log),
            pid=self._pid() if running else None,
            version=version,
            account=self.account.pw_name,
            bytes=size,
        )

    # --- is it there? ---

    def _answers(self) -> bool:
        """The server runs, and the database in it is complete."""
        try:
            with closing(self._connect(self.user, self.name)) as connection, connection.cursor() as cursor:
                cursor.execute("select 1 from pg_extension where extname = 'postgis'")
                return cursor.fetchone() is not None
        except psycopg2.Error:
            return False

    def _accepts(self, user: str, database: str) -> bool:
        try:
            self._connect(user, database).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _comes_round(self) -> bool:
        """A server that is just starting or recovers from a crash is waited for."""
        deadline = time.monotonic() + 120
        while not (accepted := self._accepts(ADMIN, ADMIN)) and self._pid() and time.monotonic() < deadline:
            time.sleep(0.2)
        return accepted

    def _connect(self, user: str, database: str) -> Connection:
        connection = psycopg2.connect(
            host=str(self.run_dir), port=self.port, user=user, dbname=database, connect_timeout=10
        )
        connection.autocommit = True
        return connection

    def _measure(self) -> tuple[str, int]:
        with closing(self._connect(self.user, self.name)) as connection, connection.cursor() as cursor:
            cursor.execute("select current_setting('server_version'), pg_database_size(current_database())")
            version, size = cursor.fetchone() or ("?", 0)
        return str(version), int(size)

    def _made_by(self) -> int | None:
        """The major version that made the data folder: no other can open it."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def _pid(self) -> int | None:
        """The server's process; None where the pid file is absent or names a process that is no server."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return pid if _process_name(pid).startswith(("postgres", "postmaster")) else None

    # --- making and starting it ---

    def _check_home(self) -> None:
        remedy = "Set CRASHES_HOME to a folder {}, or name a server of yours in CRASHES_DB_HOST."
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET:
            raise HomeUnusableError(
                f"The path {self.socket} is longer than the {LONGEST_SOCKET} bytes that a socket's may have.",
                remedy=remedy.format("with a shorter path"),
            )
        try:
            if not self.home.is_dir():
                # Root's server is the account `postgres`, which passes through; nobody else looks in.
                mode = 0o711 if os.geteuid() == 0 else 0o700
                self.home.mkdir(mode, parents=True, exist_ok=True)  # another process may have come first
                self.home.chmod(mode)  # whatever the umask took away
            self._own(self.run_dir, 0o700)
        except OSError as error:
            raise HomeUnusableError(
                f"The folder {self.home} of the embedded database cannot be written: {error.strerror}.",
                remedy=remedy.format("that you can write"),
            ) from error
        if os.geteuid() == 0 and self._run(["/bin/sh", "-c", 'test -w "$0"', str(self.run_dir)]).returncode != 0:
            raise HomeUnusableError(
                f"The account {self.account.pw_name}, which runs root's database, cannot reach {self.home}.",
                remedy=remedy.format("outside of private folders such as /root"),
            )

    def _own(self, folder: Path, mode: int) -> None:
        folder.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        if folder.stat().st_mode & 0o777 != mode:
            folder.chmod(mode)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time makes, starts or stops the cluster."""
        file = os.open(self.home / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _initialise(self, installation: Installation) -> None:
        """Made beside its place and renamed when complete: a killed start leaves nothing half-made."""
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._own(fresh, 0o700)
        # Bytes decide the order (fast, the same everywhere), Unicode decides what a letter is.
        ctype = "C.UTF-8" if sys.platform.startswith("linux") else "C"
        options = ["--auth=peer", "--data-checksums", "--encoding=UTF8", "--locale=C", f"--lc-ctype={ctype}"]
        answer = self._run([installation.program("initdb"), "-D", str(fresh), "-U", ADMIN, *options])
        if answer.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise self._failed("could not be made", answer)
        fresh.rename(self.data)

    def _configure(self, installation: Installation) -> None:
        conf_d = self.data / "conf.d"
        self._own(conf_d, 0o700)
        main = self.data / "postgresql.conf"
        if "\ninclude_dir = 'conf.d'" not in main.read_text():
            with main.open("a") as file:
                file.write("\ninclude_dir = 'conf.d'\n")
        accounts = dict.fromkeys([self.account.pw_name, pwd.getpwuid(os.geteuid()).pw_name])
        wal_compression = self._wal_compression(installation)
        settings = cluster_files.settings_text(self.run_dir, self.port, wal_compression, self.settings)
        self._write(conf_d / "10-chicago-crashes.conf", settings)
        self._write(self.data / "pg_hba.conf", cluster_files.HBA)
        self._write(self.data / "pg_ident.conf", cluster_files.ident_text(accounts, [ADMIN, self.user]))

    def _wal_compression(self, installation: Installation) -> str:
        """lz4 where the server was built with it.

        With checksums, each page of a new table is logged whole when it is first read after the commit, and pglz (`on`)
        takes longer to press it than all else that is done with it.
        """
        given = ["-D", str(self.data), "-c", "wal_compression=lz4"]
        asked = self._run([installation.program("postgres"), *given, "-C", "wal_compression"])
        return "lz4" if asked.returncode == 0 else "on"

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(file, self.account.pw_uid, self.account.pw_gid)

    def _start(self, installation: Installation) -> None:
        self._forget_dead_server()
        if self.log.exists() and self.log.stat().st_size > LOG_KEPT:
            self.log.replace(self.log.with_suffix(".log.1"))
        offset = self.log.stat().st_size if self.log.exists() else 0
        self._write_log_file()
        pg_ctl = installation.program("pg_ctl")
        command = [pg_ctl, "start", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "120"]
        deadline = time.monotonic() + 20
        while (answer := self._run(command)).returncode != 0:
            said = self.log.read_bytes()[offset:].decode(errors="replace")
            # The children of a server that was killed take a moment to notice and leave.
            if "pre-existing shared memory block" not in said or time.monotonic() > deadline:
                raise self._failed("did not start", answer, said)
            time.sleep(0.5)

    def _write_log_file(self) -> None:
        """The folder is root's, so the file that the server appends to must be there and be its own."""
        self.log.touch(mode=0o600)
        if os.geteuid() == 0:
            os.chown(self.log, self.account.pw_uid, self.account.pw_gid)

    def _forget_dead_server(self) -> None:
        """After a reboot the pid on file may be another process by now, which PostgreSQL would respect."""
        if self._pid() is None:
            for file in (self.data / "postmaster.pid", self.socket, Path(f"{self.socket}.lock")):
                file.unlink(missing_ok=True)

    def _provision(self) -> None:
        """The role and the database, where missing: a killed first start is completed by the next."""
        with closing(self._connect(ADMIN, ADMIN)) as connection, connection.cursor() as cursor:
            cursor.execute("select pg_reload_conf()")
            cursor.execute("select 1 from pg_roles where rolname = %s", [self.user])
            if not cursor.fetchone():
                cursor.execute(sql.SQL("create role {} login createdb createrole").format(sql.Identifier(self.user)))
            cursor.execute("select 1 from pg_database where datname = %s", [self.name])
            if not cursor.fetchone():
                cursor.execute(
                    sql.SQL("create database {} owner {}").format(sql.Identifier(self.name), sql.Identifier(self.user))
                )
        with closing(self._connect(ADMIN, self.name)) as connection, connection.cursor() as cursor:
            cursor.execute("create extension if not exists postgis")

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """As the cluster's account, in a folder and an environment that do not depend on who calls."""
        options: dict[str, Any] = {"cwd": "/", "umask": 0o077, "capture_output": True, "text": True}
        if os.geteuid() == 0:
            options |= {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": self.account.pw_dir, "LC_ALL": "C"}
        return subprocess.run(command, env=environment, check=False, **options)

    def _failed(self, what: str, answer: subprocess.CompletedProcess[str], log: str = "") -> ClusterError:
        lines = re.findall(r"(?:FATAL|error): +(.+)", f"{answer.stderr}\n{log}")
        reason = lines[-1] if lines else answer.stderr.strip()
        return ClusterError(
            f"The embedded database in {self.home} {what}: {(reason or 'no reason given').rstrip('.')}.",
            remedy=f"Read {self.log}; a full disk is the usual cause; CRASHES_HOME can name another folder.",
        )


def _process_name(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return ""
    answer = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return Path(answer.stdout.strip()).name
