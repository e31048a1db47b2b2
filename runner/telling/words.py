"""Text that came from outside (a server's answer, a street's name), made fit for a sentence."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Without line breaks, and without what steers a terminal or begins another header."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
