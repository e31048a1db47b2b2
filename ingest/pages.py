"""A page of SODA JSON becomes an Arrow table of text: the one place where bytes turn into columns.

Values stay the portal's own text. SODA frames rows as `[{…}\n,{…}]` and a raw newline cannot occur inside a JSON
string (RFC 8259, section 7), so a page turns into NDJSON by a byte replacement and pyarrow's reader, which runs in
C++ on all cores, does the rest, a few megabytes at a time. A page that this fast way cannot take exactly (a number
where text was expected, an object, a megabyte of text) is read again by Python's own parser, slower and without
exception.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from ingest.body import Body
from ingest.datasets import Dataset
from ingest.soda import Cursor

# The portal's system fields and their names in `raw`; `:id` and its like are no names for a column.
SYSTEM_FIELDS = {
    ":id": "soda_id",
    ":version": "soda_version",
    ":created_at": "soda_created_at",
    ":updated_at": "soda_updated_at",
}
COMPUTED_PREFIX = ":@"  # columns that the portal, not the publisher, adds and drops

_POINT = pa.struct([("type", pa.string()), ("coordinates", pa.list_(pa.float64()))])
_LONGEST_NAME = 60  # bytes; PostgreSQL cuts off what exceeds 63
_NUL_ESCAPE = b"\\u0000"


@dataclass(frozen=True)
class Page:
    """Rows as text columns, in the order of `columns_of`; `cursor` is the last row's pair, None for no rows."""

    table: pa.Table
    cursor: Cursor | None
    bytes: int
    notes: list[str] = field(default_factory=list)


