"""Reading one dataset from beginning to end: what to ask for, where to go on, when it is all there. No dlt here.

Pages follow the keyset (`:updated_at`, `:id`); never `$offset`, which loses rows when one is updated between two
pages, and never the wall clock, for the portal answers from a replica that lags behind. The upper bound is fixed
first: what is updated while we read moves past it and comes with the next run.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.cursor import Cursor
from ingest.datasets import EVENT_DATE, Dataset
from ingest.deletions import refuse_mass_deletion
from ingest.errors import PortalAnswerError, SchemaBreakError
from ingest.page_process import PageProcess
from ingest.pages import SYSTEM_FIELDS, Page, fields_served
from ingest.paging import Paging
from ingest.publication import Publication, SchemaChange, publication_row, read_view, schema_changes
from ingest.soda import Extent, SodaClient, after, quoted

# `:*` before `*`: the parser refuses stars in any other order. Two stars instead of a list, so that a column which
# the publisher adds arrives without a release of ours.
SELECT = ":*,*"
ORDER = ":updated_at,:id"

WHOLE_READS = 5  # attempts to read a dataset whole between two changes of it

RECORD_SCHEMA = pa.schema(
    [
        ("read_id", pa.string()),
        ("dataset", pa.string()),
        ("portal", pa.string()),
        ("mode", pa.string()),
        ("since", pa.string()),
        ("until", pa.string()),
        ("complete", pa.bool_()),
        ("rows", pa.int64()),
        ("pages", pa.int64()),
        ("bytes", pa.int64()),
        ("portal_rows", pa.int64()),
        ("cursor_updated_at", pa.string()),
        ("cursor_id", pa.string()),
        ("started_at", pa.timestamp("us", tz="UTC")),
        ("finished_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True)
class Window:
    """Crash dates to read, both inclusive; None leaves a side open."""

    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None

    def predicate(self) -> str:
        sides = []
        if self.since:
            sides.append(f"{EVENT_DATE} >= {quoted(f'{self.since.isoformat()}T00:00:00.000')}")
        if self.until and self.until < date.max:  # no day comes after that one
            end = self.until + timedelta(days=1)
            sides.append(f"{EVENT_DATE} < {quoted(f'{end.isoformat()}T00:00:00.000')}")
        return " and ".join(sides)


@dataclass(frozen=True)
class Progress:
    """How far the reading of one dataset is. `total` is how many rows it will be, counted at its start."""

    dataset: str
    rows: int
    total: int
    pages: int
    bytes: int
    complete: bool


@dataclass
class _Tally:
    rows: int = 0
    pages: int = 0
    bytes: int = 0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class DatasetReading:
    """One dataset's reading. `state` is what the last committed package left: a cursor, or a whole read's measure.

    Pages are put into files in `folder`; they are there until the next package's are asked for.
    """

    def __init__(
        self,
        dataset: Dataset,
        client: SodaClient,
        *,
        page_size: int,
        state: Mapping[str, Any],
        extra_columns: list[str],
        window: Window,
        folder: Path,
        full_refresh: bool = False,
        accept_mass_deletion: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.dataset = dataset
        self.client = client
        self.complete = False
        self.skipped = False
        self.schema_changes: list[SchemaChange] = []
        self.total = 0
        self._expected = 0
        self.all = _Tally()
        self.notes: list[str] = []
        self.read_id = uuid.uuid4().hex
        self.mode = "window" if window else dataset.read
        self.known_columns = list(extra_columns)
        self._page_size = page_size
        self._committed = dict(state)
        self._state = {} if full_refresh else self._committed
        self._accept_mass_deletion = accept_mass_deletion
        self._window = window
        self._on_progress = on_progress or (lambda _progress: None)
        self._reader = PageProcess(dataset, extra_columns)
        self._cursor = self._start()
        self.cursor_before = self._cursor
        self._newest: str | None = None
        self._extent: Extent | None = None
        self._publication: Publication | None = None
        self._news = False
        self._files: list[Path] = []
        self._package = _Tally()
        self._began = time.monotonic()
        self.seconds = 0.0
        self._paging = Paging(client, self._reader, dataset, page_size, self._clauses, self._check_columns, folder)

    @property
    def cursor(self) -> Cursor | None:
        """Where an incremental reading stands, or stood before a window or a whole read, which do not move it."""
        return self._cursor if self.mode == "incremental" else None

    @property
    def extra_columns(self) -> list[str]:
        return self._reader.extra_columns

    @property
    def new_columns(self) -> list[str]:
        return [name for name in self.extra_columns if name not in self.known_columns]

    @property
    def finished(self) -> bool:
        """Nothing is left to commit: neither rows nor the news that the dataset was published anew."""
        return self.complete and not self._news

    @property
    def new_schema_changes(self) -> list[SchemaChange]:
        """Those that the last complete reading did not know."""
        before = schema_changes(self.dataset, self._committed.get("columns") or self.dataset.columns)
        return [change for change in self.schema_changes if change not in before]

    def begin(self) -> None:
        """Find out what there is to read and fix the upper bound. One small request where nothing was published since.

        Raises SchemaBreakError where a key or a required column is gone, MassDeletionError where far fewer rows are
        left of a dataset that is read whole; nothing has been loaded then.
        """
        known = self._state.get("etag") if self.mode != "window" else None
        self._extent = self.client.extent(self.dataset.id, f"{self.dataset.name}, count", known=known)
        if self._extent is None:
            self.complete = self.skipped = True
            self.schema_changes = schema_changes(self.dataset, self._state.get("columns") or self.dataset.columns)
            self._report()
            return
        self._look_at_columns()
        self._count_rows(self._extent)
        if self.mode == "whole" and "whole" in self._committed:
            before = self._committed["whole"]["rows"]
            refuse_mass_deletion(self.dataset.name, before - self.total, before, accepted=self._accept_mass_deletion)
        unchanged = self.mode == "whole" and self._state.get("whole") == self._measure(self.total)
        # An empty window or an emptied whole dataset is an observation, and lands as one; an empty increment is not.
        self.complete = unchanged or (self.mode == "incremental" and self.total == 0)
        self._expected = 0 if unchanged else self.total
        if self._expected > self._page_size:
            self._reader.begin()
        self._report()

    def _look_at_columns(self) -> None:
        """Compare what the portal publishes with what is declared, before any row of it is read."""
        try:
            self._publication = self.client.view(self.dataset.id, f"{self.dataset.name}, metadata", read_view)
        except PortalAnswerError as error:  # a mirror may have the rows alone; the pages' own headers still tell much
            self._note(f"the portal's metadata could not be read ({error.message})")
            return
        self._news = True
        self.schema_changes = schema_changes(self.dataset, self._publication.columns)
        for change in self.new_schema_changes:
            self._note(f"the portal publishes {change}")
        self._stop_at([change.column for change in self.schema_changes if change.stops])

    def _stop_at(self, missing: list[str]) -> None:
        if missing:
            raise SchemaBreakError(
                f"{self.dataset.name}: the portal no longer serves {', '.join(missing)}.",
                remedy="Nothing of it was loaded, so that nothing becomes null by mistake. See what the portal "
                f"publishes now ({self.client.portal_url}/d/{self.dataset.id}) and correct ingest/datasets.yml.",
            )

    def _count_rows(self, whole: Extent) -> None:
        where = _all_of(after(self.cursor_before) if self.cursor_before else None, self._window.predicate())
        asked = self.client.extent(self.dataset.id, f"{self.dataset.name}, count", where) if where else whole
        self.total, self._newest = (asked.rows, asked.newest) if asked else (0, None)

    def pages(self, limit: int) -> Iterator[Page]:
        """At most `limit` more pages (all of them for a dataset read whole: its rows belong together).

        While the caller loads them the next ones are already being read.
        """
        self._package = _Tally()
        self._forget_files()
        if self.dataset.read == "whole" and not self.complete:
            yield from self._whole()
            return
        while not self.complete and self._package.pages < limit:
            page = self._next()
            self._count(page)
            if page.rows or not self.total:  # an empty page makes the table where there is none yet
                yield self._given(page)
            self._report()

    def _whole(self) -> Iterator[Page]:
        """All pages, and only if nothing changed while they were read: what is missing from a whole read is gone.

        Raises PortalAnswerError if the portal's rows keep changing.
        """
        for _ in range(WHOLE_READS):
            pages = []
            while not self.complete:
                page = self._next()
                self._count(page)
                pages.append(page)
            seen = (self.all.rows, self.total, self._newest)
            again = self.client.extent(self.dataset.id, f"{self.dataset.name}, count")
            self._count_rows(again or Extent(0, None))
            if seen == (self.total, self.total, self._newest):
                self.complete = True
                yield from (self._given(page) for page in pages if page.rows or not self.total)
                self._report()
                return
            for page in pages:
                page.file.unlink()
            self._note("the rows changed while they were read whole; they were read again")
            self.all, self._package, self._cursor, self.complete = _Tally(), _Tally(), None, False
        raise PortalAnswerError(
            f"{self.dataset.name}: the portal's rows changed in each of {WHOLE_READS} attempts to read them whole.",
            remedy="Nothing of it was loaded. Run again in a while: a publisher may be at work.",
        )

    def state(self) -> dict[str, Any]:
        """What to keep with the package that has just been given."""
        kept: dict[str, Any] = {"portal": self.client.portal}
        if self.mode == "window":
            return kept
        if self.mode == "incremental" and self._cursor is not None:
            kept["cursor"] = {"updated_at": self._cursor.updated_at, "id": self._cursor.id}
        if self.mode == "whole" and self.complete:
            kept["whole"] = self._measure(self.total)
        # Remembered only if everything that it stands for has come: it will be taken for "nothing new".
        all_came = self.complete and self.all.rows >= self._expected and not self.client.traffic.out_of_date
        kept["etag"] = self._extent.etag if self._extent and all_came else None
        if self._publication:
            kept["columns"] = self._publication.columns
        return kept

    def publication(self) -> pa.Table | None:
        """One row for `raw.portal_datasets`, with the first package of the reading; None with those that follow."""
        if not self._news or self._publication is None or self._extent is None:
            return None
        self._news = False
        return publication_row(
            self.dataset, self.client.portal, self._publication, self._extent.rows, self._extent.newest
        )

    def record(self) -> pa.Table | None:
        """One row for `raw.portal_reads`: what the package that has just been given holds, and how far it reaches.

        None where there was nothing to read: a complete reading without rows would say that all of them are gone.
        """
        if not self._package.pages:
            return None
        cursor = self.cursor
        row = {
            "read_id": self.read_id,
            "dataset": self.dataset.name,
            "portal": self.client.portal,
            "mode": self.mode,
            "since": self._window.since.isoformat() if self._window.since else None,
            "until": self._window.until.isoformat() if self._window.until else None,
            "complete": self.complete,
            "rows": self._package.rows,
            "pages": self._package.pages,
            "bytes": self._package.bytes,
            "portal_rows": self.total,
            "cursor_updated_at": cursor.updated_at if cursor else None,
            "cursor_id": cursor.id if cursor else None,
            "started_at": self._package.started_at,
            "finished_at": datetime.now(UTC),
        }
        return pa.Table.from_pylist([row], schema=RECORD_SCHEMA)

    def close(self) -> None:
        self._forget_files()
        self._paging.close()
        self._reader.close()
        self.client.close()

    def _start(self) -> Cursor | None:
        cursor = self._state.get("cursor")
        return Cursor(**cursor) if cursor and self.mode == "incremental" else None

    def _measure(self, rows: int) -> dict[str, Any]:
        return {"rows": rows, "newest": self._newest}

    def _next(self) -> Page:
        return self._paging.after(self._cursor, self.all.pages + 1)

    def _clauses(self, cursor: Cursor | None) -> dict[str, str | int]:
        # A window has no cursor that would bring later what moves past the bound meanwhile: it takes what there is.
        bounded = self._newest is not None and self.mode != "window"
        bound = f":updated_at <= {quoted(self._newest)}" if bounded and self._newest else None
        where = _all_of(after(cursor) if cursor else None, bound, self._window.predicate())
        clauses: dict[str, str | int] = {"select": SELECT, "order": ORDER, "limit": self._page_size}
        return {**clauses, "where": where} if where else clauses

    def _check_columns(self, headers: Mapping[str, str]) -> None:
        served = fields_served(headers)
        if served is None:
            return
        self._stop_at([name for name in (*SYSTEM_FIELDS, *self.dataset.required) if name not in served])
        for name in () if self._publication else self.dataset.columns:
            if name not in served:
                self._note(f"the portal no longer serves the column {name}")

    def _count(self, page: Page) -> None:
        if page.cursor is not None and page.cursor == self._cursor:
            raise PortalAnswerError(
                f"{self.dataset.name}, page {self.all.pages + 1}: the rows do not follow those of the page before.",
                remedy="It does not honour $order=:updated_at,:id; check that CRASHES_PORTAL_URL is a SODA 2.1 portal.",
            )
        self._cursor = page.cursor or self._cursor
        for tally in (self.all, self._package):
            tally.rows += page.rows
            tally.pages += 1
            tally.bytes += page.bytes
        for note in page.notes:
            self._note(note)
        # A short page ends the reading only if all that was counted has come: a portal may cap $limit unasked.
        short = page.rows < self._page_size
        self.complete = page.rows == 0 or (short and self.all.rows >= self.total)

    def _given(self, page: Page) -> Page:
        self._files.append(page.file)
        return page

    def _forget_files(self) -> None:
        for file in self._files:
            file.unlink(missing_ok=True)
        self._files.clear()

    def _report(self) -> None:
        self.seconds = time.monotonic() - self._began
        self._on_progress(
            Progress(self.dataset.name, self.all.rows, self._expected, self.all.pages, self.all.bytes, self.complete)
        )

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _all_of(*predicates: str | None) -> str:
    return " and ".join(predicate for predicate in predicates if predicate)
