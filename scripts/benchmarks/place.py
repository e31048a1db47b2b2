"""Where it is measured: an embedded cluster with the settings that users get, a sample portal; gone at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import sleep
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from pydantic import SecretStr
from sample_portal.testing import RunningPortal, running_portal

from ingest.database import connect
from ingest.datasets import all_datasets
from ingest.settings import EMBEDDED_PORT, DatabaseSettings
from runner.database.cluster import ADMIN
from runner.database.connection import ready
from runner.settings import RunnerSettings, load_settings

from .measuring import Measured, run

DATASETS = tuple(all_datasets())
AS_OF = "2026-11-22"  # or every day would measure other rows


@dataclass(frozen=True)
class Place:
    """A home, its database and a portal of `crashes` generated crashes, and what the parts do with them."""

    settings: RunnerSettings
    environment: dict[str, str]
    portal: RunningPortal
    crashes: int
    seed: int
    floors: int
    datasets: tuple[str, ...]

    def run(self, *arguments: str) -> Measured:
        return run(arguments, self.environment)

    def crashes_run(self) -> Measured:
        return self.run("crashes", "run", "--portal", self.portal.url)

    def have_landed(self) -> None:
        """For parts that rest on landing without measuring it."""
        if not all(self.has(f"raw.{dataset}") for dataset in DATASETS):
            self.run("python", "-m", "ingest", "--portal", self.portal.url)

    def settle(self) -> None:
        """Everything landed, built and on record: the next run finds nothing new."""
        self.crashes_run()

    def has(self, table: str) -> bool:
        ((found,),) = self.sql("select to_regclass(%s)", [table])
        return found is not None

    def rows(self, table: str) -> int:
        ((count,),) = self.sql(f"select count(*) from {table}")  # noqa: S608 - a name of this package's
        return int(count)

    def sql(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        with closing(self.session()) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def rest(self) -> None:
        """Wait until the server has done what it still does for what came before, or a floor would pay for it."""
        with closing(self.session(superuser=True)) as connection, closing(connection.cursor()) as cursor:
            connection.autocommit = True
            cursor.execute("checkpoint")
            while True:
                cursor.execute("select from pg_stat_activity where backend_type = 'autovacuum worker'")
                if not cursor.rowcount:
                    return
                sleep(1)

    def session(self, *, superuser: bool = False) -> Connection:
        """As the role that loads and transforms, with the settings that dbt gets."""
        database = self.settings.database
        return connect(replace(database, user=ADMIN) if superuser else database)


@contextmanager
def throw_away(crashes: int, seed: int, floors: int, datasets: list[str] | None = None) -> Iterator[Place]:
    home = Path(tempfile.mkdtemp(prefix="crashes-bench.", dir="/tmp"))
    home.chmod(0o755)
    # Said as a URL, which wins over everything in the environment and in a clone's .env: this is the only database.
    nobody = SecretStr("")
    database = DatabaseSettings(str(home / "run"), EMBEDDED_PORT, "crashes", "crashes", nobody, embedded=True)
    settings = load_settings(home_dir=home, database_url=SecretStr(database.url()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CRASHES_", "DBT_"))}
    environment |= {"CRASHES_HOME": str(home), "CRASHES_DATABASE_URL": database.url(), **database.environment()}
    environment |= {"DBT_TARGET_PATH": str(home / "target"), "DBT_LOG_PATH": str(home / "logs")}
    try:
        ready(settings)
        with running_portal(crashes=crashes, seed=seed, as_of=AS_OF) as portal:
            yield Place(settings, environment, portal, crashes, seed, floors, tuple(datasets or DATASETS))
    finally:
        settings.cluster.down()
        shutil.rmtree(home, ignore_errors=True)
