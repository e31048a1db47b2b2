"""Refusals: both envelopes, their codes, their statuses."""

from typing import Any

import pytest
from portal_http import Portal


@pytest.mark.parametrize(
    ("clauses", "code"),
    [
        ({"select": "foo"}, "query.soql.no-such-column"),
        ({"where": "foo = 1"}, "query.soql.no-such-column"),
        ({"order": "foo"}, "query.soql.no-such-column"),
        ({"where": "crash_record_id ="}, "query.soql.unexpected-eof"),
        ({"where": "crash_record_id = 'x"}, "query.soql.unterminated-string"),
        ({"where": "crash_record_id ~ 'x'"}, "query.soql.bad-parse"),
        ({"where": "1 = 1; drop table portal_rows"}, "query.soql.bad-parse"),
        ({"where": "crash_record_id = 'c00' order by crash_date"}, "query.soql.bad-parse"),
        ({"select": ":id,*"}, "query.soql.bad-parse"),
        ({"select": "*,:*"}, "query.soql.bad-parse"),
        ({"where": "crash_record_id = 5"}, "query.soql.type-mismatch"),
        ({"where": "posted_speed_limit = 'fast'"}, "query.soql.type-mismatch"),
        ({"where": "crash_date > 'yesterday'"}, "query.soql.type-mismatch"),
        ({"where": "crash_date > '2024-01-01T00:00:00Z'"}, "query.soql.type-mismatch"),
        ({"where": ":id > 'row-nope'"}, "query.soql.type-mismatch"),
        ({"where": "location = 'x'"}, "query.soql.type-mismatch"),
        ({"where": "crash_record_id"}, "query.soql.non-boolean-where"),
        ({"where": "nope(crash_record_id)"}, "query.soql.no-such-function"),
        ({"select": "crash_record_id, count(*)"}, "query.soql.column-not-in-group-bys"),
        ({"select": "rd_no as a, damage as a"}, "query.soql.duplicate-alias"),
        ({"limit": "many"}, "req.bad-parameter"),
        ({"offset": "-1"}, "req.bad-parameter"),
        ({"nonsense": "1"}, "req.bad-parameter"),
    ],
)
def test_the_query_services_envelope(portal: Portal, clauses: dict[str, str], code: str) -> None:
    answer = portal.get(**clauses)
    assert answer.status == 400
    assert set(answer.json) == {"message", "errorCode", "data"}
    assert answer.json["errorCode"] == code
    assert answer.headers["content-type"] == "application/json;charset=utf-8"


def test_a_wrong_column_is_named_with_its_place(portal: Portal) -> None:
    error: Any = portal.get(select="crash_date, foo").json
    assert error["message"] == (
        "Query coordinator error: query.soql.no-such-column; No such column: foo; "
        'position: Map(row -> 1, column -> 13, line -> "crash_date, foo")'
    )
    assert error["data"]["column"] == "foo"
    assert error["data"]["position"] == {"row": 1, "column": 13, "line": "crash_date, foo"}


def test_the_star_order_is_worded_as_on_the_portal(portal: Portal) -> None:
    assert "Star selections must come at the start of the select-list" in portal.get(select=":id,*").json["message"]
    late = portal.get(select="*,:*").json["message"]
    assert "System column star selections must come before user column star selections" in late


def test_an_unknown_dataset_is_missing(portal: Portal) -> None:
    answer = portal.send("/resource/zzzz-zzzz.json")
    assert answer.status == 404
    assert answer.body == b'{"code":"dataset.missing","error":true,"message":"Not found","data":{"id":"zzzz-zzzz"}}'


@pytest.mark.parametrize("path", ["/", "/resource", "/resource/85ca-t3if.xml", "/api/views/zzzz-zzzz.json", "/%00"])
def test_other_paths_are_not_found(portal: Portal, path: str) -> None:
    answer = portal.send(path)
    assert answer.status == 404 and answer.json["error"] is True


def test_a_wrong_token_turns_a_call_that_would_work_into_a_refusal(portal: Portal) -> None:
    refused = portal.send("/resource/85ca-t3if.json", X_App_Token="wrong")
    assert refused.status == 403
    assert refused.body == b'{"code":"permission_denied","error":true,"message":"Invalid app_token specified"}'
    assert portal.send("/resource/85ca-t3if.json?$$app_token=wrong").status == 403
    assert portal.send("/resource/85ca-t3if.json", X_App_Token="sample-app-token").status == 200
    assert portal.send("/resource/85ca-t3if.json").status == 200


def test_writing_over_soda_is_refused(portal: Portal) -> None:
    assert portal.send("/resource/85ca-t3if.json", "POST").status == 405


def test_a_row_limit_is_refused_above_it(fresh: Portal) -> None:
    fresh.control.settings(max_rows=10)
    assert fresh.get(limit="10").status == 200
    error = fresh.get(limit="11")
    assert error.status == 400
    assert error.json == {
        "message": "Row limit of 10 exceeded",
        "errorCode": "req.row-limit-exceeded",
        "data": {"limit": 10},
    }
