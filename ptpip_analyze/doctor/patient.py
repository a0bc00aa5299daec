"""One session as the doctor looks at it: who, which messages, which frames. Finds, and says nothing."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .. import facts
from ..capture import NO_TIME
from ..ptp import NO_ROW, STATUSES
from ..ptp.parameters import parameters_text
from ..ptpip import messages as m
from ..ptpip.pairing import Handshake
from ..ptpip.recognise import Dialect
from ..result import Result

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

    @property
    def fuji(self) -> bool:
        """Is it spoken in Fujifilm's dialect?"""
        return self.pair.parts[0].conversation.dialect is Dialect.FUJI

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
        if not all(stream.syn and stream.first_acknowledgment is not None for stream in part.tcp.streams):
            return False
        rows = self.rows_of(part)
        unknown = (self.columns["type"][rows] == m.UNFRAMED) & (self.columns["status"][rows] != m.MALFORMED)
        return not unknown.any() and not self.columns["lost"][rows].any()

    @cached_property
    def missing_bytes(self) -> int:
        """Bytes of its connections that the capture lacks."""
        return sum(int(self.columns["lost"][self.rows_of(part)].sum()) for part in self.pair.parts)
