"""What datasets tell of objects, and which of their bytes are there."""

from __future__ import annotations

import random
import struct

import pytest

from ptpip_analyze.ptp.datasets import decode_as
from ptpip_analyze.ptp.objects import (
    Canvas,
    Info,
    is_one_of,
    may_remove,
    may_tell,
    ranges_text,
    told,
    transfer_of,
    word,
)


@pytest.mark.parametrize("seed", range(30))
def test_has_the_latest_copy_of_every_byte_wherever_parts_overlap(seed: int) -> None:
    chance = random.Random(seed)
    canvas, truth = Canvas(), {}
    for part in range(12):
        start, length = chance.randrange(60), chance.randrange(25)
        canvas.paint(start, start + length, part, 100)
        truth |= {at: (part, 100 + at - start) for at in range(start, start + length)}
    here = {
        at: (one.transaction, one.payload + at - one.start)
        for one in canvas.extents
        for at in range(one.start, one.end)
    }
    assert here == truth
    assert canvas.extents == sorted(canvas.extents)
    assert (canvas.bytes, canvas.end) == (len(truth), max(truth) + 1)
    gone = {at for low, high in canvas.holes(100) for at in range(low, high)}
    assert gone == set(range(100)) - truth.keys()


@pytest.mark.parametrize("seed", range(10))
def test_tells_what_is_there_of_a_range(seed: int) -> None:
    chance = random.Random(seed)
    canvas = Canvas()
    for part in range(8):
        start = chance.randrange(60)
        canvas.paint(start, start + chance.randrange(12), part, 100)
    whole = {
        at: (one.transaction, one.payload + at - one.start)
        for one in canvas.extents
        for at in range(one.start, one.end)
    }
    for start in range(0, 70, 7):
        cut = canvas.between(start, start + 9)
        assert {
            at: (one.transaction, one.payload + at - one.start) for one in cut for at in range(one.start, one.end)
        } == {at: place for at, place in whole.items() if start <= at < start + 9}


def test_has_no_hole_behind_the_last_byte_of_what_has_no_known_size() -> None:
    canvas = Canvas()
    assert (canvas.holes(None), canvas.holes(3)) == ([], [(0, 3)])
    canvas.paint(5, 9, 1, 0)
    assert (canvas.holes(None), canvas.holes(9), canvas.holes(12)) == ([(0, 5)], [(0, 5)], [(0, 5), (9, 12)])


@pytest.mark.parametrize(
    ("operation", "vendor", "offset"),
    [
        (0x1009, None, ()), (0x1009, "nikon", ()), (0x9107, None, None), (0x9107, "canon_eos", (1,)),
        (0x9107, "canon", (1,)), (0x9107, "panasonic", None), (0x95C1, None, (1, 2)), (0x9431, "nikon", (1, 2)),
        (0x1001, None, None),
    ],
)  # fmt: skip
def test_knows_how_a_vendor_s_operation_carries_an_object(
    operation: int, vendor: str | None, offset: tuple[int, ...] | None
) -> None:
    row = transfer_of(operation, vendor)
    assert (None if row is None else row.offset) == offset


def test_knows_operations_of_a_vendor_only() -> None:
    rows = frozenset({("ptp", 0x100B), ("canon_eos", 0x9105)})
    assert [
        is_one_of(code, vendor, rows) for code, vendor in ((0x100B, "sony"), (0x9105, "canon"), (0x9105, None))
    ] == [
        True,
        True,
        False,
    ]


def test_joins_two_words() -> None:
    assert [word((7, 1, 2), places) for places in ((1,), (1, 2), (2, 3), (3,), ())] == [1, (2 << 32) + 1, 2, None, None]


