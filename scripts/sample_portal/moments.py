"""Times as whole milliseconds since 1970, and their two forms on the wire.

A fixed timestamp is an instant and ends in Z; a floating one is Chicago wall-clock time and has no zone. Both are
held as a number read off the digits; only the column's type tells which of the two it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def read_floating(text: str) -> int:
    """ValueError when the text is no time, or carries a zone."""
    parsed = datetime.fromisoformat(text.strip())
    if parsed.tzinfo is not None:
        raise ValueError(text)
    return (parsed.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND


def read_fixed(text: str) -> int:
    """A text without a zone is read as UTC, as the portal does."""
    parsed = datetime.fromisoformat(text.strip())
    return ((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def floating(milliseconds: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}"


def fixed(milliseconds: int) -> str:
    return floating(milliseconds) + "Z"


def now() -> int:
    return (datetime.now(UTC) - _EPOCH) // _MILLISECOND


def http_date(milliseconds: int) -> str:
    return format_datetime(_EPOCH + timedelta(milliseconds=milliseconds), usegmt=True)
