"""Finds PostgreSQL's server programs on this machine, with PostGIS beside them.

Says which installation the embedded cluster runs on, and what to install where there is none. It starts no
server: that is the business of `runner.database.cluster`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.errors import PostgisMissingError, PostgresMissingError

OLDEST_MAJOR = 14
PROGRAMS = ("postgres", "initdb", "pg_ctl")
REMEDY = (
    "On Debian or Ubuntu: apt-get install postgresql postgis postgresql-{major}-postgis-3; elsewhere install "
    "PostgreSQL 14 to 18 with PostGIS, or run `docker compose up -d` and set CRASHES_DB_HOST=localhost."
)

# Debian and Ubuntu, Red Hat, Homebrew on both kinds of Mac, Postgres.app: none is on the PATH by itself.
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Installation:
    """One PostgreSQL server installation."""

    bindir: Path
    major: int
    has_postgis: bool

    def program(self, name: str) -> str:
        return str(self.bindir / name)


def find_installation(major: int | None = None) -> Installation:
    """The newest installation that has PostGIS; of that major version where a data directory demands one.

    Raises PostgresMissingError or PostgisMissingError, each with what to install.
    """
    found = sorted(_installations(), key=lambda each: (each.has_postgis, each.major), reverse=True)
    fitting = [each for each in found if major in (None, each.major) and each.major >= OLDEST_MAJOR]
    if not fitting:
        wanted = f"PostgreSQL {major}, which made this cluster," if major else "PostgreSQL"
        raise PostgresMissingError(
            f"{wanted} is not installed on this machine.", remedy=REMEDY.format(major=major or "15")
        )
    if not fitting[0].has_postgis:
        best = fitting[0]
        raise PostgisMissingError(
            f"PostgreSQL {best.major} at {best.bindir} has no PostGIS.",
            remedy=REMEDY.format(major=best.major),
        )
    return fitting[0]


def _installations() -> Iterator[Installation]:
    seen: set[Path] = set()
    for bindir in _candidates():
        real = bindir.resolve()
        if real in seen or not all(os.access(real / name, os.X_OK) for name in PROGRAMS):
            continue
        seen.add(real)
        if major := _major(real):
            yield Installation(real, major, _has_postgis(real, major))


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    if config := shutil.which("pg_config"):
        yield Path(_ask(config, "--bindir"))
    for pattern in PLACES:
        yield from Path("/").glob(pattern.lstrip("/"))


def _major(bindir: Path) -> int | None:
    match = re.search(r"\(PostgreSQL\) (\d+)", _ask(bindir / "postgres", "--version"))
    return int(match[1]) if match else None


def _has_postgis(bindir: Path, major: int) -> bool:
    shares = [Path(f"/usr/share/postgresql/{major}")]
    if (bindir / "pg_config").exists() and (told := _ask(bindir / "pg_config", "--sharedir")):
        shares.insert(0, Path(told))
    return any((share / "extension" / "postgis.control").exists() for share in shares)


def _ask(program: Path | str, option: str) -> str:
    answer = subprocess.run([str(program), option], capture_output=True, text=True, check=False)
    return answer.stdout.strip()
