"""Repeated words are one row; contradictions are two; everything is bounded."""

from __future__ import annotations

import base64

import pytest

from ptpip_analyze.ptpip import announcement
from ptpip_analyze.ptpip.announcement import MOST_PACKETS, MOST_TEXT, Book, Datagram, Said, carried, uuid_digits

GUID = "6f2c81d35ab94e07a1c4d9e8b7305f12"
RAW = bytes.fromhex(GUID)


def datagram(packet: int = 0, source: int = 1, captured: int = 10) -> Datagram:
    return Datagram(packet, packet * 1000, source, 2, 5353, 5353, 0, 10, captured, 7)


def said(**what: object) -> Said:
    return Said("mdns", "announcement", "_ptp._tcp", "Cam")._replace(**what)  # type: ignore[arg-type]


def test_counts_what_is_said_again() -> None:
    book = Book()
    for packet in range(100):
        book.note(datagram(packet), said(port=1, ttl=packet))
    (row,) = book
    assert (row.count, row.times[0], row.last_time, row.ttl) == (100, 0, 99_000, 99)
    assert row.packets == list(range(MOST_PACKETS))


def test_fills_in_what_comes_later() -> None:
    book = Book()
    book.note(datagram(0), said(addresses=(5,)))
    book.note(datagram(1), said(port=15740, text="a", addresses=(6, 5)))
    (row,) = book
    assert (row.port, row.text, row.addresses, row.station) == (15740, "a", [5, 6], 7)


@pytest.mark.parametrize("change", [{"port": 2}, {"text": "b"}, {"guid": "1" * 32}])
def test_begins_a_row_where_something_changed(change: dict[str, object]) -> None:
    book = Book()
    first = {"port": 1, "text": "a", "guid": GUID}
    book.note(datagram(0), said(**first))
    book.note(datagram(1), said(**first | change))
    book.note(datagram(2), said(**first | change))
    assert [row.count for row in book] == [1, 2]


@pytest.mark.parametrize("change", [{"device": "Other"}, {"service": "_x._tcp"}, {"kind": "goodbye"}, {"client": 9}])
def test_keeps_devices_and_kinds_apart(change: dict[str, object]) -> None:
    book = Book()
    book.note(datagram(0), said())
    book.note(datagram(1), said(**change))
    book.note(datagram(2, source=8), said())
    assert len(list(book)) == 3


def test_counts_no_packet_twice_in_a_row() -> None:
    book = Book()
    book.note(datagram(0), said())
    book.note(datagram(0), said(port=1))
    assert [row.count for row in book] == [1]


def test_knows_what_was_cut_and_what_was_complete() -> None:
    book = Book()
    book.note(datagram(0, captured=9), said(complete=True))
    book.note(datagram(1), said(complete=True))
    (row,) = book
    assert (row.cut, row.complete) == (True, [1])


def test_has_room_for_so_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcement, "MOST_ROWS", 3)
    book = Book()
    rows = [book.note(datagram(0, source=number), said()) for number in range(5)]
    assert [row is None for row in rows] == [False, False, False, True, True]
    assert book.left_out == 2


def test_keeps_so_much_text() -> None:
    book = Book()
    for packet in (0, 1):
        book.note(datagram(packet), said(text="x" * 5000, addresses=tuple(range(99))))
    (row,) = book
    assert (len(row.text or ""), len(row.addresses)) == (MOST_TEXT, announcement.MOST_ADDRESSES)


MIXED = bytes.fromhex("d3812c6fb95a074ea1c4d9e8b7305f12")


@pytest.mark.parametrize(
    "form",
    [
        RAW, GUID.encode(), GUID.upper().encode(), b"6f2c81d3-5ab9-4e07-a1c4-d9e8b7305f12", RAW.hex(":").encode(),
        base64.b64encode(RAW), MIXED, b"{D3812C6F-B95A-074E-A1C4-D9E8B7305F12}", RAW[::-1],
    ],
)  # fmt: skip
def test_finds_a_guid_in_whatever_form(form: bytes) -> None:
    assert carried(b"xx" + form + b"yy", ["0" * 31 + "1", GUID]) == GUID
    assert carried(b"xx" + form[2:], [GUID]) is None


def test_looks_for_no_guid_of_one_byte() -> None:
    assert carried(bytes(64), ["00" * 16]) is None
    assert carried(b"\xff" * 64, ["ff" * 16]) is None


def test_reads_the_text_of_a_uuid() -> None:
    assert uuid_digits(" {6F2C81D3-5AB9-4E07-A1C4-D9E8B7305F12} ") == GUID
    assert uuid_digits("6f2c81d3") is None
    assert uuid_digits("g" * 32) is None


def test_says_which_rows_name_a_device() -> None:
    book = Book()
    kinds = [said(), said(kind="answer"), said(kind="query"), said(kind="goodbye"), said(method="arp")]
    rows = [book.note(datagram(number), one) for number, one in enumerate(kinds)]
    assert [row is not None and row.names_device for row in rows] == [True, True, False, False, False]
