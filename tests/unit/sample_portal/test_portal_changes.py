"""The publisher's moves, and what each does to the system fields and to a reader in the middle of a walk."""

from typing import Any

import pytest
from portal_http import FATALITIES, VEHICLES, Portal
from sample_portal.errors import PortalError

SYSTEM = (":id", ":version", ":created_at", ":updated_at")


def table(portal: Portal, dataset: str = "85ca-t3if", key: str = "crash_record_id") -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in portal.rows(dataset, select=":*,*", order=":id", limit="5000")}


def contents(row: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in row.items() if field not in SYSTEM}


def test_an_update_keeps_id_and_creation_and_moves_the_rest(fresh: Portal) -> None:
    before = table(fresh)
    done = fresh.control.upsert("crashes", [{"crash_record_id": "c03", "damage": "OVER $1,500", "lane_cnt": None}])
    after = table(fresh)
    assert (done["inserted"], done["updated"]) == (0, 1)
    assert after["c03"][":id"] == before["c03"][":id"]
    assert after["c03"][":created_at"] == before["c03"][":created_at"]
    assert after["c03"][":version"] != before["c03"][":version"]
    assert after["c03"][":updated_at"] == done["at"] > before["c03"][":updated_at"]
    assert contents(after["c03"]) == {**contents(before["c03"]), "damage": "OVER $1,500"}
    assert {k: v for k, v in after.items() if k != "c03"} == {k: v for k, v in before.items() if k != "c03"}


def test_an_identical_update_moves_the_stamp_all_the_same(fresh: Portal) -> None:
    before = table(fresh)["c05"]
    fresh.control.upsert("crashes", [contents(before)])
    after = table(fresh)["c05"]
    assert contents(after) == contents(before)
    assert after[":updated_at"] > before[":updated_at"] and after[":version"] != before[":version"]


def test_an_insert_comes_last_and_all_rows_of_a_move_share_its_moment(fresh: Portal) -> None:
    rows = [{"crash_record_id": f"n{number}", "crash_date": "2024-03-01T00:00:00.000"} for number in range(3)]
    done = fresh.control.upsert("crashes", rows)
    assert done["inserted"] == 3
    newest = fresh.rows(select=":*,*", order=":updated_at,:id", where=f":updated_at >= '{done['at']}'")
    assert [row["crash_record_id"] for row in newest] == ["n0", "n1", "n2"]
    assert all(row[":created_at"] == row[":updated_at"] == done["at"] for row in newest)
    assert fresh.control.state()["crashes"]["rows"] == 23
    assert fresh.column("crash_record_id", where="crash_date >= '2024-03-01'") == ["n0", "n1", "n2"]


def test_a_number_keys_an_upsert_however_it_is_written(fresh: Portal) -> None:
    done = fresh.control.upsert("vehicles", [{"crash_unit_id": "10", "make": "FORD"}, {"crash_unit_id": 11}])
    assert (done["inserted"], done["updated"]) == (1, 1)
    assert fresh.column("make", VEHICLES, where="crash_unit_id = 10") == ["FORD"]


def test_fatalities_have_no_key_and_are_addressed_by_id(fresh: Portal) -> None:
    shown = fresh.rows(FATALITIES, select=":*,*")[0][":id"]
    done = fresh.control.upsert("vision_zero_fatalities", [{":id": shown, "latitude": "41.9"}, {"victim": "CYCLIST"}])
    assert (done["inserted"], done["updated"]) == (1, 1)
    assert fresh.column("latitude", FATALITIES, where=f":id = '{shown}'") == ["41.9"]
    with pytest.raises(PortalError, match="no row"):
        unknown = fresh.rows(FATALITIES, select=":*,*", order=":id desc")[0][":id"]
        fresh.control.delete("vision_zero_fatalities", f":id = '{unknown}'")
        fresh.control.upsert("vision_zero_fatalities", [{":id": unknown}])


def test_a_restamp_changes_stamps_alone(fresh: Portal) -> None:
    before = table(fresh)
    done = fresh.control.restamp("crashes")
    after = table(fresh)
    assert done["updated"] == 20
    for key, row in after.items():
        assert contents(row) == contents(before[key])
        assert (row[":id"], row[":created_at"]) == (before[key][":id"], before[key][":created_at"])
        assert row[":updated_at"] == done["at"] and row[":version"] != before[key][":version"]
    assert fresh.control.restamp("crashes", where="posted_speed_limit = 35")["updated"] == 5


