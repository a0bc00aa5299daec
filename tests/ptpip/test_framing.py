"""Every byte of a stream is in exactly one row: a message, or bytes in which no message could be found."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.capture import NOTHING, Bytes, all_bytes
from ptpip_analyze.facts.packets import MESSAGES
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.ptpip.framing import FramedStream, Framer
from ptpip_analyze.ptpip.recognise import GREETING_LIMIT
from ptpip_analyze.tcp import LENGTH, PACKET

from .laid import ID, Laid, Piece, ack, apart, cancel, data, end, event, framed, hello, request, response, start

Row = dict[str, Any]
INIT_EVENT = framed(3, b"\5\0\0\0")


class Framed:
    """What framing made of one stream, row by row in order of offset."""

    def __init__(
        self,
        *pieces: Piece,
        feeds: list[int] | None = None,
        lost: int = m.FINE,
        to_responder: bool | None = None,
        anchors: tuple[int, ...] = (),
        at_hand: bool = True,
        end: bool = True,
        order: list[int] | None = None,
    ) -> None:
        laid = Laid()
        rows = laid.rows(*pieces)
        if order is not None:
            rows[PACKET] = order
        self.framer = Framer(laid.read)
        self.stream = FramedStream(4, to_responder, lost)
        if anchors:
            self.stream.anchors = [np.array(anchors)]
        given_bytes = Bytes(all_bytes(0, laid.bytes) if at_hand else NOTHING, laid.read)
        edges = [0, *(feeds or []), rows.shape[1]]
        for low, high in itertools.pairwise(edges):
            if low < high:
                self.framer.feed([(self.stream, [rows[:, low:high].copy()])], given_bytes)
        if end:
            self.framer.feed([(self.stream, [])], Bytes(NOTHING, laid.read), final=True)

    @property
    def rows(self) -> list[Row]:
        table = self.framer.messages
        rows = [table.row(number) for number in range(len(table))]
        assert [row["offset"] for row in rows] == sorted(row["offset"] for row in rows), "written in stream order"
        return rows

    @property
    def greetings(self) -> dict[int, bytes]:
        """By offset of the message."""
        return {int(self.framer.messages.row(number)["offset"]): body for number, body in self.framer.greetings.items()}

    def tell(self) -> list[tuple[int, int, int, str, str | None]]:
        """Offset, length, type, status and reason of each row."""
        return [
            (row["offset"], row["length"], row["type"], m.STATUSES[row["status"]], m.REASONS[row["reason"]])
            for row in self.rows
        ]


def good(*messages: bytes, at: int = 0) -> list[tuple[int, int, int, str, None]]:
    """What complete messages must be told as."""
    told = []
    for message in messages:
        told.append((at, len(message), message[4], "complete", None))
        at += len(message)
    return told


EVERY_TYPE = [
    hello(), ack(), INIT_EVENT, framed(4), framed(5, b"\2\0\0\0"), request(1, 2), start(9), data(b"12345"),
    end(b"6789"), response(3), event(4, 5, 6), cancel(), framed(13), framed(14), end(), request(),
]  # fmt: skip


# Where boundaries fall


def test_frames_every_type_that_begins_where_a_segment_begins() -> None:
    told = Framed(*EVERY_TYPE)
    assert {message[4] for message in EVERY_TYPE} == set(MESSAGES)
    assert told.tell() == good(*EVERY_TYPE)
    assert [(row["first"], row["last"]) for row in told.rows] == [(at, at) for at in range(len(EVERY_TYPE))]


@pytest.mark.parametrize("at_hand", [True, False])
def test_frames_many_messages_in_one_segment(at_hand: bool) -> None:
    told = Framed(b"".join(EVERY_TYPE), at_hand=at_hand)
    assert told.tell() == good(*EVERY_TYPE)
    assert {(row["first"], row["last"]) for row in told.rows} == {(0, 0)}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 11, 13, 37, 50])
@pytest.mark.parametrize("at_hand", [True, False])
def test_frames_messages_whatever_their_segments(size: int, at_hand: bool) -> None:
    stream = b"".join(EVERY_TYPE)
    pieces = [stream[low : low + size] for low in range(0, len(stream), size)]
    told = Framed(*pieces, at_hand=at_hand)
    assert told.tell() == good(*EVERY_TYPE)
    for row in told.rows:
        assert row["first"] == row["offset"] // size
        assert row["last"] == (row["offset"] + row["length"] - 1) // size
        assert row["began"] == row["first"] * 10**9
        assert row["time"] == row["last"] * 10**9
        assert row["acknowledgment"] == 500 + row["first"]
    assert told.stream.bytes == len(stream)
    assert told.stream.boundary == len(stream)


def test_frames_a_header_that_straddles_segments_and_batches() -> None:
    stream = request(1) + end(b"payload") + response()
    for cut in range(1, len(stream)):
        for feeds in ([], [1]):
            assert Framed(*apart(stream, cut), feeds=feeds).tell() == good(request(1), end(b"payload"), response())


def test_reads_the_fields_of_messages_however_they_are_cut() -> None:
    stream = request(1, 2, 3, 4, 5) + start(1 << 40) + event(9, code=0xC101)
    for cuts in ([], [20], [38], [39, 50], [10, 11, 12, 36, 37, 44, 57, 60, 70]):
        asked, begun, told = Framed(*apart(stream, *cuts)).rows
        assert [asked[f"word{index}"] for index in range(5)] == [1, 2, 3, 4, 5]
        assert (asked["words"], asked["code"], asked["transaction_id"], asked["known"]) == (5, 0x1009, ID, 38)
        assert (begun["total"], begun["transaction_id"], begun["known"]) == (1 << 40, ID, 20)
        assert (told["code"], told["word0"], told["words"], told["transaction_id"]) == (0xC101, 9, 1, 0xFFFFFFFF)


def test_says_in_which_packets_a_message_lies_when_they_were_reordered() -> None:
    stream = data(b"x" * 30) + end(b"y" * 30) + response()
    told = Framed(*apart(stream, 20, 50, 70), order=[5, 3, 4, 1])
    assert [(row["first"], row["last"]) for row in told.rows] == [(3, 5), (1, 4), (1, 1)]


def test_writes_a_long_message_down_when_its_end_has_come() -> None:
    message = data(b"z" * 5000)
    pieces = [message[low : low + 1000] for low in range(0, len(message), 1000)]
    told = Framed(*pieces, feeds=[1, 3], end=False)
    assert told.rows[0]["offset"] == 0
    assert (told.rows[0]["first"], told.rows[0]["last"], told.rows[0]["status"]) == (0, 5, m.COMPLETE)
    assert Framed(*pieces[:-1], feeds=[1, 3], end=False).rows == []


def test_leaves_reordering_inside_a_long_message_to_its_bounds() -> None:
    message = data(b"z" * 300)
    for feeds in ([], [1], [1, 2], [1, 2, 3]):
        (row,) = Framed(*apart(message, 100, 200, 300), order=[7, 2, 9, 4], feeds=feeds).rows
        assert (row["first"], row["last"]) == (2, 9)


@pytest.mark.parametrize("at_hand", [True, False])
def test_reads_no_field_of_a_short_message_from_the_one_behind_it(at_hand: bool) -> None:
    for kind in range(1, 15):
        for size in range(4):
            row = Framed(framed(kind, b"\xff" * size) + request(1, 2, 3, 4, 5) * 3, at_hand=at_hand).rows[0]
            assert (row["type"], row["length"]) == (kind, 8 + size)
            assert row["known"] == 8 + size
            values = ("transaction_id", "code", "data_phase_info", "total", "words")
            ours = int.from_bytes(b"\xff" * size, "little")
            assert {row[name] for name in values} <= {0, ours, ours & 0xFFFF, ours >> 16}, kind


def test_frames_several_streams_side_by_side() -> None:
    laid, framer = Laid(), Framer(lambda position, length: laid.read(position, length))
    one, two, three = FramedStream(0, None), FramedStream(1, None), FramedStream(9, None)
    parts = [
        (one, [laid.rows(request(), response()[:5])]),
        (two, [laid.rows(data(b"long" * 40)[:60])]),
        (three, [laid.rows(event(1) + event(2)[:9], event(2)[9:])]),
    ]
    framer.feed(parts, Bytes(all_bytes(0, laid.bytes), laid.read))
    framer.feed([(two, [laid.rows(data(b"long" * 40)[60:], offset=60)]), (one, [laid.rows(response()[5:], offset=23)])],
                Bytes(all_bytes(0, laid.bytes), laid.read))  # fmt: skip
    table = framer.messages
    rows = sorted((table.row(at)["stream"], table.row(at)["offset"], table.row(at)["type"]) for at in range(len(table)))
    assert rows == [(0, 0, 6), (0, 18, 7), (1, 0, 10), (9, 0, 8), (9, 18, 8)]
    assert (one.bytes, two.bytes, three.bytes) == (32, 172, 36)


# Greetings


@pytest.mark.parametrize("cuts", [[], [5], [8], [30], [8, 20, 40], [46, 60]])
@pytest.mark.parametrize("one_by_one", [True, False])
def test_keeps_the_bytes_of_greetings(cuts: list[int], one_by_one: bool) -> None:
    stream = hello("desk") + ack("camera")
    pieces = apart(stream, *cuts)
    told = Framed(*pieces, feeds=list(range(1, len(pieces))) if one_by_one else [])
    assert told.greetings == {0: hello("desk"), len(hello("desk")): ack("camera")}
    assert told.tell() == good(hello("desk"), ack("camera"))


def test_says_what_is_wrong_with_a_greeting() -> None:
    open_name, short = framed(1, bytes(range(16)) + b"d\0e\0s\0"), hello(version=b"\0")
    told = Framed(open_name, short, request())
    assert [(status, reason) for *_, status, reason in told.tell()] == [
        ("malformed", "friendly name is not terminated"),
        ("malformed", "no protocol version behind the name"),
        ("complete", None),
    ]


def test_does_not_judge_a_greeting_of_which_bytes_are_missing() -> None:
    message = hello("a long name for a desk")
    told = Framed(message[:40], 10, message[50:], request())
    assert told.tell()[0] == (0, len(message), 1, "gap", None)
    assert told.greetings == {0: message[:40]}
    cut = Framed((message[:40], len(message)), request())
    assert cut.tell()[0] == (0, len(message), 1, "cut", None)
    assert cut.tell()[1:] == good(request(), at=len(message))


def test_writes_a_greeting_that_never_ended_with_the_bytes_it_lacks() -> None:
    message = hello("a long name for a desk")
    told = Framed(message[:20], 10, message[30:40])
    assert [(row["status"], row["lost"], row["type"]) for row in told.rows] == [(m.GAP, 10 + len(message) - 40, 1)]


# Missing bytes


@pytest.mark.parametrize("feeds", [[], [1], [2], [1, 2]])
def test_keeps_the_header_of_a_message_with_a_hole_in_its_body(feeds: list[int]) -> None:
    message = data(b"p" * 100)
    told = Framed(message[:50], 30, message[80:] + response(), feeds=feeds)
    assert told.tell() == [(0, 112, 10, "gap", None), *good(response(), at=112)]
    assert (told.rows[0]["lost"], told.rows[0]["transaction_id"], told.rows[0]["known"]) == (30, ID, 38)
    assert told.rows[1]["lost"] == 0
    assert told.stream.bytes == 112 + 14 - 30


@pytest.mark.parametrize("known", range(8, 38))
def test_reads_as_much_of_the_fields_as_stands_before_a_hole(known: int) -> None:
    message = request(1, 2, 3, 4, 5)
    for feeds in ([], [1], [2]):
        row, after = Framed(message[:known], 38 - known, response(), feeds=feeds).rows
        assert (row["status"], row["known"], row["lost"], row["length"]) == (m.GAP, known, 38 - known, 38)
        assert row["words"] == max(known - 18, 0) // 4
        assert (after["type"], after["offset"]) == (7, 38)


@pytest.mark.parametrize("known", range(8))
def test_waits_for_a_boundary_when_a_header_falls_into_a_hole(known: int) -> None:
    """What follows is found by what the other side had received, and the lost message is one unframed row."""
    lost = end(b"q" * 50)
    rest = data(b"r" * 20) + end() + response()
    told = Framed(
        start(70), lost[:known], 20, lost[known + 20 :] + rest, anchors=(20 + 62 + len(rest),), to_responder=False
    )
    assert told.tell() == [
        *good(start(70)),
        (20, 62, m.UNFRAMED, "gap", "missing bytes hide the boundaries"),
        *good(data(b"r" * 20), end(), response(), at=82),
    ]
    assert told.rows[1]["lost"] == 20


def test_finds_the_boundary_again_and_again() -> None:
    events = event(1) + event(2) + event(3) + event(4)
    told = Framed(event(0)[:3], 15, events, event(0)[:3], 15, events)
    missing = [(at, 18, m.UNFRAMED, "gap", "missing bytes hide the boundaries") for at in (0, 90)]
    four = [event(1), event(2), event(3), event(4)]
    assert told.tell() == [missing[0], *good(*four, at=18), missing[1], *good(*four, at=108)]


def test_frames_from_the_first_boundary_when_the_capture_began_late() -> None:
    rest = end(b"12345") + response()
    told = Framed(b"rest of a payload" + rest, lost=m.BEGAN_EARLIER, anchors=(17 + len(rest),), to_responder=False)
    assert told.tell() == [
        (0, 17, m.UNFRAMED, "gap", "began before the capture"),
        *good(end(b"12345"), response(), at=17),
    ]
    aligned = Framed(rest, lost=m.BEGAN_EARLIER, anchors=(len(rest),), to_responder=False)
    assert aligned.tell() == good(end(b"12345"), response())


def test_says_that_all_is_unframed_when_no_boundary_is_found() -> None:
    told = Framed(b"\xff" * 40, b"\xfe" * 30, lost=m.BEGAN_EARLIER)
    assert told.tell() == [(0, 70, m.UNFRAMED, "gap", "began before the capture")]
    (row,) = told.rows
    assert (row["first"], row["last"], row["began"], row["time"], row["acknowledgment"]) == (0, 1, 0, 10**9, 500)


def test_knows_no_acknowledgment_of_a_hole() -> None:
    told = Framed(event(0), 18, event(1) + event(2) + event(3) + event(4))
    assert [(row["type"], row["acknowledgment"]) for row in told.rows][:3] == [(8, 500), (m.UNFRAMED, -1), (8, 501)]


@pytest.mark.parametrize("kept", [8, 12, 20, 38, 60])
def test_uses_the_header_of_a_message_that_a_snap_length_has_cut(kept: int) -> None:
    message = data(b"s" * 100)
    told = Framed((message[:kept], 112), response())
    assert told.tell() == [(0, 112, 10, "cut", None), *good(response(), at=112)]
    assert (told.rows[0]["known"], told.rows[0]["lost"]) == (min(kept, 38), 0)


def test_knows_the_cut_of_a_message_in_several_segments() -> None:
    message = data(b"s" * 100)
    for feeds in ([], [1], [2], [1, 2]):
        told = Framed((message[:30], 50), (message[50:60], 40), message[90:], response(), feeds=feeds)
        assert told.tell() == [(0, 112, 10, "cut", None), *good(response(), at=112)]
        both = Framed((message[:30], 50), 40, message[90:], response(), feeds=feeds)
        assert both.tell() == [(0, 112, 10, "gap", None), *good(response(), at=112)], "a hole says more"
        assert both.rows[0]["lost"] == 40


def test_loses_sync_when_a_header_was_cut_off() -> None:
    events = [event(1), event(2), event(3), event(4)]
    told = Framed((event(0)[:6], 18), *events)
    assert told.tell() == [(0, 18, m.UNFRAMED, "gap", "missing bytes hide the boundaries"), *good(*events, at=18)]
    assert told.rows[0]["lost"] == 0, "a snap length loses nothing on the wire"


# Malformed


@pytest.mark.parametrize(
    ("bad", "length", "reason"),
    [
        (framed(15, bytes(4)), 12, "reserved type"),
        (framed(0), 8, "reserved type"),
        (framed(0x00010001, bytes(9)), 17, "reserved type"),
        (framed(9, bytes(8)), 16, "length is not that of its type"),
        (framed(9, bytes(24)), 32, "length is not that of its type"),
        (framed(9, bytes(12), length=16), 16, "length is not that of its type"),
        (framed(9, bytes(12), length=32), 32, "length is not that of its type"),
        (framed(9, bytes(12), length=5000), 5000, "length is not that of its type"),
        (framed(11), 8, "length is not that of its type"),
        (framed(14, bytes(4)), 12, "length is not that of its type"),
        (framed(3, bytes(4), length=8), 8, "length is not that of its type"),
        (framed(6, bytes(5)), 13, "length is not that of its type"),
        (framed(7, bytes(7)), 15, "parameters are not whole words"),
        (framed(8, bytes(22)), 30, "more parameters than allowed"),
        (framed(10, bytes(2)), 10, "length is not that of its type"),
        (framed(1, bytes(3)), 11, "length is not that of its type"),
    ],
    ids=lambda value: value.hex()[:32] if isinstance(value, bytes) else None,
)
@pytest.mark.parametrize("together", [True, False])
def test_keeps_a_malformed_message_as_a_row_with_its_reason(
    bad: bytes, length: int, reason: str, together: bool
) -> None:
    """Its length word is told as it is; the next message is found where it stands."""
    pieces = [request(), bad, response(), request()]
    told = Framed(*([b"".join(pieces)] if together else pieces))
    kind = int.from_bytes(bad[4:8], "little")
    assert told.tell() == [
        *good(request()),
        (18, length, kind, "malformed", reason),
        *good(response(), request(), at=18 + len(bad)),
    ]


@pytest.mark.parametrize("feeds", [[], [1], [1, 2]])
def test_keeps_the_reason_of_a_malformed_message_that_comes_in_parts(feeds: list[int]) -> None:
    bad = framed(7, bytes(7)) + framed(6, bytes(60))
    told = Framed(*apart(bad, 14, 40), response(), feeds=feeds)
    assert told.tell() == [
        (0, 15, 7, "malformed", "parameters are not whole words"),
        (15, 68, 6, "malformed", "more parameters than allowed"),
        *good(response(), at=83),
    ]
    lacking = Framed(*apart(framed(6, bytes(60)), 40)[:1], 10, bytes(18), response(), feeds=feeds)
    assert lacking.tell()[0] == (0, 68, 6, "gap", "more parameters than allowed")


def test_decides_a_doubtful_length_by_what_follows_and_not_before_it_came() -> None:
    doubtful = framed(9, bytes(12), length=32)
    for feeds in itertools.chain.from_iterable(itertools.combinations((1, 2, 3), count) for count in range(4)):
        told = Framed(doubtful, response()[:9], response()[9:], request() + request(), feeds=list(feeds))
        assert [row[:3] for row in told.tell()] == [(0, 32, 9), (20, 14, 7), (34, 18, 6), (52, 18, 6)]


def test_believes_a_doubtful_length_of_a_known_type_that_ends_the_stream() -> None:
    assert Framed(request(), framed(14, bytes(4))).tell()[1] == (
        18,
        12,
        14,
        "malformed",
        "length is not that of its type",
    )
    assert Framed(request(), framed(15, bytes(4))).tell()[1][2] == m.UNFRAMED, "a reserved type needs a witness"


@pytest.mark.parametrize("length", range(8))
def test_cannot_go_on_behind_a_length_below_eight(length: int) -> None:
    rest = end(b"after") + response()
    told = Framed(
        request(), framed(10, b"nonsense", length=length) + rest, anchors=(18 + 16 + len(rest),), to_responder=None
    )
    assert told.tell() == [
        *good(request()),
        (18, 16, m.UNFRAMED, "malformed", "length below 8"),
        *good(end(b"after"), response(), at=34),
    ]


def test_finds_messages_again_behind_nonsense() -> None:
    events = [event(1), event(2), event(3), event(4)]
    told = Framed(event(0), b"\xff" * 50, *events)
    assert told.tell() == [
        *good(event(0)),
        (18, 50, m.UNFRAMED, "malformed", "no message can be found in these bytes"),
        *good(*events, at=68),
    ]


def test_gives_nonsense_and_the_hole_behind_it_a_row_each() -> None:
    events = [event(1), event(2), event(3), event(4)]
    told = Framed(event(0), b"\xff" * 50, 20, b"tail", *events)
    assert told.tell() == [
        *good(event(0)),
        (18, 50, m.UNFRAMED, "malformed", "no message can be found in these bytes"),
        (68, 24, m.UNFRAMED, "gap", "missing bytes hide the boundaries"),
        *good(*events, at=92),
    ]
    assert [row["lost"] for row in told.rows[:3]] == [0, 0, 20]


@pytest.mark.parametrize("length", [GREETING_LIMIT + 1, 1 << 20, 0xFFFFFFFF])
def test_does_not_believe_a_message_without_payload_that_claims_to_be_long(length: int) -> None:
    events = [event(1), event(2), event(3), event(4)]
    told = Framed(framed(6, request()[8:], length=length), *events)
    assert told.tell() == [
        (0, 18, m.UNFRAMED, "malformed", "no message can be found in these bytes"),
        *good(*events, at=18),
    ]


# The end


def test_says_that_a_message_is_cut_when_the_capture_ends_in_it() -> None:
    message = data(b"p" * 100)
    for feeds in ([], [1]):
        told = Framed(request(), message[:60], feeds=feeds)
        assert told.tell() == [*good(request()), (18, 112, 10, "cut", None)]
        assert (told.rows[1]["last"], told.rows[1]["transaction_id"], told.rows[1]["lost"]) == (1, ID, 52)
    gap = Framed(request(), message[:60], 10, message[70:90])
    assert gap.tell() == [*good(request()), (18, 112, 10, "gap", None)]


@pytest.mark.parametrize("known", range(8, 17))
def test_reads_what_there_is_of_a_request_that_the_capture_ends_in(known: int) -> None:
    (row,) = Framed(request()[:known]).rows
    assert (row["type"], row["length"], row["status"], row["known"]) == (6, 18, m.CUT, known)
    assert row["code"] == (0x1009 if known >= 14 else 0x09 if known == 13 else 0)
    assert (row["first"], row["last"], row["acknowledgment"]) == (0, 0, 500)


@pytest.mark.parametrize("known", range(1, 8))
def test_counts_bytes_at_the_end_that_are_too_few_for_a_header(known: int) -> None:
    told = Framed(request(), response()[:known])
    assert told.tell() == [*good(request()), (18, known, m.UNFRAMED, "cut", None)]


def test_writes_down_no_more_than_there_is() -> None:
    assert Framed(request()).tell() == good(request())
    framer = Framer(Laid().read)
    framer.feed([(FramedStream(0, None), [])], Bytes(NOTHING, Laid().read), final=True)
    assert len(framer.messages) == 0


# Whatever comes


MESSAGE = st.one_of(
    st.sampled_from(EVERY_TYPE),
    st.sampled_from([framed(15, bytes(4)), framed(9, bytes(8)), framed(9, bytes(12), length=32), b"\xff" * 9]),
    st.binary(max_size=90).map(data),
    st.binary(max_size=90).map(end),
    st.integers(0, 9).map(lambda length: framed(6, b"abcd", length=length)),
    st.binary(min_size=1, max_size=12),
)


@st.composite
def streams(draw: st.DrawFn) -> list[Piece]:
    """Messages, good and bad, cut into segments anywhere; some segments lost, some cut by a snap length."""
    stream = b"".join(draw(st.lists(MESSAGE, min_size=1, max_size=9)))
    cuts = sorted(draw(st.sets(st.integers(1, len(stream)), max_size=12)) - {len(stream)})
    pieces: list[Piece] = []
    for piece in apart(stream, *cuts):
        assert isinstance(piece, bytes)
        fate = draw(st.integers(0, 11))
        if fate == 0:
            pieces.append(len(piece))
        elif fate == 1:
            pieces.append((piece[: draw(st.integers(0, len(piece)))], len(piece)))
        else:
            pieces.append(piece)
    return pieces


@settings(max_examples=300, deadline=None)
@given(streams(), st.data(), st.sampled_from([m.FINE, m.BEGAN_EARLIER]), st.sampled_from([None, True, False]))
def test_gives_the_same_rows_however_a_stream_arrives(
    pieces: list[Piece], draw: st.DataObject, lost: int, to_responder: bool | None
) -> None:
    total = sum(
        piece if isinstance(piece, int) else len(piece) if isinstance(piece, bytes) else piece[1] for piece in pieces
    )
    feeds = sorted(draw.draw(st.sets(st.integers(1, len(pieces)), max_size=6)))
    anchors = tuple(sorted(draw.draw(st.sets(st.integers(0, total), max_size=3))))
    options: dict[str, Any] = {"lost": lost, "to_responder": to_responder, "anchors": anchors}
    whole = Framed(*pieces, **options)
    parts = Framed(*pieces, feeds=feeds, **options)
    from_source = Framed(*pieces, feeds=feeds, at_hand=False, **options)
    assert whole.rows == parts.rows == from_source.rows
    assert whole.greetings == parts.greetings == from_source.greetings


@settings(max_examples=300, deadline=None)
@given(streams(), st.sampled_from([m.FINE, m.BEGAN_EARLIER]))
def test_puts_every_byte_into_a_row_in_order(pieces: list[Piece], lost: int) -> None:
    told = Framed(*pieces, lost=lost)
    total = int(Laid().rows(*pieces)[LENGTH].sum())
    reach = 0
    for row in told.rows:
        assert row["offset"] == reach
        fixed = m.fixed_length(row["type"])
        after = [other["offset"] for other in told.rows if other["offset"] > row["offset"]]
        reach = after[0] if after else max(reach + row["length"], total)
        if after and row["length"] != reach - row["offset"]:
            assert row["reason"] == m.WRONG_LENGTH
            assert reach - row["offset"] == fixed
    assert reach >= total
