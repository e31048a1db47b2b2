"""The summary of a day: its figures against the same sums done in Python, and the mail it becomes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from harness import CommandLine, Database, Finished
from receivers import PASSWORD, Mailbox, free_port, mail_server
from sample_portal.testing import RunningPortal

from runner.errors import WrongUsageError
from runner.ledger.session import LedgerSession
from runner.settings import load_settings
from runner.summary import render
from runner.summary.figures import summary
from runner.summary.sending import send_summary

CHICAGO = ZoneInfo("America/Chicago")
DAY = date(2025, 6, 20)  # a Friday
TRAP = '<script>alert("x")</script>'
INJURIES = ("fatal", "incapacitating", "non_incapacitating", "reported_not_evident")


def crash(number: int, day: date, street: str, direction: str, **injuries: int) -> dict[str, Any]:
    found = {f"injuries_{name}": str(injuries.get(name, 0)) for name in INJURIES}
    return {
        "crash_record_id": f"{number:0128x}",
        "crash_date": f"{day}T{number % 24:02}:{number % 60:02}:00.000",
        "street_no": str(100 + number),
        "street_direction": direction,
        "street_name": street,
        "injuries_total": str(sum(injuries.values())),
        **found,
    }


def crashes_of_the_weeks() -> list[dict[str, Any]]:
    """Many on DAY, fewer on six of the eight Fridays before, and some on days between."""
    rows = []
    for number in range(40):
        injuries = {"fatal": 2} if number in (3, 7) else {"incapacitating": 1 + number % 2} if number % 3 == 0 else {}
        rows.append(crash(number, DAY, TRAP if number % 4 == 0 else "WESTERN AVE", "NS"[number % 2], **injuries))
    for week in (1, 2, 3, 5, 6, 8):
        for number in range(10 + week):
            injuries = {"non_incapacitating": number % 3, "fatal": int(number == 0), "incapacitating": number // 9}
            rows.append(crash(1000 * week + number, DAY - timedelta(weeks=week), "CLARK ST", "N", **injuries))
    rows += [crash(50_000 + n, DAY - timedelta(days=n), "ELM ST", "W", reported_not_evident=2) for n in range(1, 40)]
    return rows


@pytest.fixture(scope="module")
def built(
    module_crashes: CommandLine, module_database: Database, module_serve: Callable[..., RunningPortal]
) -> CommandLine:
    """Tables of 800 crashes up to DAY and the ones above, one of which has vanished since."""
    portal = module_serve(crashes=800, seed=23, as_of=DAY.isoformat())
    portal.control.upsert("crashes", crashes_of_the_weeks())
    done = module_crashes("run", "--portal", portal.url)
    assert done.code == 0, done.err
    vanished = "update marts.crashes set deleted_at = now() where crash_record_id in (%s, %s)"
    module_database.rows(vanished, f"{3:0128x}", f"{1001:0128x}")
    return module_crashes


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    with mail_server(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture
def session(built: CommandLine, module_database: Database) -> Iterator[LedgerSession]:
    place = module_database
    settings = load_settings(db_host=place.host, db_port=place.port, db_name=place.name, db_user=place.user)
    with closing(LedgerSession(settings)) as opened:
        yield opened


@pytest.fixture
def rows(built: CommandLine, module_database: Database) -> list[dict[str, Any]]:
    names = ["crash_record_id", "crash_date", "street_no", "street_direction", "street_name", "injuries_total"]
    names += ["injuries_incapacitating", "injuries_fatal", "severity_score"]
    found = module_database.rows(f"select {', '.join(names)} from marts.crashes where deleted_at is null")
    return [dict(zip(names, row, strict=True)) for row in found]


def of_day(rows: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    return [row for row in rows if row["crash_date"].date() == day]


def totals(rows: list[dict[str, Any]]) -> dict[str, int]:
    columns = {"injured": "injuries_total", "incapacitated": "injuries_incapacitating", "killed": "injuries_fatal"}
    return {"crashes": len(rows), **{name: sum(row[column] or 0 for row in rows) for name, column in columns.items()}}


def asked(crashes: CommandLine, *arguments: str) -> dict[str, Any]:
    done = crashes("summary", "--json", *arguments)
    assert done.code == 0, done.err
    found: dict[str, Any] = done.json()
    return found


def test_the_figures_are_the_sums_of_the_day_and_the_usual_their_mean(
    built: CommandLine, rows: list[dict[str, Any]]
) -> None:
    found = asked(built, "--date", str(DAY))
    figures = {each["name"]: each for each in found["figures"]}
    assert {name: each["value"] for name, each in figures.items()} == totals(of_day(rows, DAY))
    assert figures["crashes"]["value"] >= 39
    assert figures["killed"]["value"] >= 2
    fridays = [DAY - timedelta(weeks=week) for week in range(1, 9)]
    assert found["usual_days"] == [str(day) for day in sorted(fridays)]
    for name, each in figures.items():
        usual = sum(totals(of_day(rows, day))[name] for day in fridays) / 8
        assert each["usual"] == pytest.approx(usual)
        assert each["ratio"] == (pytest.approx(each["value"] / usual) if usual else None)


def test_the_usual_is_of_the_days_that_the_table_has(built: CommandLine, rows: list[dict[str, Any]]) -> None:
    first = min(row["crash_date"].date() for row in rows)
    found = asked(built, "--date", str(first + timedelta(weeks=2)))
    assert found["usual_days"] == [str(first), str(first + timedelta(weeks=1))]
    assert found["figures"][0]["usual"] is not None
    found = asked(built, "--date", str(first + timedelta(days=13)))
    assert found["usual_days"] == [str(first + timedelta(days=6))]
    assert {each["usual"] for each in found["figures"]} == {None}
    shown = built("summary", "--date", str(first + timedelta(days=13))).out
    assert "What is usual is not known" in shown
    assert "None" not in shown


def test_severe_crashes_are_told_with_time_and_place(built: CommandLine, rows: list[dict[str, Any]]) -> None:
    found = asked(built, "--date", str(DAY))
    severe = {row["crash_record_id"]: row for row in of_day(rows, DAY) if row["severity_score"] >= 4}
    assert found["severe_count"] == len(severe) > 10
    assert len(found["severe"]) == 10
    for each in found["severe"]:
        row = severe[each["crash_record_id"]]
        assert each["at"] == str(row["crash_date"])
        assert each["place"] == f"{row['street_no']} {row['street_direction']} {row['street_name']}"
        assert (each["injured"], each["killed"]) == (row["injuries_total"], row["injuries_fatal"])
    assert f"… and {len(severe) - 10} more" in built("summary", "--date", str(DAY)).out


def test_the_worst_places_are_those_with_the_heaviest_crashes(built: CommandLine, rows: list[dict[str, Any]]) -> None:
    found = asked(built, "--date", str(DAY))
    weights: Counter[str] = Counter()
    for row in rows:
        if DAY - timedelta(days=29) <= row["crash_date"].date() <= DAY and row["street_name"]:
            weights[f"{row['street_direction']} {row['street_name']}"] += row["severity_score"] - 1
    assert found["places_since"] == str(DAY - timedelta(days=29))
    shown = {each["place"]: each["weight"] for each in found["places"]}
    assert len(shown) == 5
    assert list(shown.values()) == [weight for _, weight in weights.most_common(5)]
    assert all(weights[place] == weight for place, weight in shown.items())


def test_quality_is_of_the_last_day_and_freshness_of_each_dataset(
    built: CommandLine, session: LedgerSession, module_database: Database
) -> None:
    told = asked(built, "--date", str(DAY))["condition"]
    broken = Counter(rule for (rule,) in module_database.rows("select rule_id from quality.rule_violations"))
    assert told["violations"] == broken.total() > 0
    assert told["rules_count"] == len(broken)
    assert [each["violations"] for each in told["rules"]] == [count for _, count in broken.most_common(10)]
    held_back = len(set(module_database.rows("select table_name, row_key from quality.held_back")))
    assert told["held_back"] == told["held_back_new"] == held_back > 0
    newest = module_database.value("select max(crash_date) from marts.people where deleted_at is null")
    fresh = {each["dataset"]: each for each in told["freshness"]}
    assert list(fresh) == ["crashes", "people", "vehicles", "vision_zero_fatalities"]
    assert fresh["people"]["newest_crash"] == str(newest)
    assert all(each["published"] and each["last_load"] for each in fresh.values())

    later = summary(session, DAY, datetime.now(UTC) + timedelta(days=2)).condition
    assert (later.rules, later.violations, later.failed) == ([], 0, [])
    assert (later.held_back, later.held_back_new) == (held_back, 0)
    assert "No rule is broken by what they brought." in render.text(
        summary(session, DAY, datetime.now(UTC) + timedelta(days=2))
    )


def test_the_default_day_is_yesterday_in_chicago(session: LedgerSession) -> None:
    assert summary(session, None, datetime(2025, 6, 21, 7, 0, tzinfo=CHICAGO)).day == DAY
    # ten in the evening of the 20th there, the 21st already in Greenwich
    assert summary(session, None, datetime(2025, 6, 21, 3, 0, tzinfo=UTC)).day == DAY - timedelta(days=1)


def test_a_day_without_a_report_says_so(built: CommandLine, rows: list[dict[str, Any]]) -> None:
    newest = max(row["crash_date"] for row in rows)
    empty = newest.date() + timedelta(days=3)
    assert asked(built, "--date", str(empty))["reported"] is False
    done = built("summary", "--date", str(empty))
    assert done.code == 0
    words = " ".join(done.out.split())
    assert f"No report of this day has come yet; the newest crash is of {newest:%Y-%m-%d %H:%M}." in words
    assert "None" not in done.out
    assert re.search(r"Crashes - \d+\.\d - Injured - ", words)
    assert asked(built)["reported"] is False  # yesterday, by today's clock


@pytest.mark.parametrize(
    ("day", "word"), [("2999-01-01", "it has not begun"), ("1999-12-31", "it is before the first crash")]
)
def test_a_day_out_of_range_is_wrong_usage(built: CommandLine, day: str, word: str) -> None:
    done = built("summary", "--date", day)
    assert done.code == 2
    assert done.out == ""
    assert f"There is nothing to tell of {day}: {word}." in done.err
    assert re.search(r"a day from 20\d\d-\d\d-\d\d to 20\d\d-\d\d-\d\d; the newest crash is of 2025-06-", done.err)


def test_json_holds_what_the_text_shows(built: CommandLine) -> None:
    found = asked(built, "--date", str(DAY))
    text = built("summary", "--date", str(DAY)).out
    words = " ".join(text.split())
    assert "Friday, 20 June 2025" in text
    for each in found["figures"]:
        assert f"{render.LABELS[each['name']]} {render.number(each['value'])} {each['usual']:,.1f}" in words
    for each in found["severe"]:
        assert f"{each['at'][11:16]} {each['place']} {each['injured']} {each['killed']}" in words
    for each in found["places"]:
        counts = " ".join(str(each[name]) for name in ("crashes", "injured", "killed", "weight"))
        assert f"{each['place']} {counts}" in words
    for each in found["condition"]["rules"]:
        assert f"{each['violations']} {each['rule']} {each['sentence']}" in words
    for each in found["condition"]["freshness"]:
        assert each["newest_crash"][:16] in text
    assert max(map(len, text.splitlines())) < 80
    assert "<b>" not in text
    assert not any(line != line.rstrip() for line in text.splitlines())


class Page(HTMLParser):
    """What a mail program makes of it: the tags, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in ("href", "src", "onload", "onclick")]

    def handle_data(self, data: str) -> None:
        self.words += f" {data}"


