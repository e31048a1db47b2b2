"""Clusters of crashes found in Python, by the same rules as the models: what those are held to."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import yaml
from harness import ROOT
from pyproj import Transformer

VARS = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
TO_PLANE = Transformer.from_crs(4326, VARS["plane_srid"], always_xy=True)


@dataclass(frozen=True)
class Crash:
    """A located crash of the final table."""

    key: str
    day: date
    severity: int
    killed: int
    injured: int
    street: str | None
    corner: bool
    kind: str
    longitude: float
    latitude: float

    @property
    def weight(self) -> int:
        return int(VARS["severity_weights"][self.severity - 1])

    @property
    def place(self) -> tuple[float, float]:
        x, y = TO_PLANE.transform(self.longitude, self.latitude)
        return x, y


def dbscan(places: list[tuple[float, float]], weights: list[int], metres: float, least: int) -> list[frozenset[int]]:
    """Members of each cluster, by their number; who is no core belongs to the first core near it, from the west."""
    points, heavy = np.array(places), np.array(weights)
    near = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) <= metres
    cores = [place for place in range(len(points)) if heavy[near[place]].sum() >= least]
    cores.sort(key=lambda place: (places[place], place))
    cluster: dict[int, int] = {}
    for first in cores:
        reached = [] if first in cluster else [first]
        while reached:
            place = reached.pop()
            if place not in cluster:
                cluster[place] = first
                reached += [other for other in cores if near[place, other] and other not in cluster]
    found: dict[int, set[int]] = defaultdict(set)
    for place in range(len(points)):
        core = place if place in cluster else next((core for core in cores if near[place, core]), None)
        if core is not None:
            found[cluster[core]].add(place)
    return [frozenset(members) for members in found.values()]


def least(a_year: float, floor: int, first: date, last: date) -> int:
    return max(math.ceil(a_year * ((last - first).days + 1) / 365.25), floor)


def hot_spots(crashes: list[Crash], first: date, last: date) -> list[list[Crash]]:
    least_weight = least(VARS["hotspot_weight_a_year"], VARS["hotspot_weight_floor"], first, last)
    clusters = dbscan(
        [crash.place for crash in crashes], [crash.weight for crash in crashes], VARS["hotspot_metres"], least_weight
    )
    return [[crashes[member] for member in sorted(members)] for members in clusters]


def commonest(streets: Iterable[str | None]) -> list[str]:
    used = Counter(street for street in streets if street)
    return sorted(used, key=lambda street: (-used[street], street))


def periods(crashes: list[Crash]) -> dict[str, tuple[date, date]]:
    days = [crash.day for crash in crashes]
    first, last = min(days), max(days)
    years = range(first.year, last.year + 1)
    return {"all": (first, last)} | {
        str(year): (max(first, date(year, 1, 1)), min(last, date(year, 12, 31))) for year in years
    }
