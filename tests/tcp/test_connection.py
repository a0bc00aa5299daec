"""Plain state of a connection: distances of sequence numbers, and what an ACK number says of the other direction."""

from __future__ import annotations

import pytest

from ptpip_analyze.tcp.connection import ACK_FLAG, FIN, RST, Connection, Stream, packed, signed32, unpacked
from tests.engine import numbered
from tests.traffic import STORIES, capture

CAMERA, DESK = (0xFFFF_C0A80101, 15740), (0xFFFF_C0A80114, 50001)


@pytest.mark.parametrize(
    ("difference", "distance"),
    [
        (0, 0),
        (5, 5),
        (-5, -5),
        (0x7FFFFFFF, 0x7FFFFFFF),
        (0x80000000, -0x80000000),
        (0xFFFFFFFF, -1),
        (3 - 0xFFFFFFFE, 5),
        (0xFFFFFFFE - 3, -5),
    ],
)
def test_measures_the_distance_of_sequence_numbers_around_the_wrap(difference: int, distance: int) -> None:
    assert signed32(difference) == distance


def test_numbers_the_streams_of_a_connection_by_direction() -> None:
    connection = Connection(7, CAMERA, DESK, packet=12, time=34)
    assert [stream.number for stream in connection.streams] == [14, 15]
    assert [connection.endpoint(direction) for direction in (0, 1)] == [CAMERA, DESK]


@pytest.mark.parametrize("name", STORIES)
def test_is_unpacked_as_it_was(name: str) -> None:
    for connection in numbered(capture(name))[0].connections:
        again = unpacked(packed(connection))
        for before, after in ((connection, again), *zip(connection.streams, again.streams, strict=True)):
            for part in set(type(before).__slots__) - {"streams", "pending", "unsettled"}:
                assert getattr(after, part) == getattr(before, part), part
        assert len(packed(connection)) < 350


def test_begins_with_everything_unknown() -> None:
    connection = Connection(0, CAMERA, DESK, packet=12, time=34)
    assert (connection.first_packet, connection.last_packet) == (12, 12)
    assert (connection.first_time, connection.last_time) == (34, 34)
    assert connection.syn_sequence == [None, None]
    assert (connection.syn_from, connection.closed_by, connection.closed_at, connection.close_kind) == (None,) * 4
    for stream in connection.streams:
        assert (stream.base, stream.fin, stream.syn, stream.front, stream.high) == (None, None, False, 0, 0)


def acknowledging(first: int | None, acknowledged: int, base: int | None) -> tuple[Stream, Stream]:
    """A stream that acknowledges, and the opposite one whose bytes it acknowledges."""
    stream, opposite = Stream(0), Stream(1)
    stream.first_acknowledgment, stream.acknowledged, opposite.base = first, acknowledged, base
    return stream, opposite


def test_turns_an_ack_number_into_an_offset_of_the_other_direction() -> None:
    stream, opposite = acknowledging(first=1001, acknowledged=1501, base=1001)
    assert stream.acknowledgment_shift(opposite) == -1001
    assert stream.acknowledged_offset(opposite) == 500


def test_turns_an_ack_number_into_an_offset_when_acks_began_in_mid_stream() -> None:
    stream, opposite = acknowledging(first=5000, acknowledged=5600, base=1000)
    assert stream.acknowledged_offset(opposite) == 4600


def test_turns_an_ack_number_into_an_offset_across_the_wrap() -> None:
    """The first ACK stands behind 2**32 while offset 0 stands before it; later ones are unwrapped from the first."""
    stream, opposite = acknowledging(first=20, acknowledged=70, base=0xFFFFFFF0)
    assert stream.acknowledged_offset(opposite) == 16 + 70
    stream, opposite = acknowledging(first=0xFFFFFFF0, acknowledged=0x1_0000_0010, base=0xFFFFFFF0)
    assert stream.acknowledged_offset(opposite) == 32


@pytest.mark.parametrize(("first", "base"), [(None, 1000), (1000, None), (None, None)])
def test_does_not_know_an_offset_without_an_ack_or_a_beginning(first: int | None, base: int | None) -> None:
    stream, opposite = acknowledging(first, 1200, base)
    assert stream.acknowledgment_shift(opposite) is None
    assert stream.acknowledged_offset(opposite) is None


def closing(acknowledged: tuple[int | None, int | None]) -> Connection:
    """Both sides sent FIN at offset 10 of streams that begin at 1000; by the clock direction 0 was the first."""
    connection = Connection(0, CAMERA, DESK, packet=0, time=0)
    for stream in connection.streams:
        stream.base, stream.fin = 1000, 10
    connection.first_end, connection.ends = 0, [1010, 1010]
    connection.end_flags = [
        kind | (ACK_FLAG if number is not None else 0) for kind, number in zip((FIN, RST), acknowledged, strict=True)
    ]
    connection.end_acknowledgments = [number or 0 for number in acknowledged]
    return connection


@pytest.mark.parametrize(
    ("acknowledged", "by"), [((1010, 1011), 0), ((1011, 1010), 1), ((1010, 1010), 0), ((None, None), 0)]
)
def test_who_closed_first_is_told_by_acknowledgments_before_the_clock(
    acknowledged: tuple[int | None, int | None], by: int
) -> None:
    connection = closing(acknowledged)
    assert (connection.closed_by, connection.close_kind) == (by, ("fin", "reset")[by])
    assert connection.is_over
