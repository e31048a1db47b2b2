"""The crashes of an answer in the forms that other programs read: CSV, GeoJSON, GeoParquet and FlatGeobuf."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from runner.errors import WrongUsageError
from runner.questions.asking import Crashes

BINARY = ("geoparquet", "flatgeobuf")


def as_csv(crashes: Crashes) -> str:
    """With a header; places are the columns latitude and longitude."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(crashes.columns)
    writer.writerows([_plain(value) for value in row] for row in crashes.rows)
    return written.getvalue()


def as_geojson(crashes: Crashes) -> str:
    """A FeatureCollection (RFC 7946): one feature a crash."""
    features = []
    for row in crashes.rows:
        properties = {name: _plain(value) for name, value in zip(crashes.columns, row, strict=True)}
        position = [properties.pop("longitude"), properties.pop("latitude")]
        point = {"type": "Point", "coordinates": position}
        features.append({"type": "Feature", "geometry": point, "properties": properties})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False) + "\n"


def write_text(text: str, output: Path) -> None:
    with _whole(output) as half:
        half.write_text(text, encoding="utf-8")


def write_geoparquet(crashes: Crashes, output: Path) -> None:
    """GeoParquet 1.1 (https://geoparquet.org/releases/v1.1.0): points as WKB, in its default system OGC:CRS84."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - it takes a moment to load

    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["Point"]}
    if crashes.rows:
        lons, lats = _values(crashes, "longitude"), _values(crashes, "latitude")
        column["bbox"] = [min(lons), min(lats), max(lons), max(lats)]
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    table = _arrow(crashes)
    table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    with _whole(output) as half:
        pq.write_table(table, half, compression="zstd")


def write_flatgeobuf(crashes: Crashes, output: Path) -> None:
    """With its spatial index, in EPSG:4326."""
    from pyogrio import write_arrow  # noqa: PLC0415 - GDAL takes a moment to load

    with _whole(output) as half:
        write_arrow(
            _arrow(crashes),
            str(half.absolute()),
            driver="FlatGeobuf",
            layer="crashes",
            geometry_name="geometry",
            geometry_type="Point",
            crs="EPSG:4326",
        )


WRITERS: dict[str, Callable[[Crashes, Path], None]] = {
    "csv": lambda crashes, output: write_text(as_csv(crashes), output),
    "geojson": lambda crashes, output: write_text(as_geojson(crashes), output),
    "geoparquet": write_geoparquet,
    "flatgeobuf": write_flatgeobuf,
}


def check_output(form: str, output: Path | None, *, force: bool) -> None:
    """Before anything is asked: the answer can be written. Raises WrongUsageError."""
    if output is None:
        if form in BINARY:
            raise WrongUsageError(f"{form} is no text for a terminal.", remedy="Name a file for it with --output.")
        return
    if form == "table":
        raise WrongUsageError(
            "A table is for the terminal.",
            remedy="Say what to write: --format json, csv, geojson, geoparquet, flatgeobuf.",
        )
    if output.is_dir():
        raise WrongUsageError(f"{output} is a folder.", remedy="Name a file in it.")
    if output.exists() and not force:
        raise WrongUsageError(f"{output} is there already.", remedy="Add --force to overwrite it.")


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    """A file beside it that takes its place once it is whole."""
    # GDAL makes a folder of a FlatGeobuf that does not end so.
    half = output.with_name(f".{output.name}.{os.getpid()}.fgb")
    try:
        yield half
        half.replace(output)
    except Exception as error:
        if not isinstance(error, OSError) and type(error).__module__ != "pyogrio.errors":
            raise
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise WrongUsageError(
            f"{output} cannot be written: {reason}.", remedy="Name a file in a folder that is there and yours."
        ) from error
    finally:
        half.unlink(missing_ok=True)


def _arrow(crashes: Crashes) -> Any:
    """Types are said, for a column without a value, or a table without a row, has none."""
    import pyarrow as pa  # noqa: PLC0415

    types = {
        "crash_at_local": pa.timestamp("us"),
        "severity_score": pa.int32(),
        "injuries_total": pa.int32(),
        "injuries_fatal": pa.int32(),
        "metres": pa.float64(),
        "latitude": pa.float64(),
        "longitude": pa.float64(),
    }
    arrays = [pa.array(_values(crashes, name), type=types.get(name, pa.string())) for name in crashes.columns]
    points = pa.array(crashes.points, type=pa.binary())
    return pa.table([*arrays, points], names=[*crashes.columns, "geometry"])


def _values(crashes: Crashes, name: str) -> list[Any]:
    place = crashes.columns.index(name)
    return [row[place] for row in crashes.rows]


def _plain(value: Any) -> Any:
    """Local times as they are, without a zone."""
    return value.isoformat(sep="T", timespec="seconds") if isinstance(value, datetime) else value
