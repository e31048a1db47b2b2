"""A request and a response, free of sockets: what the portal's logic takes and gives."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

JSON = "application/json;charset=utf-8"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    # names in lower case
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)

    @property
    def accepts_gzip(self) -> bool:
        offers = [offer.strip().lower() for offer in self.headers.get("accept-encoding", "").split(",")]
        return any(offer.split(";")[0] in ("gzip", "*") and offer[-3:] != "q=0" for offer in offers)


@dataclass
class Response:
    """`pieces` is read once, after the headers are out; a HEAD request never reads it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes] = ()

    @classmethod
    def json(cls, value: object, status: int = 200) -> Response:
        return cls.of(json.dumps(value, separators=(",", ":")).encode(), status)

    @classmethod
    def of(cls, body: bytes, status: int = 200, content_type: str = JSON) -> Response:
        return cls(status, {"Content-Type": content_type}, itertools.repeat(body, 1))
