"""All datasets of one portal: opened from a base folder that is never written, changed in a work folder."""

from __future__ import annotations

import os
from pathlib import Path

from .columns import DATASETS
from .dataset import StoredDataset


class Store:
    def __init__(self, base: Path, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.datasets = [StoredDataset(dataset, base, work) for dataset in DATASETS]
        self._held: list[int] = []

    def find(self, name: str) -> StoredDataset | None:
        """By 4x4 id or by slug."""
        return next((held for held in self.datasets if name in (held.dataset.id, held.dataset.slug)), None)

    def rows(self) -> dict[str, int]:
        return {held.dataset.slug: held.state.rows for held in self.datasets}

    def hold(self, descriptor: int) -> None:
        """Keep this file open, for the lock on it, as long as the store."""
        self._held.append(descriptor)

    def close(self) -> None:
        for held in self.datasets:
            held.close()
        for descriptor in self._held:
            os.close(descriptor)
