"""A user's layer file, good and bad: what is read is what the file says, and what cannot be a layer is one sentence."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from harness import sample_dir

from ingest.errors import LayerFileError
from ingest.layer_files import LayerFile, read_layer_file, suggested_label

SQUARE = shapely.box(-87.7, 41.8, -87.6, 41.9)


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


def written(file: Path, crs: str | None, *geometries: Any, driver: str, **options: Any) -> Path:
    pyogrio.raw.write(
        str(file),
        geometry=np.array([shapely.to_wkb(each) for each in geometries], dtype=object),
        field_data=[np.array([f"Ort {place} ü" for place in range(len(geometries))], dtype=object)],
        fields=["name"],
        geometry_type="Polygon",
        crs=crs,
        driver=driver,
        encoding="UTF-8",
        **options,
    )
    return file


def shapefile(folder: Path, crs: str | None, *geometries: Any, without: tuple[str, ...] = ()) -> Path:
    """Zipped, as people send them."""
    inner = folder / "inner"
    inner.mkdir()
    written(inner / "zones.shp", crs, *geometries, driver="ESRI Shapefile")
    target = folder / "zones.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(inner.iterdir()):
            if file.suffix not in without:
                archive.write(file, f"some folder/{file.name}")
    return target


def rows(file: LayerFile) -> list[dict[str, Any]]:
    return [json.loads(each) for each in file.features["properties"].to_pylist()]


def test_geojson_is_read_with_all_its_values(tmp_path: Path) -> None:
    first = feature(shapely.geometry.mapping(SQUARE), name="Süd 南", size=3, share=0.5, open=True, since="2024-01-31")
    second = feature(shapely.geometry.mapping(SQUARE), name=None, size=None, share=None, open=None, since=None)
    nowhere = feature(None, name="nowhere", size=1, share=1.5, open=False, since="2024-02-01")
    file = read_layer_file(geojson(tmp_path / "a.geojson", first, nowhere, second))
    assert (file.format, file.source_srid, file.geometry_type) == ("GeoJSON", 4326, "polygon")
    assert (file.feature_count, file.without_geometry) == (2, 1)
    assert file.features["ordinal"].to_pylist() == [1, 3]
    assert rows(file)[0]["name"] == "Süd 南"
    assert (rows(file)[0]["size"], rows(file)[0]["share"]) == (3, 0.5)
    assert str(rows(file)[0]["since"]).startswith("2024-01-31")
    assert set(rows(file)[1].values()) == {None}
    assert shapely.from_wkb(file.features["geometry_wkb"][0].as_py()).equals(SQUARE)
    assert suggested_label(file) == "name"
    assert [each.type for each in file.fields if each.name in ("name", "size")] == ["text", "number"]


def test_a_zipped_shapefile_in_feet_says_so(tmp_path: Path) -> None:
    feet = shapely.box(1_170_000, 1_890_000, 1_180_000, 1_900_000)
    file = read_layer_file(shapefile(tmp_path, "EPSG:3435", feet))
    assert (file.format, file.source_srid, file.geometry_type) == ("zipped shapefile", 3435, "polygon")
    assert rows(file) == [{"name": "Ort 0 ü"}]


def test_a_geopackage_with_an_odd_table_is_read_and_of_several_one_is_chosen(tmp_path: Path) -> None:
    odd = 'my "zones"; drop'
    file = written(tmp_path / "a.gpkg", "EPSG:26971", shapely.box(0, 0, 9, 9), driver="GPKG", layer=odd)
    assert read_layer_file(file).source_srid == 26971
    written(file, "EPSG:26971", shapely.box(0, 0, 9, 9), driver="GPKG", layer="other", append=True)
    with pytest.raises(LayerFileError, match="has 2 tables of places") as caught:
        read_layer_file(file)
    assert "other" in caught.value.remedy
    assert read_layer_file(file, table="other").feature_count == 1
    with pytest.raises(LayerFileError, match="has no table 'third'"):
        read_layer_file(file, table="third")


def test_a_third_dimension_is_left_out_and_what_crosses_the_antimeridian_is_taken_as_it_is(tmp_path: Path) -> None:
    high = shapely.Polygon([(-87.7, 41.8, 5), (-87.6, 41.8, 5), (-87.6, 41.9, 5)])
    read = read_layer_file(geojson(tmp_path / "a.geojson", high))
    assert not shapely.has_z(shapely.from_wkb(read.features["geometry_wkb"][0].as_py()))
    far = shapely.box(-180, -20, 180, -10)
    assert read_layer_file(geojson(tmp_path / "b.geojson", far)).feature_count == 1


def test_curves_become_lines(tmp_path: Path) -> None:
    """A circle, as only WKB with curves can say it: a CURVEPOLYGON of one CIRCULARSTRING."""
    points = np.array([[0, 0], [1, 1], [2, 0], [1, -1], [0, 0]], dtype="<f8").tobytes()
    ring = b"\x01" + (8).to_bytes(4, "little") + (5).to_bytes(4, "little") + points
    curve = b"\x01" + (10).to_bytes(4, "little") + (1).to_bytes(4, "little") + ring
    file = written(tmp_path / "a.gpkg", "EPSG:26971", SQUARE, driver="GPKG", layer="a", SPATIAL_INDEX="NO")
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("update gpkg_geometry_columns set geometry_type_name = 'CURVEPOLYGON'")
        header = b"GP\x00\x01" + (26971).to_bytes(4, "little")
        opened.execute("update a set geom = ?", [header + curve])
    read = shapely.from_wkb(read_layer_file(file).features["geometry_wkb"][0].as_py())
    assert read.area == pytest.approx(np.pi, rel=0.01)


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
    "It holds another zip": lambda folder: zipped(folder, "inner.zip"),
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


def test_a_huge_polygon_is_read(tmp_path: Path) -> None:
    corners = np.linspace(0, 2 * np.pi, 300_001)[:-1]
    ring = np.column_stack([-87.7 + 0.05 * np.cos(corners), 41.85 + 0.05 * np.sin(corners)])
    file = geojson(tmp_path / "a.geojson", shapely.Polygon(ring))
    read = read_layer_file(file)
    assert shapely.get_num_coordinates(shapely.from_wkb(read.features["geometry_wkb"][0].as_py())) == 300_001


@pytest.mark.sample
@pytest.mark.parametrize(
    ("name", "count", "label"),
    [("wards_2023", 50, "ward"), ("community_areas", 77, "community"), ("police_beats", 277, "beat_num"),
     ("police_districts", 22, "dist_num")],
)  # fmt: skip
def test_the_citys_own_boundaries_are_read(name: str, count: int, label: str) -> None:
    file = read_layer_file(sample_dir() / "boundaries" / f"{name}.geojson")
    assert (file.feature_count, file.geometry_type, suggested_label(file)) == (count, "polygon", label)
