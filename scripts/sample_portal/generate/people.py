"""The people of a chunk worded as rows of the people dataset."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from . import domains
from .events import Events
from .fragments import Category, Draw, Fragments, Parts, decimals, fragment, join, number, only, text

_DRIVER, _PASSENGER = 0, 1
_NO_AGE = 0.287
_ODD_AGE = 0.0002
_MEASURED = 0.0015


class PeopleWords:
    def __init__(self) -> None:
        self._categories = {field: Category(field, weights) for field, weights in domains.PERSON.items()}
        self._types = pa.array([fragment("person_type", name) for name in domains.PERSON_TYPES])
        self._letters = pa.array(["O", "P", "O", "O"])
        self._injuries = pa.array([fragment("injury_classification", name) for name in domains.INJURIES])
        self._ambulance = Draw(list(domains.AMBULANCE.values()))
        self._ambulance_text = pa.array([_ambulance(value) for value in domains.AMBULANCE])
        self._odd_ages = Category("age", domains.ODD_AGES)

    def ids(self, events: Events) -> Fragments:
        """`O` and the unit's number for whoever was in charge of it, `P` and a series of its own for passengers."""
        letters = self._letters.take(pa.array(events.person_type))
        return join(letters, pa.array(events.person_number).cast(pa.string()))

    def columns(self, events: Events, ids: Fragments, child_dates: Fragments, random: np.random.Generator) -> Parts:
        size = len(events.person_unit)
        kind = events.person_type
        driver, passenger, outside = kind == _DRIVER, kind == _PASSENGER, kind > _PASSENGER

        def drawn(field: str, where: np.ndarray | None = None) -> Fragments:
            return only(where, self._categories[field].drawn(random, size))

        vehicle_ids = events.vehicle_id[events.person_unit]
        measured = driver & (random.random(size) < _MEASURED)
        return [
            *text("crash_record_id", events.crash_ids.take(pa.array(events.person_crash))),
            drawn("cell_phone_use", driver),
            drawn("driver_vision", ~passenger),
            self._types.take(pa.array(kind)),
            drawn("pedpedal_location", outside),
            self._ambulance_text.take(pa.array(self._ambulance.codes(random, size))),
            *(drawn(field) for field in ("city", "state", "sex", "safety_equipment", "zipcode")),
            drawn("physical_condition", ~passenger),
            drawn("pedpedal_visibility", outside),
            drawn("drivers_license_state", driver),
            self._injuries.take(pa.array(events.injury)),
            drawn("ejection", ~outside),
            *text("crash_date", child_dates),
            drawn("airbag_deployed", ~outside),
            drawn("pedpedal_action", outside),
            drawn("driver_action", ~passenger),
            drawn("drivers_license_class", driver),
            drawn("seat_no", passenger),
            *number("vehicle_id", vehicle_ids, ~outside),
            self._ages(kind, random),
            drawn("bac_result", ~passenger),
            only(measured, join(',"bac_result_value":"', decimals(random.integers(1, 40, size), 2), '"')),
            *text("person_id", ids),
        ]

    def _ages(self, kind: np.ndarray, random: np.random.Generator) -> Fragments:
        """Drivers from sixteen, passengers from birth, both fewer with the years."""
        size = len(kind)
        youngest = np.where(kind == _DRIVER, 16, 0)
        ages = (youngest + random.gamma(2.2, 12, size)).astype(np.int64).clip(max=99)
        odd = random.random(size) < _ODD_AGE
        known = number("age", ages, ~odd & (random.random(size) >= _NO_AGE))
        return join(*known, only(odd, self._odd_ages.drawn(random, size)))


def _ambulance(value: str | None) -> str:
    if value is None:
        return ""
    hospital, agency, run = value.split("|")
    fields = {"hospital": hospital, "ems_agency": agency, "ems_run_no": run}
    return "".join(fragment(field, text or None) for field, text in fields.items())
