"""Makers of layer files, as users have them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely

SQUARE = shapely.box(-87.7, 41.8, -87.6, 41.9)
POINT = '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [%s]}}'


def geojson(file: Path, *features: Any, **more: Any) -> Path:
    listed = [
        each
        if isinstance(each, dict)
        else {"type": "Feature", "properties": {"name": "A"}, "geometry": shapely.geometry.mapping(each)}
        for each in features
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": listed, **more}), encoding="utf-8")
    return file


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def written(
    file: Path, crs: str | None, *geometries: Any, driver: str, geometry_type: str = "Polygon", **options: Any
) -> Path:
    pyogrio.raw.write(
        str(file),
        geometry=np.array([shapely.to_wkb(each) for each in geometries], dtype=object),
        field_data=[np.array([f"Ort {place} ü" for place in range(len(geometries))], dtype=object)],
        fields=["name"],
        geometry_type=geometry_type,
        crs=crs,
        driver=driver,
        encoding="UTF-8",
        **options,
    )
    return file


def shapefile(
    folder: Path,
    crs: str | None,
    *geometries: Any,
    without: tuple[str, ...] = (),
    prj: str | None = None,
    **options: Any,
) -> Path:
    """Zipped, as people send them."""
    inner = folder / "inner"
    inner.mkdir()
    written(inner / "zones.shp", crs, *geometries, driver="ESRI Shapefile", **options)
    if prj is not None:
        (inner / "zones.prj").write_text(prj)
    target = folder / "zones.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(inner.iterdir()):
            if file.suffix not in without:
                archive.write(file, f"some folder/{file.name}")
    return target


def text(folder: Path, content: str | bytes, name: str = "a.geojson") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def zipped(folder: Path, *names: str, content: bytes = b"x", level: int = 0) -> Path:
    file = folder / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED) as archive:
        for name in names:
            archive.writestr(name, content)
    return file
