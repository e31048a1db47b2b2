"""A page of SODA JSON becomes a file of PostgreSQL's COPY format: the one place where bytes turn into columns.

Values stay the portal's own text. SODA frames rows as `[{…}\\n,{…}]` and a raw newline cannot occur inside a JSON
string (RFC 8259, section 7), so whole lines are whole rows, and some hundred of them at a time go through orjson and
straight to the file, while the rest of the page is still on its way. What this fast way cannot take exactly (a number
where text was expected, an object, a lone surrogate) is read again by Python's own parser, slower and without
exception.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ingest import copytext
from ingest.body import Body
from ingest.cursor import Cursor
from ingest.datasets import Dataset

# The portal's system fields and their names in `raw`; `:id` and its like are no names for a column.
SYSTEM_FIELDS = {
    ":id": "soda_id",
    ":version": "soda_version",
    ":created_at": "soda_created_at",
    ":updated_at": "soda_updated_at",
}
COMPUTED_PREFIX = ":@"  # columns that the portal, not the publisher, adds and drops

_LONGEST_NAME = 60  # bytes; PostgreSQL cuts off what exceeds 63
_FARTHEST = 1_000_000  # degrees or feet; a larger number may have lost digits as a double
_NUL_ESCAPE = b"\\u0000"

Row = dict[str, Any]
# How a body is cut into portions: each a number of whole rows as JSON, with commas between them.
Portions = Callable[[Body], Iterator[bytes]]


@dataclass(frozen=True)
class Page:
    """Rows of text in `file`, in COPY's text format, with these columns; `cursor` is the last row's pair, if any.

    `bytes` is the size of the answer, unpacked.
    """

    file: Path
    columns: list[str]
    rows: int
    cursor: Cursor | None
    bytes: int
    notes: list[str] = field(default_factory=list)


class PageReader:
    """Reads the pages of one dataset, and learns which columns it has beyond those declared."""

    def __init__(self, dataset: Dataset, extra_columns: Iterable[str] = ()) -> None:
        self._dataset = dataset
        self._points = [name for name, kind in dataset.columns.items() if kind == "point"]
        # The field of each column beyond those declared; of what earlier runs met, the column's name is all there is.
        self._extra = {name: name for name in extra_columns}
        self._met: set[str] = set()
        self._computed: set[str] = set()

    @property
    def extra_columns(self) -> list[str]:
        return sorted(self._extra)

    def columns(self) -> list[str]:
        """Column names of the files that `read` writes: system, declared, then extra ones."""
        return [*SYSTEM_FIELDS.values(), *self._dataset.columns, *self.extra_columns]

    def read(self, body: Body | bytes, file: Path) -> Page:
        """Write a page's rows to `file`. Raises ValueError for a body that is not a whole JSON array of objects."""
        body = body if isinstance(body, Body) else Body(body)
        try:
            return self._read(body, _portions, file)
        except ValueError:  # perhaps it is framed in another way: then only the whole of it is sure to be JSON
            return self._read(body, _whole, file)

    def _read(self, body: Body, portions: Portions, file: Path) -> Page:
        try:
            return self._write(body, portions, file)
        except _NewFieldsError:
            # A file has the same columns from its first row to its last: learn all that the page has, and begin again.
            for portion in portions(body):
                self._learn({name for row in _rows(portion) for name in row})
            return self._write(body, portions, file)

    def _write(self, body: Body, portions: Portions, file: Path) -> Page:
        blank = self._blank()
        count, last = 0, Row()
        notes = _Notes()
        with file.open("wb") as out:
            out.write(copytext.header(self.columns()))
            for portion in portions(body):
                try:
                    rows, lines = self._fast(portion, blank)
                except (ValueError, TypeError, KeyError, AttributeError):
                    rows, lines = self._exactly(portion, blank, notes)
                out.write(lines)
                count += len(rows)
                last = rows[-1] if rows else last
        return Page(file, self.columns(), count, _pair(last) if count else None, body.unpacked, notes.texts())

    def _blank(self) -> Row:
        """A row without any value: fields in the order of `columns`."""
        fields = [*SYSTEM_FIELDS, *self._dataset.columns, *(self._extra[column] for column in self.extra_columns)]
        return dict.fromkeys(fields, copytext.NULL)

    def _fast(self, portion: bytes, blank: Row) -> tuple[list[Row], bytes]:
        """Rows and their lines. Raises whatever it stumbles on where they are not plainly texts and points."""
        if b"\\" not in portion:  # as nearly always; and then no value needs an escape
            rows: list[Row] = orjson.loads(b"[%b]" % portion)
            last = rows[-1:]
        elif _NUL_ESCAPE in portion:
            raise ValueError("NUL")
        else:
            rows, last = [], []
            for line in (b"," + portion).split(b"\n"):
                if not line.startswith(b","):
                    raise ValueError("a row that is more than a line")
                row = orjson.loads(line[1:])
                last = [row]
                if b"\\" in line:
                    row = {
                        name: copytext.escaped(value) if isinstance(value, str) else value
                        for name, value in row.items()
                    }
                rows.append(row)
        for name in self._points:
            for row in rows:
                if name in row:
                    row[name] = _geojson(row[name])
        return [*rows[:-1], *last], copytext.lines(self._values(rows, blank))

    def _exactly(self, portion: bytes, blank: Row, notes: _Notes) -> tuple[list[Row], bytes]:
        """The same for rows of any JSON values."""
        rows = _rows(portion)
        texts = [{name: notes.storable(_text(value)) for name, value in row.items()} for row in rows]
        return rows, copytext.lines(self._values(texts, blank))

    def _values(self, rows: list[Row], blank: Row) -> list[Collection[str]]:
        """The values of each row in the order of the columns. Raises _NewFieldsError if there are more."""
        for name in self._computed:
            for row in rows:
                row.pop(name, None)
        whole = [blank | row for row in rows]
        if max(map(len, whole), default=0) > len(blank):
            computed = {name for row in rows for name in row if name.startswith(COMPUTED_PREFIX)}
            if not computed:
                raise _NewFieldsError
            self._computed |= computed
            return self._values(rows, blank)
        return [row.values() for row in whole]

    def _learn(self, fields: set[str]) -> None:
        known = {*SYSTEM_FIELDS, *self._dataset.columns, *self._extra.values()}
        for name in sorted(fields - known):
            if name.startswith(COMPUTED_PREFIX):
                self._computed.add(name)
                continue
            column = _column_name(name, self._dataset)
            if self._extra.get(column) in self._met:  # it is another field's already
                column = _marked_name(name)
            self._extra[column] = name
            self._met.add(name)


