"""What a camera said in one recorded session, ready to be said again: greetings, answers by request, events in between.

Promises the camera's own bytes, read from the capture when they are sent, with nothing in their place where some are
missing: such an answer says why it can't be given. Of Fujifilm's dialect there is the command connection alone: events
and live view have ports of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..capture import NO_TIME
from ..facts.named import CLOSE_SESSION, OPEN_SESSION
from ..grouped import Grouped
from ..ptp import NO_ROW
from ..ptpip import Dialect
from ..ptpip import messages as m
from ..result import Result

STEP_BYTES = 1 << 18  # read from the capture at once
_ID_AT = {m.OPERATION_RESPONSE: 10, m.EVENT: 10, m.START_DATA: 8, m.DATA: 8, m.END_DATA: 8}
_ID_IN_CONTAINER = 8
_NO_SESSION = frozenset({OPEN_SESSION, CLOSE_SESSION})  # whatever number the client gives its session
_LOST = (m.GAP, m.CUT)

Request = tuple[int, tuple[int, ...]]  # operation and parameters


class ReplayError(Exception):
    """Why a session can't be replayed, in one line."""


@dataclass(slots=True)
class Message:
    """One message of the camera: where it stands in its stream, and how long after the request it ended (s)."""

    kind: int
    stream: int
    begin: int
    length: int
    after_s: float


@dataclass(slots=True)
class Answer:
    """What the camera did about one request. ``flaw``: why that can't be done again."""

    number: int  # of the transaction in the capture's table
    transaction_id: int
    takes_data: bool
    messages: list[Message] = field(default_factory=list)
    flaw: str | None = None
    before: list[Message] = field(default_factory=list)  # events in front of its response
    behind: list[Message] = field(default_factory=list)  # events up to the next request


