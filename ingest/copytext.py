r"""PostgreSQL's text format of COPY, which pages are landed in: a row a line, tabs between values, `\N` for no value.

https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". It tells an empty text from none, and it is
the cheapest of PostgreSQL's formats to write: what has no backslash and no control character is written as it is.
A file begins with a line of its columns' names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NULL = r"\N"

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def escaped(text: str) -> str:
    """A value as the format writes it. It must hold no NUL, which PostgreSQL cannot store."""
    return text.translate(_ESCAPES)


def header(columns: Sequence[str]) -> bytes:
    """The first line of a file. Names of columns in `raw` need no escapes."""
    return "\t".join(columns).encode() + b"\n"


def lines(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows of values that are escaped or `NULL` already. Raises TypeError for anything that is no text."""
    texts = ["\t".join(values) for values in rows]
    texts.append("")
    return "\n".join(texts).encode()
