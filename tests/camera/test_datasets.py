"""Twin of ``datasets``: bytes typed by hand from the standard's tables."""

import pytest

from .codes import DataType, Format
from .datasets import (
    DatasetError,
    DeviceInfo,
    DeviceProperty,
    Enumeration,
    Free,
    ObjectInfo,
    Range,
    StorageInfo,
    read_value,
    string,
    value,
)


def test_counts_the_nul_of_a_string_and_sends_an_empty_one_as_one_byte():
    assert string("Hi") == bytes.fromhex("03 4800 6900 0000")
    assert string("") == b"\0"


def test_counts_a_surrogate_pair_as_two_units():
    assert string("\U0001f4f7") == bytes.fromhex("03 3dd8 f7dc 0000")


def test_refuses_a_string_whose_count_does_not_fit_a_byte():
    assert len(string("x" * 254)) == 1 + 2 * 255
    with pytest.raises(DatasetError, match="255"):
        string("x" * 255)


@pytest.mark.parametrize(
    ("data_type", "content", "wire"),
    [
        (DataType.UINT8, 75, "4b"),
        (DataType.INT16, -1000, "18fc"),
        (DataType.UINT32, 0x01020304, "04030201"),
        (DataType.STR, "A", "0241000000"),
    ],
)
def test_reads_back_every_value_it_sends(data_type, content, wire):
    assert value(data_type, content) == bytes.fromhex(wire)
    assert read_value(data_type, bytes.fromhex(wire)) == content


@pytest.mark.parametrize(
    ("data_type", "wire"),
    [(DataType.UINT16, "01"), (DataType.UINT16, "010203"), (DataType.STR, "0241"), (DataType.STR, "0200d80000")],
)
def test_refuses_values_that_are_short_long_or_not_text(data_type, wire):
    with pytest.raises(DatasetError):
        read_value(data_type, bytes.fromhex(wire))


def test_refuses_a_number_its_type_can_not_hold():
    with pytest.raises(DatasetError, match="UINT8"):
        value(DataType.UINT8, 256)


def test_packs_device_info_in_the_order_of_the_standard():
    info = DeviceInfo((0x1002, 0x1001), (0x4002,), (), (0x3808,), (0x3808, 0x3000), "M", "N", "1", "S")
    assert info.pack() == bytes.fromhex(
        "6400 00000000 0000 00 0000"  # standard version, vendor extension and its text, functional mode
        "02000000 0110 0210  01000000 0240  00000000  01000000 0838  02000000 0030 0838"
        "02 4d000000  02 4e000000  02 31000000  02 53000000"
    )


def test_packs_storage_info_in_the_order_of_the_standard():
    assert StorageInfo(0x1000, 0x800, 5, "", "L").pack() == bytes.fromhex(
        "0400 0300 0000 0010000000000000 0008000000000000 05000000 00 024c000000"
    )


def test_packs_object_info_in_the_order_of_the_standard_and_reads_it_back():
    info = ObjectInfo(
        storage=0x00010001,
        format=Format.JFIF,
        parent=2,
        filename="A",
        size_bytes=0x1234,
        protection=1,
        thumbnail_format=Format.JFIF,
        thumbnail_bytes=0x56,
        thumbnail_size=(160, 120),
        image_size=(320, 240),
        bit_depth=24,
        sequence_number=9,
    )
    assert info.pack() == bytes.fromhex(
        "01000100 0838 0100 34120000 0838 56000000 a0000000 78000000 40010000 f0000000 18000000"
        "02000000 0000 00000000 09000000 0241000000 00 00 00"
    )
    assert ObjectInfo.read(info.pack()) == info
    assert not info.is_association


def test_refuses_object_info_that_ends_early_wherever_it_ends():
    whole = ObjectInfo(1, Format.Undefined, 0, "note.txt", 12, capture_date="20260102T030405").pack()
    for size in range(len(whole)):
        with pytest.raises(DatasetError):
            ObjectInfo.read(whole[:size])


@pytest.mark.parametrize(
    ("form", "wire", "allowed", "forbidden"),
    [
        (Range(100, 800, 100), "01 6400 2003 6400", 300, 350),
        (Enumeration((100, 200)), "02 0200 6400 c800", 200, 300),
        (Free(), "00", 7, None),
    ],
)
def test_describes_a_property_with_its_form(form, wire, allowed, forbidden):
    described = DeviceProperty(0x500F, DataType.UINT16, 100, form)
    described.current = 200
    assert described.pack() == bytes.fromhex("0f50 0400 01 6400 c800" + wire)
    assert described.pack_value() == bytes.fromhex("c800")
    assert form.allows(allowed)
    assert forbidden is None or not form.allows(forbidden)
