"""One session as rules see it: its two connections, what was captured of them, and how they ended.

Says what can be known and when; judges nothing.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..capture import NO_TIME
from ..ptpip import Pair
from ..ptpip import messages as m
from ..ptpip.pairing import Handshake
from ..ptpip.recognise import TO_INITIATOR, TO_RESPONDER, Dialect
from ..tcp import Connection
from ..tcp.connection import signed32
from .rule import INITIATOR, RESPONDER

if TYPE_CHECKING:
    from .evidence import Evidence

_COMMAND_GREETINGS = {m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK}
_EVENT_GREETINGS = {m.INIT_EVENT_REQUEST, m.INIT_EVENT_ACK}


class Line:
    """One TCP connection of a session. Sides are INITIATOR and RESPONDER, times ns since the epoch or NO_TIME."""

    def __init__(self, seen: Evidence, part: Handshake) -> None:
        self._seen = seen
        self.part = part
        self.tcp: Connection = part.tcp

    def direction(self, side: int) -> int:
        """The direction of the TCP connection in which a side sends."""
        return self.part.initiator if side == INITIATOR else 1 - self.part.initiator

    def stream(self, side: int) -> int:
        """The stream number of what a side sends."""
        return 2 * self.tcp.number + self.direction(side)

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The message rows of the initiator and of the responder, in stream order."""
        return self._seen.of_stream(self.stream(INITIATOR)), self._seen.of_stream(self.stream(RESPONDER))

    def behind(self, row: int) -> np.ndarray:
        """The message rows behind one of this connection in its stream, in stream order."""
        rows = self.rows[int(self._seen.side[row])]
        return rows[int(self._seen.stream_place[row] - self._seen.stream_place[rows[0]]) + 1 :]

    def first(self, kind: int, side: int | None = None) -> int | None:
        """The first message of a type, from either side or one; None for none."""
        sides = (INITIATOR, RESPONDER) if side is None else (side,)
        rows = [int(row) for one in sides for row in self.rows[one][self._seen.kind[self.rows[one]] == kind][:1]]
        return min(rows, key=lambda row: int(self._seen.columns["first"][row]), default=None)

    @property
    def opened_at(self) -> int:
        """Time of the SYN with which the initiator opened it; NO_TIME where that is not in the capture."""
        return self.tcp.syn_times[self.direction(INITIATOR)]

    @property
    def syn_captured(self) -> bool:
        """Is the SYN or its answer in the capture, so that it is known who opened the connection?"""
        return self.tcp.syn_from is not None

    @cached_property
    def roles_sure(self) -> bool:
        """Is it certain who the initiator is: by the SYN, or by two types of messages that only one side may send?"""
        if self.tcp.syn_from is not None:
            return self.tcp.syn_from == self.part.initiator
        said = [set(np.unique(self._seen.kind[rows]).tolist()) for rows in self.rows]
        return len(said[INITIATOR] & TO_RESPONDER) + len(said[RESPONDER] & TO_INITIATOR) >= 2

    @property
    def place_sure(self) -> bool:
        """Is it certain which of the two connections it is: is its greeting there, where it belongs?"""
        greetings = _EVENT_GREETINGS if self.part.is_event else _COMMAND_GREETINGS
        return any(self._seen.anchored[row] for kind, row in self.part.rows.items() if kind in greetings)

    def from_start(self, side: int) -> bool:
        """Is what a side sends captured from its first byte on?"""
        if not self.tcp.streams[self.direction(side)].syn:
            return False
        rows = self.rows[side]
        return len(rows) == 0 or bool(self._seen.offset[rows[0]] == 0 and self._seen.kind[rows[0]] != m.UNFRAMED)

    @property
    def both_directions(self) -> bool:
        """Were packets of both sides captured?"""
        return all(stream.base is not None and stream.first_acknowledgment is not None for stream in self.tcp.streams)

    def whole(self, side: int) -> bool:
        """Is every byte that a side sent in the capture, from the SYN to the last one that is known of?"""
        rows = self.rows[side]
        if len(rows) == 0:
            return self.tcp.streams[self.direction(side)].syn
        return (
            self.from_start(side)
            and bool(self._seen.run[rows[0]] == self._seen.run[rows[-1]])
            and not (self._seen.columns["lost"][rows[-1]])
        )

    def closed_at(self, side: int | None = None) -> int | None:
        """Time of the first FIN or RST, of either side or one; None for none (NO_TIME: it has no time)."""
        if side is None:
            return self.tcp.closed_at
        direction = self.direction(side)
        return None if self.tcp.ends[direction] is None else self.tcp.end_times[direction]

    def closing_packet(self, side: int) -> int | None:
        """Number of the packet with the first FIN or RST of a side, from 0."""
        return self.tcp.end_packets[self.direction(side)]

    @property
    def closed_by(self) -> int | None:
        """The side of the first FIN or RST."""
        by = self.tcp.closed_by
        return None if by is None else INITIATOR if by == self.part.initiator else RESPONDER

    @property
    def reset(self) -> bool:
        """Was the first end of it a RST?"""
        return self.tcp.close_kind == "reset"

    def nothing_missing_after(self, row: int) -> bool:
        """Is all that the sender of a message said behind it on this connection in the capture?"""
        last = self.rows[int(self._seen.side[row])][-1]
        return bool(self._seen.run[row] == self._seen.run[last] and not self._seen.columns["lost"][last])

    def said_all(self, side: int) -> bool:
        """Did a side end the connection, and is every byte that it sent before in the capture?"""
        stream, end = self.tcp.streams[self.direction(side)], self.tcp.ends[self.direction(side)]
        if end is None or stream.base is None or not self.whole(side):
            return False
        return stream.fin == stream.front or (stream.fin is None and signed32(end - stream.base) == stream.front)

    def closed_first(self, side: int) -> bool:
        """Is it certain that a side ended the connection before the other one did?

        Their FINs tell it by what they acknowledge. Where the other side's is not in the capture, it is certain if
        this side never acknowledged more than the other one said: that would be a FIN which the capture lacks.
        """
        own, other = self.direction(side), self.direction(1 - side)
        if self.closed_by != side:
            return False
        if self.tcp.ends[other] is not None:
            return self.tcp.end_acknowledges(other)
        return self.end_known(1 - side) and self.tcp.end_packets[own] is not None

    def end_known(self, side: int) -> bool:
        """Would a FIN of a side be in the capture? None was acknowledged, and nothing is missing where it may be."""
        own, other = (self.tcp.streams[self.direction(one)] for one in (side, 1 - side))
        if own.fin is not None:
            return True
        acknowledged, rows = other.acknowledged_offset(own), self.rows[side]
        if acknowledged is None or acknowledged > own.front:
            return False
        return own.front == 0 if len(rows) == 0 else not self._seen.columns["lost"][rows[-1]]

    def open_until(self, time: int, side: int | None = None) -> bool | None:
        """Did nobody, or not one side, end the connection up to a time? None where that can't be known.

        A packet has to come later; that other traffic goes on proves nothing. A side whose FIN is not in the capture,
        but was acknowledged, may have ended it at any time.
        """
        end = self.closed_at(None if self.reset else side)  # a reset ends it for both
        if NO_TIME in (self.tcp.last_time, end):
            return None
        if end is not None and end <= time:
            return False
        told = self.both_directions and self.end_known(INITIATOR) and self.end_known(RESPONDER)
        return True if told and self.tcp.last_time >= time else None

    def vouched(self, until: int) -> bool:
        """Would bytes that were said up to a time, and that the capture lacks, show as missing?

        They do where the connection was open and a packet came at that time or later: its sequence number and its ACK
        tell of them. A reset does not count: it need not tell the truth about either.
        """
        tcp = self.tcp
        if tcp.last_time == NO_TIME or tcp.last_time < until:
            return False
        if tcp.closed_at is None:
            return True
        if tcp.closed_at < until:
            return False
        if not self.reset or tcp.closed_by is None:
            return True
        other = 1 - tcp.closed_by
        return tcp.streams[other].last_time >= until and tcp.ends[other] is None


