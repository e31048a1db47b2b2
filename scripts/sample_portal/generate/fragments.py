"""Columns of JSON text, built a column at a time with Arrow instead of a row at a time with Python.

A fragment is `,"field":"value"`, or nothing where the value is null. A row's body is its fragments joined, and a
column of categories is a dictionary of ready fragments indexed by drawn codes. What is joined is called parts:
columns of text, and plain strings that repeat for every row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
# pyarrow has no types of its own
Fragments = Any
Parts = list[Any]

# codes are drawn with 16 random bits: a weight under 1 in 65,536 would never be seen
_SLOTS = 1 << 16


class Draw:
    """Codes of weighted alternatives."""

    def __init__(self, weights: list[float]) -> None:
        edges = np.rint(np.cumsum(weights) / np.sum(weights) * _SLOTS).astype(int)
        self._slots = np.repeat(np.arange(len(weights), dtype=np.uint16), np.diff(edges, prepend=0))

    def codes(self, random: np.random.Generator, size: int) -> Numbers:
        codes: Numbers = self._slots[random.integers(0, _SLOTS, size, dtype=np.uint16)]
        return codes


class Category:
    """One field's values and their weights; None is a blank."""

    def __init__(self, field: str, weights: Mapping[Any, float]) -> None:
        self.values = list(weights)
        self._draw = Draw(list(weights.values()))
        self._fragments = pa.array([fragment(field, value) for value in self.values])

    def codes(self, random: np.random.Generator, size: int) -> Numbers:
        return self._draw.codes(random, size)

    def code(self, value: object) -> int:
        return self.values.index(value)

    def text(self, codes: Numbers) -> Fragments:
        return self._fragments.take(pa.array(codes))

    def drawn(self, random: np.random.Generator, size: int) -> Fragments:
        return self.text(self.codes(random, size))


def fragment(field: str, value: object) -> str:
    return "" if value is None else f',"{field}":{json.dumps(value, ensure_ascii=False)}'


def join(*parts: Any) -> Fragments:
    """Row by row one after the other; plain strings repeat for every row."""
    return pc.binary_join_element_wise(*parts, "")


def number(field: str, values: Numbers, where: Flags | None = None) -> Parts:
    """Whole numbers as SODA writes them, as text; blank outside `where`."""
    return text(field, pa.array(values).cast(pa.string()), where)


def text(field: str, values: Fragments, where: Flags | None = None) -> Parts:
    """Ready values that need no escapes; blank outside `where`."""
    parts = [f',"{field}":"', values, '"']
    return parts if where is None else [only(where, join(*parts))]


def only(where: Flags | None, fragments: Fragments) -> Fragments:
    return fragments if where is None else pc.if_else(pa.array(where), fragments, "")


def hexadecimal(random: np.random.Generator, size: int, digits: int) -> Fragments:
    """Random hex strings."""
    nibbles = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    octets = random.integers(0, 256, (size, digits // 2), dtype=np.uint8)
    letters = np.empty((size, digits), dtype=np.uint8)
    letters[:, 0::2], letters[:, 1::2] = nibbles[octets >> 4], nibbles[octets & 15]
    offsets = np.arange(size + 1, dtype=np.int32) * digits
    return pa.StringArray.from_buffers(size, pa.py_buffer(offsets), pa.py_buffer(letters))


def moments(milliseconds: Numbers) -> Fragments:
    """Floating timestamps of whole minutes, out of two small dictionaries: days and minutes of the day."""
    days, which = np.unique(milliseconds // 86_400_000, return_inverse=True)
    dates = pa.array(days.astype("datetime64[D]").astype(str).tolist())
    minutes = pa.array([f"T{minute // 60:02d}:{minute % 60:02d}:00.000" for minute in range(1440)])
    minute_of_day = milliseconds // 60_000 % 1440
    return join(dates.take(pa.array(which)), minutes.take(pa.array(minute_of_day)))


def decimals(values: Numbers, places: int) -> Fragments:
    """Positive whole numbers, of the unit 10**-places, as decimals."""
    whole = pa.array(values // 10**places).cast(pa.string())
    rest = pc.utf8_lpad(pa.array(values % 10**places).cast(pa.string()), places, "0")
    return join(whole, ".", rest)


def bodies(parts: Parts, kept: Flags | None = None) -> tuple[list[memoryview], Numbers]:
    """Rows' bodies (see `rowtext.py`) as one run of bytes, and the length of each."""
    rows = join(*parts, "}")
    if kept is not None:
        rows = rows.filter(pa.array(kept))
    _, offsets, content = rows.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[rows.offset : rows.offset + len(rows) + 1]
    return [memoryview(content)[ends[0] : ends[-1]]], np.diff(ends).astype(np.int64)
