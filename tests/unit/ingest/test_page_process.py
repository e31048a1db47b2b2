"""A process of its own reads pages as this one would, whatever becomes of the answer or of itself."""

from __future__ import annotations

import gzip
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.body import Body
from ingest.datasets import all_datasets
from ingest.page_process import PageProcess
from ingest.pages import Page, PageReader

CRASHES = all_datasets()["crashes"]


def page_of(rows: int, field: str = "damage") -> bytes:
    """An answer of the portal: `field` is the same in each row, but for its number."""
    lines = (
        f'{{":id":"row-{number}",":updated_at":"2026-01-01T00:00:00.000Z","{field}":"no. {number} \\\\ é"}}'
        for number in range(rows)
    )
    return ("[" + "\n,".join(lines) + "]\n").encode()


@pytest.fixture
def apart() -> Iterator[PageProcess]:
    reader = PageProcess(CRASHES, [])
    reader.begin()
    yield reader
    reader.close()


def process_id(reader: PageProcess) -> int:
    process = reader._process
    assert process is not None
    return process.pid


def same(page: Page, other: Page) -> bool:
    """But for where it lies."""
    return page.file.read_bytes() == other.file.read_bytes() and vars(page) | {"file": None} == vars(other) | {
        "file": None
    }


@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
def test_pages_are_what_they_are_here(apart: PageProcess, tmp_path: Path, size: int) -> None:
    here = PageReader(CRASHES)
    for number, whole in enumerate((page_of(0), page_of(5000), page_of(20, "a_new_column"), page_of(3))):
        packed = gzip.compress(whole)
        pieces = [packed[start : start + size] for start in range(0, len(packed), size)] if size < 1 << 20 else packed
        there = apart.read(Body(pieces, gzipped=True), tmp_path / f"there{number}")
        assert same(there, here.read(whole, tmp_path / f"here{number}")), number
        assert apart.extra_columns == here.extra_columns
    assert apart.extra_columns == ["a_new_column"]
    assert process_id(apart) != os.getpid()


def test_a_broken_body_is_refused_and_the_next_is_read(apart: PageProcess, tmp_path: Path) -> None:
    for broken in (b"<html>", page_of(3)[:-10], gzip.compress(page_of(3))[:-5]):
        gzipped = broken[:1] == b"\x1f"
        with pytest.raises(ValueError, match=r".") as here:
            PageReader(CRASHES).read(Body(broken, gzipped), tmp_path / "page")
        with pytest.raises(ValueError, match=re.escape(str(here.value))):
            apart.read(Body(broken, gzipped), tmp_path / "page")
    assert apart.read(Body(page_of(3)), tmp_path / "page").rows == 3


def test_an_answer_that_breaks_off_raises_what_the_wire_did(apart: PageProcess, tmp_path: Path) -> None:
    def wire() -> Iterator[bytes]:
        yield page_of(1000)[:5000]
        raise ConnectionResetError("gone")

    before = process_id(apart)
    with pytest.raises(ConnectionResetError, match="gone"):
        apart.read(Body(wire()), tmp_path / "page")
    assert apart.read(Body(page_of(3)), tmp_path / "page").rows == 3
    assert process_id(apart) == before


def test_a_file_that_cannot_be_written_is_told_as_it_is_here(apart: PageProcess, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        apart.read(Body(page_of(3)), tmp_path / "no such folder" / "page")


def test_without_its_process_it_goes_on(apart: PageProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    apart.read(Body(page_of(3, "a_new_column")), tmp_path / "first")
    os.kill(process_id(apart), signal.SIGKILL)
    page = apart.read(Body(page_of(5000)), tmp_path / "second")
    assert page.rows == 5000
    assert "a_new_column" in page.columns
    assert "crashes: the process that reads pages was lost" in caplog.text


def test_it_ends_with_whoever_began_it(tmp_path: Path) -> None:
    reader = PageProcess(CRASHES, [])
    reader.begin()
    process, connection = reader._process, reader._connection
    assert process is not None
    assert connection is not None
    assert os.getsid(process.pid) != os.getsid(0)  # Ctrl-C is for the one that began it
    assert reader.read(Body(page_of(3)), tmp_path / "page").rows == 3
    connection.close()
    assert process.wait(10) == 0


def test_a_page_that_is_asked_for_after_the_end_is_not_read(tmp_path: Path) -> None:
    reader = PageProcess(CRASHES, [])
    reader.begin()
    reader.close()
    with pytest.raises(EOFError):
        reader.read(Body(page_of(3)), tmp_path / "page")
