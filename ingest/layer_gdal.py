"""Reads a shapefile or one table of a GeoPackage with GDAL; GeoJSON is `layer_geojson`'s business.

GDAL is handed a path of our making and told nothing of where the file came from (see `layer_source`). Curves become
lines and heights are left out on the way; both are counted.
"""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import pyarrow as pa
import pyogrio
import pyogrio.raw
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from ingest.layer_contents import Contents, WrongContentsError, json_value

# pyarrow's errors are ValueErrors and NotImplementedErrors, what is no UTF-8 is a ValueError
FAULTS = (
    DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError,
    ValueError, OSError, RuntimeError, pa.ArrowException,
)  # fmt: skip
CURVED = range(8, 13)  # CIRCULARSTRING, COMPOUNDCURVE, CURVEPOLYGON, MULTICURVE, MULTISURFACE: OGC 06-103r4, table 7
BATCH = 1_000


def tables(source: str) -> list[str]:
    """Those that hold places."""
    return [str(name) for name, geometry in _quietly(pyogrio.list_layers, source) if geometry is not None]


def feature_count(source: str, table: str | None) -> int:
    return int(_quietly(pyogrio.read_info, source, layer=table, force_feature_count=True)["features"])


def read(source: str, table: str | None) -> Contents:
    """Raises WrongContentsError for what GDAL cannot read."""
    return _quietly(_read, source, table)  # type: ignore[no-any-return]


def _read(source: str, table: str | None) -> Contents:
    # two readings: only this one makes lines of curves, and only Arrow's keeps whole numbers that have gaps
    meta, _, geometries, _ = pyogrio.raw.read(source, layer=table, columns=[], force_2d=True)
    if geometries is None or meta["geometry_type"] is None:
        raise WrongContentsError("it is a table without places")
    rows: list[dict[str, Any]] = []
    flattened = curved = 0
    with pyogrio.raw.open_arrow(
        source, layer=table, use_pyarrow=True, batch_size=BATCH, datetime_as_string=True
    ) as opened:
        said, batches = opened
        fields, documents = [str(name) for name in said["fields"]], _documents(said)
        types = {name: _type(str(dtype)) for name, dtype in zip(fields, said["dtypes"], strict=True)}
        place = said["geometry_name"] or "wkb_geometry"
        for batch in batches:
            columns = batch.to_pydict()
            for wkb in columns[place]:
                code = int.from_bytes(wkb[1:5], "little" if wkb[0] else "big") if wkb else 0
                flattened += code >= 1000
                curved += code % 1000 in CURVED
            for index in range(batch.num_rows):
                rows.append(
                    {str(json_value(name)): _value(columns[name][index], document=name in documents) for name in fields}
                )
    if len(rows) != len(geometries):
        raise WrongContentsError(f"it breaks off after feature {min(len(rows), len(geometries)):,}")
    return Contents(
        types=types,
        rows=rows,
        geometries=[None if each is None else bytes(each) for each in geometries],
        crs=meta["crs"],
        flattened=flattened,
        curved_linearised=curved,
    )


def _documents(said: dict[str, Any]) -> set[str]:
    """Fields of which the file says that their text is JSON."""
    pairs = zip(said["fields"], said["ogr_subtypes"], strict=True)
    return {str(name) for name, subtype in pairs if subtype == "OFSTJSON"}


def _value(value: Any, *, document: bool) -> Any:
    if document and isinstance(value, str):
        try:
            return json_value(json.loads(value))
        except (ValueError, RecursionError):
            return json_value(value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}/\d\d/\d\d .*", value):
        value = value.replace("/", "-").replace(" ", "T", 1)  # OGR's own way to write a time
    return json_value(value)


def _type(dtype: str) -> str:
    if dtype.startswith(("int", "uint", "float")):
        return "number"
    if dtype.startswith("datetime"):
        return "date"
    return "true or false" if dtype == "bool" else "text"


def _quietly(call: Any, *args: Any, **kwargs: Any) -> Any:
    """GDAL's warnings are about what we count ourselves; its errors become ours, without our path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(*args, **kwargs)
        except (CRSError, UnboundLocalError) as error:  # the latter: pyogrio 0.13, where GDAL cannot write it down
            raise WrongContentsError("its coordinate system makes no sense") from error
        except FAULTS as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            words = re.sub(r"['\"]?(?:GPKG:)?/\S+", "it", first)
            raise WrongContentsError(words[:160].rstrip(". ")) from error
