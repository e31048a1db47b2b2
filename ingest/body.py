"""The body of an answer, unpacked in pieces while it comes over the wire: unpacked, a page is ten times larger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isal import isal_zlib

# Bytes, unpacked. What a piece becomes is gone before the next one comes; so small, it does not leave the processor's
# cache: pieces of a megabyte take twice the time to parse (November 2026).
PIECE = 128 << 10
PACKED = 32 << 10  # bytes read from the wire and given to the unpacker at a time: what it does not take, it copies
_GZIP = 31  # zlib's window bits for a gzip stream


class Body:
    """Bytes of the wire, read as they are needed and kept as they came, so that they can be gone through again.

    Reading raises ValueError where they are not what `gzipped` says, or broke off, and whatever their source raises.
    `piece` is how many bytes are unpacked at a time, `unpacked` how many there were until now.
    """

    def __init__(self, raw: bytes | Iterable[bytes], gzipped: bool = False, piece: int = PIECE) -> None:
        self.unpacked = 0
        self._kept: list[bytes] = []
        if isinstance(raw, bytes):
            size = min(piece, PACKED)
            raw = [raw[start : start + size] for start in range(0, len(raw), size)]
        self._coming = iter(raw)
        self.gzipped = gzipped
        self._piece = piece

    def pieces(self) -> Iterator[bytes]:
        """The unpacked body, piece by piece."""
        self.unpacked = 0
        for piece in self._pieces():
            self.unpacked += len(piece)
            yield piece

    def _pieces(self) -> Iterator[bytes]:
        if not self.gzipped:
            yield from self.packed()
            return
        unpacker = isal_zlib.decompressobj(_GZIP)
        try:
            for packed in self.packed():
                left = packed
                while left and not unpacker.eof:
                    yield unpacker.decompress(left, self._piece)
                    left = unpacker.unconsumed_tail
            while not unpacker.eof:  # what it has held back
                held = unpacker.decompress(b"", self._piece)
                if not held and not unpacker.eof:
                    raise ValueError("the gzip stream breaks off")
                yield held
        except isal_zlib.error as error:  # type: ignore[misc]  # its stub is wrong
            raise ValueError(f"a broken gzip stream ({error})") from error

    def lines(self) -> Iterator[bytes]:
        """The same, cut at the ends of lines: each piece is a number of whole lines, however long a line is."""
        rest: list[bytes] = []
        for piece in self.pieces():
            end = piece.rfind(b"\n") + 1
            if end:
                yield b"".join([*rest, piece[:end]])
                rest = []
            rest.append(piece[end:])
        if last := b"".join(rest):
            yield last

    def whole(self) -> bytes:
        return b"".join(self.pieces())

    def finish(self) -> None:
        """Wait for the end of the answer, whatever follows what was of use: its source raises if it breaks off."""
        for _ in self.packed():
            pass

    def packed(self) -> Iterator[bytes]:
        """The body as it came over the wire: what has come, then what is still to come."""
        yield from self._kept
        for packed in self._coming:
            self._kept.append(packed)
            yield packed
