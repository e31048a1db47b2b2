"""Looks through the geometries of a layer file, as WKB: of which kind they are, and whether they lie on this world."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import numpy as np

from ingest.errors import LayerFileError

POINT, LINE, POLYGON, COLLECTION = 1, 2, 3, 7
KINDS = {1: "point", 4: "point", 2: "line", 5: "line", 3: "polygon", 6: "polygon"}


def is_empty(wkb: bytes) -> bool:
    """WKB has no empty point: by agreement it is one of coordinates that are no numbers."""
    return all(not len(pairs) or (kind == POINT and bool(np.isnan(pairs).all())) for kind, pairs in _runs(wkb))


def check(file: str, geometries: Sequence[tuple[int, bytes]], *, geographic: bool) -> str:
    """polygon, line or point. Raises LayerFileError for mixed kinds, for coordinates that are no numbers or nowhere.

    `geometries` come with the numbers of their features. What crosses the antimeridian is taken as it is.
    """
    kinds: dict[str, int] = {}
    broken: dict[int, None] = {}
    low, high = np.array([np.inf, np.inf]), np.array([-np.inf, -np.inf])
    for ordinal, wkb in geometries:
        for kind, pairs in _runs(wkb):
            kinds.setdefault(KINDS[kind], ordinal)
            if not np.isfinite(pairs).all():
                broken[ordinal] = None
            elif len(pairs):
                low, high = np.minimum(low, pairs.min(axis=0)), np.maximum(high, pairs.max(axis=0))
    if broken:
        features = f"{len(broken):,} features; the first is" if len(broken) > 1 else "one feature:"
        raise LayerFileError(
            f"{file} has coordinates that are no numbers, in {features} number {next(iter(broken))}.",
            remedy="Correct or remove them.",
        )
    if len(kinds) > 1:
        told = " and ".join(f"{kind}s (feature {ordinal})" for kind, ordinal in kinds.items())
        raise LayerFileError(f"{file} mixes {told}.", remedy="Make a layer of each kind.")
    if geographic:
        _check_world(file, low, high)
    return next(iter(kinds))


def without_collections(wkb: bytes) -> bytes:
    """A collection of polygons is a multipolygon, and so on. To be called for geometries of one kind only."""
    order, kind = _head(wkb, 0)
    if kind != COLLECTION:
        return wkb
    parts: list[tuple[int, bytes]] = []
    _simple(wkb, 0, parts)
    byte = "<" if order == "<" else ">"
    head = wkb[:1] + struct.pack(f"{byte}II", parts[0][0] + 3, len(parts))
    return head + b"".join(part for _, part in parts)


def _check_world(file: str, low: np.ndarray, high: np.ndarray) -> None:
    (west, south), (east, north) = low, high
    if west >= 41 and east <= 43 and south >= -89 and north <= -87:
        raise LayerFileError(
            f"{file} has longitude and latitude in each other's place ({west:.3f}, {south:.3f}).",
            remedy="Longitude comes first: [-87.63, 41.88].",
        )
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise LayerFileError(
            f"{file} is outside of the world: it reaches from {west:.9g}, {south:.9g} to {east:.9g}, {north:.9g}.",
            remedy="These should be degrees; a file in feet or metres must say so: "
            "ogr2ogr -a_srs EPSG:3435 new.gpkg old-file",
        )


def _runs(wkb: bytes) -> Iterator[tuple[int, np.ndarray]]:
    """Every run of coordinates (pairs) with the kind of the simple geometry that it is in."""
    parts: list[tuple[int, bytes]] = []
    if _head(wkb, 0)[1] in (POINT, LINE, POLYGON):
        parts.append((_head(wkb, 0)[1], wkb))  # spares a large one a copy
    else:
        _simple(wkb, 0, parts)
    for kind, part in parts:
        order = _head(part, 0)[0]
        if kind == POINT:
            yield kind, _pairs(part, 5, 1, order)
        elif kind == LINE:
            yield kind, _pairs(part, 9, _count(part, 5, order), order)
        else:
            at = 9
            for _ in range(_count(part, 5, order)):
                corners = _count(part, at, order)
                yield kind, _pairs(part, at + 4, corners, order)
                at += 4 + 16 * corners


def _simple(wkb: bytes, at: int, found: list[tuple[int, bytes]]) -> int:
    """Adds the points, lines and polygons of which the geometry at `at` is made; returns where it ends.

    OGC 06-103r4, 8.2: byte order, type, and what that type is made of; here in two dimensions and without curves.
    """
    start = at
    order, kind = _head(wkb, at)
    at += 5
    if kind == POINT:
        at += 16
    elif kind == LINE:
        at += 4 + 16 * _count(wkb, at, order)
    elif kind == POLYGON:
        rings, at = _count(wkb, at, order), at + 4
        for _ in range(rings):
            at += 4 + 16 * _count(wkb, at, order)
    else:
        members, at = _count(wkb, at, order), at + 4
        for _ in range(members):
            at = _simple(wkb, at, found)
        return at
    found.append((kind, wkb[start:at]))
    return at


def _head(wkb: bytes, at: int) -> tuple[str, int]:
    order = "<" if wkb[at] == 1 else ">"
    kind = _count(wkb, at + 1, order)
    if not POINT <= kind <= COLLECTION:  # a triangle, a surface of many faces: no map layer has them
        raise ValueError(f"geometries of type {kind} of WKB")
    return order, kind


def _count(wkb: bytes, at: int, order: str) -> int:
    (count,) = struct.unpack_from(f"{order}I", wkb, at)
    return int(count)


def _pairs(wkb: bytes, at: int, count: int, order: str) -> np.ndarray:
    return np.frombuffer(wkb, dtype=f"{order}f8", count=2 * count, offset=at).reshape(-1, 2)