def test_html_shows_names_as_they_are_and_runs_nothing(session: LedgerSession) -> None:
    found = summary(session, DAY)
    assert any(TRAP in each.place for each in found.places)
    html = render.html(found)
    page = Page(html)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert page.links == []
    assert TRAP in page.words
    assert TRAP not in html
    words = " ".join(page.words.split())
    for row in found.figures:
        assert f"{render.LABELS[row.name]} {render.number(row.value)}" in words
    for place in found.places:
        assert place.place in words


def test_a_mail_arrives_with_both_forms(
    built: CommandLine, session: LedgerSession, box: Mailbox, module_database: Database
) -> None:
    box.taken.clear()
    done = built("summary", "--send", "--date", str(DAY), env=box.env(LOG_LEVEL="DEBUG"))
    assert done.code == 0, done.err
    ((recipients, message),) = box.taken
    found = summary(session, DAY)
    crashes, injured = found.figure("crashes").value, found.figure("injured").value
    subject = f"Chicago, Fri 20 Jun 2025: {crashes} crashes, {injured} injured, "
    assert message["Subject"].startswith(subject)
    assert done.out == f"Sent to ann@example.org, bob@example.org: {message['Subject']}\n"
    assert recipients == ["ann@example.org", "bob@example.org"]
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines()[:8] == render.text(found).splitlines()[:8]
    assert "Friday, 20 June 2025" in Page(html.get_content()).words
    record = last_execution(module_database)
    assert (record["status"], record["command"], record["error_message"]) == ("completed", "summary", None)
    assert record["context"]["sent_to"] == recipients
    assert record["context"]["parameters"] == {"day": str(DAY)}
    assert PASSWORD not in done.out + done.err + str(record)


