"""The events of a chunk worded as rows of the crashes dataset, with a crash report's usual defects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import domains
from .beats import BEATS
from .calendar import MINUTE
from .events import Events, EventSource
from .fragments import Category, Flags, Fragments, Numbers, Parts, decimals, join, moments, number, only, text

# defects, as shares of crashes (real rows, where counted: 13 of 1,000 without coordinates, 2 without injury counts)
_NO_PLACE, _ZERO_PLACE, _FAR_PLACE, _DRIFTED_PLACE = 0.011, 0.001, 0.0002, 0.0001
_OTHER_BEAT = 0.003  # 3 of 987 real points
_NO_COUNTS, _WRONG_TOTAL, _WRONG_UNITS, _NOTIFIED_BEFORE = 0.002, 0.001, 0.0015, 0.0002
_NANO = 10**9


@dataclass(frozen=True)
class Places:
    """Where each crash was, in billionths of a degree; the longitude is west, so positive here."""

    beat: Numbers
    north: Numbers
    west: Numbers
    located: Flags
    zero: Flags
    street_no: Numbers
    direction: Numbers
    street: Numbers


class CrashWords:
    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._categories = {field: Category(field, weights) for field, weights in domains.CRASH.items()}
        self._weather = Category("weather_condition", domains.WEATHER)
        self._surfaces = [
            Category("roadway_surface_cond", weights)
            for weights in (domains.DRY_SURFACE, domains.WET_SURFACE, domains.SNOW_SURFACE)
        ]
        self._lights = [Category("lighting_condition", weights) for weights in (domains.DAYLIGHT, domains.NIGHT)]
        self._severity = pa.array([f',"most_severe_injury":"{name}"' for name in domains.INJURIES[:5]])
        beats = np.array([[int(part) for part in entry.split(":")] for entry in BEATS.split()])
        self._beats = beats
        self._beat_text = pa.array([f',"beat_of_occurrence":"{beat}"' for beat in beats[:, 0]])

    def places(self, size: int, random: np.random.Generator) -> Places:
        beat = random.integers(0, len(self._beats), size)
        half = self._beats[beat, 3] * 1e6 * 0.3
        north = (self._beats[beat, 2] * 1e6 + half * random.standard_normal(size)).astype(np.int64)
        west = (self._beats[beat, 1] * 1e6 + half * random.standard_normal(size)).astype(np.int64)
        north, west = (np.where(values % 10 == 0, values + 1, values) for values in (north, west))
        nearest = self._nearest_beat(west, north)
        beat = np.where(random.random(size) < _OTHER_BEAT, beat, nearest)
        chance = random.random(size)
        far = (chance > _NO_PLACE + _ZERO_PLACE) & (chance < _NO_PLACE + _ZERO_PLACE + _FAR_PLACE)
        odd = np.where(random.random(size) < 0.4, 0, random.integers(1, 100, size))
        return Places(
            beat=beat,
            north=np.where(far, north - 3 * _NANO, north),
            west=west,
            located=chance >= _NO_PLACE,
            zero=(chance >= _NO_PLACE) & (chance < _NO_PLACE + _ZERO_PLACE),
            street_no=random.integers(1, 121, size) * 100 + odd,
            direction=self._categories["street_direction"].codes(random, size),
            street=self._categories["street_name"].codes(random, size),
        )

    def _nearest_beat(self, west: Numbers, north: Numbers) -> Numbers:
        """The beat that each point lies in, as the served boundaries have it: the one with the nearest middle."""
        middles = self._beats[:, 1:3].astype(np.float32) / 1e3
        from_west = np.subtract.outer((west / _NANO).astype(np.float32), middles[:, 0])
        from_north = np.subtract.outer((north / _NANO).astype(np.float32), middles[:, 1])
        nearest: Numbers = np.argmin(from_west**2 + from_north**2, axis=1)
        return nearest

    def address(self, places: Places, crash: int) -> str:
        """As the fatalities dataset writes it."""
        direction = self._categories["street_direction"].values[places.direction[crash]]
        street = self._categories["street_name"].values[places.street[crash]] or "UNKNOWN"
        return f"{places.street_no[crash]} {direction} {street.strip()}"

    def columns(self, events: Events, places: Places, random: np.random.Generator) -> Parts:
        size = len(events.dates)

        def drawn(*fields: str) -> list[Fragments]:
            return [self._categories[field].drawn(random, size) for field in fields]

        hour = events.dates // 3_600_000 % 24
        return [
            *drawn("work_zone_type"),
            *text("crash_record_id", events.crash_ids),
            *drawn("crash_date_est_i"),
            *text("crash_date", moments(events.dates)),
            *drawn("posted_speed_limit", "traffic_control_device", "device_condition"),
            *self._sky(hour, random),
            self._source.crash_type.text(events.crash_type),
            *drawn("trafficway_type", "lane_cnt", "alignment", "road_defect", "report_type"),
            self._crash_type(events, random),
            *drawn("intersection_related_i", "private_property_i", "hit_and_run_i", "damage"),
            *text("date_police_notified", moments(self._notified(events.dates, random))),
            *drawn("prim_contributory_cause", "sec_contributory_cause"),
            *number("street_no", places.street_no),
            self._categories["street_direction"].text(places.direction),
            self._categories["street_name"].text(places.street),
            self._beat_text.take(pa.array(places.beat)),
            *drawn("photos_taken_i", "statements_taken_i", "dooring_i", "work_zone_i", "workers_present_i"),
            *number("num_units", events.unit_count + (random.random(size) < _WRONG_UNITS)),
            *self._injuries(events, random),
            *number("crash_hour", hour),
            *number("crash_day_of_week", (events.dates // 86_400_000 + 4) % 7 + 1),
            *number("crash_month", events.dates.astype("datetime64[ms]").astype("datetime64[M]").astype(int) % 12 + 1),
            self._coordinates(places, random),
            only(places.located & ~places.zero, drawn(":@computed_region_rpca_8um6")[0]),
        ]

    def _sky(self, hour: Numbers, random: np.random.Generator) -> list[Fragments]:
        size = len(hour)
        weather = self._weather.codes(random, size)
        rain, snow = (
            np.isin(weather, [self._weather.code(name) for name in names])
            for names in (["RAIN"], ["SNOW", "BLOWING SNOW", "SLEET/HAIL", "FREEZING RAIN/DRIZZLE"])
        )
        day, night = (light.drawn(random, size) for light in self._lights)
        dry, wet, snowy = (surface.drawn(random, size) for surface in self._surfaces)
        return [
            self._weather.text(weather),
            pc.if_else(pa.array((hour >= 6) & (hour < 18)), day, night),
            pc.if_else(pa.array(snow), snowy, pc.if_else(pa.array(rain), wet, dry)),
        ]

    def _crash_type(self, events: Events, random: np.random.Generator) -> Fragments:
        hurt = events.injuries[:, 1:5].any(axis=1) | (random.random(len(events.dates)) < 0.18)
        kinds = pa.array([',"crash_type":"NO INJURY / DRIVE AWAY"', ',"crash_type":"INJURY AND / OR TOW DUE TO CRASH"'])
        return kinds.take(pa.array(hurt.astype(np.int8)))

    def _notified(self, dates: Numbers, random: np.random.Generator) -> Numbers:
        """Half within minutes, most within the day, some days later at a desk; a few, by a slip, before the crash."""
        chance, wait = random.random(len(dates)), random.exponential(1, len(dates))
        minutes = wait * np.select([chance < 0.55, chance < 0.85], [8, 150], default=2500)
        minutes = np.where(chance > 1 - _NOTIFIED_BEFORE, -30, minutes).astype(np.int64)
        notified: Numbers = dates + minutes * MINUTE
        return notified

    def _injuries(self, events: Events, random: np.random.Generator) -> list[Fragments]:
        none, reported, lesser, incapacitating, fatal = (events.injuries[:, place] for place in range(5))
        total = reported + lesser + incapacitating + fatal
        worst = np.select([fatal > 0, incapacitating > 0, lesser > 0, reported > 0], [4, 3, 2, 1], default=0)
        size = len(total)
        told = random.random(size) >= _NO_COUNTS
        counts: dict[str, Any] = {
            "injuries_total": total + (random.random(size) < _WRONG_TOTAL),
            "injuries_fatal": fatal,
            "injuries_incapacitating": incapacitating,
            "injuries_non_incapacitating": lesser,
            "injuries_reported_not_evident": reported,
            "injuries_no_indication": none,
            "injuries_unknown": np.zeros(size, dtype=np.int64),
        }
        parts = [part for field, values in counts.items() for part in number(field, values)]
        return [only(told, join(self._severity.take(pa.array(worst)), *parts))]

    def _coordinates(self, places: Places, random: np.random.Generator) -> Fragments:
        size = len(places.north)
        # the point has twelve decimals where the numbers have nine; in a few rows it lies elsewhere
        drift = np.where(random.random(size) < _DRIFTED_PLACE, 2_000_000, 0)
        fine = random.integers(1, 400, (2, size))
        west, north = places.west * 1000 + fine[0], (places.north + drift) * 1000 + fine[1]
        normal = join(
            *(',"latitude":"', decimals(places.north, 9), '","longitude":"-', decimals(places.west, 9)),
            *('","location":{"type":"Point","coordinates":[-', decimals(west, 12), ",", decimals(north, 12), "]}"),
        )
        at_zero = ',"latitude":"0","longitude":"0","location":{"type":"Point","coordinates":[0,0]}'
        return only(places.located, pc.if_else(pa.array(places.zero), at_zero, normal))
