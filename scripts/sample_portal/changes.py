"""The publisher's moves on a served dataset, with their effect on the system fields as SODA has it.

An update keeps `:id` and `:created_at` and moves `:updated_at` and `:version` even when nothing differs; a replace
renews all four; a deletion leaves no trace. All rows of one move carry one `:updated_at`, the start of the
transaction: now, unless the caller names a moment, as a publisher whose replica lags would show an earlier one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from . import moments, rowtext
from .columns import FLOATING, NUMBER, POINT, TEXT, Column, display_name
from .dataset import DROP_INDEX, INDEX, KEY_INDEX, ROWS_TABLE, State, StoredDataset, save
from .errors import HttpError, PortalError
from .given import crash_date_of, key_of
from .soql import parse_expression
from .sql import Compiler, Sql

_UPDATE = (
    "update portal_rows set version = ?, updated_at = ?, crash_date = ?, key = ?, start = ?, length = ?"
    " where counter = ?"
)
_REPLACE = """
insert into portal_rows
select
    counter + ?1, shown_id(counter + ?1), shown_version(counter + ?2), ?3, ?3, crash_date, key, start, length
from portal_rows_before
order by counter
"""
_INSERT = "insert into portal_rows values (?, ?, ?, ?, ?, ?, ?, ?, ?)"


def upsert(stored: StoredDataset, rows: Sequence[dict[str, Any]], at: int | None = None) -> dict[str, Any]:
    """Each row by `:id` if it has one, else by the business key; fields that a row leaves out keep their values."""
    inserted = updated = 0
    with stored.changing() as (connection, state):
        if stored.dataset.key:
            connection.execute(KEY_INDEX)
        moment = _start(state, at)
        positions = {column.field: place for place, column in enumerate(state.columns)}
        counter, version = state.next_counter, state.next_version
        for row in rows:
            _check_fields(stored, row, positions)
            given = {field: rowtext.raw(value) for field, value in row.items() if not field.startswith(":id")}
            found = _find(stored, connection, row, given)
            if found:
                given = {**dict(rowtext.body_pairs(stored.texts.read(found[1], found[2]))), **given}
            fields = rowtext.ordered([pair for pair in given.items() if pair[1] != "null"], positions)
            text = rowtext.body(fields)
            place = (crash_date_of(fields), key_of(stored.dataset, fields), stored.texts.append(text), len(text))
            shown = stored.versions.show(version).encode()
            version += 1
            if found:
                connection.execute(_UPDATE, (shown, moment, *place, found[0]))
                updated += 1
            else:
                identity = (counter, stored.ids.show(counter).encode(), shown)
                connection.execute(_INSERT, (*identity, moment, moment, *place))
                counter += 1
                inserted += 1
        save(connection, _touched(replace(state, next_counter=counter, next_version=version), moment))
    return {"inserted": inserted, "updated": updated, "at": moments.fixed(moment)}


def restamp(stored: StoredDataset, where: str | None = None, at: int | None = None) -> dict[str, Any]:
    """Upsert rows with what they already hold: new `:updated_at` and `:version`, nothing else."""
    condition = _condition(stored, where)
    # the condition is compiled SoQL: its literals are bound
    statement = (
        "update portal_rows set version = shown_version(counter + ?), updated_at = ? where " + condition.text  # noqa: S608
    )
    with stored.changing() as (connection, state):
        moment = _start(state, at)
        with _rebuilt_index(connection, needed=not where):
            updated = connection.execute(statement, (state.next_version, moment, *condition.values)).rowcount
        next_version = state.next_version + state.next_counter
        save(connection, _touched(replace(state, next_version=next_version), moment))
    return {"updated": updated, "at": moments.fixed(moment)}


def replace_all(stored: StoredDataset, at: int | None = None) -> dict[str, Any]:
    """Publish the same contents as a new copy: every `:id`, `:version`, `:created_at` and `:updated_at` is new."""
    with stored.changing() as (connection, state):
        moment = _start(state, at)
        with _rebuilt_index(connection, needed=True):
            connection.execute("alter table portal_rows rename to portal_rows_before")
            connection.execute(ROWS_TABLE)
            replaced = connection.execute(_REPLACE, (state.next_counter, state.next_version, moment)).rowcount
            connection.execute("drop table portal_rows_before")
        next_counter, next_version = 2 * state.next_counter, state.next_version + state.next_counter
        save(connection, _touched(replace(state, next_counter=next_counter, next_version=next_version), moment))
    return {"replaced": replaced, "at": moments.fixed(moment)}


@contextmanager
def _rebuilt_index(connection: sqlite3.Connection, *, needed: bool) -> Iterator[None]:
    """Make the index anew after a change of every row, which is several times faster than to keep it meanwhile."""
    if needed:
        connection.execute(DROP_INDEX)
    yield
    if needed:
        connection.execute(INDEX)


def delete(stored: StoredDataset, where: str) -> dict[str, Any]:
    condition = _condition(stored, where)
    doomed = "delete from portal_rows where " + condition.text  # noqa: S608 - compiled SoQL, its literals bound
    with stored.changing() as (connection, state):
        deleted = connection.execute(doomed, condition.values).rowcount
        save(connection, _touched(state))
    return {"deleted": deleted}


def add_column(stored: StoredDataset, field: str, kind: str = TEXT, name: str | None = None) -> dict[str, Any]:
    """A new column, null in every row until an upsert fills it."""
    if kind not in (TEXT, NUMBER, FLOATING, POINT):
        raise PortalError(f"A column cannot be a {kind}. Give text, number, floating_timestamp or point.")
    with stored.changing() as (connection, state):
        if any(column.field == field for column in state.columns):
            raise PortalError(f"{stored.dataset.slug} already has a column {field}. Give another name.")
        columns = (*state.columns, Column(field, kind, name or display_name(field)))
        save(connection, _touched(replace(state, columns=columns)))
    return {"columns": len(columns)}


def drop_column(stored: StoredDataset, field: str) -> dict[str, Any]:
    """A column gone, as portals do it: no row is stamped, its values are simply no longer there."""
    with stored.changing() as (connection, state):
        columns = tuple(column for column in state.columns if column.field != field)
        if len(columns) == len(state.columns):
            raise PortalError(f"{stored.dataset.slug} has no column {field}, so it cannot be dropped.")
        for counter, start, length in _places(connection):
            pairs = rowtext.body_pairs(stored.texts.read(start, length))
            text = rowtext.body(pair for pair in pairs if pair[0] != field)
            place = (stored.texts.append(text), len(text), counter)
            connection.execute("update portal_rows set start = ?, length = ? where counter = ?", place)
        save(connection, _touched(replace(state, columns=columns)))
    return {"columns": len(columns)}


def _start(state: State, at: int | None) -> int:
    return max(moments.now(), state.stamped_at + 1) if at is None else at


def _touched(state: State, stamped_at: int = 0) -> State:
    """`rowsUpdatedAt` has whole seconds; each change moves it, so that no change hides behind the one before."""
    modified_at = max(moments.now(), state.modified_at + 1000)
    return replace(state, modified_at=modified_at, stamped_at=max(stamped_at, state.stamped_at))


def _condition(stored: StoredDataset, where: str | None) -> Sql:
    if not where:
        return Sql("true", "boolean")
    try:
        return Compiler(stored.schema, where).condition(parse_expression(where))
    except HttpError as error:
        raise PortalError(f"The condition is no SoQL over {stored.dataset.slug}: {error.message}") from None


def _check_fields(stored: StoredDataset, row: dict[str, Any], positions: dict[str, int]) -> None:
    unknown = [field for field in row if field != ":id" and field not in positions]
    if unknown:
        slug, names = stored.dataset.slug, ", ".join(unknown)
        raise PortalError(f"{slug} has no column {names}. Add it first (add_column), or leave it out of the row.")


def _find(
    stored: StoredDataset, connection: sqlite3.Connection, row: dict[str, Any], given: dict[str, str]
) -> tuple[int, int, int] | None:
    """Counter and text address of the row that an upsert would hit."""
    query = "select counter, start, length from portal_rows where "
    if ":id" in row:
        try:
            counter = stored.ids.read(str(row[":id"]))
        except ValueError:
            raise PortalError(f"{row[':id']!r} is no :id of {stored.dataset.slug}. Take one that it served.") from None
        found = connection.execute(query + "counter = ?", (counter,)).fetchone()
        if found is None:
            raise PortalError(f"{stored.dataset.slug} has no row {row[':id']}. Leave :id out to insert one.")
    else:
        key = key_of(stored.dataset, list(given.items()))
        found = None if key is None else connection.execute(query + "key = ? limit 1", (key,)).fetchone()
    return found and tuple(found)


def _places(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int]]:
    yield from connection.execute("select counter, start, length from portal_rows").fetchall()
