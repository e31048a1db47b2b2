"""Pages of one dataset, one after the other: the next is on its way while the last is parsed.

What follows a page is asked for by the page's last row, which is read out of the answer before the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ingest.body import Body
from ingest.datasets import Dataset
from ingest.pages import Page, PageReader, last_row
from ingest.soda import Cursor, SodaClient

# SoQL's clauses of a page: select, where, order, limit.
Clauses = Mapping[str, str | int]


@dataclass(frozen=True)
class _Received:
    """An answer that has come whole but is not parsed yet; `lines` tells about how many rows it has."""

    body: Body
    lines: int
    end: Cursor | None


@dataclass(frozen=True)
class _Ahead:
    start: Cursor
    answer: Future[_Received]


class Paging:
    """`clauses` says how to ask for what follows a cursor (None: the first page); `check` looks at answers' headers."""

    def __init__(
        self,
        client: SodaClient,
        reader: PageReader,
        dataset: Dataset,
        page_size: int,
        clauses: Callable[[Cursor | None], Clauses],
        check: Callable[[Mapping[str, str]], None],
    ) -> None:
        self._client = client
        self._reader = reader
        self._dataset = dataset
        self._page_size = page_size
        self._clauses = clauses
        self._check = check
        self._ahead: _Ahead | None = None
        self._fetcher = ThreadPoolExecutor(1, thread_name_prefix=f"fetch-{dataset.name}")

    def after(self, cursor: Cursor | None, number: int) -> Page:
        """The page that follows `cursor`, the `number`th of the reading. Raises an IngestError when none came."""
        ahead, self._ahead = self._ahead, None
        if ahead and ahead.start == cursor:
            received = ahead.answer.result()
        else:
            received = self._fetcher.submit(self._receive, cursor, number).result()
        if received.end and received.end != cursor and received.lines >= self._page_size:
            answer = self._fetcher.submit(self._receive, received.end, number + 1)
            self._ahead = _Ahead(received.end, answer)
        try:
            return self._reader.read(received.body)
        except ValueError as error:  # broken in the middle: asked for again, as often as any other fault
            self._client.note_broken(self._what(number), error)
            return self._fetcher.submit(self._ask, cursor, number).result()

    def close(self) -> None:
        self._fetcher.shutdown(wait=False, cancel_futures=True)

    def _what(self, number: int) -> str:
        return f"{self._dataset.name}, page {number}"

    def _receive(self, cursor: Cursor | None, number: int) -> _Received:
        def parse(body: Body, headers: Mapping[str, str]) -> _Received:
            self._check(headers)
            return _Received(body, *last_row(body))

        return self._client.rows(self._dataset.id, self._what(number), parse, **self._clauses(cursor))

    def _ask(self, cursor: Cursor | None, number: int) -> Page:
        def parse(body: Body, headers: Mapping[str, str]) -> Page:
            self._check(headers)
            return self._reader.read(body)

        return self._client.rows(self._dataset.id, self._what(number), parse, **self._clauses(cursor))
