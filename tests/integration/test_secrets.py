"""Secrets are planted, a run succeeds and others fail at the loudest log level, and all they left is searched."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

SECRETS = {
    "CHICAGO_API_TOKEN": "planted-token-4711",
    "CRASHES_DB_PASSWORD": "planted-password-4712",
    "CRASHES_SMTP_PASSWORD": "planted-mail-4714",
    "CRASHES_WEBHOOK_URL": "http://127.0.0.1:9/services/planted-hook-4715",
}
PLANTED = ("planted-token-4711", "planted-password-4712", "planted-mail-4714", "planted-hook-4715")
IN_URL = "planted-in-url-4713"


@contextmanager
def process_list() -> Iterator[set[str]]:
    """The command lines that anybody on this machine can read meanwhile."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue
            time.sleep(0.05)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    yield seen
    over.set()
    looking.join()


def test_no_secret_is_shown_logged_or_recorded(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal], dbt_target: Path
) -> None:
    portal = serve(crashes=20, seed=1)
    env = SECRETS | {
        "LOG_LEVEL": "DEBUG",
        "CRASHES_SMTP_HOST": "127.0.0.1",
        "CRASHES_SMTP_PORT": "9",
        "CRASHES_SMTP_USER": "me",
        "CRASHES_MAIL_FROM": "me@example.org",
        "CRASHES_MAIL_TO": "you@example.org",
        "CRASHES_PORTAL_URL": portal.url,
    }
    with_password = portal.url.replace("http://", f"http://me:{IN_URL}@").rsplit(":", 1)[0] + ":9"
    with process_list() as seen:
        good = crashes("run", env=env)
        bad = crashes("ingest", "--json", "--portal", with_password, env=env)
        crashes("jobs", "add", "Fails", "--cron", "0 0 1 1 *", "--retries", "0", env=env)
        broken = crashes("jobs", "run", "Fails", env=env | {"CRASHES_PORTAL_URL": with_password})
        unsent = crashes("jobs", "run", "Daily summary", env=env)
        told = [good, bad, broken, unsent]
        told += [
            crashes(*words.split(), env=env) for words in ("status --json", "jobs show last --verbose", "jobs logs 1")
        ]
        told += [crashes(*words.split(), env=env) for words in ("jobs history --json", "health --json", "summary")]
    assert [each.code for each in told[:5]] == [0, 1, 1, 1, 0], [each.err for each in told[:5]]
    assert "could not tell people about Fails" in broken.err
    assert any("crashes run" in line for line in seen)

    left = "".join(each.out + each.err for each in told) + "".join(seen)
    for table in ("job_executions", "job_execution_nodes", "job_execution_logs", "scheduled_jobs"):
        left += str(database.rows(f"select to_jsonb({table}) from ops.{table}"))
    home = Path(crashes.env["CRASHES_HOME"])
    files = [file for folder in (home, dbt_target) for file in folder.rglob("*") if file.is_file()]
    assert home / "logs" / "crashes.log" in files
    assert home / "logs" / "dbt.log" in files
    for secret in (*PLANTED, IN_URL):
        assert secret not in left.replace(f"--portal {with_password}", ""), "what a person types is a person's business"
        holding = [str(file) for file in files if secret.encode() in file.read_bytes()]
        assert holding == []
