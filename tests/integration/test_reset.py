"""`crashes db reset` empties the database, and keeps the record of what was executed."""

from __future__ import annotations

from collections.abc import Callable

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal


def test_nothing_that_was_landed_or_built_is_left(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    url = serve(crashes=20, seed=2).url
    assert crashes("run", "--portal", url).code == 0
    built = "select nspname from pg_namespace where nspname = any(%s) order by 1"
    ours = ["history", "marts", "quality", "raw", "staging"]
    assert database.rows(built, ours) == [(schema,) for schema in ours]
    assert crashes("db", "reset", "--yes").code == 0
    assert database.rows(built, ours) == []
    assert database.rows("select status from ops.job_executions") == [("completed",)]
    assert crashes("run", "--portal", url).code == 0
    assert database.value("select count(*) from marts.crashes") == 20
