"""Starting: what is served, and one sentence for each thing that cannot be."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from portal_http import ROWS, Portal, write_rows
from sample_portal.errors import PortalError
from sample_portal.generate import VERSION
from sample_portal.testing import running_portal

SAMPLE = Path(__file__).resolve().parents[4] / "shared" / "sample" / "soda"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"a": 1', "Line 2 of"),
        ("[1]", "not a JSON object"),
        ('{"a" 1}', "expected a colon"),
        ('{"a": nope}', "Line 2 of"),
        ('{"a":1} x', "Line 2 of"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "crashes.jsonl").write_text('{"crash_record_id":"a"}\n' + line + "\n")
    with pytest.raises(PortalError, match=problem), running_portal(rows=tmp_path):
        pass


def test_a_missing_folder_and_an_empty_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(PortalError, match="There is no folder"), running_portal(rows=tmp_path / "nope"):
        pass
    with pytest.raises(PortalError, match=r"holds none of crashes\.jsonl"), running_portal(rows=tmp_path):
        pass


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    rows = write_rows(tmp_path, ROWS)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with (
            pytest.raises(PortalError, match=f"Port {port} is taken"),
            running_portal(rows=rows, options=("--port", port)),
        ):
            pass


def test_only_loopback_is_served(tmp_path: Path) -> None:
    rows = write_rows(tmp_path, ROWS)
    with (
        pytest.raises(PortalError, match="this machine only"),
        running_portal(rows=rows, options=("--host", "192.0.2.1")),
    ):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_announces_itself_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    rows, ready, scratch = write_rows(tmp_path, ROWS), tmp_path / "ready", tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "sample_portal", "--port", "0", "--rows", str(rows), "--ready-file", str(ready)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout and process.stderr
    line = process.stdout.readline()
    assert line.endswith(": 20 crashes, 0 people, 3 vehicles, 2 vision_zero_fatalities\n")
    assert ready.read_text() in line
    process.send_signal(number)
    assert process.wait(timeout=10) == 0
    assert process.stderr.read() == ""
    assert list(scratch.iterdir()) == []
    process.stdout.close()
    process.stderr.close()


def test_a_second_start_takes_the_generated_rows_from_the_cache(tmp_path: Path) -> None:
    options = ("--cache", str(tmp_path))
    with running_portal(crashes=400, as_of="2026-06-29", options=options) as first:
        Portal(first.url, first.control).control.delete("crashes", "1 = 1")
        before = time.monotonic()
    with running_portal(crashes=400, as_of="2026-06-29", options=options) as second:
        assert time.monotonic() - before < 5
        assert len(Portal(second.url, second.control).rows(limit="1000")) == 400
        with running_portal(crashes=400, as_of="2026-06-30", options=options):
            assert len(list(tmp_path.iterdir())) == 2, "a store in use stays"
    with running_portal(crashes=400, as_of="2026-06-30", options=options):
        assert [path.name for path in tmp_path.iterdir()] == [f"crashes-400-seed-0-2026-06-30-v{VERSION}"]


@pytest.mark.sample
@pytest.mark.skipif(not SAMPLE.exists(), reason=f"no real rows at {SAMPLE}")
def test_real_rows_are_served_whole() -> None:
    with running_portal(rows=SAMPLE) as running:
        portal = Portal(running.url, running.control)
        counts = {slug: state["rows"] for slug, state in portal.control.state().items()}
        assert counts == {"crashes": 1000, "people": 1000, "vehicles": 1000, "vision_zero_fatalities": 871}
        assert portal.rows(select="count(*)", where="location is not null") == [{"count": "987"}]
        assert portal.rows(select="sum(injuries_total) as s") == [{"s": "181"}]
        assert portal.rows(select="count(*)", where="weather_condition = 'UNKNOWN'") == [{"count": "77"}]
        assert portal.rows(select="count(rd_no)") == [{"count_rd_no": "1000"}]
        served = portal.get(limit="5000").body
        for line in (SAMPLE / "crashes.jsonl").read_bytes().splitlines()[:50]:
            assert line[line.index(b'"location":') : -1] in served if b'"location":' in line else True
