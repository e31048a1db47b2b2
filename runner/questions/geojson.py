"""Reads the polygons of a GeoJSON file, of any of its three kinds; says plainly what is wrong where there are none.

Whether a polygon is valid, and where it lies, PostGIS judges (`runner.questions.asking`).
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from runner.errors import WrongUsageError

LARGEST = 50_000_000  # bytes
WORLD = ("CRS84", "4326")  # how the coordinate system of all GeoJSON is called in files that call it
MENDING = "Give a GeoJSON file with a polygon, such as geojson.io draws."


def polygons_of(file: str) -> list[dict[str, Any]]:
    """Every polygon and multipolygon of a file; `-` is stdin. Raises WrongUsageError."""
    name = called(file)
    content = _read(file)
    if len(content) > LARGEST:
        raise WrongUsageError(
            f"{name} is larger than {LARGEST // 1_000_000} MB.",
            remedy="Simplify its polygons, or ask about one at a time.",
        )
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
        polygons = list(_polygons(found, name))
    except RecursionError:
        _no_geojson(name, "it is nested too deeply")
    except UnicodeDecodeError:
        _no_geojson(name, "it is no UTF-8 text")
    except ValueError as error:
        _no_geojson(name, str(error))
    if not polygons:
        raise WrongUsageError(f"{name} holds no polygon.", remedy=MENDING)
    return polygons


def called(file: str) -> str:
    """A file as people would call it."""
    return "stdin" if file == "-" else Path(file).name


def _read(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST + 1)
        with Path(file).open("rb") as opened:
            return opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WrongUsageError(f"{file} cannot be read: {reason}.", remedy="Name a file that is there.") from error


def _polygons(found: Any, name: str) -> Iterator[dict[str, Any]]:
    """Depth first, in the order of the file."""
    if not isinstance(found, dict):
        raise ValueError("there is no object where one is expected")  # noqa: TRY004 - the file's fault, as all here
    _check_system(found, name)
    kind = found.get("type")
    if kind == "FeatureCollection":
        for feature in _members(found, "features"):
            yield from _polygons(feature, name)
    elif kind == "Feature":
        if found.get("geometry") is not None:
            yield from _polygons(found["geometry"], name)
    elif kind == "GeometryCollection":
        for geometry in _members(found, "geometries"):
            yield from _polygons(geometry, name)
    elif kind in ("Polygon", "MultiPolygon"):
        _check_coordinates(found.get("coordinates"), 3 if kind == "Polygon" else 4)
        if found["coordinates"]:
            yield {"type": kind, "coordinates": found["coordinates"]}
    elif kind in ("Point", "MultiPoint", "LineString", "MultiLineString"):
        raise WrongUsageError(f"{name} holds a {kind}, and no crash is inside of one.", remedy=MENDING)
    else:
        raise ValueError(f"it has the type {str(kind)[:40]!r}" if kind else "it has no type")


def _members(found: dict[str, Any], key: str) -> list[Any]:
    members = found.get(key)
    if not isinstance(members, list):
        raise ValueError(f"its {key} are no list")  # noqa: TRY004
    return members


def _check_coordinates(coordinates: Any, depth: int) -> None:
    """Depth 1 is a position, 2 a ring. PostGIS would read words as zeros, and take a ring that is open."""
    if not isinstance(coordinates, list):
        raise ValueError("its coordinates are no lists of positions")  # noqa: TRY004
    if depth > 1:
        for part in coordinates:
            _check_coordinates(part, depth - 1)
        if depth == 2 and coordinates and (len(coordinates) < 4 or coordinates[0] != coordinates[-1]):
            raise ValueError("a ring needs at least four positions, the last equal to the first")
    elif len(coordinates) < 2 or not all(_is_number(number) for number in coordinates):
        raise ValueError(f"{json.dumps(coordinates)[:60]} is no position")


def _is_number(value: Any) -> bool:
    """One that a double can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 and math.isfinite(value)


def _check_system(found: dict[str, Any], name: str) -> None:
    """Until 2016 a file could name another coordinate system; GDAL still writes such."""
    if (system := found.get("crs")) is None:
        return
    text = json.dumps(system)
    if not any(world in text for world in WORLD):
        raise WrongUsageError(
            f"{name} is in another coordinate system than WGS 84: {text[:80]}.",
            remedy="Reproject it: `ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES new.geojson old.geojson`.",
        )


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _no_geojson(name: str, reason: str) -> NoReturn:
    raise WrongUsageError(f"{name} is no GeoJSON: {reason.rstrip('.')}.", remedy=MENDING)
