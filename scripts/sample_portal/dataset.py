"""One dataset on disk: an SQLite table of what queries sort and filter by, and a flat file of the rows' JSON.

A million rows are a page of index entries and slices of a memory-mapped file, never a million Python objects.
A dataset is opened from a base folder that is never written (a cache may share it); the first change copies the
small SQLite file into a work folder, and new row texts go into a second flat file whose addresses follow the first.
Reading is for `answers.py`, changing for `changes.py`, filling for `builder.py`.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from . import moments
from .columns import Column, Dataset
from .ids import Blocks, Permutation
from .sql import Schema

ROWS_TABLE = """
create table portal_rows (
    counter integer primary key, id blob not null, version blob not null,
    created_at integer not null, updated_at integer not null,
    crash_date integer, key, start integer not null, length integer not null
)
"""
STATE_TABLE = "create table portal_state (state text not null)"
# updated_at and counter to walk pages in order; crash_date so that windows are filtered and counted within the index
INDEX = "create index portal_rows_by_update on portal_rows (updated_at, counter, crash_date)"
DROP_INDEX = "drop index portal_rows_by_update"
KEY_INDEX = "create index if not exists portal_rows_by_key on portal_rows (key)"


@dataclass(frozen=True)
class State:
    """What is true of the whole dataset.

    `stamped_at` is the newest `:updated_at` ever given; `modified_at` also moves when rows or columns go.
    `revision` moves with every change, and the ETags with it.
    """

    columns: tuple[Column, ...]
    rows: int
    next_counter: int
    next_version: int
    stamped_at: int
    modified_at: int
    revision: str
    base_length: int

    def to_json(self) -> str:
        return json.dumps({**vars(self), "columns": [vars(column) for column in self.columns]})

    @classmethod
    def from_json(cls, text: str) -> State:
        held = json.loads(text)
        return cls(**{**held, "columns": tuple(Column(**column) for column in held["columns"])})


class RowTexts:
    """Row bodies by address: the base file, memory-mapped, then what was appended since."""

    def __init__(self, base: Path, added: Path) -> None:
        self._base_length = base.stat().st_size
        self._base = memoryview(b"")
        if self._base_length:
            with base.open("rb") as file:
                # the mapping lives as long as a slice of it does
                self._base = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self._added_path = added
        self._added: int | None = None
        self._end = self._base_length

    def read(self, start: int, length: int) -> bytes:
        return bytes(self.slice(start, length))

    def slice(self, start: int, length: int) -> bytes | memoryview:
        """The text without copying it, where that can be."""
        if start < self._base_length:
            return self._base[start : start + length]
        if self._added is None:
            raise ValueError(f"no row text at {start}")
        return os.pread(self._added, length, start - self._base_length)

    def append(self, text: bytes) -> int:
        """The address of the new text. Callers hold the dataset's write lock."""
        if self._added is None:
            self._added = os.open(self._added_path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        start = self._end
        os.pwrite(self._added, text, start - self._base_length)
        self._end += len(text)
        return start

    def close(self) -> None:
        if self._added is not None:
            os.close(self._added)


class StoredDataset:
    def __init__(self, dataset: Dataset, base: Path, work: Path) -> None:
        self.dataset = dataset
        self.ids = Permutation("row-", dataset.id)
        self.versions = Permutation("rv-", dataset.id)
        self._file = base / f"{dataset.slug}.sqlite"
        self._writable = work / f"{dataset.slug}.sqlite"
        self.texts = RowTexts(base / f"{dataset.slug}.rows", work / f"{dataset.slug}.added")
        self._lock = threading.Lock()
        with closing(self.connect()) as connection:
            found = connection.execute("select state from portal_state").fetchone()[0]
        self.state = State.from_json(found)

    @property
    def schema(self) -> Schema:
        return Schema(self.dataset.id, self.state.columns, self.dataset.key, self.ids)

    def connect(self) -> sqlite3.Connection:
        """A connection to read with, for one query; the functions that compiled SQL calls are in it."""
        return self._connect("mode=ro" if self._file == self._writable else "mode=ro&immutable=1")

    @contextmanager
    def changing(self) -> Iterator[tuple[sqlite3.Connection, State]]:
        """A transaction of the publisher: one at a time; what it stores as state is seen when it ends."""
        with self._lock:
            if self._file != self._writable:
                shutil.copyfile(self._file, self._writable)
                self._file = self._writable
            with closing(self._connect("mode=rw")) as connection:
                connection.text_factory = str
                connection.execute("pragma cache_size = -65536")
                connection.create_function("shown_id", 1, Blocks(self.ids))
                connection.create_function("shown_version", 1, Blocks(self.versions))
                connection.execute("pragma journal_mode = wal")
                connection.execute("pragma synchronous = off")
                connection.execute("begin immediate")
                yield connection, self.state
                text = connection.execute("select state from portal_state").fetchone()[0]
                connection.execute("commit")
                self.state = State.from_json(text)

    def close(self) -> None:
        self.texts.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = f"{self._file.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.text_factory = bytes
        connection.execute("pragma mmap_size = 8589934592")
        connection.execute("pragma case_sensitive_like = on")
        connection.create_function("body", 2, self._object, deterministic=True)
        connection.create_function("floating", 1, _floating, deterministic=True)
        connection.create_function("power", 2, _power, deterministic=True)
        return connection

    def _object(self, start: int, length: int) -> str:
        return "{" + self.texts.read(start, length).decode("utf-8", "replace").removeprefix(",")


def save(connection: sqlite3.Connection, state: State) -> None:
    """Store the state; `rows` is counted, and the revision moves."""
    rows = connection.execute("select count(*) from portal_rows").fetchone()[0]
    saved = replace(state, rows=rows, revision=os.urandom(8).hex())
    connection.execute("delete from portal_state")
    connection.execute("insert into portal_state values (?)", (saved.to_json(),))


def _floating(text: bytes | str | None) -> int | None:
    if text is None:
        return None
    try:
        return moments.read_floating(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, AttributeError):
        return None


def _power(base: float | None, exponent: float | None) -> float | None:
    return None if base is None or exponent is None else float(base) ** float(exponent)
