"""Pages of one dataset, one after the other: those that follow are read ahead, into files.

What follows a page is asked for by the page's last row, so there is one request at a time; while dlt loads what it was
given, the next pages come, are parsed and wait on the disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ingest.body import Body
from ingest.cursor import Cursor
from ingest.datasets import Dataset
from ingest.page_process import PageProcess
from ingest.pages import Page
from ingest.soda import SodaClient

AHEAD = 4  # pages on the disk, some 30 MB each: as many are read while dlt loads a package, and none in memory

# SoQL's clauses of a page: select, where, order, limit.
Clauses = Mapping[str, str | int]


class Paging:
    """`clauses` says how to ask for what follows a cursor (None: the first page); `check` looks at answers' headers.

    The pages' files are put into `folder`, and are the caller's.
    """

    def __init__(
        self,
        client: SodaClient,
        reader: PageProcess,
        dataset: Dataset,
        page_size: int,
        clauses: Callable[[Cursor | None], Clauses],
        check: Callable[[Mapping[str, str]], None],
        folder: Path,
    ) -> None:
        self._client = client
        self._reader = reader
        self._dataset = dataset
        self._page_size = page_size
        self._clauses = clauses
        self._check = check
        self._folder = folder
        self._files = 0
        self._ahead: deque[Future[Page | None]] = deque()
        self._start: Cursor | None = None
        self._fetcher = ThreadPoolExecutor(1, thread_name_prefix=f"fetch-{dataset.name}")

    def after(self, cursor: Cursor | None, number: int) -> Page:
        """The page that follows `cursor`, the `number`th of the reading. Raises an IngestError when none came."""
        page = self._ahead.popleft().result() if self._ahead and self._start == cursor else None
        if page is None:
            while self._ahead:
                self._ahead.pop().cancel()
            first = self._fetcher.submit(self._read, cursor, number)
            self._read_ahead(first, number)
            page = first.result()
        else:
            self._read_ahead(self._ahead[-1], number + len(self._ahead))
        self._start = page.cursor
        return page

    def close(self) -> None:
        self._fetcher.shutdown(wait=False, cancel_futures=True)

    def _read_ahead(self, last: Future[Page] | Future[Page | None], number: int) -> None:
        """Let pages follow the `number`th, the `last` that is to be read, until enough are."""
        while len(self._ahead) < AHEAD:
            number += 1
            last = self._fetcher.submit(self._read_after, last, number)
            self._ahead.append(last)

    def _read_after(self, before: Future[Page] | Future[Page | None], number: int) -> Page | None:
        """The page after the one before, which the only thread has read by now. None where none needs to follow."""
        page = None if before.exception() else before.result()
        if page is None or page.cursor is None or page.rows < self._page_size:
            return None
        return self._read(page.cursor, number)

    def _read(self, cursor: Cursor | None, number: int) -> Page:
        self._files += 1
        file = self._folder / f"{self._dataset.name}.{self._files}"

        def parse(body: Body, headers: Mapping[str, str]) -> Page:
            self._check(headers)
            return self._reader.read(body, file)

        what = f"{self._dataset.name}, page {number}"
        return self._client.rows(self._dataset.id, what, parse, **self._clauses(cursor))
