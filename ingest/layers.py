"""Lands layers (named sets of polygons, lines or points) into `raw` through dlt, versioned like everything else.

Two append-only tables: `raw.layers` says what a layer is called, how it is labelled and whether it is in use, a row for
each change of that; `raw.layer_features` holds the features of each set that was ever landed, geometry as it came.
A row of the first names a set of the second, so that replacing a layer is one package, and so one moment.
How a file is read is the business of `ingest.layer_files`; what becomes of geometries, of dbt.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dlt
import psycopg2
import pyarrow as pa
from dlt.extract import DltResource

from ingest import database, packages
from ingest.errors import LayerFileError
from ingest.layer import Layer
from ingest.settings import Settings
from ingest.source import PIPELINE_NAME

if TYPE_CHECKING:
    from ingest.layer_files import LayerFile

LAYERS_TABLE = "layers"
FEATURES_TABLE = "layer_features"

LAYER_SCHEMA = pa.schema(
    [
        ("layer_id", pa.string()),
        ("name", pa.string()),
        ("description", pa.string()),
        ("original_file", pa.string()),
        ("label_field", pa.string()),
        ("sort_type", pa.string()),
        ("geometry_type", pa.string()),
        ("source_srid", pa.int64()),
        ("feature_count", pa.int64()),
        ("feature_set_id", pa.string()),
        ("portal_etag", pa.string()),
        ("city_wide", pa.bool_()),
        ("active", pa.bool_()),
        ("removed", pa.bool_()),
        ("changed_by", pa.string()),
        ("changed_at", pa.timestamp("us", tz="UTC")),
    ]
)
FEATURE_SCHEMA = pa.schema(
    [
        ("feature_set_id", pa.string()),
        ("ordinal", pa.int64()),
        ("properties", pa.string()),
        ("geometry_wkb", pa.string()),
        ("source_srid", pa.int64()),
    ]
)


def land_layer(settings: Settings, layer: Layer, file: LayerFile | None = None) -> list[str]:
    """What is said of the layer now and, with a file, its features, in one package; the dlt load ids.

    Raises LayerFileError where PostGIS cannot bring the file's geometries into EPSG:4326; then nothing is landed.
    """
    with closing(database.connect(settings.database)) as connection, database.landing_lock(connection):
        features = None if file is None or _is_there(connection, layer) else _features(layer, file)
        if features is not None:
            _check(connection, features)
        pipeline = packages.restored_pipeline(settings)
        return packages.commit(pipeline, _landed(_row(layer), features))


@dlt.source(name=PIPELINE_NAME)
def _landed(layer: pa.Table, features: pa.Table | None) -> Iterator[DltResource]:
    yield dlt.resource([layer], name=LAYERS_TABLE, write_disposition="append", file_format="parquet")
    if features is not None:
        yield dlt.resource([features], name=FEATURES_TABLE, write_disposition="append", file_format="parquet")


def _is_there(connection: psycopg2.extensions.connection, layer: Layer) -> bool:
    """These very features were landed before, with this layer or another."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('raw.layer_features') is not null")
        if cursor.fetchone() != (True,):
            return False
        cursor.execute(
            """
            select exists (
                select from raw.layer_features as features
                inner join raw._dlt_loads as loads on features._dlt_load_id = loads.load_id and loads.status = 0
                where features.feature_set_id = %s
            )
            """,
            [layer.feature_set_id],
        )
        return cursor.fetchone() == (True,)


def _row(layer: Layer) -> pa.Table:
    said = {**asdict(layer), "changed_by": getpass.getuser(), "changed_at": datetime.now(UTC)}
    return pa.Table.from_pylist([said], schema=LAYER_SCHEMA)


def _features(layer: Layer, file: LayerFile) -> pa.Table:
    count = file.features.num_rows
    geometries = [wkb.hex() for wkb in file.features["geometry_wkb"].to_pylist()]
    return pa.table(
        [
            pa.array([layer.feature_set_id] * count),
            file.features["ordinal"].cast(pa.int64()),
            file.features["properties"].cast(pa.string()),
            pa.array(geometries, pa.string()),
            pa.array([layer.source_srid] * count, pa.int64()),
        ],
        schema=FEATURE_SCHEMA,
    )


def _check(connection: psycopg2.extensions.connection, features: pa.Table) -> None:
    """PostGIS can transform all of it, and it lies on this world: a load that a build fails on would stay for ever."""
    remedy = "See in which coordinate system the file is, and write it anew: ogr2ogr -t_srs EPSG:4326 new.gpkg old-file"
    with connection.cursor() as cursor:
        for ordinal, geometry, srid in zip(
            *(features[name].to_pylist() for name in ("ordinal", "geometry_wkb", "source_srid")), strict=True
        ):
            try:
                cursor.execute(
                    """
                    select
                        st_xmin(box) >= -180 and st_xmax(box) <= 180 and st_ymin(box) >= -90 and st_ymax(box) <= 90
                    from (
                        select
                            st_envelope(st_transform(st_setsrid(st_geomfromwkb(decode(%s, 'hex')), %s), 4326)) as box
                    ) as placed
                    """,
                    [geometry, srid],
                )
                row = cursor.fetchone()
            except psycopg2.Error as error:
                reason = (str(error).splitlines() or ["no reason given"])[0]
                raise LayerFileError(
                    f"Feature {ordinal} cannot be brought from EPSG:{srid} into EPSG:4326: {reason}.", remedy=remedy
                ) from error
            if row != (True,):
                raise LayerFileError(
                    f"Feature {ordinal} lies outside the world once it is brought from EPSG:{srid} into EPSG:4326.",
                    remedy=remedy,
                )
