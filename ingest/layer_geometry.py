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
    return all(not len(part) or (kind == POINT and bool(np.isnan(part).all())) for kind, part in _parts(bytes(wkb)))


def check(file: str, geometries: Sequence[tuple[int, bytes]], *, geographic: bool) -> str:
    """polygon, line or point. Raises LayerFileError for mixed kinds, for coordinates that are no numbers or nowhere."""
    kinds: dict[str, int] = {}
    broken: list[int] = []
    low, high = np.array([np.inf, np.inf]), np.array([-np.inf, -np.inf])
    for ordinal, wkb in geometries:
        for kind, part in _parts(bytes(wkb)):
            kinds.setdefault(KINDS[kind], ordinal)
            if not np.isfinite(part).all():
                broken.append(ordinal)
            elif len(part):
                low, high = np.minimum(low, part.min(axis=0)), np.maximum(high, part.max(axis=0))
    if broken:
        count = len(set(broken))
        raise LayerFileError(
            f"{file} has coordinates that are no numbers, in {count} features; the first is number {broken[0]}.",
            remedy="Correct or remove these features.",
        )
    if len(kinds) > 1:
        told = " and ".join(f"{kind}s (feature {ordinal})" for kind, ordinal in kinds.items())
        raise LayerFileError(f"{file} mixes {told}.", remedy="Make a layer of each kind.")
    if geographic:
        _check_world(file, low, high)
    return next(iter(kinds))


def _check_world(file: str, low: np.ndarray, high: np.ndarray) -> None:
    (west, south), (east, north) = low, high
    if west >= 41 and east <= 43 and south >= -89 and north <= -87:
        raise LayerFileError(
            f"{file} has longitude and latitude in each other's place ({west:.3f}, {south:.3f}).",
            remedy="GeoJSON wants the longitude first: [-87.63, 41.88].",
        )
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise LayerFileError(
            f"{file} is outside of the world: it reaches from {west:.0f}, {south:.0f} to {east:.0f}, {north:.0f}.",
            remedy="These should be degrees; a file in feet or metres must say so: ogr2ogr -a_srs EPSG:3435 …",
        )


def _parts(wkb: bytes) -> Iterator[tuple[int, np.ndarray]]:
    """Every run of coordinates (pairs) with the kind of the simple geometry that it is in."""
    yield from _walk(wkb, 0)[1]


def _walk(wkb: bytes, at: int) -> tuple[int, list[tuple[int, np.ndarray]]]:
    """OGC 06-103r4, 8.2: byte order, type, and what that type is made of; in two dimensions, as GDAL was asked."""
    order = "<" if wkb[at] == 1 else ">"
    (kind,) = struct.unpack_from(f"{order}I", wkb, at + 1)
    kind, at = (kind & 0xFF) if kind < 1000 or kind > 4000 else kind % 1000, at + 5
    if kind == POINT:
        return at + 16, [(POINT, _numbers(wkb, at, 1, order))]
    (count,) = struct.unpack_from(f"{order}I", wkb, at)
    at += 4
    if kind == LINE:
        return at + 16 * count, [(LINE, _numbers(wkb, at, count, order))]
    found: list[tuple[int, np.ndarray]] = []
    for _ in range(count):
        if kind == POLYGON:
            (corners,) = struct.unpack_from(f"{order}I", wkb, at)
            found.append((POLYGON, _numbers(wkb, at + 4, corners, order)))
            at += 4 + 16 * corners
        else:
            at, inner = _walk(wkb, at)
            found += inner
    return at, found


def _numbers(wkb: bytes, at: int, count: int, order: str) -> np.ndarray:
    return np.frombuffer(wkb, dtype=f"{order}f8", count=2 * count, offset=at).reshape(-1, 2)
