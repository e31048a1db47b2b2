"""The deaths among the events, worded as rows of the Vision Zero dataset with its careless keys.

A few hundred rows: plain Python. `person_id` is blank, `UNK` or another death's in some rows, and two rows may be
equal in every column and still be two people.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import moments
from . import domains
from .crashes import CrashWords, Places
from .events import FATAL, Events
from .fragments import Numbers, fragment

_SINCE = moments.read_floating("2017-01-01")
_BLANK_ID, _UNKNOWN_ID, _REUSED_ID = 0.028, 0.003, 0.004
_TOLD = 0.13
_CIRCUMSTANCES = (
    "DRIVER STRUCK PEDESTRIAN IN ROADWAY.",
    "DRIVER STRUCK PEDESTRIAN IN CROSSWALK.",
    "UNIT 1 DISREGARDED TRAFFIC SIGNAL AND STRUCK UNIT 2.",
)
_VICTIMS = {"DRIVER": "DRIVER", "PASSENGER": "PASSENGER", "PEDESTRIAN": "PEDESTRIAN", "BICYCLE": "CYCLIST"}
Row = dict[str, object]


def fatalities(
    events: Events, person_ids: list[str], places: Places, words: CrashWords, random: np.random.Generator
) -> Iterator[Row]:
    """`person_ids` are those of all people of the chunk."""
    for person in np.flatnonzero(events.injury == FATAL):
        crash = events.person_crash[person]
        if events.dates[crash] < _SINCE:
            continue
        north, west = (round(int(value) / 1e9, 8) for value in (places.north[crash], places.west[crash]))
        chance = random.random(3)
        victim = _VICTIMS[domains.PERSON_TYPES[events.person_type[person]]]
        yield {
            "person_id": person_ids[person],
            "crash_date": moments.floating(int(events.dates[crash])),
            "crash_location": words.address(places, crash),
            "victim": "MOTORCYCLIST" if victim == "DRIVER" and chance[0] < 0.2 else victim,
            "crash_circumstances": _CIRCUMSTANCES[int(chance[1] * 3)] if chance[2] < _TOLD else None,
            "longitude": f"-{west}",
            "latitude": f"{north}",
            "geocoded_column": {"type": "Point", "coordinates": [-west, north]},
        }


def spoiled(rows: list[Row], random: np.random.Generator) -> list[Row]:
    """The same deaths with the defects of the real dataset; where there are ten, two of them are equal rows."""
    chances: Numbers = random.random(len(rows))
    known = rows[0]["person_id"] if rows else None
    for row, chance in zip(rows, chances, strict=True):
        if chance < _BLANK_ID:
            row["person_id"] = None
        elif chance < _BLANK_ID + _UNKNOWN_ID:
            row["person_id"] = "UNK"
        elif chance < _BLANK_ID + _UNKNOWN_ID + _REUSED_ID:
            row["person_id"] = known
    if len(rows) >= 10:
        rows[5] = {**rows[5], "person_id": None}
        rows[6] = dict(rows[5])
        rows[8]["person_id"] = rows[7]["person_id"]
    return rows


def body(row: Row) -> bytes:
    return ("".join(fragment(field, value) for field, value in row.items()) + "}").encode()
