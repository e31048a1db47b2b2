"""The portal's truth beside the final tables: what a user would find if he compared them row by row."""

from __future__ import annotations

import json
from typing import Any

import requests
from harness import Database
from sample_portal.testing import RunningPortal

from ingest.datasets import Dataset, all_datasets


def served(portal: RunningPortal, dataset: Dataset) -> list[dict[str, Any]]:
    """Every row of a dataset as the portal has it now."""
    rows: list[dict[str, Any]] = requests.get(
        f"{portal.url}/resource/{dataset.id}.json", params={"$limit": "1000000"}, timeout=60
    ).json()
    return rows


def assert_tables_equal_portal(database: Database, portal: RunningPortal) -> None:
    """Each row that the portal has is in its table with the portal's own words, or held back; and none besides."""
    for dataset in all_datasets().values():
        if dataset.key is None:
            deaths = database.value("select count(*) from marts.vision_zero_fatalities where deleted_at is null")
            assert deaths == len(served(portal, dataset))
            continue
        truth = {str(row[dataset.key]): _words(row, dataset) for row in served(portal, dataset)}
        columns = ", ".join(f"raw_rows.{column}" for column in dataset.columns)
        shown = {
            str(row[0]): _words(dict(zip(dataset.columns, row[1:], strict=True)), dataset)
            for row in database.rows(
                f"""
                select distinct finals.{dataset.key}, {columns}
                from marts.{dataset.name} as finals
                inner join raw.{dataset.name} as raw_rows
                    on finals.soda_version = raw_rows.soda_version and finals._dlt_load_id = raw_rows._dlt_load_id
                where finals.deleted_at is null
                """
            )
        }
        held_back = {
            key for (key,) in database.rows("select row_key from quality.held_back where table_name = %s", dataset.name)
        }
        assert shown.keys() | held_back == truth.keys(), dataset.name
        differing = [key for key, words in shown.items() if words != truth[key] and key not in held_back]
        assert not differing, (dataset.name, shown[differing[0]], truth[differing[0]])


def _words(row: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """Values as the portal words them; a point, as numbers."""
    words = {}
    for column, kind in dataset.columns.items():
        value = row.get(column)
        if value is not None:
            words[column] = (json.loads(value) if isinstance(value, str) else value) if kind == "point" else value
    return words
