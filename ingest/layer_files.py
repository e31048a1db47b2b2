"""Reads a layer from a user's file: GeoJSON, a zipped shapefile or a GeoPackage, with GDAL, in its own coordinates.

What the file is, its first bytes say, not its name; GDAL is given that format and no other, and no address. Whatever
cannot become a layer is refused with a sentence. Reprojecting and repairing are left to PostGIS.
"""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import pyogrio.raw
from pyogrio.errors import DataLayerError, DataSourceError

from ingest import layer_geometry
from ingest.errors import LayerFileError
from ingest.layer_zip import shapefile_in

MAX_BYTES = 500_000_000
MAX_FEATURES = 100_000
SAMPLES = 3

GEOJSON, SHAPEFILE, GEOPACKAGE = "GeoJSON", "zipped shapefile", "GeoPackage"
FORMATS = "GeoJSON, a zipped shapefile (.zip) or a GeoPackage (.gpkg)"
REPROJECT = "ogr2ogr -t_srs EPSG:4326 new.gpkg old-file writes it anew; a shapefile's system stands in its .prj."

# A field of such a name is what people call a feature by; earlier ones win.
LABELS = ("name", "label", "ward", "community", "beat_num", "beat", "dist_num", "district", "geoid", "title", "id")


@dataclass(frozen=True)
class LayerField:
    """A field of the features: its type (text, number, date, true or false) and some values it has."""

    name: str
    type: str
    sample: list[str]


@dataclass(frozen=True)
class LayerFile:
    """A file's features. `features`: ordinal int32 from 1, properties as JSON text, geometry_wkb (2D, `source_srid`).

    `without_geometry` features were left out.
    """

    name: str
    format: str
    source_srid: int
    geometry_type: str
    fields: list[LayerField]
    features: pa.Table
    without_geometry: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def feature_count(self) -> int:
        return int(self.features.num_rows)


def read_layer_file(path: Path, *, table: str | None = None) -> LayerFile:
    """`table`: which one, of a GeoPackage that has several. Raises LayerFileError for what cannot become a layer."""
    kind = _format(path)
    source = _source(path, kind)
    layer = _table(source, path, kind, table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pyogrio: what it flattens is told by us
        try:
            info = pyogrio.read_info(source, layer=layer)
            meta, _, geometries, columns = pyogrio.raw.read(source, layer=layer, force_2d=True)
        except (DataSourceError, DataLayerError, ValueError, OSError, UnicodeError) as error:
            raise _refused(
                path, f"cannot be read as {kind}: {_short(error)}", "See whether it is whole, or write it anew."
            ) from error
    if geometries is None or meta["geometry_type"] is None:
        raise _refused(path, "holds a table without geometry", "Add a file that has one.")
    if len(geometries) > MAX_FEATURES:
        raise _refused(
            path, f"holds {len(geometries):,} features; {MAX_FEATURES:,} are the most", "Split or simplify it."
        )
    kept = [
        place
        for place, geometry in enumerate(geometries)
        if geometry is not None and not layer_geometry.is_empty(geometry)
    ]
    if not kept:
        what = "no feature" if len(geometries) == 0 else "no feature that has a geometry"
        raise _refused(path, f"holds {what}", "Add a file that has some.")
    srid = _srid(path, kind, meta["crs"])
    shape = layer_geometry.check(path.name, [(place + 1, geometries[place]) for place in kept], geographic=srid == 4326)
    names, types = [str(name) for name in info["fields"]], [str(each) for each in info["dtypes"]]
    values = [[_value(column[place], type_) for place in kept] for column, type_ in zip(columns, types, strict=True)]
    properties = [
        json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in zip(*values, strict=True)
    ]
    features = pa.table(
        {
            "ordinal": pa.array([place + 1 for place in kept], pa.int32()),
            "properties": pa.array(properties or ["{}"] * len(kept), pa.string()),
            "geometry_wkb": pa.array([bytes(geometries[place]) for place in kept], pa.binary()),
        }
    )
    fields = [
        LayerField(name, _type(type_), _sample(each)) for name, type_, each in zip(names, types, values, strict=True)
    ]
    return LayerFile(path.name, kind, srid, shape, fields, features, len(geometries) - len(kept))


def suggested_label(file: LayerFile) -> str | None:
    """The field whose name says that it is a label; else the text field with the most different values; else none."""
    by_name = {each.name.lower(): each.name for each in file.fields}
    for name in LABELS:
        if name in by_name:
            return by_name[name]
    rows = [json.loads(each) for each in file.features["properties"].to_pylist()]
    texts = [each.name for each in file.fields if each.type == "text"]
    return max(texts, key=lambda name: (len({row[name] for row in rows}), -texts.index(name)), default=None)


def _format(path: Path) -> str:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise _refused(path, what, f"Name a file: {FORMATS}.")
    try:
        size = path.stat().st_size
        with path.open("rb") as opened:
            head = opened.read(65_536)
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}", "Make it readable.") from error
    if size == 0:
        raise _refused(path, "is empty", f"Name a file that holds features: {FORMATS}.")
    if size > MAX_BYTES:
        raise _refused(path, f"has {size / 1e6:,.0f} MB; {MAX_BYTES / 1e6:,.0f} are the most", "Split or simplify it.")
    if head.startswith(b"SQLite format 3\0") and head[68:72] in (b"GPKG", b"GP10", b"GP11"):
        return GEOPACKAGE
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return SHAPEFILE
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    kinds = rb'"type"\s*:\s*"(FeatureCollection|Feature|(Multi)?(Point|LineString|Polygon)|GeometryCollection)"'
    if text.startswith(b"{") and re.search(kinds, head):
        return GEOJSON
    raise _refused(path, "is no layer file", f"Name {FORMATS}; a shapefile is zipped with its .dbf, .shx and .prj.")


