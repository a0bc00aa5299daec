"""The rows of a flow within a batch, in packet order, however the flows are mixed."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.tcp.batch import SegmentBatch


@pytest.fixture
def mixed() -> SegmentBatch:
    """Flow 2 speaks in rows 0, 2, 3 and 6, flow 0 in rows 1 and 5, flow 1 in row 4."""
    flow = np.array([2, 0, 2, 2, 1, 0, 2], np.int64)
    swapped = np.array([1, 0, 0, 1, 1, 0, 0], bool)
    numbers = np.arange(7, dtype=np.uint32)
    return SegmentBatch(flow, swapped, numbers, numbers, numbers.astype(np.uint8), numbers, numbers.astype(np.int64))


@pytest.mark.parametrize(
    ("flow", "begin", "end", "rows"),
    [
        (2, 0, None, [0, 2, 3, 6]),
        (2, 2, None, [2, 3, 6]),
        (2, 1, 6, [2, 3]),
        (2, 7, None, []),
        (0, 0, 1, []),
        (0, 0, None, [1, 5]),
        (1, 4, 5, [4]),
    ],
)
def test_picks_the_rows_of_a_flow(mixed: SegmentBatch, flow: int, begin: int, end: int | None, rows: list[int]) -> None:
    assert mixed.rows(flow, begin, end).tolist() == rows


def test_knows_the_last_row_of_each_flow(mixed: SegmentBatch) -> None:
    assert [mixed.last(flow) for flow in (0, 1, 2)] == [5, 4, 6]


def test_sorts_the_rows_by_direction_and_keeps_their_order(mixed: SegmentBatch) -> None:
    order, starts = mixed.by_direction
    assert order.tolist() == [1, 5, 4, 2, 6, 0, 3]
    assert starts.tolist() == [0, 2, 3, 5]
    assert mixed.direction.tolist() == [5, 0, 4, 5, 3, 0, 4]


def test_has_as_many_rows_as_segments(mixed: SegmentBatch) -> None:
    assert len(mixed) == 7
