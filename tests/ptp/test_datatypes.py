"""Datatypes: sizes, ranges, names, dates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptp import datatypes


@pytest.mark.parametrize(
    ("datatype", "name", "size", "signed", "array"),
    [
        (0x0001, "INT8", 1, True, False),
        (0x0004, "UINT16", 2, False, False),
        (0x0007, "INT64", 8, True, False),
        (0x0009, "INT128", 16, True, False),
        (0x000A, "UINT128", 16, False, False),
        (0x4002, "AUINT8", 1, False, True),
        (0x4005, "AINT32", 4, True, True),
        (0xFFFF, "STR", None, False, False),
        (0x0000, "UNDEF", None, False, False),
        (0x000B, "0x000B", None, False, False),
        (0x1234, "0x1234", None, False, False),
    ],
)
def test_knows_every_datatype(datatype: int, name: str, size: int | None, signed: bool, array: bool) -> None:
    assert datatypes.datatype_name(datatype) == name
    assert datatypes.size_of(datatype) == size
    assert datatypes.is_signed(datatype) == signed
    assert datatypes.is_array(datatype) == array
    assert datatypes.is_known(datatype) == (size is not None or name == "STR")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("20160102T132620", "2016-01-02 13:26:20"),
        ("20120201T123456.0", "2012-02-01 12:34:56"),
        ("20120201T123456.7", "2012-02-01 12:34:56.7"),
        ("20120201T123456Z", "2012-02-01 12:34:56 UTC"),
        ("20120201T123456+0930", "2012-02-01 12:34:56 +09:30"),
        ("20120201T123456.5-05:00", "2012-02-01 12:34:56.5 -05:00"),
        ("20120201T1234", "2012-02-01 12:34"),
        ("20120201", "2012-02-01"),
        ("", None),
        ("00000000T000000", None),
        ("20121301T123456", None),
        ("20120201T253456", None),
        ("yesterday", None),
        ("２０１２０２０１", None),
    ],
)
def test_reads_dates_as_cameras_write_them(text: str, read: str | None) -> None:
    assert datatypes.date_text(text) == read


@given(st.text(max_size=30))
def test_never_fails_on_a_date(text: str) -> None:
    datatypes.date_text(text)


def test_suggests_a_type_for_a_size() -> None:
    assert [datatypes.unsigned_of(size) for size in (1, 2, 3, 4, 8, 16)] == [2, 4, None, 6, 8, None]
