"""Short messages of many segments at once: those that are all header, and data phases of one message.

Promises what ``Streams.read`` says of the same places, and takes no byte from a segment either: payloads are those of
which analysis knows, wherever they were first. Refuses every segment of which a part is anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..capture import PacketBatch
from ..grouped import distinct, group_starts, stable_order
from ..ptp import NO_ROW
from ..ptp.placing import HEADER
from ..ptpip import messages as m
from ..result import Result
from .heads import CARRIERS, WIDTH, made, sizes
from .phases import SHORT, Phases
from .pseudonyms import BLOCK, Pseudonyms
from .streams import stream_name

_FEW = 8  # segments of one stream in a batch that are not worth the arrays
_CROWD = 40  # messages of a segment; what has more is read message by message, so that arrays stay small
_MOST = 1 << 14  # segments whose bytes are made together
_COPIED = 1 << 18  # bytes that are copied together
_BLOCKS = 64  # of filler that are there together
_FILLER = -1  # in the place of a payload that is nothing but filler


class _Payloads(NamedTuple):
    """Payloads of some messages of a stream, scrubbed: whether each is known, and where it begins in ``data``, or
    ``_FILLER``.
    """

    known: np.ndarray
    begin: np.ndarray
    data: np.ndarray


class Many:
    """The short messages of one result."""

    def __init__(self, result: Result, phases: Phases, pseudonyms: Pseudonyms) -> None:
        self._result, self._phases, self._pseudonyms = result, phases, pseudonyms

    def write(
        self, batch: PacketBatch, out: np.ndarray, at: np.ndarray, stream: np.ndarray, start: np.ndarray,
        size: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """Put the segments that are nothing but such messages in their places; a mask of those.

        ``out`` is what becomes of the bytes of ``batch``, ``at`` where in it each segment lies, ``start`` its offset in
        its stream, ``size`` how long it is.
        """
        done, data = np.zeros(len(at), bool), batch.data.data
        for segments in each_stream(stream):
            number = int(stream[segments[0]])
            if len(segments) >= _FEW and 0 <= number < 2 * len(self._result.connections):
                for first in range(0, len(segments), _MOST):
                    mine = segments[first : first + _MOST]
                    done[mine] = self._stream(data, batch.base, out, at[mine], number, start[mine], size[mine])
        return done

    def _stream(
        self,
        data: memoryview,
        base: int,
        out: np.ndarray,
        at: np.ndarray,
        number: int,
        start: np.ndarray,
        size: np.ndarray,
    ) -> np.ndarray:
        columns, rows = self._result.messages, self._result.by_stream.of(number)
        offset, end = columns["offset"][rows], start + size
        first = np.searchsorted(offset, start, "right") - 1
        count = np.searchsorted(offset, end, "left") - first
        sound = (size > 0) & (first >= 0) & (count <= _CROWD)
        segment = np.repeat(np.flatnonzero(sound), count[sound])
        if not len(segment):
            return sound
        # A piece is what a segment has of one message.
        index = np.arange(len(segment)) - np.repeat(np.cumsum(count[sound]) - count[sound] - first[sound], count[sound])
        row = rows[index]
        head, length = sizes(columns, row), columns["length"][row].astype(np.int64)
        begin = offset[index]
        behind = np.append(offset, np.iinfo(np.int64).max)[index + 1]  # where the next message of the stream begins
        high = np.minimum(end[segment], behind)
        carrying = np.isin(columns["type"][row], CARRIERS)
        known = (head > 0) & (carrying | (head == length)) & (high <= begin + length) & (begin + length <= behind)
        sound[segment[~known]] = False
        carrying &= sound[segment]
        payloads, which = self._payloads(data, base, number, rows, index[carrying])
        sound[segment[carrying][~payloads.known[which]]] = False
        body = np.full(len(row), _FILLER)  # of a piece, where what its message carries begins
        body[carrying] = payloads.begin[which]
        taken = sound[segment]
        segment, row, begin, high = segment[taken], row[taken], begin[taken], high[taken]
        low, fixed, body, to = np.maximum(start[segment], begin), begin + head[taken], body[taken], at[segment]
        to = to - start[segment]
        lines = made(columns, row).reshape(-1)
        _copy(lines, np.arange(len(row)) * WIDTH - begin, out, to, low, np.minimum(high, fixed))
        low = np.maximum(low, fixed)
        carried = np.flatnonzero((low < high) & (body != _FILLER))
        _copy(payloads.data, (body - fixed)[carried], out, to[carried], low[carried], high[carried])
        filled = np.flatnonzero((low < high) & (body == _FILLER))
        self._fill(number, out, to[filled], low[filled], high[filled])
        return sound

    def _payloads(
        self, data: memoryview, base: int, number: int, rows: np.ndarray, index: np.ndarray
    ) -> tuple[_Payloads, np.ndarray]:
        """What data messages of a stream carry, scrubbed, each once; and by given message, which of these it is."""
        columns, phases = self._result.messages, self._phases
        index, which = np.unique(index, return_inverse=True)
        row = rows[index]
        transaction = self._result.transactions.of_message[row]
        size = columns["length"][row].astype(np.int64) - HEADER
        known = (transaction != NO_ROW) & (columns["status"][row] == m.COMPLETE) & (size >= 0) & (size <= SHORT)
        known &= phases.apart[transaction]
        stream = np.full(len(row), number)
        position = self._result.stream_places.positions(stream, columns["offset"][row] + HEADER, size)
        low = position - base
        known &= (position >= 0) & (low >= 0) & (low + size <= len(data))
        there = np.flatnonzero(known)
        places = zip(low[there].tolist(), (low + size)[there].tolist(), strict=True)
        scrubbed = phases.scrubbed(transaction[there], [bytes(data[low:high]) for low, high in places])
        known[there[[one is None for one in scrubbed]]] = False
        lengths = np.array([len(one or b"") for one in scrubbed], np.int64)
        begin = np.full(len(row), _FILLER)
        begin[there] = np.where(lengths > 0, np.cumsum(lengths) - lengths, _FILLER)
        self._pseudonyms.counts["bytes"] += int(size[known & (begin == _FILLER)].sum())
        return _Payloads(known, begin, np.frombuffer(b"".join(one or b"" for one in scrubbed), np.uint8)), which

    def _fill(self, stream: int, out: np.ndarray, to: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Put a stream's own filler between offsets of it, none further apart than ``SHORT``."""
        first = low // BLOCK
        numbers = distinct(np.concatenate([first, (high - 1) // BLOCK]))
        for at in range(0, len(numbers), _BLOCKS):
            these = numbers[at : at + _BLOCKS + 1]  # one more, which the last may go on into
            name = stream_name(stream)
            data = np.frombuffer(b"".join(self._pseudonyms.block(name, one) for one in these.tolist()), np.uint8)
            mine = np.flatnonzero((first >= these[0]) & (first <= these[:_BLOCKS][-1]))
            shift = (these.searchsorted(first[mine]) - first[mine]) * BLOCK
            _copy(data, shift, out, to[mine], low[mine], high[mine])


def each_stream(stream: np.ndarray) -> Iterator[np.ndarray]:
    """The segments (int64) of each stream that there is, in the order given."""
    order = stable_order(stream)
    for low, high in pairwise([*group_starts(stream[order]).tolist(), len(order)]):
        yield order[low:high]


def _copy(
    source: np.ndarray, shift: np.ndarray, out: np.ndarray, to: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """Copy runs of different sizes, from ``low`` to ``high``, counted from a place in the source and one in ``out``."""
    size = np.maximum(high - low, 0)
    ends = np.cumsum(size)
    cuts = np.searchsorted(ends, np.arange(_COPIED, int(ends[-1]) if len(ends) else 0, _COPIED)).tolist()
    for first, last in pairwise([0, *cuts, len(size)]):
        count = size[first:last]
        within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count - low[first:last], count)
        out[np.repeat(to[first:last], count) + within] = source[np.repeat(shift[first:last], count) + within]