def empty_page(dataset: Dataset, file: Path) -> Page:
    """No rows, all declared columns: what makes a dataset's table before any row of it has come."""
    return PageReader(dataset).read(b"[]", file)


class _NewFieldsError(Exception):
    """A row has a field that no column is known for."""


@dataclass
class _Notes:
    """What could not be stored as it was."""

    nuls: int = 0
    surrogates: int = 0

    def storable(self, text: str | None) -> str:
        """The text as COPY reads it, less what no text of PostgreSQL can hold."""
        if text is None:
            return copytext.NULL
        if "\0" in text:
            self.nuls += 1
            text = text.replace("\0", "")
        try:
            text.encode()
        except UnicodeEncodeError:
            self.surrogates += 1
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return copytext.escaped(text)

    def texts(self) -> list[str]:
        notes = []
        if self.surrogates:
            notes.append(
                f"{self.surrogates} values held lone surrogates, which no text can store; U+FFFD stands for each"
            )
        if self.nuls:
            notes.append(f"{self.nuls} values held NUL bytes, which PostgreSQL cannot store; they were removed")
        return notes


def _portions(body: Body) -> Iterator[bytes]:
    """Some hundred rows at a time. Raises ValueError as soon as it is not `[` row newline `,` row … `]`.

    That a portion is JSON is for the caller to find out; if each is, the page is.
    """
    begun = ended = False
    for lines in map(bytes.strip, body.lines()):
        if not lines:
            continue
        if ended or not lines.startswith(b"," if begun else b"["):
            raise ValueError("a line of the page does not begin with a comma, or the first with [")
        ended = lines.endswith(b"]")
        rows = (lines[1:-1] if ended else lines[1:]).strip()
        if rows:
            yield rows
        elif begun or not ended:
            raise ValueError("a line of the page has no row")
        begun = True
    if not ended:
        raise ValueError("the page does not end with ]")


def _whole(body: Body) -> Iterator[bytes]:
    """The rows of a page in any framing, all at once."""
    whole = body.whole().strip()
    if not (whole.startswith(b"[") and whole.endswith(b"]")):
        raise ValueError("the page is not an array from [ to ]")
    if rows := whole[1:-1].strip():
        yield rows


def _rows(portion: bytes) -> list[Row]:
    rows = json.loads(f"[{portion.decode()}]", parse_float=_Number)
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("the page is not an array of objects")
    return list(rows)


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


def _geojson(point: Row) -> str:
    """GeoJSON text of a point, as `_text` gives it. Raises ValueError, TypeError or KeyError for anything else."""
    x, y = point["coordinates"]
    plain = len(point) == 2 and point["type"] == "Point" and type(x) in (float, int) and type(y) in (float, int)
    if plain and abs(x) < _FARTHEST and abs(y) < _FARTHEST:
        return f'{{"type":"Point","coordinates":[{x!r},{y!r}]}}'
    raise ValueError("no plain point")


def _column_name(field: str, dataset: Dataset) -> str:
    """The column of `raw` for a field that nobody declared: the field's name, if a column may have it.

    Anything else (capitals, signs, the name of a column of ours) gets what is left of it and a mark of its own.
    """
    taken = {*SYSTEM_FIELDS.values(), *dataset.columns}
    is_a_name = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", field) and len(field) < _LONGEST_NAME
    if is_a_name and field not in taken and not field.startswith(("first_soda_", "first_dlt_")):
        return field
    return _marked_name(field)


def _marked_name(field: str) -> str:
    left = re.sub(r"[^a-z0-9]+", "_", field.lower()).strip("_")[: _LONGEST_NAME - 10].rstrip("_")
    mark = hashlib.sha256(field.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"x_{left}_{mark}" if left else f"x_{mark}"


def _pair(row: Row) -> Cursor:
    updated_at, row_id = _text(row.get(":updated_at")), _text(row.get(":id"))
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
