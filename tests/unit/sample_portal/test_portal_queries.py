"""SoQL: what a reader of the datasets may ask, and that the answers are right."""

import pytest
from portal_http import CRASHES, VEHICLES, Portal


def ids(portal: Portal, where: str, dataset: str = CRASHES, field: str = "crash_record_id") -> list[str]:
    return portal.column(field, dataset, select=field, where=where, order=":id")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("crash_record_id = 'c03'", {3}),
        ("CRASH_RECORD_ID == 'c03'", {3}),
        ("`crash_record_id` = \"c03\"", {3}),
        ("crash_record_id = 'C03'", set()),
        ("weather_condition = 'Clear' and posted_speed_limit = 25", {1, 13}),
        ("weather_condition = 'Clear' and posted_speed_limit = '25'", {1, 13}),
        ("posted_speed_limit >= 35 and not (posted_speed_limit > 35 or lane_cnt is null)", {15}),
        ("lane_cnt is not null", {0, 5, 10, 15}),
        ("street_name = 'O''BRIEN ST' and posted_speed_limit < 25", {0, 12}),
        ("street_name like 'O''%' and posted_speed_limit < 25", {0, 12}),
        ("street_name not like '%ST' and posted_speed_limit < 25", {4, 16}),
        ("street_name like 'western%'", set()),
        ("crash_date between '2024-02-01T00:00:00' and '2024-02-02T23:59:59.999'", {10, 11}),
        ("crash_date >= '2024-02-09' and crash_date < '2024-02-10'", {18}),
        ("crash_record_id in ('c01', 'c19', 'nope')", {1, 19}),
        ("crash_record_id not in ('c01') and crash_record_id < 'c03'", {0, 2}),
        ("posted_speed_limit + 5 * 2 = 45 and lane_cnt is not null", {15}),
        ("posted_speed_limit / 2 = 12.5 and crash_record_id <= 'c05'", {1, 5}),
        ("posted_speed_limit::text = '35' and lane_cnt is not null", {15}),
        ("location is null", set()),
        ("crash_record_id = 'c00' or crash_record_id = 'c01' and lane_cnt = 2", {0}),
        ("date_extract_hh(crash_date) = 7 /* seven */ -- o'clock", {7}),
        ("starts_with(upper(weather_condition), 'CLE') and posted_speed_limit = 20", {0, 4, 12, 16}),
    ],
)  # fmt: skip
def test_conditions(portal: Portal, where: str, expected: set[int]) -> None:
    assert ids(portal, where) == [f"c{number:02d}" for number in sorted(expected)]


def test_numbers_compare_as_numbers_also_where_they_are_the_key(portal: Portal) -> None:
    assert ids(portal, "crash_unit_id > 9", VEHICLES, "crash_unit_id") == ["10", "100"]
    assert portal.column("crash_unit_id", VEHICLES, order="crash_unit_id desc") == ["100", "10", "9"]


def test_fields_filter_as_parameters(portal: Portal) -> None:
    answer = portal.send(
        "/resource/85ca-t3if.json?weather_condition=RAIN&posted_speed_limit=30&$select=crash_record_id"
    )
    assert answer.json == [{"crash_record_id": "c02"}, {"crash_record_id": "c14"}]


def test_order_limit_and_offset(portal: Portal) -> None:
    speeds = portal.column("posted_speed_limit", order="posted_speed_limit desc, crash_record_id", limit="6")
    assert speeds == ["35"] * 5 + ["30"]
    assert portal.column("crash_record_id", order=":id", limit="2", offset="18") == ["c18", "c19"]


def test_nulls_are_last_ascending_and_first_descending(portal: Portal) -> None:
    assert portal.column("lane_cnt", order="lane_cnt", limit="4") == ["2"] * 4
    assert portal.column("lane_cnt", order="lane_cnt desc", limit="1") == [None]
    assert portal.column("lane_cnt", order="lane_cnt desc nulls last", limit="1") == ["2"]
    assert portal.column("lane_cnt", order="lane_cnt null first", limit="1") == [None]


def test_counts_and_aggregates_are_text(portal: Portal) -> None:
    newest = portal.rows(select=":updated_at", limit="1")[0][":updated_at"]
    assert portal.rows(select="count(*) as rows, max(:updated_at) as newest") == [{"rows": "20", "newest": newest}]
    assert portal.rows(select="count(lane_cnt), sum(posted_speed_limit), avg(posted_speed_limit), min(crash_date)") == [
        {
            "count_lane_cnt": "4",
            "sum_posted_speed_limit": "550",
            "avg_posted_speed_limit": "27.5",
            "min_crash_date": "2024-01-01T00:30:00.000",
        }
    ]
    assert portal.rows(select="max(lane_cnt) as most", where="lane_cnt = 7") == [{}]


def test_groups(portal: Portal) -> None:
    by_month = portal.rows(
        select="date_trunc_ym(crash_date) as month, count(*)",
        group="month",
        order="month desc",
        where="crash_date is not null",
    )
    assert by_month == [
        {"month": "2024-02-01T00:00:00.000", "count": "10"},
        {"month": "2024-01-01T00:00:00.000", "count": "10"},
    ]
    clear = portal.rows(select="weather_condition, count(*) as n", group="weather_condition", having="n = 6")
    assert clear == [{"weather_condition": "RAIN", "n": "6"}]
    assert len(portal.rows(select="distinct weather_condition")) == 3


def test_a_whole_query_in_one_parameter(portal: Portal) -> None:
    query = "SELECT crash_record_id AS id WHERE posted_speed_limit = 35 ORDER BY id DESC LIMIT 2 OFFSET 1"
    assert portal.rows(query=query) == [{"id": "c15"}, {"id": "c11"}]


def test_expressions_have_their_own_types(portal: Portal) -> None:
    answer = portal.get(select="posted_speed_limit * 2 as double, lane_cnt is null as blank", limit="1")
    assert answer.json == [{"double": "40", "blank": False}]
    assert answer.headers["x-soda2-types"] == '["number","boolean"]'


def test_ids_order_by_the_hidden_counter_and_compare_with_shown_text(portal: Portal) -> None:
    rows = portal.rows(select=":id,crash_record_id", order=":id")
    assert [row["crash_record_id"] for row in rows] == [f"c{number:02d}" for number in range(20)]
    shown = [row[":id"] for row in rows]
    assert shown != sorted(shown)
    assert portal.column(":id", select=":id", where=f":id > '{shown[12]}'", order=":id") == shown[13:]
    assert portal.column(":id", select=":id", where=f":id in ('{shown[3]}')") == [shown[3]]


@pytest.mark.parametrize("size", [1, 3, 7, 20, 100])
def test_keyset_pages_are_the_whole(portal: Portal, size: int) -> None:
    whole = portal.rows(select=":*,*", order=":updated_at,:id")
    newest = portal.rows(select="max(:updated_at) as newest")[0]["newest"]
    read, where = [], f":updated_at <= '{newest}'"
    while page := portal.rows(select=":*,*", order=":updated_at,:id", limit=str(size), where=where):
        read += page
        at, shown = page[-1][":updated_at"], page[-1][":id"]
        where = f"(:updated_at > '{at}' or (:updated_at = '{at}' and :id > '{shown}')) and :updated_at <= '{newest}'"
    assert read == whole
