"""The client against a portal that misbehaves, over real HTTP."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tenacity
from sample_portal.testing import RunningPortal, running_portal

from ingest import soda
from ingest.body import Body
from ingest.cursor import Cursor
from ingest.errors import DatasetGoneError, PortalAnswerError, PortalUnreachableError
from ingest.soda import Extent, RateLimiter, SodaClient, after, identity, quoted

CRASHES = "85ca-t3if"
JSON = {"Content-Type": "application/json;charset=utf-8"}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    rows = tmp_path_factory.mktemp("rows")
    (rows / "crashes.jsonl").write_text("".join(json.dumps({"crash_record_id": f"{n:03}"}) + "\n" for n in range(50)))
    with running_portal(rows=Path(rows)) as running:
        yield running


@pytest.fixture
def client(portal: RunningPortal, monkeypatch: pytest.MonkeyPatch) -> Iterator[SodaClient]:
    monkeypatch.setattr(soda, "_backoff", tenacity.wait_fixed(0))
    portal.control.clear_faults()
    portal.control.clear_requests()
    portal.control.settings(tokens=[])
    client = SodaClient(portal.url)
    yield client
    client.close()


def rows(client: SodaClient) -> list[dict[str, Any]]:
    def parse(body: Body, _headers: Mapping[str, str]) -> list[dict[str, Any]]:
        parsed: list[dict[str, Any]] = json.loads(body.whole())
        return parsed

    return client.rows(CRASHES, "crashes, page 1", parse, select=":*,*", order=":id", limit=100)


@pytest.mark.parametrize("status", [202, 408, 429, 500, 502, 503, 504])
def test_an_answer_that_may_pass_is_asked_for_again(portal: RunningPortal, client: SodaClient, status: int) -> None:
    portal.control.fault(status=status, times=2, body="<html>busy</html>")
    assert len(rows(client)) == 50
    assert client.traffic.retries == 2


def test_a_page_cut_off_on_its_way_is_asked_for_again(portal: RunningPortal, client: SodaClient) -> None:
    portal.control.fault(cut_after_bytes=200)
    assert len(rows(client)) == 50
    assert client.traffic.retries == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"reset": True},
        {"corrupt_gzip": True},
        {"status": 200, "headers": JSON, "body": '[{"crash_record_id":"a"}\n,{"crash_re'},
        {"status": 200, "headers": JSON | {"Content-Length": "9999"}, "body": "[]\n"},
        {"status": 200, "headers": JSON, "body": '[{"crash_record_id":"\udcff"}]\n'},
    ],
    ids=["reset", "broken gzip", "cut JSON", "short Content-Length", "invalid UTF-8"],
)
def test_what_the_network_can_do_to_an_answer_is_asked_for_again(
    portal: RunningPortal, client: SodaClient, fault: dict[str, Any]
) -> None:
    portal.control.fault(**fault)
    assert len(rows(client)) == 50
    assert client.traffic.retries == 1


def test_silence_is_a_fault_too(portal: RunningPortal, client: SodaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soda, "READ_TIMEOUT", 0.3)
    portal.control.fault(delay_seconds=1.5)
    assert len(rows(client)) == 50
    assert client.traffic.retries == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_both_forms_of_retry_after(
    portal: RunningPortal, client: SodaClient, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    later = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    portal.control.fault(status=429, headers={"Retry-After": "20" if form == "seconds" else later})
    assert len(rows(client)) == 50
    assert 17 <= slept[0] <= 20


def test_a_redirect_to_another_host_carries_no_token(portal: RunningPortal, client: SodaClient) -> None:
    with running_portal(crashes=5) as elsewhere:
        portal.control.settings(tokens=["secret-token"])
        there = elsewhere.url.replace("127.0.0.1", "localhost")
        portal.control.fault(status=302, headers={"Location": f"{there}/resource/{CRASHES}.json?$limit=2"})
        with_token = SodaClient(portal.url, token="secret-token")
        assert len(rows(with_token)) == 2
        with_token.close()
        assert [request["token"] for request in elsewhere.control.requests()] == [False]


def test_html_with_status_200_is_asked_for_again_and_then_told(portal: RunningPortal, client: SodaClient) -> None:
    portal.control.fault(status=200, times=99, body="<html>", headers={"Content-Type": "text/html"})
    with pytest.raises(PortalAnswerError) as caught:
        rows(client)
    assert "crashes, page 1" in caught.value.message
    assert "text/html" in caught.value.message
    assert len(portal.control.requests()) == soda.ATTEMPTS


def test_retry_after_is_kept_to(portal: RunningPortal, client: SodaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    portal.control.fault(status=429, headers={"Retry-After": "7"})
    portal.control.fault(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    portal.control.fault(status=503, headers={"Retry-After": "86400"})
    assert len(rows(client)) == 50
    assert waits == [7.0, 0.0, soda.LONGEST_WAIT]


def test_a_refused_token_is_dropped_once_and_noted(portal: RunningPortal) -> None:
    portal.control.settings(tokens=["good"])
    portal.control.clear_requests()
    client = SodaClient(portal.url, token="bad")
    assert len(rows(client)) == 50
    assert "CHICAGO_API_TOKEN" in client.traffic.notes[0]
    assert [request["status"] for request in portal.control.requests()] == [403, 200]


def test_an_unknown_dataset_is_told_at_once(portal: RunningPortal, client: SodaClient) -> None:
    with pytest.raises(DatasetGoneError, match="404"):
        client.extent("zzzz-zzzz", "boats, count")
    assert len(portal.control.requests()) == 1


def test_a_refused_query_quotes_the_portals_own_words(client: SodaClient) -> None:
    with pytest.raises(PortalAnswerError, match="nosuchcolumn"):
        client.extent(CRASHES, "crashes, count", "nosuchcolumn = 1")


@pytest.mark.parametrize(
    ("url", "seen"), [("http://127.0.0.1:9", "refused"), ("http://portal.invalid", "does not resolve")]
)
def test_a_portal_that_is_not_there_is_given_up_soon(monkeypatch: pytest.MonkeyPatch, url: str, seen: str) -> None:
    monkeypatch.setattr(soda, "_backoff", tenacity.wait_fixed(0))
    client = SodaClient(url)
    with pytest.raises(PortalUnreachableError, match=seen) as caught:
        rows(client)
    assert url in caught.value.message
    assert client.traffic.requests == soda.ATTEMPTS_AT_FIRST


def extent(client: SodaClient, where: str | None = None) -> Extent:
    found = client.extent(CRASHES, "crashes, count", where)
    assert found is not None
    return found


def test_counting_gives_rows_and_the_newest_update(client: SodaClient) -> None:
    found = extent(client)
    assert found.rows == 50
    assert found.newest is not None
    assert found.newest.endswith("Z")
    assert extent(client, "crash_record_id = 'none'").rows == 0
    assert extent(client, "crash_record_id = 'none'").newest is None


def test_what_follows_a_cursor_is_exactly_the_rest(client: SodaClient) -> None:
    everything = rows(client)
    last = everything[19]
    where = after(Cursor(last[":updated_at"], last[":id"]))
    assert extent(client, where).rows == 30


def test_an_etag_asks_for_news_until_there_are_some(portal: RunningPortal, client: SodaClient) -> None:
    known = extent(client).etag
    assert known is not None
    assert client.extent(CRASHES, "crashes, count", known=known) is None
    assert client.extent(CRASHES, "crashes, count", known='"another"') is not None
    portal.control.upsert("crashes", [{"crash_record_id": "new"}])
    assert client.extent(CRASHES, "crashes, count", known=known) is not None
    portal.control.delete("crashes", "crash_record_id = 'new'")


def test_the_etag_of_a_lagging_replica_is_not_remembered(portal: RunningPortal, client: SodaClient) -> None:
    portal.control.settings(out_of_date=True)
    assert extent(client).etag is None
    portal.control.settings(out_of_date=False)
    assert client.traffic.out_of_date


def test_the_limiter_spaces_requests_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("ingest.soda.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("ingest.soda.time.sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    limiter = RateLimiter(3600)
    for _ in range(5):
        limiter.wait()
    assert clock[0] == 104.0


def test_quotes_in_a_literal_are_doubled() -> None:
    assert quoted("O'Hare") == "'O''Hare'"


def test_every_loopback_address_is_the_same_portal() -> None:
    assert {identity(url) for url in ("http://127.0.0.1:1", "http://localhost:2", "http://[::1]:3")} == {"loopback"}
    assert identity("https://data.cityofchicago.org") == "data.cityofchicago.org"