def _source(path: Path, kind: str) -> str:
    """As GDAL is to open it. The absolute path begins with a slash, so it is no address, and names no driver."""
    place = str(path.resolve())
    if kind == SHAPEFILE:
        return f"/vsizip/{{{place}}}/{shapefile_in(path)}"
    return place


def _table(source: str, path: Path, kind: str, table: str | None) -> str | None:
    if kind != GEOPACKAGE:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tables = [str(name) for name, geometry in pyogrio.list_layers(source) if geometry is not None]
        except (DataSourceError, ValueError) as error:
            raise _refused(path, f"cannot be read as {kind}: {_short(error)}", "Write it anew.") from error
    if table is None and len(tables) == 1:
        return tables[0]
    if table in tables:
        return table
    there = ", ".join(map(repr, tables)) or "none"
    what = f"has no table {table!r} of places" if table else f"has {len(tables)} tables of places"
    raise _refused(path, what, f"Name one with --table: {there}." if tables else "Add a file that has some.")


def _srid(path: Path, kind: str, crs: str | None) -> int:
    """EPSG code of the file's coordinate system. GeoJSON's is EPSG:4326 (RFC 7946), unless it says otherwise."""
    if not crs:
        if kind == GEOJSON:
            return 4326
        raise _refused(path, "does not say in which coordinate system it is", f"Add its .prj, or: {REPROJECT}")
    if crs.upper() in ("OGC:CRS84", "EPSG:4326", "EPSG:4979"):
        return 4326
    if match := re.fullmatch(r"EPSG:(\d+)", crs):
        return int(match[1])
    # of the whole system, which WKT says last
    codes = re.findall(r'(?:ID|AUTHORITY)\["EPSG",\s*"?(\d+)"?\]\s*\]\s*$', crs.strip())
    if codes:
        return int(codes[-1])
    name = re.match(r'\w+\["([^"]+)"', crs.strip())
    raise _refused(
        path,
        f"is in a coordinate system without an EPSG code ({name[1] if name else crs[:60]})",
        f"Reproject it: {REPROJECT}",
    )


def _value(value: Any, type_: str) -> Any:
    """As JSON has it: numbers as numbers, dates as ISO text, what is missing as null."""
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer) or (type_.startswith(("int", "uint")) and isinstance(value, np.floating)):
        return int(value)  # with gaps, whole numbers come as floats
    if isinstance(value, np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | np.ndarray):
        return [_value(each, "") for each in value]
    return str(value).replace("\x00", "")


def _type(dtype: str) -> str:
    if dtype.startswith(("int", "uint", "float")):
        return "number"
    if dtype.startswith("datetime"):
        return "date"
    return "true or false" if dtype == "bool" else "text"


def _sample(values: list[Any]) -> list[str]:
    seen = dict.fromkeys(str(value) for value in values if value is not None)
    return [text if len(text) <= 40 else f"{text[:39]}…" for text in list(seen)[:SAMPLES]]


def _short(error: BaseException) -> str:
    """GDAL's words without the path, which may be long."""
    words = re.sub(r"'?/vsizip/\S+|'/\S+'", "it", (str(error).splitlines() or [type(error).__name__])[0])
    return words[:160].rstrip(". ")


def _refused(path: Path, what: str, remedy: str) -> LayerFileError:
    shown = path.name if len(path.name) <= 80 else f"{path.name[:79]}…"
    return LayerFileError(f"{shown} {what}.", remedy=remedy)
