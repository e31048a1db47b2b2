"""The City's boundaries as the portal serves them, `/resource/{id}.geojson`: given ones, or made-up ones.

A folder `boundaries` beside given rows holds `{slug}.geojson`; whatever is not there is generated: a grid over the
city, and beats around their middles. A publisher's change is `PortalControl.boundary`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

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
        _polygon(
            {boundary.field: str(1 + column + row * boundary.columns)},
            shapely.box(
                round(WEST + column * wide, 6),
                round(SOUTH + row * high, 6),
                round(WEST + (column + 1) * wide, 6),
                round(SOUTH + (row + 1) * high, 6),
            ),
        )
        for row in range(boundary.rows)
        for column in range(boundary.columns)
    ]


def _beats() -> list[dict[str, Any]]:
    """All that is nearer to a beat's middle than to any other's, as generated reports have it."""
    entries = [[int(number) for number in entry.split(":")] for entry in BEATS.split()]
    middles = shapely.MultiPoint([(-west / 1000, north / 1000) for _, west, north, _ in entries])
    city = shapely.box(WEST, SOUTH, EAST, NORTH)
    cells = shapely.get_parts(shapely.voronoi_polygons(middles, extend_to=city, ordered=True))
    return [
        _polygon({"beat_num": f"{beat:04}", "district": f"{beat // 100:02}"}, shapely.intersection(cell, city))
        for (beat, *_), cell in zip(entries, cells, strict=True)
    ]


def _polygon(properties: dict[str, str], polygon: shapely.Polygon) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": shapely.geometry.mapping(shapely.MultiPolygon([polygon])),
    }


def _collection(features: list[dict[str, Any]]) -> bytes:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    return json.dumps({"type": "FeatureCollection", "features": features, "crs": crs}).encode()
