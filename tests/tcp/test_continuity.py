"""A connection goes on where it stood; what stands elsewhere in both numbers is another one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.tcp.batch import SegmentBatch
from ptpip_analyze.tcp.continuity import REORDERED_BYTES, Continuity, Spot, fits, returns, says_where, spot_at

SECOND = 1_000_000_000
FAR = REORDERED_BYTES + 1
HERE = Spot(50_000_000, 90_000_000, 10 * SECOND)


def moved(sequence: int, acknowledgment: int, seconds: float = 0) -> Spot:
    """As far from HERE."""
    return Spot(
        (HERE.sequence + sequence) % 2**32,
        (HERE.acknowledgment + acknowledgment) % 2**32,
        HERE.time + int(seconds * SECOND),
    )


@pytest.mark.parametrize(
    "spot",
    [
        moved(1448, 0),
        moved(-1448, 0),
        moved(1 << 30, 0),  # a hole of a whole download
        moved(1 << 30, FAR - 1),
        moved(-FAR, FAR - 1),
        moved(0, 1 << 30),
        moved(FAR, FAR, 0.14),  # written down again after a pause in which both sides sent much
        moved(10 * FAR, 10 * FAR, 1.4),
        moved(2 * FAR, 100 * FAR, 7),
    ],
)
def test_goes_on_where_one_number_stands(spot: Spot) -> None:
    assert fits([HERE, None], 0, spot)
    assert fits([None, HERE], 1, spot)


@pytest.mark.parametrize(
    "spot",
    [
        moved(-FAR, -FAR),
        moved(-FAR, FAR, 3600),
        moved(FAR, -FAR, 3600),
        moved(FAR, FAR),
        moved(FAR, FAR, -5),
        moved(10 * FAR, 10 * FAR, 1.2),
        moved(2 * FAR, 100 * FAR, 6),
        moved(15_600_000, 15_600_000, 1),  # as fast as the first numbers of two Linux machines climb
        moved(1 << 31, 1 << 31),
    ],
)
def test_breaks_where_both_numbers_leap(spot: Spot) -> None:
    assert not fits([HERE, None], 0, spot)
    assert not fits([None, HERE], 1, spot)


def test_breaks_at_a_leap_without_times() -> None:
    leap = moved(FAR, FAR, 3600)
    assert fits([HERE, None], 0, leap)
    assert not fits([HERE._replace(time=NO_TIME), None], 0, leap)
    assert not fits([HERE, None], 0, leap._replace(time=NO_TIME))


def test_goes_on_across_the_wrap() -> None:
    end = Spot(2**32 - 10, 2**32 - 20, 0)
    assert fits([end, None], 0, Spot(5, 7, 0))
    assert not fits([end, None], 0, Spot(2 * FAR, 2 * FAR, 0))


def test_knows_a_side_that_was_not_heard_by_what_the_other_one_received() -> None:
    answer = Spot(HERE.acknowledgment, HERE.sequence + 100, HERE.time)
    assert fits([HERE, None], 1, answer)
    assert not fits([HERE, None], 1, HERE), "the numbers change their places"
    assert fits([None, None], 1, answer), "nobody was heard"
    assert not fits([HERE, HERE], 1, answer), "its own numbers count where there are any"


def test_returns_where_both_numbers_stand_still() -> None:
    near = moved(REORDERED_BYTES, -REORDERED_BYTES)
    assert returns([HERE, None], 0, near)
    assert returns([None, HERE], 0, Spot(near.acknowledgment, near.sequence, near.time))
    assert not returns([HERE, None], 0, moved(FAR, 0))
    assert not returns([HERE, None], 0, moved(0, FAR))
    assert not returns([None, None], 0, near), "nobody stood anywhere"


@pytest.mark.parametrize(
    ("flags", "says"), [(16, True), (24, True), (17, True), (18, True), (2, False), (4, False), (20, False)]
)
def test_believes_no_reset_and_nothing_without_ack(flags: int, says: bool) -> None:
    assert bool(says_where(np.uint8(flags))) is says


def batch(*rows: tuple[int, int, int, int, int]) -> SegmentBatch:
    """Rows of (flow, direction, sequence, ACK number, flags), each a ms later than the one before."""
    columns = np.array(rows, np.int64).T
    time = np.arange(len(rows), dtype=np.int64) * 1_000_000
    return SegmentBatch(
        columns[0],
        columns[1].astype(bool),
        columns[2].astype(np.uint32),
        columns[3].astype(np.uint32),
        columns[4].astype(np.uint8),
        np.arange(len(rows)),
        time,
    )


CALM = [(0, 0, 100, 500, 16), (0, 1, 500, 110, 16), (0, 0, 110, 600, 16)]


def leaps(*batches: Sequence[tuple[int, int, int, int, int]]) -> list[list[int]]:
    """The flows that leap in each batch."""
    continuity = Continuity()
    return [sorted(continuity.leaping(batch(*rows))) for rows in batches]


def test_looks_closely_only_where_both_numbers_moved_far() -> None:
    assert leaps(CALM) == [[]]
    download = [(0, 1, 500 + at * 60_000, 110, 16) for at in range(100)]
    assert leaps(CALM, download, [(0, 0, 110, 6_000_000, 16)]) == [[], [], []]
    assert leaps([*CALM, (0, 0, 9_000_000, 9_000_000, 16)]) == [[0]]
    assert leaps([*CALM, (0, 0, 9_000_000, 9_000_000, 20)]) == [[]], "a reset says nothing"
    assert leaps(CALM, [(0, 0, 9_000_000, 9_000_000, 16)]) == [[], [0]], "in a batch of its own"
    assert leaps(CALM[1:2], [(0, 0, 9_000_000, 9_000_000, 16)]) == [[], [0]], "of a side not heard before"
    assert leaps(CALM[:1], [(0, 1, 9_000_000, 9_000_000, 16)]) == [[], [0]]
    assert leaps([(0, 0, 5, 0, 2)]) == [[]], "nothing says where"


def test_looks_closely_where_only_both_directions_together_leap() -> None:
    """Each of them says one thing all the time; what one sends is not what the other received."""
    calm = [(0, 0, 100, 500, 16), (0, 0, 100, 500, 16)]
    assert leaps([*calm, (0, 1, 9_000_000, 7_000_000, 16)]) == [[0]]
    assert leaps([*calm, (0, 1, 9_000_000, 110, 16)]) == [[]]


def test_looks_closely_at_the_one_flow_of_several() -> None:
    others = [(flow, side, 77 * flow, 99 * flow, 16) for flow in (1, 2, 3) for side in (0, 1)]
    assert leaps([*others, *CALM], [(2, 1, 9_000_000, 9_000_000, 16), *CALM, *others[:2]]) == [[], [2]]


def test_tells_where_a_flow_stood_before_the_batch() -> None:
    continuity = Continuity()
    continuity.leaping(batch(*CALM))
    leap = batch((0, 0, 9_000_000, 9_000_000, 16))
    assert continuity.leaping(leap) == {0: [Spot(110, 600, 2_000_000), Spot(500, 110, 1_000_000)]}
    assert spot_at(leap, 0) == Spot(9_000_000, 9_000_000, 0)
    assert continuity.leaping(batch(*CALM)) == {0: [Spot(9_000_000, 9_000_000, 0), Spot(500, 110, 1_000_000)]}


def test_stands_where_it_is_put() -> None:
    continuity = Continuity()
    continuity.leaping(batch(*CALM))
    continuity.put(0, [None, Spot(9_000_000, 9_000_000, 5)])
    assert continuity.leaping(batch((0, 0, 9_000_000, 9_000_000, 16))) == {}
    assert continuity.leaping(batch((0, 1, 500, 110, 16))) == {
        0: [Spot(9_000_000, 9_000_000, 0), Spot(9_000_000, 9_000_000, 5)]
    }
