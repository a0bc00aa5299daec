"""The TCP segments of one batch as columns, and the rows of each flow among them. Decides nothing."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..grouped import group_starts, stable_order


class SegmentBatch:
    """Columns of the segments of one batch, one row each in packet order.

    ``flow`` (int64) and ``swapped`` (bool: the higher endpoint sends it) as ``FlowNumbers`` gave them, ``sequence``,
    ``acknowledgment`` (uint32) and ``flags`` (uint8) as on the wire; ``packet`` numbers and ``time`` (ns, or NO_TIME)
    are those of the capture.
    """

    def __init__(
        self,
        flow: np.ndarray,
        swapped: np.ndarray,
        sequence: np.ndarray,
        acknowledgment: np.ndarray,
        flags: np.ndarray,
        packet: np.ndarray,
        time: np.ndarray,
    ) -> None:
        self.flow, self.swapped = flow, swapped
        self.sequence, self.acknowledgment = sequence, acknowledgment
        self.flags, self.packet, self.time = flags, packet, time

    def __len__(self) -> int:
        return len(self.flow)

    @cached_property
    def direction(self) -> np.ndarray:
        """``2 * flow + swapped`` of each row."""
        return self.flow * 2 + self.swapped

    @cached_property
    def by_direction(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows sorted by ``direction``, in packet order within each, and where among them each direction begins."""
        return sorted_groups(self.direction)

    @cached_property
    def _last(self) -> np.ndarray:
        last = np.empty(int(self.flow.max()) + 1, np.int64)
        last[self.flow] = np.arange(len(self.flow))  # of several, the last one stays
        return last

    @cached_property
    def _by_flow(self) -> tuple[np.ndarray, np.ndarray]:
        order = stable_order(self.flow)
        return order, self.flow[order]

    def last(self, flow: int) -> int:
        """The last row of a flow that has one."""
        return int(self._last[flow])

    def rows(self, flow: int, begin: int = 0, end: int | None = None) -> np.ndarray:
        """The rows of a flow, or those of them from ``begin`` up to ``end``.

        Sorts the batch once, so that many SYNs don't each search all of it.
        """
        order, flows = self._by_flow
        low, high = flows.searchsorted([flow, flow + 1])
        rows = order[low:high]
        return rows[rows.searchsorted(begin) : None if end is None else rows.searchsorted(end)]


def sorted_groups(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows sorted by their number, in the order given within each, and where each number begins (both int64)."""
    order = stable_order(numbers)
    return order, group_starts(numbers[order])
