"""Writes the features of a layer to a file that other programs open: GeoJSON, GeoPackage or FlatGeobuf."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import write

from ingest.layer import Layer
from runner.errors import NothingBuiltError, WrongUsageError
from runner.ledger.session import LedgerSession

DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG", ".fgb": "FlatGeobuf"}


def write_layer(session: LedgerSession, layer: Layer, output: Path, *, force: bool = False) -> int:
    """How many features were written, in the layer's order, in EPSG:4326. Raises WrongUsageError, NothingBuiltError."""
    driver = DRIVERS.get(output.suffix.lower())
    if driver is None:
        raise WrongUsageError(
            f"{output.name} has no ending that says what to write.", remedy=f"End it in {', '.join(DRIVERS)}."
        )
    if output.exists() and not force:
        raise WrongUsageError(f"{output} is there already.", remedy="Add --force to overwrite it.")
    if session.execute("select to_regclass('spatial.features')") == [(None,)]:
        raise NothingBuiltError("The features are not built yet.", remedy="Run `crashes run` first.")
    rows = session.execute(
        "select label, properties::text, st_asbinary(st_multi(geom)) from spatial.features where layer_id = %s "
        "order by sort_position",
        [layer.layer_id],
    )
    if not rows:
        raise NothingBuiltError(f"No feature of {layer.name!r} is built yet.", remedy="Run `crashes run` first.")
    fields = _fields([{"label": label, **json.loads(properties or "{}")} for label, properties, _ in rows])
    output.unlink(missing_ok=True)
    try:
        write(
            str(output.absolute()),
            geometry=np.array([bytes(geometry) for *_, geometry in rows], dtype=object),
            field_data=list(fields.values()),
            fields=list(fields),
            driver=driver,
            layer=layer.layer_id,
            crs="EPSG:4326",
            geometry_type="Unknown",
            encoding="UTF-8",
        )
    except (DataSourceError, DataLayerError, OSError) as error:
        raise WrongUsageError(
            f"{output} cannot be written: {str(error).splitlines()[0]}.",
            remedy="Name a file in a folder that is there and can be written.",
        ) from error
    return len(rows)


def _fields(properties: list[dict[str, Any]]) -> dict[str, Any]:
    """Column by column: numbers where all are numbers, text otherwise."""
    names = dict.fromkeys(name for each in properties for name in each)
    fields = {}
    for name in names:
        values = [each.get(name) for each in properties]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            fields[name] = np.array(values)
        else:
            fields[name] = np.array([value if value is None else _text(value) for value in values], dtype=object)
    return fields


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
