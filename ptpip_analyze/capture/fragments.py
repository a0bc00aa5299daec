"""IP fragments of TCP, put together one by one in bounded memory. Holds no payload: pieces point into the capture.

Promises that of overlapping fragments the first one wins. A fragment with TCP behind further extension headers, and a
datagram whose TCP header was not captured, give no segment.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_DATAGRAMS = 4096
MOST_PIECES = 1 << 16  # over all datagrams
MOST_DATAGRAM_BYTES = 65535

_LONGEST_TCP_HEADER = 60
_LEAST_TCP_BYTES = 14
_FIN, _SYN, _PSH = 1, 2, 8


class Fragment(NamedTuple):
    """A stretch of a datagram's payload: its offset there and length, its source position, and bytes captured."""

    offset: int
    length: int
    position: int
    captured: int

    @property
    def end(self) -> int:
        """Offset behind the last byte."""
        return self.offset + self.length

    def between(self, start: int, end: int) -> Fragment:
        """The part from offset ``start`` to ``end``, both inside."""
        ahead = start - self.offset
        return Fragment(start, end - start, self.position + ahead, min(max(self.captured - ahead, 0), end - start))


class Segment(NamedTuple):
    """A piece of a TCP segment, as the columns of ``Dissected`` have it."""

    source_port: int
    destination_port: int
    sequence: int
    acknowledgment: int
    flags: int
    window: int
    position: int
    length: int
    captured: int


@dataclass(slots=True)
class _Datagram:
    """Pieces in order and without overlap, the bytes of the TCP header that they hold, the size once it is known."""

    pieces: list[Fragment] = field(default_factory=list)
    header: dict[int, int] = field(default_factory=dict)
    total: int | None = None
    covered: int = 0


class Fragments:
    """Datagrams that are not complete yet; the oldest are forgotten first when there are too many."""

    def __init__(self) -> None:
        self._datagrams: dict[tuple[int, ...], _Datagram] = {}
        self._pieces = 0

    def add(self, key: tuple[int, ...], fragment: Fragment, more: bool, read: Callable[[], bytes]) -> list[Segment]:
        """Take a fragment; the segments of its datagram when that is complete now, in order.

        ``key`` tells datagrams apart (addresses and identification); ``more`` is the more-fragments flag; ``read``
        gives the captured bytes of the fragment. Fragments beyond the largest datagram are left out.
        """
        if fragment.length <= 0 or fragment.end > MOST_DATAGRAM_BYTES:
            return []
        datagram = self._datagrams.setdefault(key, _Datagram())
        if not more and datagram.total is None:
            datagram.total = fragment.end
            self._trim(datagram)
        self._insert(datagram, fragment, read)
        if datagram.covered == datagram.total:
            del self._datagrams[key]
            self._pieces -= len(datagram.pieces)
            return _segments(datagram)
        while len(self._datagrams) > MOST_DATAGRAMS or self._pieces > MOST_PIECES:
            oldest = self._datagrams.pop(next(iter(self._datagrams)))
            self._pieces -= len(oldest.pieces)
        return []

    def _insert(self, datagram: _Datagram, fragment: Fragment, read: Callable[[], bytes]) -> None:
        """Add the parts of the fragment that no earlier one covers."""
        pieces = datagram.pieces
        end = fragment.end if datagram.total is None else min(fragment.end, datagram.total)
        at = fragment.offset
        index = max(0, bisect_right(pieces, at, key=lambda piece: piece.offset) - 1)
        while at < end:
            if index < len(pieces) and pieces[index].offset <= at:
                at = max(at, pieces[index].end)
                index += 1
                continue
            gap_end = min(end, pieces[index].offset) if index < len(pieces) else end
            part = fragment.between(at, gap_end)
            pieces.insert(index, part)
            self._pieces += 1
            datagram.covered += part.length
            if at < _LONGEST_TCP_HEADER:
                ahead = at - fragment.offset
                head = read()[ahead : ahead + min(part.captured, _LONGEST_TCP_HEADER - at)]
                datagram.header.update(enumerate(head, at))
            at = gap_end
            index += 1

    def _trim(self, datagram: _Datagram) -> None:
        """Forget what lies behind the end of the datagram."""
        total = datagram.total or 0
        kept = [piece.between(piece.offset, min(piece.end, total)) for piece in datagram.pieces if piece.offset < total]
        self._pieces -= len(datagram.pieces) - len(kept)
        datagram.pieces = kept
        datagram.covered = sum(piece.length for piece in kept)


def _segments(datagram: _Datagram) -> list[Segment]:
    """The TCP segment that a complete datagram carries, cut where its fragments were; empty for a malformed one."""
    total = datagram.total or 0
    header = bytes(datagram.header.get(at, 0) for at in range(16))
    if total < _LEAST_TCP_BYTES or not all(at in datagram.header for at in range(_LEAST_TCP_BYTES)):
        return []
    source_port, destination_port, sequence, acknowledgment, offset, flags, window = struct.unpack(">HHIIBBH", header)
    begin = (offset >> 4) * 4
    if begin < 20 or begin > total:
        return []
    rows = [piece.between(max(piece.offset, begin), piece.end) for piece in datagram.pieces if piece.end > begin] or [
        datagram.pieces[-1].between(total, total)
    ]
    # SYN comes before the first byte and takes a sequence number; FIN and PSH belong behind the last byte.
    syn = flags & _SYN != 0
    return [
        Segment(
            source_port,
            destination_port,
            (sequence + piece.offset - begin + (syn and index > 0)) & 0xFFFFFFFF,
            acknowledgment,
            flags & ~(_SYN if index > 0 else 0) & ~(_FIN | _PSH if index < len(rows) - 1 else 0),
            window,
            piece.position,
            piece.length,
            piece.captured,
        )
        for index, piece in enumerate(rows)
    ]
