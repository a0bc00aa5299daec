"""The bytes of data phases by their place in the payload. Promises that a byte has the place it had on the wire, or
none: what lies behind a hole of unknown size is counted, not placed; reads ``STEP_BYTES`` at a time. Refuses to know
what the bytes mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .ptp import STATUSES
from .ptp.objects import Range
from .ptp.placing import HEADER, announced, is_ended
from .ptpip import messages as m
from .result import Result

STEP_BYTES = 1 << 20
_WINDOW_BYTES = 1 << 13  # of a capture in which short payloads lie close together
_BETWEEN_BYTES = 4096  # bytes of other packets that are read along rather than read around


class Payload(NamedTuple):
    """What a data phase carried, as ranges of its payload."""

    held: tuple[Range, ...]  # that the capture has and that can be placed, in order, none touching the next
    size: int | None  # of all of it; None where that can't be known
    unplaced: int  # bytes behind a hole of unknown size
    withheld: int = 0  # announced bytes that nobody sent: the data phase ended before


class Payloads:
    """The data phases of one result; transactions go by row number."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def payload(self, number: int) -> Payload:
        """What the data phase of a transaction carried."""
        result = self.result
        columns, rows, layout = result.messages, result.data_rows(number), result.data_layout(number)
        known, total = len(layout.place), announced(columns, int(result.transactions.start[number]))
        held: list[Range] = []
        for row, stream, begin, size, place in zip(
            rows[:known].tolist(), *(column[:known].tolist() for column in layout), strict=True
        ):
            if columns["status"][row] == m.COMPLETE:
                pieces: list[Range] = [(place, place + size)]
            else:
                pieces = [
                    (place + offset, place + offset + length)
                    for offset, length, position in result.stream_places.pieces(stream, begin, begin + size)
                    if position is not None
                ]
            for low, high in pieces:
                if held and held[-1][1] == low:
                    held[-1] = held[-1][0], high
                elif high > low:
                    held.append((low, high))
        unplaced = int((layout.size[known:] - np.minimum(columns["lost"][rows[known:]], layout.size[known:])).sum())
        end = int(layout.place[-1] + layout.size[known - 1]) if known else 0
        if is_ended(columns, rows) and not unplaced and known == len(rows):
            return Payload(tuple(held), max(end, total or 0), 0, max((total or 0) - end, 0))
        whole = total if total is not None and total >= end + unplaced else None
        return Payload(tuple(held), whole, unplaced)

    def read(self, number: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Bytes of a payload that the capture has, about ``STEP_BYTES`` at a time, each with its place."""
        batch: list[tuple[int, int, int]] = []  # place, length, position
        for place, length, position in self._pieces(number, start, end):
            if batch:
                first, (at, size, last) = batch[0], batch[-1]
                follows = at + size == place and 0 <= position - last - size <= _BETWEEN_BYTES
                if not follows or position + length - first[2] > STEP_BYTES:
                    yield self._joined(batch)
                    batch = []
            batch.append((place, length, position))
        if batch:
            yield self._joined(batch)

    def _pieces(self, number: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        layout = self.result.data_layout(number)
        known = len(layout.place)
        first = int(np.searchsorted(layout.place + layout.size[:known], start, "right"))
        for index in range(first, known):
            place, size = int(layout.place[index]), int(layout.size[index])
            if place >= end:
                return
            low, high = max(start - place, 0), min(size, end - place)
            begin, stream = int(layout.begin[index]), int(layout.stream[index])
            for offset, length, position in self.result.stream_places.pieces(stream, begin + low, begin + high):
                if position is not None:
                    yield place + low + offset, length, position

    def _joined(self, batch: list[tuple[int, int, int]]) -> tuple[int, bytes]:
        place, _, begin = batch[0]
        _, length, last = batch[-1]
        span = memoryview(self.result.read(begin, last + length - begin))
        return place, b"".join(span[position - begin : position - begin + size] for _, size, position in batch)


def short_payloads(result: Result, numbers: np.ndarray, most: int) -> list[bytes | None]:
    """The data phases of many transactions at once: of those that are whole, one message and one segment, and of at
    most ``most`` bytes. None for all others.
    """
    made, columns = result.transactions, result.messages
    rows, begin = result.all_data_rows
    single = (begin[numbers + 1] - begin[numbers] == 1) & (made.status[numbers] == STATUSES.index("complete"))
    row = rows[begin[numbers[single]]]
    stream, start = columns["stream"][row].astype(np.int64), columns["offset"][row].astype(np.int64) + HEADER
    size = columns["length"][row].astype(np.int64) - HEADER
    fits = (columns["status"][row] == m.COMPLETE) & (size >= 0) & (size <= most)
    index, size = np.flatnonzero(single)[fits], size[fits]
    found: list[bytes | None] = [None] * len(numbers)
    window, base = b"", 0
    positions = result.stream_places.positions(stream[fits], start[fits], size)
    for at, length, position in zip(index.tolist(), size.tolist(), positions.tolist(), strict=True):
        if position < 0:
            continue
        if not base <= position <= position + length <= base + len(window):
            window, base = result.source.read(position, _WINDOW_BYTES), position
        low = position - base
        if low + length <= len(window):  # or else the capture has changed, as who reads it alone is told
            found[at] = window[low : low + length]
    return found
