"""`scripts/bench` prints every line that it promises, with figures in it. How large they are, no test says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

import pytest
from harness import BIN, ROOT, clean_environment

MILLISECONDS = r"median \d+\.\d ms, worst \d+\.\d ms"
PLAN = r"no sequential scan|sequential: \w+\.\w+, [\d,]+ rows"


@dataclass
class Printed:
    """A line of a table: what was measured, how it came out, and the notes beside it."""

    what: str
    measured: str
    notes: list[str] = field(default_factory=list)


def bench(*options: str) -> dict[str, list[Printed]]:
    """The tables of one run, by their titles."""
    environment = clean_environment() | {"PYTHONPATH": str(ROOT / "scripts")}
    environment["PATH"] = os.pathsep.join([str(BIN), environment.get("PATH", os.defpath)])
    command = [sys.executable, "-m", "benchmarks", "--floors", "1", *options]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr
    tables: dict[str, list[Printed]] = {}
    lines: list[Printed] = []
    for text in done.stdout.splitlines()[1:]:
        cells = [cell.strip() for cell in text.split("│")[1:-1]]
        if not cells and text[:1].isalpha():
            lines = tables.setdefault(text.strip(), [])
        elif cells and cells[0]:
            lines.append(Printed(cells[0], cells[1], cells[2:]))
        elif cells:
            lines[-1].notes += cells[2:]
    return tables


def check(lines: list[Printed], expected: dict[str, str]) -> None:
    """Each pattern of what is measured has a line, in this order, and its figure looks as the other pattern says."""
    assert len(lines) == len(expected), [line.what for line in lines]
    for line, (what, measured) in zip(lines, expected.items(), strict=True):
        assert re.fullmatch(what, line.what), line
        assert re.fullmatch(measured, line.measured), line


def test_places_questions_and_macros_are_measured() -> None:
    tables = bench("--crashes", "600", "--only", "spatial", "--only", "macros")
    assert list(tables) == ["Spatial", "Macros"]
    check(
        tables["Spatial"],
        {
            r"crashes boundaries, \d+ crashes, [\d,]+ features": r"\d+\.\d s",
            r"of it crash_features: every crash in its five places": r"\d+\.\d s",
            r"floor: create table as join on st_intersects": r"\d+\.\d s",
            r"crash_features / st_intersects join": r"\d+\.\d\d",
            r"crashes run, 600 new crashes": r"\d+\.\d s",
            r"of it crash_features": r"\d+\.\d\d s",
            r"plan of crash_features": PLAN,
            r"crashes_near, 500 feet, 9 points": MILLISECONDS,
            r"report_near, 500 feet, 9 points": MILLISECONDS,
            r"report_within, median ward \(\d+, \d+ crashes\)": r"\d+\.\d ms",
            r"report_within, largest ward \(\d+, \d+ crashes\)": r"\d+\.\d ms",
            r"crash_tiles, zoom 12, \d+ tiles": MILLISECONDS,
            r"crash_tiles, zoom 14, \d+ tiles": MILLISECONDS,
            r"plan of crashes_near": PLAN,
            r"plan of report_near": PLAN,
            r"plan of report_within": PLAN,
            r"plan of crash_tiles": PLAN,
        },
    )
    notes = {line.what: " ".join(line.notes) for line in tables["Spatial"]}  # a long one is broken into lines
    assert "marts.crashes: gist (geom)" in notes["plan of crashes_near"]
    assert "spatial.feature_parts: gist (geom)" in notes["plan of crash_features"]
    macros = {line.what.split(",")[0] for line in tables["Macros"]}
    assert macros >= {path.stem for path in (ROOT / "dbt_project/macros/sanitize").glob("*.sql")}
    for line in tables["Macros"]:
        assert re.fullmatch(r"-?[\d,]+ ns a value, -?\d+% of all here", line.measured), line


@pytest.mark.skipif("CRASHES_TEST_CHAOS" not in os.environ, reason="takes minutes: ./scripts/test --chaos")
def test_landing_building_and_increments_are_measured() -> None:
    tables = bench("--crashes", "600", "--only", "landing", "--only", "building", "--only", "increments")
    assert list(tables) == ["Landing", "Building", "Increments"]
    process = r"\d+\.\d s \(\d+\.\d s CPU\), [\d,]+ rows/s"
    check(
        tables["Landing"],
        {
            r"landing, start to committed rows": process,
            r"of the same cores, the sample portal": r"\d+\.\d s CPU",
            r"floor: COPY into all-text tables": r"\d+\.\d s, [\d,]+ rows/s",
            r"landing / COPY": r"\d+\.\d\d",
            r"dlt on dicts, defaults, 600 crashes": process,
            r"landing / dlt on dicts, in rows a second": r"\d+\.\d",
        },
    )
    check(
        tables["Building"],
        {
            r"dbt run, first build of the four final tables": process,
            r"dbt run after it: everything else": r"\d+\.\d s",
            r"floor: copy of raw with the same keys and indexes": r"\d+\.\d s",
            r"four final tables / copy": r"\d+\.\d\d",
            r"both runs / copy": r"\d+\.\d\d",
            r"dbt test, everything": r"\d+\.\d s",
        },
    )
    plans = [line for line in tables["Increments"] if line.what.startswith("plan of ")]
    check(
        tables["Increments"][: -len(plans)],
        {
            r"crashes run, nothing new": r"\d+\.\d s",
            r"crashes transform, nothing new: all of dbt all the same": r"\d+\.\d s",
            r"crashes run, 60 changed crashes": r"\d+\.\d s",
            r"of it the build, dbt's start included": r"\d+\.\d s",
            r"the same on a tenth of the data \(60 crashes\)": r"\d+\.\d s",
            r"build, whole / tenth": r"\d+\.\d\d",
        },
    )
    assert {"plan of crashes", "plan of people", "plan of vehicles"} <= {line.what for line in plans}
    for line in plans:
        assert re.fullmatch(PLAN, line.measured), line
