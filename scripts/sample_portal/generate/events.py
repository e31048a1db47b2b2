"""What happened, in numbers: the crashes of one chunk, their units, the people in them, and who was hurt.

The three datasets are worded from the same events, which is why they agree with each other: unit rows with
`num_units`, injured people with the crash's counts, drivers' `person_id` with their unit's number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import domains
from .fragments import Category, Draw, Flags, Fragments, Numbers, hexadecimal

_DRIVER, _PARKED, _PEDESTRIAN, _BICYCLE, _DRIVERLESS, _BLANK = range(len(domains.UNIT_TYPES))
FATAL = domains.INJURIES.index("FATAL")
# expected deaths a crash under the shares in `domains`
_DEATHS_PER_CRASH = 0.0009
_FEWEST_DEATHS = 20


@dataclass(frozen=True)
class Numbering:
    """The next free number of each series; ids of one chunk follow those of the chunk before."""

    unit: int = 10_000
    vehicle: int = 9_000
    passenger: int = 1_000


@dataclass(frozen=True)
class Events:
    """Arrays by crash, by unit and by person; `unit_crash` and `person_unit` point into the level above."""

    first: int  # position of the chunk's first crash among all
    dates: Numbers
    crash_ids: Fragments
    crash_type: Numbers
    unit_count: Numbers
    injuries: Numbers  # (crashes, classifications)

    unit_crash: Numbers
    unit_no: Numbers
    unit_type: Numbers
    unit_id: Numbers
    vehicle_id: Numbers
    has_vehicle: Flags
    occupants: Numbers

    person_unit: Numbers
    person_type: Numbers
    person_number: Numbers
    injury: Numbers

    @property
    def person_crash(self) -> Numbers:
        crash: Numbers = self.unit_crash[self.person_unit]
        return crash


class EventSource:
    def __init__(self, crashes: int) -> None:
        """`crashes` in all chunks: few crashes are made deadlier, so that a small sample has fatalities too."""
        self.crash_type = Category("first_crash_type", domains.FIRST_CRASH_TYPE)
        wanted = max(_DEATHS_PER_CRASH * crashes, min(_FEWEST_DEATHS, crashes / 10))
        boost = wanted / max(_DEATHS_PER_CRASH * crashes, 1e-9)
        self._inside, self._outside = (
            Draw([share * boost if place == FATAL else share for place, share in enumerate(shares)])
            for shares in (domains.INJURED_INSIDE, domains.INJURED_OUTSIDE)
        )
        self._alone = np.array([self.crash_type.code(name) for name in domains.ALONE])
        self._numbering = Numbering()

    def chunk(self, first: int, dates: Numbers, random: np.random.Generator) -> Events:
        size = len(dates)
        crash_type = self.crash_type.codes(random, size)
        alone = np.isin(crash_type, self._alone) & (random.random(size) < 0.92)
        unit_count = np.where(alone, 1, 2 + Draw([917, 65, 12, 4, 1, 0.6, 0.2]).codes(random, size))

        unit_crash = np.repeat(np.arange(size), unit_count)
        starts = np.cumsum(unit_count) - unit_count
        unit_no = np.arange(len(unit_crash)) - starts[unit_crash] + 1
        unit_type = self._unit_types(crash_type[unit_crash], unit_no, random)
        units = len(unit_crash)
        has_vehicle = ~np.isin(unit_type, (_PEDESTRIAN, _BICYCLE, _BLANK))
        # the series have gaps, as rows that were withdrawn leave them
        unit_id = self._numbering.unit + np.cumsum(1 + (random.random(units) < 0.01))
        vehicle_id = self._numbering.vehicle + np.cumsum(has_vehicle)

        manned = ~np.isin(unit_type, (_PARKED, _DRIVERLESS, _BLANK))
        riders = np.where(unit_type == _DRIVER, random.geometric(0.79, units) - 1, 0).clip(max=9)
        aboard = manned + riders
        person_unit = np.repeat(np.arange(units), aboard)
        firsts = np.cumsum(aboard) - aboard
        is_first = np.arange(len(person_unit)) == firsts[person_unit]
        type_of_unit = unit_type[person_unit]
        person_type = np.select(
            [~is_first, type_of_unit == _PEDESTRIAN, type_of_unit == _BICYCLE], [1, 2, 3], default=0
        )
        passenger_numbers = self._numbering.passenger + np.cumsum(person_type == 1)
        people = len(person_unit)
        injury = np.where(person_type < 2, self._inside.codes(random, people), self._outside.codes(random, people))
        cells = unit_crash[person_unit] * len(domains.INJURIES) + injury
        injuries = np.bincount(cells, minlength=size * len(domains.INJURIES)).reshape(size, -1)

        self._numbering = Numbering(
            int(unit_id[-1]) + 1, int(vehicle_id[-1]) + 1, int(self._numbering.passenger + (person_type == 1).sum())
        )
        return Events(
            first=first,
            dates=dates,
            crash_ids=hexadecimal(random, size, 128),
            crash_type=crash_type,
            unit_count=unit_count,
            injuries=injuries,
            unit_crash=unit_crash,
            unit_no=unit_no,
            unit_type=unit_type,
            unit_id=unit_id,
            vehicle_id=vehicle_id,
            has_vehicle=has_vehicle,
            occupants=np.where(has_vehicle, aboard, 0),
            person_unit=person_unit,
            person_type=person_type,
            person_number=np.where(person_type == 1, passenger_numbers, unit_id[person_unit]),
            injury=injury,
        )

    def _unit_types(self, crash_type: Numbers, unit_no: Numbers, random: np.random.Generator) -> Numbers:
        """The second unit is what the crash type says was hit; all others were driven, but for a few."""
        types = np.full(len(unit_no), _DRIVER)
        second = unit_no == 2
        struck = {"PARKED MOTOR VEHICLE": _PARKED, "PEDESTRIAN": _PEDESTRIAN, "PEDALCYCLIST": _BICYCLE}
        for name, unit_type in struck.items():
            types[second & (crash_type == self.crash_type.code(name))] = unit_type
        chance = random.random(len(unit_no))
        types[(types == _DRIVER) & (chance < 0.010)] = _DRIVERLESS
        types[chance > 0.999] = _BLANK
        return types
