"""Whatever comes, in whatever order: building step by step ends in the same tables as building once from everything.

Random but repeatable sequences are written into raw and built after every few loads; then all is built anew and every
column of every table is compared. Creation and update times are among them: they are functions of raw.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner
from histories import HISTORIES, Shown, shown_now, shown_then
from raw_log import RawLog

from ingest.compaction import compact
from ingest.settings import load_settings

ROOT = Path(__file__).parents[2]
TABLES = {
    "marts.crashes": "crash_record_id",
    "marts.people": "person_id",
    "marts.vehicles": "crash_unit_id",
    "marts.vision_zero_fatalities": "fatality_id",
    "marts.crash_impacts": "crash_record_id",
    "quality.held_back": "table_name, row_key, rule_id, soda_id",
    "quality.rule_violations": "table_name, row_key, rule_id",
}
KEYS = {"crashes": "crash_record_id", "people": "person_id", "vehicles": "crash_unit_id"}
Row = dict[str, str | None]


class City:
    """A portal that misbehaves: rows with their present content, and all that was ever said of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.rows: dict[str, dict[str, Row]] = {"crashes": {}, "people": {}, "vehicles": {}}
        self.past: dict[tuple[str, str], list[Row]] = {}
        self.deaths: list[Row] = []
        self.serial = 0

    def next(self, prefix: str = "") -> str:
        self.serial += 1
        return f"{prefix}{self.serial:06d}"

    def stamp(self, log: RawLog, row: Row, *, when: str | None = None) -> Row:
        """The row as the portal serves it after a write."""
        return {**row, "soda_version": self.next("rv-"), "soda_updated_at": when or log.tick()}

    def speak(self, log: RawLog, table: str, key: str, content: Row, *, when: str | None = None) -> Row:
        row = self.stamp(log, content, when=when)
        self.rows[table][key] = row
        self.past.setdefault((table, key), []).append(row)
        return row

    def new_key(self, table: str) -> str:
        return {"crashes": self.next("crash"), "people": self.next("O"), "vehicles": self.next()}[table]

    def crash_of(self, row: Row) -> str:
        known = [*self.rows["crashes"], self.next("unborn")] if self.random.random() < 0.2 else [*self.rows["crashes"]]
        return self.random.choice(known) if known else self.next("unborn")

    def invent(self, table: str, key: str) -> Row:
        pick = self.random.choice
        row: Row = {
            "soda_id": self.next("row-"),
            "soda_created_at": "2026-01-01T00:00:00.000Z",
            "crash_record_id": key if table == "crashes" else None,
            "crash_date": pick(
                ["2025-03-01T10:00:00.000", "2025-03-02", "03/05/2025 01:05:00 PM", "2024-02-30T00:00:00.000"]
            ),
        }
        if table == "crashes":
            row |= {
                "crash_date": pick(["2025-03-01T10:00:00.000", "2025-03-02T23:59:59.000"]),
                "latitude": pick(["41.9", "0", None, "41.85001"]),
                "longitude": pick(["-87.7", "0", "-87.65"]),
                "location": pick([None, '{"type":"Point","coordinates":[-87.7,41.9]}']),
                "posted_speed_limit": pick(["30", "30.0", " 30", "99", "fast"]),
            }
        elif table == "people":
            row |= {"person_id": key, "age": pick(["30", "200", None, "N/A"]), "vehicle_id": pick(["12", "x", None])}
        else:
            row |= {
                "crash_unit_id": key,
                "vehicle_year": pick(["1900", "2099", "2010"]),
                "towed_i": pick(["Y", "y ", "U", None]),
            }
        if table != "crashes":
            row["crash_record_id"] = self.crash_of(row)
        return row

    def events(self, log: RawLog) -> dict[str, list[Row]]:
        """What one load brings."""
        landed: dict[str, list[Row]] = {"crashes": [], "people": [], "vehicles": []}
        for _ in range(self.random.randint(4, 16)):
            table = self.random.choice(["crashes", "people", "people", "vehicles"])
            known = [*self.rows[table]]
            event = self.random.choice(EVENTS) if known else insert
            key = self.random.choice(known) if known else ""
            landed[table] += event(self, log, table, key)
        if self.random.random() < 0.3:
            for versions in landed.values():
                self.random.shuffle(versions)
        return landed

    def reading(self, log: RawLog) -> tuple[list[Row], tuple[str, str | None, str | None]]:
        """All deaths, or those of a window, after a few changes among them."""
        for _ in range(self.random.randint(0, 4)):
            if self.deaths and self.random.random() < 0.6:
                index = self.random.randrange(len(self.deaths))
                change = self.random.choice(["gone", "moved", "twin", "stamped", "blank"])
                if change == "gone":
                    self.deaths.pop(index)
                elif change == "moved":
                    self.deaths[index] = {**self.deaths[index], "latitude": f"41.8{self.random.randint(0, 3)}"}
                elif change == "twin":
                    self.deaths.append({**self.deaths[index], "soda_id": self.next("row-")})
                elif change == "blank":
                    self.deaths[index] = {**self.deaths[index], "crash_date": self.random.choice([None, "2025-01-01"])}
            else:
                self.deaths.append(
                    {
                        "soda_id": self.next("row-"),
                        "person_id": self.random.choice([None, "UNK", "O1", "O2", self.next("P")]),
                        "crash_date": f"2025-0{self.random.randint(1, 9)}-01T10:00:00.000",
                        "crash_location": self.random.choice(["1 N STATE ST", "1 N. State St", None]),
                        "victim": self.random.choice(["DRIVER", "PEDESTRIAN"]),
                        "latitude": "41.9",
                        "longitude": "-87.7",
                    }
                )
        if self.random.random() < 0.2:  # the publisher replaces the dataset: every :id is new
            self.deaths = [{**death, "soda_id": self.next("row-")} for death in self.deaths]
        rows = [self.stamp(log, death) for death in self.deaths]
        if self.random.random() < 0.3:
            since, until = "2025-03-01", "2025-06-30"
            return [row for row in rows if since <= (row["crash_date"] or "") < "2025-07"], ("window", since, until)
        return rows, ("whole", None, None)


