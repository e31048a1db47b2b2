"""What a test can ask the portal about its clients, and do to them."""

import http.client
import time

import pytest
from portal_http import CRASHES, Portal


def test_every_request_is_on_record(fresh: Portal) -> None:
    fresh.send(f"/resource/{CRASHES}.json?$limit=1&damage=x", X_App_Token="sample-app-token", Accept_Encoding="gzip")
    fresh.send("/nowhere")
    first, second = fresh.control.requests()
    assert (first["method"], first["path"], first["status"]) == ("GET", f"/resource/{CRASHES}.json", 200)
    assert first["parameters"] == {"$limit": "1", "damage": "x"}
    assert first["token"] and first["accept_encoding"] == "gzip"
    assert second["status"] == 404 and not second["token"]
    fresh.control.clear_requests()
    assert fresh.control.requests() == []


def test_a_fault_answers_in_the_portals_place_as_often_as_asked(fresh: Portal) -> None:
    fresh.control.fault(path=CRASHES, after=1, times=2, status=429, headers={"Retry-After": "3"}, body="<html>")
    statuses = [fresh.get(limit="1").status for _ in range(4)]
    assert statuses == [200, 429, 429, 200]


def test_a_fault_carries_its_headers_and_waits_for_its_request(fresh: Portal) -> None:
    fresh.control.fault(query=r"\$offset=5", status=503, headers={"Retry-After": "1"}, body="<h1>busy</h1>")
    assert fresh.get(offset="4").status == 200
    answer = fresh.get(offset="5")
    assert (answer.status, answer.headers["retry-after"], answer.body) == (503, "1", b"<h1>busy</h1>")
    fresh.control.fault(status=500)
    fresh.control.clear_faults()
    assert fresh.get().status == 200


def test_a_cut_body_ends_in_the_middle(fresh: Portal) -> None:
    fresh.control.fault(cut_after_bytes=100)
    with pytest.raises(http.client.IncompleteRead) as cut:
        fresh.get()
    assert len(cut.value.partial) == 100
    assert len(fresh.rows()) == 20


def test_a_delay_delays(fresh: Portal) -> None:
    fresh.control.fault(delay_seconds=0.3)
    started = time.monotonic()
    fresh.get(limit="1")
    assert time.monotonic() - started >= 0.3
