"""The bytes of an answer: framing, types on the wire, nulls, values as they were given."""

import gzip
import http.client
import json
import re
from pathlib import Path

from portal_http import FATALITIES, PEOPLE, Portal
from sample_portal.testing import running_portal

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}"


def test_rows_are_framed_byte_for_byte(portal: Portal) -> None:
    body = portal.get(select="crash_record_id,lane_cnt", limit="3").body
    assert (
        body == b'[{"crash_record_id":"c00","lane_cnt":"2"}\n,{"crash_record_id":"c01"}\n,{"crash_record_id":"c02"}]\n'
    )


def test_an_empty_page_is_an_empty_array(portal: Portal) -> None:
    assert portal.get(limit="0").body == b"[]\n"
    assert portal.get(PEOPLE).body == b"[]\n"
    assert portal.get(PEOPLE, select="count(*)").body == b'[{"count":"0"}]\n'


def test_stars_give_system_fields_then_columns_in_order(portal: Portal) -> None:
    answer = portal.get(select=":*,*", limit="1")
    row = answer.json[0]
    assert list(row)[:5] == [":id", ":version", ":created_at", ":updated_at", "crash_record_id"]
    assert re.fullmatch(r"row-.{14}", row[":id"]) and re.fullmatch(r"rv-.{14}", row[":version"])
    assert re.fullmatch(TIME + "Z", row[":updated_at"])
    assert re.fullmatch(TIME, row["crash_date"])
    assert row["posted_speed_limit"] == "20"
    assert row["location"] == {"type": "Point", "coordinates": [-87.7, 41.9]}
    fields = json.loads(answer.headers["x-soda2-fields"])
    assert [field for field in fields if field in row] == list(row)
    assert len(fields) == 4 + 49 + 1  # system fields, published columns, and rd_no, which is no longer one
    types = dict(zip(fields, json.loads(answer.headers["x-soda2-types"]), strict=True))
    assert types[":id"] == "row_identifier" and types["crash_date"] == "floating_timestamp"
    assert types["location"] == "point" and types["rd_no"] == "text" and types[":updated_at"] == "fixed_timestamp"


def test_a_star_alone_leaves_system_fields_out(portal: Portal) -> None:
    assert not any(field.startswith(":") for row in portal.rows() for field in row)


def test_equal_rows_without_a_key_are_all_served(portal: Portal) -> None:
    rows = portal.rows(FATALITIES, select=":*,*")
    assert len(rows) == 2 and rows[0][":id"] != rows[1][":id"]


def test_values_come_out_as_they_went_in(tmp_path: Path) -> None:
    line = (
        '{"crash_record_id":"\\u0000 \\ud800 \\"x\\" \\/ é","damage":12.50,"alignment":{"a":[null, 1e400]},'
        '"weather_condition":"' + "x" * 1_000_000 + '","road_defect":"a","road_defect":"b","drop table":"1"}'
    )
    (tmp_path / "crashes.jsonl").write_text(line + "\n")
    with running_portal(rows=tmp_path) as running:
        body = Portal(running.url, running.control).get().body.decode()
    for value in [
        '"crash_record_id":"\\u0000 \\ud800 \\"x\\" \\/ é"',
        '"damage":12.50',
        '"alignment":{"a":[null, 1e400]}',
        "x" * 1_000_000,
        '"road_defect":"a","road_defect":"b"',
        '"drop table":"1"',
    ]:
        assert value in body


def test_gzip_is_sent_only_when_asked_for(portal: Portal) -> None:
    plain = portal.send("/resource/85ca-t3if.json")
    packed = portal.send("/resource/85ca-t3if.json", Accept_Encoding="gzip, deflate")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in portal.send("/resource/85ca-t3if.json", Accept_Encoding="gzip;q=0").headers


def test_a_connection_is_kept_and_bodies_are_chunked(portal: Portal) -> None:
    connection = http.client.HTTPConnection(portal.url.removeprefix("http://"), timeout=30)
    for _ in range(3):
        connection.request("GET", "/resource/85ca-t3if.json?$limit=2")
        socket = connection.sock
        response = connection.getresponse()
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert len(json.loads(response.read())) == 2
        assert connection.sock is socket
    connection.close()