def insert(city: City, log: RawLog, table: str, _: str) -> list[Row]:
    key = city.new_key(table)
    return [city.speak(log, table, key, city.invent(table, key))]


def insert_parent_of_orphan(city: City, log: RawLog, _table: str, _key: str) -> list[Row]:
    named = {row["crash_record_id"] for table in ("people", "vehicles") for row in city.rows[table].values()}
    unborn = sorted(key for key in named if key and key not in city.rows["crashes"])
    if not unborn:
        return []
    key = city.random.choice(unborn)
    row = city.speak(log, "crashes", key, city.invent("crashes", key))
    log.land({"crashes": [row]})
    return []


def change(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    same_row = {"soda_id": city.rows[table][key]["soda_id"]}
    return [city.speak(log, table, key, city.invent(table, key) | same_row)]


def restamp(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    return [city.speak(log, table, key, city.rows[table][key])]


def revert(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    return [city.speak(log, table, key, city.random.choice(city.past[table, key]))]


def there_and_back(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    before = city.rows[table][key]
    return [*change(city, log, table, key), city.speak(log, table, key, before)]


def repeat(city: City, _log: RawLog, table: str, key: str) -> list[Row]:
    return [city.random.choice(city.past[table, key])] * 2


def late(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    """A version that arrives after newer ones, or with the very stamp of another."""
    when = city.random.choice(city.past[table, key])["soda_updated_at"]
    row = city.stamp(log, city.invent(table, key), when=when)
    city.past[table, key].append(row)
    return [row]


def replace(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    return [city.speak(log, table, key, {**city.rows[table][key], "soda_id": city.next("row-")})]


def move(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    if table == "crashes":
        return []
    row = city.rows[table][key]
    return [city.speak(log, table, key, {**row, "crash_record_id": city.crash_of(row)})]


def move_ahead(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    """To a crash that is not there: it comes later, if at all."""
    if table == "crashes":
        return []
    return [city.speak(log, table, key, {**city.rows[table][key], "crash_record_id": city.next("unborn")})]


def break_required(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    broken: Row = {"crash_record_id": city.random.choice([None, "", " N/A "])}
    if table == "crashes":
        broken = city.random.choice([broken, {"crash_date": "yesterday"}, {"crash_date": None}])
    elif city.random.random() < 0.5:
        broken = {"person_id": None} if table == "people" else {"crash_unit_id": "12x"}
    return [city.speak(log, table, key, {**city.rows[table][key], **broken})]


def respell_key(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    spelled = {
        "crashes": {"crash_record_id": f" {key}\t"},
        "people": {"person_id": f"{key}\u00a0"},
        "vehicles": {"crash_unit_id": f"{key}.0"},
    }[table]
    return [city.speak(log, table, key, {**city.rows[table][key], **spelled})]


def vanish(city: City, log: RawLog, table: str, key: str) -> list[Row]:
    """Found gone, perhaps twice; whatever is said of the key later brings it back."""
    for _ in range(city.random.choice([1, 1, 2])):
        log.find_gone(table, [key])
    return [city.rows[table][key]] if city.random.random() < 0.3 else []


EVENTS: list[Any] = [
    *[insert] * 3, *[insert_parent_of_orphan] * 2, *[change] * 2, restamp, revert, there_and_back, repeat, late,
    replace, move, move_ahead, break_required, respell_key, *[vanish] * 2,
]  # fmt: skip


def dbt(*arguments: str) -> None:
    result = dbtRunner().invoke([*arguments, "--quiet", "--project-dir", str(ROOT), "--profiles-dir", str(ROOT)])
    assert result.success, result.exception or [node.message for node in result.result if node.status != "success"]


def contents(log: RawLog) -> dict[str, list[str]]:
    return {
        table: [row for (row,) in log.run(f"select row_to_json(t)::text from {table} as t order by {order}")]
        for table, order in TABLES.items()
    }


def last_load(log: RawLog) -> Any:
    ((moment,),) = log.run("select max(loaded_at) from ops.model_loads")
    return moment


def distinct_contents(log: RawLog) -> dict[str, set[str]]:
    """What committed loads ever said of a row, and what was last said of it."""
    stamps = "'{soda_id,soda_version,soda_created_at,soda_updated_at,_dlt_load_id}'::text[]"
    first = "(select array_agg(column_name::text) from information_schema.columns where column_name like 'first_%%')"
    committed = "_dlt_load_id in (select load_id from raw._dlt_loads)"
    return {
        table: {
            row
            for (row,) in log.run(
                f"with landed as (select * from raw.{table} where {committed}) "
                f"select ((to_jsonb(landed) - {stamps}) - {first})::text from landed "
                f"union select max(soda_updated_at) || {key} from landed group by {key}"
            )
        }
        for table, key in KEYS.items()
    }


def applied_loads(log: RawLog) -> list[str]:
    return [
        load_id
        for (load_id,) in log.run("select load_id from ops.model_loads group by load_id having bool_and(applied)")
    ]


# More of them by CRASHES_TEST_SEEDS=20; each takes half a minute, nearly all of it dbt's start.
@pytest.mark.parametrize("seed", range(1, 1 + int(os.environ.get("CRASHES_TEST_SEEDS", "2"))))
def test_increments_end_where_a_full_refresh_does(
    seed: int, database: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in database.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path))
    log, city = RawLog.create(database), City(seed)
    build = ("run",)
    snapshots: dict[Any, Shown] = {}
    dbt("seed")

    for _ in range(5):
        for _ in range(city.random.randint(1, 3)):
            landed = city.events(log)
            if city.random.random() < 0.15:
                log.land(landed, committed=False)
            else:
                log.land(landed)
            if city.random.random() < 0.3:
                log.commit_late()
            if city.random.random() < 0.6:
                deaths, reading = city.reading(log)
                log.land({"vision_zero_fatalities": deaths}, reading=reading)
        for table in ("crashes", "people"):
            log.find_gone(table, city.random.choices([*city.rows[table]] or ["nobody"], k=2))
        dbt(*build)
        snapshots[last_load(log)] = shown_now(log.run)

    built = contents(log)
    kept = distinct_contents(log)
    removed = compact(load_settings(), eligible=lambda _dataset: applied_loads(log))
    assert sum(table.versions for table in removed.values()) > 0, "the sequence repeated nothing"
    assert distinct_contents(log) == kept, "compaction removed a content that nobody else has"
    dbt(*build)
    assert contents(log) == built, "a build with nothing new changed something"
    assert log.run(
        "select sum(inserted + updated) from ops.model_changes where invocation_id = "
        "(select invocation_id from ops.model_changes order by built_at desc limit 1)"
    ) == [(0,)]
    for moment, snapshot in snapshots.items():
        assert shown_then(log.run, moment) == snapshot, f"history tells otherwise of {moment}"
    ends = " union ".join(f"select ended_by from history.{history}" for history in HISTORIES)
    ended = log.run(f"select ended_by from ({ends}) as ends where ended_by is not null order by 1")
    assert ended == [("replaced",), ("vanished",)], "the sequence ended too few versions to prove anything"
    dbt(*build, "--full-refresh")
    fresh = contents(log)
    for table in TABLES:
        once = [
            sorted({*some} - {*others}) for some, others in ((built[table], fresh[table]), (fresh[table], built[table]))
        ]
        assert once == [[], []], f"{table}: the increments and the full refresh differ"
        assert built[table] == fresh[table]
    for table in ("crashes", "people"):
        ((rows, gone),) = log.run(f"select count(*), count(deleted_at) from marts.{table}")
        assert rows >= gone > 0, f"no row of {table} vanished"
    tame = [table for table in TABLES if not fresh[table]]
    assert len(tame) <= 1, f"the sequence left nothing in {tame}: it was too tame to prove anything"
