"""Objects out of pieces: who they are, which bytes of them are there. Promises that a byte carried twice is the later
one, and that a hole stays a hole; refuses to know bytes: it handles ranges (first byte, the one behind the last).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from ..facts.datasets import FAMILIES
from ..facts.objects import (
    ANYONE,
    OBJECT_FILE_NAME,
    OBJECT_FORMAT,
    OBJECT_REMOVED,
    OBJECT_SIZE,
    STORE_REMOVED,
    TRANSFERS,
    UINT16,
    UINT64,
    Transfer,
)
from .values import Dataset, Plain, Value

UNKNOWN_SIZE = 0xFFFFFFFF  # an ObjectInfo's size of 32 bits for what is larger (MTP 1.1 5.3.1)
MOST_SIZE = (1 << 63) - 1  # no file system has larger files, and no table larger numbers
MOST_KEPT = 4096  # handles that one dataset may tell of

TELLING = frozenset({
    "ObjectInfo", "FilesystemManifest", "ObjectPropList", "ObjectPropValue", "ObjectSize64", "EOSFolderEntries",
    "EOSFolderEntries64", "CanonFolderEntries", "EOSEventList",
})  # fmt: skip
"""Datasets that tell of objects."""

# ObjectAddedEx, ObjectInfoChangedEx, ObjectAddedEx64, RequestObjectTransfer and its two successors.
_EOS_RECORDS = tuple(kind.to_bytes(4, "little") for kind in (0xC181, 0xC187, 0xC1A7, 0xC186, 0xC1A9, 0xC1B8))
_REMOVED = tuple(code.to_bytes(2, "little") for _, code in sorted(OBJECT_REMOVED | STORE_REMOVED))

Range = tuple[int, int]  # first byte, the one behind the last
MissingRange = tuple[int, int | None]  # None: it is not known how much is missing


class Info(NamedTuple):
    """What a dataset says of an object; None where it says nothing."""

    filename: str | None = None
    format: int | None = None
    size: int | None = None
    thumbnail_format: int | None = None
    thumbnail_size: int | None = None
    store: int | None = None

    def over(self, older: Info | None) -> Info:
        """This, and what was known before of what this leaves out."""
        if older is None:
            return self
        return older._replace(**{name: value for name, value in self._asdict().items() if value is not None})

    def contradicts(self, other: Info) -> bool:
        """Do both tell a name, or a size, and not the same? Then they are about two objects."""
        names, sizes = {self.filename, other.filename} - {None}, {self.size, other.size} - {None}
        return len(names) > 1 or len(sizes) > 1


class Extent(NamedTuple):
    """Bytes of an object that a transaction carried."""

    start: int
    end: int
    transaction: int
    payload: int  # where they begin in its payload


def families(vendor: str | None) -> tuple[str, ...]:
    """Whose operations a vendor's camera answers, first to last."""
    return (*(FAMILIES.get(vendor, (vendor,)) if vendor else ()), "ptp", "mtp", *ANYONE)


@cache
def _transfers() -> dict[tuple[str, int], Transfer]:
    return {(row.vendor, row.operation): row for row in TRANSFERS}


def transfer_of(operation: int, vendor: str | None) -> Transfer | None:
    """How an operation carries an object with a vendor's camera; None where it carries none."""
    rows = _transfers()
    return next((rows[own, operation] for own in families(vendor) if (own, operation) in rows), None)


def is_one_of(operation: int, vendor: str | None, rows: frozenset[tuple[str, int]]) -> bool:
    """Is an operation, with a vendor's camera, among rows of (vendor, operation)?"""
    return any((own, operation) in rows for own in families(vendor))


def word(parameters: Sequence[int], places: Sequence[int]) -> int | None:
    """The number in one parameter or, low word first, in two; None where the first isn't there."""
    if not places or places[0] >= len(parameters):
        return None
    return sum(parameters[place] << 32 * index for index, place in enumerate(places) if place < len(parameters))


def may_tell(name: str, data: bytes) -> bool:
    """Is it worth decoding? Event lists are asked for all day long, and seldom tell of an object."""
    return name != "EOSEventList" or any(kind in data for kind in _EOS_RECORDS)


def may_remove(data: bytes) -> bool:
    """Likewise, for events that tell that an object or a store is gone."""
    return any(code in data for code in _REMOVED)


