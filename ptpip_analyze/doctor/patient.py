"""One session as the doctor looks at it: who, which messages, which frames. Finds, and says nothing."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .. import facts
from ..capture import NO_TIME
from ..facts.named import CLOSE_SESSION, OK, OPEN_SESSION
from ..ptp import NO_ROW, STATUSES
from ..ptp.parameters import parameters_text
from ..ptpip import messages as m
from ..ptpip.pairing import Handshake
from ..ptpip.recognise import Dialect
from ..result import Result
from ..tcp import Connection
from .closing import Closing, closing

SURE = 10.0  # a wait is told where it is so many times what the clocks are known to be off by
LONG_S = 1.0  # so long a wait may be a clock that was set
S = 1_000_000_000


class Patient:
    """A session of a result. Sides are named "the camera" and the initiator by its name."""

    def __init__(self, result: Result, index: int) -> None:
        self.result = result
        self.index = index
        self.pair = result.pairs[index]
        self.command = self.pair.command
        self.event = self.pair.event
        self.columns = result.messages
        self.vendor = result.vendors[index]
        self._closings: dict[int, Closing | None] = {}
        self._wholes: dict[int, bool] = {}
        self.doubted = False  # was it asked what the times are worth?

    @property
    def fuji(self) -> bool:
        """Is it spoken in Fujifilm's dialect?"""
        return self.pair.parts[0].conversation.dialect is Dialect.FUJI

    @property
    def guessed(self) -> bool:
        """Is it a guess that its connections belong together?"""
        return self.pair.paired_by == "guess"

    @cached_property
    def greeting(self) -> dict[str, Any]:
        """What the initiator said of itself (``messages.greeting``); empty where it was not captured."""
        return self._said(m.INIT_COMMAND_REQUEST)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """What the responder said of itself; empty where it was not captured."""
        return self._said(m.INIT_COMMAND_ACK)

    def _said(self, kind: int) -> dict[str, Any]:
        row = self.row(kind, self.command)
        body = None if row is None else self.result.greetings.get(row)
        return {} if body is None else m.greeting(kind, body, fuji=self.fuji)

    @property
    def initiator(self) -> str:
        """What the initiator is called."""
        name = self.greeting.get("name")
        return f"the initiator “{name}”" if name else "the initiator"

    def side(self, part: Handshake, direction: int | None, *, begins: bool = False) -> str:
        """Who sends in a direction of a connection; ``begins`` a sentence."""
        name = "somebody"
        if direction is not None:
            name = self.initiator if direction == part.initiator else "the camera"
        return name[0].upper() + name[1:] if begins else name

    @staticmethod
    def kind(part: Handshake) -> str:
        """What a connection is called."""
        return "live-view" if part.is_live_view else "event" if part.is_event else "command"

    def message(self, row: int) -> str:
        """What a message is called: an operation by its name, others by their type."""
        kind = int(self.result.roles[row])
        if kind == m.OPERATION_REQUEST:
            return self.name("operation", int(self._codes(np.array([row]))[0]))
        return m.type_names().get(int(self.columns["type"][row]) & m.TYPE_WORD, "bytes that are no message")

    def row(self, kind: int, part: Handshake | None) -> int | None:
        """The first message of a type on a connection."""
        return None if part is None else part.rows.get(kind)

    def frame(self, row: int) -> int:
        """The frame in which a message ends, from 1."""
        return int(self.columns["last"][row]) + 1

    def time(self, row: int) -> int | None:
        """When a message ended, ns; None where it has no time."""
        value = int(self.columns["time"][row])
        return None if value == NO_TIME else value

    def between(self, row: int, other: int) -> float | None:
        """Seconds from one message to another; None where one has no time."""
        one, two = self.time(row), self.time(other)
        return None if one is None or two is None else (two - one) / S

    @cached_property
    def numbers(self) -> np.ndarray:
        """The transaction rows of the session, in order (int64)."""
        return self.result.transactions_by_session.of(self.index)

    @cached_property
    def requested(self) -> int:
        """How many operations were requested, as far as the capture has the requests."""
        return int((self.result.transactions.request[self.numbers] != NO_ROW).sum())

    @cached_property
    def replied(self) -> int:
        """How many of those have a response in the capture."""
        made, numbers = self.result.transactions, self.numbers
        return int(((made.request[numbers] != NO_ROW) & (made.response[numbers] != NO_ROW)).sum())

    def request(self, place: int) -> int:
        """The request's message row of the transaction at a place of ``numbers``."""
        return int(self.result.transactions.request[self.numbers[place]])

    def response(self, place: int) -> int:
        """The response's message row of the transaction at a place of ``numbers``."""
        return int(self.result.transactions.response[self.numbers[place]])

    @cached_property
    def asked(self) -> np.ndarray:
        """By transaction, as in ``numbers``: OperationCode; -1 where it is not in the capture (int64)."""
        return self._codes(self.result.transactions.request[self.numbers])

    @cached_property
    def answered(self) -> np.ndarray:
        """By transaction: ResponseCode; -1 where it is not in the capture (int64)."""
        return self._codes(self.result.transactions.response[self.numbers])

    def _codes(self, rows: np.ndarray) -> np.ndarray:
        known = np.zeros(len(rows), bool)
        there = rows != NO_ROW
        columns, held = self.columns, rows[there]
        known[there] = m.carries_code(self.columns["type"][held], columns["known"][held], columns["length"][held])
        return np.where(known, columns["code"][rows], np.int64(-1))

    def name(self, kind: str, code: int) -> str:
        """What an operation or a response is called; -1: its code was not captured."""
        if code < 0:
            return f"{'an' if kind == 'operation' else 'a'} {kind} that was not captured"
        return facts.name_of(kind, code, self.vendor)

    def call(self, place: int) -> str:
        """The transaction at a place of ``numbers`` with its parameters, as far as they were captured."""
        row, columns = self.request(place), self.columns
        if self.asked[place] < 0 or columns["known"][row] < min(int(columns["length"][row]), m.FIXED_BYTES):
            return self.name("operation", int(self.asked[place]))
        words = [int(columns[f"word{index}"][row]) for index in range(int(columns["words"][row]))]
        return parameters_text(int(self.asked[place]), words, self.vendor).removesuffix("()")

    def status(self, number: int) -> str:
        """The status of a transaction."""
        return STATUSES[self.result.transactions.status[number]]

    def rows_of(self, part: Handshake) -> np.ndarray:
        """The message rows of a connection, in order of packet (int64)."""
        rows = np.concatenate([self.result.by_stream.of(2 * part.tcp.number + direction) for direction in (0, 1)])
        return rows[np.argsort(self.columns["last"][rows], kind="stable")]

    def whole(self, part: Handshake) -> bool:
        """Is all that was said on a connection in the capture, both ways, from its SYN to what is known of its end?"""
        number = part.tcp.number
        if number not in self._wholes:
            self._wholes[number] = self._whole(part)
        return self._wholes[number]

    def _whole(self, part: Handshake) -> bool:
        if not all(stream.syn and stream.first_acknowledgment is not None for stream in part.tcp.streams):
            return False
        if any(self.lost_behind(part.tcp, direction) for direction in (0, 1)):
            return False
        return not any(self._holes(part.tcp.number, direction) for direction in (0, 1))

    def _holes(self, connection: int, direction: int) -> bool:
        """Is something missing between the first and the last byte that the capture has of a stream?"""
        rows = self.result.by_stream.of(2 * connection + direction)
        unknown = (self.columns["type"][rows] == m.UNFRAMED) & (self.columns["status"][rows] != m.MALFORMED)
        return bool(unknown.any() or self.columns["lost"][rows].any())

    @staticmethod
    def lost_behind(tcp: Connection, direction: int) -> bool:
        """Did the other side acknowledge more of a direction than the capture has, but for a FIN?"""
        stream = tcp.streams[direction]
        reached = tcp.streams[1 - direction].acknowledged_offset(stream)
        return reached is not None and reached > stream.front + 1

    def received(self, row: int, part: Handshake) -> bool | None:
        """Did the other side acknowledge a message, at any time? None where that can't be known."""
        direction = int(self.columns["stream"][row]) & 1
        reached = part.tcp.streams[1 - direction].acknowledged_offset(part.tcp.streams[direction])
        end = int(self.columns["offset"][row] + self.columns["length"][row])
        return None if reached is None else reached >= end

    @cached_property
    def missing_bytes(self) -> int:
        """Bytes of its connections that the capture lacks."""
        return sum(int(self.columns["lost"][self.rows_of(part)].sum()) for part in self.pair.parts)

    # What times are worth

    @cached_property
    def doubt(self) -> float:
        """Seconds by which the times contradict what cannot be otherwise; 0 where they don't.

        What a packet acknowledges was sent before it, and a stream goes on in time. Where clocks of two points of
        capture differ, or one was set, the times say something else.
        """
        self.doubted = True
        worst, columns = 0, self.columns
        for part in self.pair.parts:
            sides = [self.result.by_stream.of(2 * part.tcp.number + direction) for direction in (0, 1)]
            for direction, rows in enumerate(sides):
                rows, others = rows[columns["time"][rows] != NO_TIME], sides[1 - direction]
                others = others[columns["time"][others] != NO_TIME]
                shift = part.tcp.streams[direction].acknowledgment_shift(part.tcp.streams[1 - direction])
                ordered = rows[np.argsort(columns["first"][rows], kind="stable")]
                worst = max(worst, int((-np.diff(columns["began"][ordered])).max(initial=0)))
                if shift is None or not len(others) or not len(rows):
                    continue
                ends = columns["offset"][others] + columns["length"][others].astype(np.int64)
                heard = np.searchsorted(ends, columns["acknowledgment"][rows] + shift, "right") - 1
                rows, heard = rows[heard >= 0], heard[heard >= 0]
                early = np.maximum.accumulate(columns["time"][others])[heard] - columns["began"][rows]
                worst = max(worst, int(early.max(initial=0)))
        return worst / S

    def trusts(self, seconds: float) -> bool:
        """May a wait of so many seconds be told, for all that the clocks are known to be off by?

        Whether one was set forward is looked up for long waits: the headers are read once more for it.
        """
        if seconds < SURE * self.doubt:
            return False
        return seconds < LONG_S or not self.result.clock.stepped(self.index)

    @cached_property
    def round_trip(self) -> float:
        """Seconds from SYN to its answer on the command connection, 0 where not known: no answer comes sooner.

        So much of a wait is of the network, or of clocks that differ by direction.
        """
        times = [NO_TIME, NO_TIME] if self.command is None else self.command.tcp.syn_times
        return 0.0 if NO_TIME in times else abs(times[0] - times[1]) / S

    # How it stands and ends

    def closing(self, part: Handshake) -> Closing | None:
        """How a connection ended first; None where the capture shows no end of it."""
        number = part.tcp.number
        if number not in self._closings:
            found = closing(part.tcp)
            if found is not None and found.direction is not None and (found.by_clock or len(found.packets) == 1):
                holes = self._holes(number, 0), self._holes(number, 1)
                found = closing(part.tcp, self.doubt if found.by_clock else 0.0, holes)
            self._closings[number] = found
        return self._closings[number]

    @cached_property
    def session_at(self) -> tuple[int, int]:
        """Places of the last OpenSession and the last CloseSession that were answered OK; -1 for none."""
        well = self.answered == OK
        found = [np.flatnonzero(well & (self.asked == code)) for code in (OPEN_SESSION, CLOSE_SESSION)]
        opened, closed = (int(places[-1]) if len(places) else -1 for places in found)
        return opened, closed