class Recording:
    """One session of a result, by number within it. ReplayError where there is nothing to be replayed."""

    def __init__(self, result: Result, session: int) -> None:
        self.result, self.session = result, session
        if not 0 <= session < len(result.pairs):
            raise ReplayError(f"there is no session {session}; there are {len(result.pairs)}")
        self._pair = result.pairs[session]
        self.is_fuji = any(part.conversation.dialect is Dialect.FUJI for part in self._pair.parts)
        if self.is_fuji and self.command_greeting is None:
            raise ReplayError(f"session {session} speaks Fujifilm's dialect, and the camera's greeting is not captured")
        self.answers: dict[Request, list[Answer]] = {}
        self.operations: set[int] = set()
        self.first_events: list[Message] = []  # before any request
        self._read()

    @property
    def count(self) -> int:
        """Requests that can be answered."""
        return sum(answer.flaw is None for answers in self.answers.values() for answer in answers)

    @property
    def flawed(self) -> int:
        """Requests that the capture holds, and no whole answer to them."""
        return sum(answer.flaw is not None for answers in self.answers.values() for answer in answers)

    @cached_property
    def command_greeting(self) -> bytes | None:
        """What the camera answered on the command connection, Init Command Ack or Init Fail; None: not captured."""
        part = self._pair.command
        return self._whole(part.rows, (m.INIT_COMMAND_ACK, m.INIT_FAIL)) if part is not None else None

    @cached_property
    def event_greeting(self) -> bytes | None:
        """What it answered on the event connection, Init Event Ack or Init Fail; None: not captured."""
        part = self._pair.event
        return self._whole(part.rows, (m.INIT_EVENT_ACK, m.INIT_FAIL)) if part is not None else None

    def _whole(self, rows: dict[int, int], kinds: tuple[int, ...]) -> bytes | None:
        for kind in kinds:
            row = rows.get(kind)
            if row is not None and self.result.messages["status"][row] not in _LOST:
                return self.result.message_head(row, int(self.result.messages["length"][row]))
        return None

    def read(self, message: Message, live: dict[int, int]) -> Iterator[bytes]:
        """The bytes of a message, part by part, with the client's TransactionID (``live``: by that in the capture)."""
        place = _ID_IN_CONTAINER if self.is_fuji else _ID_AT.get(message.kind)
        head = b""
        for data in self._parts(message):
            if place is None:
                yield data
                continue
            head += data
            if len(head) >= place + 4:
                old = int.from_bytes(head[place : place + 4], "little")
                yield head[:place] + live.get(old, old).to_bytes(4, "little") + head[place + 4 :]
                head, place = b"", None
        if head:
            yield head

    def _parts(self, message: Message) -> Iterator[bytes]:
        end = message.begin + message.length
        for _, length, position in self.result.stream_places.pieces(message.stream, message.begin, end):
            if position is None:
                raise ReplayError(f"bytes of a message of {message.length:,} bytes are missing from the capture")
            for start in range(0, length, STEP_BYTES):
                yield self.result.read(position + start, min(STEP_BYTES, length - start))

    def _read(self) -> None:
        result, made = self.result, self.result.transactions
        columns = result.messages
        numbers = result.transactions_by_session.of(self.session)
        by_owner = Grouped(made.of_message.astype(np.int64), len(made))
        outward = result.places[2]
        answers: list[Answer] = []
        begins: list[int] = []
        ends: list[int] = []
        for number in numbers.tolist():
            request = int(made.request[number])
            if request == NO_ROW or columns["known"][request] < min(int(columns["length"][request]), m.FIXED_BYTES):
                continue
            operation = int(columns["code"][request])
            words = tuple(int(columns[f"word{at}"][request]) for at in range(int(columns["words"][request])))
            answer = Answer(number, int(made.transaction_id[number]), made.direction[number] < 0)
            rows = by_owner.of(number)
            rows = rows[~outward[columns["stream"][rows]]]
            rows = rows[np.lexsort((columns["offset"][rows], columns["stream"][rows]))]
            self._fill(answer, rows.tolist(), request)
            self.operations.add(operation)
            self.answers.setdefault(key_of(operation, words), []).append(answer)
            answers.append(answer)
            begins.append(int(columns["last"][request]))
            response = int(made.response[number])
            ends.append(int(columns["last"][response]) if response != NO_ROW else int(made.last[number]))
        if not self.is_fuji:
            self._place_events(answers, begins, ends)

    def _fill(self, answer: Answer, rows: list[int], request: int) -> None:
        """What the camera sent, message by message."""
        kinds = [int(self.result.roles[row]) for row in rows]
        if m.OPERATION_RESPONSE not in kinds:
            answer.flaw = "its response is not in the capture"
            return
        in_one = m.CONTAINER_DATA in kinds
        phase = in_one or m.START_DATA in kinds or m.DATA in kinds or m.END_DATA in kinds
        if phase and not in_one and m.END_DATA not in kinds:
            answer.flaw = "its data phase was broken off, or its end is not in the capture"
            return
        for row in rows:
            message = self._message(row, request)
            if message is None:
                answer.flaw = "bytes of it are missing from the capture"
                return
            answer.messages.append(message)
        missing = self.result.data_missing(answer.number) if phase else 0
        if missing != 0:
            answer.flaw = "bytes of its data phase are missing from the capture"

    def _message(self, row: int, since: int | None) -> Message | None:
        columns = self.result.messages
        if columns["status"][row] in _LOST:
            return None
        stream, begin, length = (int(columns[name][row]) for name in ("stream", "offset", "length"))
        times = int(columns["time"][row]), NO_TIME if since is None else int(columns["time"][since])
        after = 0.0 if NO_TIME in times else max((times[0] - times[1]) / 1e9, 0.0)
        return Message(int(self.result.roles[row]), stream, begin, length, after)

    def _place_events(self, answers: list[Answer], begins: list[int], ends: list[int]) -> None:
        """Give events to the request that they came behind, in front of its response or behind it."""
        result, columns = self.result, self.result.messages
        session, _, outward = result.places
        stream = columns["stream"]
        rows = np.flatnonzero((columns["type"] == m.EVENT) & (session[stream] == self.session) & ~outward[stream])
        for row in rows[np.argsort(columns["last"][rows], kind="stable")].tolist():
            index = int(np.searchsorted(begins, columns["last"][row])) - 1
            request = int(result.transactions.request[answers[index].number]) if index >= 0 else None
            message = self._message(row, request)
            if message is None:
                continue
            if index < 0:
                self.first_events.append(message)
            else:
                ahead = int(columns["last"][row]) < ends[index]
                (answers[index].before if ahead else answers[index].behind).append(message)


def key_of(operation: int, words: tuple[int, ...]) -> Request:
    """By what requests are compared; a session's number is the client's own choice."""
    return operation, () if operation in _NO_SESSION else words
