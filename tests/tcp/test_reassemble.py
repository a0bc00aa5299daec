"""Segments become bytes and holes, each byte once, whatever the network did to them."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.tcp import (
    ACK,
    CAPTURED,
    GAP_BEFORE,
    HOLE,
    KEEP_ALIVE,
    LENGTH,
    OFFSET,
    OUT_OF_ORDER,
    PACKET,
    POSITION,
    RETRANSMISSION,
    TIME,
    Stream,
    reassemble,
)

from .segments import ACK_FLAG, FIN, START, SYN, TEXT, Heard, Segment, acknowledgment_of, at, heard, opening

IN_ORDER = [opening(), at(0, "abc"), at(3, "def"), at(6, "ghi")]


@pytest.mark.parametrize("batch", [0, 1, 2])
@pytest.mark.parametrize(
    ("segments", "text", "marks"),
    [
        pytest.param(IN_ORDER, "abcdefghi", [0, 0, 0, 0], id="in order"),
        pytest.param(
            [opening(), at(0, "abc"), at(6, "ghi"), at(3, "def")], "abcdefghi", [0, 0, 0, OUT_OF_ORDER], id="late"
        ),
        pytest.param(
            [opening(), at(6, "ghi"), at(3, "def"), at(0, "abc")],
            "abcdefghi",
            [0, 0, OUT_OF_ORDER, OUT_OF_ORDER],
            id="backwards",
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(0, "XYZ"), at(3, "def")], "abcdef", [0, 0, RETRANSMISSION, 0], id="repeated"
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(3, "def"), at(1, "XYZW")],
            "abcdef",
            [0, 0, 0, RETRANSMISSION],
            id="repeated with other boundaries",
        ),
        pytest.param(
            [opening(), at(0, "abcd"), at(2, "XYef"), at(6, "gh")],
            "abcdefgh",
            [0, 0, RETRANSMISSION, 0],
            id="overlap with what was delivered",
        ),
        pytest.param(
            [opening(), at(0, "ab"), at(4, "efgh"), at(1, "XcdYZ")],
            "abcdefgh",
            [0, 0, 0, RETRANSMISSION],
            id="fills a hole and overlaps on both sides",
        ),
        pytest.param(
            [opening(), at(4, "ef"), at(8, "ij"), at(0, "abcdXYghZWkl")],
            "abcdefghijkl",
            [0, 0, 0, RETRANSMISSION],
            id="covers islands and the holes between them",
        ),
        pytest.param(
            [opening(), at(4, "ef"), at(8, "ij"), at(4, "XYgh"), at(0, "abcd")],
            "abcdefghij",
            [0, 0, 0, RETRANSMISSION, OUT_OF_ORDER],
            id="extends an island to the next",
        ),
        pytest.param(
            [opening(), at(4, "efgh"), at(2, "cdXY"), at(0, "ab")],
            "abcdefgh",
            [0, 0, RETRANSMISSION, OUT_OF_ORDER],
            id="overlaps the beginning of an island",
        ),
        pytest.param(
            [opening(), at(4, "efgh"), at(5, "XY"), at(0, "abcd")],
            "abcdefgh",
            [0, 0, RETRANSMISSION, OUT_OF_ORDER],
            id="repeated within an island",
        ),
        pytest.param(
            [opening(), at(4, "efgh"), at(6, "XYij"), at(0, "abcd")],
            "abcdefghij",
            [0, 0, RETRANSMISSION, OUT_OF_ORDER],
            id="overlaps the end of the last island",
        ),
        pytest.param(
            [opening(), at(3, "def"), at(6, "ghi"), at(9, "jkl"), at(0, "abc")],
            "abcdefghijkl",
            [0, 0, 0, 0, OUT_OF_ORDER],
            id="goes on beyond a hole",
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(2, ""), at(3, "def")], "abcdef", [0, 0, KEEP_ALIVE, 0], id="empty keep-alive"
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(2, "?"), at(3, "def")],
            "abcdef",
            [0, 0, KEEP_ALIVE, 0],
            id="keep-alive with a byte of garbage",
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(1, "?"), at(3, "def")],
            "abcdef",
            [0, 0, RETRANSMISSION, 0],
            id="one byte repeated is no keep-alive further back",
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(1, "bc"), at(3, "def")],
            "abcdef",
            [0, 0, RETRANSMISSION, 0],
            id="two bytes repeated are no keep-alive",
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(3, ""), at(3, "def")], "abcdef", [0, 0, 0, 0], id="acknowledges only"
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(2, "", flags=FIN | ACK_FLAG)], "abc", [0, 0, 0], id="a FIN is no keep-alive"
        ),
        pytest.param(
            [opening(), Segment(START - 1), at(0, "abc")], "abc", [0, 0, 0], id="nothing to keep alive before the start"
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(3, "d"), at(3, "def")],
            "abcdef",
            [0, 0, 0, RETRANSMISSION],
            id="zero-window probe with the next byte",
        ),
        pytest.param(
            [Segment(START - 1, b"abc", SYN), at(3, "def")], "abcdef", [0, 0], id="data in the SYN"
        ),
        pytest.param(
            [opening(), opening(), at(0, "abc"), opening(), at(3, "def")], "abcdef", [0] * 5, id="SYN repeated"
        ),
        pytest.param(
            [opening(), at(0, "abc"), at(3, "def", captured=1), at(6, "ghi", captured=0), at(9, "jkl")],
            "abcd-----jkl",
            [0] * 5,
            id="cut by a snap length",
        ),
        pytest.param(
            [opening(), at(3, "d"), at(0, "abcXefgh", captured=6)],
            "abcdef--",
            [0, 0, RETRANSMISSION],
            id="cut segment around an island",
        ),
        pytest.param(
            [opening(), at(3, "def"), at(0, "abcXYZghi", captured=2), at(9, "jkl")],
            "ab-def---jkl",
            [0, 0, RETRANSMISSION, 0],
            id="cut segment that has nothing behind the island",
        ),
    ],
)  # fmt: skip
def test_delivers(segments: list[Segment], text: str, marks: list[int], batch: int) -> None:
    told = heard(*segments, batch=batch)
    assert told.tell() == text
    assert told.marks == marks
    assert told.end().tell() == text


def test_points_every_row_to_its_packet_its_place_and_its_time() -> None:
    told = heard(opening(), at(0, "abc"), at(6, "ghi"), at(2, "Xdef"))
    np.testing.assert_array_equal(
        told.table[[OFFSET, LENGTH, CAPTURED, POSITION, PACKET, TIME]],
        [[0, 3, 6], [3, 3, 3], [3, 3, 3], [0, 7, 3], [1, 3, 2], [10, 30, 20]],
    )


def test_delivers_nothing_beyond_a_hole_while_it_may_still_be_filled() -> None:
    told = heard(opening(), at(0, "abc"), at(6, "ghi"))
    assert told.tell() == "abc"
    assert told.take([at(3, "def")]).tell() == "abcdefghi"
    assert told.end().table.shape[1] == 3, "and nothing twice"


@pytest.mark.parametrize("batch", [0, 1, 3])
@pytest.mark.parametrize("start", [0xFFFFFFFE, 0xFFFFFFFF, 0, 1])
def test_goes_on_where_sequence_numbers_wrap(start: int, batch: int) -> None:
    def wrapped(offset: int, text: str) -> Segment:
        return Segment((start + offset) & 0xFFFFFFFF, text.encode())

    syn = Segment((start - 1) & 0xFFFFFFFF, flags=SYN)
    told = heard(syn, wrapped(0, "abc"), wrapped(6, "ghi"), wrapped(3, "def"), wrapped(1, "bc"), batch=batch)
    assert told.tell() == "abcdefghi"
    assert told.stream.base == start


def test_counts_offsets_beyond_four_gibibytes() -> None:
    """Segments of 64 KiB in strides that pass 2**32 twice; what is in between is lost."""
    told = heard(opening())
    for step in range(1, 10):
        told.take([at(step << 30, "x")])
    told.end()
    offsets = told.table[OFFSET, told.table[POSITION] != HOLE].tolist()
    assert offsets == [step << 30 for step in range(1, 10)]


def test_knows_the_offset_of_a_fin() -> None:
    told = heard(opening(), at(0, "abc"), at(3, "def", flags=FIN | ACK_FLAG), at(7, ""))
    assert told.stream.fin == 6
    assert told.end().tell() == "abcdef"


def test_keeps_the_first_fin() -> None:
    told = heard(opening(), at(0, "abc"), at(3, "", flags=FIN | ACK_FLAG), at(9, "", flags=FIN | ACK_FLAG), batch=1)
    assert told.stream.fin == 3
    assert told.end().tell() == "abc"


# Acknowledgments


def test_unwraps_acknowledgments_and_remembers_the_highest() -> None:
    told = heard(opening(), at(0, "a", acknowledgment=0xFFFFFFF0), at(1, "b", acknowledgment=0x10), batch=1)
    told.take([at(2, "c", acknowledgment=0x20), at(3, "d", acknowledgment=0x08)])
    assert told.table[ACK].tolist() == [0xFFFFFFF0, 0x1_0000_0010, 0x1_0000_0020, 0x1_0000_0008]
    assert told.stream.first_acknowledgment == 0xFFFFFFF0
    assert told.stream.acknowledged == 0x1_0000_0020
    assert told.stream.acknowledging == 0x1_0000_0008


@pytest.mark.parametrize("batch", [0, 1])
def test_lets_a_segment_without_ack_stand_at_the_one_before_it(batch: int) -> None:
    told = heard(opening(), at(0, "a"), at(1, "b", flags=0, acknowledgment=5), at(2, "c", acknowledgment=7003),
                 at(3, "d", flags=0, acknowledgment=6), batch=batch)  # fmt: skip
    assert told.table[ACK].tolist() == [7000, 7000, 7003, 7003]
    assert told.stream.first_acknowledgment == 7000


def test_knows_no_acknowledgment_while_none_was_sent() -> None:
    told = heard(opening(), at(0, "a", flags=0, acknowledgment=123))
    assert told.stream.first_acknowledgment is None
    assert told.table[ACK].tolist() == [0]


# Beginnings without SYN


def waiting(order: Iterable[int]) -> list[Segment]:
    """Single letters of TEXT in this order."""
    return [at(offset, TEXT[offset : offset + 1]) for offset in order]


@pytest.mark.parametrize("batch", [0, 1, 5])
def test_begins_at_the_lowest_of_the_first_segments_when_there_is_no_syn(batch: int) -> None:
    order = list(range(10, 36))
    random.Random(3).shuffle(order)
    told = heard(*waiting(order), batch=batch)
    assert told.tell() == "", "held back: an earlier one may still come"
    assert told.end().tell() == TEXT[10:].decode()
    assert told.stream.base == START + 10
    assert not told.stream.syn
    late = [mark for mark, offset in zip(told.marks, order, strict=True) if offset < max(order[: order.index(offset)], default=0)]  # fmt: skip  # noqa: E501
    assert set(late) == {OUT_OF_ORDER}


@pytest.mark.parametrize("batch", [0, 1, 5])
def test_waits_for_no_more_than_the_first_segments(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "SETTLE_SEGMENTS", 4)
    told = heard(*waiting([12, 11, 13]), batch=batch)
    assert told.tell() == ""
    told.take(waiting([14]), batch)
    assert told.tell() == "lmno"
    told.take(waiting([10, 15]), batch)
    assert told.tell() == "lmnop", "what comes too late for offset 0 is before the stream"
    assert told.stream.base == START + 11


@pytest.mark.parametrize("batch", [0, 1, 3])
def test_settles_by_the_same_segments_however_they_are_handed_in(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "SETTLE_SEGMENTS", 4)
    told = heard(*waiting([12, 11, 13, 14, 10, 15]), batch=batch).end()
    assert told.stream.base == START + 11
    assert told.tell() == "lmnop"


def test_begins_at_a_syn_that_comes_behind_its_data() -> None:
    told = heard(at(3, "def"), at(0, "abc"), opening(), at(6, "ghi"), batch=1)
    assert told.tell() == "abcdefghi"
    assert told.stream.base == START
    assert told.stream.syn


def test_begins_where_a_keep_alive_ends_when_it_is_the_first_segment() -> None:
    told = heard(Segment(START - 1), at(0, "abc"), at(3, "def"), batch=1).end()
    assert told.stream.base == START
    assert told.tell() == "abcdef"


def test_begins_at_the_first_ack_when_its_byte_is_missing() -> None:
    """An ACK alone names the next byte; data that begin later have a hole before them."""
    told = heard(Segment(START), at(3, "def"), batch=1).end()
    assert told.tell() == "...def"


def test_begins_across_the_wrap_without_a_syn() -> None:
    told = heard(Segment(1, b"def"), Segment(0xFFFFFFFE, b"abc"), batch=1).end()
    assert told.stream.base == 0xFFFFFFFE
    assert told.tell() == "abcdef"


def test_begins_at_nothing_when_nothing_came() -> None:
    told = Heard().end(acknowledgment_of(50))
    assert told.stream.base is None
    assert told.tell() == ""


# Holes


@pytest.mark.parametrize("batch", [0, 1, 4])
def test_gives_a_hole_up_when_too_many_bytes_came_behind_it(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "HOLE_BYTES", 6)
    segments = [opening(), at(0, "abc"), at(6, "ghi"), at(9, "jkl")]
    told = heard(*segments, batch=batch)
    assert told.tell() == "abc", "six bytes are not too many yet"
    told.take([at(12, "m")], batch)
    assert told.tell() == "abc...ghijklm"
    assert told.marks == [0, 0, GAP_BEFORE, 0, 0]
    hole = told.table[:, told.table[POSITION] == HOLE]
    assert hole[:, 0].tolist() == [3, 3, 0, HOLE, 2, 20, 7000]
    told.take([at(3, "XYZ"), at(13, "no")], batch)
    assert told.tell() == "abc...ghijklmno", "what comes after it was given up comes too late"


def test_gives_a_hole_up_when_too_many_bytes_came_behind_it_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "HOLE_BYTES", 6)
    assert heard(opening(), at(3, "defghij")).tell() == "...defghij"
    assert heard(opening(), at(3, "defghi")).tell() == ""


def test_gives_a_hole_up_when_too_many_segments_came_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "HOLE_SEGMENTS", 3)
    told = heard(opening(), *waiting([1, 3, 5]), batch=1)
    assert told.tell() == ""
    told.take(waiting([7]))
    assert told.tell() == ".b", "the first hole is enough"
    assert told.take(waiting([4, 2])).tell() == ".bcdef"
    assert told.end().tell() == ".bcdef.h"


def test_counts_the_segments_behind_a_hole_anew_once_it_is_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "HOLE_SEGMENTS", 3)
    told = heard(opening(), *waiting([1, 2, 3, 0, 5, 6, 7]), batch=1)
    assert told.tell() == "abcd"
    assert told.take(waiting([4])).tell() == "abcdefgh"


def test_gives_all_holes_up_at_the_end() -> None:
    told = heard(opening(), at(2, "cd"), at(6, "gh"), at(10, "kl")).end()
    assert told.tell() == "..cd..gh..kl"
    assert told.marks == [0, GAP_BEFORE, GAP_BEFORE, GAP_BEFORE]
    assert told.stream.pending == []


@pytest.mark.parametrize(("acknowledged", "text"), [(9, "abc......"), (5, "abc.."), (4, "abc"), (3, "abc"), (2, "abc")])
def test_knows_bytes_lost_at_the_end_by_their_acknowledgment(acknowledged: int, text: str) -> None:
    """One more than what came may be the acknowledgment of a FIN."""
    told = heard(opening(), at(0, "abc")).end(acknowledgment_of(acknowledged))
    assert told.tell() == text
    if len(text) > 3:
        assert told.table[PACKET, -1] == -1, "no packet follows"
        assert told.stream.front == told.stream.high == acknowledged


def test_knows_bytes_lost_at_the_end_by_a_fin() -> None:
    told = heard(opening(), at(0, "abc"), at(7, "", flags=FIN | ACK_FLAG)).end(acknowledgment_of(8))
    assert told.tell() == "abc...."


def test_knows_one_byte_lost_before_a_fin() -> None:
    told = heard(opening(), at(0, "abc"), at(4, "", flags=FIN | ACK_FLAG)).end()
    assert told.tell() == "abc."


def test_loses_nothing_at_the_end_that_nobody_acknowledged() -> None:
    assert heard(opening(), at(0, "abc")).end(Stream(1)).tell() == "abc"


def test_believes_no_acknowledgment_beyond_any_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "HOLE_BYTES", 100)
    assert heard(opening(), at(0, "abc")).end(acknowledgment_of(103)).tell() == "abc" + 100 * "."
    assert heard(opening(), at(0, "abc")).end(acknowledgment_of(104)).tell() == "abc"


def test_drops_stray_data_that_nobody_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment of an older use of the same ports, far ahead."""
    monkeypatch.setattr(reassemble, "STRAY_BYTES", 20)
    told = heard(opening(), at(0, "abc"), at(24, "yz")).end(acknowledgment_of(3))
    assert told.tell() == "abc"
    assert (told.stream.front, told.stream.high, told.stream.pending) == (3, 3, [])


