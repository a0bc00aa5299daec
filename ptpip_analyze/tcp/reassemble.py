"""Segments of one direction into a byte stream.

First copy of a byte wins; a byte that never came is a hole with a place; nothing is guessed.

Rows are int64 arrays of shape (7, n): stream offset, length, captured bytes, source position, packet number, time (ns)
and unwrapped ACK number, one column per piece of payload. A hole is such a row too, with position -1 and the packet
behind it (-1 when nothing follows): floors above treat data and holes alike. Rows leave in order of stream offset,
without overlap, each starting where the last one ended.

In-order stretches are handled as array slices; Python looks only at segments that are out of order.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

import numpy as np

from .connection import ACK_FLAG, FIN, SEQUENCE_MASK, SYN, Stream, signed32

OFFSET, LENGTH, CAPTURED, POSITION, PACKET, TIME, ACK = range(7)
HOLE = -1  # POSITION of a row whose bytes are not in the capture

RETRANSMISSION, OUT_OF_ORDER, KEEP_ALIVE, GAP_BEFORE, CUT, ZERO_WINDOW = 1, 2, 4, 8, 16, 32

# A hole is given up when this much arrived beyond it: receive windows in the field are smaller, so the receiver had
# the missing bytes and the sender will not send them again.
HOLE_BYTES = 16 << 20
HOLE_SEGMENTS = 1 << 17
# Without a SYN the first segments of a direction are gathered before offset 0 is placed at the lowest of them,
# because captures of several queues or interfaces write neighbours out of order.
SETTLE_SEGMENTS = 32
MOST_WINDOW = 1 << 30  # the largest receive window (RFC 7323 2.3): nothing true is further ahead
UNWRAPPED_TOGETHER = 4096  # segments, of at most 64 KiB each, that can't run away from one reference
MOST_LOST = 1 << 40  # bytes missing at the end, while both sides agree about them
# At the end, data this far ahead that nobody acknowledged belongs to another use of the same ports.
STRAY_BYTES = 1 << 20

_start = itemgetter(0)


class Reassembler:
    """Puts the segments of streams in order; all state lives in the ``Stream``.

    ``late_marks`` collects (packet, mark) for packets whose nature shows only after they were handed in: those
    before which bytes stay missing (GAP_BEFORE), and those held until offset 0 was known.
    """

    def __init__(self) -> None:
        self.late_marks: list[tuple[int, int]] = []

    def add(self, stream: Stream, rows: np.ndarray, flags: np.ndarray, marks: np.ndarray) -> list[np.ndarray]:
        """What can be delivered after the segments ``rows``, as arrays of rows in stream order.

        ``rows`` has OFFSET = raw sequence number and ACK = raw ACK number, in packet order, and is changed in place;
        ``flags`` are the TCP flags; ``marks`` (uint8, one per row) is filled with what each packet was.
        """
        if rows.shape[1] == 1 and rows[LENGTH, 0] == 0 and not stream.unsettled:
            flag = int(flags[0])
            if stream.base is not None or flag & SYN:
                mark = _note_empty(stream, int(rows[OFFSET, 0]), int(rows[ACK, 0]), int(rows[TIME, 0]), flag)
                marks[0] |= mark
                stream.keep_alives += mark == KEEP_ALIVE
                return []
        return self._add(stream, rows, flags, marks)

    def _add(self, stream: Stream, rows: np.ndarray, flags: np.ndarray, marks: np.ndarray) -> list[np.ndarray]:
        _unwrap_acknowledgments(stream, rows, flags)
        synchronising = np.flatnonzero(flags & SYN)
        if len(synchronising):
            rows[OFFSET, synchronising] += 1  # the SYN takes one number; its payload, if any, follows it
            if stream.base is None:
                stream.base = int(rows[OFFSET, synchronising[0]]) & SEQUENCE_MASK
                stream.syn = True
        if stream.base is not None and not stream.unsettled:
            delivered = self._place(stream, rows, flags, marks)
            _count(stream, marks)
            return delivered
        stream.unsettled.append(np.concatenate([rows, flags[np.newaxis].astype(np.int64)]))
        stream.unsettled_rows += rows.shape[1]
        if stream.base is None and stream.unsettled_rows < SETTLE_SEGMENTS:
            return []
        return self.settle(stream)

    def finish(self, stream: Stream, opposite: Stream) -> list[np.ndarray]:
        """What is left when no more packets come: holes are given up, bytes lost at the end are named.

        ``opposite`` is the other direction: what it acknowledged has been received, captured or not.
        """
        delivered = self.settle(stream) if stream.unsettled else []
        if stream.base is None:
            return delivered
        acknowledged = opposite.acknowledged_offset(stream)
        while stream.pending:
            start = stream.pending[0][0]
            if start - stream.front > STRAY_BYTES and acknowledged is not None and acknowledged <= start:
                stream.pending.clear()
                stream.high = stream.front
                break
            self._give_up(stream, delivered)
        if stream.fin is not None:
            lost = stream.fin - stream.front
        elif acknowledged is not None and acknowledged - stream.front > 1:  # one more is an unseen FIN
            lost = acknowledged - stream.front
        else:
            lost = 0
        # More than a window is believed only if the other side's last word agrees: one stray ACK must not make a hole.
        steady = opposite.acknowledging == opposite.acknowledged
        if 0 < lost <= (MOST_LOST if steady else HOLE_BYTES):
            delivered.append(_hole(stream.front, lost, -1, -1, -1))
            stream.front = stream.high = stream.front + lost
        return delivered

    def give_up(self, stream: Stream) -> list[np.ndarray]:
        """The first hole of a stream that has one, and what stands behind it: the missing bytes won't come."""
        delivered: list[np.ndarray] = []
        self._give_up(stream, delivered)
        return delivered

    def settle(self, stream: Stream) -> list[np.ndarray]:
        """What can be delivered once offset 0 is placed by the segments that were gathered for it so far."""
        held = np.concatenate(stream.unsettled, axis=1)
        stream.unsettled, stream.unsettled_rows = [], 0
        if stream.base is None:
            early = held[:, :SETTLE_SEGMENTS]
            first = int(early[OFFSET, 0])
            distance = _wrapped(early[OFFSET] - first)
            lowest = int(distance.min())
            at_lowest = distance == lowest
            if (early[LENGTH, at_lowest] == 0).all() and (distance == lowest + 1).any():
                lowest += 1  # an empty keep-alive repeats the number before the next byte (RFC 9293 3.8.4)
            stream.base = (first + lowest) & SEQUENCE_MASK
        marks = np.zeros(held.shape[1], np.uint8)
        delivered = self._place(stream, np.ascontiguousarray(held[:7]), held[7], marks)
        _count(stream, marks)
        for row in np.flatnonzero(marks).tolist():
            self.late_marks.append((int(held[PACKET, row]), int(marks[row])))
        return delivered

    def _place(self, stream: Stream, rows: np.ndarray, flags: np.ndarray, marks: np.ndarray) -> list[np.ndarray]:
        assert stream.base is not None
        delivered: list[np.ndarray] = []
        for low in range(0, rows.shape[1], UNWRAPPED_TOGETHER):
            part = slice(low, low + UNWRAPPED_TOGETHER)
            offsets = _near(rows[OFFSET, part], stream.base + stream.last) - stream.base
            # A stray segment beyond any window leads nothing else astray.
            believed = offsets[np.abs(offsets - stream.last) <= MOST_WINDOW]
            if len(believed):
                stream.last = int(believed[-1])
            rows[OFFSET, part] = offsets
            delivered += self._arrange(stream, rows[:, part], flags[part], marks[part])
        return delivered

    def _arrange(self, stream: Stream, rows: np.ndarray, flags: np.ndarray, marks: np.ndarray) -> list[np.ndarray]:
        start, length = rows[OFFSET], rows[LENGTH]
        ends = np.flatnonzero(flags & FIN)
        if len(ends) and stream.fin is None:
            stream.fin = int(start[ends[0]] + length[ends[0]])
        carrying = length > 0
        high = np.empty(len(start) + 1, np.int64)  # the highest offset seen before each row
        high[0] = stream.high
        np.maximum.accumulate(np.where(carrying, start + length, stream.high), out=high[1:])
        np.maximum(high, stream.high, out=high)
        before = high[:-1]
        if not carrying.all():
            idle = ~carrying & (start == before - 1) & (flags & ~np.uint8(ACK_FLAG) == 0) & (before > 0)
            marks[idle] = KEEP_ALIVE
        delivered: list[np.ndarray] = []
        done = 0
        for row in [*np.flatnonzero(carrying & (start != before)).tolist(), len(start)]:
            if done < row:
                stretch = rows[:, done:row]
                if not carrying[done:row].all():
                    stretch = stretch[:, carrying[done:row]]
                if stretch.shape[1]:
                    self._extend(stream, stretch, delivered)
            if row < len(start):
                marks[row] |= self._insert(stream, rows[:, row : row + 1], delivered)
            done = row + 1
        return delivered

    def _extend(self, stream: Stream, stretch: np.ndarray, delivered: list[np.ndarray]) -> None:
        """Take a gapless stretch that begins at the highest offset seen."""
        end = int(stretch[OFFSET, -1] + stretch[LENGTH, -1])
        stream.high = end
        if stream.pending:
            stream.pending.append((int(stretch[OFFSET, 0]), end, stretch.copy()))
            stream.pending_rows += stretch.shape[1]
            self._bound(stream, delivered)
        else:
            stream.front = end
            delivered.append(stretch)

    def _insert(self, stream: Stream, row: np.ndarray, delivered: list[np.ndarray]) -> int:
        """Take one segment that does not begin at the highest offset seen; returns its mark."""
        start, end = int(row[OFFSET, 0]), int(row[OFFSET, 0] + row[LENGTH, 0])
        if end <= stream.front:
            return KEEP_ALIVE if end - start == 1 and end == stream.high else RETRANSMISSION
        if start > stream.high:
            stream.pending.append((start, end, row.copy()))
            stream.pending_rows += 1
            stream.high = end
            self._bound(stream, delivered)
            return 0
        fresh = 0
        cursor = max(start, stream.front)
        at = max(bisect_right(stream.pending, cursor, key=_start) - 1, 0)
        while cursor < end:
            limit, after = end, end
            while at < len(stream.pending):
                held_start, held_end, _ = stream.pending[at]
                if held_end > cursor:
                    limit, after = min(held_start, end), held_end
                    break
                at += 1
            if limit > cursor:
                stream.pending.insert(at, (cursor, limit, _trimmed(row, cursor, limit)))
                stream.pending_rows += 1
                fresh += limit - cursor
                at += 1
            cursor = max(limit, after) if limit < end else end
        mark = 0
        if fresh < end - start:
            mark |= RETRANSMISSION
        if fresh and start < stream.high:
            mark |= OUT_OF_ORDER if fresh == end - start else 0
        stream.high = max(stream.high, end)
        self._release(stream, delivered)
        return mark

    def _release(self, stream: Stream, delivered: list[np.ndarray]) -> None:
        done = 0
        for start, end, rows in stream.pending:
            if start != stream.front:
                break
            delivered.append(rows)
            stream.front = end
            stream.pending_rows -= rows.shape[1]
            done += 1
        del stream.pending[:done]

    def _bound(self, stream: Stream, delivered: list[np.ndarray]) -> None:
        while stream.pending and (
            stream.high - stream.pending[0][0] > HOLE_BYTES or stream.pending_rows > HOLE_SEGMENTS
        ):
            self._give_up(stream, delivered)

    def _give_up(self, stream: Stream, delivered: list[np.ndarray]) -> None:
        start, _, rows = stream.pending[0]
        packet = int(rows[PACKET, 0])
        delivered.append(_hole(stream.front, start - stream.front, packet, int(rows[TIME, 0]), int(rows[ACK, 0])))
        self.late_marks.append((packet, GAP_BEFORE))
        stream.front = start
        self._release(stream, delivered)


