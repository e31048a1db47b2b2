"""Row ids and versions: a hidden 64-bit counter, shown through a keyed permutation.

The portal shows `row-xxxx.xxxx_xxxx`: twelve base-32 characters (5 bits each) and two separators out of four
(2 bits each) carry all 64 bits of an encrypted counter. Shown ids therefore look shuffled and must never be sorted
by a client, while the server compares and orders by the counter. The real cipher is Blowfish; a Feistel network
keyed per dataset has the same properties and runs over numpy arrays.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

_ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"
_SEPARATORS = "-._~"
_LOW32 = 0xFFFFFFFF
# from the most significant bits down: (bits, characters); groups of four characters, separators between them
_LAYOUT = [(5, _ALPHABET)] * 4 + [(2, _SEPARATORS)] + [(5, _ALPHABET)] * 4 + [(2, _SEPARATORS)] + [(5, _ALPHABET)] * 4

Counters = npt.NDArray[np.uint64]


class Permutation:
    """A bijection of 64-bit numbers, and its text form with a prefix (`row-` or `rv-`)."""

    def __init__(self, prefix: str, key: str) -> None:
        digest = hashlib.blake2b(f"{prefix}{key}".encode(), digest_size=32).digest()
        self._keys = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4)]
        self.prefix = prefix

    def show(self, counter: int) -> str:
        shown = int(self._mix(counter >> 32 & _LOW32, counter & _LOW32))
        characters = []
        for bits, alphabet in reversed(_LAYOUT):
            characters.append(alphabet[shown & ((1 << bits) - 1)])
            shown >>= bits
        return self.prefix + "".join(reversed(characters))

    def show_all(self, counters: Counters) -> list[bytes]:
        """The shown forms of many counters at once."""
        width = len(self.prefix)
        text = np.empty((len(counters), width + len(_LAYOUT)), dtype=np.uint8)
        text[:, :width] = np.frombuffer(self.prefix.encode(), dtype=np.uint8)
        shown = self._mix(counters >> np.uint64(32), counters & np.uint64(_LOW32))
        for place in range(len(_LAYOUT) - 1, -1, -1):
            bits, alphabet = _LAYOUT[place]
            lookup = np.frombuffer(alphabet.encode(), dtype=np.uint8)
            text[:, width + place] = lookup[shown & np.uint64((1 << bits) - 1)]
            shown = shown >> np.uint64(bits)
        forms: list[bytes] = text.view(f"S{text.shape[1]}").ravel().tolist()
        return forms

    def read(self, text: str) -> int:
        """The counter behind a shown form, signed as SQLite holds it; ValueError when the text is none."""
        body = text.removeprefix(self.prefix)
        if len(body) != len(_LAYOUT) or not text.startswith(self.prefix):
            raise ValueError(text)
        shown = 0
        for character, (bits, alphabet) in zip(body, _LAYOUT, strict=True):
            shown = (shown << bits) | alphabet.index(character)
        left, right = shown >> 32, shown & _LOW32
        for key in reversed(self._keys):
            left, right = right ^ _round(left, key), left
        counter = (left << 32) | right
        return counter - (1 << 64) if counter >> 63 else counter

    def _mix(self, left: Any, right: Any) -> Any:
        """The network itself, over one number or an array of them."""
        for key in self._keys:
            left, right = right, left ^ _round(right, key)
        return (left << 32) | right if isinstance(left, int) else (left << np.uint64(32)) | right


class Blocks:
    """Shown forms for counters that come in almost ascending order, made a block at a time."""

    _SIZE = 4096

    def __init__(self, permutation: Permutation) -> None:
        self._permutation = permutation
        self._block = -1
        self._forms: list[bytes] = []

    def __call__(self, counter: int) -> bytes:
        block, place = divmod(counter, self._SIZE)
        if block != self._block:
            first = block * self._SIZE
            self._forms = self._permutation.show_all(np.arange(first, first + self._SIZE, dtype=np.uint64))
            self._block = block
        return self._forms[place]


def _round(half: Any, key: int) -> Any:
    """32 bits in, 32 bits out; the products stay under 64 bits so that numpy and Python agree."""
    number = (lambda value: value) if isinstance(half, int) else np.uint64
    mixed = (half ^ number(key)) * number(0x9E3779B1) & number(_LOW32)
    mixed = (mixed ^ (mixed >> number(15))) * number(0x85EBCA77) & number(_LOW32)
    return mixed ^ (mixed >> number(13))