def test_keeps_data_far_ahead_that_was_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "STRAY_BYTES", 20)
    assert heard(opening(), at(0, "abc"), at(24, "yz")).end(acknowledgment_of(26)).tell() == "abc" + 21 * "." + "yz"
    assert heard(opening(), at(0, "abc"), at(24, "yz")).end(Stream(1)).tell() == "abc" + 21 * "." + "yz"


def test_keeps_data_ahead_within_a_window_though_nobody_acknowledged_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassemble, "STRAY_BYTES", 20)
    assert heard(opening(), at(0, "abc"), at(23, "yz")).end(acknowledgment_of(3)).tell() == "abc" + 20 * "." + "yz"


# Whatever the network does


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, list[Segment], int, list[bool]]:
    """Bytes, their segments as captured, where sequence numbers start, and which bytes some segment carries."""
    data = bytes(draw(st.lists(st.integers(97, 122), min_size=1, max_size=60)))
    start = draw(st.sampled_from([1000, (1 << 32) - 1, (1 << 32) - 30, 0]))
    cuts = sorted(draw(st.sets(st.integers(1, max(len(data) - 1, 1)), max_size=20)) & set(range(1, len(data))))
    pieces = list(zip([0, *cuts], [*cuts, len(data)], strict=True))
    pieces = [piece for piece in pieces if draw(st.integers(0, 9)) < 8]
    for _ in range(draw(st.integers(0, 6))):
        low = draw(st.integers(0, len(data) - 1))
        pieces.insert(draw(st.integers(0, len(pieces))), (low, draw(st.integers(low + 1, len(data)))))
    keys = [place + draw(st.integers(0, 6)) for place in range(len(pieces))]
    pieces = [piece for _, piece in sorted(zip(keys, pieces, strict=True), key=lambda pair: pair[0])]
    carried = [any(low <= byte < high for low, high in pieces) for byte in range(len(data))]
    segments = [Segment((start + low) & 0xFFFFFFFF, data[low:high]) for low, high in pieces]
    return data, segments, start, carried


