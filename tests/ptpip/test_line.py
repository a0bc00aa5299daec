"""Streams laid end to end: positions, missing bytes and the bytes themselves, never one stream's for another's."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.capture import NOTHING, Bytes, all_bytes
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.ptpip.framing import FramedStream
from ptpip_analyze.ptpip.line import Line, rows_from
from ptpip_analyze.ptpip.recognise import DATA_LIMIT, GREETING_LIMIT
from ptpip_analyze.tcp import CAPTURED, LENGTH, OFFSET, PACKET, POSITION

from .laid import Laid, Piece, end, framed, request, response, start


def given(laid: Laid, low: int = 0, high: int | None = None) -> Bytes:
    """The laid bytes, those from ``low`` to ``high`` at hand."""
    return Bytes(all_bytes(low, laid.bytes[low:high]), laid.read)


def lined(laid: Laid, *streams: tuple[int, list[Piece]]) -> Line:
    """Streams, each with the offset of its first row."""
    laid_out = [(number, laid.rows(*pieces, offset=offset)) for number, (offset, pieces) in enumerate(streams)]
    return Line([(FramedStream(number, None), rows) for number, rows in laid_out])


def test_places_streams_one_behind_the_other_with_a_spare_position() -> None:
    line = lined(Laid(), (0, [b"abc", b"de"]), (1000, [b"fgh"]), (70, [b"i", b"jk"]))
    assert line.at.tolist() == [0, 3, 6, 10, 11]
    assert (line.start, line.stop) == ([0, 6, 10], [5, 9, 13])
    assert [start + shift for start, shift in zip(line.start, line.shift, strict=True)] == [0, 1000, 70]
    assert (line.first_piece, line.last_piece) == ([0, 2, 3], [1, 2, 4])


@pytest.mark.parametrize("at", range(13))
def test_finds_the_row_of_a_position(at: int) -> None:
    line = lined(Laid(), (0, [b"abc", b"de"]), (1000, [b"fgh"]), (70, [b"i", b"jk"]))
    rows = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 4, 4]  # positions 5 and 9 are spare
    assert line.piece(at) == rows[at]


@pytest.mark.parametrize("at_hand", [True, False])
def test_reads_across_segments_of_one_stream_only(at_hand: bool) -> None:
    laid = Laid()
    line = lined(laid, (0, [b"abc", b"de"]), (1000, [b"fgh"]))
    source = given(laid) if at_hand else Bytes(NOTHING, laid.read)
    assert line.read(0, 5, source) == b"abcde"
    assert line.read(2, 2, source) == b"cd"
    assert line.read(1, 99, source) == b"bcde", "the other stream's bytes are not its own"
    assert line.read(6, 99, source) == b"fgh"
    assert line.read(5, 4, source) == b""
    assert line.read(2, 0, source) == b""
    assert (laid.reads > 0) is not at_hand


def test_reads_the_source_where_the_batch_does_not_reach() -> None:
    laid = Laid()
    line = lined(laid, (0, [b"abcd", b"efgh", b"ijkl"]))
    second = int(line.rows[POSITION, 1])
    for low, high in ((second, second + 4), (second + 1, second + 4), (second, second + 3)):
        laid.reads = 0
        assert line.read(0, 12, given(laid, low, high)) == b"abcdefghijkl"
        assert laid.reads == (2 if high - low == 4 else 3)


def test_stops_reading_at_the_first_byte_that_is_not_in_the_capture() -> None:
    laid = Laid()
    line = lined(laid, (0, [b"abc", 2, b"fg"]), (0, [(b"hi", 4), b"lm"]))
    assert line.read(0, 7, given(laid)) == b"abc"
    assert line.read(3, 4, given(laid)) == b""
    assert line.read(5, 2, given(laid)) == b"fg"
    assert line.read(8, 6, given(laid)) == b"hi"
    assert line.read(10, 4, given(laid)) == b""
    assert line.read(12, 9, given(laid)) == b"lm"


def test_counts_missing_bytes_between_any_two_positions() -> None:
    pieces: list[Piece] = [b"abc", 4, (b"hi", 5), 2, b"o", (b"", 3), b"s"]
    line = lined(Laid(), (0, [b"x", (b"y", 2)]), (500, pieces), (0, [3, b"z"]))
    kinds = "kkc" + " " + "kkkhhhhkkccchhkccck" + " " + "hhhk"  # known, hole, cut, spare
    starts, stops = [], []
    for low in range(len(kinds)):
        for high in range(low, len(kinds) + 1):
            inside = kinds[low:high]
            if " " in inside or (high < len(kinds) and kinds[high] == " " and low == high):
                continue
            assert line.missing(low, high) == (inside.count("h"), inside.count("c")), (low, high)
            assert line.has_hole(low, high) is ("h" in inside or "c" in inside)
            starts.append(low)
            stops.append(high)
    gaps, cuts = line.missing_between(np.array(starts), np.array(stops))
    assert gaps.tolist() == [kinds[low:high].count("h") for low, high in zip(starts, stops, strict=True)]
    assert cuts.tolist() == [kinds[low:high].count("c") for low, high in zip(starts, stops, strict=True)]


def test_knows_that_nothing_is_missing() -> None:
    line = lined(Laid(), (0, [b"abc", b"de"]))
    assert not line.incomplete
    assert line.missing(0, 5) == (0, 0)
    assert not line.has_hole(0, 5)
    assert lined(Laid(), (0, [b"abc", (b"d", 2)])).incomplete


def test_knows_whether_packets_were_reordered() -> None:
    laid = Laid()
    rows = laid.rows(b"abc", b"de", b"fg")
    assert not Line([(FramedStream(0, None), rows)]).reordered
    rows[PACKET] = [1, 0, 2]
    assert Line([(FramedStream(0, None), rows)]).reordered


@pytest.mark.parametrize(
    ("message", "taken"),
    [
        (request(), True),
        (response(1, 2), True),
        (start(5), True),
        (end(b"payload"), True),
        (framed(13), True),
        (framed(9, bytes(8)), False),
        (framed(9, bytes(16)), False),
        (framed(3, bytes(8)), False),
        (framed(15, bytes(8)), False),
        (framed(0, bytes(8)), False),
        (framed(0x00010006, bytes(10)), False),
        (framed(6, length=7), False),
        (framed(10, length=8), True),
        (framed(6, length=GREETING_LIMIT), True),
        (framed(6, length=GREETING_LIMIT + 1), False),
        (framed(10, length=GREETING_LIMIT + 1), True),
        (framed(12, length=DATA_LIMIT - 1), True),
    ],
    ids=lambda value: value.hex()[:24] if isinstance(value, bytes) else "",
)
def test_takes_segment_starts_with_believable_header_words_for_candidates(message: bytes, taken: bool) -> None:
    laid = Laid()
    line = lined(laid, (40, [b"xyz", message, b"tail"]))
    found = line.candidates(Bytes(all_bytes(0, np.append(laid.bytes, np.zeros(8, np.uint8))), laid.read))
    length, kind = np.frombuffer(message[:8], "<u4").tolist()
    assert [column.tolist() for column in found] == ([[3], [length], [kind], [1]] if taken else [[], [], [], []])


def test_looks_for_candidates_only_in_bytes_at_hand() -> None:
    laid = Laid()
    line = lined(laid, (0, [request(), (response()[:7], 14), response()[:8], request()]))
    first, last = int(line.rows[POSITION, 0]), int(line.rows[POSITION, 3])
    starts = line.at.tolist()

    def found(low: int, high: int) -> list[int]:
        places: list[int] = line.candidates(given(laid, low, high))[0].tolist()
        return places

    assert found(0, last + 18) == [starts[0], starts[2], starts[3]]
    assert found(first + 1, last + 8) == [starts[2], starts[3]]
    assert found(first, last + 7) == [starts[0], starts[2]]
    assert found(first, first + 7) == []
    assert [part.tolist() for part in line.candidates(Bytes(NOTHING, laid.read))] == [[], [], [], []]


def test_looks_for_no_candidate_in_a_hole() -> None:
    laid = Laid()
    line = lined(laid, (0, [18, request()]))
    assert line.candidates(given(laid))[0].tolist() == [18]


@pytest.mark.parametrize(
    ("offset", "packets"),
    [(0, [0, 1, 2]), (99, [0, 1, 2]), (100, [0, 1, 2]), (102, [0, 1, 2]), (103, [1, 2]), (105, [2]), (107, [2]),
     (108, []), (500, [])],
)  # fmt: skip
def test_keeps_the_rows_from_an_offset_on_whole(offset: int, packets: list[int]) -> None:
    rows = Laid().rows(b"abc", b"de", b"fgh", offset=100)
    kept = rows_from(rows, offset)
    assert kept[PACKET].tolist() == packets
    np.testing.assert_array_equal(kept, rows[:, 3 - len(packets) :])
    kept[[OFFSET, LENGTH, CAPTURED]] = 0
    assert rows[OFFSET].tolist() == [100, 103, 105], "a copy: what was consumed may be forgotten"


def test_counts_messages_of_one_size_that_follow_one_another() -> None:
    """Also where segments cut them anywhere, but not through a header."""
    laid = Laid()
    chunks = b"".join(m.DATA.to_bytes(4, "little").join([(32).to_bytes(4, "little"), bytes(24)]) for _ in range(100))
    other = (33).to_bytes(4, "little") + m.DATA.to_bytes(4, "little") + bytes(25)
    for count in (0, 1, 15, 16, 17, 80, 100):
        stream = chunks[: 32 * count] + other + chunks
        rows = laid.rows(stream[:310], stream[310:1000], stream[1000:])
        line = Line([(FramedStream(0, None), rows)])
        assert line.repeats(0, line.stop[0], 32, m.DATA, given(laid)) == count
    assert line.repeats(0, 32 * 3 + 31, 32, m.DATA, given(laid)) == 3, "not what ends behind the line"
