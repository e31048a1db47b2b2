"""Whatever a portal can frame becomes the same values in a file, by the fast reader and by the exact one alike."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.body import Body
from ingest.cursor import Cursor
from ingest.datasets import all_datasets
from ingest.pages import SYSTEM_FIELDS, Page, PageReader, empty_page

CRASHES = all_datasets()["crashes"]
STAMPS = {":id": "row-a", ":version": "rv-a", ":created_at": "2026-01-01T00:00:00.000Z"}


def frame(rows: list[dict[str, Any]], *, ensure_ascii: bool = False) -> bytes:
    """Rows as SODA's JsonExporter writes them: `[` row `\\n,` row `]\\n`."""
    texts = (json.dumps(row, separators=(",", ":"), ensure_ascii=ensure_ascii) for row in rows)
    return ("[" + "\n,".join(texts) + "]\n").encode()


def stamped(**fields: Any) -> dict[str, Any]:
    return {**STAMPS, ":updated_at": "2026-01-02T00:00:00.000Z", **fields}


def read(body: Body | bytes, reader: PageReader | None = None) -> tuple[Page, list[dict[str, str | None]]]:
    """A page, and its rows as PostgreSQL's manual says that COPY reads the file."""
    with tempfile.TemporaryDirectory() as folder:
        page = (reader or PageReader(CRASHES)).read(body, Path(folder) / "page")
        head, *lines = page.file.read_bytes().decode().split("\n")
    assert lines.pop() == ""
    assert head.split("\t") == page.columns
    assert len(lines) == page.rows
    rows = [dict(zip(page.columns, map(unescaped, line.split("\t")), strict=True)) for line in lines]
    return page, rows


def unescaped(text: str) -> str | None:
    if text == r"\N":
        return None
    return re.sub(r"\\(.)", lambda escape: {"t": "\t", "n": "\n", "r": "\r"}.get(escape[1], escape[1]), text)


def values(rows: list[dict[str, str | None]]) -> list[dict[str, str]]:
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
points = st.builds(
    lambda x, y: {"type": "Point", "coordinates": [x, y]},
    st.floats(-180, 180, allow_nan=False),
    st.floats(-90, 90, allow_nan=False),
)
soda_rows = st.fixed_dictionaries(
    {}, optional={**{name: texts for name in CRASHES.columns if name != "location"}, "location": points, "rd_no": texts}
).map(lambda fields: stamped(**fields))


@settings(deadline=None)  # files are written, and the machine may be busy
@given(st.lists(soda_rows, max_size=8), st.booleans(), st.booleans(), st.integers(1, 500))
def test_every_value_survives_as_it_was_sent(
    rows: list[dict[str, Any]], ensure_ascii: bool, gzipped: bool, piece: int
) -> None:
    """However the answer is packed, and wherever it is cut on its way."""
    sent = frame(rows, ensure_ascii=ensure_ascii)
    page, lines = read(Body(gzip.compress(sent) if gzipped else sent, gzipped, piece))
    landed = values(lines)
    assert page.bytes == len(sent)
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
        read(Body(packed[:cut], gzipped=True, piece=64))


def test_a_page_in_another_framing_is_read_too() -> None:
    rows = [stamped(damage=f"{number}", location={"type": "Point", "coordinates": [1, 2]}) for number in range(5)]
    pretty = json.dumps(rows, indent=2).encode()
    assert [row["damage"] for row in values(read(Body(pretty, piece=50))[1])] == list("01234")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({"damage": json_values, "location": json_values}), min_size=1, max_size=4))
def test_json_of_any_kind_where_text_was_expected_lands_as_its_own_text(rows: list[dict[str, Any]]) -> None:
    _, lines = read(frame([stamped(**row) for row in rows]))
    for row, got in zip(rows, lines, strict=True):
        for name, value in row.items():
            landed = got[name]
            if value is None or isinstance(value, str):
                assert landed == value
            else:
                assert json.loads(landed or "") == value


def test_a_date_in_an_unknown_column_stays_the_portals_text() -> None:
    reader = PageReader(CRASHES)
    _, rows = read(frame([stamped(reviewed="2026-01-02T00:00:00.000"), stamped()]), reader)
    assert [row["reviewed"] for row in rows] == ["2026-01-02T00:00:00.000", None]
    assert reader.extra_columns == ["reviewed"]


def test_a_column_learned_on_one_page_is_there_on_the_next_which_lacks_it() -> None:
    reader = PageReader(CRASHES)
    read(frame([stamped(reviewed="Y")]), reader)
    page, _ = read(frame([stamped(damage="$500 OR LESS")]), reader)
    assert page.columns == reader.columns()
    assert "reviewed" in page.columns