@settings(max_examples=300, deadline=None)
@given(conversations(), st.integers(0, 7))
def test_gives_exactly_the_bytes_and_the_holes_that_remain(
    told: tuple[bytes, list[Segment], int, list[bool]], batch: int
) -> None:
    data, segments, start, carried = told
    syn = Segment((start - 1) & 0xFFFFFFFF, flags=SYN)
    known = Heard().take([syn, *segments], batch)
    opposite = Stream(1)
    opposite.first_acknowledgment = start
    opposite.acknowledged = start + len(data) + 1
    fin = Segment((start + len(data)) & 0xFFFFFFFF, flags=FIN | ACK_FLAG)
    known.take([fin]).end(opposite)
    expected = "".join(chr(byte) if held else "." for byte, held in zip(data, carried, strict=True))
    assert known.tell() == expected
    holes = known.table[:, known.table[POSITION] == HOLE]
    runs = [run for run in "".join("." if char == "." else " " for char in expected).split() if run]
    assert holes[LENGTH].tolist() == [len(run) for run in runs], "one row for each hole"


empty_segments = st.builds(
    Segment,
    st.one_of(st.integers(START - 3, START + 12), st.integers(0, (1 << 32) - 1)),
    st.sampled_from([b"", b"", b"", b"", b"a", b"abc"]),
    st.sampled_from([0, ACK_FLAG, SYN, SYN | ACK_FLAG, FIN, FIN | ACK_FLAG, SYN | FIN, 8 | ACK_FLAG]),
    st.one_of(st.integers(6998, 7010), st.integers(0, (1 << 32) - 1)),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(empty_segments, max_size=12), st.booleans())
