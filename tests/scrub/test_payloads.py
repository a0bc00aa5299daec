"""Data phases without what is personal."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptp.datasets import LIVE_VIEWS, decode_as, jpeg_of
from ptpip_analyze.ptp.properties import Exchange
from ptpip_analyze.scrub.payloads import Scrubber, skeleton
from ptpip_analyze.scrub.pseudonyms import Pseudonyms
from tests.ptp.samples import SAMPLES

ARTIST, OWNER, PICTURE = 0x501E, 0xD402, 0x3801


def scrub(name: str, data: bytes, vendor: str | None = None, parameters: tuple[int, ...] = ()) -> bytes:
    read = decode_as(name, data, vendor=vendor, parameters=parameters)
    scrubber = Scrubber(Pseudonyms(b"key"), b"one", data)
    scrubber.dataset(read, Exchange(0x1015, parameters, vendor, "in", 0x2001))
    return bytes(scrubber.out)


def string(text: str) -> bytes:
    return bytes([len(text) + 1]) + (text + "\0").encode("utf-16-le") if text else b"\0"


def description(code: int, datatype: int, value: bytes) -> bytes:
    return struct.pack("<HHB", code, datatype, 1) + value + value + b"\0"


def test_replaces_the_texts_of_a_description() -> None:
    data = description(ARTIST, 0xFFFF, string("Ada Lovelace"))
    new = decode_as("DevicePropDesc", scrub("DevicePropDesc", data))
    assert new.value("property") == ARTIST
    for field in ("current", "factoryDefault"):
        assert new.value(field) not in ("Ada Lovelace", None)
    assert new.value("current") == new.value("factoryDefault")


def test_replaces_the_numbers_of_a_personal_property_alone() -> None:
    data = description(0x5007, 6, struct.pack("<I", 280))
    assert scrub("DevicePropDesc", data) == data
    data = description(0xD406, 6, struct.pack("<I", 280))
    new = scrub("DevicePropDesc", data)
    assert new[:5] == data[:5]
    assert len(new) == len(data)
    assert struct.pack("<I", 280) not in new


def test_keeps_a_personal_number_that_is_zero() -> None:
    data = description(0xD406, 6, bytes(4))
    assert scrub("DevicePropDesc", data) == data


def test_replaces_a_text_that_is_an_array_of_numbers() -> None:
    said = "Ada".encode("utf-16-le")
    data = description(0xD402, 0x4004, struct.pack("<I", 3) + said)
    new = scrub("DevicePropDesc", data)
    assert said not in new
    assert new.count(struct.pack("<I", 3)) == 2


def test_replaces_a_text_that_an_object_has_as_an_array_of_numbers() -> None:
    said = "Ada".encode("utf-16-le")
    data = struct.pack("<IIHH", 1, 7, 0xDC48, 0x4004) + struct.pack("<I", 3) + said
    new = scrub("ObjectPropList", data)
    assert said not in new
    assert new[:16] == data[:16]


def test_keeps_lists_of_codes_and_of_values_that_may_be_set() -> None:
    data = struct.pack("<HHBHHBH4H", 0x5005, 4, 1, 2, 2, 2, 4, 1, 2, 3, 4)
    assert scrub("DevicePropDesc", data) == data
    data = struct.pack("<I3I", 3, 1, 2, 77)
    assert scrub("ObjectHandles", data) == data


def test_fills_what_no_field_accounts_for() -> None:
    data = struct.pack("<I2I", 2, 1, 2) + b"left over by Ada"
    new = scrub("ObjectHandles", data)
    assert new[:12] == data[:12]
    assert b"Ada" not in new
    assert len(new) == len(data)


def test_keeps_the_first_bytes_of_a_file_that_tell_its_format() -> None:
    data = b"\xff\xd8\xff\xe1 all that a camera writes here"
    assert scrub("ObjectBytes", data)[:3] == data[:3]
    assert scrub("ObjectBytes", data)[3:] != data[3:]


def test_keeps_the_ends_of_a_picture() -> None:
    data = bytes(10) + b"\xff\xd8\xff\xe0" + b"light" * 9 + b"\xff\xd9" + bytes(3)
    scrubber = Scrubber(Pseudonyms(b"key"), b"one", data)
    scrubber.picture(10, len(data) - 3)
    assert scrubber.out[10:13] == b"\xff\xd8\xff"
    assert scrubber.out[-5:-3] == b"\xff\xd9"
    assert b"light" not in scrubber.out


def test_trusts_nothing_behind_a_contradiction() -> None:
    info = struct.pack("<HIH", 100, 6, 100) + bytearray(string("microsoft.com: 1.0")) + struct.pack("<HI", 0, 0) * 3
    info += bytes(6) + string("Canon Inc.") + string("EOS") + string("1.0") + string("SN-4471-0093")
    secret = "SN-4471-0093".encode("utf-16-le")
    for at in range(len(info) - len(secret) - 4):
        for bit in range(8):
            flipped = bytearray(info)
            flipped[at] ^= 1 << bit
            assert secret not in scrub("DeviceInfo", bytes(flipped)), (at, bit)


def test_takes_a_guessed_number_that_spells_something_for_text() -> None:
    assert scrub("DevicePropValue", b"Ada\0") != b"Ada\0"
    assert scrub("DevicePropValue", struct.pack("<I", 560)) == struct.pack("<I", 560)


def test_takes_numbers_that_together_spell_something_for_text() -> None:
    sound = struct.pack("<IHHI40x", 65537, PICTURE, 0, 4000) + bytes(4)
    data = sound[:26] + b"SN-4471-0093" + sound[38:]
    new = scrub("ObjectInfo", data)
    assert (new[:26], new[38:]) == (data[:26], data[38:])
    assert b"4471" not in new
    assert scrub("ObjectInfo", sound) == sound


@pytest.mark.parametrize("encoded", ["Ada L.", "Ada"])
@given(data=st.data())
def test_finds_a_text_in_any_of_its_encodings(encoded: str, data: st.DataObject) -> None:
    name = "ObjectInfo"
    text = data.draw(st.text(st.characters(codec="utf-16-le", exclude_characters="\0"), min_size=1, max_size=20))
    raw = struct.pack("<IHHIHIIIIIIIHII", 1, PICTURE, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    units = len(text.encode("utf-16-le")) // 2
    raw += bytes([units + 1]) + (text + "\0").encode("utf-16-le") + string("") + string("") + string(encoded)
    new = decode_as(name, scrub(name, raw))
    assert skeleton(new) == skeleton(decode_as(name, raw))
    assert new.value("filename") == Pseudonyms(b"key").text(text)


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, all_of in SAMPLES.items() for data in all_of])
def test_keeps_the_shape_of_every_dataset_and_where_its_picture_lies(name: str, data: bytes) -> None:
    old = decode_as(name, data)
    scrubber = Scrubber(Pseudonyms(b"key"), b"one", data)
    scrubber.dataset(old, Exchange(0x1015, (), None, "in", 0x2001))
    found = jpeg_of(name, data) if name in LIVE_VIEWS else None
    if found is not None:
        scrubber.picture(*found)
    new = bytes(scrubber.out)
    assert skeleton(decode_as(name, new)) == skeleton(old)
    assert (jpeg_of(name, new) if name in LIVE_VIEWS else None) == found
    for secret in (b"hunter2", b"darkroom", b"a small picture", b"guid of the host", b"fourteen bytes", b"histogram"):
        assert secret not in new
