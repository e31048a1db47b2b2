"""The units of a chunk worded as rows of the vehicles dataset: one a unit, pedestrians and bicycles included."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import domains
from .events import Events
from .fragments import Category, Draw, Fragments, Parts, fragment, number, only, text

# patterns of damaged areas made once a chunk: which of the fourteen flags a vehicle has
_AREA_PATTERNS = 2000
_COMMERCIAL = 0.011
_STANDING = (1, 4)


class VehicleWords:
    def __init__(self) -> None:
        self._categories = {field: Category(field, weights) for field, weights in domains.VEHICLE.items()}
        self._moving, self._standing = (Category("maneuver", kind) for kind in (domains.MOVING, domains.STANDING))
        self._types = pa.array([fragment("unit_type", name) for name in domains.UNIT_TYPES])
        self._towed = Draw(list(domains.TOWED.values()))
        self._towed_text = pa.array([_towed(value) for value in domains.TOWED])

    def columns(self, events: Events, child_dates: Fragments, random: np.random.Generator) -> Parts:
        size = len(events.unit_crash)
        vehicle = events.has_vehicle

        def drawn(*fields: str) -> list[Fragments]:
            return [only(vehicle, self._categories[field].drawn(random, size)) for field in fields]

        standing = pa.array(np.isin(events.unit_type, _STANDING))
        maneuver = pc.if_else(standing, self._standing.drawn(random, size), self._moving.drawn(random, size))
        passengers = np.maximum(events.occupants - 1, 0)
        return [
            *text("crash_date", child_dates),
            *drawn("lic_plate_state", "vehicle_year", "first_contact_point", "vehicle_use", "make", "travel_direction"),
            only(vehicle, maneuver),
            *number("unit_no", events.unit_no),
            *drawn("fire_i"),
            *text("crash_record_id", events.crash_ids.take(pa.array(events.unit_crash))),
            *drawn("vehicle_defect"),
            self._types.take(pa.array(events.unit_type)),
            only(vehicle, self._towed_text.take(pa.array(self._towed.codes(random, size)))),
            *number("vehicle_id", events.vehicle_id, vehicle),
            *number("occupant_cnt", events.occupants, vehicle),
            only(vehicle, self._areas(random, size)),
            *drawn("model", "exceed_speed_limit_i"),
            *number("num_passengers", passengers, passengers > 0),
            self._commercial(events, random),
            *number("crash_unit_id", events.unit_id),
            *drawn("vehicle_type"),
        ]

    def _areas(self, random: np.random.Generator, size: int) -> Fragments:
        shares = np.array(list(domains.AREAS.values())) / 1000
        damaged = random.random((_AREA_PATTERNS, len(shares))) < shares
        denied = random.random(damaged.shape) < 0.01
        patterns = [
            "".join(
                f',"{field}":"{"Y" if yes else "N"}"'
                for field, yes, no in zip(domains.AREAS, damaged[row], denied[row], strict=True)
                if yes or no
            )
            for row in range(_AREA_PATTERNS)
        ]
        return pa.array(patterns).take(pa.array(random.integers(0, _AREA_PATTERNS, size)))

    def _commercial(self, events: Events, random: np.random.Generator) -> Fragments:
        """The block that only commercial vehicles have: few rows, so few that plain Python words them."""
        size = len(events.unit_crash)
        chosen = np.flatnonzero(events.has_vehicle & (random.random(size) < _COMMERCIAL))
        blocks = np.full(size, -1)
        blocks[chosen] = np.arange(len(chosen))
        words = [_commercial(int(events.vehicle_id[unit]), random) for unit in chosen]
        return pc.fill_null(pa.array(words, pa.string()).take(pa.array(blocks, mask=blocks < 0)), "")


def _towed(value: str | None) -> str:
    if value is None:
        return ""
    by, _, to = value.partition("|")
    return ',"towed_i":"Y"' + fragment("towed_by", by or None) + fragment("towed_to", to or None)


def _commercial(vehicle: int, random: np.random.Generator) -> str:
    pick = random.integers(0, 1 << 20, 8)
    block = {
        "cmrc_veh_i": "Y" if pick[0] % 3 else "N",
        "cmv_id": str(1_000 + vehicle // 90),
        "carrier_name": domains.CARRIERS[pick[1] % len(domains.CARRIERS)],
        "carrier_city": domains.CARRIER_CITIES[pick[2] % len(domains.CARRIER_CITIES)],
        "carrier_state": "IL",
        "hazmat_placards_i": "N",
        "hazmat_present_i": "N",
        "hazmat_report_i": "N",
        "mcs_report_i": "NU"[int(pick[3] % 2)],
        "mcs_vio_cause_crash_i": "N",
        "usdot_no": str(100_000 + pick[4]),
        "gvwr": str(1 + pick[5] % 3),
        "vehicle_config": ("TRACTOR/SEMI-TRAILER", "TRUCK/TRACTOR", "BUS")[int(pick[6] % 3)],
        "cargo_body_type": ("VAN/ENCLOSED BOX", "GARBAGE/REFUSE", "OTHER", "BUS")[int(pick[7] % 4)],
        "axle_cnt": str(2 + pick[6] % 4),
        "total_vehicle_length": str(20 + pick[7] % 50),
        "trailer1_width": "0 - 96 INCHES",
        "load_type": "UNKNOWN",
    }
    return "".join(f',"{field}":{json.dumps(value)}' for field, value in block.items())
