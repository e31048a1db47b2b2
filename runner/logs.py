"""Where log lines go: to stderr at LOG_LEVEL, and with secrets masked to a file in the project's home, always."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from runner.masking import Masking
from runner.settings import RunnerSettings

OURS = ("ingest", "runner")
FILE_SIZE = 5_000_000


class MaskingFormatter(logging.Formatter):
    """Masks the finished text, tracebacks included: the last step before it is written."""

    def __init__(self, form: str, masking: Masking) -> None:
        super().__init__(form)
        self._masking = masking

    def format(self, record: logging.LogRecord) -> str:
        return self._masking.text(super().format(record))


def log_file(settings: RunnerSettings) -> Path:
    return settings.home / "logs" / "crashes.log"


def set_up(settings: RunnerSettings) -> None:
    """Our own loggers only: dlt and dbt keep theirs. Called once, by a command that works."""
    masking = Masking.of(settings.secrets())
    handlers = [_to_stderr(masking), *_to_file(settings, masking)]
    for name in OURS:
        logger = logging.getLogger(name)
        logger.setLevel(settings.log_level)
        logger.handlers = list(handlers)
        logger.propagate = False


def keep_traceback(settings: RunnerSettings, fault: BaseException) -> Path | None:
    """Into the file alone, for a fault outside of any recorded execution; returns the file."""
    handlers = _to_file(settings, Masking.of(settings.secrets()))
    record = logging.LogRecord(
        "runner", logging.ERROR, __file__, 0, "not foreseen", None, (type(fault), fault, fault.__traceback__)
    )
    for handler in handlers:
        handler.handle(record)
    return log_file(settings) if handlers else None


class _StderrOfTheMoment(logging.StreamHandler[TextIO]):
    """While a progress bar is drawn, sys.stderr is the one that writes above it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _to_stderr(masking: Masking) -> logging.Handler:
    handler = _StderrOfTheMoment()
    handler.setFormatter(MaskingFormatter("%(levelname)s %(message)s", masking))
    return handler


def _to_file(settings: RunnerSettings, masking: Masking) -> list[logging.Handler]:
    """None where the home cannot be written: with a server of the user's, nothing else needs it to be."""
    file = log_file(settings)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(file, maxBytes=FILE_SIZE, backupCount=3, encoding="utf-8")
    except OSError:
        return []
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(process)d %(name)s %(message)s", masking))
    return [handler]
