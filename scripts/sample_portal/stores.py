"""Opens the store that a start asks for: given rows built afresh, generated ones out of a cache.

A generated store is named by all that decides its rows, made beside its final place and moved there, so that a
second start is instant and a killed one leaves nothing half-made under that name. A running portal holds a shared
lock on the store it reads; stores of the same size and seed that nobody holds are outdated and removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from . import moments
from .errors import PortalError
from .generate import VERSION
from .generate.build import build_generated
from .given import build_given
from .store import Store

_MOST_CRASHES = 10_000_000


def default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chicago-crashes" / "sample-portal"


def yesterday() -> date:
    """The day of the newest generated crash: its reports are in by now."""
    return datetime.now(UTC).date() - timedelta(days=1)


def open_given(rows: Path, scratch: Path) -> Store:
    base = scratch / "base"
    base.mkdir(parents=True)
    build_given(rows, base, moments.now())
    return Store(base, scratch / "work")


def open_generated(crashes: int, seed: int, as_of: date, cache: Path, scratch: Path) -> Store:
    if not 1 <= crashes <= _MOST_CRASHES:
        raise PortalError(f"{crashes} crashes cannot be generated. Ask for 1 to {_MOST_CRASHES:,}.")
    if seed < 0:
        raise PortalError(f"{seed} is no seed. Give a whole number from 0 up.")
    family = f"crashes-{crashes}-seed-{seed}-"
    base = cache / f"{family}{as_of}-v{VERSION}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if not base.exists():
            _generate(crashes, seed, as_of, base)
        held = _lock(base, fcntl.LOCK_SH)
        for other in cache.glob(f"{family}*"):
            if other != base:
                _remove_unused(other)
    except OSError as error:
        raise PortalError(
            f"The generated rows cannot be kept in {cache}: {error.strerror}. Give another folder with --cache."
        ) from None
    store = Store(base, scratch / "work")
    store.hold(held)
    return store


def _generate(crashes: int, seed: int, as_of: date, base: Path) -> None:
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=base.parent))
    try:
        build_generated(crashes, seed, as_of, making)
        (making / "lock").touch()
        making.rename(base)
    except OSError:
        # another portal may have made the same rows meanwhile
        if not base.exists():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _lock(base: Path, mode: int) -> int:
    """The lock's file descriptor: closing it, or the end of the process, lets it go."""
    descriptor = os.open(base / "lock", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, mode)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _remove_unused(base: Path) -> None:
    try:
        descriptor = _lock(base, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    shutil.rmtree(base, ignore_errors=True)
    os.close(descriptor)
