"""Portals for the tests: real processes, spoken to over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from portal_http import ROWS, Portal, write_rows
from sample_portal.testing import running_portal


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Twenty crashes, shared by tests that only read."""
    with running_portal(rows=write_rows(tmp_path_factory.mktemp("rows"), ROWS)) as running:
        yield Portal(running.url, running.control)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Portal]:
    """The same rows for a test that changes them."""
    with running_portal(rows=write_rows(tmp_path, ROWS)) as running:
        yield Portal(running.url, running.control)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def generated(cache: Path) -> Iterator[Portal]:
    """Three thousand generated crashes."""
    with running_portal(crashes=3000, seed=7, as_of="2026-06-30", options=("--cache", str(cache))) as running:
        yield Portal(running.url, running.control)
