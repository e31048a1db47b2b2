"""The City's boundaries (wards, community areas, beats, districts, tracts) from the portal, each landed as a layer.

Each is asked for by its ETag, so that one that has not changed costs a small request; one whose features are the very
same lands as a remark that it was looked at, and nothing is computed anew.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.datasets import Boundary, all_boundaries
from ingest.errors import CrashesError, DatasetGoneError
from ingest.layer import Layer, new_layer, with_features_of
from ingest.layer_files import LayerFile, read_layer_file
from ingest.layers import land_layer
from ingest.settings import Settings
from ingest.soda import RateLimiter, SodaClient

log = logging.getLogger(__name__)


@dataclass
class BoundaryReport:
    """What became of each boundary: `new`, `changed`, `unchanged` or `missing` (the portal does not know it)."""

    outcomes: dict[str, str] = field(default_factory=dict)
    load_ids: list[str] = field(default_factory=list)

    @property
    def has_news(self) -> bool:
        return bool({"new", "changed"} & set(self.outcomes.values()))


def land_boundaries(settings: Settings, known: Mapping[str, Layer]) -> BoundaryReport:
    """Bring what the portal has and `known`, by layer id, has not. A boundary that the portal does not know is told.

    Raises what `ingest.soda` raises, LayerFileError, and DatasetGoneError where the portal knows none of them.
    """
    report = BoundaryReport()
    limiter = RateLimiter(settings.requests_per_hour)
    token = settings.api_token.get_secret_value() if settings.api_token else None
    gone: CrashesError | None = None
    for boundary in all_boundaries().values():
        client = SodaClient(settings.portal_url, token=token, limiter=limiter, dataset=boundary.layer_id)
        with closing(client):
            try:
                outcome, load_ids = _land(settings, client, boundary, known.get(boundary.layer_id))
            except DatasetGoneError as error:
                log.warning("%s", error, extra={"dataset": boundary.layer_id})
                outcome, load_ids, gone = "missing", [], error
        report.outcomes[boundary.layer_id] = outcome
        report.load_ids += load_ids
        log.info("%s: %s", boundary.name, outcome, extra={"dataset": boundary.layer_id})
    if gone is not None and set(report.outcomes.values()) == {"missing"}:
        raise gone
    return report


def _land(settings: Settings, client: SodaClient, boundary: Boundary, known: Layer | None) -> tuple[str, list[str]]:
    answer = client.geojson(boundary.id, boundary.name, known=known.portal_etag if known else None)
    if answer is None:
        return "unchanged", []
    body, etag = answer
    file = _read(boundary, body)
    if known is None:
        said = {"sort_type": boundary.sort_type, "city_wide": True, "portal_etag": etag}
        layer = new_layer(file, boundary.name, boundary.label_field, **said)
        return "new", land_layer(settings, replace(layer, layer_id=boundary.layer_id), file)
    layer = replace(with_features_of(known, file), portal_etag=etag)
    changed = layer.feature_set_id != known.feature_set_id
    return "changed" if changed else "unchanged", land_layer(settings, layer, file)


def _read(boundary: Boundary, body: bytes) -> LayerFile:
    """Through the same reader as a user's file, with the same refusals."""
    with tempfile.TemporaryDirectory(prefix="crashes-boundary-") as folder:
        path = Path(folder) / f"{boundary.id}.geojson"
        path.write_bytes(body)
        return read_layer_file(path)
