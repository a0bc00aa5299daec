"""Does a segment go on where its connection stood? Tells the use of the same ports by another one whose SYN was lost.

Both numbers of a segment have to leap: what it sends and what it has received. A hole moves one of them alone, for a
camera and its client speak in turn. Looks closely only at flows in which both moved far within one batch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..capture import NO_TIME
from ..grouped import group_starts
from .batch import SegmentBatch
from .connection import ACK_FLAG, RST, signed32

# Segments of one connection are written out of order within a receive window, not beyond.
REORDERED_BYTES = 1 << 20
# So many bytes a second, both ways taken together, are missed where a connection is not captured for a while. The first
# sequence numbers of Linux climb by 15.6 MB a second on either side (RFC 6528, a clock of 64 ns): together more.
MISSED_PER_SECOND = 16_000_000


class Spot(NamedTuple):
    """Raw sequence and ACK number of a segment, and its time (ns, or NO_TIME)."""

    sequence: int
    acknowledgment: int
    time: int


Standing = list[Spot | None]
"""Where both directions of a connection stood last; None for one that was not heard."""


def fits(standing: Standing, direction: int, spot: Spot) -> bool:
    """Can a segment sent in ``direction`` (0 or 1) belong to a connection that stood there?"""
    stood = _stood(standing, direction)
    if stood is None:
        return True
    moved = _moved(stood, spot)
    if min(abs(number) for number in moved) <= REORDERED_BYTES:
        return True
    if min(moved) < 0:
        return False
    passed = spot.time - stood.time if NO_TIME not in (spot.time, stood.time) else 0
    return sum(moved) * 1_000_000_000 <= MISSED_PER_SECOND * passed


def returns(standing: Standing, direction: int, spot: Spot) -> bool:
    """Does a segment stand just where a connection stood that others came between?"""
    stood = _stood(standing, direction)
    return stood is not None and max(abs(number) for number in _moved(stood, spot)) <= REORDERED_BYTES


def _stood(standing: Standing, direction: int) -> Spot | None:
    """Where a direction stood; by what the other one sent and received where it was not heard itself."""
    own, other = standing[direction], standing[1 - direction]
    if own is None and other is not None:
        return Spot(other.acknowledgment, other.sequence, other.time)
    return own


def _moved(stood: Spot, spot: Spot) -> tuple[int, int]:
    return signed32(spot.sequence - stood.sequence), signed32(spot.acknowledgment - stood.acknowledgment)


class Continuity:
    """Where the connection that each flow is in stood at the end of the batches seen."""

    def __init__(self) -> None:
        self._last = np.full((3, 0), -1, np.int64)  # of each direction of each flow a Spot; sequence -1 for none

    def leaping(self, batch: SegmentBatch) -> dict[int, Standing]:
        """The flows in which both numbers moved far in this batch, and where each stood before it.

        Takes note of where all flows stand behind it, as if none had changed its connection: see ``put``.
        """
        missing = 2 * (int(batch.flow.max()) + 1) - self._last.shape[1]
        if missing > 0:
            self._last = np.concatenate([self._last, np.full((3, missing), -1, np.int64)], axis=1)
        order, starts = batch.by_direction
        spoken = says_where(batch.flags)
        if not spoken.all():
            order = order[spoken[order]]
            starts = group_starts(batch.direction[order])
        if len(order) == 0:
            return {}
        which = batch.direction[order[starts]]
        sequence, acknowledgment = batch.sequence[order], batch.acknowledgment[order]
        flows, pair = np.unique(which >> 1, return_inverse=True)
        lowest = np.full((2, len(flows)), 1 << 32, np.int64)  # of what the lower and the higher endpoint sends
        highest = np.full((2, len(flows)), -1, np.int64)
        for number, of in ((sequence, which & 1), (acknowledgment, 1 - (which & 1))):
            np.minimum.at(lowest, (of, pair), np.minimum.reduceat(number, starts))
            np.maximum.at(highest, (of, pair), np.maximum.reduceat(number, starts))
        for side in (0, 1):
            before = self._last[:, 2 * flows + side]
            heard = before[0] >= 0
            for number, of in ((before[0], side), (before[1], 1 - side)):
                lowest[of] = np.where(heard, np.minimum(lowest[of], number), lowest[of])
                highest[of] = np.where(heard, np.maximum(highest[of], number), highest[of])
        far = flows[(highest - lowest > REORDERED_BYTES).all(axis=0)].tolist()
        standings = {flow: self._standing(flow) for flow in far}
        ends = order[np.append(starts[1:], len(order)) - 1]
        self._last[:, which] = batch.sequence[ends], batch.acknowledgment[ends], batch.time[ends]
        return standings

    def _standing(self, flow: int) -> Standing:
        spots = (Spot(*self._last[:, 2 * flow + side].tolist()) for side in (0, 1))
        return [spot if spot.sequence >= 0 else None for spot in spots]

    def put(self, flow: int, standing: Standing) -> None:
        """Take note of where the present connection of a flow stands, which is not what ``leaping`` took for it."""
        for side, spot in enumerate(standing):
            self._last[:, 2 * flow + side] = spot or (-1, -1, -1)


def says_where(flags: np.ndarray) -> np.ndarray:
    """Do segments with these flags say truly where both sides stand? A reset need not (RFC 9293 3.10.7.1)."""
    return (flags & (ACK_FLAG | RST)) == ACK_FLAG


def spot_at(batch: SegmentBatch, row: int) -> Spot:
    """Where a segment says that its connection stands."""
    return Spot(int(batch.sequence[row]), int(batch.acknowledgment[row]), int(batch.time[row]))
