"""Opens the store that a start asks for: given rows built afresh, generated ones out of a cache."""

from __future__ import annotations

from pathlib import Path

from . import moments
from .given import build_given
from .store import Store


def open_given(rows: Path, scratch: Path) -> Store:
    base = scratch / "base"
    base.mkdir(parents=True)
    build_given(rows, base, moments.now())
    return Store(base, scratch / "work")
