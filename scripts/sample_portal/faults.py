"""Scripted misbehaviour: a queue of faults, each waiting for the request that it is meant for.

A fault says which requests it hits and what happens to them. It may answer instead of the portal (`status`), or
spoil the answer on its way out (`transport`), which the server does because only it holds the socket. A new kind of
fault is a field here and a branch in `server.py`.
"""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

from .errors import PortalError
from .messages import Request, Response


@dataclass
class Fault:
    """`path` and `query` are regular expressions over the decoded request.

    It lets `after` matching requests pass, then hits `times` of them.
    """

    path: str = ""
    query: str = ""
    after: int = 0
    times: int = 1
    # answered instead of the portal
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    # done to the connection
    delay_seconds: float = 0
    cut_after_bytes: int | None = None
    reset: bool = False
    corrupt_gzip: bool = False

    def matches(self, request: Request) -> bool:
        text = "&".join(f"{name}={value}" for name, value in request.parameters)
        return bool(re.search(self.path, request.path) and re.search(self.query, text))

    def response(self) -> Response | None:
        if self.status is None:
            return None
        # \udcff in a body is the byte ff: a body need not be UTF-8
        response = Response.of(self.body.encode("utf-8", "surrogateescape"), self.status)
        response.headers |= self.headers
        return response


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []

    def add(self, specification: dict[str, Any]) -> None:
        unknown = specification.keys() - asdict(Fault()).keys()
        if unknown:
            known = ", ".join(asdict(Fault()))
            raise PortalError(f"A fault has no {', '.join(sorted(unknown))}. It has {known}.")
        with self._lock:
            self._pending.append(Fault(**specification))

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()

    def pending(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._pending]

    def next(self, request: Request) -> Fault | None:
        """The fault that hits this request, if any; it is used up by it."""
        with self._lock:
            for fault in self._pending:
                if not fault.matches(request):
                    continue
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._pending.remove(fault)
                return fault
        return None
