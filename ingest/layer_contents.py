"""What readers of the several formats have in common: what they hand over, and values as JSON can hold them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any


class WrongContentsError(Exception):
    """A file is not what its format wants; said as the end of a sentence about the file."""


@dataclass(frozen=True)
class Contents:
    """All features of a file in its order: `rows` and `geometries` (2D WKB, or None) are as long as one another.

    `types` has the fields in the file's order. `crs` is "EPSG:…", the WKT or the name of something else, or None.
    """

    types: dict[str, str]
    rows: list[dict[str, Any]]
    geometries: list[bytes | None]
    crs: str | None
    flattened: int = 0
    curved_linearised: int = 0


def json_value(value: Any) -> Any:
    """As jsonb takes it: dates as ISO text, bytes as hex; without NUL, lone surrogates, and numbers that are none."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {json_value(str(key)): json_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    return str(value)