def _count(stream: Stream, marks: np.ndarray) -> None:
    if marks.any():
        stream.retransmissions += int((marks & RETRANSMISSION > 0).sum())
        stream.out_of_order += int((marks & OUT_OF_ORDER > 0).sum())
        stream.keep_alives += int((marks & KEEP_ALIVE > 0).sum())


def _note_empty(stream: Stream, sequence: int, acknowledgment: int, time: int, flags: int) -> int:
    """Take one segment without payload; returns its mark.

    What ``_add`` does with any rows, in plain numbers: a port scan is hundreds of thousands of streams of one segment,
    for each of which array code takes 20 times as long.
    """
    if flags & ACK_FLAG:
        if stream.first_acknowledgment is None:
            stream.first_acknowledgment = stream.acknowledged = acknowledgment
            stream.first_acknowledgment_time = time
        ahead = signed32(acknowledgment - stream.acknowledged)
        stream.acknowledging = stream.acknowledged + ahead
        if 0 < ahead < MOST_WINDOW:
            stream.acknowledged += ahead
    if flags & SYN:
        sequence += 1
        if stream.base is None:
            stream.base, stream.syn = sequence & SEQUENCE_MASK, True
    assert stream.base is not None
    ahead = signed32(sequence - stream.base - stream.last)
    offset = stream.last + ahead
    if abs(ahead) <= MOST_WINDOW:
        stream.last = offset
    if flags & FIN and stream.fin is None:
        stream.fin = offset
    return KEEP_ALIVE if offset == stream.high - 1 and not flags & ~ACK_FLAG and stream.high > 0 else 0


