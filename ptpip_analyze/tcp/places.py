"""Where in the capture the bytes of a stream lie. Reads the table of segments part by part, and no bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from ..grouped import distinct
from ..store import Columns

PARTS_IN_MEMORY = 8  # of the segment table, each some ten thousand rows: payloads are read one after the other


class StreamPlaces:
    """The places of all streams.

    ``segments`` has for each segment ``stream``, ``offset`` in it, ``captured`` bytes and ``position`` in the capture;
    those of one stream are in order of offset.
    """

    def __init__(self, segments: Columns) -> None:
        self._segments = segments
        self._parts: OrderedDict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = OrderedDict()

    def pieces(self, stream: int, start: int, end: int) -> Iterator[tuple[int, int, int | None]]:
        """A range of a stream, piece by piece, as (offset from start, length, position or None)."""
        at = start
        for offset, size, position in self._carried_between(stream, start, end):
            if offset > at:
                yield at - start, offset - at, None
                at = offset
            taken = min(offset + size, end) - at
            yield at - start, taken, position + at - offset
            at += taken
        if at < end:
            yield at - start, end - at, None

    def _carried_between(self, stream: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Offset, captured bytes and position of the segments that carry a range of a stream, in order."""
        numbers, ends = self._part_numbers.get(stream, ([], []))
        for number in numbers[bisect_right(ends, start) :]:
            offsets, captured, positions = self._part_of(number, stream)
            first = max(int(np.searchsorted(offsets, start, "right")) - 1, 0)
            last = int(np.searchsorted(offsets, end))
            for offset, size, position in zip(
                offsets[first:last].tolist(), captured[first:last].tolist(), positions[first:last].tolist(), strict=True
            ):
                if size and offset + size > start:
                    yield offset, size, position
            if last < len(offsets):
                return

    def positions(self, stream: np.ndarray, start: np.ndarray, size: np.ndarray) -> np.ndarray:
        """Position of each range of a stream that one segment carries; -1 for others, which ``pieces`` tells."""
        found = np.full(len(stream), -1, np.int64)
        for which in distinct(stream).tolist():
            wanted = np.flatnonzero(stream == which)
            numbers, ends = self._part_numbers.get(which, ([], []))
            parts = np.searchsorted(ends, start[wanted], "right")
            for part in distinct(parts[parts < len(numbers)]).tolist():
                offsets, captured, positions = self._part_of(numbers[part], which)
                here = wanted[parts == part]
                row = np.searchsorted(offsets, start[here], "right") - 1
                into = start[here] - offsets[row]
                fits = (row >= 0) & (into + size[here] <= captured[row])
                found[here[fits]] = (positions[row] + into)[fits]
        return found

    @cached_property
    def _part_numbers(self) -> dict[int, tuple[list[int], list[int]]]:
        """By stream, the parts of the segment table that hold rows of it, and where the last of these ends in each."""
        parts: dict[int, tuple[list[int], list[int]]] = {}
        for number, chunk in enumerate(self._segments.chunks("stream", "offset", "captured")):
            order = np.argsort(chunk["stream"], kind="stable")
            streams = chunk["stream"][order]
            last = order[np.append(np.flatnonzero(np.diff(streams)), len(order) - 1)]
            ends = chunk["offset"][last] + chunk["captured"][last]
            for stream, end in zip(chunk["stream"][last].tolist(), ends.tolist(), strict=True):
                numbers, known = parts.setdefault(stream, ([], []))
                numbers.append(number)
                known.append(end)
        return parts

    def _part_of(self, number: int, stream: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Offsets, captured bytes and positions of a stream's segments in one part of the segment table."""
        key = number, stream
        found = self._parts.get(key)
        if found is None:
            chunk = self._segments.part(number)
            rows = np.flatnonzero(chunk["stream"] == stream)
            found = self._parts[key] = chunk["offset"][rows], chunk["captured"][rows], chunk["position"][rows]
            while len(self._parts) > PARTS_IN_MEMORY:
                self._parts.popitem(last=False)
        return found
