"""What was asked of the portal, so that a test can say what a client did and did not do."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from .messages import Request

# enough for any test; a long benchmark forgets its oldest requests, and the count goes on
_KEPT = 50_000


class RequestLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._settled = threading.Condition(self._lock)
        self._entries: deque[tuple[int, dict[str, Any]]] = deque(maxlen=_KEPT)
        self._begun = 0
        self.count = 0

    def add(self, number: int, request: Request, status: int, sent: int, seconds: float) -> None:
        headers = request.headers
        entry = {
            "method": request.method,
            "path": request.path,
            "parameters": dict(request.parameters),
            "status": status,
            "bytes": sent,
            "seconds": round(seconds, 6),
            "token": "x-app-token" in headers or request.parameter("$$app_token") is not None,
            "host": headers.get("host"),
            "user_agent": headers.get("user-agent"),
            "accept_encoding": headers.get("accept-encoding"),
            "if_none_match": headers.get("if-none-match"),
            "if_modified_since": headers.get("if-modified-since"),
        }
        with self._lock:
            self.count += 1
            self._entries.append((number, entry))

    @contextmanager
    def answering(self) -> Iterator[int]:
        """An answer is on its way: whoever has it may ask for the log, or for another, before it is in there."""
        with self._lock:
            self._under_way += 1
            self._begun += 1
            number = self._begun
        try:
            yield number
        finally:
            with self._lock:
                self._under_way -= 1
                self._settled.notify_all()

    def settle(self) -> None:
        """Waits a moment for answers that are on their way."""
        with self._settled:
            self._settled.wait_for(lambda: not self._under_way, timeout=1)

    def entries(self) -> list[dict[str, Any]]:
        """In the order in which the answers began."""
        with self._lock:
            return [entry for _, entry in sorted(self._entries, key=itemgetter(0))]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self.count = 0
