"""The streams of a batch laid end to end on one line of positions.

Answers where a header may begin, what is missing between two positions, and what the bytes at a position are; knows
nothing of messages beyond their two header words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..capture import Bytes
from ..tcp import CAPTURED, HOLE, LENGTH, OFFSET, PACKET, POSITION, TIME
from . import messages as m
from .recognise import DATA_LIMIT, GREETING_LIMIT

if TYPE_CHECKING:
    from .framing import FramedStream

# Messages that share a segment are looked up together, so many behind one another; more are rare.
COALESCED_ROUNDS = 3


def _limits() -> tuple[np.ndarray, np.ndarray]:
    """By type 0..15, the lengths that the quick walk takes without asking what follows."""
    least, most = np.zeros(16, np.uint32), np.zeros(16, np.uint32)
    for kind in range(1, m.LAST_TYPE + 1):
        fixed = m.fixed_length(kind)
        least[kind] = fixed or 8
        most[kind] = fixed or (DATA_LIMIT - 1 if kind in (m.DATA, m.END_DATA) else GREETING_LIMIT)
    return least, most


_LEAST, _MOST = _limits()


class Candidates(NamedTuple):
    """Positions at which a message may begin, with its header words and the row the position lies in; all int64."""

    at: np.ndarray
    length: np.ndarray
    kind: np.ndarray
    row: np.ndarray


class Line:
    """The streams of a batch laid end to end; ``at`` is a position on it, plus ``shift`` it is a stream offset."""

    def __init__(self, work: list[tuple[FramedStream, np.ndarray]]) -> None:
        parts = [rows for _, rows in work]
        self.rows = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        counts = [rows.shape[1] for rows in parts]
        ends = np.cumsum(self.rows[LENGTH])
        self.at = ends - self.rows[LENGTH]
        if len(parts) > 1:
            spare = np.repeat(np.arange(len(parts)), counts)
            self.at += spare
        self.first_piece = [0, *np.cumsum(counts)[:-1].tolist()]
        self.last_piece = [start + count - 1 for start, count in zip(self.first_piece, counts, strict=True)]
        self.start = [int(self.at[piece]) for piece in self.first_piece]
        self.stop = [int(self.at[piece] + self.rows[LENGTH, piece]) for piece in self.last_piece]
        self.shift = [int(rows[OFFSET, 0]) - start for rows, start in zip(parts, self.start, strict=True)]
        clocks = self.rows[PACKET : TIME + 1]
        backward: np.ndarray = np.logical_or.reduce(clocks[:, 1:] < clocks[:, :-1])
        backward[[piece - 1 for piece in self.first_piece[1:]]] = False  # from one stream to the next
        self.reordered = bool(backward.any())
        self.incomplete = bool((self.rows[CAPTURED] < self.rows[LENGTH]).any())
        self._missing: tuple[np.ndarray, np.ndarray] | None = None

    def candidates(self, source: Bytes) -> Candidates:
        """Where a header may begin: where a segment begins, and where a message that began at such a place ends.

        In order of position; only positions behind which plausible header words stand. What is not found here the
        careful walk finds one by one.
        """
        found = self._plausible(self.at, np.arange(len(self.at)), source)
        newest = found
        for _ in range(COALESCED_ROUNDS):
            ends = newest.at + newest.length
            rows = np.searchsorted(self.at, ends, "right") - 1
            within = ends - self.at[rows]
            inside = np.flatnonzero((within > 0) & (within < self.rows[LENGTH, rows]))
            if len(inside) == 0:
                break
            newest = self._plausible(ends[inside], rows[inside], source)
            joined = [np.concatenate(columns) for columns in zip(found, newest, strict=True)]
            order = np.argsort(joined[0], kind="stable")
            order = order[np.diff(joined[0][order], prepend=-1) > 0]  # two ways may lead to one place
            found = Candidates(*(column[order] for column in joined))
        return found

    def _plausible(self, at: np.ndarray, rows: np.ndarray, source: Bytes) -> Candidates:
        """Those of the positions ``at``, which lie in ``rows``, behind which plausible header words stand."""
        within = at - self.at[rows]
        position = self.rows[POSITION, rows] + within
        held = (self.rows[POSITION, rows] != HOLE) & (self.rows[CAPTURED, rows] - within >= 8)
        usable = np.flatnonzero(held & source.holds(position, 8))
        if len(usable) == 0:
            empty = np.empty(0, np.int64)
            return Candidates(empty, empty, empty, empty)
        words = source.gather(position[usable], 8).view("<u4").reshape(-1, 2)
        length, kind = words[:, 0], words[:, 1]
        # Wrong types and lengths are left to the careful walk, which asks what follows them.
        fine = (
            (kind - np.uint32(1) < m.LAST_TYPE)
            & (length >= _LEAST[np.minimum(kind, 15)])
            & (length <= _MOST[np.minimum(kind, 15)])
        )
        chosen = usable[fine]
        return Candidates(at[chosen], length[fine].astype(np.int64), kind[fine].astype(np.int64), rows[chosen])

    def repeats(self, at: int, stop: int, length: int, kind: int, source: Bytes) -> int:
        """How many messages with just these header words follow one another from a position on.

        Senders cut a long data phase into Data messages of one size: all of them are looked at together.
        """
        total, together = 0, 16
        while at + length <= stop:
            places = np.arange(at, min(stop - length, at + (together - 1) * length) + 1, length)
            found = self._plausible(places, np.searchsorted(self.at, places, "right") - 1, source)
            alike = len(found.at)
            same = (found.at == places[:alike]) & (found.length == length) & (found.kind == kind)
            broken = np.flatnonzero(~same)
            alike = int(broken[0]) if len(broken) else alike
            total += alike
            if alike < len(places):
                break
            at, together = at + alike * length, 4 * together
        return total

    def piece(self, at: int) -> int:
        """Index of the row that holds a position."""
        return int(self.at.searchsorted(at, "right")) - 1

    def has_hole(self, start: int, stop: int) -> bool:
        """Is any byte between two positions not in the capture?"""
        return start < stop and sum(self.missing(start, stop)) > 0

    def missing(self, start: int, stop: int) -> tuple[int, int]:
        """Bytes in holes and bytes cut by snaplen between two positions of one stream."""
        if not self.incomplete:
            return 0, 0
        gap, cut = self.missing_between(np.array([start]), np.array([stop]))
        return int(gap[0]), int(cut[0])

    def missing_between(self, start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``missing`` for arrays of positions."""
        if self._missing is None:
            absent = self.rows[LENGTH] - self.rows[CAPTURED]
            holes = np.where(self.rows[POSITION] == HOLE, absent, 0)
            self._missing = (np.cumsum(holes) - holes, np.cumsum(absent - holes) - (absent - holes))
        gap, cut = ((self._before(stop, hole) - self._before(start, hole)) for hole in (True, False))
        return gap, cut

    def _before(self, at: np.ndarray, hole: bool) -> np.ndarray:
        assert self._missing is not None
        piece = np.maximum(np.searchsorted(self.at, at, "right") - 1, 0)
        inside = np.clip(at - self.at[piece], 0, self.rows[LENGTH, piece]) - self.rows[CAPTURED, piece]
        of_kind = (self.rows[POSITION, piece] == HOLE) == hole
        return self._missing[0 if hole else 1][piece] + np.where(of_kind, np.maximum(inside, 0), 0)

    def read(self, at: int, length: int, source: Bytes) -> bytes:
        """Up to ``length`` bytes from a position of one stream; stops at the first byte that is not in the capture."""
        taken = bytearray()
        piece = self.piece(at)
        while length > 0 and piece < self.rows.shape[1]:
            size, captured, position = self.rows[LENGTH : POSITION + 1, piece].tolist()
            within = at - int(self.at[piece])
            if not 0 <= within < size:
                break
            count = min(captured - within, length)
            if count <= 0 or position == HOLE:
                break
            taken += source.read(position + within, count)
            if within + count < size:
                break
            at, length, piece = at + count, length - count, piece + 1
        return bytes(taken)


def rows_from(rows: np.ndarray, offset: int) -> np.ndarray:
    """The rows from a stream offset on; the row that holds the offset is kept whole."""
    piece = max(int(np.searchsorted(rows[OFFSET], offset, "right")) - 1, 0)
    if rows.shape[1] and offset >= rows[OFFSET, -1] + rows[LENGTH, -1]:
        piece = rows.shape[1]
    return rows[:, piece:].copy()
