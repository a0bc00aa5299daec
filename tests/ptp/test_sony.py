"""What Sony cameras answer (SDIO)."""

from __future__ import annotations

import pytest

from ptpip_analyze.ptp.datasets import decode, live_view_jpeg, property_values
from ptpip_analyze.ptp.values import Dataset, PropertyValue

from .build import array, u8, u16, u32
from .samples import JPEG, SONY_NEW, SONY_OLD, sony


def read_sony(data: bytes, operation: int = 0x9209, size: int | None = None) -> Dataset:
    read = decode(data, operation=operation, vendor="sony", size=size)
    assert read is not None
    return read


@pytest.mark.parametrize(("data", "allowed"), [(SONY_OLD, (560, 800)), (SONY_NEW, (800,))])
def test_finds_out_whether_second_lists_are_sent(data: bytes, allowed: tuple[int, ...]) -> None:
    read = read_sony(data)
    assert read.notes == ()
    told = property_values(read)
    assert [(one.code, one.datatype, one.value, one.role) for one in told][:2] == [
        (0x5007, 4, 560, "current"), (0x5007, 4, allowed, "allowed"),
    ]  # fmt: skip
    assert (0xD25A, 2, 1, "current") in [(one.code, one.datatype, one.value, one.role) for one in told]


def test_finds_it_out_from_the_beginning_of_a_payload() -> None:
    many = u32(9, 0) + sony(0x5007, 4, u16(560), u8(2) + u16(2, 560, 800) + u16(1, 800)) * 5
    read = read_sony(many, size=5000)
    assert [value.value for value in property_values(read) if value.role == "allowed"] == [(800,)] * 5
    assert [note.text for note in read.notes] == [
        "descriptions 6 of 9 is not at hand: only the first 113 of 5,000 bytes are"
    ]


def test_finds_it_out_from_the_beginning_of_an_older_payload() -> None:
    read = read_sony(u32(9, 0) + sony(0x5007, 4, u16(560), u8(2) + u16(2, 560, 800)) * 5, size=5000)
    assert [value.value for value in property_values(read) if value.role == "allowed"] == [(560, 800)] * 5


def test_takes_no_part_of_a_list_for_what_may_be_set() -> None:
    cut = u32(1, 0) + sony(0x5007, 4, u16(560), u8(2) + u16(2, 560))
    read = read_sony(cut, size=500)
    assert [value.role for value in property_values(read)] == ["current"]


def test_reads_one_description() -> None:
    read = read_sony(sony(0x5007, 4, u16(560), u8(2) + u16(2, 560, 800) + u16(0)), 0x9203)
    assert (read.value("values"), read.value("settable"), read.notes) == ((560, 800), (), ())
    access = read.get("isEnabled")
    assert access is not None
    assert access.text == "enabled"


def test_stops_at_a_datatype_that_is_none() -> None:
    read = read_sony(u32(2, 0) + sony(0x5007, 0x77, b"", b"") + sony(0xD25A, 2, u8(1), u8(0)))
    assert "datatype 0x0077 is none of PTP's" in read.notes[0].text
    assert property_values(read) == []


def test_lists_properties_and_controls() -> None:
    read = read_sony(u16(0x12C) + array([0x5005], 2) + array([0xD2C1], 2), 0x9202)
    assert (read.value("version"), read.value("properties"), read.value("controls")) == (0x12C, (0x5005,), (0xD2C1,))


def test_tells_what_a_client_sets() -> None:
    read = decode(u8(1), operation=0x9205, vendor="sony", direction="out", parameters=[0xD25A], datatype=2)
    assert read is not None
    assert property_values(read, parameters=[0xD25A], datatype=2) == [PropertyValue(0xD25A, 2, 1, 0, 1)]


def test_finds_the_picture_of_live_view() -> None:
    new = u32(24, len(JPEG), 0, 0) + bytes(8) + JPEG + b"focus frames"
    assert live_view_jpeg(new, "sony", 0x1009, [0xFFFFC002]) == (24, 24 + len(JPEG))
    old = u32(8, len(JPEG)) + JPEG
    assert live_view_jpeg(old, "sony", 0x1009, [0xFFFFC002]) == (8, len(old))
    lying = u32(999, 5) + bytes(40) + JPEG
    assert live_view_jpeg(lying, "sony", 0x1009, [0xFFFFC002]) == (48, len(lying))
    assert live_view_jpeg(new, "sony", 0x1009, [1]) is None, "another object is no live view"
