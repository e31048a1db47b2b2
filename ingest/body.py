"""The body of an answer, kept as it came over the wire and unpacked in pieces: unpacked, a page is ten times larger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isal import isal_zlib

PIECE = 4 << 20  # bytes, unpacked: small enough for many at once, large enough to keep pyarrow's threads at work
_PACKED = 256 << 10  # bytes given to the unpacker at a time: what it does not take at once, it copies
_GZIP = 31  # zlib's window bits for a gzip stream


@dataclass(frozen=True)
class Body:
    """Bytes of the wire. Reading them raises ValueError where they are not what `gzipped` says, or broke off.

    `piece` is how many bytes are unpacked at a time.
    """

    raw: bytes
    gzipped: bool = False
    piece: int = PIECE

    def pieces(self) -> Iterator[bytes]:
        """The unpacked body, piece by piece."""
        if not self.gzipped:
            yield from (self.raw[start : start + self.piece] for start in range(0, len(self.raw), self.piece))
            return
        unpacker = isal_zlib.decompressobj(_GZIP)
        try:
            for start in range(0, len(self.raw), _PACKED):
                packed = self.raw[start : start + _PACKED]
                while packed and not unpacker.eof:
                    yield unpacker.decompress(packed, self.piece)
                    packed = unpacker.unconsumed_tail
            while not unpacker.eof:  # what it has held back
                held = unpacker.decompress(b"", self.piece)
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
