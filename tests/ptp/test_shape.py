"""What a payload that nobody has described looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptp.shape import HEAD_BYTES, shape_of, shape_of_all

from .build import array, string, u8, u16, u32

JPEG = b"\xff\xd8\xff\xe0" + bytes(300) + b"\xff\xd9"
RECORDS = u32(16) + u32(0xC189) + bytes(8) + u32(12) + u32(0xC18A) + bytes(4) + u32(8) + u32(0)


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (b"", "empty"),
        (JPEG, "JPEG"),
        (bytes(384) + JPEG, "header and JPEG"),
        (string("ab"), "PTP string"),
        (array([1, 2, 3]), "array of u32"),
        (array([1, 2, 3], 2), "array of u16"),
        (array([1, 2, 3], 1), "array of u8"),
        (RECORDS, "records of length and type"),
        (RECORDS[:-1], None),
        (b"<?xml version='1.0'?><x3c/>", "XML"),
        (b"1/125 s\r\n", "text"),
        (u8(200), "u8"),
        (u16(0xD102), "u16"),
        (u32(0xD102), "u32"),
        (b"BM" + bytes(5), None),
        (b"\x01\x02\x03\x80\x90", None),
    ],
)
def test_guesses_the_shape_that_all_bytes_fit(data: bytes, shape: str | None) -> None:
    assert shape_of(data) == shape


def test_goes_by_the_whole_size_where_only_the_beginning_is_at_hand() -> None:
    long = array(list(range(40_000)))
    assert shape_of(long[:HEAD_BYTES], len(long)) == "array of u32"
    assert shape_of(long[:HEAD_BYTES]) is None
    many = RECORDS[:16] * 9000
    assert shape_of(many[:HEAD_BYTES], len(many)) == "records of length and type"


def test_names_every_shape_of_several_payloads_and_none_if_one_has_none() -> None:
    def sized(*payloads: bytes) -> list[tuple[bytes, int]]:
        return [(data, len(data)) for data in payloads]

    assert shape_of_all(sized(array([1]), array([2, 3]), b"")) == "array of u32"
    assert shape_of_all(sized(array([1]), JPEG)) == "array of u32 or JPEG"
    assert shape_of_all(sized(JPEG, b"\x01\x02\x03")) is None
    assert shape_of_all(sized(b"", b"")) == "empty"
    assert shape_of_all([]) is None


@given(st.binary(max_size=300), st.integers(0, 1 << 40))
def test_takes_any_bytes(data: bytes, size: int) -> None:
    for whole in (None, size):
        shape = shape_of(data, whole)
        assert shape is None or shape
