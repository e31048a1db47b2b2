"""Where and with what an execution ran: what one wants to know when last night's run differs from today's."""

from __future__ import annotations

import getpass
import os
import platform
import socket
import subprocess
from importlib import metadata
from typing import Any

from ingest.settings import PROJECT_ROOT

PACKAGES = ("chicago-crashes", "dlt", "dbt-core", "dbt-postgres", "pyarrow", "adbc-driver-postgresql")


def surroundings() -> dict[str, Any]:
    """Host, process, versions and git revision, for the record's context."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "user": _user(),
        "versions": versions(),
        "git_revision": git_revision(),
    }


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide what a run does."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def git_revision() -> str | None:
    """Commit of this clone, with `+` where files differ from it; None outside of git."""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return None
    return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), *arguments], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return str(os.getuid())
