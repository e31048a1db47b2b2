"""Reads GeoJSON (RFC 7946) with Python's own parser: values stay as they stand in the file, and nothing else happens.

Not with GDAL: for a polygon of 220 MB it needs 3.3 GB and three readings, this 1.6 GB and 7 s (2 cores, 2026-11-27).
It also opens what a legacy `crs` of type link points to, takes a system it does not know for EPSG:4326, and hands other
kinds of JSON to other drivers. Whether the coordinates make sense is left to `layer_geometry`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from ingest.layer_contents import Contents, WrongContentsError, json_value

SHAPES = {"Point": 1, "LineString": 2, "Polygon": 3, "MultiPoint": 4, "MultiLineString": 5, "MultiPolygon": 6}
COLLECTION = "GeometryCollection"
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")

# "urn:ogc:def:crs:EPSG::3435", "EPSG:3435"; the name is only ever read, never looked up
EPSG = re.compile(r"(?:urn:(?:ogc|x-ogc):def:crs:)?EPSG:(?:[\d.]*:)?(\d+)", re.IGNORECASE)
CRS84 = re.compile(r"(?:urn:(?:ogc|x-ogc):def:crs:)?OGC:(?:[\d.]*:)?CRS84", re.IGNORECASE)


class _Feature:
    """A feature whose coordinates are WKB already, so that the lists of the parser live for one feature only."""

    __slots__ = ("flattened", "properties", "wkb")

    def __init__(self, parsed: dict[str, Any]) -> None:
        properties = parsed.get("properties")
        self.properties = properties if isinstance(properties, dict) else {}
        self.flattened = False
        geometry = parsed.get("geometry")
        self.wkb = None if geometry is None else self._encoded(geometry)

    def _encoded(self, geometry: Any) -> bytes:
        if not isinstance(geometry, dict):
            raise WrongContentsError("a geometry that is no object")
        kind = geometry.get("type")
        if kind == COLLECTION:
            return _header(7) + _counted([self._encoded(each) for each in _list(geometry.get("geometries"))])
        if kind not in SHAPES:
            raise WrongContentsError(f"a geometry of type {str(kind)[:40]!r}, which GeoJSON does not know")
        coordinates, code = _list(geometry.get("coordinates")), SHAPES[kind]
        if code <= 3:
            return self._simple(code, coordinates)
        return _header(code) + _counted([self._simple(code - 3, _list(each)) for each in coordinates])

    def _simple(self, code: int, coordinates: list[Any]) -> bytes:
        if code == 1:
            points = self._pairs([coordinates]) if coordinates else np.full((1, 2), np.nan)
            return _header(1) + points.tobytes()
        if code == 2:
            return _header(2) + _run(self._pairs(coordinates))
        return _header(3) + _counted([_run(_closed(self._pairs(_list(ring)))) for ring in coordinates])

    def _pairs(self, positions: list[Any]) -> np.ndarray:
        """What is over the second number is height: left out, and told."""
        if not positions:
            return np.empty((0, 2), "<f8")
        try:
            try:
                numbers = np.array(positions, dtype="<f8")
            except ValueError:  # some with a height, some without
                numbers = np.array([position[:2] for position in positions], dtype="<f8")
                self.flattened = True
        except (TypeError, ValueError, OverflowError) as error:
            raise WrongContentsError("a position that is no list of numbers") from error
        if numbers.ndim != 2 or numbers.shape[1] < 2:
            raise WrongContentsError("a position that is no pair of numbers")
        self.flattened |= numbers.shape[1] > 2
        return numbers[:, :2]


def read(path: Path) -> Contents:
    """Raises WrongContentsError for what is not GeoJSON."""
    try:
        parsed = json.loads(path.read_bytes().decode("utf-8-sig"), object_hook=_hook)
    except UnicodeDecodeError as error:
        raise WrongContentsError(f"byte {error.start + 1:,} is no UTF-8") from error
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise WrongContentsError("more than one JSON document; put the features into one collection") from error
        raise WrongContentsError(f"the JSON breaks off or is wrong at line {error.lineno}, {error.colno:,}") from error
    except RecursionError as error:
        raise WrongContentsError("JSON that is nested too deep") from error
    except ValueError as error:
        raise WrongContentsError("a number that is too long") from error
    features, crs = _features(parsed)
    names = list(dict.fromkeys(name for each in features for name in each.properties))
    rows = [{str(json_value(name)): json_value(each.properties.get(name)) for name in names} for each in features]
    kept = list(dict.fromkeys(str(json_value(name)) for name in names))
    return Contents(
        types={name: _type([row[name] for row in rows]) for name in kept},
        rows=rows,
        geometries=[each.wkb for each in features],
        crs=crs,
        flattened=sum(each.flattened for each in features),
    )


def _hook(parsed: dict[str, Any]) -> Any:
    return _Feature(parsed) if parsed.get("type") == "Feature" else parsed


def _features(parsed: Any) -> tuple[list[_Feature], str]:
    if isinstance(parsed, _Feature):
        return [parsed], "EPSG:4326"
    if not isinstance(parsed, dict):
        raise WrongContentsError("it is JSON, but no object")
    crs = _crs(parsed.get("crs"))
    kind = parsed.get("type")
    if kind in SHAPES or kind == COLLECTION:
        return [_Feature({"geometry": parsed})], crs
    if kind != "FeatureCollection":
        raise WrongContentsError(f"its type is {str(kind)[:40]!r}, not FeatureCollection")
    features = _list(parsed.get("features"))
    if not all(isinstance(each, _Feature) for each in features):
        raise WrongContentsError("something that is no feature stands among its features")
    return features, crs


def _crs(said: Any) -> str:
    """The file's own, which was allowed before RFC 7946 (2016) and is still written; else EPSG:4326."""
    if said is None:
        return "EPSG:4326"
    properties = said.get("properties") if isinstance(said, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and CRS84.fullmatch(name):
        return "EPSG:4326"
    if isinstance(name, str) and (match := EPSG.fullmatch(name)):
        return f"EPSG:{match[1]}"
    return str(name or json.dumps(said))[:60]


def _type(values: list[Any]) -> str:
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, bool) for value in there):
        return "true or false"
    if there and all(isinstance(value, int | float) and not isinstance(value, bool) for value in there):
        return "number"
    if there and all(isinstance(value, str) and ISO_DATE.fullmatch(value) for value in there):
        return "date"
    return "text"


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise WrongContentsError("a list is missing where GeoJSON has one")
    return value


def _header(code: int) -> bytes:
    return b"\x01" + code.to_bytes(4, "little")


def _counted(parts: list[bytes]) -> bytes:
    return len(parts).to_bytes(4, "little") + b"".join(parts)


def _run(pairs: np.ndarray) -> bytes:
    return len(pairs).to_bytes(4, "little") + pairs.tobytes()


def _closed(ring: np.ndarray) -> np.ndarray:
    """PostGIS takes no ring whose last point is not its first; people forget it."""
    return ring if len(ring) == 0 or (ring[0] == ring[-1]).all() else np.vstack([ring, ring[:1]])
