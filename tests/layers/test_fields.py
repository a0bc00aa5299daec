"""Tests of the scapy fields, each on the bytes of one value."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.fields import LEIntField

from ptpip_analyze.facts.layout import Field, Kind
from ptpip_analyze.layers.fields import (
    CodeField,
    GuidField,
    NameField,
    VersionField,
    WordsField,
    name_end,
    scapy_field,
)


@pytest.mark.parametrize(
    ("body", "start", "end"),
    [
        (b"\0\0", 0, 2),
        (b"a\0\0\0", 0, 4),
        (b"a\0\0\1\0\0", 0, 6),  # 'a', U+0100: the NUL bytes in the middle belong to two units
        (b"\0\0a\0\0\0rest", 2, 6),
        (b"a\0\0", 0, None),
        (b"", 0, None),
        (b"a\0\0\1", 0, None),
    ],
)
def test_finds_the_nul_unit_that_ends_a_name(body: bytes, start: int, end: int | None) -> None:
    assert name_end(body, start) == end


@given(st.lists(st.integers(0, 0xFFFF)), st.binary(max_size=9))
def test_dissects_any_units_to_a_name_that_builds_the_same_bytes(units: list[int], behind: bytes) -> None:
    field = NameField("friendlyName", "")
    wire = b"".join(unit.to_bytes(2, "little") for unit in units if unit) + b"\0\0"
    rest, name = field.getfield(None, wire + behind)
    assert rest == behind
    assert field.addfield(None, b"", name) == wire
    assert field.any2i(None, name) == name


def test_takes_whole_units_when_no_nul_ends_a_name() -> None:
    assert NameField("friendlyName", "").getfield(None, b"a\0b\0c") == (b"c", "ab")


def test_reads_surrogates_as_one_character_and_keeps_lone_ones() -> None:
    field = NameField("friendlyName", "")
    assert field.getfield(None, bytes.fromhex("3dd8f7dc0000")) == (b"", "\N{CAMERA}")
    assert field.any2i(None, "\ud83d\udcf7") == "\N{CAMERA}"
    assert field.getfield(None, bytes.fromhex("3dd861000000"))[1] == "\ud83da"
    assert field.addfield(None, b"", "\N{CAMERA}") == bytes.fromhex("3dd8f7dc0000")


def test_refuses_a_name_with_a_nul_inside() -> None:
    with pytest.raises(ValueError, match="first NUL"):
        NameField("friendlyName", "").any2i(None, "a\0b")


@pytest.mark.parametrize(
    "value",
    [
        bytes(range(16)),
        bytearray(range(16)),
        "000102030405060708090a0b0c0d0e0f",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        uuid.UUID(bytes=bytes(range(16))),
    ],
)
def test_accepts_a_guid_in_every_usual_form_and_keeps_wire_order(value: object) -> None:
    field = GuidField("guid", bytes(16))
    assert field.addfield(None, b"", field.any2i(None, value)) == bytes(range(16))


def test_shows_a_guid_as_hexadecimal_digits() -> None:
    assert GuidField("guid", bytes(16)).i2repr(None, bytes(range(16))) == "000102030405060708090a0b0c0d0e0f"


@pytest.mark.parametrize("value", [b"", bytes(15), bytes(17), "00"])
def test_refuses_a_guid_that_does_not_have_16_bytes(value: object) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        GuidField("guid", bytes(16)).any2i(None, value)


def test_shows_the_name_of_a_code_and_the_number_of_an_unknown_one() -> None:
    field = CodeField("operationCode", 0x1000, "operation", "<H")
    assert field.i2repr(None, 0x1009) == "GetObject"
    assert field.i2repr(None, 0x9BAD) == "0x9BAD"
    assert field.addfield(None, b"", field.any2i(None, "GetObject")) == b"\x09\x10"


def test_takes_the_lowest_code_of_a_name_that_has_several() -> None:
    assert CodeField("responseCode", 0x2001, "response", "<H").any2i(None, "Undefined") == 0x2000


def test_shows_a_version_as_major_and_minor_number() -> None:
    assert VersionField("protocolVersion", 0).i2repr(None, 0x00010000) == "1.0"
    assert VersionField("protocolVersion", 0).i2repr(None, 0x00020013) == "2.19"


def test_takes_whole_words_and_leaves_the_bytes_behind_them() -> None:
    field = WordsField("parameters")
    assert field.getfield(None, bytes.fromhex("01000100 ffffffff 0102")) == (b"\1\2", [0x10001, 0xFFFFFFFF])
    assert field.getfield(None, b"") == (b"", [])
    assert field.any2i(None, (1, 2)) == [1, 2]
    assert field.any2i(None, 7) == [7]


def test_makes_the_field_that_a_row_asks_for() -> None:
    assert isinstance(scapy_field(Field("operationCode", Kind.U16, "operation"), 0), CodeField)
    assert isinstance(scapy_field(Field("protocolVersion", Kind.U32, "protocol_version"), 0), VersionField)
    assert isinstance(scapy_field(Field("connectionNumber", Kind.U32), 0), LEIntField)
    with pytest.raises(KeyError):
        scapy_field(Field("serialNumber", Kind.STRING), "")
