"""Posts one message to the configured webhook, as Slack and those compatible with it take it. What it says is the
caller's business. The address is a secret, for whoever knows it may post: messages name its host alone."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import requests

from runner.errors import WebhookError, WebhookNotConfiguredError
from runner.masking import MASK
from runner.settings import RunnerSettings
from runner.telling.words import one_line

TIMEOUT = 15.0  # seconds
LONGEST_ANSWER = 200


def post(settings: RunnerSettings, text: str, details: dict[str, Any], *, timeout: float = TIMEOUT) -> None:
    """One POST of `{"text": text, **details}`; dates and the like become text. An answer but 2xx is a failure.

    Raises WebhookNotConfiguredError and WebhookError.
    """
    url = settings.webhook_url.get_secret_value() if settings.webhook_url else ""
    if not url:
        raise WebhookNotConfiguredError(
            "No webhook is configured: CRASHES_WEBHOOK_URL is not set.",
            remedy="Set CRASHES_WEBHOOK_URL to the address that takes the messages, in the environment or in .env.",
        )
    body = json.dumps({**details, "text": text}, default=str, ensure_ascii=False).encode()
    where = f"The webhook at {urlsplit(url).hostname}"
    try:
        # A redirection would hand the message on to an address that nobody has configured.
        answer = requests.post(
            url, data=body, headers={"Content-Type": "application/json"}, timeout=timeout, allow_redirects=False
        )
    except requests.RequestException as error:
        # Causes are left out: requests names the whole address in them.
        raise WebhookError(
            f"{where} {_reason(error)}.",
            remedy="Check CRASHES_WEBHOOK_URL and the network, and try again.",
        ) from None
    if not 200 <= answer.status_code < 300:
        raise WebhookError(
            f"{where} did not take the message: {_said(answer, url)}.",
            remedy="Check that CRASHES_WEBHOOK_URL is still valid; Slack withdraws one that was published.",
        )


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "does not answer"
    if isinstance(error, requests.exceptions.SSLError):
        return "shows a certificate that is not trusted, or speaks no TLS"
    return "cannot be reached"


def _said(answer: requests.Response, url: str) -> str:
    text = answer.content[: 10 * LONGEST_ANSWER].decode("utf-8", "replace")
    for secret in (url, urlsplit(url).path):
        if len(secret) > 1:
            text = text.replace(secret, MASK)
    return f"{answer.status_code} {one_line(text)[:LONGEST_ANSWER]}".rstrip(" .")
