"""`GET /resource/{4x4}.json`: parameters to a query, and a query to a response with the portal's headers."""

from __future__ import annotations

import base64
import hashlib
from email.utils import parsedate_to_datetime

from . import moments, soql
from .answers import Answer, Lines, answer
from .dataset import StoredDataset
from .errors import QueryError, bad_parameter
from .messages import JSON, Request, Response
from .soql import Call, Literal, Name, Node, Query, Selection

DEFAULT_LIMIT = 1000
# fields and types together; longer, and the portal leaves both headers out
_HEADER_LIMIT = 5000
_CLAUSES = {"$select": "select", "$where": "where", "$group": "group", "$having": "having", "$order": "order"}
_KNOWN = {*_CLAUSES, "$query", "$limit", "$offset", "$$app_token", "$$exclude_system_fields", "$$version"}


def respond(stored: StoredDataset, request: Request, max_rows: int | None, out_of_date: bool) -> Response:
    query, lines = _query(request)
    if max_rows is not None and (query.limit or 0) > max_rows:
        raise QueryError(400, "req.row-limit-exceeded", f"Row limit of {max_rows} exceeded", {"limit": max_rows})
    if query.limit is None:
        query.limit = DEFAULT_LIMIT
    found = answer(stored, query, lines)
    headers = _headers(stored, request, found, out_of_date)
    if _unchanged(stored, request, headers["ETag"]):
        return Response(304, headers)
    return Response(200, headers, found.pieces())


def _query(request: Request) -> tuple[Query, Lines]:
    given = {name: value for name, value in request.parameters if name.startswith("$")}
    for name, value in given.items():
        if name not in _KNOWN:
            raise bad_parameter(name, value)
    if "$query" in given:
        line = given["$query"]
        return soql.parse_query(line), Lines(line, line, line, line, line)
    lines = Lines(**{clause: given.get(name, "") for name, clause in _CLAUSES.items()})
    query = Query(
        selection=_selection(given),
        where=_where(lines.where, request),
        group=soql.parse_group(lines.group) if lines.group else (),
        having=soql.parse_expression(lines.having) if lines.having else None,
        order=soql.parse_order(lines.order) if lines.order else (),
        limit=_whole("$limit", given),
        offset=_whole("$offset", given) or 0,
    )
    return query, lines


def _selection(given: dict[str, str]) -> Selection:
    if "$select" in given:
        return soql.parse_selection(given["$select"])
    return Selection(system_star=given.get("$$exclude_system_fields") == "false")


def _where(line: str, request: Request) -> Node | None:
    """The `$where` clause and every `field=value`, all of which must hold."""
    where = soql.parse_expression(line) if line else None
    for name, value in request.parameters:
        if not name.startswith("$"):
            equal = Call("op$=", (Name(name.lower(), 0), Literal(value, 0)), 0)
            where = equal if where is None else Call("op$and", (where, equal), 0)
    return where


def _whole(name: str, given: dict[str, str]) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal()):
        raise bad_parameter(name, value)
    return int(value)


def _headers(stored: StoredDataset, request: Request, found: Answer, out_of_date: bool) -> dict[str, str]:
    modified = moments.http_date(stored.state.modified_at)
    headers = {
        "Content-Type": JSON,
        "ETag": _etag(stored, request),
        "Last-Modified": modified,
        "X-SODA2-Data-Out-Of-Date": "true" if out_of_date else "false",
        "X-SODA2-Truth-Last-Modified": modified,
        "X-SODA2-Secondary-Last-Modified": modified,
        "Vary": "Accept-Encoding",
    }
    fields, types = ("[" + ",".join(f'"{word}"' for word in words) + "]" for words in (found.fields, found.types))
    if len(fields) + len(types) < _HEADER_LIMIT:
        headers |= {"X-SODA2-Fields": fields, "X-SODA2-Types": types}
    return headers


def _etag(stored: StoredDataset, request: Request) -> str:
    """Of the copy of the data, the query and what the client accepts; strong, with the proxy's suffix for gzip."""
    seen = "\n".join([stored.dataset.id, request.query, request.headers.get("accept", "")])
    copy = base64.urlsafe_b64encode(stored.state.revision.encode()).decode().rstrip("=")
    query = base64.urlsafe_b64encode(hashlib.sha1(seen.encode(), usedforsecurity=False).digest()).decode()
    return f'"{copy}--{query.rstrip("=")}{"---gzip" if request.accepts_gzip else "--"}"'


def _unchanged(stored: StoredDataset, request: Request, etag: str) -> bool:
    """`If-Modified-Since` counts only without `If-None-Match`, and at whole seconds."""
    if known := request.headers.get("if-none-match"):
        return known.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]
    since = request.headers.get("if-modified-since")
    try:
        return since is not None and stored.state.modified_at // 1000 <= parsedate_to_datetime(since).timestamp()
    except ValueError:
        return False
