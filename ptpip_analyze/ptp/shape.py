"""What a payload that nobody has described looks like. Promises a guess only where all of the bytes fit it; refuses to
name fields: a shape is where somebody who works out a code begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .pictures import find_jpeg, kind_text
from .reader import Reader

HEAD_BYTES = 1 << 16
"""Bytes of a payload that are looked at."""

_LEAST_RECORDS = 2
_PRINTABLE = frozenset({9, 10, 13, *range(0x20, 0x7F)})


def shape_of(data: bytes, size: int | None = None) -> str | None:
    """The shape of a payload, of which ``data`` is the beginning or all; None where it looks like nothing known.

    ``size`` is the payload's whole size in bytes.
    """
    size = len(data) if size is None else size
    if not size:
        return "empty"
    if not data:
        return None
    return next((found for shape in _SHAPES if (found := shape(data, size))), None)


def shape_of_all(payloads: Iterable[tuple[bytes, int]]) -> str | None:
    """The shapes of several payloads (beginning, whole size) of one code; empty ones count only where all are."""
    shapes = dict.fromkeys(shape_of(data, size) for data, size in payloads)
    if len(shapes) > 1:
        shapes.pop("empty", None)
    if None in shapes:
        return None
    return " or ".join(shape for shape in shapes if shape) or None


def _picture(data: bytes, size: int) -> str | None:
    """A picture or film by its beginning; a live-view frame has a header before its JPEG."""
    kind = kind_text(data)
    if kind is None and find_jpeg(data) is not None:
        return "header and JPEG"
    return kind if kind != "BMP" else None  # two letters, which other payloads begin with too


def _string(data: bytes, size: int) -> str | None:
    """A PTP string is a count of UTF-16 units with the final NUL, then the units."""
    if size < 3 or size != 1 + 2 * data[0] or len(data) < size:
        return None
    text = Reader(data).units() or ""
    return "PTP string" if text.endswith("\0") and text[:-1].isprintable() else None


def _array(data: bytes, size: int) -> str | None:
    """A PTP array is a count of 32 bits, then the elements."""
    count = int.from_bytes(data[:4], "little")
    if size <= 4 or not count:
        return None
    return next((f"array of u{8 * width}" for width in (2, 4, 1, 8) if size == 4 + width * count), None)


def _records(data: bytes, size: int) -> str | None:
    """Records one behind the other that begin with their length, itself counted, and their type; a last one may end
    the list with the least length that there is.
    """
    at = count = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        if not 8 <= length <= size - at:
            return None
        at, count = at + length, count + 1
    fits = at == size or (size > len(data) and at >= len(data) - 8)
    return "records of length and type" if count >= _LEAST_RECORDS and fits else None


def _text(data: bytes, size: int) -> str | None:
    text = data.rstrip(b"\0")
    if len(text) < 4 or not _PRINTABLE.issuperset(text):
        return None
    return "XML" if text.lstrip().startswith(b"<") else "text"


def _number(data: bytes, size: int) -> str | None:
    return f"u{8 * size}" if size in (1, 2, 4, 8) else None


_SHAPES: tuple[Callable[[bytes, int], str | None], ...] = (_picture, _string, _records, _array, _text, _number)
