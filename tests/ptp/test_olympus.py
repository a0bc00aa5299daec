"""What Olympus and OM System cameras answer."""

from __future__ import annotations

from ptpip_analyze.ptp.datasets import decode, live_view_jpeg, property_values
from ptpip_analyze.ptp.values import MOST_BYTES

from .build import prop_desc, u8, u16, u32
from .samples import JPEG, SAMPLES


def test_reads_properties_that_changed() -> None:
    data = u32(2) + prop_desc(0xD01C, 4, 1, u16(1), u16(2)) + prop_desc(0xD01D, 2, 0, u8(1), u8(3))
    read = decode(data, operation=0x9486, vendor="olympus_omd")
    assert read is not None
    assert [(value.code, value.value) for value in property_values(read)] == [(0xD01C, 2), (0xD01D, 3)]
    assert read.notes == ()


def test_sees_no_wider_values_where_another_description_follows() -> None:
    """What a single description's bytes add up to tells nothing in a list."""
    first = prop_desc(0xD01C, 2, 1, u8(1), u8(2), u8(2) + u16(8) + u8(*range(8)))
    second = prop_desc(0xD01D, 2, 0, u8(1), u8(3))
    read = decode(u32(2) + first + second, operation=0x9486, vendor="olympus_omd")
    assert read is not None
    assert len(second) == 8
    assert [value.code for value in property_values(read) if value.role == "current"] == [0xD01C, 0xD01D]
    assert read.notes == ()


def test_finds_a_picture_only_in_a_payload_that_is_large_enough() -> None:
    assert live_view_jpeg(SAMPLES["OlympusLiveView"][0], "olympus", 0x9484) is not None
    assert live_view_jpeg(JPEG, "olympus", 0x9484) is None


def test_gives_xml_as_text() -> None:
    read = decode(b"<x3c>\xff</x3c>", operation=0x9301, vendor="olympus")
    assert read is not None
    assert read.value("xml") == "<x3c>\ufffd</x3c>"
    long = decode(b"<" * (MOST_BYTES + 1), operation=0x9301, vendor="olympus")
    assert long is not None
    assert (long.value("xml"), long.fields[0].end) == (None, MOST_BYTES + 1)