class PageReader:
    """Reads the pages of one dataset, and learns which columns it has beyond those declared."""

    def __init__(self, dataset: Dataset, extra_columns: Iterable[str] = ()) -> None:
        self._dataset = dataset
        self.extra_columns = sorted(extra_columns)
        # the portal's names of the extra columns, as far as they have been met
        self._extra_fields = {name: name for name in self.extra_columns}

    def read(self, body: Body | bytes) -> Page:
        """Turn a page into a table. Raises ValueError for a body that is not a whole JSON array of objects."""
        body = body if isinstance(body, Body) else Body(body)
        size, notes = _Size(), list[str]()
        try:
            tables = [self._read_fast(lines) for lines in _ndjson(body, size)]
            table = pa.concat_tables([self._completed(table) for table in tables]) if tables else _empty(self.columns())
        except _BeyondFastReaderError:
            whole = body.whole()
            size = _Size(len(whole), holds_nul=_NUL_ESCAPE in whole)
            table, notes = self._read_exactly(whole)
        if size.holds_nul:
            table, removed = _without_nul(table)
            if removed:
                notes.append(f"{removed} values held NUL bytes, which PostgreSQL cannot store; they were removed")
        return Page(table=table, cursor=_last_pair(table), bytes=size.bytes, notes=notes)

    def columns(self) -> list[str]:
        """Column names of the tables that `read` gives: system, declared, then extra ones."""
        return [*SYSTEM_FIELDS.values(), *self._dataset.columns, *self.extra_columns]

    def _completed(self, table: pa.Table) -> pa.Table:
        """With the columns that a later piece of the page brought."""
        for name in set(self.columns()) - set(table.column_names):
            table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
        return table.select(self.columns())

    def _read_fast(self, lines: bytes | bytearray) -> pa.Table:
        table = self._parse(lines)
        if self._learn(table.column_names):
            # Their types were guessed (a date would no longer be the portal's text): read them again, as text.
            table = self._parse(lines)
        arrays = {self._column(name): column for name, column in zip(table.column_names, table.columns, strict=True)}
        for name, kind in self._dataset.columns.items():
            if kind == "point":
                arrays[name] = _geojson(arrays[name])
        nothing = pa.nulls(table.num_rows, pa.string())
        return pa.table([arrays.get(name, nothing) for name in self.columns()], names=self.columns())

    def _parse(self, lines: bytes | bytearray) -> pa.Table:
        declared = [
            *((name, pa.string()) for name in SYSTEM_FIELDS),
            *((name, _POINT if kind == "point" else pa.string()) for name, kind in self._dataset.columns.items()),
            *((name, pa.string()) for name in self._extra_fields),
        ]
        try:
            return pa.json.read_json(
                pa.BufferReader(lines),
                parse_options=pa.json.ParseOptions(
                    explicit_schema=pa.schema(declared), unexpected_field_behavior="infer"
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise _BeyondFastReaderError from error

    def _learn(self, fields: Iterable[str]) -> bool:
        """Whether there are fields among these that had not been met."""
        known = {*SYSTEM_FIELDS, *self._dataset.columns, *self._extra_fields}
        new = {name for name in fields if name not in known and not name.startswith(COMPUTED_PREFIX)}
        self._extra_fields |= {name: _column_name(name, self._dataset) for name in sorted(new)}
        self.extra_columns = sorted({*self.extra_columns, *self._extra_fields.values()})
        return bool(new)

    def _column(self, field: str) -> str:
        return SYSTEM_FIELDS.get(field) or self._extra_fields.get(field, field)

    def _read_exactly(self, body: bytes) -> tuple[pa.Table, list[str]]:
        rows = _rows(body)
        self._learn({name for row in rows for name in row})
        broken = 0
        arrays: dict[str, pa.Array] = {}
        for name in [*SYSTEM_FIELDS, *self._dataset.columns, *self._extra_fields]:
            texts = [_text(row.get(name)) for row in rows]
            try:
                arrays[self._column(name)] = pa.array(texts, pa.string())
            except UnicodeEncodeError:
                repaired = [_without_lone_surrogates(text) for text in texts]
                broken += sum(1 for old, new in zip(texts, repaired, strict=True) if old != new)
                arrays[self._column(name)] = pa.array(repaired, pa.string())
        notes = (
            [f"{broken} values held lone surrogates, which no text can store; U+FFFD stands for each"] if broken else []
        )
        nothing = pa.nulls(len(rows), pa.string())
        return pa.table([arrays.get(name, nothing) for name in self.columns()], names=self.columns()), notes


def empty_page(dataset: Dataset) -> pa.Table:
    """No rows, all declared columns: what makes a dataset's table before any row of it has come."""
    return _empty(PageReader(dataset).columns())


def last_row(body: Body) -> tuple[int, Cursor | None]:
    """How many lines a page has, which in SODA's framing are its rows, and the last one's pair, if it can be told.

    Raises ValueError for a body that cannot be unpacked.
    """
    count, last = 0, b""
    for lines in body.lines():
        count += lines.count(b"\n")
        last = lines.rstrip() and lines
    try:
        row = json.loads(last.rstrip().removesuffix(b"]").rpartition(b"\n")[2].lstrip(b",["))
        return count, Cursor(updated_at=row[":updated_at"], id=row[":id"])
    except (ValueError, KeyError, TypeError):
        return count, None


class _BeyondFastReaderError(Exception):
    """The page holds something that pyarrow's reader cannot take as the text it is."""


def _empty(columns: list[str]) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in columns})


@dataclass
class _Size:
    """What was noticed while a body went by."""

    bytes: int = 0
    holds_nul: bool = False


def _ndjson(body: Body, size: _Size) -> Iterator[bytes | bytearray]:
    """The rows of a SODA page, one a line, some megabytes at a time. Raises ValueError for broken framing and UTF-8."""
    held: bytes | bytearray | None = None
    for lines in body.lines():
        size.bytes += len(lines)
        size.holds_nul = size.holds_nul or (b"\\" in lines and _NUL_ESCAPE in lines)
        if not lines.isascii():
            lines.decode("utf-8")  # pyarrow would pass broken bytes on
        if held is not None:
            yield held  # it was not the last, so the closing bracket is still to come
            held = _without_commas(lines)
        elif begun := lines.lstrip():
            if not begun.startswith(b"["):
                raise ValueError("the page does not begin with [")
            held = _without_commas(begun[1:])
    last = (held or b"").rstrip()
    if not last.endswith(b"]"):
        raise ValueError("the page does not end with ]")
    if rows := last[:-1].strip():
        yield rows


