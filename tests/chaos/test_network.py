"""Everything that the way to the portal can do to answers, in one backfill: the tables are as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import CommandLine, Database
from sample_portal.testing import RunningPortal

from chaos.truth import assert_tables_equal_portal

JSON = {"Content-Type": "application/json;charset=utf-8"}
FAULTS: list[dict[str, Any]] = [
    {"status": 202, "body": "{}"},
    {"status": 408, "body": '{"errorCode":"request-timeout","message":"x"}'},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"status": 500, "body": '{"errorCode":"internal-error","data":{"tag":"x"}}'},
    {"status": 502, "body": "<html>Bad Gateway</html>"},
    {"status": 503},
    {"status": 504},
    {"reset": True},
    {"cut_after_bytes": 300},
    {"corrupt_gzip": True},
    {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>We moved</html>"},
    {"status": 200, "headers": JSON, "body": '[{":id":"row-a","crash_rec'},
    {"status": 200, "headers": JSON | {"Content-Length": "99999"}, "body": "[]\n"},
    {"status": 200, "headers": JSON, "body": '[{"crash_record_id":"\udcff"}]\n'},
    {"delay_seconds": 0.5},
]


def test_a_backfill_through_every_fault_ends_in_the_portals_truth(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=300, seed=13)
    for number, fault in enumerate(FAULTS):
        dataset = ("85ca-t3if", "u6pd-qa9d", "68nd-jvt3")[number % 3]
        # counted by dataset: the faults of one dataset hit different pages of it
        portal.control.fault(path=dataset, query="limit=20", after=number // 3, **fault)
    done = crashes("run", "--portal", portal.url, "--json", env={"CRASHES_PAGE_SIZE": "20"})
    assert done.code == 0, done.err
    assert sum(dataset["retries"] for dataset in done.json()["landing"].values()) == len(FAULTS) - 1
    assert_tables_equal_portal(database, portal)


def test_a_portal_that_breaks_for_good_in_the_middle_costs_nothing_that_was_there(
    crashes: CommandLine, database: Database, serve: Callable[..., RunningPortal]
) -> None:
    portal = serve(crashes=300, seed=13)
    env = {"CRASHES_PAGE_SIZE": "20"}
    portal.control.fault(path="u6pd-qa9d", query="limit=20", after=12, times=99, status=400, body='{"message":"gone"}')
    done = crashes("run", "--portal", portal.url, env=env)
    assert done.code == 1
    assert "people, page 13" in done.err
    assert "gone" in done.err
    committed = database.value("select count(*) from raw.people inner join raw._dlt_loads on _dlt_load_id = load_id")
    assert committed == 8 * 20, "the first package, whole"
    portal.control.clear_faults()
    portal.control.clear_requests()
    assert crashes("run", "--portal", portal.url, env=env).code == 0
    assert_tables_equal_portal(database, portal)
