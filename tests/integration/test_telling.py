"""Mail and webhook, against real servers: what arrives, and which sentence each way of failing becomes."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from receivers import NOBODY, PASSWORD, USER, Hook, free_port, mail_server, silent_server, webhook

from ingest.errors import ConfigurationError, CrashesError
from runner.errors import MailError, MailNotConfiguredError, WebhookError, WebhookNotConfiguredError
from runner.settings import RunnerSettings, describe, load_settings
from runner.telling.mail import send_mail
from runner.telling.webhook import post

# the server that is encrypted from the first byte says so of itself
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

NOT_ASCII = "pässword-4717"
TOKEN = "T0000/B0000/planted-hook-token-4715"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], RunnerSettings]:
    """Settings as a process with these variables has them."""

    def load(env: dict[str, str]) -> RunnerSettings:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return load


def told(error: CrashesError) -> str:
    """Everything that is shown or recorded of an error, before any masking."""
    return "".join(traceback.format_exception(error)) + error.message + error.remedy


@pytest.mark.parametrize(
    ("starttls", "tls", "login"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_a_mail_arrives_whole(
    settings: Callable[..., RunnerSettings], tmp_path: Path, starttls: bool, tls: bool, login: bool
) -> None:
    with mail_server(tmp_path, starttls=starttls, tls=tls, login=login) as box:
        sent = send_mail(settings(box.env()), "Größe: 5 € für den Süden", "naïve text\n", "<p>naïve <b>HTML</b></p>\n")
    assert sent == ["ann@example.org", "bob@example.org"]
    ((recipients, message),) = box.taken
    assert recipients == sent
    assert message["Subject"] == "Größe: 5 € für den Süden"
    assert message["From"] == "crashes@example.org"
    assert message["To"] == "ann@example.org, bob@example.org"
    assert message["Date"].datetime.tzinfo is not None
    assert message["Message-ID"].endswith("@example.org>")
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == ["naïve text"]
    assert html.get_content().splitlines() == ["<p>naïve <b>HTML</b></p>"]
    assert message.as_bytes().isascii()


def test_a_mail_of_text_alone_has_one_part(settings: Callable[..., RunnerSettings], tmp_path: Path) -> None:
    with mail_server(tmp_path) as box:
        send_mail(settings(box.env()), "subject", "only text\n")
    assert box.taken[0][1].get_content_type() == "text/plain"


def test_a_subject_cannot_bring_a_header_of_its_own(settings: Callable[..., RunnerSettings], tmp_path: Path) -> None:
    with mail_server(tmp_path) as box:
        send_mail(settings(box.env()), "hello\r\nBcc: eve@example.org\n\n<b>\x00\u2028body", "text\n")
    ((recipients, message),) = box.taken
    assert recipients == ["ann@example.org", "bob@example.org"]
    assert message["Bcc"] is None
    assert message["Subject"] == "hello Bcc: eve@example.org <b> body"
    assert message.get_content().splitlines() == ["text"]


def test_a_wrong_password_is_told_without_it(settings: Callable[..., RunnerSettings], tmp_path: Path) -> None:
    wrong = "wrong-password-4716"
    with mail_server(tmp_path) as box, pytest.raises(MailError, match="refused the login of herald@") as caught:
        send_mail(settings(box.env(CRASHES_SMTP_PASSWORD=wrong)), "subject", "text")
    assert "535 5.7.8 wrong password: ********" in caught.value.message
    assert "CRASHES_SMTP_PASSWORD" in caught.value.remedy
    for secret in (wrong, base64.b64encode(f"\0{USER}\0{wrong}".encode()).decode()):
        assert secret not in told(caught.value)


def test_without_starttls_nothing_is_said_in_the_clear(settings: Callable[..., RunnerSettings], tmp_path: Path) -> None:
    with (
        mail_server(tmp_path, starttls=False, login=False) as box,
        pytest.raises(MailError, match="does not offer STARTTLS; nothing was sent") as caught,
    ):
        send_mail(settings(box.env(CRASHES_SMTP_SECURITY="starttls")), "subject", "text")
    assert "CRASHES_SMTP_SECURITY=tls" in caught.value.remedy
    assert box.taken == []


@pytest.mark.parametrize("tls", [False, True])
def test_an_untrusted_certificate_is_refused(
    settings: Callable[..., RunnerSettings], tmp_path: Path, tls: bool
) -> None:
    with mail_server(tmp_path, tls=tls) as box:
        (tmp_path / "none.pem").write_text("")
        with pytest.raises(MailError, match="certificate that is not trusted") as caught:
            send_mail(settings(box.env(SSL_CERT_FILE=str(tmp_path / "none.pem"))), "subject", "text")
        assert "SSL_CERT_FILE" in caught.value.remedy
        # a certificate of the right authority, for another name
        with pytest.raises(MailError, match=r"not trusted: .*127\.0\.0\.1"):
            send_mail(settings(box.env(CRASHES_SMTP_HOST="127.0.0.1")), "subject", "text")
    assert box.taken == []


def test_a_server_without_login_is_told_from_a_wrong_login(
    settings: Callable[..., RunnerSettings], tmp_path: Path
) -> None:
    asked = {"CRASHES_SMTP_USER": USER, "CRASHES_SMTP_PASSWORD": PASSWORD}
    with (
        mail_server(tmp_path, starttls=False, login=False) as box,
        pytest.raises(MailError, match=r"cannot be used so: .*AUTH"),
    ):
        send_mail(settings(box.env(**asked)), "subject", "text")


def test_a_server_that_wants_a_login_says_so(settings: Callable[..., RunnerSettings], tmp_path: Path) -> None:
    with mail_server(tmp_path) as box, pytest.raises(MailError, match=r"530 5\.7\.0 Authentication required") as caught:
        send_mail(settings(box.env(CRASHES_SMTP_USER="")), "subject", "text")
    assert "CRASHES_SMTP_USER" in caught.value.remedy


def test_some_refused_recipients_are_named_and_the_others_get_it(
    settings: Callable[..., RunnerSettings], tmp_path: Path
) -> None:
    with mail_server(tmp_path) as box:
        with pytest.raises(MailError, match=r"refused some recipients: nobody@example\.org \(550 5\.1\.1") as caught:
            send_mail(settings(box.env(CRASHES_MAIL_TO=f"ann@example.org,{NOBODY}")), "subject", "text")
        assert caught.value.remedy.startswith("The other recipients got it.")
        assert [recipients for recipients, _ in box.taken] == [["ann@example.org"]]
        with pytest.raises(MailError, match="refused all recipients: nobody@") as caught:
            send_mail(settings(box.env(CRASHES_MAIL_TO=NOBODY)), "subject", "text")
        assert "CRASHES_MAIL_TO" in caught.value.remedy
        assert len(box.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_server_that_says_nothing_is_not_waited_for_long(
    settings: Callable[..., RunnerSettings], tmp_path: Path, security: str
) -> None:
    with mail_server(tmp_path) as box, silent_server() as port:
        chosen = settings(box.env(CRASHES_SMTP_PORT=str(port), CRASHES_SMTP_SECURITY=security))
        with pytest.raises(MailError, match=rf"localhost:{port} does not answer"):
            send_mail(chosen, "subject", "text", timeout=0.5)


def test_no_server_and_no_such_name_are_sentences(settings: Callable[..., RunnerSettings], tmp_path: Path) -> None:
    with mail_server(tmp_path) as box:
        with pytest.raises(MailError, match="cannot be reached: connection refused") as caught:
            send_mail(settings(box.env(CRASHES_SMTP_PORT=str(free_port()))), "subject", "text")
        assert "CRASHES_SMTP_PORT" in caught.value.remedy
        for host in ("no-such-host.invalid", "no..host", "mäil.invalid"):
            with pytest.raises(MailError, match="cannot be"):
                send_mail(settings(box.env(CRASHES_SMTP_HOST=host)), "subject", "text")
        # TLS from the first byte, spoken to a server that begins in the clear
        with pytest.raises(MailError, match="does not speak TLS as expected"):
            send_mail(settings(box.env(CRASHES_SMTP_SECURITY="tls")), "subject", "text")
        with pytest.raises(MailError, match="letters that this protocol cannot carry") as caught:
            send_mail(settings(box.env(CRASHES_SMTP_PASSWORD=NOT_ASCII)), "subject", "text")
        assert NOT_ASCII not in told(caught.value)


def test_what_is_not_configured_is_named(settings: Callable[..., RunnerSettings]) -> None:
    with pytest.raises(MailNotConfiguredError, match="CRASHES_SMTP_HOST and CRASHES_MAIL_FROM and CRASHES_MAIL_TO are"):
        send_mail(settings({}), "subject", "text")
    with pytest.raises(MailNotConfiguredError, match="CRASHES_MAIL_TO is not set"):
        send_mail(settings({"CRASHES_SMTP_HOST": "mail", "CRASHES_MAIL_FROM": "a@b"}), "subject", "text")
    with pytest.raises(WebhookNotConfiguredError, match="CRASHES_WEBHOOK_URL is not set"):
        post(settings({}), "text", {})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CRASHES_MAIL_FROM", "nobody"),
        ("CRASHES_MAIL_FROM", "a@b@c"),
        ("CRASHES_MAIL_FROM", "a@b\nBcc: eve@example.org"),
        ("CRASHES_MAIL_TO", "ann@example.org,"),
        ("CRASHES_MAIL_TO", "Ann <ann@example.org>"),
        ("CRASHES_SMTP_SECURITY", "ssl"),
        ("CRASHES_SMTP_PORT", "0"),
        ("CRASHES_WEBHOOK_URL", "ftp://secret-4718.example.org/x"),
        ("CRASHES_WEBHOOK_URL", "https://"),
        ("CRASHES_WEBHOOK_URL", "https://secret-4718@[::1/"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(
    settings: Callable[..., RunnerSettings], variable: str, value: str
) -> None:
    with pytest.raises(ConfigurationError, match=variable) as caught:
        settings({variable: value})
    assert "secret-4718" not in told(caught.value)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook(f"/services/{TOKEN}") as running:
        yield running


def test_a_message_is_posted_with_its_details(settings: Callable[..., RunnerSettings], hook: Hook) -> None:
    hook.answer = (204, "")
    post(settings({"CRASHES_WEBHOOK_URL": hook.url}), "Fünf crashes", {"day": date(2025, 6, 20), "crashes": 5})
    assert hook.taken == [{"text": "Fünf crashes", "day": "2025-06-20", "crashes": 5}]


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_another_answer_than_success_is_a_failure(
    settings: Callable[..., RunnerSettings], hook: Hook, status: int
) -> None:
    hook.answer = (status, "no_service\nat {path}")
    with pytest.raises(
        WebhookError, match=rf"^The webhook at 127\.0\.0\.1 did not take .* {status} no_service"
    ) as caught:
        post(settings({"CRASHES_WEBHOOK_URL": hook.url}), "text", {})
    assert TOKEN not in told(caught.value)
    assert len(hook.taken) == 1


def test_a_webhook_that_is_not_there_or_silent_is_told_by_its_host_alone(
    settings: Callable[..., RunnerSettings],
) -> None:
    with silent_server() as silent:
        for where, said in (
            (f"http://127.0.0.1:{free_port()}", "cannot be reached"),
            ("http://no-such-host.invalid", "cannot be reached"),
            (f"http://127.0.0.1:{silent}", "does not answer"),
            (f"https://127.0.0.1:{silent}", "does not answer"),
        ):
            chosen = settings({"CRASHES_WEBHOOK_URL": f"{where}/services/{TOKEN}"})
            with pytest.raises(WebhookError, match=said) as caught:
                post(chosen, "text", {}, timeout=0.5)
            assert TOKEN not in told(caught.value)


def test_password_and_webhook_are_secrets(settings: Callable[..., RunnerSettings]) -> None:
    url = f"https://hooks.example.org/services/{TOKEN}"
    chosen = settings({"CRASHES_SMTP_PASSWORD": PASSWORD, "CRASHES_WEBHOOK_URL": url})
    assert {PASSWORD, url} <= set(chosen.secrets())
    assert PASSWORD not in str(describe(chosen)) + repr(chosen)
    assert TOKEN not in str(describe(chosen)) + repr(chosen)
