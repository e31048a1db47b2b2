"""A `PageReader` in a process of its own, where a dataset has more than a page of rows.

One interpreter runs one thread at a time: while it takes a page apart, it neither fetches the next nor loads the last.
So the body of an answer is handed, packed as it comes, to another process, which writes the page's file and says what
is in it. That process ends when its input does, however the one that started it came to its end.

Both talk in frames: four bytes of length, then so many bytes. To the reader go the dataset and its columns once, then
for each page what to read, the body, and a frame of none; from it, what became of each page.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ingest.body import Body
from ingest.datasets import Dataset
from ingest.pages import Page, PageReader

log = logging.getLogger(__name__)

_LENGTH = struct.Struct("!I")
_END = 0
_BROKEN_OFF = 0xFFFFFFFF
# Not `-m ingest.…`: runner.plain_tools looks after those. -P: what lies in the working directory is not ours.
_COMMAND = (sys.executable, "-P", "-c", "from ingest.page_process import serve; serve()")


class PageProcess:
    """Reads the pages of one dataset, and learns which columns it has beyond those declared.

    In this process until `begin` is called, and again if the other one is lost.
    """

    def __init__(self, dataset: Dataset, extra_columns: list[str]) -> None:
        self.extra_columns = sorted(extra_columns)
        self._dataset = dataset
        self._here = PageReader(dataset, extra_columns)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def begin(self) -> None:
        """Start the process: worth its third of a second where there are many rows."""
        # In a session of its own: Ctrl-C is for whoever began it.
        self._process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        with contextlib.suppress(BrokenPipeError):  # the first page meets it again
            _send(_pipe(self._process.stdin), pickle.dumps((self._dataset, self.extra_columns)))

    def read(self, body: Body, file: Path) -> Page:
        """Write a page's rows to `file`. Raises ValueError for a body that is not a whole JSON array of objects.

        Raises EOFError once it is closed.
        """
        if self._is_closed:
            raise EOFError
        if self._process is not None:
            try:
                page, self.extra_columns = self._read_there(self._process, body, file)
            except (BrokenPipeError, EOFError, ValueError) as problem:
                if self._is_closed:
                    raise EOFError from problem
                if isinstance(problem, ValueError):
                    raise
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
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _read_there(self, process: subprocess.Popen[bytes], body: Body, file: Path) -> tuple[Page, list[str]]:
        """The page, and the columns known now. Raises BrokenPipeError or EOFError where the process is gone."""
        there, back = _pipe(process.stdin), _pipe(process.stdout)
        _send(there, pickle.dumps((file, body.gzipped)))
        try:
            for packed in body.packed():
                _send(there, packed)
        except BrokenPipeError:
            raise
        except BaseException:  # the answer broke off: so does what the process reads
            there.write(_LENGTH.pack(_BROKEN_OFF))
            there.flush()
            raise
        there.write(_LENGTH.pack(_END))
        there.flush()
        outcome: tuple[Page, list[str]] | Exception = pickle.loads(_received(back))  # noqa: S301 - from our own
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def serve() -> None:
    """The other process: pages from standard input, until that ends; what became of them to standard output."""
    coming, back = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(EOFError, BrokenPipeError):
        dataset, extra_columns = pickle.loads(_received(coming))  # noqa: S301 - from our own
        reader = PageReader(dataset, extra_columns)
        while True:
            file, gzipped = pickle.loads(_received(coming))  # noqa: S301 - from our own
            frames = _frames(coming)
            outcome: Any
            try:
                outcome = (reader.read(Body(frames, gzipped), file), reader.extra_columns)
            except _BrokenOffError:
                continue
            except Exception as problem:
                outcome = problem
            with contextlib.suppress(_BrokenOffError):
                for _ in frames:  # what it did not care to read
                    pass
                _send(back, pickle.dumps(outcome))


class _BrokenOffError(Exception):
    """There will be no more of this body."""


def _frames(coming: IO[bytes]) -> Iterator[bytes]:
    """The pieces of a body. Raises _BrokenOffError where it broke off, EOFError where nobody sends any more."""
    while (length := _length(coming)) != _END:
        if length == _BROKEN_OFF:
            raise _BrokenOffError
        yield _exactly(coming, length)


def _send(there: IO[bytes], message: bytes) -> None:
    there.write(_LENGTH.pack(len(message)))
    there.write(message)
    there.flush()


def _received(coming: IO[bytes]) -> bytes:
    return _exactly(coming, _length(coming))


def _length(coming: IO[bytes]) -> int:
    (length,) = _LENGTH.unpack(_exactly(coming, _LENGTH.size))
    return int(length)


def _exactly(coming: IO[bytes], size: int) -> bytes:
    read = coming.read(size)
    if len(read) < size:
        raise EOFError
    return read


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise AssertionError("it was started with pipes")
    return stream
