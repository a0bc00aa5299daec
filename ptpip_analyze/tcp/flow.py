"""From segments to numbered connections.

Same four addresses are one connection until a new SYN, or numbers that go on nowhere, say otherwise; never drops a
segment.

Numbers count up in order of first packet, as Wireshark's ``tcp.stream`` does; where ports are used again and the SYN is
not in the capture, Wireshark goes on with the old number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush

import numpy as np

from ..capture import NO_TIME, earliest
from .batch import SegmentBatch, sorted_groups
from .connection import (
    ACK_FLAG,
    FIN,
    GONE,
    RST,
    SEQUENCE_MASK,
    SYN,
    Connection,
    packed,
    signed32,
    unpacked,
)
from .continuity import REORDERED_BYTES, Continuity, Standing, fits, returns, says_where, spot_at
from .numbering import FlowKey

MOST_LEFT = 8
"""Connections of one flow to which it can return: so many stray segments in a row end none."""


class Flows:
    """Numbers the TCP connections of one capture.

    ``connections[n]`` is connection n, or ``GONE`` where it was put away. Segments come with the flow numbers that
    ``FlowNumbers`` gave them.
    """

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self._keys: list[FlowKey] = []  # the four addresses of each flow
        self._flow_connection = np.empty(0, np.int64)  # the connection that a flow is in at present
        self._over: set[int] = set()  # flows whose connection has ended
        self._continuity = Continuity()
        # The connections that a flow leapt away from, the last one last, and where each stood: stray segments end none.
        self._left: dict[int, list[tuple[int, Standing]]] = {}
        self._away: dict[int, dict[int, bytes]] = {}  # by flow, those put away to which a segment may still belong

    def put_away(self, before: int, is_wanted: Callable[[Connection], bool]) -> list[int]:
        """Let go of connections of which nothing has come since a time (ns) and that are not wanted; their numbers.

        One that goes on all the same is there again as it was.
        """
        gone = []
        for number, connection in enumerate(self.connections):
            waits = any(stream.pending or stream.unsettled for stream in connection.streams)
            if connection is GONE or connection.last_time >= before or waits or is_wanted(connection):
                continue
            flow = connection.flow
            if self._flow_connection[flow] == number or self._is_left(number, flow):
                self._away.setdefault(flow, {})[number] = packed(connection)
            self.connections[number] = GONE
            gone.append(number)
        return gone

    def _is_left(self, number: int, flow: int) -> bool:
        return any(one == number for one, _ in self._left.get(flow, ()))

    def _bring_back(self, flows: Iterable[int]) -> None:
        """Have the connections there again that segments of some flows may belong to."""
        for flow in flows:
            for number, data in self._away.pop(flow, {}).items():
                self.connections[number] = unpacked(data)

    def place(self, fresh: Sequence[FlowKey], batch: SegmentBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Stream number of each segment, ``2 * connection + direction``; the order that sorts by it, and where in that
        each stream begins (all int64).

        The order keeps that of the packets within each stream. ``fresh`` are the keys of the flows that are new in the
        batch. Records SYN, FIN and RST on the connections.
        """
        self._keys.extend(fresh)
        if len(batch) == 0:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
        if self._away:
            self._bring_back(np.unique(batch.flow).tolist())
        splits = self._open_and_close(batch)
        connection = self._flow_connection[batch.flow]
        # The flow table names a flow's last connection: give the rows before each change back to the one before.
        for changed, changes in splits.items():
            rows = batch.rows(changed)
            cuts = [0, *rows.searchsorted([row for row, _ in changes]).tolist()]
            connection[rows[: cuts[-1]]] = np.repeat([before for _, before in changes], np.diff(cuts))
        stream = connection * 2 + batch.swapped
        again = len(self.connections) > len(self._flow_connection)  # then flows and connections differ in order
        order, starts = sorted_groups(stream) if again else batch.by_direction
        self._note_bounds(stream[order[starts]], starts, batch.packet[order], batch.time[order])
        return stream, order, starts

    def _open_and_close(self, batch: SegmentBatch) -> dict[int, list[tuple[int, int]]]:
        """Open a connection at the first packet of each new flow and where ports are used again; note the ends.

        Returns by flow the rows at which it went over to another connection, in order, as (row, connection before).
        """
        known = len(self._flow_connection)
        fresh = np.flatnonzero(batch.flow >= known)
        first: set[int] = set()
        if len(fresh):
            first.update(fresh[np.unique(batch.flow[fresh], return_index=True)[1]].tolist())
            missing = int(batch.flow.max()) + 1 - known
            self._flow_connection = np.concatenate([self._flow_connection, np.full(missing, -1)])
        leaping = self._continuity.leaping(batch)
        events = {*np.flatnonzero(batch.flags & (SYN | FIN | RST)).tolist(), *first}
        for flow in leaping:
            events.update(batch.rows(flow).tolist())
        if self._over:
            for flow in self._over.intersection(np.flatnonzero(np.bincount(batch.flow)).tolist()):
                events.update(self._strangers(flow, batch, -1))
        waiting = sorted(events)
        splits: dict[int, list[tuple[int, int]]] = {}
        while waiting:
            row = heappop(waiting)
            flow = int(batch.flow[row])
            if row in first:
                self._flow_connection[flow] = self._open(flow, batch, row)
            else:
                before = int(self._flow_connection[flow])
                changes = splits.get(flow)
                began = changes[-1][0] if changes else 0  # the row from which its present connection runs in this batch
                if self._is_other(self.connections[before], batch, row, began, leaping):
                    self._change(flow, batch, row, leaping)
                    splits.setdefault(flow, []).append((row, before))
            connection = self.connections[int(self._flow_connection[flow])]
            if flow in leaping and says_where(batch.flags[row]):
                leaping[flow][int(batch.swapped[row])] = spot_at(batch, row)
            if batch.flags[row] & (FIN | RST):
                self._close(connection, batch, row)
                if connection.is_over and flow not in self._over:
                    self._over.add(flow)
                    for stranger in self._strangers(flow, batch, row):
                        heappush(waiting, stranger)
            if batch.flags[row] & SYN:
                self._synchronise(connection, batch, row)
        for flow, changes in splits.items():
            if flow not in leaping:
                leaping[flow] = _standing(batch, flow, changes[-1][0])
        for flow, standing in leaping.items():
            self._continuity.put(flow, standing)
        return splits

    def _is_other(
        self, connection: Connection, batch: SegmentBatch, row: int, began: int, leaping: dict[int, Standing]
    ) -> bool:
        """Does the segment at ``row`` belong to another connection than the one that its flow is in?"""
        flow = int(batch.flow[row])
        if batch.flags[row] & SYN:
            return not self._belongs(connection, batch, row, began)
        if flow in self._over and self._is_stranger(connection, batch, row):
            return True
        if flow not in leaping or not says_where(batch.flags[row]):
            return False
        return not fits(leaping[flow], int(batch.swapped[row]), spot_at(batch, row))

    def _change(self, flow: int, batch: SegmentBatch, row: int, leaping: dict[int, Standing]) -> None:
        """Let a flow go over to another connection: a new one, or the one that it left where that goes on."""
        left = self._left.pop(flow, [])
        spot, direction = spot_at(batch, row), int(batch.swapped[row])
        leaps = flow in leaping and says_where(batch.flags[row]) and not batch.flags[row] & SYN
        # What is a stranger by where the connection ended may still stand where it stood: then nothing was left.
        leaps = leaps and not fits(leaping[flow], direction, spot)
        standing: Standing = [None, None]
        back = [one for one in left if returns(one[1], direction, spot)] if leaps else []
        if leaps:
            kept = [one for one in left if one not in back[-1:]]
            self._left[flow] = [*kept, (int(self._flow_connection[flow]), leaping[flow])][-MOST_LEFT:]
        if back:
            self._flow_connection[flow], standing = back[-1]
        else:
            self._flow_connection[flow] = self._open(flow, batch, row)
        if flow in leaping:
            leaping[flow] = standing
        if self.connections[int(self._flow_connection[flow])].is_over:
            self._over.add(flow)
        else:
            self._over.discard(flow)

    def _strangers(self, flow: int, batch: SegmentBatch, row: int) -> list[int]:
        """The first row behind ``row`` whose sequence number is none of the connection that is over; or none."""
        if row >= batch.last(flow):
            return []
        connection = self.connections[int(self._flow_connection[flow])]
        rows = batch.rows(flow)
        rows = rows[rows > row]
        for candidate in rows[(batch.flags[rows] & (SYN | FIN | RST)) == 0].tolist():
            if self._is_stranger(connection, batch, candidate):
                return [candidate]
        return []

    def _is_stranger(self, connection: Connection, batch: SegmentBatch, row: int) -> bool:
        """Does a segment behind the end of a connection belong to another one, whose SYN was not captured?"""
        end = connection.ends[int(batch.swapped[row])]
        return end is not None and abs(signed32(int(batch.sequence[row]) - end)) > REORDERED_BYTES

    def _note_bounds(self, streams: np.ndarray, starts: np.ndarray, packet: np.ndarray, time: np.ndarray) -> None:
        """Earliest and latest known time of the streams seen, and their last packet; sorted by stream."""
        bounds = zip(
            streams.tolist(),
            # One less than no time is the largest number there is, so that times that are known win.
            (np.minimum.reduceat(time - 1, starts) + 1).tolist(),
            np.maximum.reduceat(time, starts).tolist(),
            np.maximum.reduceat(packet, starts).tolist(),
            strict=True,
        )
        for number, first, latest, at in bounds:
            known = self.connections[number >> 1]
            known.first_time = earliest(known.first_time, first)
            known.last_time = max(known.last_time, latest)
            known.last_packet = max(known.last_packet, at)
            known.streams[number & 1].last_time = max(known.streams[number & 1].last_time, latest)

    def _open(self, flow: int, batch: SegmentBatch, row: int) -> int:
        columns = self._keys[flow]
        low = ((columns[0] << 64) | columns[1], columns[4] >> 16)
        high = ((columns[2] << 64) | columns[3], columns[4] & 0xFFFF)
        number = len(self.connections)
        self.connections.append(Connection(number, low, high, int(batch.packet[row]), int(batch.time[row])))
        self.connections[-1].flow = flow
        return number

    def _close(self, connection: Connection, batch: SegmentBatch, row: int) -> None:
        """Note a FIN or RST; of two that cross the earlier one by its clock, as they may be written in either order."""
        direction = int(batch.swapped[row])
        if connection.closed_at is None or NO_TIME < int(batch.time[row]) < connection.closed_at:
            connection.closed_at = int(batch.time[row])
            connection.first_end = direction
        if connection.ends[direction] is None:
            connection.ends[direction] = int(batch.sequence[row])
            connection.end_times[direction] = int(batch.time[row])
            connection.end_packets[direction] = int(batch.packet[row])
            connection.end_flags[direction] = int(batch.flags[row])
            connection.end_acknowledgments[direction] = int(batch.acknowledgment[row])

    def _synchronise(self, connection: Connection, batch: SegmentBatch, row: int) -> None:
        """Let a SYN open its connection or confirm that it is open."""
        direction = int(batch.swapped[row])
        answers = bool(batch.flags[row] & ACK_FLAG)
        if connection.syn_sequence[direction] is None:
            connection.syn_sequence[direction] = int(batch.sequence[row])
            connection.syn_times[direction] = int(batch.time[row])
        else:
            connection.syn_again = True
        if connection.syn_from is None:
            connection.syn_from = 1 - direction if answers else direction
        opposite = connection.streams[1 - direction]
        if answers and opposite.base is None:
            # The answer to a SYN names the next byte that it expects, should the SYN itself not be captured; the SYN
            # knows better, because it may carry data that is acknowledged with it (RFC 7413).
            asked = connection.syn_sequence[1 - direction]
            opposite.base = int(batch.acknowledgment[row]) if asked is None else (asked + 1) & SEQUENCE_MASK
            opposite.syn = True

    def _belongs(self, connection: Connection, batch: SegmentBatch, row: int, began: int) -> bool:
        """Is the SYN at ``row`` part of the connection its flow is in, which runs from row ``began`` in this batch?"""
        direction = int(batch.swapped[row])
        syn = int(batch.sequence[row])
        known = connection.syn_sequence[direction]
        if known is not None:
            # The same SYN again, or the ports are used anew; a clock that chose the same number comes round late.
            return known == syn and not (connection.is_over and NO_TIME < connection.over_at < int(batch.time[row]))
        asked = connection.syn_sequence[1 - direction]
        if (
            batch.flags[row] & ACK_FLAG
            and asked is not None
            and abs(signed32(int(batch.acknowledgment[row]) - asked - 1)) > REORDERED_BYTES
        ):
            return False  # it answers another SYN, which was not captured
        before = batch.rows(int(batch.flow[row]), began, row)
        own, other = before[batch.swapped[before] == direction], before[batch.swapped[before] != direction]
        stream, opposite = connection.streams[direction], connection.streams[1 - direction]
        first = None  # the first sequence number of this direction, if any of its packets came before
        if stream.base is not None:
            first = stream.base
        elif stream.unsettled:
            first = int(stream.unsettled[0][0, 0]) & SEQUENCE_MASK
        elif len(own):
            first = int(batch.sequence[own[0]])
        if first is not None:
            # Packets of this direction came before its SYN: late by reordering, or an older connection.
            return abs(signed32(first - syn - 1)) <= REORDERED_BYTES
        if batch.flags[row] & ACK_FLAG:
            answers = asked is not None and (asked + 1) & SEQUENCE_MASK == int(batch.acknowledgment[row])
            return answers or connection.first_end is None
        acknowledged = None  # what the other side had received of this one
        if len(other):
            acknowledged = int(batch.acknowledgment[other[0]])
        elif opposite.first_acknowledgment is not None:
            acknowledged = opposite.first_acknowledgment
        if acknowledged is not None:
            return abs(signed32(acknowledged - syn - 1)) <= REORDERED_BYTES
        return connection.first_end is None


def _standing(batch: SegmentBatch, flow: int, began: int) -> Standing:
    """Where the connection of a flow stands that began at a row of this batch."""
    rows = batch.rows(flow, began)
    rows = rows[says_where(batch.flags[rows])]
    sides = [rows[batch.swapped[rows] == side] for side in (False, True)]
    return [spot_at(batch, int(side[-1])) if len(side) else None for side in sides]
