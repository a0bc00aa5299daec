"""Datasets that branch, built of any values: each is given back as it was built (flat ones: ``test_datasets``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptp import datatypes
from ptpip_analyze.ptp.datasets import decode_as, polled_events, property_values
from ptpip_analyze.ptp.values import Dataset

from .build import TEXTS, check, integers_of, prop_desc, string, u8, u16, u32, u64
from .samples import END, record

U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
CODES = st.integers(0xD200, 0xD2FF)  # properties that no layout treats on its own
EIGHT_BITS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12)
INTEGERS = st.integers(1, 8)  # datatypes from INT8 to UINT64

Built = tuple[bytes, Any]
Told = Callable[[Dataset], Any]


def integer(value: int, datatype: int) -> bytes:
    size = datatypes.size_of(datatype)
    assert size
    return value.to_bytes(size, "little", signed=datatypes.is_signed(datatype))


@st.composite
def described(draw: st.DrawFn) -> tuple[int, int, list[int]]:
    """Code, datatype, and values: factory default, current value, what may be set."""
    datatype = draw(INTEGERS)
    return draw(CODES), datatype, draw(st.lists(integers_of(datatype), min_size=2, max_size=6))


def description(code: int, datatype: int, values: list[int]) -> bytes:
    first, current, *_ = raw = [integer(value, datatype) for value in values]
    return prop_desc(code, datatype, 1, first, current, u8(2) + u16(len(raw)) + b"".join(raw))


def values_told(dataset: Dataset) -> list[tuple[int, object, str]]:
    return [(one.code, one.value, one.role) for one in property_values(dataset)]


def events_told(dataset: Dataset) -> list[tuple[int | None, tuple[int, ...]]]:
    return [(one.code, one.parameters) for one in polled_events(dataset)]


def as_described(of: list[tuple[int, int, list[int]]]) -> list[tuple[int, object, str]]:
    return [one for code, _, v in of for one in ((code, v[1], "current"), (code, tuple(v), "allowed"))]


def element(handle: int, code: int, value: int | str) -> bytes:
    typed = u16(0xFFFF) + string(value) if isinstance(value, str) else u16(8) + u64(value)
    return u32(handle) + u16(code) + typed


def folder_entry(handle: int, size: int, name: str) -> bytes:
    return (
        u32(56, handle, 0x10001) + u16(0x3801, 0) + u32(1, 0, size, 7, handle)
        + name.encode().ljust(16, b"\0") + u32(0)
    )  # fmt: skip


def manifest_entry(handle: int, size: int, name: str) -> bytes:
    return (
        u32(handle, 0x10001) + u16(0x3801, 0) + u64(size) + u32(0) + u16(0) + u32(0, 0) + string(name) + string("")
    )  # fmt: skip


def parts_of(*path: str, group: str = "entries") -> Told:
    """Reads some fields of each entry."""

    def read(dataset: Dataset) -> list[tuple[object, ...]]:
        found = dataset.get(group)
        entries = found.parts if found is not None else [field for field in dataset.fields if field.name.isdecimal()]
        told = []
        for entry in entries:
            fields = [entry.get(name) for name in path]
            told.append(tuple(field.value if field is not None else None for field in fields))
        return told

    return read


PAIRS = st.lists(st.tuples(CODES, U32), max_size=8)
DESCRIBED = st.lists(described(), min_size=1, max_size=5)
EVENTS = st.lists(st.tuples(U16, U32), max_size=8)
FILES = st.lists(st.tuples(U32, U32, EIGHT_BITS), min_size=1, max_size=4)

ROUND_TRIPS: dict[str, tuple[st.SearchStrategy[Built], Told]] = {
    "EOSEventList": (
        st.tuples(PAIRS, st.lists(st.tuples(CODES, st.lists(U32, min_size=1, max_size=5)), max_size=4)).map(
            lambda lists: (
                b"".join(record(0xC189, u32(*pair)) for pair in lists[0])
                + b"".join(record(0xC18A, u32(code, 3, len(values), *values)) for code, values in lists[1])
                + END,
                [(*pair, "current") for pair in lists[0]]
                + [(code, tuple(values), "allowed") for code, values in lists[1]],
            )
        ),
        values_told,
    ),
    "EOSSetDevicePropValue": (
        st.tuples(CODES, U32).map(lambda pair: (u32(12, *pair), [(*pair, "current")])), values_told,
    ),
    "EOSFolderEntries": (
        FILES.map(lambda files: (u32(len(files)) + b"".join(folder_entry(*one) for one in files), files)),
        parts_of("objectHandle", "size", "filename"),
    ),
    "EOSViewFinderData": (
        st.lists(st.tuples(st.integers(100, 1 << 31), st.binary(min_size=1, max_size=30)), min_size=1, max_size=5).map(
            lambda blocks: (b"".join(record(*block) for block in blocks), blocks)
        ),
        lambda dataset: [
            tuple(part.value for part in block.parts if part.name in ("type", "data")) for block in dataset.fields
        ],
    ),
    "NikonEventList": (
        EVENTS.map(lambda events: (
            u16(len(events)) + b"".join(u16(code) + u32(word) for code, word in events),
            [(code, (word,)) for code, word in events],
        )),
        events_told,
    ),
    "NikonEventListEx": (
        st.lists(st.tuples(U16, st.lists(U32, max_size=5)), max_size=8).map(lambda events: (
            u16(len(events), 0) + b"".join(u16(code, len(words)) + u32(*words) for code, words in events),
            [(code, tuple(words)) for code, words in events],
        )),
        events_told,
    ),
    "FujiEventList": (
        PAIRS.map(lambda pairs: (
            u16(len(pairs)) + b"".join(u16(code) + u32(word) for code, word in pairs),
            [(*pair, "current") for pair in pairs],
        )),
        values_told,
    ),
    "FujiDevicePropDescs": (
        DESCRIBED.map(lambda of: (
            u32(len(of)) + b"".join(u32(4 + len(one := description(*each))) + one for each in of), as_described(of),
        )),
        values_told,
    ),
    "OlympusChangedProperties": (
        DESCRIBED.map(lambda of: (u32(len(of)) + b"".join(description(*each) for each in of), as_described(of))),
        values_told,
    ),
    "SonyAllDevicePropData": (
        DESCRIBED.map(lambda of: (
            u32(len(of), 0) + b"".join(
                (raw := description(code, kind, values))[:5] + u8(1) + raw[5:] for code, kind, values in of
            ),
            as_described(of),
        )),
        values_told,
    ),
    "DevicePropDescEx": (
        described().map(lambda of: (
            u32(0x10000 + of[0]) + description(*of)[2:], as_described([(0x10000 + of[0], *of[1:])]),
        )),
        values_told,
    ),
    "PanasonicPropValues": (
        st.lists(st.tuples(st.integers(0x02000001, 0x020000FF), U32), min_size=1, max_size=6).map(
            lambda pairs: (
                b"".join(u32(code, 4, value) for code, value in pairs), [(*pair, "current") for pair in pairs],
            )
        ),
        values_told,
    ),
    "ObjectPropList": (
        st.lists(
            st.tuples(U32, st.integers(0xDC01, 0xDCFF), st.integers(0, (1 << 64) - 1) | TEXTS), min_size=1, max_size=5
        ).map(lambda of: (u32(len(of)) + b"".join(element(*one) for one in of), of)),
        parts_of("objectHandle", "property", "value", group="elements"),
    ),
    "FilesystemManifest": (
        FILES.map(lambda files: (u64(len(files)) + b"".join(manifest_entry(*one) for one in files), files)),
        parts_of("objectHandle", "objectCompressedSize", "filename"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUND_TRIPS)
@given(data=st.data())
def test_gives_back_what_it_was_built_of(name: str, data: st.DataObject) -> None:
    built, told = ROUND_TRIPS[name]
    payload, expected = data.draw(built)
    read = decode_as(name, payload)
    assert told(read) == expected
    assert [note.text for note in read.notes] == []
    check(read, payload)
