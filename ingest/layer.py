"""What a layer is: what is said of a named set of polygons, lines or points, and how a file becomes one.

No dlt and no GDAL here: whoever only asks which layers there are need not wait for them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.layer_files import LayerFile


@dataclass(frozen=True)
class Layer:
    """What is said of a layer. `layer_id` is the slug of its first name and stays; `city_wide`: every crash has a place
    in it, so that one just outside belongs to the nearest feature.
    """

    layer_id: str
    name: str
    geometry_type: str
    source_srid: int
    feature_count: int
    feature_set_id: str
    original_file: str
    portal_etag: str | None = None
    description: str = ""
    label_field: str | None = None
    sort_type: str = "natural"
    city_wide: bool = False
    active: bool = True
    removed: bool = False


def new_layer(file: LayerFile, name: str, label_field: str | None, **said: Any) -> Layer:
    """A layer of a file, with a set of features of its own."""
    return Layer(
        layer_id=slug(name),
        name=name,
        geometry_type=file.geometry_type,
        source_srid=file.source_srid,
        feature_count=file.feature_count,
        feature_set_id=content_id(file),
        original_file=file.name,
        label_field=label_field,
        **said,
    )


def with_features_of(layer: Layer, file: LayerFile) -> Layer:
    """The same layer with other features."""
    return replace(
        layer,
        geometry_type=file.geometry_type,
        source_srid=file.source_srid,
        feature_count=file.feature_count,
        feature_set_id=content_id(file),
        original_file=file.name,
    )


def content_id(file: LayerFile) -> str:
    """Of the features of a file: the same features are the same set, whenever and under whatever name they come."""
    digest = hashlib.sha256(str(file.source_srid).encode())
    for properties, geometry in zip(
        file.features["properties"].to_pylist(), file.features["geometry_wkb"].to_pylist(), strict=True
    ):
        digest.update(properties.encode() + b"\0" + geometry + b"\0")
    return digest.hexdigest()[:32]


def slug(name: str) -> str:
    """Lower case, letters and digits, joined by underscores: what SQL calls the layer. Never empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return (
        re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:60]
        or f"layer_{uuid.uuid5(uuid.NAMESPACE_URL, name).hex[:8]}"
    )
