"""Payloads for the tests: PTP's words for bytes, and values for whole layouts."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st

from ptpip_analyze.facts.layout import SIZES, Field, Kind, Layout
from ptpip_analyze.ptp import datatypes
from ptpip_analyze.ptp.values import Dataset, Value


def integers_of(datatype: int) -> st.SearchStrategy[int]:
    """Any integer of a datatype that is one."""
    bits = 8 * (datatypes.size_of(datatype) or 0)
    if datatypes.is_signed(datatype):
        return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)
    return st.integers(0, (1 << bits) - 1)


def u8(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}B", *values)


def u16(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def u64(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}Q", *values)


def string(text: str) -> bytes:
    units = (text + "\0").encode("utf-16-le") if text else b""
    return bytes([len(units) // 2]) + units


def array(values: list[int] | tuple[int, ...], size: int = 4) -> bytes:
    return u32(len(values)) + b"".join(value.to_bytes(size, "little") for value in values)


def prop_desc(code: int, datatype: int, writable: int, default: bytes, current: bytes, form: bytes = b"\0") -> bytes:
    return u16(code, datatype) + u8(writable) + default + current + form


def laid(layout: Layout, values: dict[str, Any]) -> bytes:
    """The bytes of a flat layout."""
    return b"".join(_laid(field, values[field.name]) for field in layout.fields)


def _laid(field: Field, value: Any) -> bytes:
    if field.kind in SIZES and field.kind is not Kind.GUID:
        return value.to_bytes(SIZES[field.kind], "little")
    if field.kind in (Kind.STRING, Kind.DATE):
        return string(value)
    if field.kind is Kind.ARRAY:
        return array(value, SIZES[field.of or Kind.U8])
    if field.kind is Kind.WORDS:
        return u32(*value)
    assert field.kind in (Kind.REST, Kind.GUID)
    return value


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def values_of(layout: Layout) -> st.SearchStrategy[dict[str, Any]]:
    """Any values that the fields of a layout can hold."""
    return st.fixed_dictionaries({field.name: _values(field) for field in layout.fields})


def _values(field: Field) -> st.SearchStrategy[Any]:
    if field.kind in SIZES and field.kind is not Kind.GUID:
        return st.integers(0, (1 << 8 * SIZES[field.kind]) - 1)
    if field.kind in (Kind.STRING, Kind.DATE):
        return TEXTS
    if field.kind is Kind.ARRAY:
        return st.lists(st.integers(0, (1 << 8 * SIZES[field.of or Kind.U8]) - 1), max_size=9).map(tuple)
    if field.kind is Kind.WORDS:
        return st.lists(st.integers(0, (1 << 32) - 1), max_size=field.upto).map(tuple)
    return st.binary(min_size=1, max_size=40)


def check(dataset: Dataset, data: bytes) -> None:
    """What holds for every decoded dataset: places lie within the payload, parts within their parents, in order."""
    assert dataset.size >= len(data)
    _within(dataset.fields, 0, len(data))
    for note in dataset.notes:
        assert 0 <= note.start <= len(data)
        assert note.text
    covered = 0
    for field in dataset.fields:
        assert field.start <= covered, f"bytes between {covered} and {field.start} are neither read nor left over"
        covered = max(covered, field.end)
    assert covered == len(data) or dataset.notes


def _within(values: tuple[Value, ...], start: int, end: int) -> None:
    at = start
    for value in values:
        assert start <= value.start <= value.end <= end, value
        assert value.start >= at, value
        at = value.start
        _within(value.parts, value.start, value.end)