def test_a_replace_renews_every_system_field_and_no_content(fresh: Portal) -> None:
    before = table(fresh)
    done = fresh.control.replace("crashes")
    after = table(fresh)
    assert done["replaced"] == 20
    assert [contents(row) for row in after.values()] == [contents(row) for row in before.values()]
    for field in (":id", ":version"):
        assert not {row[field] for row in before.values()} & {row[field] for row in after.values()}
        assert len({row[field] for row in after.values()}) == 20
    assert (
        {row[":created_at"] for row in after.values()} == {row[":updated_at"] for row in after.values()} == {done["at"]}
    )
    fresh.control.upsert("crashes", [{"crash_record_id": "c03", "damage": "x"}, {"crash_record_id": "new"}])
    assert len(table(fresh)) == 21 and table(fresh)["c03"]["damage"] == "x"


def test_versions_are_never_given_twice(fresh: Portal) -> None:
    seen = [row[":version"] for row in table(fresh).values()]
    for move in (fresh.control.restamp, fresh.control.replace, fresh.control.restamp):
        move("crashes")
        seen += [row[":version"] for row in table(fresh).values()]
    assert len(set(seen)) == len(seen)


def test_a_deletion_leaves_no_trace(fresh: Portal) -> None:
    stamps = fresh.column(":updated_at", select=":updated_at")
    assert fresh.control.delete("crashes", "crash_record_id in ('c03', 'c04', 'nope')") == {"deleted": 2}
    assert len(fresh.rows()) == 18
    assert set(fresh.column(":updated_at", select=":updated_at")) <= set(stamps)


def test_a_moment_may_be_named_to_play_a_lagging_replica(fresh: Portal) -> None:
    at = "2020-02-02T02:02:02.222Z"
    assert fresh.control.upsert("crashes", [{"crash_record_id": "c00"}], at=at)["at"] == at
    assert fresh.rows(select=":*,*", order=":updated_at,:id", limit="1")[0]["crash_record_id"] == "c00"
    assert fresh.control.restamp("crashes", where="crash_record_id = 'c01'")["at"] > at


def test_columns_come_and_go(fresh: Portal) -> None:
    with pytest.raises(PortalError, match="no column new_one"):
        fresh.control.upsert("crashes", [{"crash_record_id": "c00", "new_one": "x"}])
    fresh.control.add_column("crashes", "new_one", type="number")
    assert fresh.rows(where="new_one is not null") == []
    fresh.control.upsert("crashes", [{"crash_record_id": "c00", "new_one": "7"}])
    assert fresh.column("crash_record_id", where="new_one > 6") == ["c00"]
    fresh.control.drop_column("crashes", "weather_condition")
    assert not any("weather_condition" in row for row in fresh.rows())
    assert fresh.get(select="weather_condition").json["errorCode"] == "query.soql.no-such-column"


def test_a_walk_meets_moved_rows_again_and_loses_none(fresh: Portal) -> None:
    seen: list[str] = []
    where = "1 = 1"
    for step in range(100):
        page = fresh.rows(select=":*,*", where=where, order=":updated_at,:id", limit="3")
        if not page:
            break
        seen += [row["crash_record_id"] for row in page]
        at, shown = page[-1][":updated_at"], page[-1][":id"]
        where = f":updated_at > '{at}' or (:updated_at = '{at}' and :id > '{shown}')"
        if step < 3:
            fresh.control.upsert("crashes", [{"crash_record_id": "c01"}, {"crash_record_id": f"new{step}"}])
            fresh.control.delete("crashes", f"crash_record_id = 'c{19 - step}'")
    assert set(seen) == {f"c{number:02d}" for number in range(17)} | {"new0", "new1", "new2"}
    assert seen.count("c01") == 2


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (lambda control: control.upsert("nope", []), "no dataset 'nope'"),
        (lambda control: control.delete("crashes", "nope = 1"), "no SoQL over crashes"),
        (lambda control: control.add_column("crashes", "damage"), "already has a column damage"),
        (lambda control: control.drop_column("crashes", "nope"), "no column nope"),
        (lambda control: control.add_column("crashes", "x", type="nope"), "cannot be a nope"),
        (lambda control: control.fault(nope=1), "A fault has no nope"),
        (lambda control: control.upsert("crashes", [{":id": "x"}]), "no :id of crashes"),
    ],
)
def test_an_impossible_move_is_a_sentence(fresh: Portal, action: Any, sentence: str) -> None:
    before = table(fresh)
    with pytest.raises(PortalError, match=sentence):
        action(fresh.control)
    assert table(fresh) == before
