"""Who gets messages in tests: mail servers with an authority of their own, and a webhook; real ones, here."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER = "herald@example.org"
PASSWORD = "planted-mail-password-4714"
NOBODY = "nobody@example.org"


@dataclass
class Mailbox:
    """A running mail server, and what it has taken."""

    port: int
    authority: Path
    security: str = "starttls"
    login: bool = True
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    def env(self, **changed: str) -> dict[str, str]:
        """The variables that bring a mail here; trusted, and with the right password, unless changed."""
        right = {
            "CRASHES_SMTP_HOST": "localhost",
            "CRASHES_SMTP_PORT": str(self.port),
            "CRASHES_SMTP_SECURITY": self.security,
            "CRASHES_MAIL_FROM": "crashes@example.org",
            "CRASHES_MAIL_TO": "ann@example.org, bob@example.org",
            "SSL_CERT_FILE": str(self.authority),
        }
        login = {"CRASHES_SMTP_USER": USER, "CRASHES_SMTP_PASSWORD": PASSWORD} if self.login else {}
        return right | login | changed

    # aiosmtpd calls these
    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == NOBODY:
            return "550 5.1.1 nobody of that name here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append((envelope.rcpt_tos, message))
        return "250 OK"


def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    """Knows one login, and is so careless as to quote a wrong one."""
    assert isinstance(given, LoginPassword)
    if (given.login.decode(), given.password.decode()) == (USER, PASSWORD):
        return AuthResult(success=True)
    return AuthResult(success=False, handled=False, message=f"535 5.7.8 wrong password: {given.password.decode()}")


@contextmanager
def mail_server(folder: Path, *, starttls: bool = True, tls: bool = False, login: bool = True) -> Iterator[Mailbox]:
    """Offers STARTTLS and wants a login, unless told otherwise; `tls`: encrypted from the first byte."""
    authority = trustme.CA()
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(certificate)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    box = Mailbox(free_port(), folder / "authority.pem", "tls" if tls else "starttls" if starttls else "none", login)
    options: dict[str, Any] = {"tls_context": certificate, "require_starttls": True} if starttls and not tls else {}
    if tls:
        options["ssl_context"] = certificate
    if login:
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": starttls and not tls}
    server = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    server.start()
    try:
        yield box
    finally:
        server.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def free_port() -> int:
    """One where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@dataclass
class Hook:
    """A running webhook, what it was sent, and how it answers."""

    url: str
    taken: list[dict[str, Any]] = field(default_factory=list)
    answer: tuple[int, str] = (200, "ok")


@contextmanager
def webhook(path: str) -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            hook.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, said = hook.answer
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", hook.url)
            self.end_headers()
            self.wfile.write(said.replace("{path}", self.path).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ExitStack() as stack:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        stack.callback(server.server_close)
        hook = Hook(f"http://127.0.0.1:{server.server_port}{path}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        yield hook
