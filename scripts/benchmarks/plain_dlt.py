"""What `scripts/bench` compares with: the same pages as dlt takes them without further thought, as dicts.

python -m benchmarks.plain_dlt PORTAL_URL ROWS: lands crashes into schema `plain`, with dlt's default settings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.destinations import postgres
from dlt.sources.helpers import requests

from ingest.settings import load_settings

PAGE = 10_000


@dlt.resource(name="crashes", write_disposition="append")
def crashes(portal: str, rows: int) -> Iterator[list[dict[str, Any]]]:
    for offset in range(0, rows, PAGE):
        answer = requests.get(
            f"{portal}/resource/85ca-t3if.json",
            params={
                "$select": ":*,*",
                "$order": ":updated_at,:id",
                "$limit": str(min(PAGE, rows)),
                "$offset": str(offset),
            },
        )
        yield answer.json()


if __name__ == "__main__":
    settings = load_settings()
    pipeline = dlt.pipeline(
        "plain_dlt",
        pipelines_dir=str(settings.home / "plain"),
        destination=postgres(settings.database.url()),
        dataset_name="plain",
    )
    pipeline.run(crashes(sys.argv[1], int(sys.argv[2])))
