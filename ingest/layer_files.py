"""Reads a layer from a user's file: GeoJSON, a zipped shapefile or a GeoPackage, in the file's own coordinates.

Whatever cannot become a layer is refused with a sentence and a remedy. What the file is, `layer_source` finds out;
`layer_geojson` and `layer_gdal` read it. Reprojecting and repairing are left to PostGIS.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest import layer_gdal, layer_geojson, layer_geometry
from ingest.layer_contents import Contents, WrongContentsError
from ingest.layer_source import FORMATS, GEOJSON, GEOPACKAGE, opened, recognised, refused
from ingest.layer_srid import GEOGRAPHIC, epsg_code

MAX_FEATURES = 100_000
SAMPLES = 3

# A field of such a name is what people call a feature by; earlier ones win.
LABELS = ("name", "label", "ward", "community", "beat_num", "beat", "dist_num", "district", "geoid", "title")
LABEL_LENGTH = 60  # text longer than that on average is a description


@dataclass(frozen=True)
class LayerField:
    """A field of the features: its type (text, number, date, true or false) and some values it has."""

    name: str
    type: str
    sample: list[str]


@dataclass(frozen=True)
class LayerFile:
    """A file's features. `features`: ordinal int32 from 1, properties as JSON text, geometry_wkb (2D, `source_srid`).

    `without_geometry` features were left out; of `flattened` the heights were; `curved_linearised` had curves.
    """

    name: str
    format: str
    source_srid: int
    geometry_type: str
    fields: list[LayerField]
    features: pa.Table
    without_geometry: int = 0
    flattened: int = 0
    curved_linearised: int = 0

    @property
    def feature_count(self) -> int:
        return int(self.features.num_rows)


def read_layer_file(path: Path, *, table: str | None = None) -> LayerFile:
    """`table`: which one, of a GeoPackage that has several. Raises LayerFileError for what cannot become a layer."""
    kind = recognised(path)
    try:
        return _layer_file(path, kind, _contents(path, kind, table))
    except (WrongContentsError, ValueError, OSError, struct.error) as error:
        remedy = "See whether it is whole, or write it anew."
        raise refused(path, f"cannot be read as {kind}: {str(error)[:200]}", remedy) from error


def suggested_label(file: LayerFile) -> str | None:
    """The field that people would call a feature by; the same for the same file.

    One of the names in LABELS, in their order; else a field whose name has such a word in it (WARD_NAME); else, of the
    text fields that are short and no numbers, the one with the most different values, the earlier of equals; else none.
    """
    for name in LABELS:
        for each in file.fields:
            if each.name.lower() == name:
                return each.name
    for name in LABELS:
        for each in file.fields:
            if name in re.split(r"[^a-z]+", each.name.lower()):
                return each.name
    rows = [json.loads(each) for each in file.features["properties"].to_pylist()]
    best, most = None, 0
    for field in file.fields:
        values = [str(row[field.name]) for row in rows if row[field.name] not in (None, "")]
        if field.type != "text" or not values or sum(map(len, values)) > LABEL_LENGTH * len(values):
            continue
        if len(set(values)) > most and not all(re.fullmatch(r"[\d.,+-]+|[0-9a-f-]{24,}", value) for value in values):
            best, most = field.name, len(set(values))
    return best


def _contents(path: Path, kind: str, table: str | None) -> Contents:
    if kind == GEOJSON:
        contents = layer_geojson.read(path)
        _check_count(path, len(contents.rows))
        return contents
    with opened(path, kind) as source:
        chosen = _table(source, path, table) if kind == GEOPACKAGE else None
        _check_count(path, layer_gdal.feature_count(source, chosen))
        return layer_gdal.read(source, chosen)


def _check_count(path: Path, count: int) -> None:
    if count > MAX_FEATURES:
        raise refused(path, f"holds {count:,} features; {MAX_FEATURES:,} are the most", "Split or simplify it.")
    if count == 0:
        raise refused(path, "holds no feature", "Add a file that has some.")


def _table(source: str, path: Path, table: str | None) -> str:
    tables = layer_gdal.tables(source)
    if table is None and len(tables) == 1:
        return tables[0]
    if table in tables:
        return str(table)
    there = ", ".join(map(repr, tables[:20])) or "none"
    what = f"has no table {table[:60]!r} of places" if table else f"has {len(tables) or 'no'} tables of places"
    raise refused(path, what, f"Name one with --table: {there}." if tables else f"Name {FORMATS} that has places.")


def _layer_file(path: Path, kind: str, contents: Contents) -> LayerFile:
    located = [
        (place, wkb)
        for place, wkb in enumerate(contents.geometries)
        if wkb is not None and not layer_geometry.is_empty(wkb)
    ]
    if not located:
        raise refused(path, "holds no feature that has a geometry", "Add a file that has some.")
    srid = epsg_code(path, contents.crs)
    numbered = [(place + 1, wkb) for place, wkb in located]
    shape = layer_geometry.check(path.name, numbered, geographic=srid in GEOGRAPHIC)
    rows = [contents.rows[place] for place, _ in located]
    features = pa.table(
        {
            "ordinal": pa.array([ordinal for ordinal, _ in numbered], pa.int32()),
            "properties": pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.string()),
            "geometry_wkb": pa.array(_plain(wkb for _, wkb in located), pa.binary()),
        }
    )
    return LayerFile(
        name=path.name,
        format=kind,
        source_srid=srid,
        geometry_type=shape,
        fields=[LayerField(name, type_, _sample(rows, name)) for name, type_ in contents.types.items()],
        features=features,
        without_geometry=len(contents.geometries) - len(located),
        flattened=contents.flattened,
        curved_linearised=contents.curved_linearised,
    )


def _plain(geometries: Iterator[bytes]) -> list[bytes]:
    return [layer_geometry.without_collections(wkb) for wkb in geometries]


def _sample(rows: list[dict[str, Any]], name: str) -> list[str]:
    seen: dict[str, None] = {}
    for row in rows:
        value = row[name]
        if value is not None and len(seen) < SAMPLES:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            seen[text if len(text) <= 40 else f"{text[:39]}…"] = None
    return list(seen)
