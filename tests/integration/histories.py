"""The histories beside their final tables: what a table shows now, and what its history tells of an instant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HISTORIES = {
    "crash_versions": ("crashes", "crash_record_id"),
    "people_versions": ("people", "person_id"),
    "vehicle_versions": ("vehicles", "crash_unit_id"),
    "fatality_versions": ("vision_zero_fatalities", "fatality_id"),
}
AS_OF = "valid_from <= %s and (valid_to > %s or valid_to is null)"

Query = Callable[..., list[tuple[Any, ...]]]
Shown = dict[str, list[tuple[Any, ...]]]


def shown_now(query: Query) -> Shown:
    """Which version of each row the final tables show."""
    return {
        history: query(f"select {key}::text, row_hash from marts.{table} where deleted_at is null order by 1")
        for history, (table, key) in HISTORIES.items()
    }


def shown_then(query: Query, instant: Any) -> Shown:
    """The same, as the histories tell it of an instant."""
    return {
        history: query(
            f"select {key}::text, row_hash from history.{history} where {AS_OF} order by 1", instant, instant
        )
        for history, (_, key) in HISTORIES.items()
    }
