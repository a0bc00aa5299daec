"""Message rows: length, status and reason from header bytes and from what is missing, however they are gathered."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.ptpip.rows import TOGETHER, Found, Row, Writer
from ptpip_analyze.store import Columns
from ptpip_analyze.tcp import ACK, LENGTH, OFFSET, PACKET, POSITION, TIME

RESPONSE = struct.pack("<IIHI", 14, m.OPERATION_RESPONSE, 0x2001, 7)
CANCEL = struct.pack("<III", 12, m.CANCEL, 7)


def segments(*packets: int, time: int = 1000) -> np.ndarray:
    """Segments of ten bytes, at a second per packet number."""
    rows = np.zeros((7, len(packets)), np.int64)
    rows[PACKET] = packets
    rows[TIME] = [number * 1_000_000_000 + time for number in packets]
    rows[LENGTH], rows[OFFSET], rows[POSITION], rows[ACK] = 10, 0, 0, 500
    return rows


def row(window: bytes, length: int | None = None, *packets: int) -> Row:
    made = Row(4, 100, len(window) if length is None else length, int.from_bytes(window[4:8], "little"), window)
    made.extend(segments(*(packets or (3,))), 0, 0)
    return made


def found(*windows: bytes) -> Found:
    """Whole messages as framing hands them over."""
    count = len(windows)
    data = b"".join(window.ljust(m.WINDOW_BYTES, b"\0")[: m.WINDOW_BYTES] for window in windows)
    numbers = np.arange(count)
    lengths = np.array([len(window) for window in windows])
    known = np.minimum(lengths, m.FIXED_BYTES)
    kinds = np.array([int.from_bytes(window[4:8], "little") for window in windows])
    table = np.frombuffer(data, np.uint8).reshape(count, -1)
    return Found(
        numbers, numbers * 50, lengths, kinds, table, known, numbers, numbers, numbers, numbers, numbers, None, None,
        {}, {},
    )  # fmt: skip


def written(fill: Callable[[Writer], None]) -> list[dict[str, int | float]]:
    table = Columns(m.COLUMNS)
    writer = Writer(table)
    fill(writer)
    writer.flush()
    assert writer.count == len(table)
    return [table.row(number) for number in range(len(table))]


def one(made: Row) -> dict[str, int | float]:
    (told,) = written(lambda writer: writer.add([made]))
    return told


def test_takes_the_fields_from_the_header() -> None:
    told = one(row(RESPONSE))
    assert (told["type"], told["length"], told["code"], told["transaction_id"]) == (7, 14, 0x2001, 7)
    assert (told["status"], told["reason"], told["lost"]) == (m.COMPLETE, m.FINE, 0)
    assert (told["stream"], told["offset"], told["acknowledgment"]) == (4, 100, 500)


def test_spans_the_packets_that_carry_it_in_whatever_order_they_came() -> None:
    made = row(RESPONSE, None, 7, 5)
    made.extend(segments(9, 2), 0, 0)
    told = one(made)
    assert (told["first"], told["last"]) == (2, 9)
    assert (told["began"], told["time"]) == (2_000_001_000, 9_000_001_000)


def test_has_no_time_when_one_of_its_packets_has_none() -> None:
    made = row(RESPONSE)
    rows = segments(8)
    rows[TIME] = NO_TIME
    made.extend(rows, 0, 0)
    told = one(made)
    assert told["began"] == told["time"] == NO_TIME


@pytest.mark.parametrize(("gap", "cut", "status"), [(0, 0, m.COMPLETE), (0, 3, m.CUT), (2, 0, m.GAP), (2, 3, m.GAP)])
def test_says_what_is_missing(gap: int, cut: int, status: int) -> None:
    made = row(RESPONSE)
    made.extend(segments(4), gap, cut)
    told = one(made)
    assert told["status"] == status
    assert told["lost"] == gap  # what snaplen cut was carried


def test_calls_a_message_that_never_ended_cut_and_counts_what_never_came() -> None:
    made = row(struct.pack("<III", 500, m.END_DATA, 7), 500)
    made.unfinished(488)
    told = one(made)
    assert (told["status"], told["lost"], told["length"]) == (m.CUT, 488, 500)


def test_keeps_a_hole_when_a_message_never_ended() -> None:
    made = row(struct.pack("<III", 500, m.END_DATA, 7), 500)
    made.extend(segments(4), 20, 0)
    made.unfinished(100)
    told = one(made)
    assert (told["status"], told["lost"]) == (m.GAP, 120)


def test_tells_the_length_word_when_framing_took_another_length() -> None:
    told = one(row(struct.pack("<III", 99, m.CANCEL, 7), 12))
    assert (told["length"], told["status"], told["reason"]) == (99, m.MALFORMED, m.WRONG_LENGTH)


def test_takes_the_status_and_reason_that_are_given() -> None:
    made = Row(4, 100, 33, m.UNFRAMED)
    made.extend(segments(3), 5, 0)
    made.status, made.reason = m.MALFORMED, m.GARBAGE
    told = one(made)
    assert (told["type"], told["length"], told["known"]) == (m.UNFRAMED, 33, 0)
    assert (told["status"], told["reason"], told["lost"]) == (m.MALFORMED, m.GARBAGE, 5)


def test_judges_a_greeting_by_its_flaw_unless_something_is_wrong_already() -> None:
    fine = struct.pack("<III", 60, m.INIT_COMMAND_ACK, 1).ljust(60, b"\1")
    part = found(fine, fine)._replace(flaws={1: m.OPEN_NAME})
    first, second = written(lambda writer: writer.add([], part))
    assert (first["status"], first["reason"]) == (m.COMPLETE, m.FINE)
    assert (second["status"], second["reason"]) == (m.MALFORMED, m.OPEN_NAME)


def test_writes_rows_before_arrays() -> None:
    told = written(lambda writer: writer.add([row(CANCEL), row(CANCEL)], found(RESPONSE, RESPONSE)))
    assert [one["type"] for one in told] == [m.CANCEL, m.CANCEL, m.OPERATION_RESPONSE, m.OPERATION_RESPONSE]


def test_writes_the_same_whether_rows_are_gathered_or_not() -> None:
    def parts() -> list[tuple[list[Row], Found | None]]:
        short = row(CANCEL)
        short.unfinished(3)
        given = Row(4, 100, 33, m.UNFRAMED)
        given.extend(segments(3), 5, 0)
        given.status, given.reason = m.GAP, m.HIDDEN
        greeting = struct.pack("<III", 60, m.INIT_COMMAND_ACK, 1).ljust(60, b"\1")
        missing = found(RESPONSE, RESPONSE)._replace(gap=np.array([0, 4]), cut=np.array([1, 0]))
        return [
            ([short], found(RESPONSE)),
            ([given], None),
            ([], found(greeting, RESPONSE)._replace(flaws={0: m.OPEN_NAME})),
            ([row(RESPONSE)], missing),
        ]

    def at_once(writer: Writer) -> None:
        for rows, arrays in parts():
            writer.add(rows, arrays)

    def one_by_one(writer: Writer) -> None:
        for rows, arrays in parts():
            writer.add(rows, arrays)
            writer.flush()

    together, apart = written(at_once), written(one_by_one)
    assert together == apart
    assert [told["status"] for told in together] == [
        m.CUT, m.COMPLETE, m.GAP, m.MALFORMED, m.COMPLETE, m.COMPLETE, m.CUT, m.GAP,
    ]  # fmt: skip


def test_lets_no_more_rows_wait_than_its_bound() -> None:
    table = Columns(m.COLUMNS)
    writer = Writer(table)
    writer.add([], found(*[RESPONSE] * (TOGETHER - 1)))
    assert len(table) == 0
    writer.add([row(RESPONSE)])
    assert len(table) == writer.count == TOGETHER
