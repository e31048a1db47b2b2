"""The EPSG code of a layer file's coordinate system, which PostGIS needs to reproject it."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.layer_source import refused

REPROJECT = "ogr2ogr -t_srs EPSG:4326 new.gpkg old-file writes it anew; a shapefile's system stands in its .prj."
SAY_WHICH = "Add a shapefile's .prj; or, if you know it: ogr2ogr -a_srs EPSG:3435 new.gpkg old-file writes it anew."

# In degrees: WGS 84 and what US agencies hand out. For all others, landing asks PostGIS where features come to lie.
GEOGRAPHIC = frozenset({4326, 4269, 4267, 4152, 4759, 6318, 4258})
_LONGITUDE_FIRST = {"OGC:CRS84": 4326, "OGC:CRS83": 4269, "OGC:CRS27": 4267, "EPSG:4979": 4326}


def epsg_code(path: Path, crs: str | None) -> int:
    """`crs` as GDAL says it, which has looked up an Esri .prj by its name and its numbers. Raises LayerFileError."""
    text = (crs or "").strip()
    if not text or re.match(r'\w+\["(Undefined|Unknown)[^"]* SRS', text, re.IGNORECASE):
        raise refused(path, "does not say in which coordinate system it is", SAY_WHICH)
    if text.upper() in _LONGITUDE_FIRST:
        return _LONGITUDE_FIRST[text.upper()]
    if match := re.fullmatch(r"EPSG:(\d{4,6})(\+\d+)?", text):  # with a system of heights, which are left out
        return int(match[1])
    # the code of the whole system, which WKT says last
    if match := re.search(r'(?:ID|AUTHORITY)\["EPSG",\s*"?(\d+)"?\]\s*\]\s*$', _horizontal(text)):
        return int(match[1])
    name = re.match(r'\w+\["([^"]+)"', text)
    raise refused(
        path,
        f"is in a coordinate system without an EPSG code ({name[1][:60] if name else text[:60]})",
        f"Reproject it: {REPROJECT}",
    )


def _horizontal(wkt: str) -> str:
    """The part of a compound system that is not about heights."""
    start = re.search(r"\b(?:PROJCS|GEOGCS|PROJCRS|GEOGCRS)\[", wkt)
    if start is None or not wkt.startswith(("COMPD_CS[", "COMPOUNDCRS[")):
        return wkt
    depth = 0
    for at in range(start.start(), len(wkt)):
        depth += (wkt[at] == "[") - (wkt[at] == "]")
        if wkt[at] == "]" and depth == 0:
            return wkt[start.start() : at + 1]
    return wkt