def test_what_was_sent_is_told_as_json(built: CommandLine, box: Mailbox, module_database: Database) -> None:
    found = asked_with(built, box.env(), "--send", "--date", str(DAY)).json()
    assert found["sent_to"] == ["ann@example.org", "bob@example.org"]
    assert found["execution_id"] == last_execution(module_database)["execution_id"]
    assert {name for name in found if name not in ("sent_to", "execution_id")} == set(asked(built, "--date", str(DAY)))


def test_the_scheduler_sends_the_same(session: LedgerSession, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in box.env().items():
        monkeypatch.setenv(name, value)
    box.taken.clear()
    found, sent_to = send_summary(load_settings(), session, None, datetime(2025, 6, 21, 7, 0, tzinfo=CHICAGO))
    assert found.day == DAY
    assert [recipients for recipients, _ in box.taken] == [sent_to]
    with pytest.raises(WrongUsageError):
        send_summary(load_settings(), session, date(2999, 1, 1), datetime.now(UTC))


def asked_with(crashes: CommandLine, env: dict[str, str], *arguments: str) -> Finished:
    return crashes("summary", "--json", *arguments, env=env)


def last_execution(database: Database) -> dict[str, Any]:
    query = "select to_jsonb(job_executions) from ops.job_executions order by execution_id desc limit 1"
    record: dict[str, Any] = database.value(query)
    return record


WRONG = "wrong-password-4716"


@pytest.mark.parametrize(
    ("changed", "code", "sentence"),
    [
        ({"CRASHES_SMTP_PASSWORD": WRONG}, 1, "refused the login of herald@example.org: 535"),
        ({"CRASHES_SMTP_PORT": "PLAIN"}, 1, "does not offer STARTTLS; nothing was sent."),
        ({"SSL_CERT_FILE": "/dev/null"}, 1, "certificate that is not trusted"),
        ({"CRASHES_SMTP_PORT": "CLOSED"}, 1, "cannot be reached: connection refused."),
        ({"CRASHES_MAIL_TO": "ann@example.org,nobody@example.org"}, 1, "refused some recipients: nobody@example.org"),
        ({"CRASHES_SMTP_HOST": ""}, 2, "Mail cannot be sent: CRASHES_SMTP_HOST is not set."),
    ],
    ids=["wrong password", "no STARTTLS", "untrusted", "unreachable", "a recipient refused", "not configured"],
)
def test_a_summary_that_cannot_be_sent_fails_itself_with_a_sentence(
    built: CommandLine,
    box: Mailbox,
    module_database: Database,
    tmp_path: Path,
    changed: dict[str, str],
    code: int,
    sentence: str,
) -> None:
    with mail_server(tmp_path, starttls=False, login=False) as plain:
        ports = {"PLAIN": str(plain.port), "CLOSED": str(free_port())}
        env = box.env(**{name: ports.get(value, value) for name, value in changed.items()})
        loud = built("summary", "--send", "--date", str(DAY), env=env | {"LOG_LEVEL": "DEBUG"})
        told = loud.out + loud.err + str(last_execution(module_database))
        done = built("summary", "--send", "--date", str(DAY), env=env)
        assert plain.taken == []
    assert done.code == code
    assert done.out == ""
    assert sentence in done.err
    assert "Traceback" not in done.err
    record = last_execution(module_database)
    assert (record["status"], record["command"]) == ("failed", "summary")
    assert sentence in record["error_message"]
    assert record["error_remedy"] in done.err
    assert "sent_to" not in record["context"]
    for secret in (PASSWORD, WRONG):
        assert secret not in told + done.err + str(record)

    failed = asked(built, "--date", str(DAY))["condition"]["failed"]
    assert failed[0]["command"] == "summary"
    assert sentence in failed[0]["error_message"]
    words = " ".join(built("summary", "--date", str(DAY)).out.split())
    assert "FAILED IN THE LAST 24 HOURS" in words
    assert sentence in words


@pytest.mark.parametrize(("arguments", "word"), [(["--date", "yesterday"], "YYYY-MM-DD"), (["today"], "today")])
def test_wrong_usage_is_a_sentence(crashes: CommandLine, arguments: list[str], word: str) -> None:
    done = crashes("summary", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert word in done.err
    assert "Traceback" not in done.err


def test_before_the_first_build_it_says_what_to_do(crashes: CommandLine, database: Database) -> None:
    done = crashes("summary")
    assert done.code == 1
    assert "`crashes run`" in done.err
    assert database.value("select count(*) from ops.job_executions") == 0


def test_without_any_crash_it_says_so(crashes: CommandLine, serve: Callable[..., RunningPortal]) -> None:
    assert crashes("run", "--portal", serve(crashes=20).url, "--dataset", "vision_zero_fatalities").code == 0
    done = crashes("summary")
    assert done.code == 1
    assert "no crash to sum up yet" in done.err