def _without_commas(lines: bytes) -> bytearray:
    """A space for each comma that begins a line: twice as fast as `bytes.replace`, and it is a tenth of a landing."""
    spaced = bytearray(lines)
    letters = np.frombuffer(spaced, np.uint8)
    starts = np.append(0, np.flatnonzero(letters[:-1] == ord("\n")) + 1) if spaced else np.array([], np.intp)
    letters[starts[letters[starts] == ord(",")]] = ord(" ")
    return spaced


def _rows(body: bytes) -> list[dict[str, Any]]:
    rows = json.loads(body, parse_float=_Number)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("the page is not an array of objects")
    return rows


class _Number(float):
    """A JSON number with a fraction or an exponent, which remembers how it was written."""

    written: str

    def __new__(cls, written: str) -> _Number:
        number = super().__new__(cls, written)
        number.written = written
        return number


def _text(value: Any) -> str | None:
    """The text of a JSON value: a string as it is, a number as it was written, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, _Number):
        return value.written
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _without_lone_surrogates(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _geojson(points: pa.ChunkedArray) -> pa.ChunkedArray:
    """GeoJSON text of the portal's point objects, coordinates in the shortest form that is the same double."""
    points = points.combine_chunks() if points.num_chunks != 1 else points.chunk(0)
    kinds, coordinates = pc.struct_field(points, "type"), pc.struct_field(points, "coordinates")
    lengths = pc.list_value_length(coordinates)
    plain = pc.and_kleene(pc.equal(kinds, "Point"), pc.equal(lengths, 2))
    if pc.any(pc.and_(pc.is_valid(points), pc.invert(pc.fill_null(plain, False)))).as_py():
        raise _BeyondFastReaderError
    # an array of two numbers a row where there is a point, flattened: x, y, x, y …
    numbers = pc.list_flatten(coordinates.drop_null())
    if numbers.null_count or not pc.all(pc.is_finite(numbers), min_count=0).as_py():
        raise _BeyondFastReaderError
    written = numbers.cast(pa.string())
    indexes = pa.array(range(0, len(numbers), 2), pa.int64())
    texts = pc.binary_join_element_wise(
        '{"type":"Point","coordinates":[', written.take(indexes), ",", written.take(pc.add(indexes, 1)), "]}", ""
    )
    return pc.replace_with_mask(pa.nulls(len(points), pa.string()), pc.fill_null(plain, False), texts.cast(pa.string()))


def _without_nul(table: pa.Table) -> tuple[pa.Table, int]:
    removed = 0
    for index, name in enumerate(table.column_names):
        column = table.column(index)
        holds = pc.sum(pc.cast(pc.match_substring(column, "\0"), pa.int64())).as_py() or 0
        if holds:
            removed += holds
            table = table.set_column(index, name, pc.replace_substring(column, pattern="\0", replacement=""))
    return table, removed


def _column_name(field: str, dataset: Dataset) -> str:
    """The column of `raw` for a field that nobody declared: the field's name, if a column may have it.

    Anything else (capitals, signs, the name of a column of ours) gets what is left of it and a mark of its own.
    """
    taken = {*SYSTEM_FIELDS.values(), *dataset.columns}
    is_a_name = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", field) and len(field) < _LONGEST_NAME
    if is_a_name and field not in taken and not field.startswith(("first_soda_", "first_dlt_")):
        return field
    left = re.sub(r"[^a-z0-9]+", "_", field.lower()).strip("_")[: _LONGEST_NAME - 10].rstrip("_")
    mark = hashlib.sha256(field.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"x_{left}_{mark}" if left else f"x_{mark}"


def _last_pair(table: pa.Table) -> Cursor | None:
    if table.num_rows == 0:
        return None
    updated_at, row_id = (table.column(name)[-1].as_py() for name in ("soda_updated_at", "soda_id"))
    if updated_at is None or row_id is None:
        raise ValueError("the page's last row has no :id or no :updated_at")
    return Cursor(updated_at=updated_at, id=row_id)


def fields_served(headers: Mapping[str, str]) -> set[str] | None:
    """The columns of an answer by its X-SODA2-Fields header; None where the portal leaves the header out."""
    header = headers.get("X-SODA2-Fields")
    if header is None:
        return None
    try:
        return set(json.loads(header))
    except (ValueError, TypeError):
        return None
