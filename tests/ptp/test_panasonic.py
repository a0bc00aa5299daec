"""What Panasonic cameras answer."""

from __future__ import annotations

from ptpip_analyze.ptp.datasets import decode, live_view_jpeg, property_values
from ptpip_analyze.ptp.values import Dataset

from .build import u16, u32
from .samples import GH5, GH5_ISO, JPEG, SAMPLES, panasonic


def read_panasonic(data: bytes, operation: int, *parameters: int) -> Dataset:
    read = decode(data, operation=operation, vendor="panasonic", parameters=parameters)
    assert read is not None
    return read


def test_reads_values_of_any_size() -> None:
    data = u32(0x02000021, 2) + u16(200) + u32(0x02000031, 4, 5) + u32(0x02000041, 3) + b"abc"
    read = read_panasonic(data, 0x9402)
    assert [(value.code, value.value, value.start) for value in property_values(read)] == [
        (0x02000021, 200, 8), (0x02000031, 5, 18), (0x02000041, b"abc", 30),
    ]  # fmt: skip
    assert read.notes == ()


def test_notes_a_size_that_lies() -> None:
    read = read_panasonic(u32(0x02000021, 0xFFFFFFF0) + u16(200), 0x9402)
    assert "2 of 4,294,967,280 bytes are there" in read.notes[0].text


def test_reads_descriptions_in_groups() -> None:
    read = read_panasonic(GH5, 0x9108)
    assert read.notes == ()
    assert [(value.code, value.datatype, value.value, value.role) for value in property_values(read)] == [
        (0x02000021, 4, 200, "current"), (0x02000021, 4, (100, 200, 400), "allowed"),
    ]  # fmt: skip


def test_tells_the_first_component_of_a_property() -> None:
    both = panasonic(0x02000020, 1, panasonic(0x02000021, 2, GH5_ISO + u32(2) + GH5_ISO[4:]))
    read = read_panasonic(both, 0x9108)
    assert [value.role for value in property_values(read)] == ["current", "allowed"]
    assert read.value("group.entry.1.component") is not None
    assert read.notes == ()


def test_refuses_a_head_of_another_size() -> None:
    read = read_panasonic(u32(0x02000020, 24, 24, 0x00010001, 0, 1, 0), 0x9108)
    assert "a head of 24 bytes instead of 20" in [note.text for note in read.notes]
    assert property_values(read) == []


def test_reads_the_sizes_of_descriptions() -> None:
    read = read_panasonic(SAMPLES["PanasonicPropSizes"][0], 0x9107)
    sizes = [field.get("contentSize") for field in read.fields]
    assert [size.value for size in sizes if size] == [70, 42]


def test_reads_live_view_formats_where_they_are_asked_for() -> None:
    data = u32(0x0D800012, 20) + u16(2, 8) + u16(480, 640, 0, 30) + u16(720, 960, 350, 30)
    read = read_panasonic(data, 0x9414, 0x0D800012)
    assert (read.name, read.value("1.width")) == ("PanasonicLiveViewFormats", 960)
    assert read.notes == ()
    assert read_panasonic(u32(0x12000020, 0), 0x9414, 0x12000020).name == "PanasonicPropValues"


def test_finds_the_picture_of_live_view() -> None:
    assert live_view_jpeg(bytes(180) + JPEG, "panasonic", 0x9706) == (180, 180 + len(JPEG))