def told(dataset: Dataset, parameters: Sequence[int], edge: int | None = None) -> list[tuple[int | None, Info]]:
    """The objects that a dataset tells of, with their handles; ``parameters`` are the request's.

    The handle is None where neither names it: the dataset announces an object that has none yet. Of a list that is not
    whole, ``edge`` is where it ends: what reaches there is left out.
    """
    handle = parameters[0] if parameters else None
    if dataset.name == "ObjectInfo":
        return [(handle, _info({field.name: field.value for field in dataset.fields}))]
    if dataset.name == "ObjectSize64":
        return [(handle, Info(size=told_size(dataset.value("objectSize"))))]
    if dataset.name == "ObjectPropValue":
        datatype = {2: UINT16, 8: UINT64}.get(dataset.size)  # none is told: the value has the size of its type
        return [(handle, _property(parameters[1], datatype, dataset.value("value")))] if len(parameters) > 1 else []
    found: dict[int | None, Info] = {}
    for group in _groups(dataset.fields):
        fields = {part.name: part.value for part in group.parts}
        named = _number(fields.get("objectHandle"))
        if named is None or len(found) >= MOST_KEPT or (edge is not None and group.end >= edge):
            continue
        if "property" in fields:
            info = _property(fields["property"], fields.get("dataType"), fields.get("value"))
        else:
            info = _info(fields)
        found[named] = info.over(found.get(named))
    return list(found.items())


def _groups(values: Iterable[Value], depth: int = 3) -> Iterator[Value]:
    for value in values:
        if value.parts and depth:
            yield value
            yield from _groups(value.parts, depth - 1)


def _number(value: Plain) -> int | None:
    return value if isinstance(value, int) else None


def told_size(value: Plain) -> int | None:
    """A size that a dataset tells; None where it tells none, or one that nothing can have."""
    return value if isinstance(value, int) and value <= MOST_SIZE and value != UNKNOWN_SIZE else None


def _info(fields: dict[str, Plain]) -> Info:
    name = fields.get("filename")
    thumbnail = _number(fields.get("thumbCompressedSize")) or None
    return Info(
        name if isinstance(name, str) and name else None,
        _number(fields.get("objectFormat")),
        told_size(fields.get("objectCompressedSize", fields.get("size"))),
        (_number(fields.get("thumbFormat")) or None) if thumbnail else None,
        thumbnail,
        _number(fields.get("storageId")) or None,
    )


def _property(code: Plain, datatype: Plain, value: Plain) -> Info:
    """What a property says; nothing where it has not the datatype of the standard."""
    if code == OBJECT_FILE_NAME and isinstance(value, str) and value:
        return Info(filename=value)
    if (code, datatype) == (OBJECT_SIZE, UINT64):
        return Info(size=told_size(value))
    return Info(format=_number(value)) if (code, datatype) == (OBJECT_FORMAT, UINT16) else Info()


class Canvas:
    """The bytes of one object that are there, without overlap and in order; the latest paint is on top."""

    def __init__(self) -> None:
        self.extents: list[Extent] = []
        self._starts: list[int] = []
        self.bytes = 0  # that are there

    @property
    def end(self) -> int:
        """Behind the last byte that is there."""
        return self.extents[-1].end if self.extents else 0

    def paint(self, start: int, end: int, transaction: int, payload: int) -> None:
        """A transaction carried a range; its payload has the bytes from ``payload`` on."""
        if start >= end:
            return
        low = bisect_right(self._starts, start)
        if low and self.extents[low - 1].end > start:
            low -= 1
        high = bisect_left(self._starts, end)
        over = self.extents[low:high]
        new = [Extent(start, end, transaction, payload)]
        if over and over[0].start < start:
            new.insert(0, over[0]._replace(end=start))
        if over and over[-1].end > end:
            last = over[-1]
            new.append(Extent(end, last.end, last.transaction, last.payload + end - last.start))
        self.bytes += sum(one.end - one.start for one in new) - sum(one.end - one.start for one in over)
        self.extents[low:high] = new
        self._starts[low:high] = [one.start for one in new]

    def between(self, start: int, end: int) -> list[Extent]:
        """What is there of a range, each cut to it."""
        low = max(bisect_right(self._starts, start) - 1, 0)
        return [
            one._replace(
                start=max(one.start, start),
                end=min(one.end, end),
                payload=one.payload + max(start - one.start, 0),
            )
            for one in self.extents[low : bisect_left(self._starts, end)]
            if one.end > start
        ]

    def holes(self, size: int | None) -> list[Range]:
        """The ranges that are not there, up to ``size``, or up to the last byte that is."""
        found, at = [], 0
        for extent in self.extents:
            if extent.start > at:
                found.append((at, extent.start))
            at = extent.end
        if size is not None and size > at:
            found.append((at, size))
        return found


def ranges_text(ranges: Sequence[MissingRange], most: int = 16) -> str | None:
    """Ranges as text, each as its first and last byte: "0-1447, 5000-"; an open end is not known. None without any."""
    shown = [f"{start}-{'' if end is None else end - 1}" for start, end in ranges[:most]]
    more = len(ranges) - len(shown)
    return (", ".join(shown) + (f" and {more:,} more" if more else "")) or None
