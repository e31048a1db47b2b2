"""Memory that is given back: pages of tens of megabytes come and go for hours, on many threads."""

from __future__ import annotations

import contextlib
import ctypes

import pyarrow as pa

_M_ARENA_MAX = -8  # of glibc's mallopt(3)


def share_what_is_freed() -> None:
    """One heap for all threads, Arrow's buffers included: what one has freed is what the next one uses.

    By default each thread has an arena of its own, and Arrow another: a landing of 650,000 rows then peaks at 590 MB
    instead of 510, at the same speed (November 2026). Unmapping at once whatever is freed (M_MMAP_THRESHOLD) saves as
    much, and costs a seventh of the time in page faults.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    with contextlib.suppress(OSError, AttributeError):  # another C library has no mallopt, and needs none
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
