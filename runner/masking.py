"""Takes secrets out of what is recorded or shown: the configured ones by value, all others by their shape."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MASK = "********"

# scheme://user:password@host · password=…, "api_token": "…" · X-App-Token: …
SHAPES = (
    re.compile(r"(\w+://[^\s:/@]*:)[^\s@]+(?=@)"),
    re.compile(r"""((?:password|passwd|pgpassword|secret|token|api_?key)["']?\s*[=:]\s*["']?)[^\s"',;&)}]+""", re.I),
)
# A password such as `crashes` is also half of all table names; such a one is masked by its shape alone.
SHORTEST = 5
ORDINARY = frozenset({"crashes", "postgres", "people", "vehicles", "unused", "password", "chicago", "localhost"})


@dataclass(frozen=True)
class Masking:
    """Masks these secrets, whatever the text they turn up in."""

    secrets: tuple[str, ...] = ()

    @classmethod
    def of(cls, secrets: Iterable[str]) -> Masking:
        """Longest first, so that a URL goes before the password that is a part of it."""
        telling = {each for each in secrets if len(each) >= SHORTEST and each.lower() not in ORDINARY}
        return cls(tuple(sorted(telling, key=len, reverse=True)))

    def text(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        for shape in SHAPES:
            text = shape.sub(rf"\g<1>{MASK}", text)
        return text

    def value(self, value: Any) -> Any:
        """The same for every text inside dicts and lists."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        return value
