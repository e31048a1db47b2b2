"""Headers that a client decides by: ETags, dates, fields and types, and the view metadata."""

import json
from email.utils import parsedate_to_datetime

import pytest
from portal_http import CRASHES, VEHICLES, Portal

URL = f"/resource/{CRASHES}.json?$limit=1"


def test_an_etag_answers_unchanged_until_the_data_changes(fresh: Portal) -> None:
    first = fresh.send(URL)
    etag = first.headers["etag"]
    again = fresh.send(URL, If_None_Match=etag)
    assert again.status == 304 and again.body == b"" and again.headers["etag"] == etag
    fresh.control.restamp("crashes", where="crash_record_id = 'c07'")
    changed = fresh.send(URL, If_None_Match=etag)
    assert changed.status == 200 and changed.headers["etag"] != etag


def test_an_etag_is_of_the_query_and_of_what_is_accepted(portal: Portal) -> None:
    etag = portal.send(URL).headers["etag"]
    assert etag.startswith('"')
    assert portal.send(URL + "&$offset=1").headers["etag"] != etag
    assert portal.send(URL, Accept="text/csv").headers["etag"] != etag
    packed = portal.send(URL, Accept_Encoding="gzip").headers["etag"]
    assert packed.endswith('---gzip"')
    assert portal.send(URL, Accept_Encoding="gzip", If_None_Match=packed).status == 304


def test_other_datasets_keep_their_etags(fresh: Portal) -> None:
    url = f"/resource/{VEHICLES}.json"
    etag = fresh.send(url).headers["etag"]
    fresh.control.restamp("crashes")
    assert fresh.send(url, If_None_Match=etag).status == 304


def test_if_modified_since_counts_only_without_an_etag(portal: Portal) -> None:
    modified = portal.send(URL).headers["last-modified"]
    assert portal.send(URL, If_Modified_Since=modified).status == 304
    assert portal.send(URL, If_Modified_Since=modified, If_None_Match='"other"').status == 200
    assert portal.send(URL, If_Modified_Since="Thu, 01 Jan 2015 00:00:00 GMT").status == 200
    assert portal.send(URL, If_Modified_Since="nonsense").status == 200


def test_soda_headers(portal: Portal) -> None:
    headers = portal.send(URL).headers
    assert headers["x-soda2-data-out-of-date"] == "false"
    assert headers["x-soda2-truth-last-modified"] == headers["x-soda2-secondary-last-modified"]
    assert parsedate_to_datetime(headers["last-modified"]).tzinfo is not None
    assert headers["vary"] == "Accept-Encoding"
    assert len(headers["x-socrata-requestid"]) == 32
    assert headers["server"] == "nginx"


def test_fields_and_types_go_when_they_grow_too_long(fresh: Portal) -> None:
    assert len(json.loads(fresh.get(VEHICLES).headers["x-soda2-fields"])) == 71
    for number in range(100):
        fresh.control.add_column("vehicles", f"a_column_with_quite_a_long_name_indeed_{number}")
    headers = fresh.get(VEHICLES).headers
    assert "x-soda2-fields" not in headers and "x-soda2-types" not in headers


def test_a_lagging_replica_says_so(fresh: Portal) -> None:
    fresh.control.settings(out_of_date=True)
    assert fresh.send(URL).headers["x-soda2-data-out-of-date"] == "true"


@pytest.mark.parametrize("url", [URL, f"/api/views/{CRASHES}.json"])
def test_head_has_the_headers_and_no_body(portal: Portal, url: str) -> None:
    head, get = portal.send(url, "HEAD"), portal.send(url)
    assert head.status == 200 and head.body == b""
    passing = {"date", "x-socrata-requestid"}
    assert {k: v for k, v in head.headers.items() if k not in passing} == {
        k: v for k, v in get.headers.items() if k not in passing
    }


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_view_metadata(portal: Portal, suffix: str) -> None:
    view = portal.send(f"/api/views/{CRASHES}{suffix}").json
    assert (view["id"], view["name"]) == (CRASHES, "Traffic Crashes - Crashes")
    columns = {column["fieldName"]: column for column in view["columns"]}
    assert [column["position"] for column in view["columns"]] == list(range(1, 51))
    assert columns["private_property_i"]["name"] == "NOT_RIGHT_OF_WAY_I"
    assert columns["crash_date"]["dataTypeName"] == "calendar_date"
    assert columns["location"]["renderTypeName"] == "point"
    assert columns["damage"]["cachedContents"]["count"] == "20"
    assert view["rowIdentifierColumnId"] == columns["crash_record_id"]["id"]
    people = portal.send(f"/api/views/u6pd-qa9d{suffix}").json
    assert {c["fieldName"]: c["name"] for c in people["columns"]}["bac_result_value"] == "BAC_RESULT VALUE"
    assert "rowIdentifierColumnId" not in portal.send(f"/api/views/gzaz-isa6{suffix}").json


def test_every_change_moves_the_views_moment(fresh: Portal) -> None:
    seen = [fresh.send(f"/api/views/{CRASHES}.json").json["rowsUpdatedAt"]]
    for _ in range(3):
        fresh.control.restamp("crashes")
        seen.append(fresh.send(f"/api/views/{CRASHES}.json").json["rowsUpdatedAt"])
    assert seen == sorted(set(seen))
