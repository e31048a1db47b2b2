"""The summary of a day, sent by mail: what `crashes summary --send` and the scheduler do alike."""

from __future__ import annotations

from datetime import date, datetime

from runner.ledger.session import LedgerSession
from runner.settings import RunnerSettings
from runner.summary import render
from runner.summary.figures import Summary, summary
from runner.telling.mail import send_mail


def send_summary(
    settings: RunnerSettings, session: LedgerSession, day: date | None, now: datetime
) -> tuple[Summary, list[str]]:
    """What was sent, and to whom. No day: yesterday in Chicago, as of `now`, which must know its zone.

    Raises what `runner.summary.figures.summary` and `runner.telling.mail.send_mail` raise.
    """
    found = summary(session, day, now)
    return found, send_mail(settings, render.subject(found), render.text(found), render.html(found))
