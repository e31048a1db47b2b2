"""Where a reading of a dataset stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cursor:
    """The pair that ends a page: `:updated_at` and `:id` as the portal wrote them.

    `:id` is shown encrypted and orders by a hidden number, so a cursor is only ever sent back, never compared.
    """

    updated_at: str
    id: str
