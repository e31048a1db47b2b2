"""Puts a store of generated rows together, a chunk of crashes at a time, writing one while making the next."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..builder import Batch, Builder
from ..columns import CRASHES, DATASETS, FATALITIES, PEOPLE, VEHICLES, Dataset
from ..moments import read_floating
from .calendar import DAY, MINUTE, Transactions, crash_dates
from .crashes import CrashWords
from .events import EventSource
from .fatalities import Row, body, fatalities, spoiled
from .fragments import Flags, Numbers, bodies, moments
from .people import PeopleWords
from .vehicles import VehicleWords

_CHUNK = 10_000
# crashes that have people and vehicles but no row of their own (orphans, as when the sets are refreshed apart)
_MISSING = 0.0005
_SMALLEST_WITH_ORPHANS = 200
# children whose crash_date is not their crash's: 309 of 4.2 million real ones
_OTHER_DATE = 0.000075


def build_generated(crashes: int, seed: int, as_of: date, folder: Path) -> None:
    """Exactly `crashes` rows of crashes and all that belongs to them; the newest crash is on `as_of`."""
    random = np.random.default_rng([seed, 1])
    missing = max(1, round(crashes * _MISSING)) if crashes >= _SMALLEST_WITH_ORPHANS else 0
    count = crashes + missing
    dates = crash_dates(count, as_of, random)
    present = np.ones(count, dtype=bool)
    present[random.choice(max(count - 1, 1), missing, replace=False)] = False
    work = _Work(folder, dates, as_of)
    with ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for first in range(0, count, _CHUNK):
            batches = work.chunk(first, dates[first : first + _CHUNK], present[first : first + _CHUNK], seed)
            if written:
                written.result()
            written = writer.submit(work.write, batches)
        if written:
            written.result()
    work.finish(as_of, np.random.default_rng([seed, 2]))


class _Work:
    def __init__(self, folder: Path, dates: Numbers, as_of: date) -> None:
        self._builders = {dataset.slug: Builder(dataset, folder) for dataset in DATASETS}
        self._source = EventSource(len(dates))
        self._crashes, self._vehicles, self._people = CrashWords(self._source), VehicleWords(), PeopleWords()
        # each dataset is written a while after the one before it
        self._transactions = {
            dataset.slug: Transactions.over(dates, as_of, place * 7 * MINUTE, rows_per_crash)
            for place, (dataset, rows_per_crash) in enumerate([(CRASHES, 1), (PEOPLE, 2.1), (VEHICLES, 2)])
        }
        self._fatalities: list[Row] = []

    def chunk(self, first: int, dates: Numbers, present: Flags, seed: int) -> dict[Dataset, Batch]:
        random = np.random.default_rng([seed, 3, first])
        events = self._source.chunk(first, dates, random)
        places = self._crashes.places(len(dates), random)
        person_ids = self._people.ids(events)
        self._fatalities += fatalities(events, person_ids.to_pylist(), places, self._crashes, random)
        crash_keys = events.crash_ids.filter(pa.array(present)).to_pylist()
        unit_dates, person_dates = (
            _child_dates(dates[crash], random) for crash in (events.unit_crash, events.person_crash)
        )
        in_place = first + np.flatnonzero(present)
        crash_rows = bodies(self._crashes.columns(events, places, random), present)
        unit_rows = bodies(self._vehicles.columns(events, moments(unit_dates), random))
        person_rows = bodies(self._people.columns(events, person_ids, moments(person_dates), random))
        unit_keys, person_keys = events.unit_id.tolist(), person_ids.to_pylist()
        unit_crash, person_crash = first + events.unit_crash, first + events.person_crash
        return {
            CRASHES: self._batch(CRASHES, crash_rows, crash_keys, dates[present], in_place, random),
            VEHICLES: self._batch(VEHICLES, unit_rows, unit_keys, unit_dates, unit_crash, random),
            PEOPLE: self._batch(PEOPLE, person_rows, person_keys, person_dates, person_crash, random),
        }

    def write(self, batches: dict[Dataset, Batch]) -> None:
        for dataset, batch in batches.items():
            self._builders[dataset.slug].append(batch)

    def finish(self, as_of: date, random: np.random.Generator) -> None:
        for dataset in (CRASHES, PEOPLE, VEHICLES):
            newest = int(self._transactions[dataset.slug].moments[-1])
            self._builders[dataset.slug].finish(dataset.columns, newest)
        newest = int(np.datetime64(as_of).astype("datetime64[ms]").astype(int)) - 3 * DAY
        rows = spoiled(self._fatalities, random)
        texts = [body(row) for row in rows]
        stamps = np.full(len(rows), newest) - DAY * (random.random(len(rows)) < 0.5)
        days = [read_floating(str(row["crash_date"])) for row in rows]
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        builder = self._builders[FATALITIES.slug]
        builder.append(Batch(texts, lengths, [None] * len(rows), days, stamps, stamps))
        builder.finish(FATALITIES.columns, newest)

    def _batch(
        self,
        dataset: Dataset,
        rows: tuple[list[memoryview], Numbers],
        keys: list[Any],
        dates: Numbers,
        crash: Numbers,
        random: np.random.Generator,
    ) -> Batch:
        created, updated = self._transactions[dataset.slug].stamps(crash, random)
        return Batch(*rows, keys, dates.tolist(), created, updated)


def _child_dates(dates: Numbers, random: np.random.Generator) -> Numbers:
    shifted: Numbers = dates + DAY * (random.random(len(dates)) < _OTHER_DATE)
    return shifted
