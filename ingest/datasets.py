"""The datasets of `datasets.yml`, typed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from ingest.errors import ConfigurationError

ReadMode = Literal["incremental", "whole"]

# Every dataset dates its rows by this column; `--since` and `--until` are about it.
EVENT_DATE = "crash_date"


# The section of `datasets.yml` that is no dataset of events.
BOUNDARIES = "boundaries"


@dataclass(frozen=True)
class Boundary:
    """A dataset of polygons on the portal, and the layer that it becomes."""

    layer_id: str
    id: str
    name: str
    label_field: str
    sort_type: str


@dataclass(frozen=True)
class Dataset:
    """One dataset of the portal. `columns` maps field names to the portal's type names, in its order."""

    name: str
    id: str
    key: str | None
    required: tuple[str, ...]
    read: ReadMode
    columns: dict[str, str]


@cache
def all_datasets() -> dict[str, Dataset]:
    """Every dataset by name, parents before children."""
    declared = yaml.safe_load(files("ingest").joinpath("datasets.yml").read_text(encoding="utf-8"))
    return {
        name: Dataset(
            name=name,
            id=entry["id"],
            key=entry["key"],
            required=tuple(entry["required"]),
            read=entry["read"],
            columns=entry["columns"],
        )
        for name, entry in declared.items()
        if name != BOUNDARIES
    }


@cache
def all_boundaries() -> dict[str, Boundary]:
    """The City's boundaries, by the id of their layer."""
    declared = yaml.safe_load(files("ingest").joinpath("datasets.yml").read_text(encoding="utf-8"))
    return {
        layer_id: Boundary(layer_id, entry["id"], entry["name"], entry["label"], entry["sort"])
        for layer_id, entry in declared[BOUNDARIES].items()
    }


def choose(names: tuple[str, ...]) -> tuple[Dataset, ...]:
    """The datasets of these names, or all of them for none; in the order of `datasets.yml`, each once.

    Raises ConfigurationError for a name that is no dataset.
    """
    known = all_datasets()
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"There is no dataset {name!r}.",
                remedy=f"Choose among {', '.join(known)}; without a choice all are read.",
            )
    return tuple(dataset for name, dataset in known.items() if not names or name in names)
