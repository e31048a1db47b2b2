"""A user's layer file: what is read is what the file says. What cannot be a layer: test_refused_layer_files."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pyproj
import pytest
import shapely
from harness import ROOT, sample_dir
from layer_file_makers import POINT, SQUARE, feature, geojson, shapefile, text, written

from ingest.errors import LayerFileError
from ingest.layer_files import LayerFile, read_layer_file, suggested_label


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
    read = read_layer_file(file)
    assert only(read).area == pytest.approx(np.pi, rel=0.01)
    assert read.curved_linearised == 1


def test_a_polygon_of_60_mb_is_read_without_ten_times_the_memory(tmp_path: Path) -> None:
    """Measured 2026-11-27: 0.5 GB and 2 s; a 220 MB one 1.6 GB and 7 s."""
    corners = np.linspace(0, 2 * np.pi, 1_600_001)[:-1]
    x, y = -87.7 + 0.05 * np.cos(corners), 41.85 + 0.05 * np.sin(corners)
    ring = ",".join(f"[{a:.13f},{b:.13f}]" for a, b in zip([*x, x[0]], [*y, y[0]], strict=True))
    told = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
    file = text(tmp_path, f'{told}{{"type":"Polygon","coordinates":[[{ring}]]}}}}]}}')
    assert file.stat().st_size > 55_000_000
    program = (
        "import resource, sys; from pathlib import Path; from ingest.layer_files import read_layer_file\n"
        "wkb = read_layer_file(Path(sys.argv[1])).features['geometry_wkb'][0].as_py()\n"
        "print(len(wkb), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    size, peak_kb = map(int, done.stdout.split())
    assert size == 1 + 4 + 4 + 4 + 16 * 1_600_001
    assert peak_kb < 800_000


def only(file: LayerFile) -> Any:
    return shapely.from_wkb(file.features["geometry_wkb"][0].as_py())


def test_geojson_keeps_values_as_they_stand(tmp_path: Path) -> None:
    values = {
        "big": 9_007_199_254_740_993, "nested": {"a": [1, None]}, "code": "007", "since": "2024-01-31",
        "quote\"d": "x\u0000y", "mixed": 1, "NaN": "NaN",
    }  # fmt: skip
    point = {"type": "Point", "coordinates": [-87.6, 41.8]}
    file = read_layer_file(
        geojson(tmp_path / "a.geojson", feature(point, **values), feature(point, mixed="x", big=None))
    )
    assert rows(file)[0] == values | {'quote"d': "xy"}
    assert list(rows(file)[1]) == list(values)
    assert [rows(file)[1]["mixed"], rows(file)[1]["big"], rows(file)[1]["code"]] == ["x", None, None]
    types = {each.name: each.type for each in file.fields}
    assert [types[name] for name in ("big", "since", "code", "mixed")] == ["number", "date", "text", "text"]
    assert file.fields[0].sample == ["9007199254740993"]


def test_numbers_that_json_does_not_know_are_no_values(tmp_path: Path) -> None:
    told = (POINT % "1, 2").replace("{}", '{"a": NaN, "b": 1e999}')
    assert rows(read_layer_file(text(tmp_path, told))) == [{"a": None, "b": None}]


def test_a_geopackage_keeps_whole_numbers_with_gaps_and_dates(tmp_path: Path) -> None:
    file = tmp_path / "a.gpkg"
    gaps = np.array([False, True])
    pyogrio.raw.write(
        str(file), geometry=np.array([shapely.to_wkb(shapely.Point(n, n)) for n in (0, 1)], dtype=object),
        field_data=[np.array([9_007_199_254_740_993, 0]), np.array(["2024-01-31", "NaT"], dtype="datetime64[D]"),
                    np.array(["2024-01-31T10:00:00", "NaT"], dtype="datetime64[ms]"), np.array([0.5, np.nan])],
        fields=["big", "day", "moment", "share"], field_mask=[gaps, None, None, None],
        geometry_type="Point", crs="EPSG:4326", driver="GPKG",
    )  # fmt: skip
    read = read_layer_file(file)
    first, second = rows(read)
    assert (first["big"], first["day"], first["share"]) == (9_007_199_254_740_993, "2024-01-31", 0.5)
    assert first["moment"].startswith("2024-01-31T10:00:00")
    assert set(second.values()) == {None}
    assert [each.type for each in read.fields] == ["number", "date", "date", "number"]


def test_heights_are_counted_even_where_some_have_none(tmp_path: Path) -> None:
    mixed = {"type": "LineString", "coordinates": [[-87.7, 41.8, 5], [-87.6, 41.8]]}
    flat = {"type": "LineString", "coordinates": [[-87.7, 41.8], [-87.6, 41.8]]}
    file = read_layer_file(geojson(tmp_path / "a.geojson", feature(mixed), feature(flat)))
    assert file.flattened == 1
    assert only(file).equals(shapely.LineString([(-87.7, 41.8), (-87.6, 41.8)]))
    high = shapely.Polygon([(0, 0, 5), (9, 0, 5), (9, 9, 5)])
    (tmp_path / "shape").mkdir()
    file = read_layer_file(shapefile(tmp_path / "shape", "EPSG:3435", high, geometry_type="Polygon Z"))
    assert (file.flattened, shapely.has_z(only(file))) == (1, False)


def test_a_collection_of_one_kind_is_a_multipolygon_and_a_ring_is_closed(tmp_path: Path) -> None:
    other = shapely.box(-87.5, 41.8, -87.4, 41.9)
    inner = shapely.GeometryCollection([SQUARE, shapely.MultiPolygon([other])])
    assert only(read_layer_file(geojson(tmp_path / "a.geojson", inner))).equals(shapely.MultiPolygon([SQUARE, other]))
    gpkg = written(tmp_path / "a.gpkg", "EPSG:4326", inner, driver="GPKG", geometry_type="Unknown")
    assert only(read_layer_file(gpkg)).geom_type == "MultiPolygon"
    open_ring = {"type": "Polygon", "coordinates": [[[-87.7, 41.8], [-87.6, 41.8], [-87.6, 41.9]]]}
    assert only(read_layer_file(geojson(tmp_path / "b.geojson", feature(open_ring)))).is_valid


@pytest.mark.parametrize(
    ("name", "srid"),
    [("urn:ogc:def:crs:EPSG::3435", 3435), ("EPSG:4269", 4269), ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326)],
)
def test_geojson_may_say_its_system_the_old_way(tmp_path: Path, name: str, srid: int) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert read_layer_file(geojson(tmp_path / "a.geojson", SQUARE, crs=crs)).source_srid == srid


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked there."""
    asked: list[str] = []

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_nothing_in_a_file_makes_us_open_an_address_or_another_file(tmp_path: Path) -> None:
    secret = geojson(tmp_path / "secret.geojson", SQUARE)
    with listening() as (address, asked):
        link = {"type": "link", "properties": {"href": f"{address}/a", "url": f"{address}/b", "type": "proj4"}}
        harmful = [
            json.dumps({"type": "FeatureCollection", "features": [feature({"type": "Point", "coordinates": [1, 2]})],
                        "crs": link}),
            *(json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {place}",
                          "x": {"type": "Feature"}}) for place in (f"/vsicurl/{address}/c", secret)),
            f"<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>"
            "</OGRVRTDataSource>",
            f"<!DOCTYPE a [<!ENTITY b SYSTEM '{address}/d'>]><kml>&b;</kml>",
        ]  # fmt: skip
        for content in harmful:
            with pytest.raises(LayerFileError):
                read_layer_file(text(tmp_path, content))
        assert asked == []


