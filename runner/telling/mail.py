"""Sends one mail over SMTP; whatever stands in the way becomes a sentence. What it says is the caller's business."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from runner.errors import MailError, MailNotConfiguredError
from runner.masking import MASK
from runner.settings import RunnerSettings
from runner.telling.words import one_line

TIMEOUT = 30.0  # seconds that the server may say nothing
LONGEST_ANSWER = 300
LOGIN_REMEDY = "Correct CRASHES_SMTP_USER and CRASHES_SMTP_PASSWORD; some providers want an app password for programs."


def send_mail(
    settings: RunnerSettings, subject: str, text: str, html: str | None = None, *, timeout: float = TIMEOUT
) -> list[str]:
    """Who got it. The connection is encrypted and the certificate verified, but where CRASHES_SMTP_SECURITY is `none`.

    Raises MailNotConfiguredError, and MailError where the server or one of the recipients could not be told.
    """
    recipients = settings.mail_recipients
    _check_configured(settings)
    message = _message(settings, subject, text, html)
    with _sentences(settings), _connected(settings, timeout) as server:
        refused = server.send_message(message, settings.mail_from, recipients)
    if refused:
        raise _recipients_refused(settings, refused, some=True)
    return recipients


def _check_configured(settings: RunnerSettings) -> None:
    needed = {
        "CRASHES_SMTP_HOST": settings.smtp_host,
        "CRASHES_MAIL_FROM": settings.mail_from,
        "CRASHES_MAIL_TO": settings.mail_to,
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise MailNotConfiguredError(
            f"Mail cannot be sent: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.",
            remedy="Set CRASHES_SMTP_HOST, CRASHES_MAIL_FROM and CRASHES_MAIL_TO, and CRASHES_SMTP_USER and "
            "CRASHES_SMTP_PASSWORD where the server wants a login, in the environment or in .env.",
        )


def _message(settings: RunnerSettings, subject: str, text: str, html: str | None) -> EmailMessage:
    """In seven bits, for a server on the way may know no other. A subject is one line, whatever it was."""
    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    message["Subject"] = one_line(subject)
    message["From"] = settings.mail_from
    message["To"] = ", ".join(settings.mail_recipients)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid("crashes", domain=(settings.mail_from or "").rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


@contextmanager
def _connected(settings: RunnerSettings, timeout: float) -> Iterator[smtplib.SMTP]:
    host, port, context = settings.smtp_host or "", settings.smtp_port, ssl.create_default_context()
    with ExitStack() as stack:
        server = (
            smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
            if settings.smtp_security == "tls"
            else smtplib.SMTP(host, port, timeout=timeout)
        )
        stack.callback(_say_goodbye, server)
        if settings.smtp_security == "starttls":
            server.ehlo()
            if not server.has_extn("starttls"):
                raise MailError(
                    f"The mail server {_where(settings)} does not offer STARTTLS; nothing was sent.",
                    remedy="CRASHES_SMTP_PORT is 587 for STARTTLS in most places. Set CRASHES_SMTP_SECURITY=tls for a "
                    "port that is encrypted from the first byte (465), none only for a server on this machine.",
                )
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        yield server


def _say_goodbye(server: smtplib.SMTP) -> None:
    """What was taken before it is taken, whatever is said to this."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


@contextmanager
def _sentences(settings: RunnerSettings) -> Iterator[None]:
    """Causes are left out of what is raised: an exception of smtplib's may quote what was said, a login too."""
    where = f"The mail server {_where(settings)}"
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _recipients_refused(settings, error.recipients, some=False) from None
    except smtplib.SMTPAuthenticationError as error:
        said = _said(settings, error.smtp_code, error.smtp_error)
        raise MailError(f"{where} refused the login of {settings.smtp_user}: {said}.", remedy=LOGIN_REMEDY) from None
    except smtplib.SMTPSenderRefused as error:
        said = _said(settings, error.smtp_code, error.smtp_error)
        raise MailError(
            f"{where} takes no mail from {settings.mail_from}: {said}.",
            remedy="Set CRASHES_MAIL_FROM to an address that this server may send for, and CRASHES_SMTP_USER and "
            "CRASHES_SMTP_PASSWORD if it asks for a login.",
        ) from None
    except smtplib.SMTPResponseException as error:
        said = _said(settings, error.smtp_code, error.smtp_error)
        raise MailError(f"{where} did not take the mail: {said}.", remedy=_again(settings)) from None
    except smtplib.SMTPServerDisconnected as error:
        hung = isinstance(error.__context__, TimeoutError)
        raise MailError(
            f"{where} {'does not answer' if hung else 'closed the connection in the middle'}.",
            remedy=f"{_again(settings)} A port that is encrypted from the first byte wants CRASHES_SMTP_SECURITY=tls.",
        ) from None
    except smtplib.SMTPException as error:
        raise MailError(f"{where} cannot be used so: {_hidden(settings, str(error))}", remedy=LOGIN_REMEDY) from None
    except UnicodeError:
        raise MailError(
            f"{where} cannot be used: its name, user or password has letters that this protocol cannot carry.",
            remedy="Use a CRASHES_SMTP_HOST, CRASHES_SMTP_USER and CRASHES_SMTP_PASSWORD of plain ASCII letters.",
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise MailError(
            f"{where} shows a certificate that is not trusted: {error.verify_message}.",
            remedy="CRASHES_SMTP_HOST must be the name in the certificate; for an authority of your own, set "
            "SSL_CERT_FILE to its certificate.",
        ) from None
    except ssl.SSLError as error:
        raise MailError(
            f"{where} does not speak TLS as expected: {(error.reason or str(error)).replace('_', ' ').lower()}.",
            remedy="CRASHES_SMTP_SECURITY is starttls for port 587, tls for port 465 in most places.",
        ) from None
    except TimeoutError:
        raise MailError(f"{where} does not answer.", remedy=_again(settings)) from None
    except OSError as error:
        raise MailError(
            f"{where} cannot be reached: {(error.strerror or str(error)).lower()}.", remedy=_again(settings)
        ) from None


def _recipients_refused(settings: RunnerSettings, refused: dict[str, tuple[int, bytes]], *, some: bool) -> MailError:
    answers = "; ".join(f"{address} ({_said(settings, *answer)})" for address, answer in refused.items())
    others = "The other recipients got it. " if some else ""
    return MailError(
        f"The mail server {_where(settings)} refused {'some' if some else 'all'} recipients: {answers}.",
        remedy=f"{others}Correct CRASHES_MAIL_TO, or let the server accept mail for them.",
    )


def _where(settings: RunnerSettings) -> str:
    return f"{settings.smtp_host}:{settings.smtp_port}"


def _again(settings: RunnerSettings) -> str:
    return (
        "Check CRASHES_SMTP_HOST, CRASHES_SMTP_PORT and CRASHES_SMTP_SECURITY "
        f"({settings.smtp_security}), and run the same command again."
    )


def _said(settings: RunnerSettings, code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {_hidden(settings, text)}".rstrip(" .")


def _hidden(settings: RunnerSettings, text: str) -> str:
    """What a server says, on one line and without the password, also as a login carries it."""
    user, password = settings.smtp_user or "", settings.smtp_password.get_secret_value()
    for secret in (f"\0{user}\0{password}", password):
        if password:
            text = text.replace(base64.b64encode(secret.encode()).decode(), MASK).replace(secret, MASK)
    line = one_line(text)
    return line if len(line) <= LONGEST_ANSWER else f"{line[:LONGEST_ANSWER]}…"
