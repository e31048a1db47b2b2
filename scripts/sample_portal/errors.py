"""Everything that can go wrong, as types: what the operator of the portal sees, and what its HTTP clients see.

The portal answers errors in two envelopes, because two of its layers do: the proxy in front ("core") and the query
service behind it. `CoreError` and `QueryError` know their own JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


class PortalError(Exception):
    """The portal cannot be started or changed as asked; the message says why and what to do."""


@dataclass
class HttpError(Exception):
    """An answer that is not rows: carries its own status and body."""

    status: int
    code: str
    message: str
    data: Mapping[str, object] = field(default_factory=dict)

    def body(self) -> bytes:
        raise NotImplementedError


class CoreError(HttpError):
    """The proxy's envelope: unknown datasets, tokens, throttling."""

    def body(self) -> bytes:
        envelope: dict[str, object] = {"code": self.code, "error": True, "message": self.message}
        if self.data:
            envelope["data"] = self.data
        return json.dumps(envelope, separators=(",", ":")).encode()


class QueryError(HttpError):
    """The query service's envelope: whatever is wrong with the SoQL or its parameters."""

    def body(self) -> bytes:
        envelope = {"message": self.message, "errorCode": self.code, "data": self.data}
        return json.dumps(envelope, separators=(",", ":")).encode()


def soql_error(code: str, detail: str, line: str, position: int, **data: object) -> QueryError:
    """A fault in the query text, worded as the query coordinator words it; `position` counts from 1."""
    quoted = line.replace("\\", "\\\\").replace('"', '\\"')
    return QueryError(
        400,
        f"query.soql.{code}",
        f"Query coordinator error: query.soql.{code}; {detail}; "
        f'position: Map(row -> 1, column -> {position}, line -> "{quoted}")',
        {**data, "position": {"row": 1, "column": position, "line": line}},
    )


def bad_parameter(name: str, value: str) -> QueryError:
    return QueryError(400, "req.bad-parameter", f"Bad parameter: {name}={value}", {"parameter": name, "value": value})
