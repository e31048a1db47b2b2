"""Secrets are planted, a run succeeds and one fails at the loudest log level, and everything they left is searched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

TOKEN = "planted-token-4711"
PASSWORD = "planted-password-4712"
IN_URL = "planted-in-url-4713"


def test_no_secret_is_shown_logged_or_recorded(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], dbt_target: Path
) -> None:
    portal = serve(crashes=20, seed=1)
    secrets = {"CHICAGO_API_TOKEN": TOKEN, "CRASHES_DB_PASSWORD": PASSWORD, "LOG_LEVEL": "DEBUG"}
    good = crashes("run", "--portal", portal.url, env=secrets)
    with_password = portal.url.replace("http://", f"http://me:{IN_URL}@")
    bad = crashes("ingest", "--json", "--portal", with_password.rsplit(":", 1)[0] + ":9", env=secrets)
    status = crashes("status", "--json", env=secrets)
    assert (good.code, bad.code, status.code) == (0, 1, 0), good.err

    told = "".join(each.out + each.err for each in (good, bad, status))
    told += str(database.rows("select to_jsonb(job_executions) from ops.job_executions"))
    told += str(database.rows("select to_jsonb(job_execution_nodes) from ops.job_execution_nodes"))
    home = Path(crashes.env["CRASHES_HOME"])
    files = [file for folder in (home, dbt_target) for file in folder.rglob("*") if file.is_file()]
    assert home / "logs" / "crashes.log" in files
    assert home / "logs" / "dbt.log" in files
    for secret in (TOKEN, PASSWORD, IN_URL):
        assert secret not in told
        holding = [str(file) for file in files if secret.encode() in file.read_bytes()]
        assert holding == []
