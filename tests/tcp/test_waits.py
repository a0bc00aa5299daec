"""Pauses, closed windows and turns are found in whatever batches the segments come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest

from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.grouped import group_starts, stable_order
from ptpip_analyze.tcp import OUT_OF_ORDER, RETRANSMISSION
from ptpip_analyze.tcp.waits import FOREVER, PAUSE_NS, Segments, Told, Waits

MS = 1_000_000


class Sent(NamedTuple):
    """A segment by hand: milliseconds, stream, payload bytes; what it sends and what it acknowledges."""

    at: float
    stream: int
    length: int = 0
    sequence: int = 0
    acknowledgment: int = 0
    mark: int = 0
    shut: bool = False


def waits(segments: Sequence[Sent], size: int = 0, taken: Sequence[int] | None = None) -> Told:
    """What is told of segments that come in batches of ``size``; only those of some streams are looked at."""
    return gathered(segments, size, taken).told()


def gathered(segments: Sequence[Sent], size: int = 0, taken: Sequence[int] | None = None) -> Waits:
    found = Waits()
    for low in range(0, len(segments), size or len(segments)):
        part = segments[low : low + (size or len(segments))]
        stream = np.array([one.stream for one in part], np.int64)
        order = stable_order(stream)
        order = order if taken is None else order[np.isin(stream[order], taken)]
        if len(order) == 0:
            continue
        time = np.array([NO_TIME if one.at < 0 else round(one.at * MS) for one in part], np.int64)
        length = np.array([one.length for one in part], np.int64)
        found.take(
            Segments(
                stream, np.arange(low, low + len(part)), time, length,
                np.array([one.sequence for one in part], np.uint32),
                np.array([one.acknowledgment for one in part], np.uint32),
                np.flatnonzero([one.shut for one in part]), order, group_starts(stream[order]), time[order],
                length[order] > 0,
            ),
            np.array([part[at].mark for at in order.tolist()], np.uint8),
        )  # fmt: skip
    return found


def plain(columns: tuple[np.ndarray, ...]) -> list[tuple[object, ...]]:
    return list(zip(*(column.tolist() for column in columns), strict=True))


EVERYTHING = [
    Sent(0, 0, 10, 0), Sent(1, 1, 0, 0, 10), Sent(60, 1, 5, 0, 10), Sent(61, 0, 0, 10, 5),
    Sent(70, 4, 7, 100), Sent(71, 5, 0, 0, 107, shut=True), Sent(72, 5, 0, 0, 107, shut=True),
    Sent(130, 4, 7, 107, mark=RETRANSMISSION), Sent(131, 5, 0, 0, 114), Sent(200, 0, 10, 10, 5, mark=OUT_OF_ORDER),
    Sent(201, 5, 0, 0, 114, shut=True), Sent(202, 1, 0, 5, 20), Sent(203, 1, 3, 5, 20),
]  # fmt: skip


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5])
def test_finds_them_in_batches_of_any_size(size: int) -> None:
    told = waits(EVERYTHING, size)
    assert sorted(plain(told.pauses)) == [
        (0, 0, 200 * MS, 9, True), (1, 60 * MS, 203 * MS, 12, False), (4, 70 * MS, 130 * MS, 7, True)
    ]  # fmt: skip
    assert plain(told.closed) == [(5, 71 * MS, 131 * MS), (5, 201 * MS, FOREVER)]
    assert plain(told.turns) == [(0, 1 * MS), (2, 61 * MS), (4, 71 * MS), (9, 202 * MS)]


@pytest.mark.parametrize("size", [0, 1, 4])
def test_leaves_out_streams_that_nobody_asks_for(size: int) -> None:
    told = waits(EVERYTHING, size, taken=[4, 5])
    assert {row[0] for row in plain(told.pauses)} == {4}
    assert plain(told.turns) == [(4, 71 * MS)]


def test_measures_a_pause_from_payload_to_payload() -> None:
    segments = [Sent(0, 0, 1), Sent(40, 0), Sent(PAUSE_NS / MS, 0, 1), Sent(99.999, 0, 1)]
    assert plain(waits(segments).pauses) == [(0, 0, PAUSE_NS, 2, False)]


@pytest.mark.parametrize("times", [(0, -1, 100), (-1, 100, 100), (200, 100, 100)])
def test_finds_no_pause_without_times_or_backwards(times: tuple[float, ...]) -> None:
    assert plain(waits([Sent(time, 0, 1) for time in times]).pauses) == []


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(Sent(1, 1, 5, 0, 10), id="an answer"),
        pytest.param(Sent(1, 0, 0, 10, 10), id="the same side"),
        pytest.param(Sent(1, 0, 5, 10, 0), id="more of the same side"),
        pytest.param(Sent(1, 1, 0, 0, 9), id="an older acknowledgment"),
        pytest.param(Sent(1, 3, 0, 0, 10), id="another connection"),
    ],
)
@pytest.mark.parametrize("size", [0, 1])
def test_takes_only_an_empty_acknowledgment_right_behind_for_one(behind: Sent, size: int) -> None:
    assert plain(waits([Sent(0, 0, 10), behind, Sent(2, 3, 0, 0, 10)], size).turns) == []


def test_counts_a_turn_once() -> None:
    segments = [Sent(0, 0, 10), Sent(1, 1, 0, 0, 10), Sent(2, 0, 10, 10), Sent(3, 1, 0, 0, 20)]
    assert plain(waits(segments).turns) == [(0, MS)]


@pytest.mark.parametrize("size", [0, 1])
def test_understands_numbers_that_begin_again(size: int) -> None:
    segments = [Sent(0, 0, 10, (1 << 32) - 4), Sent(1, 1, 0, 0, 6)]
    assert plain(waits(segments, size).turns) == [(0, MS)]


def test_is_not_changed_by_what_comes_later() -> None:
    found, whole = Waits(), EVERYTHING
    told = []
    for one in whole:
        stream, time = np.array([one.stream]), np.array([round(one.at * MS)])
        length, first = np.array([one.length]), np.zeros(1, np.int64)
        number = np.array([len(told)])
        found.take(
            Segments(stream, number, time, length, np.array([one.sequence], np.uint32),
                     np.array([one.acknowledgment], np.uint32), np.flatnonzero([one.shut]), first, first, time,
                     length > 0),
            np.array([one.mark], np.uint8),
        )  # fmt: skip
        told.append(found.told())
    for count, snapshot in enumerate(told, 1):
        again = waits(whole[:count])
        assert [sorted(plain(part)) for part in snapshot] == [sorted(plain(part)) for part in again]


def first_kept(**streams: int) -> np.ndarray:
    """By stream, the packet from which on something is kept: of stream 4 it is named s4; of the others all."""
    return np.array([streams.get(f"s{number}", 0) for number in range(6)], np.int64)


def test_forgets_what_was_before_a_packet_of_each_stream() -> None:
    found = gathered(EVERYTHING)
    found.forget(first_kept(s0=2, s1=2, s4=9, s5=9), np.empty(0, np.int64))
    told = found.told()
    assert sorted(plain(told.pauses)) == [(0, 0, 200 * MS, 9, True), (1, 60 * MS, 203 * MS, 12, False)]
    assert plain(told.turns) == [(2, 61 * MS), (9, 202 * MS)]


@pytest.mark.parametrize(("kept_from", "closed"), [
    (6, [(5, 71 * MS, 131 * MS), (5, 201 * MS, FOREVER)]),  # it was closed by then, and opens later
    (9, [(5, 201 * MS, FOREVER)]),
    (12, [(5, 201 * MS, FOREVER)]),
    (FOREVER, []),
])  # fmt: skip
def test_remembers_that_a_window_was_closed_before(kept_from: int, closed: list[tuple[int, int, int]]) -> None:
    found = gathered(EVERYTHING)
    found.forget(first_kept(s5=kept_from), np.empty(0, np.int64))
    assert plain(found.told().closed) == closed


def test_remembers_that_what_came_behind_a_pause_had_come_again() -> None:
    found = gathered(EVERYTHING)
    found.forget(first_kept(), np.array([12]))
    assert (1, 60 * MS, 203 * MS, 12, True) in plain(found.told().pauses)


def test_forgets_turns_of_streams_that_are_over() -> None:
    found = gathered([Sent(0, 0, 10), Sent(1, 4, 10)])
    found.forget(first_kept(s4=FOREVER, s5=FOREVER), np.empty(0, np.int64))
    assert list(found._open_turns) == [0]


def test_gives_its_memory_back() -> None:
    found = Waits()
    found.close()
    assert all(len(column) == 0 for part in found.told() for column in part)
