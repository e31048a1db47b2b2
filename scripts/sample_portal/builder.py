"""Fills a dataset's files once, in bulk: counters, ids, versions and stamps are given out here.

It leaves where rows come from to `given.py` and `generate/`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import Column, Dataset
from .dataset import INDEX, ROWS_TABLE, STATE_TABLE, State, save
from .ids import Permutation

_ROWS_A_STATEMENT = 20
_INSERT = "insert into portal_rows values "
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Rows in the order of their counters; `texts` are their bodies (see `rowtext.py`) one after the other."""

    texts: Iterable[bytes | memoryview]
    lengths: Numbers
    keys: Sequence[str | int | None]
    crash_dates: Sequence[int | None]
    created_at: Numbers
    updated_at: Numbers


class Builder:
    def __init__(self, dataset: Dataset, folder: Path) -> None:
        self.dataset = dataset
        self._ids = Permutation("row-", dataset.id)
        self._versions = Permutation("rv-", dataset.id)
        self._texts = (folder / f"{dataset.slug}.rows").open("wb")
        self._connection = sqlite3.connect(
            folder / f"{dataset.slug}.sqlite", isolation_level=None, check_same_thread=False
        )
        for pragma in ("journal_mode = off", "synchronous = off", "page_size = 8192", "cache_size = -16384"):
            self._connection.execute(f"pragma {pragma}")
        self._connection.execute(ROWS_TABLE)
        self._connection.execute(STATE_TABLE)
        self._connection.execute("begin")
        # as on the real portal, the counter does not start at nothing and is shared with versions
        self._next = 1_000
        self._length = 0

    def append(self, batch: Batch) -> None:
        size = len(batch.lengths)
        for text in batch.texts:
            self._texts.write(text)
        starts = self._length + np.concatenate(([0], np.cumsum(batch.lengths)))
        counters = np.arange(self._next, self._next + size)
        self._insert(
            zip(
                counters.tolist(),
                self._ids.show_all(counters.astype(np.uint64)),
                self._versions.show_all(counters.astype(np.uint64)),
                batch.created_at.tolist(),
                batch.updated_at.tolist(),
                batch.crash_dates,
                batch.keys,
                starts[:-1].tolist(),
                batch.lengths.tolist(),
                strict=True,
            ),
            size,
        )
        self._next += size
        self._length = int(starts[-1])

    def _insert(self, rows: Iterable[tuple[Any, ...]], size: int) -> None:
        """Twenty rows a statement: each statement gives the interpreter's lock away and has to win it back."""
        values = chain.from_iterable(rows)
        for together, times in ((_ROWS_A_STATEMENT, size // _ROWS_A_STATEMENT), (size % _ROWS_A_STATEMENT, 1)):
            if together and times:
                statement = _INSERT + ", ".join([_ROW] * together)
                width = together * _ROW.count("?")
                self._connection.executemany(statement, (tuple(islice(values, width)) for _ in range(times)))

    def finish(self, columns: tuple[Column, ...], modified_at: int) -> None:
        self._texts.close()
        self._connection.execute(INDEX)
        revision = hashlib.sha1(self.dataset.id.encode(), usedforsecurity=False).hexdigest()
        save(
            self._connection,
            State(columns, 0, self._next, self._next, modified_at, modified_at, revision, self._length),
        )
        self._connection.execute("commit")
        self._connection.close()
