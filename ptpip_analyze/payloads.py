"""The bytes of data phases by their place in the payload. Promises that a byte has the place it had on the wire, or
none: what lies behind a hole of unknown size is counted, not placed; reads ``STEP_BYTES`` at a time. Refuses to know
what the bytes mean.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .facts.packets import UNKNOWN_TOTAL
from .ptp import NO_ROW, STATUSES
from .ptp.objects import Range
from .ptp.placing import HEADER, placed
from .ptpip import messages as m
from .result import START_DATA_BYTES, Result

STEP_BYTES = 1 << 20
_BETWEEN_BYTES = 4096  # bytes of other packets that are read along rather than read around
_LAYOUTS = 8


class Payload(NamedTuple):
    """What a data phase carried, as ranges of its payload."""

    held: tuple[Range, ...]  # that the capture has and that can be placed, in order, none touching the next
    size: int | None  # of all of it; None where that can't be known
    unplaced: int  # bytes behind a hole of unknown size


class Layout(NamedTuple):
    """Where the data messages of a transaction lie: by message, as far as they can be placed."""

    stream: np.ndarray
    begin: np.ndarray  # first byte of payload in the stream
    place: np.ndarray  # and in the payload
    size: np.ndarray  # bytes of payload


class Payloads:
    """The data phases of one result; transactions go by row number."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self._layouts: OrderedDict[int, Layout] = OrderedDict()

    def layout(self, number: int) -> Layout:
        """Where the data messages of a transaction lie."""
        found = self._layouts.get(number)
        if found is None:
            found = self._layouts[number] = self._laid_out(number)
            while len(self._layouts) > _LAYOUTS:
                self._layouts.popitem(last=False)
        return found

    def _laid_out(self, number: int) -> Layout:
        made, columns = self.result.transactions, self.result.messages
        rows = self.result.data_rows(number).astype(np.int64)
        stream, offset = columns["stream"][rows].astype(np.int64), columns["offset"][rows]
        length = columns["length"][rows].astype(np.int64)
        if len(rows) > 1:  # a lying length word does not reach into the next message
            same = stream[1:] == stream[:-1]
            length[:-1] = np.where(same, np.minimum(length[:-1], offset[1:] - offset[:-1]), length[:-1])
        hidden = np.zeros(len(rows), np.int64)
        hidden[1:] = np.where(stream[1:] == stream[:-1], offset[1:] - offset[:-1] - length[:-1], 0)
        start = int(made.start[number])
        if len(rows) and STATUSES[made.status[number]] in ("gap", "began-earlier"):
            if start == NO_ROW:
                hidden[0] = -1
            elif columns["stream"][start] == stream[0]:
                hidden[0] = max(int(offset[0] - columns["offset"][start] - columns["length"][start]), 0)
        for index in np.flatnonzero(hidden > 0).tolist():
            hidden[index] -= self._framed_between(rows[index - 1] if index else start, rows[index])
        places = placed(length.tolist(), hidden.tolist(), self._announced(number), ended=self._ended(rows))
        known = next((index for index, place in enumerate(places) if place is None), len(places))
        size = np.maximum(length - HEADER, 0)
        return Layout(stream, offset + HEADER, np.array(places[:known], np.int64), size)

    def _framed_between(self, before: int, after: int) -> int:
        """Bytes of messages between two of one stream that belong to something else."""
        columns = self.result.messages
        between = slice(int(before) + 1, int(after))
        others = (columns["stream"][between] == columns["stream"][after]) & (columns["type"][between] != m.UNFRAMED)
        return int(columns["length"][between][others].sum())

    def _ended(self, rows: np.ndarray) -> bool:
        return len(rows) > 0 and int(self.result.messages["type"][rows[-1]]) != m.DATA

    def _announced(self, number: int) -> int | None:
        columns, start = self.result.messages, int(self.result.transactions.start[number])
        if start == NO_ROW or columns["known"][start] < min(int(columns["length"][start]), START_DATA_BYTES):
            return None
        total = int(columns["total"][start])
        return None if total == UNKNOWN_TOTAL else total

    def payload(self, number: int) -> Payload:
        """What the data phase of a transaction carried."""
        columns, rows, layout = self.result.messages, self.result.data_rows(number), self.layout(number)
        known, total = len(layout.place), self._announced(number)
        held: list[Range] = []
        for row, stream, begin, place, size in zip(
            rows[:known].tolist(), *(column[:known].tolist() for column in layout), strict=True
        ):
            if columns["status"][row] == m.COMPLETE:
                pieces: list[Range] = [(place, place + size)]
            else:
                pieces = [
                    (place + offset, place + offset + length)
                    for offset, length, position in self.result.stream_pieces(stream, begin, begin + size)
                    if position is not None
                ]
            for low, high in pieces:
                if held and held[-1][1] == low:
                    held[-1] = held[-1][0], high
                elif high > low:
                    held.append((low, high))
        unplaced = int((layout.size[known:] - np.minimum(columns["lost"][rows[known:]], layout.size[known:])).sum())
        end = int(layout.place[-1] + layout.size[known - 1]) if known else 0
        if self._ended(rows) and not unplaced and known == len(rows):
            return Payload(tuple(held), max(end, total or 0), 0)
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
        layout = self.layout(number)
        known = len(layout.place)
        first = int(np.searchsorted(layout.place + layout.size[:known], start, "right"))
        for index in range(first, known):
            place, size = int(layout.place[index]), int(layout.size[index])
            if place >= end:
                return
            low, high = max(start - place, 0), min(size, end - place)
            begin, stream = int(layout.begin[index]), int(layout.stream[index])
            for offset, length, position in self.result.stream_pieces(stream, begin + low, begin + high):
                if position is not None:
                    yield place + low + offset, length, position

    def _joined(self, batch: list[tuple[int, int, int]]) -> tuple[int, bytes]:
        place, _, begin = batch[0]
        _, length, last = batch[-1]
        span = memoryview(self.result.read(begin, last + length - begin))
        return place, b"".join(span[position - begin : position - begin + size] for _, size, position in batch)
