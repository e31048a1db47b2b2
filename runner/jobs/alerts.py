"""Tells people that a job has failed for good, and that it works again: by mail, by webhook, or both.

For good: no retry will follow. Each failure is told once, however many schedulers there are; where it could not be
told, the next tick tries again. What has failed is the data's business, never this module's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingest.errors import CrashesError
from runner.jobs.queue import HEALED_BY_NONE
from runner.ledger.session import LedgerSession
from runner.masking import Masking
from runner.settings import RunnerSettings

log = logging.getLogger(__name__)

FAILED = ("failed", "timed_out", "abandoned")


@dataclass(frozen=True)
class News:
    """The last execution of a job, where people should hear of it: it failed, or works again after `told_failure`."""

    job_id: int
    job: str
    execution_id: int
    status: str
    attempt: int
    error_message: str | None
    error_remedy: str | None
    told_failure: int | None
    host: str | None

    @property
    def failed(self) -> bool:
        return self.status in FAILED

    def subject(self) -> str:
        return f"{self.job}: {'failed' if self.failed else 'works again'}"

    def text(self) -> str:
        if not self.failed:
            return f"The job {self.job!r} works again: execution {self.execution_id} completed."
        tries = f" after {self.attempt} attempts" if self.attempt > 1 else ""
        how = {"timed_out": "timed out", "abandoned": "was abandoned"}.get(self.status, "failed")
        return (
            f"The job {self.job!r} {how}{tries} (execution {self.execution_id}"
            f"{f' on {self.host}' if self.host else ''}).\n{self.error_message or ''}\n→ {self.error_remedy or ''}\n"
            f"More: crashes jobs show {self.execution_id}"
        )

    def details(self) -> dict[str, Any]:
        return {
            "job": self.job,
            "status": self.status,
            "execution_id": self.execution_id,
            "attempt": self.attempt,
            "error": self.error_message,
            "remedy": self.error_remedy,
        }


def tell(session: LedgerSession, settings: RunnerSettings) -> list[News]:
    """What was told now. Nothing where neither mail nor a webhook is configured."""
    if not (settings.webhook_url or settings.smtp_host):
        return []
    return [news for news in _news(session) if _claim(session, news) and _sent(session, news, settings)]


def _news(session: LedgerSession) -> list[News]:
    rows = session.execute(
        """
        select
            jobs.job_id, jobs.name, last.execution_id, last.status, last.attempt, last.error_message,
            last.error_remedy, jobs.told_failure, last.context ->> 'host'
        from ops.scheduled_jobs as jobs
        inner join lateral (
            select *
            from ops.job_executions as executions
            where executions.job_id = jobs.job_id and executions.status <> 'cancelled'
            order by executions.execution_id desc
            limit 1
        ) as last on true
        where
            (last.status = 'completed' and jobs.told_failure is not null)
            or (
                last.status = any(%s) and jobs.told_failure is null
                and (last.attempt > jobs.max_retries or coalesce(last.exit_code, 1) = any(%s))
            )
        """,
        [list(FAILED), list(HEALED_BY_NONE)],
    )
    return [News(*row) for row in rows]


def _claim(session: LedgerSession, news: News) -> bool:
    """Ours to tell, and nobody else's."""
    return bool(
        session.execute(
            "update ops.scheduled_jobs set told_failure = %s "
            "where job_id = %s and told_failure is not distinct from %s returning job_id",
            [news.execution_id if news.failed else None, news.job_id, news.told_failure],
        )
    )


def _sent(session: LedgerSession, news: News, settings: RunnerSettings) -> bool:
    """By every way that is configured. Where none works, it is told again later."""
    from runner.telling import mail, webhook  # noqa: PLC0415 - no command but those of jobs needs them

    masking = Masking.of(settings.secrets())
    text, details = masking.text(news.text()), masking.value(news.details())
    ways: list[Callable[[], object]] = []
    if settings.webhook_url:
        ways.append(lambda: webhook.post(settings, text, details))
    if settings.smtp_host:
        ways.append(lambda: mail.send_mail(settings, f"[crashes] {news.subject()}", text))
    told = [_told(way, news) for way in ways]
    if not any(told):
        session.execute(
            "update ops.scheduled_jobs set told_failure = %s where job_id = %s", [news.told_failure, news.job_id]
        )
    return any(told)


def _told(way: Callable[[], object], news: News) -> bool:
    try:
        way()
    except CrashesError as error:
        log.warning("could not tell people about %s: %s", news.job, error)
        return False
    return True
