"""What all tests share: a real PostgreSQL with PostGIS, the sample portal, the real command line. Nothing is mocked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from harness import CommandLine, Database, command_line, fresh_database, sample_dir, short_folder
from sample_portal.testing import RunningPortal, running_portal

from ingest.settings import Settings, load_settings
from runner.database.cluster import EmbeddedCluster
from runner.ledger.execution import ledger
from runner.ledger.session import LedgerSession
from runner.settings import load_settings as load_runner_settings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = pytest.mark.skip(reason=f"the real rows are not here: no {sample_dir()} (set CRASHES_SAMPLE_DIR)")
    for item in items:
        if "sample" in item.keywords and not sample_dir().is_dir():
            item.add_marker(absent)


@pytest.fixture(scope="session")
def cluster() -> Iterator[EmbeddedCluster]:
    """One server for all tests. It may forget everything in a power cut."""
    with short_folder() as home:
        hasty = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        server = EmbeddedCluster(home, settings=hasty)
        server.up()
        yield server
        server.down()


@pytest.fixture
def database(cluster: EmbeddedCluster) -> Iterator[Database]:
    """A fresh database for each test."""
    with fresh_database(cluster, "crashes_test") as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_database(cluster: EmbeddedCluster) -> Iterator[Database]:
    """One database for the tests of a module that only look at what one run has left."""
    with fresh_database(cluster, "crashes_module") as fresh:
        yield fresh


@pytest.fixture(scope="session")
def dbt_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by all runs of the tests, so that the project is parsed once."""
    return tmp_path_factory.mktemp("target")


@pytest.fixture
def crashes(database: Database, tmp_path: Path, dbt_target: Path) -> Iterator[CommandLine]:
    """`crashes` on the test's own database: crashes("run", "--portal", url) -> code, out, err."""
    commands = command_line(database, tmp_path / "home", dbt_target)
    yield commands
    commands.stop_all()


@pytest.fixture(scope="module")
def module_crashes(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory, dbt_target: Path
) -> Iterator[CommandLine]:
    """`crashes` on the module's database."""
    commands = command_line(module_database, tmp_path_factory.mktemp("home"), dbt_target)
    yield commands
    commands.stop_all()


@pytest.fixture
def serve() -> Iterator[Callable[..., RunningPortal]]:
    """Starts sample portals for the length of a test: serve(crashes=100, seed=1) or serve(rows=folder)."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running_portal(**options))


@pytest.fixture(scope="module")
def module_serve() -> Iterator[Callable[..., RunningPortal]]:
    """The same for the length of a module."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running_portal(**options))


@pytest.fixture
def land_here(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings of `ingest` for the test's own database: land_here(portal_url=…, page_size=37)."""
    for name, value in database.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CRASHES_HOME", str(tmp_path / "home"))
    return load_settings


@pytest.fixture
def here(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process itself does with the runner, it does with the test's own database."""
    for name, value in {**database.env(), "CRASHES_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def session(here: None) -> Iterator[LedgerSession]:
    """The ledger of the test's own database, without the default jobs."""
    with ledger(load_runner_settings()) as opened:
        opened.execute("delete from ops.scheduled_jobs")
        yield opened


@pytest.fixture(scope="session")
def sample_rows() -> Path:
    """Real rows of the four datasets. Mark the test with `sample`: it is skipped where they are absent."""
    return sample_dir() / "soda"