def test_notes_a_segment_without_payload_as_it_notes_any_rows(segments: list[Segment], with_syn: bool) -> None:
    if with_syn:
        segments = [opening(), *segments]
    short, careful = Heard(), Heard()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(careful.reassembler, "add", careful.reassembler._add)
        for segment in segments:
            short.take([segment])
            careful.take([segment])
            for name in set(Stream.__slots__) - {"pending", "unsettled"}:
                assert getattr(short.stream, name) == getattr(careful.stream, name), name
    np.testing.assert_array_equal(short.end().table, careful.end().table)
    assert short.marks == careful.marks


@settings(max_examples=200, deadline=None)
@given(conversations(), st.booleans(), st.integers(1, 9), st.sampled_from([4, 12, 1 << 20]), st.sampled_from([3, 32]))
def test_gives_the_same_rows_in_any_batches(
    told: tuple[bytes, list[Segment], int, list[bool]], with_syn: bool, batch: int, hole_bytes: int, settle: int
) -> None:
    _, segments, start, _ = told
    if with_syn:
        segments = [Segment((start - 1) & 0xFFFFFFFF, flags=SYN), *segments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reassemble, "HOLE_BYTES", hole_bytes)
        patch.setattr(reassemble, "SETTLE_SEGMENTS", settle)
        whole = Heard().take(segments).end()
        parts = Heard().take(segments, batch).end()
    np.testing.assert_array_equal(whole.table, parts.table)
    assert whole.marks == parts.marks


def test_gives_up_one_hole_at_a_time() -> None:
    seen = Heard().take([opening(), at(0, "abc"), at(6, "ghi"), at(12, "mno")])
    delivered = seen.reassembler.give_up(seen.stream)
    assert [rows[[OFFSET, LENGTH], :].T.tolist() for rows in delivered] == [[[3, 3]], [[6, 3]]]
    assert delivered[0][POSITION, 0] == HOLE
    assert (seen.stream.front, len(seen.stream.pending)) == (9, 1)


def test_settles_with_what_was_gathered_for_the_beginning() -> None:
    seen = Heard().take([at(3, "def"), at(0, "abc")])
    assert seen.stream.unsettled
    assert sum(rows[LENGTH].sum() for rows in seen.reassembler.settle(seen.stream)) == 6
    assert (seen.stream.unsettled, seen.stream.front) == ([], 6)
