"""A cursor that never reads too far."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptp.reader import Reader


def ptp_string(text: str) -> bytes:
    units = (text + "\0").encode("utf-16-le")
    return bytes([len(units) // 2]) + units


def test_reads_values_one_behind_the_other() -> None:
    reader = Reader(b"\x01" + struct.pack("<HIQ", 2, 3, 4) + ptp_string("EOS") + struct.pack("<IHH", 2, 7, 8))
    assert [reader.unsigned(size) for size in (1, 2, 4, 8)] == [1, 2, 3, 4]
    assert reader.string() == "EOS"
    assert reader.array(2) == [7, 8]
    assert not reader.failed


def test_reads_an_empty_string_and_an_empty_array() -> None:
    reader = Reader(b"\0" + b"\0\0\0\0" + b"\x09")
    assert (reader.string(), reader.array(4), reader.unsigned(1)) == ("", [], 9)


def test_ends_a_string_at_its_first_nul() -> None:
    assert Reader(b"\x03" + "a\0b".encode("utf-16-le")).string() == "a"
    assert Reader(b"\x02" + "ab".encode("utf-16-le")).string() == "ab", "a count without the NUL, as some cameras send"


def test_replaces_a_lone_surrogate() -> None:
    assert Reader(b"\x02\x3d\xd8\x00\x00").string() == "\ufffd"


def test_gives_none_from_the_first_value_that_is_not_there() -> None:
    reader = Reader(b"\x01\x02\x03")
    assert reader.unsigned(2) == 0x0201
    assert reader.unsigned(2) is None
    assert reader.failed
    assert reader.unsigned(1) is None, "what stands behind a missing value has no known place"
    assert reader.string() is None
    assert reader.array(1) is None


def test_believes_no_lying_count() -> None:
    assert Reader(b"\xff\xff\xff\xff\x01").array(8) is None
    assert Reader(b"\xffab").string() is None


@given(st.binary(max_size=40), st.lists(st.sampled_from(["unsigned", "string", "array"]), max_size=10))
def test_never_reads_beyond_the_end(data: bytes, steps: list[str]) -> None:
    reader = Reader(data)
    for step in steps:
        reader.string() if step == "string" else getattr(reader, step)(2)
        assert reader.at <= len(data)
