"""The bytes of a capture that come along with a batch of packets, so that few are read a second time.

Promises the same bytes whether a batch brought all of its packets' bytes or only the first of each segment: what is not
at hand is read from the source. Refuses to guess: no zero stands for another byte, unless the file shrank meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# So many bytes of each segment come along where segments are large: a message begins with 40 that matter, and a short
# one is often followed by another.
HEAD_BYTES = 64
# Heads pay where they are an eighth of the whole.
_PAYS = 8
# With so many places that are not at hand, the whole batch is read at once.
_MANY = 256

Read = Callable[[int, int], bytes]


class AtHand(NamedTuple):
    """What a batch brings along of its ``size`` bytes from source position ``base`` on.

    Either ``data``, all of them (uint8), or ``heads``: of segments, whose payload begins at the source positions
    ``places`` (int64, climbing), the first HEAD_BYTES as one item (V64) each.
    """

    base: int
    size: int
    data: np.ndarray
    places: np.ndarray
    heads: np.ndarray


_NO_HEADS = np.empty(0, np.int64), np.empty(0, f"V{HEAD_BYTES}")
NOTHING = AtHand(0, 0, np.empty(0, np.uint8), *_NO_HEADS)


def all_bytes(base: int, data: np.ndarray) -> AtHand:
    """All bytes of a batch."""
    return AtHand(base, len(data), data, *_NO_HEADS)


def first_bytes(base: int, data: np.ndarray, position: np.ndarray, carried: np.ndarray) -> AtHand:
    """Of a batch with payload of ``carried`` bytes at each source ``position``: heads if they pay, or all bytes."""
    places = position[(carried > 0) & (position >= base) & (position + HEAD_BYTES <= base + len(data))]
    if len(places) == 0 or len(places) * HEAD_BYTES * _PAYS > len(data) or (places[1:] < places[:-1]).any():
        return all_bytes(base, data)
    return AtHand(base, len(data), np.empty(0, np.uint8), places, gathered(data, HEAD_BYTES, places - base))


def gathered(data: np.ndarray, size: int, at: np.ndarray) -> np.ndarray:
    """The ``size`` bytes at each place of uint8 ``data``, as an array of ``V<size>``; all must lie inside."""
    items = np.ndarray((len(data) - size + 1,), f"V{size}", data, 0, (1,))  # overlapping items, one per byte
    return items[at]


class Bytes:
    """The source's bytes, those of one batch quickly. ``read(position, length)`` reads the source."""

    def __init__(self, at_hand: AtHand, read: Read) -> None:
        self._at_hand, self._read = at_hand, read

    def holds(self, position: np.ndarray, size: int) -> np.ndarray:
        """Do ``size`` bytes from each source position on (HOLE is none) lie in the batch?"""
        begin = self._at_hand.base
        return (position >= begin) & (position <= begin + self._at_hand.size - size)

    def gather(self, position: np.ndarray, size: int) -> np.ndarray:
        """The ``size`` bytes from each source position on as an array of ``V<size>``; the batch holds them."""
        base, length, data, places, first = self._at_hand
        if len(data) or len(position) == 0:
            return gathered(data, size, position - base) if len(position) else np.empty(0, f"V{size}")
        which = places.searchsorted(position, "right") - 1
        within = position - places[which]
        missing = np.flatnonzero((which < 0) | (within > HEAD_BYTES - size))
        if len(missing) > _MANY:
            data = np.frombuffer(self._read(base, length).ljust(length, b"\0"), np.uint8)
            return gathered(data, size, position - base)
        which[missing] = within[missing] = 0
        found = gathered(first.view(np.uint8), size, which * HEAD_BYTES + within)
        for at in missing.tolist():
            found[at] = np.frombuffer(self._read(int(position[at]), size).ljust(size, b"\0"), f"V{size}")[0]
        return found

    def read(self, position: int, length: int) -> bytes:
        """``length`` bytes from a source position on."""
        base, size, data, places, first = self._at_hand
        if not base <= position <= base + size - length:
            return self._read(position, length)
        if len(data):
            return data[position - base : position - base + length].tobytes()
        which = int(places.searchsorted(position, "right")) - 1
        if which < 0 or position + length > places[which] + HEAD_BYTES:
            return self._read(position, length)
        within = position - int(places[which])
        return first[which].tobytes()[within : within + length]
