"""Messages that are all header, of many segments at once: they are as their rows have them, and carry nothing personal.

Promises what ``Streams.read`` says of the same places, and takes no byte from a segment either. Refuses every segment
of which a part is anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..grouped import group_starts, stable_order
from ..ptpip import messages as m
from ..result import Result

_FEW = 8  # segments of one stream in a batch that are not worth the arrays
_WIDTH = m.WINDOW_BYTES
_CROWD = 40  # messages of a segment; what has more is read message by message, so that arrays stay small
_MOST = 1 << 14  # pieces whose bytes are made together
_SIZES = {m.OPERATION_REQUEST: 18, m.OPERATION_RESPONSE: 14, m.EVENT: 14, m.START_DATA: 20, m.CANCEL: 12}
"""Messages that are all header, and how many bytes they have without parameters."""

_PARAMETERS = [m.OPERATION_REQUEST, m.OPERATION_RESPONSE, m.EVENT]


class Heads:
    """The messages of one result that are all header."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def write(
        self, out: np.ndarray, at: np.ndarray, stream: np.ndarray, start: np.ndarray, size: np.ndarray
    ) -> np.ndarray:
        """Put the segments that are nothing but such messages in their places; a mask of those.

        ``at`` is where in ``out`` each one lies, ``start`` its offset in its stream, ``size`` how long it is.
        """
        done = np.zeros(len(at), bool)
        for segments in each_stream(stream):
            number = int(stream[segments[0]])
            if len(segments) >= _FEW and 0 <= number < 2 * len(self._result.connections):
                for first in range(0, len(segments), _MOST):
                    mine = segments[first : first + _MOST]
                    done[mine] = self._stream(out, at[mine], number, start[mine], size[mine])
        return done

    def _stream(self, out: np.ndarray, at: np.ndarray, number: int, start: np.ndarray, size: np.ndarray) -> np.ndarray:
        columns, rows = self._result.messages, self._result.by_stream.of(number)
        offset, end = columns["offset"][rows], start + size
        first = np.searchsorted(offset, start, "right") - 1
        count = np.searchsorted(offset, end, "left") - first
        sound = (size > 0) & (first >= 0) & (count <= _CROWD)
        segment = np.repeat(np.flatnonzero(sound), count[sound])
        if not len(segment):
            return sound
        # A piece is what a segment has of one message.
        begin_of = np.append(0, np.cumsum(count[sound])[:-1])
        index = np.arange(len(segment)) - np.repeat(begin_of - first[sound], count[sound])
        row = rows[index]
        length = sizes(columns, row)
        begin = offset[index]
        behind = np.append(offset, np.iinfo(np.int64).max)[index + 1]  # where the next message of the stream begins
        high = np.minimum(end[segment], behind)
        known = (length == columns["length"][row]) & (high <= begin + length) & (begin + length <= behind)
        sound[sound] = np.logical_and.reduceat(known, begin_of)
        taken = sound[segment]
        segment, row, begin, high = segment[taken], row[taken], begin[taken], high[taken]
        low = np.maximum(start[segment], begin)
        heads = made(columns, row).reshape(-1)
        _copy(heads, np.arange(len(row)) * _WIDTH + low - begin, out, at[segment] + low - start[segment], high - low)
        return sound


def each_stream(stream: np.ndarray) -> Iterator[np.ndarray]:
    """The segments (int64) of each stream that there is, in the order given."""
    order = stable_order(stream)
    for low, high in pairwise([*group_starts(stream[order]).tolist(), len(order)]):
        yield order[low:high]


def sizes(columns: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """How long each of these messages is if it is all header (int64); 0 of other types."""
    kind = columns["type"][rows]
    found = np.zeros(len(rows), np.int64)
    for one, size in _SIZES.items():
        found[kind == one] = size
    return found + np.where(np.isin(kind, _PARAMETERS), 4 * columns["words"][rows].astype(np.int64), 0)


def made(columns: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """The bytes of such messages, as their rows have them: uint8, a line of ``_WIDTH`` for each."""
    found = np.zeros((len(rows), _WIDTH), np.uint8)
    kind = columns["type"][rows]

    def put(which: np.ndarray, place: int, name: str, dtype: str) -> None:
        values = columns[name][rows[which]].astype(dtype)
        found[which, place : place + values.itemsize] = values.view(np.uint8).reshape(-1, values.itemsize)

    every = np.arange(len(rows))
    put(every, 0, "length", "<u4")
    put(every, 4, "type", "<u4")
    plain = np.flatnonzero((kind == m.START_DATA) | (kind == m.CANCEL))
    put(plain, 8, "transaction_id", "<u4")
    put(np.flatnonzero(kind == m.START_DATA), 12, "total", "<u8")
    for which, at in (
        (np.flatnonzero(kind == m.OPERATION_REQUEST), 12),
        (np.flatnonzero((kind == m.OPERATION_RESPONSE) | (kind == m.EVENT)), 8),
    ):
        if at == 12:
            put(which, 8, "data_phase_info", "<u4")
        put(which, at, "code", "<u2")
        put(which, at + 2, "transaction_id", "<u4")
        for word in range(int(columns["words"][rows[which]].max(initial=0))):
            put(which, at + 6 + 4 * word, f"word{word}", "<u4")
    return found


def _copy(source: np.ndarray, begin: np.ndarray, out: np.ndarray, at: np.ndarray, size: np.ndarray) -> None:
    """Copy runs of different sizes."""
    within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    out[np.repeat(at, size) + within] = source[np.repeat(begin, size) + within]
