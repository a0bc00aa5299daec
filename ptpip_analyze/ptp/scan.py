"""A payload becomes a tree of values. Promises every value its place, a note for every lie, and an end: no exception,
no value from beyond the payload, at most ``values.MOST_VALUES`` of them; refuses to know any dataset.

A decoder is a function that takes fields off a ``Scan``. What isn't there stops the scan: later fields are not added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from ..facts import KINDS, name_of
from ..facts.layout import SIZES, Field, Kind, Layout
from . import datatypes
from .reader import Reader
from .values import MOST_BYTES, MOST_DEPTH, MOST_VALUES, Dataset, Doubt, Note, Plain, Value

_TOLD = 8  # elements of an array that its text names
_MOST_NOTES = 64
_ONES = 0xFFFFFFFF


class Request(NamedTuple):
    """What is known about the transaction whose payload is decoded."""

    vendor: str | None = None
    parameters: tuple[int, ...] = ()
    datatype: int | None = None  # of the property value that the payload is, where a description told it


class _Book:
    """What all scans of one payload share."""

    def __init__(self, size: int, present: int) -> None:
        self.size = size
        self.present = present
        self.notes: list[Note] = []
        self.values = 0
        self.cut_told = False  # is there a note that the rest of the payload is not at hand?

    def note(self, start: int, text: str, doubt: Doubt) -> None:
        kept = self.notes
        if len(kept) == _MOST_NOTES:
            kept.append(Note(start, "more notes follow; they are not kept"))
        # However many there are, where a payload contradicts its layout first is not lost among them.
        if len(kept) < _MOST_NOTES or (doubt and not any(one.doubt is doubt and one.start <= start for one in kept)):
            kept.append(Note(start, text, doubt))


class Scan:
    """Takes named values off a payload, one behind the other; ``fields`` are those taken so far."""

    def __init__(self, data: bytes, request: Request | None = None, *, size: int | None = None) -> None:
        self.data = data
        self.request = request or Request()
        self.reader = Reader(data)
        self.fields: list[Value] = []
        self.depth = 0
        self._book = _Book(max(size or 0, len(data)), len(data))

    def child(self, start: int, end: int) -> Scan:
        """A scan of a part of the payload that shares notes and bounds with this one, and has fields of its own."""
        made = Scan.__new__(Scan)
        made.data, made.request, made._book = self.data, self.request, self._book
        made.reader = Reader(self.data, start, end)
        made.fields = []
        made.depth = self.depth + 1
        return made

    def become(self, other: Scan) -> None:
        """Go on as another scan of the same payload: with its fields, its notes and its place."""
        self.reader, self.fields, self._book = other.reader, other.fields, other._book

    @property
    def vendor(self) -> str | None:
        """Whose camera it is."""
        return self.request.vendor

    @property
    def at(self) -> int:
        """The next byte."""
        return self.reader.at

    @property
    def end(self) -> int:
        """Behind the last byte of this scan's part."""
        return self.reader.end

    @property
    def left(self) -> int:
        """Bytes between here and the end."""
        return self.reader.left

    @property
    def failed(self) -> bool:
        """Was something not there?"""
        return self.reader.failed

    @property
    def whole(self) -> bool:
        """Is the whole payload at hand?"""
        return self._book.size <= self._book.present

    @property
    def size(self) -> int:
        """Bytes of the whole payload."""
        return self._book.size

    def more(self) -> bool:
        """Is there anything left to take?"""
        return not self.failed and self.left > 0

    def fail(self, text: str) -> None:
        """What follows can't be read, and why."""
        if not self.failed:
            self.note(text)
            self.reader.failed = True

    def note(self, text: str, start: int | None = None, doubt: Doubt = Doubt.NONE) -> None:
        """Something to know about a byte: the next one, where none is named."""
        self._book.note(self.at if start is None else start, text, doubt)

    def peek(self, size: int, ahead: int = 0) -> int | None:
        """An unsigned integer without taking it; None where there are too few bytes."""
        start = self.at + ahead
        return None if start + size > self.end else int.from_bytes(self.data[start : start + size], "little")

    def add(self, value: Value) -> bool:
        """Keep a value; False when there are too many."""
        if self._book.values >= MOST_VALUES:
            self.fail(f"more than {MOST_VALUES:,} values: those behind are not shown")
            return False
        self._book.values += 1
        self.fields.append(value)
        return True

    def short(self, name: str, start: int, wanted: int | None) -> None:
        """A note for a value whose bytes are not there, be it the camera's doing or the capture's."""
        if self.reader.end == self._book.present and not self.whole:
            text = f"{name} is not at hand: only the first {self._book.present:,} of {self._book.size:,} bytes are"
            self._book.cut_told = True
        elif wanted is None:
            text = f"ends inside {name}"
        else:
            text = f"ends inside {name}: {max(self.reader.end - start, 0):,} of {wanted:,} bytes are there"
        self._book.note(start, text, Doubt.CONTRADICTION)

    def number(
        self,
        name: str,
        size: int,
        codes: str = "",
        *,
        signed: bool = False,
        order: Literal["little", "big"] = "little",
        names: dict[int, str] | None = None,
    ) -> int | None:
        """An integer of ``size`` bytes; ``codes`` or ``names`` say how it reads."""
        start, before = self.at, self.failed
        value = self.reader.signed(size, order) if signed else self.reader.unsigned(size, order)
        if value is None:
            if not before:
                self.short(name, start, size)
            return None
        text = names.get(value) if names is not None else wording(codes, value, self.vendor)
        return value if self.add(Value(name, value, start, self.at, text)) else None

    def string(self, name: str, *, date: bool = False) -> str | None:
        """A PTP string, with a note where it isn't what the standard says."""
        start, before = self.at, self.failed
        count = self.peek(1)
        units = self.reader.units()
        if units is None:
            if not before:
                self.reader.at = start
                self.short(name, start, None if count is None else 1 + 2 * count)
            return None
        value, nul, behind = units.partition("\0")
        if units and not nul:
            self.note(f"{name} has no final NUL", start, Doubt.CONTRADICTION)
        elif behind.strip("\0"):
            self.note(f"{name}: {many(len(behind), 'unit')} behind its NUL", start, Doubt.CONTRADICTION)
        elif behind:
            self.note(f"{name} is padded with {many(len(behind), 'more NUL')}", start)
        text = datatypes.date_text(value) if date else None
        if date and value and text is None:
            self.note(f"{name} is no date", start)
        return value if self.add(Value(name, value, start, self.at, text)) else None

    def chars(self, name: str, size: int, *, secret: bool = False) -> str | None:
        """8-bit text in a field of ``size`` bytes, up to its first NUL; a secret one is not told."""
        if size > MOST_BYTES and not secret:
            self.raw(name, size)
            return None
        start, before = self.at, self.failed
        taken = self.reader.raw(size)
        if taken is None:
            if not before:
                self.short(name, start, size)
            return None
        value = taken.split(b"\0", 1)[0].decode("utf-8", "replace")
        if secret:
            self.add(Value(name, None, start, self.at, "(redacted)"))
            return None
        return value if self.add(Value(name, value, start, self.at)) else None

    def raw(self, name: str, size: int, text: str | None = None) -> bytes | None:
        """Bytes that nobody has a meaning for."""
        start, before = self.at, self.failed
        if self.failed or not 0 <= size <= self.left:
            self.reader.failed = True
            if not before:
                self.short(name, start, size)
            return None
        self.reader.at += size
        taken = self.data[start : start + size] if size <= MOST_BYTES else None
        if taken is None and text is None:
            text = f"{size:,} bytes"
        self.add(Value(name, taken, start, self.at, text))
        return taken

    def rest(self, name: str, text: str | None = None) -> bytes | None:
        """All bytes to the end, where there are any."""
        return self.raw(name, self.left, text) if self.more() else None

    def numbers(self, name: str, count: int, size: int, codes: str = "", *, signed: bool = False) -> tuple[int, ...]:
        """``count`` integers of ``size`` bytes.

        Where there are fewer, those that are there are parts of a field without a value.
        """
        return self._elements(name, self.at, count, size, codes, signed)

    def array(
        self, name: str, size: int, codes: str = "", *, counted: int = 4, signed: bool = False
    ) -> tuple[int, ...]:
        """An array of integers of ``size`` bytes behind its count of ``counted`` bytes."""
        start, before = self.at, self.failed
        count = self.reader.unsigned(counted)
        if count is None:
            if not before:
                self.short(name, start, counted)
            return ()
        return self._elements(name, start, count, size, codes, signed)

    def _elements(self, name: str, start: int, count: int, size: int, codes: str, signed: bool) -> tuple[int, ...]:
        if self.failed:
            return ()
        there = min(count, self.left // size)
        kept = min(there, max(MOST_VALUES - self._book.values, 0))
        first = self.at
        taken = self.data[first : first + kept * size]
        values = tuple(
            int.from_bytes(taken[at : at + size], "little", signed=signed) for at in range(0, len(taken), size)
        )
        texts = [wording(codes, value, self.vendor) for value in values]
        parts: tuple[Value, ...] = ()
        complete = kept == count
        if size > 1 or codes or not complete:
            parts = tuple(
                Value(str(index), value, first + index * size, first + (index + 1) * size, texts[index])
                for index, value in enumerate(values)
            )
            self._book.values += kept
        self.reader.at = first + there * size
        text = None
        if codes and values:
            told = ", ".join(text or str(value) for text, value in zip(texts[:_TOLD], values[:_TOLD], strict=True))
            text = told if count <= _TOLD else f"{told}, … {count:,} in all"
        if kept < there:
            self.note(f"{name}: {there - kept:,} more elements are not shown", first + kept * size)
        # A list of which a part is missing has no value that one could take for the whole.
        self.fields.append(Value(name, values if complete else None, start, self.at, text, parts))
        if there < count:
            self.short(f"{name} of {count:,} elements", first, count * size)
            self.reader.failed = True
        return values

    def typed(self, name: str, datatype: int, codes: str = "") -> Plain:
        """A value of a PTP datatype."""
        if datatype == datatypes.STRING:
            return self.string(name)
        size = datatypes.size_of(datatype)
        if size is None:
            self.fail(f"{name}: datatype 0x{datatype:04X} is none of PTP's, its size is not known")
            return None
        signed = datatypes.is_signed(datatype)
        if datatypes.is_array(datatype):
            before = len(self.fields)
            self.array(name, size, codes, signed=signed)
            return self.fields[-1].value if len(self.fields) > before else None
        return self.number(name, size, codes, signed=signed)

    def layout(self, layout: Layout) -> None:
        """All fields of a flat layout, as far as they are there."""
        for field in layout.fields:
            if self.failed:
                return
            _KINDS[field.kind](self, field)

    @contextmanager
    def group(self, name: str, end: int | None = None, text: str | None = None, value: Plain = None) -> Iterator[Scan]:
        """Fields that belong together, up to ``end``: behind it this scan goes on, whatever the group lacked.

        Without an ``end`` the group ends where its last field does, and what it lacks this scan lacks.
        """
        start = self.at
        stop = self.end if end is None else min(max(end, start), self.end)
        inner = self.child(start, stop)
        if self.failed:
            inner.reader.failed = True
        elif inner.depth > MOST_DEPTH:
            inner.fail(f"{name} is nested more than {MOST_DEPTH} deep")
        yield inner
        if self.failed:
            return
        reached = inner.at if end is None else stop
        # The group is kept even when its fields used up the budget: they would be lost with it.
        self._book.values += 1
        self.fields.append(Value(name, value, start, max(reached, inner.at), text, tuple(inner.fields)))
        self.reader.at = reached
        if inner.failed and (end is None or self._book.values >= MOST_VALUES):
            self.reader.failed = True

    def entries(self, count: int | None, name: str) -> Iterator[str]:
        """Names for ``count`` entries that follow ("0", "1", ...), as long as there is something to take."""
        for index in range(count or 0):
            if self.failed:
                return
            if not self.left:
                self.short(f"{name} {index + 1:,} of {count:,}", self.at, None)
                self.reader.failed = True
                return
            yield str(index)

    def finish(self, name: str) -> Dataset:
        """The dataset; bytes that nobody took become a field ``rest``, with a note."""
        if not self.whole and not self._book.cut_told:
            present, size = self._book.present, self._book.size
            some = f"only the first {present:,} of {size:,} bytes are" if present else f"none of {size:,} bytes is"
            self.note(f"{some} at hand", present)
        if self.left:
            start, size = self.at, self.left
            if not self.failed:
                self.note(f"{many(size, 'byte')} behind the dataset")
            kept = self.data[start : self.end] if size <= MOST_BYTES else None
            self.fields.append(Value("rest", kept, start, self.end, None if kept is not None else f"{size:,} bytes"))
        return Dataset(name, tuple(self.fields), tuple(sorted(self._book.notes)), self._book.size)


def many(count: int, noun: str) -> str:
    """1 byte, 2 bytes."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def bytes_text(size: int) -> str | None:
    """A number of bytes as people say it: 1.33 MB; None below a thousand. All ones stand for "too large to say"."""
    if size in (_ONES, (1 << 64) - 1):
        return "not told" if size > _ONES else "not told, or 4 GiB and more"
    if size < 1000:
        return None
    amount, units = size / 1000, ["EB", "PB", "TB", "GB", "MB", "kB"]
    while amount >= 999.5:
        amount /= 1000
        units.pop()
    return f"{amount:.3g} {units[-1]}"


def unix_text(seconds: int) -> str | None:
    """Seconds since 1970 as a camera's clock showed them; None for 0, which cameras send for "not known"."""
    if seconds == 0:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


# How a plain number reads that is no code (facts.datasets.WORDINGS).
_WORDINGS: dict[str, Callable[[int], str | None]] = {
    "bytes": bytes_text,
    "count": lambda value: "not told" if value == _ONES else None,
    "handle": lambda value: f"0x{value:08X}",
    "hex": lambda value: f"0x{value:X}",
    "storage": lambda value: f"0x{value:08X}",
    "unix_time": unix_text,
}


def wording(codes: str, value: int, vendor: str | None) -> str | None:
    """How a number reads: the name of a code, a handle, a size; None where the number says it all."""
    if not codes:
        return None
    told = _WORDINGS.get(codes)
    if told is not None:
        return told(value)
    return name_of(codes, value, vendor) if codes in KINDS else None


def _number(scan: Scan, field: Field) -> None:
    scan.number(field.name, SIZES[field.kind], field.codes)


def _array(scan: Scan, field: Field) -> None:
    scan.array(field.name, SIZES[field.of or Kind.U8], field.codes)


def _words(scan: Scan, field: Field) -> None:
    count = scan.left // 4
    scan.numbers(field.name, min(count, field.upto) if field.upto else count, 4, field.codes)


def _name(scan: Scan, field: Field) -> None:
    """UTF-16 units up to a NUL unit, without a count (the init packets of PTP-IP)."""
    start, stop = scan.at, scan.at
    limit = min(scan.end, start + 2 * field.upto) if field.upto else scan.end
    while stop + 2 <= limit and scan.data[stop : stop + 2] != b"\0\0":
        stop += 2
    value = scan.data[start:stop].decode("utf-16-le", "replace")
    if stop + 2 > limit:
        scan.note(f"{field.name} has no final NUL", start, Doubt.CONTRADICTION)
    scan.reader.at = min(stop + 2, limit)
    scan.add(Value(field.name, value, start, scan.at))


_KINDS: dict[Kind, Callable[[Scan, Field], object]] = {
    Kind.U8: _number,
    Kind.U16: _number,
    Kind.U32: _number,
    Kind.U64: _number,
    Kind.GUID: lambda scan, field: scan.raw(field.name, 16),
    Kind.NAME: _name,
    Kind.STRING: lambda scan, field: scan.string(field.name),
    Kind.DATE: lambda scan, field: scan.string(field.name, date=True),
    Kind.ARRAY: _array,
    Kind.WORDS: _words,
    Kind.REST: lambda scan, field: scan.rest(field.name),
}
