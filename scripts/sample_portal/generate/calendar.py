"""When things happened: crash dates with the city's seasons, and the publisher's transactions that stamped the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from .fragments import Draw, Numbers

DAY = 86_400_000
MINUTE = 60_000
_FIRST_DAY = date(2015, 8, 1)
# crashes a year in thousands, as far as known; the portal covers the whole city only since September 2017
_YEARS = {2015: 24, 2016: 44, 2017: 84, 2018: 119, 2019: 118, 2020: 92}
_YEAR_SINCE = 110
_MONTHS = [0.92, 0.90, 0.93, 0.94, 1.05, 1.06, 1.03, 1.03, 1.05, 1.10, 1.02, 0.97]
_WEEKDAYS = [0.97, 1.00, 1.00, 1.02, 1.12, 1.01, 0.88]
_HOURS = [22, 19, 16, 13, 11, 13, 21, 42, 51, 45, 46, 51, 58, 61, 68, 76, 77, 75, 63, 49, 42, 37, 34, 29]
# reports of the last day that reached the portal by its nightly transaction
_LAST_HOUR = 18
# a window of the last month has at least so many rows, also in a small sample
_RECENT = 20


def crash_dates(count: int, as_of: date, random: np.random.Generator) -> Numbers:
    """Ascending; the newest is on `as_of`."""
    days = np.arange(np.datetime64(_FIRST_DAY), np.datetime64(as_of) + 1)
    years = days.astype("datetime64[Y]").astype(int) + 1970
    months = days.astype("datetime64[M]").astype(int) % 12
    weekdays = (days.astype(int) + 3) % 7
    weights = np.array([_YEARS.get(int(year), _YEAR_SINCE) for year in years], dtype=float)
    weights *= np.array(_MONTHS)[months] * np.array(_WEEKDAYS)[weekdays]
    per_day = random.multinomial(count, weights / weights.sum())
    chosen = np.repeat(days.astype(int), per_day)
    recent = min(_RECENT, max(1, count // 10))
    last = np.datetime64(as_of).astype(int)
    chosen[-recent:] = np.maximum(chosen[-recent:], last - random.integers(0, 28, min(recent, count)))
    chosen[-1:] = last
    hours = Draw([float(hour) for hour in _HOURS]).codes(random, count).astype(np.int64)
    hours = np.where(chosen == last, hours % _LAST_HOUR, hours)
    minutes = random.integers(0, 60, count)
    minutes = np.where(random.random(count) < 0.6, minutes // 5 * 5, minutes)
    return np.sort(chosen * DAY + (hours * 60 + minutes) * MINUTE)


@dataclass(frozen=True)
class Transactions:
    """The moments at which the publisher wrote; a block of neighbouring rows was first written by one of them."""

    moments: Numbers
    block: int

    @classmethod
    def over(cls, dates: Numbers, as_of: date, offset: int, rows_per_crash: float = 1) -> Transactions:
        """Ties by the ten thousand, as on the portal; a small dataset has a few transactions all the same."""
        block = int(max(1, min(20_000 / rows_per_crash, -(-len(dates) // 8))))
        ends = dates[np.minimum(np.arange(block, len(dates) + block, block), len(dates)) - 1]
        final = (np.datetime64(as_of).astype("datetime64[ms]").astype(int)) + DAY - 60 * MINUTE
        before_final = final - np.arange(len(ends))[::-1] * MINUTE
        # instants have milliseconds, and a client that drops them loses its place
        return cls(np.minimum(ends + DAY // 2, before_final) + offset + np.arange(len(ends)) * 37 % 1000, block)

    def stamps(self, crash: Numbers, random: np.random.Generator) -> tuple[Numbers, Numbers]:
        """Created and updated, for rows of these crashes: one row in eight was amended by a later transaction."""
        created = crash // self.block
        later = created + random.integers(0, 1 << 30, len(crash)) % (len(self.moments) - created)
        amended = random.random(len(crash)) < 0.125
        return self.moments[created], self.moments[np.where(amended, later, created)]
