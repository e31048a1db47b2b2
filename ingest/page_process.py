"""A `PageReader` in a process of its own, where a dataset has more than a page of rows.

One interpreter runs one thread at a time: while it takes a page apart, it neither fetches the next nor loads the last.
So the body of an answer is handed, packed as it comes, to another process, which writes the page's file and says what
is in it. That process ends when its connection does, however the one that started it came to its end.

To it go the dataset and its columns once, then for each page what to read, the pieces of the body, and END or, where
the answer broke off, BROKEN_OFF; from it comes what became of each page that did not break off.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ingest.body import Body
from ingest.datasets import Dataset
from ingest.pages import Page, PageReader

log = logging.getLogger(__name__)

END, BROKEN_OFF = None, False  # no bytes

# Not `-m ingest.…`: runner.plain_tools looks after those. -P: what lies in the working directory is not ours.
_COMMAND = (sys.executable, "-P", "-c", "import sys; from ingest.page_process import serve; serve(int(sys.argv[1]))")


class PageProcess:
    """Reads the pages of one dataset, and learns which columns it has beyond those declared.

    In this process until `begin` is called, and again if the other one is lost.
    """

    def __init__(self, dataset: Dataset, extra_columns: list[str]) -> None:
        self.extra_columns = sorted(extra_columns)
        self._dataset = dataset
        self._here = PageReader(dataset, extra_columns)
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._is_closed = False

    def begin(self) -> None:
        """Start the process: worth its third of a second where there are many rows."""
        ours, theirs = Pipe()
        with theirs, contextlib.suppress(OSError):  # without another process it goes on in this one
            number = theirs.fileno()
            # In a session of its own: Ctrl-C is for whoever began it.
            self._process = subprocess.Popen((*_COMMAND, str(number)), pass_fds=[number], start_new_session=True)
            self._connection = ours
            ours.send((self._dataset, self.extra_columns))

    def read(self, body: Body, file: Path) -> Page:
        """Write a page's rows to `file`. Raises ValueError for a body that is not a whole JSON array of objects.

        Raises EOFError once it is closed.
        """
        if self._is_closed:
            raise EOFError
        if self._connection is not None:
            try:
                page, self.extra_columns = _read_there(self._connection, body, file)
            except _LostError as loss:
                if self._is_closed:
                    raise EOFError from loss
                log.warning("%s: the process that reads pages was lost; going on without it", self._dataset.name)
                self._end()
                self._here = PageReader(self._dataset, self.extra_columns)
            else:
                return page
        page = self._here.read(body, file)
        self.extra_columns = self._here.extra_columns
        return page

    def close(self) -> None:
        """End the process, whatever it is at; a page that is being read fails."""
        self._is_closed = True
        self._end()

    def _end(self) -> None:
        """The connection is left to whoever is reading by it: it ends with the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._connection = None


class _LostError(Exception):
    """The process is gone."""


def _read_there(connection: Connection, body: Body, file: Path) -> tuple[Page, list[str]]:
    """The page, and the columns known now; or whatever the reader or the wire raised. Raises _LostError."""
    _send(connection, (file, body.gzipped))
    try:
        for packed in body.packed():
            _send(connection, packed)
    except _LostError:
        raise
    except BaseException:  # the answer broke off: so does what the process reads
        _send(connection, BROKEN_OFF)
        raise
    _send(connection, END)
    try:
        outcome: tuple[Page, list[str]] | Exception = connection.recv()
    except (EOFError, OSError) as error:
        raise _LostError from error
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _send(connection: Connection, what: Any) -> None:
    try:
        connection.send(what)
    except OSError as error:
        raise _LostError from error


def serve(number: int) -> None:
    """The other process: reads pages by the connection of this file descriptor, until it ends."""
    with Connection(number) as connection, contextlib.suppress(EOFError, OSError):
        reader = PageReader(*connection.recv())
        while True:
            file, gzipped = connection.recv()
            pieces = _pieces(connection)
            try:
                outcome: Any = (reader.read(Body(pieces, gzipped), file), reader.extra_columns)
            except _BrokenOffError:
                continue
            except Exception as problem:
                outcome = problem
            with contextlib.suppress(_BrokenOffError):
                for _ in pieces:  # what it did not care to read
                    pass
                connection.send(outcome)


class _BrokenOffError(Exception):
    """There will be no more of this body."""


def _pieces(connection: Connection) -> Iterator[bytes]:
    """The pieces of a body. Raises _BrokenOffError where it broke off, EOFError where nobody sends any more."""
    while (piece := connection.recv()) is not END:
        if piece is BROKEN_OFF:
            raise _BrokenOffError
        yield piece
