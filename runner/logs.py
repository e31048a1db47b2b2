"""Where log lines go: to stderr at LOG_LEVEL, for people or as JSON, and with secrets masked to a file, always.

A line may carry `dataset` and `load_id` (logging's `extra`); while an execution is at work it carries its number.
What becomes of lines in the ledger is the business of `runner.ledger.execution_log`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from ingest.errors import CrashesError
from runner.masking import Masking
from runner.settings import RunnerSettings

OURS = ("ingest", "runner")
PROGRESS = "runner.progress"
CONTEXT = ("execution_id", "dataset", "load_id")
FILE_SIZE = 5_000_000


class MaskingFormatter(logging.Formatter):
    """Masks the finished text, tracebacks included: the last step before it is written."""

    def __init__(self, form: str, masking: Masking) -> None:
        super().__init__(form)
        self._masking = masking

    def format(self, record: logging.LogRecord) -> str:
        return self._masking.text(super().format(record))


class HumanFormatter(MaskingFormatter):
    """The line itself, and how serious it is where it is."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return line if record.levelno == logging.INFO else f"{record.levelname} {line}"


class JsonFormatter(MaskingFormatter):
    """One JSON object a line, for whoever collects logs."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": self._masking.text(record.getMessage()),
            **{name: value for name in CONTEXT if (value := getattr(record, name, None)) is not None},
        }
        for name in ("error_class", "remedy"):
            if (value := getattr(record, name, None)) is not None:
                line[name] = self._masking.text(value)
        if record.exc_info:
            line["traceback"] = self._masking.text(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def log_file(settings: RunnerSettings) -> Path:
    return settings.home / "logs" / "crashes.log"


def set_up(settings: RunnerSettings, *, bars: bool = False) -> None:
    """Our own loggers only: dlt and dbt keep theirs. Called once, by a command that works.

    `bars`: how far it is, is drawn on the terminal, and not written there as well.
    """
    masking = Masking.of(settings.secrets())
    to_stderr = _StderrOfTheMoment()
    to_stderr.setFormatter(_formatter(settings, masking))
    if bars:
        to_stderr.addFilter(lambda record: record.name != PROGRESS)
    handlers = [to_stderr, *_to_file(settings, masking)]
    for name in OURS:
        logger = logging.getLogger(name)
        logger.setLevel(settings.log_level)
        for handler in handlers:
            handler.setLevel(settings.log_level)
        logger.handlers = list(handlers)
        logger.propagate = False


@contextmanager
def naming(execution_id: int) -> Iterator[None]:
    """Every line that is logged in the block, by any thread, carries the number of the execution."""
    before = logging.getLogRecordFactory()

    def factory(*arguments: object, **options: object) -> logging.LogRecord:
        record: logging.LogRecord = before(*arguments, **options)
        record.execution_id = execution_id
        return record

    logging.setLogRecordFactory(factory)
    try:
        yield
    finally:
        logging.setLogRecordFactory(before)


def keep_traceback(settings: RunnerSettings, fault: BaseException) -> Path | None:
    """Into the file alone, for a fault outside of any recorded execution; returns the file."""
    handlers = _to_file(settings, Masking.of(settings.secrets()))
    record = logging.LogRecord(
        "runner", logging.ERROR, __file__, 0, "not foreseen", None, (type(fault), fault, fault.__traceback__)
    )
    for handler in handlers:
        handler.handle(record)
    return log_file(settings) if handlers else None


def say_error(error: CrashesError, masking: Masking) -> None:
    """What ends a command, as one JSON line on stderr."""
    record = logging.LogRecord("runner", logging.ERROR, __file__, 0, str(error), None, None)
    record.error_class, record.remedy = type(error).__name__, error.remedy
    print(JsonFormatter("%(message)s", masking).format(record), file=sys.stderr)  # noqa: T201 - it is JSON, not prose


class _StderrOfTheMoment(logging.StreamHandler[TextIO]):
    """While a progress bar is drawn, sys.stderr is the one that writes above it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A pipe that nobody reads any more is no reason to stop, and there is nobody to tell."""


class _FileWhileItCan(RotatingFileHandler):
    """A full disk ends the file, not the work: said once, on stderr."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not self._told:
            self._told = True
            reason = getattr(sys.exc_info()[1], "strerror", None) or sys.exc_info()[1]
            print(  # noqa: T201 - the log itself is what failed
                f"WARNING the log file {self.baseFilename} cannot be written ({reason}); going on without it",
                file=sys.stderr,
            )


def _formatter(settings: RunnerSettings, masking: Masking) -> logging.Formatter:
    return (JsonFormatter if settings.log_format == "json" else HumanFormatter)("%(message)s", masking)


def _to_file(settings: RunnerSettings, masking: Masking) -> list[logging.Handler]:
    """None where the home cannot be written: with a server of the user's, nothing else needs it to be."""
    file = log_file(settings)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = _FileWhileItCan(file, maxBytes=FILE_SIZE, backupCount=3, encoding="utf-8")
    except OSError:
        return []
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(process)d %(name)s %(message)s", masking))
    return [handler]
