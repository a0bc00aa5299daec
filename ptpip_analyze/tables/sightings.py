"""Codes without a name that stand in data phases: events of lists, properties in lists and beside values, formats of
objects. Promises one row per kind, code and vendor, in memory that doesn't grow with how often a code comes.

Refuses to count what requests and events say themselves (``unknown`` does).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from .. import facts
from ..decoded import MOST_READ, Decoder, decoder
from ..ptp.datasets import operations_with
from ..ptp.objects import TELLING, may_tell, told
from ..ptp.seen import PROPERTY_OPERATIONS
from ..ptp.shape import HEAD_BYTES

if TYPE_CHECKING:
    from ..result import Result

PAYLOADS: Final = 16
"""Payloads of one code that are looked at."""

MOST_CODES: Final = 1 << 12
"""Codes of one capture that are told: no maker has as many, a hostile capture may."""

WORDS: Final = tuple(f"word{index}" for index in range(5))

_MOST_SIGHTS = 1 << 12  # parameter lists that are kept, before they are thinned
_HEAD = 8  # size and type of a record


class Sight(NamedTuple):
    """A code as one data phase named it."""

    kind: str
    vendor: str | None
    code: int
    words: tuple[int, ...]  # numbers that came with it
    message: int  # row of the messages
    payload: bytes | None = None  # bytes that came with it


class _Row:
    """What is known of a code."""

    def __init__(self) -> None:
        self.count = 0
        self.words: list[list[int]] = []
        self.sizes: set[int] = set()  # the least and the most
        self.payloads: list[tuple[bytes, int]] = []
        self.first_frame = 0

    def see(self, sight: Sight, frame: int) -> None:
        self.count += 1
        self.first_frame = min(self.first_frame or frame, frame)
        kept = [word for word in sight.words[: len(WORDS)] if 0 <= word <= 0xFFFFFFFF]
        self.words.append([len(kept), *kept, *[0] * (len(WORDS) - len(kept))])
        if len(self.words) >= _MOST_SIGHTS:
            self.words = [list(row) for row in extremes(np.array(self.words)).tolist()]
        if sight.payload is not None:
            size = len(sight.payload)
            self.sizes = {min(self.sizes | {size}), max(self.sizes | {size})}
            if len(self.payloads) < PAYLOADS:
                self.payloads.append((sight.payload[:HEAD_BYTES], size))


def extremes(words: np.ndarray) -> np.ndarray:
    """A few of these parameter lists, of which the ranges are the same and which are absent as well."""
    counts = words[:, 0]
    kept = {int(np.argmin(counts))}
    for place in range(int(counts.max(initial=0))):
        carried = np.flatnonzero(counts > place)
        values = words[carried, 1 + place]
        kept |= {int(carried[np.argmin(values)]), int(carried[np.argmax(values)])}
    return words[sorted(kept)]


def unnamed(result: Result) -> Iterator[dict[str, Any]]:
    """Rows of the codes that nothing names, as ``unknown`` adds them up."""
    found: dict[tuple[str, str | None, int], _Row] = {}
    source = decoder(result)
    for sights in (_events(result, source), _properties(result, source), _formats(result, source)):
        for sight in sights:
            key = (sight.kind, sight.vendor, sight.code)
            if key in found or len(found) < MOST_CODES:
                frame = int(result.messages["last"][sight.message]) + 1
                found.setdefault(key, _Row()).see(sight, frame)
    for (kind, vendor, code), row in found.items():
        yield {
            "kind": kind,
            "vendor": vendor,
            "code": code,
            "count": row.count,
            "words": np.array(row.words),
            "sizes": sorted(row.sizes),
            "payloads": row.payloads,
            "first_frame": row.first_frame,
            "capture": result.path,
        }


def _events(result: Result, source: Decoder) -> Iterator[Sight]:
    """Events of lists; of a record that tells its own size, the bytes behind its head."""
    heads = _Heads(result)
    for event in source.events(texts=False):
        vendor = result.vendors[result.transactions.session[event.transaction]]
        if event.code is None or facts.row_of("event", event.code, vendor) is not None:
            continue
        record = heads.of(event.transaction)[event.start : event.end]
        sized = len(record) >= _HEAD and int.from_bytes(record[:4], "little") == len(record)
        payload = record[_HEAD:] if sized else None
        yield Sight("event", vendor, event.code, event.parameters, event.message, payload)


def _properties(result: Result, source: Decoder) -> Iterator[Sight]:
    """Properties whose value stands in a list or beside their code, and those that events are about."""
    made, heads = result.transactions, _Heads(result)
    for row in source.properties():
        code, vendor, number = row.revealed.code, result.vendors[row.session], row.transaction
        if facts.row_of("property", code, vendor) is not None:
            continue
        if number is None:
            yield Sight("property", vendor, code, (), row.message)
        elif int(result.messages["code"][made.request[number]]) not in PROPERTY_OPERATIONS:
            payload = heads.of(number)[row.revealed.start : row.revealed.end] if row.value is not None else None
            yield Sight("property", vendor, code, (), row.message, payload)


def _formats(result: Result, source: Decoder) -> Iterator[Sight]:
    """Formats of objects, each with the object's handle."""
    made = result.transactions
    codes = np.where(made.request >= 0, result.messages["code"][made.request], 0)
    for number in np.flatnonzero(np.isin(codes, sorted(operations_with(TELLING)))).tolist():
        exchange = source.exchange(number)
        name = source.name(exchange)
        if exchange is None or name not in TELLING:
            continue
        head = result.data_head(number, MOST_READ)
        read = source.dataset(number) if may_tell(name, head.data) else None
        if read is None:
            continue
        for handle, info in told(read, exchange.parameters, None if head.whole else len(head.data)):
            if info.format is not None and facts.row_of("format", info.format, exchange.vendor) is None:
                words = () if handle is None else (handle,)
                yield Sight("format", exchange.vendor, info.format, words, int(made.last_data[number]))


class _Heads:
    """The beginnings of data phases, of which the last one is kept: sights of one follow each other."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._number, self._data = -1, b""

    def of(self, number: int) -> bytes:
        if number != self._number:
            self._number, self._data = number, self._result.data_head(number, MOST_READ).data
        return self._data
