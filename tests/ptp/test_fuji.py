"""What Fujifilm cameras send."""

from __future__ import annotations

from ptpip_analyze.ptp.datasets import decode, decode_as, jpeg_of, live_view_jpeg, polled_events, property_values
from ptpip_analyze.ptp.values import Dataset

from .build import prop_desc, u8, u16, u32
from .samples import JPEG, SAMPLES


def events(data: bytes) -> Dataset:
    read = decode(data, operation=0x1015, vendor="fuji", parameters=[0xD212])
    assert read is not None
    return read


def test_polls_properties_that_changed() -> None:
    read = events(u16(2) + u16(0x5007) + u32(560) + u16(0xD240) + u32(7))
    assert polled_events(read) == [
        (None, "FNumber", (0x5007, 560), 2, 8),
        (None, "ShutterSpeed2", (0xD240, 7), 8, 14),
    ]
    assert [value[:5] for value in property_values(read)] == [(0x5007, None, 560, 4, 8), (0xD240, None, 7, 10, 14)]


def test_tells_the_pairs_that_are_there_of_a_count_that_lies() -> None:
    read = events(u16(500) + u16(0x5007) + u32(560))
    assert len(property_values(read)) == 1
    assert [note.text for note in read.notes] == ["ends inside properties 2 of 500"]


def test_reads_all_descriptions() -> None:
    one = prop_desc(0x5007, 4, 1, u16(400), u16(560), u8(2) + u16(1) + u16(400))
    two = prop_desc(0x5012, 4, 1, u16(0), u16(2)) + b"?"
    read = decode(u32(2, 4 + len(one)) + one + u32(4 + len(two)) + two, operation=0x902B, vendor="fuji")
    assert read is not None
    assert [(value.code, value.value, value.role) for value in property_values(read)] == [
        (0x5007, 560, "current"), (0x5007, (400,), "allowed"), (0x5012, 2, "current"),
    ]  # fmt: skip
    assert [note.text for note in read.notes] == ["1 byte behind the description"]


def test_stops_at_a_description_that_is_smaller_than_its_size() -> None:
    read = decode_as("FujiDevicePropDescs", u32(2, 3, 0))
    assert [note.text for note in read.notes] == ["a description of 3 bytes, less than its size field"]


def test_reads_a_packet_of_the_event_connection() -> None:
    read = decode_as("FujiEventPacket", u32(28) + u16(4, 0xC004) + u32(1, 6, 6, 0, 0), vendor="fuji")
    assert polled_events(read) == [(0xC004, "ObjectAdded", (6, 6, 0, 0), 0, 28)]
    assert read.notes == ()


def test_finds_the_picture_of_a_live_view_frame() -> None:
    frame = SAMPLES["FujiLiveViewFrame"][0]
    assert jpeg_of("FujiLiveViewFrame", frame) == (18, 18 + len(JPEG))
    read = decode_as("FujiLiveViewFrame", frame)
    assert [(field.name, field.start) for field in read.fields] == [("length", 0), ("header", 4), ("jpeg", 18)]
    assert read.notes == ()
    assert [note.text for note in decode_as("FujiLiveViewFrame", frame[:-2]).notes] == ["says 39 bytes, there are 37"]


def test_finds_the_picture_of_live_view_over_usb() -> None:
    assert live_view_jpeg(JPEG, "fuji", 0x1009, [0x80000001]) == (0, len(JPEG))
    assert live_view_jpeg(JPEG, "fuji", 0x1009, [1]) is None


def test_reads_the_first_packet_of_a_client() -> None:
    read = decode_as("FujiInitRequest", SAMPLES["FujiInitRequest"][0])
    assert (read.value("name"), read.value("magic"), read.notes) == ("phone", 0x8F53E4F2, ())
    assert len(SAMPLES["FujiInitRequest"][0]) == 82
    odd = decode_as("FujiInitRequest", u32(80) + SAMPLES["FujiInitRequest"][0][4:])
    assert [note.text for note in odd.notes] == ["says 80 bytes, cameras accept 82 only"]
