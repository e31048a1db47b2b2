"""Given rows: a folder of `{dataset}.jsonl` files, SODA JSON objects one a line, made into a store.

A missing file is an empty dataset. Columns that the portal no longer has are served as further text columns, values
byte for byte; whatever looks like a system field is left out, since the server assigns those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from . import moments, rowtext
from .builder import Batch, Builder
from .columns import DATASETS, SYSTEM_TYPES, TEXT, Column, Dataset, display_name
from .errors import PortalError

_BATCH = 10_000
# a transaction of the publisher stamps so many rows with one moment
_TRANSACTION = 10_000


def build_given(rows: Path, folder: Path, now: int) -> None:
    """The publisher wrote the rows an hour before `now`, in transactions a second apart."""
    if not rows.is_dir():
        raise PortalError(f"There is no folder {rows}. Give --rows a folder that holds crashes.jsonl and its like.")
    if not any((rows / f"{dataset.slug}.jsonl").exists() for dataset in DATASETS):
        names = ", ".join(f"{dataset.slug}.jsonl" for dataset in DATASETS)
        raise PortalError(f"The folder {rows} holds none of {names}. Put at least one of them there.")
    for dataset in DATASETS:
        _build(dataset, rows / f"{dataset.slug}.jsonl", folder, now)


def _build(dataset: Dataset, path: Path, folder: Path, now: int) -> None:
    builder = Builder(dataset, folder)
    columns = list(dataset.columns)
    positions = {column.field: place for place, column in enumerate(columns)}
    lines = _lines(path)
    done = 0
    while chunk := list(islice(lines, _BATCH)):
        bodies, keys, dates = [], [], []
        for number, line in chunk:
            try:
                fields = [(field, raw) for field, raw in rowtext.pairs(line) if field not in SYSTEM_TYPES]
            except ValueError as error:
                message = f"Line {number} of {path} is not a JSON object ({error}). Write one row a line, as SODA does."
                raise PortalError(message) from None
            for field, _ in fields:
                if field not in positions:
                    positions[field] = len(columns)
                    columns.append(Column(field, TEXT, display_name(field)))
            bodies.append(rowtext.body(rowtext.ordered(fields, positions)))
            keys.append(key_of(dataset, fields))
            dates.append(crash_date_of(fields))
        lengths = np.array([len(body) for body in bodies])
        stamps = now - 3_600_000 + 1_000 * ((done + np.arange(len(bodies))) // _TRANSACTION)
        builder.append(Batch(bodies, lengths, keys, dates, stamps, stamps))
        done += len(bodies)
    builder.finish(tuple(columns), now - 3_600_000 + 1_000 * (max(done - 1, 0) // _TRANSACTION))


def key_of(dataset: Dataset, fields: rowtext.Pairs) -> str | int | None:
    """The business key as the store holds it: a whole number where the column is one."""
    raw = dict(fields).get(dataset.key or "")
    if raw is None:
        return None
    # SQLite holds no lone surrogates; they stay in the row's text
    text = str(json.loads(raw)).encode("utf-8", "backslashreplace").decode()
    column = dataset.column(dataset.key or "")
    return int(text) if column and column.type != TEXT and text.isdecimal() else text


def crash_date_of(fields: rowtext.Pairs) -> int | None:
    try:
        return moments.read_floating(json.loads(dict(fields)["crash_date"]))
    except (KeyError, ValueError, AttributeError):
        return None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line.rstrip("\n")
