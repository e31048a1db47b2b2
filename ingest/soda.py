"""HTTP to a SODA 2.1 portal: one request at a time, asked again where asking again can help. No dlt here.

What the protocol does is cited from dev.socrata.com and from Socrata's published source (socrata-platform).
"""

from __future__ import annotations

import email.utils
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from ingest.body import PACKED, Body
from ingest.cursor import Cursor
from ingest.errors import DatasetGoneError, IngestError, PortalAnswerError, PortalUnreachableError

log = logging.getLogger(__name__)

Parsed = TypeVar("Parsed")
Parse = Callable[[Body, Mapping[str, str]], Parsed]

CONNECT_TIMEOUT = 10.0  # seconds
# Seconds between two bytes of an answer. The portal gives a query ten minutes before it answers 408, but a page
# in keyset order starts to stream within seconds; two minutes of silence is a hang.
READ_TIMEOUT = 120.0
ATTEMPTS = 6
ATTEMPTS_AT_FIRST = 4  # where a portal has not answered once: more often it is a wrong address than a passing fault
LONGEST_WAIT = 60.0  # seconds, between two attempts; also the most that a Retry-After is believed

LOOPBACK = "loopback"

# 202 is documented as "ask again"; 408 is the portal's query timeout; 429 its throttle.
RETRIED_STATUSES = frozenset({202, 408, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Extent:
    """How many rows there are, the newest `:updated_at` among them (None where there is none), and the answer's ETag.

    The ETag is None where the portal gives none, or says that it answered from a replica that lags behind its truth:
    what is remembered of such an answer would hide the rows that are still to come.
    """

    rows: int
    newest: str | None
    etag: str | None = None


@dataclass
class Traffic:
    """What a client did: for the report of the run. `out_of_date` is true once a lagging replica has answered."""

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    out_of_date: bool = False
    notes: list[str] = field(default_factory=list)


class RateLimiter:
    """Holds the callers of all threads together to a number of requests an hour, evenly spaced."""

    def __init__(self, requests_per_hour: int | None) -> None:
        self._interval = 3600 / requests_per_hour if requests_per_hour else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            delay = max(0.0, self._next - now)
            self._next = max(now, self._next) + self._interval
        time.sleep(delay)


class TransientError(Exception):
    """An answer, or the lack of one, that may be better next time."""

    def __init__(self, seen: str, *, retry_after: float | None = None, answered: bool = True) -> None:
        super().__init__(seen)
        self.retry_after = retry_after
        self.answered = answered


class _NotModified(Exception):  # noqa: N818 - no error: the answer that nothing changed
    """HTTP 304 to a request that named an ETag."""


class SodaClient:
    """Asks one portal. Not for sharing between threads; the limiter is."""

    def __init__(
        self,
        portal_url: str,
        *,
        token: str | None = None,
        limiter: RateLimiter | None = None,
        attempts: int = ATTEMPTS,
        dataset: str | None = None,
    ) -> None:
        """`dataset`: what it is asked for, so that its log lines say so."""
        self.portal_url = portal_url
        self.traffic = Traffic()
        self._token = token
        self._limiter = limiter or RateLimiter(None)
        self._attempts = attempts
        self._has_answered = False
        self._label: str | None = None
        self._log = logging.LoggerAdapter(log, {"dataset": dataset}) if dataset else log
        self._session = _TokenKeepingSession()
        self._session.mount("http://", HTTPAdapter(max_retries=0))
        self._session.mount("https://", HTTPAdapter(max_retries=0))
        # A proxy of the environment is for the outside; a portal on this machine is reached directly.
        self._session.trust_env = identity(portal_url) != LOOPBACK
        self._session.headers["User-Agent"] = "chicago-crashes (+https://data.cityofchicago.org)"
        self._session.headers["Accept"] = "application/json"
        self._session.headers["Accept-Encoding"] = "gzip"  # and nothing else: `ingest.body` unpacks it

    @property
    def portal(self) -> str:
        """Whose rows these are, known after the first answer: a sample portal says which it is."""
        return f"sample portal, {self._label}" if self._label else identity(self.portal_url)

    def close(self) -> None:
        self._session.close()

    def rows(
        self,
        dataset_id: str,
        what: str,
        parse: Parse[Parsed],
        **clauses: str | int,
    ) -> Parsed:
        """Ask `/resource/{id}.json` for rows; `clauses` are SoQL's (select, where, order, limit).

        `what` names the request in messages ("crashes, page 12"). `parse` turns body and headers into the result;
        it raises ValueError for a body that is broken, and the page is asked for again.
        Raises an IngestError when no good answer came after all attempts.
        """
        url = f"{self.portal_url}/resource/{dataset_id}.json"
        params = {f"${name}": str(value) for name, value in clauses.items()}
        return self._ask(url, params, what, parse)

    def extent(
        self, dataset_id: str, what: str, where: str | None = None, *, known: str | None = None
    ) -> Extent | None:
        """How much there is to read. None: it is still what the ETag `known` stood for."""
        clauses = {"$select": "count(*) as row_count,max(:updated_at) as newest"}
        if where:
            clauses["$where"] = where
        url = f"{self.portal_url}/resource/{dataset_id}.json"
        try:
            return self._ask(url, clauses, what, _parse_extent, {"If-None-Match": known} if known else {})
        except _NotModified:
            return None

    def geojson(self, dataset_id: str, what: str, *, known: str | None = None) -> tuple[bytes, str | None] | None:
        """All features of a dataset of places as one FeatureCollection, and its ETag; None: still what `known` was of.

        Without `$limit` the portal gives the first 1,000 features.
        """
        url = f"{self.portal_url}/resource/{dataset_id}.geojson"

        def parse(body: Body, headers: Mapping[str, str]) -> tuple[bytes, str | None]:
            whole = body.whole()
            if not whole.rstrip().endswith(b"}"):
                raise ValueError("it is cut off")
            return whole, headers.get("ETag")

        try:
            return self._ask(url, {"$limit": "50000"}, what, parse, {"If-None-Match": known} if known else {})
        except _NotModified:
            return None

    def view(self, dataset_id: str, what: str, parse: Parse[Parsed]) -> Parsed:
        """Ask for the dataset's metadata, `/api/views/{id}.json`."""
        return self._ask(f"{self.portal_url}/api/views/{dataset_id}.json", {}, what, parse)

    def _ask(
        self,
        url: str,
        params: dict[str, str],
        what: str,
        parse: Parse[Parsed],
        headers: Mapping[str, str] = {},
    ) -> Parsed:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            stop=self._is_enough,
            wait=_wait,
            before_sleep=lambda state: self._note_retry(what, state),
            reraise=True,
        )
        try:
            parsed: Parsed = retrying(self._ask_once, url, params, what, parse, headers)
        except TransientError as error:
            raise self._given_up(error, what, retrying.statistics["attempt_number"]) from error
        return parsed

    def _is_enough(self, state: tenacity.RetryCallState) -> bool:
        limit = self._attempts if self._has_answered else min(self._attempts, ATTEMPTS_AT_FIRST)
        return state.attempt_number >= limit

    def _ask_once(
        self,
        url: str,
        params: dict[str, str],
        what: str,
        parse: Parse[Parsed],
        headers: Mapping[str, str],
    ) -> Parsed:
        self._limiter.wait()
        self.traffic.requests += 1
        sent = {**headers, "X-App-Token": self._token} if self._token else dict(headers)
        try:
            answer = self._session.get(
                url, params=params, headers=sent, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), stream=True
            )
            with answer:
                body = Body(self._wire(answer.raw), gzipped="gzip" in answer.headers.get("Content-Encoding", ""))
                if not (answer.status_code == 403 and self._token):
                    return self._parsed(answer, body, what, parse, is_conditional="If-None-Match" in headers)
        except (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError) as error:
            raise TransientError("no answer in time", answered=False) from error
        except requests.exceptions.ConnectionError as error:
            raise TransientError(_connection_fault(error), answered=False) from error
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"an answer that broke off ({_short(error)})") from error
        except requests.exceptions.RequestException as error:
            raise PortalAnswerError(
                f"{what}: the request to {self.portal_url} cannot be made ({_short(error)}).",
                remedy="Check CRASHES_PORTAL_URL or --portal.",
            ) from error
        self._token = None
        note = "the portal refused CHICAGO_API_TOKEN (403); going on without it"
        self.traffic.notes.append(note)
        self._log.warning("%s: %s", what, note)
        return self._ask_once(url, params, what, parse, headers)

    def _wire(self, raw: urllib3.response.BaseHTTPResponse) -> Iterator[bytes]:
        """The bytes of an answer while they come."""
        while packed := raw.read(PACKED, decode_content=False):
            self.traffic.bytes += len(packed)
            yield packed

    def _parsed(
        self, answer: requests.Response, body: Body, what: str, parse: Parse[Parsed], *, is_conditional: bool
    ) -> Parsed:
        self._has_answered = answer.ok
        self._label = answer.headers.get("X-Sample-Portal", self._label)
        if answer.status_code == 304 and is_conditional:
            raise _NotModified
        if answer.status_code != 200 or "json" not in answer.headers.get("Content-Type", "").lower():
            body.finish()  # an error is short, and a connection that is read to its end can be used again
        self._raise_for(answer, body, what)
        if _lags(answer.headers):
            self.traffic.out_of_date = True
            self._note_once("the portal answered from a replica that lags behind its own truth")
        try:
            parsed = parse(body, answer.headers)
        except ValueError as error:
            raise TransientError(f"a body that is not whole JSON rows ({_short(error)})") from error
        body.finish()
        return parsed

    def _raise_for(self, answer: requests.Response, body: Body, what: str) -> None:
        status = answer.status_code
        if status in RETRIED_STATUSES:
            raise TransientError(f"HTTP {status}{_portal_words(body)}", retry_after=_retry_after(answer.headers))
        if status == 404:
            raise DatasetGoneError(
                f"{what}: {self.portal_url} does not know this dataset (404{_portal_words(body)}).",
                remedy="Check CRASHES_PORTAL_URL or --portal; if the City moved the dataset, correct its id in "
                "ingest/datasets.yml.",
            )
        if status != 200:
            raise PortalAnswerError(
                f"{what}: {self.portal_url} refused the request (HTTP {status}{_portal_words(body)}).",
                remedy="Check CRASHES_PORTAL_URL and CHICAGO_API_TOKEN; if the message names a column, the portal's "
                "columns changed: compare them with ingest/datasets.yml.",
            )
        content_type = answer.headers.get("Content-Type", "")
        if "json" not in content_type.lower():
            raise TransientError(f"{content_type.split(';')[0] or 'an answer of no type'} instead of JSON")

    def _given_up(self, error: TransientError, what: str, attempts: int) -> IngestError:
        tries = f"{attempts} attempts" if attempts > 1 else "one attempt"
        if error.answered:
            return PortalAnswerError(
                f"{what}: {self.portal_url} gave {error} in each of {tries}.",
                remedy="Run again later: what has been landed is kept. If it lasts, see whether CRASHES_PORTAL_URL or "
                "--portal is the address of a SODA portal.",
            )
        return PortalUnreachableError(
            f"{what}: {self.portal_url} cannot be reached ({error}; {tries}).",
            remedy="Check the network and CRASHES_PORTAL_URL or --portal, then run again: what was landed is kept.",
        )

    def _note_retry(self, what: str, state: tenacity.RetryCallState) -> None:
        self.traffic.retries += 1
        fault = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        self._log.warning("%s: %s; asking again in %.1f s", what, fault, wait)

    def _note_once(self, note: str) -> None:
        if note not in self.traffic.notes:
            self.traffic.notes.append(note)
            self._log.warning(note)