@pytest.mark.parametrize("name", ["a!b.gpkg", "{a} ü 'b\".gpkg", "no ending", "vsicurl.zip"])
def test_a_files_name_says_nothing(tmp_path: Path, name: str) -> None:
    written(tmp_path / "a.gpkg", "EPSG:4326", SQUARE, driver="GPKG").rename(tmp_path / name)
    assert read_layer_file(tmp_path / name).format == "GeoPackage"


@pytest.mark.parametrize("code", ["ESRI:102671", "EPSG:3435", "EPSG:4269"])
def test_an_esri_prj_is_found_in_epsg(tmp_path: Path, code: str) -> None:
    """ESRI:102671 is what ArcGIS calls Illinois East in feet: EPSG:3435."""
    square = SQUARE if code == "EPSG:4269" else shapely.box(1_170_000, 1_890_000, 1_180_000, 1_900_000)
    prj = pyproj.CRS.from_user_input(code).to_wkt("WKT1_ESRI")
    read = read_layer_file(shapefile(tmp_path, "EPSG:3435", square, prj=prj))
    assert read.source_srid == (3435 if code == "ESRI:102671" else int(code.removeprefix("EPSG:")))


def test_a_shapefiles_companions_may_be_in_capitals_and_beside_a_macs(tmp_path: Path) -> None:
    file = shapefile(tmp_path, "EPSG:4326", SQUARE)
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name if name.endswith(".shp") else name.upper(), content)
            archive.writestr(f"__MACOSX/{name}", b"resource fork")
            archive.writestr(f"some folder/._{Path(name).name}", b"resource fork")
    assert rows(read_layer_file(file)) == [{"name": "Ort 0 ü"}]


@pytest.mark.parametrize(
    ("properties", "label"),
    [
        ([{"id": "1", "Ward": 3}], "Ward"),
        ([{"zone_id": "x", "BEAT_NAME": "b"}], "BEAT_NAME"),
        ([{"code": "101", "zone": "Loop", "kind": "a"}, {"code": "102", "zone": "Pilsen", "kind": "a"}], "zone"),
        ([{"note": "very long " * 20, "kind": "a"}, {"note": "longer yet " * 20, "kind": "a"}], "kind"),
        ([{"size": 1, "code": "7"}], None),
        ([{}], None),
    ],
)
def test_the_label_is_the_field_people_would_use(tmp_path: Path, properties: list[Any], label: str | None) -> None:
    point = {"type": "Point", "coordinates": [-87.6, 41.8]}
    file = read_layer_file(geojson(tmp_path / "a.geojson", *(feature(point, **each) for each in properties)))
    assert suggested_label(file) == label


@pytest.mark.sample
@pytest.mark.parametrize(
    ("name", "count", "label"),
    [("wards_2023", 50, "ward"), ("community_areas", 77, "community"), ("police_beats", 277, "beat_num"),
     ("police_districts", 22, "dist_num")],
)  # fmt: skip
def test_the_citys_own_boundaries_are_read(name: str, count: int, label: str) -> None:
    file = read_layer_file(sample_dir() / "boundaries" / f"{name}.geojson")
    assert (file.feature_count, file.geometry_type, suggested_label(file)) == (count, "polygon", label)
