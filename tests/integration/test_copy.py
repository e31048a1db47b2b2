"""Any text that JSON can carry is in PostgreSQL, byte by byte, after the way through a page's file and COPY."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2.extensions
import pytest
from harness import Database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.body import Body
from ingest.datasets import all_datasets
from ingest.destination import LOAD_ID, copy
from ingest.pages import PageReader

CRASHES = all_datasets()["crashes"]
COLUMNS = [name for name, kind in CRASHES.columns.items() if kind != "point"]
UGLY = [
    "",
    " ",
    "\\N",
    "\\.",
    "\\",
    "\\\\",
    "\\n",
    "\n",
    "\r\n",
    "\t",
    '"',
    "''",
    "\x01\x7f",
    "\u2028",
    "\ufeff",
    "🚗",
    "NULL",
]

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
ugly_texts = st.lists(st.sampled_from(UGLY), max_size=4).map("".join)
rows = st.lists(
    st.dictionaries(st.sampled_from(COLUMNS), st.none() | ugly_texts | texts, max_size=6), min_size=1, max_size=20
)


@pytest.fixture
def cursor(database: Database) -> Iterator[psycopg2.extensions.cursor]:
    columns = ", ".join(f"{name} varchar" for name in (*PageReader(CRASHES).columns(), LOAD_ID))
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"create temporary table landed ({columns})")
        yield cursor


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows, st.booleans(), st.integers(1, 2_000))
def test_every_text_is_landed_as_it_was_sent(
    cursor: psycopg2.extensions.cursor, tmp_path: Path, rows: list[dict[str, str | None]], ascii_only: bool, piece: int
) -> None:
    stamps = {":id": "row-a", ":updated_at": "2026-01-02T00:00:00.000Z"}
    framed = (json.dumps({**stamps, **row}, ensure_ascii=ascii_only) for row in rows)
    page = PageReader(CRASHES).read(Body(("[" + "\n,".join(framed) + "]\n").encode(), piece=piece), tmp_path / "page")
    cursor.execute("truncate landed")
    with page.file.open("rb") as file:
        copy(cursor, '"landed"', file, "1764.5")
    cursor.execute(f"select {', '.join(COLUMNS)}, {LOAD_ID} from landed")
    wanted = [(*(row.get(name) for name in COLUMNS), "1764.5") for row in rows]
    assert cursor.fetchall() == wanted