def _hole(offset: int, length: int, packet: int, time: int, acknowledgment: int) -> np.ndarray:
    return np.array([[offset], [length], [0], [HOLE], [packet], [time], [acknowledgment]], np.int64)


def _trimmed(row: np.ndarray, start: int, end: int) -> np.ndarray:
    """The part of one segment between two stream offsets."""
    skipped = start - int(row[OFFSET, 0])
    part = row.copy()
    part[OFFSET, 0] = start
    part[LENGTH, 0] = end - start
    part[CAPTURED, 0] = min(max(int(row[CAPTURED, 0]) - skipped, 0), end - start)
    part[POSITION, 0] += skipped
    return part


def _wrapped(difference: np.ndarray) -> np.ndarray:
    return ((difference + 0x80000000) & SEQUENCE_MASK) - 0x80000000


def _near(raw: np.ndarray, reference: int) -> np.ndarray:
    """32-bit numbers as the int64 nearest to ``reference`` that they can mean."""
    return reference + _wrapped(raw - reference)


def _unwrap_acknowledgments(stream: Stream, rows: np.ndarray, flags: np.ndarray) -> None:
    acknowledging = (flags & ACK_FLAG) != 0
    first = int(acknowledging.argmax())
    if not acknowledging.all():
        valid = np.flatnonzero(acknowledging)
        if len(valid) == 0:
            rows[ACK] = stream.acknowledging
            return
        # A segment without ACK (the SYN) stands at what was acknowledged before it.
        previous = np.maximum(np.searchsorted(valid, np.arange(rows.shape[1]), "right") - 1, 0)
        rows[ACK] = rows[ACK, valid[previous]]
    if stream.first_acknowledgment is None:
        stream.first_acknowledgment = stream.acknowledging = stream.acknowledged = int(rows[ACK, 0])
        if rows[LENGTH, first] == 0:
            stream.first_acknowledgment_time = int(rows[TIME, first])
    for low in range(0, rows.shape[1], UNWRAPPED_TOGETHER):
        part = rows[ACK, low : low + UNWRAPPED_TOGETHER]
        part[:] = _near(part, stream.acknowledged)
        stream.acknowledging = int(part[-1])
        believed = part[part - stream.acknowledged < MOST_WINDOW]
        if len(believed):
            stream.acknowledged = max(stream.acknowledged, int(believed.max()))
