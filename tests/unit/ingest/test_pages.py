"""Whatever a portal can frame becomes the same values in Arrow, by the fast reader and by the exact one alike."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.body import Body
from ingest.datasets import all_datasets
from ingest.pages import SYSTEM_FIELDS, PageReader

CRASHES = all_datasets()["crashes"]
STAMPS = {":id": "row-a", ":version": "rv-a", ":created_at": "2026-01-01T00:00:00.000Z"}


def frame(rows: list[dict[str, Any]], *, ensure_ascii: bool = False) -> bytes:
    """Rows as SODA's JsonExporter writes them: `[` row `\\n,` row `]\\n`."""
    texts = (json.dumps(row, separators=(",", ":"), ensure_ascii=ensure_ascii) for row in rows)
    return ("[" + "\n,".join(texts) + "]\n").encode()


def stamped(**fields: Any) -> dict[str, Any]:
    return {**STAMPS, ":updated_at": "2026-01-02T00:00:00.000Z", **fields}


def values(page: Any) -> list[dict[str, str]]:
    return [{name: value for name, value in row.items() if value is not None} for row in page.table.to_pylist()]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
points = st.builds(
    lambda x, y: {"type": "Point", "coordinates": [x, y]},
    st.floats(-180, 180, allow_nan=False),
    st.floats(-90, 90, allow_nan=False),
)
soda_rows = st.fixed_dictionaries(
    {}, optional={**{name: texts for name in CRASHES.columns if name != "location"}, "location": points, "rd_no": texts}
).map(lambda fields: stamped(**fields))


@given(st.lists(soda_rows, max_size=8), st.booleans(), st.booleans(), st.integers(1, 500))
def test_every_value_survives_as_it_was_sent(
    rows: list[dict[str, Any]], ensure_ascii: bool, gzipped: bool, piece: int
) -> None:
    """However the answer is packed, and wherever it is cut on its way."""
    sent = frame(rows, ensure_ascii=ensure_ascii)
    page = PageReader(CRASHES).read(Body(gzip.compress(sent) if gzipped else sent, gzipped, piece))
    landed = values(page)
    assert len(landed) == len(rows)
    for row, got in zip(rows, landed, strict=True):
        wanted = {SYSTEM_FIELDS.get(name, name): value for name, value in row.items()}
        assert got.keys() == wanted.keys()
        for name, value in wanted.items():
            assert (json.loads(got[name]) if isinstance(value, dict) else got[name]) == value


@pytest.mark.parametrize("cut", [0, 5, 40, -9, -1])
def test_a_broken_gzip_stream_is_a_value_error(cut: int) -> None:
    packed = gzip.compress(frame([stamped(damage=f"{number}") for number in range(100)]))
    with pytest.raises(ValueError):
        PageReader(CRASHES).read(Body(packed[:cut], gzipped=True, piece=64))


def test_a_page_in_another_framing_is_read_too() -> None:
    rows = [stamped(damage=f"{number}", location={"type": "Point", "coordinates": [1, 2]}) for number in range(5)]
    pretty = json.dumps(rows, indent=2).encode()
    assert [row["damage"] for row in values(PageReader(CRASHES).read(Body(pretty, piece=50)))] == list("01234")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.fixed_dictionaries({"damage": json_values, "location": json_values}), min_size=1, max_size=4))
def test_json_of_any_kind_where_text_was_expected_lands_as_its_own_text(rows: list[dict[str, Any]]) -> None:
    page = PageReader(CRASHES).read(frame([stamped(**row) for row in rows]))
    for row, got in zip(rows, page.table.to_pylist(), strict=True):
        for name, value in row.items():
            landed = got[name]
            if value is None or isinstance(value, str):
                assert landed == value
            else:
                assert json.loads(landed) == value