class Case:
    """One session: ``command`` and ``event`` are its connections, None where there is none in the capture."""

    def __init__(self, seen: Evidence, index: int, pair: Pair) -> None:
        self._seen = seen
        self.index = index
        self.pair = pair
        self.command = Line(seen, pair.command) if pair.command else None
        self.event = Line(seen, pair.event) if pair.event else None
        self.judged = all(part.conversation.dialect is Dialect.STANDARD for part in pair.parts)

    @property
    def lines(self) -> list[Line]:
        """The connections there are, command first."""
        return [line for line in (self.command, self.event) if line is not None]

    @property
    def paired(self) -> bool:
        """Is it certain that both connections belong together: by connection number?"""
        return self.pair.paired_by == "connection-number"

    @property
    def both(self) -> tuple[Line, Line] | None:
        """The command and the event connection, where it is certain that they belong together; else None."""
        if not self.paired or self.command is None or self.event is None:
            return None
        return self.command, self.event

    @cached_property
    def established(self) -> int | None:
        """The row of Init Event Ack; None where it is not in the capture."""
        return None if self.event is None else self.event.first(m.INIT_EVENT_ACK, RESPONDER)

    @cached_property
    def from_start(self) -> bool:
        """Is the command connection captured from its SYN on, both ways, so that the state of the session is known?"""
        return self.command is not None and all(self.command.from_start(side) for side in (INITIATOR, RESPONDER))

    @cached_property
    def numbers(self) -> np.ndarray:
        """The transaction rows of the session, in order (int64)."""
        return self._seen.transactions_of(self.index)

    @cached_property
    def requests(self) -> np.ndarray:
        """The rows of Operation Requests of the initiator on the command connection, in stream order."""
        if self.command is None:
            return np.empty(0, np.int64)
        rows = self.command.rows[INITIATOR]
        return rows[self._seen.kind[rows] == m.OPERATION_REQUEST]

    @cached_property
    def ids_known(self) -> bool:
        """Is the TransactionID of every request of the session in the capture? A snap length may have cut it off."""
        return bool(self._seen.has(self.requests, 18).all())

    @cached_property
    def _request_places(self) -> np.ndarray:
        return self._seen.stream_place[self.requests]

    def requests_before(self, row: int) -> int:
        """How many requests stand in front of another message of the initiator on the command connection."""
        return int(np.searchsorted(self._request_places, self._seen.stream_place[row]))
