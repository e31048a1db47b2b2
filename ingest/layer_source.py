"""Finds out what a user's layer file is, and hands it to a reader under a name of our own.

Its first bytes say what it is, not its name. GDAL never sees the user's path, nor a name from inside an archive: it
would take `/vsicurl/…` for an address, `a!b.zip` for an archive, and read whatever lies beside the file. It gets a
symlink or a copy in a folder of ours, and for a GeoPackage the driver's prefix, so that no other driver is asked.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import LayerFileError
from ingest.layer_zip import unpack_shapefile

MAX_BYTES = 500_000_000

GEOJSON, SHAPEFILE, GEOPACKAGE = "GeoJSON", "zipped shapefile", "GeoPackage"
FORMATS = "GeoJSON, a zipped shapefile (.zip) or a GeoPackage (.gpkg)"

_GEOPACKAGE_IDS = (b"GPKG", b"GP10", b"GP11")  # at byte 68 of a SQLite file: OGC 12-128r19, 1.1.1.1.1
# What people have instead, by its first bytes, and how to get from there to a layer.
_CONVERT = "ogr2ogr layer.gpkg the-file makes a GeoPackage of it."
_OTHERS = (
    (rb"SQLite format 3\0", "a SQLite database that is no GeoPackage", _CONVERT),
    (rb"\x00\x00\x27\x0a", "the .shp of a shapefile alone", "Zip it with its .dbf, .shx and .prj."),
    (rb"\x1f\x8b", "packed with gzip", "Unpack it: gunzip."),
    (rb"Rar!|7z\xbc\xaf|BZh|\xfd7zXZ", "an archive, but no zip", "Unpack it, and zip the shapefile's files."),
    (rb"%PDF", "a PDF", f"Name {FORMATS}."),
    (rb"\xff\xfe|\xfe\xff", "UTF-16 text", "Write it anew as UTF-8."),
    (rb"\s*<(?s:.)*<kml", "KML", _CONVERT),
    (rb"(?i)\s*<(?:!doctype html|html)", "a web page", "Download the file itself."),
    (rb"\s*<(?s:.)*<OGRVRT", "a GDAL virtual dataset, which points at other files", _CONVERT),
    (rb"\s*<", "XML", _CONVERT),
    (rb'\s*\{(?s:.)*"type"\s*:\s*"Topology"', "TopoJSON", _CONVERT),
    (rb'\s*\{(?s:.)*"(?:geometryType"\s*:\s*"esri|spatialReference")', "Esri's JSON", _CONVERT),
    (rb"\s*\{", "JSON, but no GeoJSON", f"Name {FORMATS}."),
    (rb"\s*\[", "a JSON list, not a FeatureCollection", f"Name {FORMATS}."),
    (rb"[^\x00]*,[^\x00]*\n", "a table of text (CSV)", "ogr2ogr -oo X_POSSIBLE_NAMES=lon* -oo Y_POSSIBLE_NAMES=lat* …"),
)
# "type" may stand after all features: one of its values that only GeoJSON has, near the beginning or near the end
_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|(Multi)?(Point|LineString|Polygon)|GeometryCollection)"'
)


def recognised(path: Path) -> str:
    """GEOJSON, SHAPEFILE or GEOPACKAGE. Raises LayerFileError for anything else, with what it seems to be."""
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is no ordinary file" if path.exists() else "is not there"
            raise refused(path, what, f"Name a file: {FORMATS}.")
        size = path.stat().st_size
        with path.open("rb") as opened:
            head = opened.read(65_536)
            opened.seek(max(0, size - 4_096))
            tail = opened.read()
    except OSError as error:
        raise refused(path, f"cannot be read: {error.strerror}", "Name a file that you may read.") from error
    if not head.strip():
        raise refused(path, "is empty", f"Name a file that holds features: {FORMATS}.")
    if size > MAX_BYTES:
        raise refused(path, f"has {size / 1e6:,.0f} MB; {MAX_BYTES / 1e6:,.0f} are the most", "Split or simplify it.")
    if head.startswith(b"SQLite format 3\0") and head[68:72] in _GEOPACKAGE_IDS:
        return GEOPACKAGE
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return SHAPEFILE
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{") and (_GEOJSON.search(head) or _GEOJSON.search(tail)):
        return GEOJSON
    for pattern, seems, remedy in _OTHERS:
        if re.match(pattern, text):
            raise refused(path, f"is no layer file: it seems to be {seems}", remedy)
    raise refused(path, "is no layer file", f"Name {FORMATS}; a shapefile is zipped with its .dbf, .shx and .prj.")


@contextmanager
def opened(path: Path, kind: str) -> Iterator[str]:
    """What GDAL is to open, for as long as this is entered."""
    with tempfile.TemporaryDirectory(prefix="crashes-layer-") as folder:
        if kind == SHAPEFILE:
            yield str(unpack_shapefile(path, Path(folder)))
        else:
            link = Path(folder) / "layer.gpkg"
            link.symlink_to(path.resolve())
            yield f"GPKG:{link}"


def refused(path: Path, what: str, remedy: str) -> LayerFileError:
    shown = path.name if len(path.name) <= 80 else f"{path.name[:79]}…"
    return LayerFileError(f"{shown or path} {what}.", remedy=remedy)