class _TokenKeepingSession(requests.Session):
    """Follows redirects, but never carries the token to another host."""

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]
        if urlsplit(prepared_request.url or "").netloc != urlsplit(response.url).netloc:
            prepared_request.headers.pop("X-App-Token", None)


def identity(portal_url: str) -> str:
    """Which portal an address is: its host, or `loopback` for any on this machine, whatever the port."""
    parts = urlsplit(portal_url)
    host = (parts.hostname or "").lower()
    if host in {"localhost", "::1"} or host.startswith("127."):
        return LOOPBACK
    return host


def quoted(text: str) -> str:
    """A SoQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def after(cursor: Cursor) -> str:
    """The SoQL predicate of everything that follows `cursor` in the order (:updated_at, :id)."""
    stamp = quoted(cursor.updated_at)
    return f"(:updated_at > {stamp} or (:updated_at = {stamp} and :id > {quoted(cursor.id)}))"


def _parse_extent(body: Body, headers: Mapping[str, str]) -> Extent:
    answer: Any = json.loads(body.whole())
    try:
        rows, newest = int(answer[0]["row_count"]), answer[0].get("newest")
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("no row count in the answer") from error
    return Extent(rows, newest, None if _lags(headers) else headers.get("ETag"))


def _lags(headers: Mapping[str, str]) -> bool:
    return headers.get("X-SODA2-Data-Out-Of-Date", "false").lower() == "true"


_backoff = tenacity.wait_random_exponential(multiplier=1, max=LONGEST_WAIT)


def _wait(state: tenacity.RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.retry_after if isinstance(fault, TransientError) else None
    return min(asked, LONGEST_WAIT) if asked is not None else _backoff(state)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks us to wait: RFC 9110 allows a number of seconds or a date."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _portal_words(body: Body) -> str:
    """The portal's own message, from either of its two error envelopes; nothing for HTML and the like."""
    try:
        message = json.loads(body.whole()).get("message")
    except (ValueError, AttributeError):
        return ""
    return f", {message}" if isinstance(message, str) else ""


def _connection_fault(error: Exception) -> str:
    text = str(error)
    if "NameResolutionError" in text or "getaddrinfo" in text or "Name or service not known" in text:
        return "its name does not resolve"
    if "refused" in text:
        return "the connection is refused"
    if "CERTIFICATE" in text.upper():
        return "its certificate is not trusted here"
    return "the connection broke"


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