def test_a_date_in_an_unknown_column_stays_the_portals_text() -> None:
    reader = PageReader(CRASHES)
    page = reader.read(frame([stamped(reviewed="2026-01-02T00:00:00.000"), stamped()]))
    assert [row["reviewed"] for row in page.table.to_pylist()] == ["2026-01-02T00:00:00.000", None]
    assert reader.extra_columns == ["reviewed"]


def test_a_column_learned_on_one_page_is_there_on_the_next_which_lacks_it() -> None:
    reader = PageReader(CRASHES)
    reader.read(frame([stamped(reviewed="Y")]))
    assert reader.read(frame([stamped(damage="$500 OR LESS")])).table.column_names == reader.columns()


@pytest.mark.parametrize("field", ["Street_Name", "soda_id", "a__b", "1st", 'x"; drop', "ü", "first_soda_id", "x" * 99])
def test_a_field_that_no_column_can_be_named_after_has_a_column_of_its_own(field: str) -> None:
    reader = PageReader(CRASHES)
    page = reader.read(frame([stamped(street_name="MAIN", **{field: "Y"})]))
    (column,) = reader.extra_columns
    assert re.fullmatch(r"x_[a-z0-9_]{1,60}", column)
    assert values(page)[0][column] == "Y"
    assert values(page)[0]["street_name"] == "MAIN"
    later = PageReader(CRASHES, reader.extra_columns)
    assert values(later.read(frame([stamped(**{field: "N"})])))[0][column] == "N"
    assert later.extra_columns == reader.extra_columns


def test_computed_regions_are_left_out() -> None:
    reader = PageReader(CRASHES)
    page = reader.read(frame([stamped(**{":@computed_region_rpca_8um6": "21569"})]))
    assert not [name for name in page.table.column_names if "computed" in name]


def test_an_empty_page_has_all_columns_and_no_cursor() -> None:
    page = PageReader(CRASHES).read(b"[]\n")
    assert (page.table.num_rows, page.cursor) == (0, None)
    assert set(CRASHES.columns) <= set(page.table.column_names)


def test_the_cursor_is_the_last_rows_pair_not_the_greatest() -> None:
    rows = [stamped(), {**stamped(), ":id": "row-9"}, {**stamped(), ":id": "row-2"}]
    cursor = PageReader(CRASHES).read(frame(rows)).cursor
    assert cursor is not None
    assert (cursor.updated_at, cursor.id) == ("2026-01-02T00:00:00.000Z", "row-2")


def test_nul_bytes_are_removed_and_noted_and_the_row_stays() -> None:
    page = PageReader(CRASHES).read(frame([stamped(street_name="A\0B"), stamped(street_name="C")]))
    assert [row["street_name"] for row in page.table.to_pylist()] == ["AB", "C"]
    assert "NUL" in page.notes[0]


def test_lone_surrogates_are_replaced_and_noted_and_the_row_stays() -> None:
    body = frame([stamped(street_name="x")]).replace(b'"x"', b'"\\ud800!"')
    page = PageReader(CRASHES).read(body)
    assert page.table.column("street_name").to_pylist() == ["\ufffd!"]
    assert "surrogates" in page.notes[0]


def test_a_megabyte_of_text_lands_whole() -> None:
    text = "x" * 2_000_000
    page = PageReader(CRASHES).read(frame([stamped(street_name=text), stamped()]))
    assert page.table.column("street_name").to_pylist() == [text, None]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"<html><body>Moved</body></html>",
        frame([stamped(damage="x")] * 3)[:-40],
        frame([stamped(damage="x")]).replace(b'"x"', b'"\xff"'),
        b"[1,2]\n",
        b'{"message":"oops"}',
        b'[{":id":"row-a"}]\n',
    ],
    ids=["nothing", "cut", "html", "cut in a row", "not UTF-8", "no objects", "no array", "no :updated_at"],
)
def test_a_broken_body_is_a_value_error_so_that_it_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(ValueError):
        PageReader(CRASHES).read(body)
