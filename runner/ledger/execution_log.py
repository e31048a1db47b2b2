"""The lines that an execution logs, on their way into `ops.job_execution_logs`.

A handler collects them, `runner.ledger.watch` writes them every second. A database that is away loses nothing but,
after KEPT lines, the oldest; and a line that cannot be kept never stops the work.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg2.extras import Json

from runner.logs import OURS
from runner.masking import Masking

KEPT = 10_000


class ExecutionLog(logging.Handler):
    """Lines not written yet, oldest first, with secrets masked."""

    def __init__(self, masking: Masking) -> None:
        super().__init__(logging.INFO)
        self._masking = masking
        self._lines: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._writing = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(
            {
                "logged_at": datetime.fromtimestamp(record.created, UTC).isoformat(),
                "level": record.levelname,
                "logger": record.name,
                "dataset": getattr(record, "dataset", None),
                "load_id": getattr(record, "load_id", None),
                "message": self._masking.text(record.getMessage()).replace("\x00", ""),
            }
        )

    @contextmanager
    def taken(self) -> Iterator[list[dict[str, Any]]]:
        """What is there, for one writer at a time; put back where it could not be written."""
        with self._writing:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            try:
                yield lines
            except BaseException:
                self._lines.extendleft(reversed(lines))
                raise


def write_lines(cursor: Any, execution_id: int, log: ExecutionLog) -> None:
    """Into the table. Raises psycopg2.Error, and keeps the lines for another time."""
    with log.taken() as lines:
        if not lines:
            return
        cursor.execute(
            """
            insert into ops.job_execution_logs (execution_id, logged_at, level, logger, dataset, load_id, message)
            select %s, line.*
            from jsonb_to_recordset(%s) as line (
                logged_at timestamptz, level text, logger text, dataset text, load_id text, message text
            )
            """,
            [execution_id, Json(lines)],
        )


@contextmanager
def collected(masking: Masking) -> Iterator[ExecutionLog]:
    """What our own loggers say in the block."""
    log = ExecutionLog(masking)
    loggers = [logging.getLogger(name) for name in OURS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(log)
        if not logger.isEnabledFor(logging.INFO):
            logger.setLevel(logging.INFO)  # the record tells more than a terminal that wants only warnings
    try:
        yield log
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(log)
            logger.setLevel(level)
