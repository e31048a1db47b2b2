"""The portal without its sockets: routes a request, checks the token, words every error.

The order is the real one's: the proxy in front looks at paths and tokens, then the dataset answers.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from . import control, resource, views
from .boundaries import BoundaryStore
from .errors import CoreError, HttpError
from .faults import Faults
from .messages import Request, Response
from .requests_log import RequestLog
from .store import Store

DEFAULT_TOKENS = frozenset(["sample-app-token"])
_FOUR_BY_FOUR = r"([a-z0-9]{4}-[a-z0-9]{4})"
_RESOURCE = re.compile(rf"/resource/{_FOUR_BY_FOUR}(\.json)?")
_BOUNDARY = re.compile(rf"/resource/{_FOUR_BY_FOUR}\.geojson")
_VIEW = re.compile(rf"/api/views/{_FOUR_BY_FOUR}(\.json)?")


@dataclass
class Portal:
    """`max_rows` is the coordinator's optional cap on `$limit`; `out_of_date` says that the replica lags."""

    store: Store
    tokens: frozenset[str] = DEFAULT_TOKENS
    max_rows: int | None = None
    out_of_date: bool = False
    log: RequestLog = field(default_factory=RequestLog)
    faults: Faults = field(default_factory=Faults)
    boundaries: BoundaryStore = field(default_factory=lambda: BoundaryStore.of(None))

    def respond(self, request: Request) -> Response:
        try:
            response = self._route(request)
        except HttpError as error:
            response = Response.of(error.body(), error.status)
        if not request.path.startswith(control.PREFIX):
            response.headers |= {
                "Access-Control-Allow-Origin": "*",
                "X-Socrata-RequestId": secrets.token_hex(16),
                "X-Socrata-Region": "sample",
            }
        return response

    def _route(self, request: Request) -> Response:
        if request.path.startswith(control.PREFIX):
            return control.respond(self, request)
        if request.method not in ("GET", "HEAD"):
            raise CoreError(405, "method_not_allowed", f"Method {request.method} is not allowed here")
        self._check_token(request)
        if match := _RESOURCE.fullmatch(request.path):
            if stored := self.store.find(match[1]):
                return resource.respond(stored, request, self.max_rows, self.out_of_date)
            raise CoreError(404, "dataset.missing", "Not found", {"id": match[1]})
        if match := _BOUNDARY.fullmatch(request.path):
            if served := self.boundaries.respond(match[1], request):
                return served
            raise CoreError(404, "dataset.missing", "Not found", {"id": match[1]})
        if match := _VIEW.fullmatch(request.path):
            if stored := self.store.find(match[1]):
                return views.respond(stored)
            raise CoreError(404, "not_found", f"Cannot find view with id {match[1]}", {"id": match[1]})
        raise CoreError(404, "not_found", "Not found")

    def _check_token(self, request: Request) -> None:
        """Anonymous calls pass; a wrong token turns a call that would have worked into a refusal."""
        token = request.headers.get("x-app-token") or request.parameter("$$app_token")
        if token and token not in self.tokens:
            raise CoreError(403, "permission_denied", "Invalid app_token specified")
