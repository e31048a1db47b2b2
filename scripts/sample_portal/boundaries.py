"""The City's boundaries as the portal serves them, `/resource/{id}.geojson`: given ones, or made-up rectangles.

A folder `boundaries` beside given rows holds `{slug}.geojson`; whatever is not there is generated: a grid over the
city, and beats around the middles that generated crashes lie at. A publisher's change is `PortalControl.boundary`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .generate.beats import BEATS
from .messages import Request, Response

GEOJSON = "application/vnd.geo+json;charset=utf-8"
WEST, SOUTH, EAST, NORTH = -87.95, 41.6, -87.5, 42.1


@dataclass(frozen=True)
class Boundary:
    """A dataset of polygons; `field` names its features, of which a generated one has `columns` by `rows`."""

    slug: str
    id: str
    field: str
    columns: int = 0
    rows: int = 0


BOUNDARIES = (
    Boundary("wards", "p293-wvbd", "ward", 5, 10),
    Boundary("community_areas", "igwz-8jzy", "community", 7, 11),
    Boundary("police_beats", "n9it-hstw", "beat_num"),
    Boundary("police_districts", "24zt-jpfn", "dist_num", 2, 11),
    Boundary("census_tracts", "5jrd-6zik", "geoid10", 21, 38),
)


@dataclass
class BoundaryStore:
    """What is served now, by 4x4 id."""

    bodies: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Path | None) -> BoundaryStore:
        """Given ones from the folder beside the rows, all others generated."""
        given = rows / "boundaries" if rows is not None else None
        bodies = {}
        for boundary in BOUNDARIES:
            file = given / f"{boundary.slug}.geojson" if given else None
            bodies[boundary.id] = file.read_bytes() if file and file.is_file() else _generated(boundary)
        return cls(bodies)

    def publish(self, name: str, features: list[dict[str, Any]]) -> None:
        """Other features from now on, of a boundary named by slug or id. Raises KeyError for one that is none."""
        found = next((each for each in BOUNDARIES if name in (each.slug, each.id)), None)
        if found is None:
            raise KeyError(name)
        self.bodies[found.id] = _collection(features)

    def respond(self, boundary_id: str, request: Request) -> Response | None:
        body = self.bodies.get(boundary_id)
        if body is None:
            return None
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(304, {"ETag": tag})
        response = Response.of(body, content_type=GEOJSON)
        response.headers["ETag"] = tag
        return response


def _generated(boundary: Boundary) -> bytes:
    return _collection(_beats() if boundary.slug == "police_beats" else _grid(boundary))


def _grid(boundary: Boundary) -> list[dict[str, Any]]:
    wide, high = (EAST - WEST) / boundary.columns, (NORTH - SOUTH) / boundary.rows
    return [
        _feature(
            {boundary.field: str(1 + column + row * boundary.columns)},
            WEST + column * wide,
            SOUTH + row * high,
            WEST + (column + 1) * wide,
            SOUTH + (row + 1) * high,
        )
        for row in range(boundary.rows)
        for column in range(boundary.columns)
    ]


def _beats() -> list[dict[str, Any]]:
    """Squares of their areas, a quarter larger, so that they touch; where two overlap, both hold a crash."""
    features = []
    for beat, *numbers in re.findall(r"(\d{4}):(\d+):(\d+):(\d+)", BEATS):
        west, north, side = (int(number) / 1000 for number in numbers)
        half = side * 0.625
        box = (-west - half, north - half * 0.75, -west + half, north + half * 0.75)
        features.append(_feature({"beat_num": beat, "district": beat[:2]}, *box))
    return features


def _feature(properties: dict[str, str], west: float, south: float, east: float, north: float) -> dict[str, Any]:
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    ring = [[round(x, 6), round(y, 6)] for x, y in corners]
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
    }


def _collection(features: list[dict[str, Any]]) -> bytes:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    return json.dumps({"type": "FeatureCollection", "features": features, "crs": crs}).encode()
