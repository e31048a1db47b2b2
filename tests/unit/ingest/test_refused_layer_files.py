"""Files that cannot be a layer: each is refused in one sentence with a remedy, and nothing is done for it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pyproj
import pytest
import shapely
from layer_file_makers import POINT, SQUARE, feature, geojson, shapefile, text, written, zipped

from ingest import layer_files, layer_source
from ingest.errors import LayerFileError
from ingest.layer_files import read_layer_file


def nan_points(folder: Path) -> Path:
    file = folder / "nan.gpkg"
    broken = shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)]))
    broken = broken[:-16] + np.array([np.nan, 1.0]).tobytes()
    names = np.array(["a"], dtype=object)
    pyogrio.raw.write(
        str(file), geometry=np.array([broken], dtype=object), field_data=[names], fields=["name"],
        geometry_type="LineString", crs="EPSG:4326", driver="GPKG",
    )  # fmt: skip
    return file


BAD: dict[str, Callable[[Path], Path]] = {
    "is not there": lambda folder: folder / "absent.geojson",
    "is a folder": lambda folder: folder,
    "is empty": lambda folder: text(folder, ""),
    "is no layer file": lambda folder: text(folder, "name,lat,lon\nA,41,-87\n", "a.csv"),
    "cannot be read as GeoJSON": lambda folder: text(
        folder, '{"type": "FeatureCollection", "features": [{"type": "Fea'
    ),
    "holds no feature": lambda folder: geojson(folder / "a.geojson"),
    "holds no feature that has a geometry": lambda folder: geojson(folder / "a.geojson", feature(None, name="A")),
    "holds no feature that has": lambda folder: geojson(folder / "a.geojson", shapely.Polygon()),
    "mixes polygons": lambda folder: geojson(folder / "a.geojson", SQUARE, shapely.Point(-87, 41)),
    "in each other's place": lambda folder: geojson(folder / "a.geojson", shapely.box(41.8, -87.7, 41.9, -87.6)),
    "outside of the world": lambda folder: geojson(folder / "a.geojson", shapely.box(1.1e6, 1.8e6, 1.2e6, 1.9e6)),
    "coordinates that are no numbers": nan_points,
    "does not say in which coordinate system": lambda folder: shapefile(folder, "EPSG:3435", SQUARE, without=(".prj",)),
    "without its .dbf": lambda folder: shapefile(folder, "EPSG:4326", SQUARE, without=(".dbf",)),
    "holds no .shp": lambda folder: zipped(folder, "readme.txt"),
    "holds no .shp, but another zip": lambda folder: zipped(folder, "inner.zip"),
    "holds 2 shapefiles": lambda folder: zipped(folder, "a.shp", "b.shp"),
    "holds a file outside of itself": lambda folder: zipped(folder, "../../etc/a.shp", "a.shp"),
    "('/etc/a.shp')": lambda folder: zipped(folder, "/etc/a.shp"),
    "would unpack to": lambda folder: zipped(folder, "a.shp", content=b"\0" * 120_000_000, level=9),
    "holds 1,001 files": lambda folder: zipped(folder, *(f"{number}.txt" for number in range(1001))),
    "is no whole zip": lambda folder: text(folder, b"PK\x03\x04 but no more", "a.zip"),
    "has no EPSG": lambda folder: written(folder / "a.gpkg", "+proj=laea +lat_0=7 +lon_0=3", SQUARE, driver="GPKG"),
}


@pytest.mark.parametrize("said", BAD)
def test_what_cannot_be_a_layer_is_refused_in_a_sentence_with_a_remedy(said: str, tmp_path: Path, capfd: Any) -> None:
    with pytest.raises(LayerFileError) as caught:
        read_layer_file(BAD[said](tmp_path))
    expected = {"has no EPSG": "coordinate system without an EPSG code"}.get(said, said)
    assert expected in caught.value.message
    assert caught.value.remedy
    assert len(caught.value.message) < 300
    assert capfd.readouterr().err == "", "GDAL says nothing by itself"


@pytest.mark.parametrize(
    "address", ["/vsicurl/http://127.0.0.1:9/a.geojson", "http://127.0.0.1:9/a.geojson", "PG:dbname=x"]
)
def test_an_address_is_no_file(address: str) -> None:
    with pytest.raises(LayerFileError, match="is not there"):
        read_layer_file(Path(address))


def test_json_that_would_have_gdal_do_something_is_no_layer(tmp_path: Path) -> None:
    told = {
        "type": "gdal_streamed_alg",
        "command_line": "gdal vector pipeline ! read /etc/passwd",
        "note": '"type": "Feature"',
    }
    with pytest.raises(LayerFileError):
        read_layer_file(text(tmp_path, json.dumps(told)))


def encrypted(folder: Path) -> Path:
    file = zipped(folder, "a.shp")
    content = bytearray(file.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return text(folder, bytes(content), "a.zip")


def lying(folder: Path) -> Path:
    """It declares fewer bytes than are in it."""
    file = shapefile(folder, "EPSG:4326", SQUARE)
    content = bytearray(file.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = (1).to_bytes(4, "little")
    return text(folder, bytes(content), "a.zip")


def cut(file: Path, share: float = 0.5) -> Path:
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    return file


def undefined(folder: Path) -> Path:
    file = written(folder / "a.gpkg", "EPSG:4326", SQUARE, driver="GPKG")
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("update gpkg_contents set srs_id = -1")
        opened.execute("update gpkg_geometry_columns set srs_id = -1")
    return file


def triangles(folder: Path) -> Path:
    file = written(
        folder / "a.gpkg", "EPSG:4326", SQUARE, driver="GPKG", geometry_type="Unknown", layer="a", SPATIAL_INDEX="NO"
    )
    ring = shapely.LineString([(0, 0), (1, 0), (1, 1), (0, 0)]).wkb[5:]
    flat = b"\x01" + (17).to_bytes(4, "little") + (1).to_bytes(4, "little") + ring
    with closing(sqlite3.connect(file)) as opened, opened:
        header = b"GP\x00\x01" + (4326).to_bytes(4, "little")
        opened.execute("update a set geom = ?", [header + flat])
    return file


def plain_sqlite(folder: Path) -> Path:
    with closing(sqlite3.connect(folder / "a.gpkg")) as opened, opened:
        opened.execute("create table a (b)")
    return folder / "a.gpkg"


WITHOUT_DATUM = 'PROJCS["a",GEOGCS["b",DATUM["",SPHEROID["c",6378137.0]],UNIT["Degree",0.017]],PROJECTION["d"]]'
MORE_BAD: dict[str, Callable[[Path], Path]] = {
    "is encrypted": encrypted,
    "is no whole zip (Bad CRC": lying,
    "without its .shx": lambda folder: shapefile(folder, "EPSG:4326", SQUARE, without=(".shx",)),
    "('C:\\\\a.shp')": lambda folder: zipped(folder, "C:\\a.shp"),
    "('..\\\\a.shp')": lambda folder: zipped(folder, "..\\a.shp"),
    "cannot be read as GeoPackage": lambda folder: cut(
        written(folder / "a.gpkg", "EPSG:4326", SQUARE, driver="GPKG"), 0.1
    ),
    "cannot be read as zipped shapefile": lambda folder: zipped(folder, "a.shp", "a.shx", "a.dbf"),
    "a SQLite database that is no GeoPackage": plain_sqlite,
    "does not say in which coordinate system": undefined,
    "geometries of type": triangles,
    "(Made up)": lambda folder: shapefile(
        folder,
        "EPSG:4326",
        SQUARE,
        prj=pyproj.CRS("+proj=laea +lat_0=7").to_wkt("WKT1_ESRI").replace("unknown", "Made up"),
    ),
    "coordinate system": lambda folder: shapefile(folder, "EPSG:4326", SQUARE, prj=WITHOUT_DATUM),
    "holds no .shp": lambda folder: text(folder, zipped(folder, "a").read_bytes().replace(b"a", b"\0"), "a.zip"),
    "(nonsense)": lambda folder: geojson(folder / "a.geojson", SQUARE, crs={"properties": {"name": "nonsense"}}),
    "mixes polygons (feature 1) and points (feature 1)": lambda folder: geojson(
        folder / "a.geojson", shapely.GeometryCollection([SQUARE, shapely.Point(1, 2)])
    ),
    "in one feature: number 1": lambda folder: text(folder, POINT % "NaN, 2"),
    "that are no numbers": lambda folder: text(folder, POINT % "1e999, 2"),
    "no pair of numbers": lambda folder: text(folder, POINT % "1"),
    "no list of numbers": lambda folder: text(folder, POINT % '{"a": 1}, 2'),
    "outside of the world": lambda folder: text(folder, POINT % "-87, 91"),
    "nested too deep": lambda folder: text(folder, '{"type": "Feature", "properties": ' + '{"a":' * 200_000),
    "is no UTF-8": lambda folder: text(folder, (POINT % "1, 2").encode().replace(b"{}", b'{"a": "\xff"}')),
    "more than one JSON document": lambda folder: text(folder, f"{POINT % '1, 2'}\n{POINT % '1, 2'}"),
    "which GeoJSON does not know": lambda folder: text(folder, (POINT % "1, 2").replace('"Point"', '"Curve"')),
    "its type is 'Nothing'": lambda folder: text(folder, '{"type": "Nothing", "a": ' + POINT % "1, 2" + "}"),
    "a list is missing": lambda folder: text(folder, '{"type": "FeatureCollection", "features": null}'),
    "something that is no feature": lambda folder: text(folder, '{"type": "FeatureCollection", "features": [1]}'),
    "a PDF": lambda folder: text(folder, "%PDF-1.7", "a.zip"),
    "KML": lambda folder: text(folder, "<?xml version='1.0'?><kml/>"),
    "TopoJSON": lambda folder: text(folder, '{"type": "Topology"}'),
    "the .shp of a shapefile alone": lambda folder: text(folder, b"\0\0\x27\x0a" + bytes(96), "a.shp"),
    "UTF-16 text": lambda folder: text(folder, (POINT % "1, 2").encode("utf-16")),
}


@pytest.mark.parametrize("said", MORE_BAD)
def test_what_else_cannot_be_a_layer_is_refused_too(said: str, tmp_path: Path, capfd: Any) -> None:
    with pytest.raises(LayerFileError) as caught:
        read_layer_file(MORE_BAD[said](tmp_path))
    assert said in caught.value.message
    assert caught.value.remedy
    assert len(caught.value.message) < 300
    assert str(tmp_path) not in caught.value.message
    assert capfd.readouterr().err == "", "GDAL says nothing by itself"


def test_too_much_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [
        geojson(tmp_path / "b.geojson", SQUARE, SQUARE),
        written(tmp_path / "a.gpkg", "EPSG:4326", SQUARE, SQUARE, driver="GPKG"),
    ]
    monkeypatch.setattr(layer_files, "MAX_FEATURES", 1)
    for file in files:
        with pytest.raises(LayerFileError, match="holds 2 features; 1 are the most"):
            read_layer_file(file)
    monkeypatch.setattr(layer_source, "MAX_BYTES", 10)
    with pytest.raises(LayerFileError, match="are the most"):
        read_layer_file(files[0])


def test_a_file_one_may_not_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    file = geojson(tmp_path / "a.geojson", SQUARE)
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(LayerFileError, match="cannot be read: Permission denied"):
        read_layer_file(file)
