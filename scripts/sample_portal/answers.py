"""A parsed query and a dataset to the bytes of the answer, streamed.

The stream is framed as the portal frames it: `[` row `\\n,` row … `]\\n`, an empty page `[]\\n`, nulls left out.
The client's main query, `:*,*` page by page, takes the short way: slices of the row file behind their system fields.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

from . import moments
from .columns import BOOLEAN, FIXED, FLOATING, NUMBER, POINT, ROW_ID, ROW_VERSION, SYSTEM_TYPES
from .dataset import StoredDataset
from .ids import Permutation
from .soql import Node, Query, Selection
from .sql import Compiler, Output, Sql, Value, check_grouping, order_by, outputs

# rows fetched, joined and sent at once: about three megabytes of crashes
_PIECE = 2000
_ROW = "id, version, created_at, updated_at, start, length"


@dataclass(frozen=True)
class Lines:
    """The text of each clause, for error messages."""

    select: str = ""
    where: str = ""
    group: str = ""
    having: str = ""
    order: str = ""


@dataclass(frozen=True)
class Answer:
    fields: list[str]
    types: list[str]
    pieces: Callable[[], Iterator[bytes]]


def answer(stored: StoredDataset, query: Query, lines: Lines) -> Answer:
    """The answer's columns now, its rows when asked for. Raises `QueryError` for what the query gets wrong."""
    schema = stored.schema
    aliases: dict[str, Node] = {item.alias: item.expression for item in query.selection.items if item.alias is not None}
    selecting = Compiler(schema, lines.select)
    columns = outputs(query.selection.items, selecting)
    grouping = [Compiler(schema, lines.group, aliases).expression(node) for node in query.group]
    aggregates = check_grouping(query, Compiler(schema, lines.select, aliases))
    where = None if query.where is None else Compiler(schema, lines.where).condition(query.where)
    having = None if query.having is None else Compiler(schema, lines.having, aliases).condition(query.having)
    order = order_by(query.order, Compiler(schema, lines.order, aliases))
    statement = _statement(query, columns, aggregates, where, grouping, having, order)

    fields, types = [], []
    if query.selection.system_star:
        fields += list(SYSTEM_TYPES)
        types += list(SYSTEM_TYPES.values())
    if query.selection.user_star:
        fields += [column.field for column in schema.columns]
        types += [column.type for column in schema.columns]
    fields += [column.alias for column in columns]
    types += [column.sql.type for column in columns]

    def pieces() -> Iterator[bytes]:
        with closing(stored.connect()) as connection:
            cursor = connection.execute(statement.text, statement.values)
            yield from _framed(_rows(stored, query.selection, columns, cursor))

    return Answer(fields, types, pieces)


def _statement(
    query: Query,
    columns: tuple[Output, ...],
    aggregates: bool,
    where: Sql | None,
    grouping: list[Sql],
    having: Sql | None,
    order: Sql,
) -> Sql:
    values: list[Value] = []

    def put(prefix: str, *parts: Sql) -> str:
        values.extend(value for part in parts for value in part.values)
        return f" {prefix} " + ", ".join(part.text for part in parts) if parts else ""

    stars = query.selection.system_star or query.selection.user_star
    text = "select" + (" distinct" if query.selection.distinct else "")
    text += f" {_ROW}{',' if columns else ''}" if stars else ""
    text += put("", *(column.sql for column in columns)) + " from portal_rows"
    text += put("where", where) if where else ""
    text += put("group by", *grouping)
    if having and not grouping:
        text += " group by null"
    text += put("having", having) if having else ""
    text += put("order by", order) if order.text else ("" if aggregates else " order by counter")
    text += " limit ? offset ?"
    values += [-1 if query.limit is None else query.limit, query.offset]
    return Sql(text, "", tuple(values))


def _framed(batches: Iterator[list[bytes | memoryview]]) -> Iterator[bytes]:
    """Rows arrive each with its `\\n,` in front; the very first one gets the bracket instead."""
    empty = True
    for rows in batches:
        if empty:
            rows[0] = b"[" + bytes(rows[0][2:])
            empty = False
        yield b"".join(rows)
    yield b"[]\n" if empty else b"]\n"


def _rows(
    stored: StoredDataset, selection: Selection, columns: tuple[Output, ...], cursor: sqlite3.Cursor
) -> Iterator[list[bytes | memoryview]]:
    stamps: dict[tuple[int, int], bytes] = {}
    read, cut = stored.texts.read, stored.texts.slice

    def stamp(created: int, updated: int) -> bytes:
        text = f'","{":created_at"}":"{moments.fixed(created)}","{":updated_at"}":"{moments.fixed(updated)}"'
        return stamps.setdefault((created, updated), text.encode())

    renderers = [_renderer(column, stored.ids) for column in columns]
    starred = selection.system_star or selection.user_star
    while batch := cursor.fetchmany(_PIECE):
        rows: list[bytes | memoryview] = []
        if selection.system_star and selection.user_star and not columns:
            for shown, version, created, updated, start, length in batch:
                times = stamps.get((created, updated)) or stamp(created, updated)
                rows.append(b'\n,{":id":"%b",":version":"%b%b' % (shown, version, times))
                rows.append(cut(start, length))
        else:
            for record in batch:
                text = b""
                if selection.system_star:
                    shown, version, created, updated = record[:4]
                    text += b',":id":"%b",":version":"%b%b' % (shown, version, stamp(created, updated))
                if selection.user_star:
                    text += read(record[4], record[5])[:-1]
                for render, value in zip(renderers, record[6:] if starred else record, strict=True):
                    if value is not None:
                        text += render(value)
                rows.append(b"\n,{" + text[1:] + b"}")
        yield rows


def _renderer(column: Output, ids: Permutation) -> Callable[[object], bytes]:
    """A function from an SQLite value to `,"alias":value`."""
    head = b"," + json.dumps(column.alias).encode() + b":"
    renderers: dict[str, Callable[..., str]] = {
        NUMBER: lambda value: f'"{_plain(value)}"',
        FIXED: lambda value: f'"{moments.fixed(value)}"',
        FLOATING: lambda value: f'"{moments.floating(value)}"',
        BOOLEAN: lambda value: "true" if value else "false",
        ROW_ID: lambda value: f'"{ids.show(value)}"',
        ROW_VERSION: lambda value: f'"{value.decode()}"',
        POINT: lambda value: str(value.decode()),
    }
    if column.sql.form == "json":
        return lambda value: head + _bytes(value)
    if column.sql.form == "shown":
        return lambda value: head + b'"' + _bytes(value) + b'"'
    render = renderers.get(column.sql.type, _json_text)
    return lambda value: head + render(value).encode("utf-8", "surrogatepass")


def _json_text(value: object) -> str:
    return json.dumps(_text(value), ensure_ascii=False)


def _plain(value: object) -> str:
    """A number without an exponent, as the portal writes it."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return _text(value)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
