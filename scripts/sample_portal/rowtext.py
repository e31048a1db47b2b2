"""The JSON text of one row: taken apart and put together without touching the bytes of its values.

What a row's values look like on the wire is what they looked like when they were given: escapes, number formats and
even duplicate keys stay, so that hostile rows reach a client as they are. Null fields are left out.
A body is the text after the system fields, `,"a":"b",…}`: with a leading comma, so that it can follow them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]

_decoder = json.JSONDecoder()

Pairs = list[tuple[str, str]]


def pairs(text: str) -> Pairs:
    """A JSON object's fields with the raw text of each value; ValueError when the text is no object."""
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("not a JSON object")
    found: Pairs = []
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return found
    while True:
        if text[at : at + 1] != '"':
            raise ValueError(f"expected a field name at character {at}")
        field, at = scanstring(text, at + 1)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise ValueError(f"expected a colon at character {at}")
        start = _skip(text, at + 1)
        _, at = _decoder.raw_decode(text, start)
        if text[start:at] != "null":
            found.append((field, text[start:at]))
        at = _skip(text, at)
        mark = text[at : at + 1]
        at = _skip(text, at + 1)
        if mark == "}" and at == len(text):
            return found
        if mark != ",":
            raise ValueError(f"expected a comma or the end of the object at character {at}")


def body(fields: Iterable[tuple[str, str]]) -> bytes:
    text = "".join(f",{json.dumps(field)}:{raw}" for field, raw in fields) + "}"
    return text.encode("utf-8", "surrogatepass")


def body_pairs(stored: bytes) -> Pairs:
    text = stored.decode("utf-8", "surrogatepass")
    return pairs("{" + text.removeprefix(","))


def ordered(fields: Pairs, positions: Mapping[str, int]) -> Pairs:
    """In the dataset's column order; fields that it does not know follow in their own order."""
    return sorted(fields, key=lambda pair: positions.get(pair[0], len(positions)))


def raw(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