def test_columns_that_a_page_brings_late_are_there_from_its_first_row() -> None:
    rows = [stamped(damage=f"{number}", **({f"late_{number}": "Y"} if number > 7 else {})) for number in range(10)]
    _, lines = read(Body(frame(rows), piece=64))
    assert [(row["late_8"], row["late_9"]) for row in lines] == [(None, None)] * 8 + [("Y", None), (None, "Y")]


def test_two_fields_that_would_have_one_name_have_two_columns() -> None:
    reader = PageReader(CRASHES)
    read(frame([stamped(Late="a")]), reader)
    (column,) = reader.extra_columns
    for _ in range(2):
        _, rows = read(frame([stamped(Late="a", **{column: "b"})]), reader)
        assert sorted(value for value in rows[0].values() if value in {"a", "b"}) == ["a", "b"]
    assert len(reader.extra_columns) == 2


@pytest.mark.parametrize("field", ["Street_Name", "soda_id", "a__b", "1st", 'x"; drop', "ü", "first_soda_id", "x" * 99])
def test_a_field_that_no_column_can_be_named_after_has_a_column_of_its_own(field: str) -> None:
    reader = PageReader(CRASHES)
    _, rows = read(frame([stamped(street_name="MAIN", **{field: "Y"})]), reader)
    (column,) = reader.extra_columns
    assert re.fullmatch(r"x_[a-z0-9_]{1,60}", column)
    assert rows[0][column] == "Y"
    assert rows[0]["street_name"] == "MAIN"
    later = PageReader(CRASHES, reader.extra_columns)
    assert read(frame([stamped(**{field: "N"})]), later)[1][0][column] == "N"
    assert later.extra_columns == reader.extra_columns


def test_computed_regions_are_left_out() -> None:
    page, rows = read(frame([stamped(), stamped(**{":@computed_region_rpca_8um6": "21569"}), stamped(rd_no="x")]))
    assert not [name for name in page.columns if "computed" in name]
    assert [row["rd_no"] for row in rows] == [None, None, "x"]


def test_an_empty_page_has_all_columns_and_no_cursor(tmp_path: Path) -> None:
    for page in (read(b"[]\n")[0], empty_page(CRASHES, tmp_path / "empty")):
        assert (page.rows, page.cursor) == (0, None)
        assert set(CRASHES.columns) <= set(page.columns)


def test_the_cursor_is_the_last_rows_pair_not_the_greatest() -> None:
    rows = [stamped(), {**stamped(), ":id": "row-9"}, {**stamped(), ":id": "row-2"}]
    cursor = read(frame(rows))[0].cursor
    assert cursor is not None
    assert (cursor.updated_at, cursor.id) == ("2026-01-02T00:00:00.000Z", "row-2")


def test_nul_bytes_are_removed_and_noted_and_the_row_stays() -> None:
    page, rows = read(frame([stamped(street_name="A\0B"), stamped(street_name="C")]))
    assert [row["street_name"] for row in rows] == ["AB", "C"]
    assert "NUL" in page.notes[0]


def test_lone_surrogates_are_replaced_and_noted_and_the_row_stays() -> None:
    body = frame([stamped(street_name="x")]).replace(b'"x"', b'"\\ud800!"')
    page, rows = read(body)
    assert [row["street_name"] for row in rows] == ["\ufffd!"]
    assert "surrogates" in page.notes[0]


def test_a_megabyte_of_text_lands_whole() -> None:
    text = "x" * 2_000_000
    _, rows = read(frame([stamped(street_name=text), stamped()]))
    assert [row["street_name"] for row in rows] == [text, None]


def test_a_cursor_is_sent_back_as_it_came_whatever_the_file_needs_escaped() -> None:
    for damage in ("x", "\\", "\0"):
        page, rows = read(frame([{**stamped(damage=damage), ":id": "row\\a"}]))
        assert page.cursor == Cursor("2026-01-02T00:00:00.000Z", "row\\a")
        assert rows[0]["soda_id"] == "row\\a"


def test_a_point_is_written_as_the_exact_reader_writes_it() -> None:
    numbers = ["-87.65", "41.880", "0", "-0.0", "1e-7", "1e5", "99999999999999999999", "1e300"]
    for number in numbers:
        point = f'{{"type":"Point","coordinates":[{number},1.5]}}'
        body = f'[{{":id":"a",":updated_at":"b","location":{point}}}]'.encode()
        _, (fast,) = read(body)
        _, (exact,) = read(body.replace(b'"b"', b'"\\u0000"'))
        assert fast["location"] == exact["location"]
        assert json.loads(fast["location"] or "") == json.loads(point)


def test_a_broken_page_that_was_gone_through_twice_is_whole_when_it_comes_again(tmp_path: Path) -> None:
    reader = PageReader(CRASHES)
    with pytest.raises(ValueError):
        reader.read(frame([stamped(damage="x" * 500)] * 9)[:-40], tmp_path / "page")
    page = reader.read(frame([stamped(damage="y")]), tmp_path / "page")
    assert page.file.read_bytes().count(b"\n") == 2


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
        read(body)