def string(text: str) -> bytes:
    units = (text + "\0").encode("utf-16-le")
    return bytes([len(units) // 2]) + units


def info(name: str, size: int, thumbnail: int = 0) -> bytes:
    head = struct.pack("<IHHIHIIIIIIIHII", 1, 0x3801, 0, size, 0x3808, thumbnail, *[0] * 9)
    return head + string(name) + b"\0" * 3


def test_reads_an_object_info_of_the_handle_that_was_asked_for() -> None:
    read = decode_as("ObjectInfo", info("a.jpg", 5, 3))
    assert told(read, (7,)) == [(7, Info("a.jpg", 0x3801, 5, 0x3808, 3, 1))]
    assert told(read, ()) == [(None, Info("a.jpg", 0x3801, 5, 0x3808, 3, 1))]


def test_knows_no_size_of_what_is_too_large_for_32_bits() -> None:
    ((_, large),) = told(decode_as("ObjectInfo", info("a.mov", 0xFFFFFFFF)), (7,))
    assert (large.size, large.thumbnail_size, large.thumbnail_format) == (None, None, None)
    assert told(decode_as("ObjectSize64", struct.pack("<Q", 5 << 30)), (7,)) == [(7, Info(size=5 << 30))]


def test_gathers_the_properties_of_an_object() -> None:
    elements = [(7, 0xDC07, 0xFFFF, string("a.jpg")), (8, 0xDC04, 8, struct.pack("<Q", 9)),
                (7, 0xDC04, 8, struct.pack("<Q", 5)), (7, 0xDC02, 4, struct.pack("<H", 0x3801))]  # fmt: skip
    data = struct.pack("<I", len(elements))
    data += b"".join(struct.pack("<IHH", handle, code, kind) + value for handle, code, kind, value in elements)
    assert told(decode_as("ObjectPropList", data), ()) == [(7, Info("a.jpg", 0x3801, 5)), (8, Info(size=9))]


@pytest.mark.parametrize(
    ("datatype", "value", "size"),
    [
        (8, struct.pack("<Q", 9), 9), (8, struct.pack("<Q", (1 << 63) - 1), (1 << 63) - 1),
        (8, struct.pack("<Q", 1 << 63), None), (8, struct.pack("<Q", (1 << 64) - 1), None),
        (10, (1 << 64).to_bytes(16, "little"), None), (7, struct.pack("<q", -5), None), (6, struct.pack("<I", 9), None),
    ],
)  # fmt: skip
def test_takes_no_size_but_one_of_the_standard_s_datatype_that_a_file_can_have(
    datatype: int, value: bytes, size: int | None
) -> None:
    """MTP 1.1 appendix B: ObjectSize is UINT64."""
    data = struct.pack("<IIHH", 1, 7, 0xDC04, datatype) + value
    ((_, info),) = told(decode_as("ObjectPropList", data), ())
    assert info.size == size
    if datatype == 8:
        assert told(decode_as("ObjectPropValue", value), (7, 0xDC04)) == [(7, Info(size=size))]


def test_leaves_out_what_reaches_the_edge_of_a_hole() -> None:
    entry = struct.pack("<IIHHIIIII", 9, 1, 0x3801, 0, 1, 0, 5, 0, 9) + b"A.JPG".ljust(20, b"\0")
    data = struct.pack("<I", 2) + (struct.pack("<I", len(entry) + 4) + entry) * 2
    read = decode_as("EOSFolderEntries", data[:-6])
    assert [handle for handle, _ in told(read, ())] == [9]
    assert told(read, (), 4 + len(entry) + 4) == []
    assert told(read, (), len(data) - 6) == [(9, Info("A.JPG", 0x3801, 5, store=1))]


def test_skips_event_lists_that_tell_of_no_object() -> None:
    assert may_tell("ObjectInfo", b"")
    assert not may_tell("EOSEventList", struct.pack("<IIII", 16, 0xC189, 1, 2))
    assert may_tell("EOSEventList", struct.pack("<IIII", 16, 0xC181, 1, 2))


def test_skips_event_lists_that_tell_of_nothing_that_is_gone() -> None:
    assert not may_remove(struct.pack("<IIII", 16, 0xC181, 1, 2))
    assert all(may_remove(struct.pack("<III", 12, kind, 1)) for kind in (0xC182, 0xC193, 0x4003, 0x4005))


def test_tells_two_objects_from_one_that_is_told_of_twice() -> None:
    one = Info("a.jpg", size=5)
    assert not one.contradicts(Info("a.jpg"))
    assert not one.contradicts(Info(size=5, format=1))
    assert one.contradicts(Info("b.jpg"))
    assert one.contradicts(Info(size=6))
    assert Info(format=1).over(one) == Info("a.jpg", 1, 5)


def test_writes_ranges_by_first_and_last_byte() -> None:
    assert ranges_text([(0, 1448), (5000, None)]) == "0-1447, 5000-"
    assert ranges_text([]) is None
    assert ranges_text([(at, at + 1) for at in range(0, 2000, 2)], 2) == "0-0, 2-2 and 998 more"
