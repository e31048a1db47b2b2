"""What the portal says about a dataset beside its rows: when it was published, which columns it has, what changed.

From `/api/views/{4x4}.json`. It is read before any row whenever the rows may have changed, so that a column which
was dropped, renamed or retyped is known before anything lands as null.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import pyarrow as pa

from ingest.body import Body
from ingest.datasets import Dataset
from ingest.pages import COMPUTED_PREFIX

ALIKE = 0.6  # of 1: how much of a name must be the same for a renamed column to be recognised

PUBLICATION_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("id", pa.string()),
        ("portal", pa.string()),
        ("name", pa.string()),
        ("rows_updated_at", pa.timestamp("us", tz="UTC")),
        ("row_count", pa.int64()),
        ("newest_updated_at", pa.string()),
        ("columns", pa.string()),
        ("read_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True)
class Publication:
    """A dataset as its publisher describes it. `columns` maps field names to the portal's type names, in its order."""

    name: str
    rows_updated_at: datetime | None
    columns: dict[str, str]


@dataclass(frozen=True)
class SchemaChange:
    """One difference between `datasets.yml` and what the portal publishes, and what to do about it.

    `served` is the type that the portal gives the column now; for a renamed one, its new name.
    """

    dataset: str
    column: str
    change: Literal["new", "missing", "renamed", "retyped"]
    declared: str | None
    served: str | None
    remedy: str
    stops: bool = False

    def __str__(self) -> str:
        said = {
            "new": f"a new column {self.column} ({self.served}); it lands as text",
            "missing": f"the column {self.column} is gone; new rows have none",
            "renamed": f"the column {self.column} seems to have been renamed to {self.served}",
            "retyped": f"the column {self.column} as {self.served}, not {self.declared}; it lands as text as before",
        }
        return said[self.change]


def read_view(body: Body, _headers: Mapping[str, str]) -> Publication:
    """A view's metadata. Raises ValueError for a body that is none."""
    view: Any = json.loads(body.whole())
    try:
        columns = {column["fieldName"]: column["dataTypeName"] for column in view["columns"]}
        seconds = view.get("rowsUpdatedAt")
        return Publication(
            name=view["name"],
            rows_updated_at=None if seconds is None else datetime.fromtimestamp(seconds, UTC),
            columns={name: kind for name, kind in columns.items() if not name.startswith(":")},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no metadata of a dataset ({error!r})") from error


def schema_changes(dataset: Dataset, served: Mapping[str, str]) -> list[SchemaChange]:
    """How the columns that the portal serves (name to type) differ from the declared ones."""
    new = {name: kind for name, kind in served.items() if name not in dataset.columns}
    changes = []
    for place, (name, declared) in enumerate(dataset.columns.items()):
        if name not in served:
            changes.append(_missing(dataset, name, declared, place, list(served.items()), new))
        elif served[name] != declared:
            remedy = (
                f"Values that no longer fit the type of {name} become null in the table and are rows of "
                f"quality.rule_violations. Adapt its cast in stg_chicago__{dataset.name}, then ingest/datasets.yml."
            )
            changes.append(SchemaChange(dataset.name, name, "retyped", declared, served[name], remedy))
    for name, kind in new.items():
        remedy = (
            f"It is in raw.{dataset.name}.{name}, nothing is lost. To have it in the table, declare it in "
            f"ingest/datasets.yml and add it to stg_chicago__{dataset.name} and {dataset.name} (see CONTRIBUTING.md)."
        )
        if not name.startswith(COMPUTED_PREFIX):
            changes.append(SchemaChange(dataset.name, name, "new", None, kind, remedy))
    return changes


def _missing(
    dataset: Dataset, name: str, declared: str, place: int, served: list[tuple[str, str]], new: Mapping[str, str]
) -> SchemaChange:
    """Gone, or renamed: there is a new column of its type, with a name like it or in its very place."""
    stops = name in dataset.required
    candidates = [other for other, kind in new.items() if kind == declared]
    alike = difflib.get_close_matches(name, candidates, n=1, cutoff=ALIKE)
    same_place = [other for other, _ in served[place : place + 1] if other in candidates]
    renamed = next(iter([*alike, *same_place]), None)
    where = f"ingest/datasets.yml and stg_chicago__{dataset.name}"
    if renamed:
        remedy = f"If {renamed} is the same column under a new name, rename it in {where}; its values are in raw."
        return SchemaChange(dataset.name, name, "renamed", declared, renamed, remedy, stops)
    remedy = f"Rows that have landed keep their values. If it is gone for good, take it out of {where}."
    return SchemaChange(dataset.name, name, "missing", declared, None, remedy, stops)


def publication_row(
    dataset: Dataset, portal: str, publication: Publication, row_count: int, newest: str | None
) -> pa.Table:
    """One row for `raw.portal_datasets`: the dataset as it was published when its rows were read."""
    row = {
        "dataset": dataset.name,
        "id": dataset.id,
        "portal": portal,
        "name": publication.name,
        "rows_updated_at": publication.rows_updated_at,
        "row_count": row_count,
        "newest_updated_at": newest,
        "columns": json.dumps(publication.columns),
        "read_at": datetime.now(UTC),
    }
    return pa.Table.from_pylist([row], schema=PUBLICATION_SCHEMA)
