"""The careful way from messages to transactions: one message at a time along the transition table.

Never throws on what cameras do; an illegal step is remembered and shows as a status.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from ..facts.named import OK, TRANSACTION_CANCELED
from ..ptpip import messages as m
from .transitions import LEADS_TO, TRANSITIONS, State, Step

NO_ROW = -1
NO_DATA_OUT = 1  # DataPhaseInfo (2.3.6)
LEAST_REQUEST, LEAST_RESPONSE = 18, 14  # bytes


class Status(Enum):
    """What can be said of a transaction; the texts are those of the transactions table."""

    COMPLETE = "complete"
    CANCELLED = "cancelled"
    OPEN = "open"
    GAP = "gap"
    BEGAN_EARLIER = "began-earlier"
    DISORDERED = "disordered"

    @property
    def index(self) -> int:
        """Position in the list of statuses."""
        return _INDEX[self]


_INDEX = {status: index for index, status in enumerate(Status)}


class Message(NamedTuple):
    """One message row of a command connection; ``identity`` is None when the TransactionID is not in the capture."""

    row: int
    place: int  # in the conversation; a jump means that flawless transactions lie between
    outward: bool  # to the responder
    early: bool  # sent before the first captured byte of the other side, and not all in between was captured
    kind: int
    identity: int | None
    code: int
    status: int
    known: int
    length: int
    lost: int
    total: int
    reason: int
    data_phase_info: int


@dataclass(slots=True)
class Outcome:
    """A transaction as the walk leaves it; numbers as in ``Transactions``."""

    session: int
    identity: int | None
    state: State
    request: int = NO_ROW
    response: int = NO_ROW
    response_code: int | None = None
    start: int = NO_ROW
    first_data: int = NO_ROW
    last_data: int = NO_ROW
    outward: bool | None = None
    data_bytes: int = 0
    data_messages: int = 0
    messages: list[int] = field(default_factory=list)
    gap: bool = False
    began_earlier: bool = False
    disordered: bool = False
    cancel_seen: bool = False
    ended: bool = False  # End Data seen
    listening: bool = False  # the request says that the initiator sends no data
    answer_lost: bool = False  # a hole since it began has room for the response
    overtaken: bool = False  # a hole since it began can only hold what ends it, or the next request
    holes_at_data: int = 0  # holes met up to its last data message
    holes_before: int = 0  # holes and nonsense met before it began
    nonsense_before: int = 0

    @property
    def is_over(self) -> bool:
        """Did it end unseen, so that what comes now under its id is of the next one?"""
        return self.answer_lost and self.overtaken

    def refuses(self, message: Message) -> bool:
        """Is this data that can't be its own any more? Behind a hole it is of another transaction with the same id."""
        if message.kind == m.OPERATION_RESPONSE or self.first_data == NO_ROW:
            return False
        return self.ended or message.kind == m.START_DATA or self.outward != message.outward

    @property
    def status(self) -> Status:
        """What the capture lets us say, the most limiting first."""
        if self.began_earlier:
            return Status.BEGAN_EARLIER
        if self.gap:
            return Status.GAP
        if self.response_code == TRANSACTION_CANCELED or (self.cancel_seen and self.response_code != OK):
            return Status.CANCELLED
        if self.disordered:
            return Status.DISORDERED
        return Status.COMPLETE if self.state is State.ANSWERED else Status.OPEN


class _Running:
    """The transactions that are not answered yet, found by id in constant time whatever a hostile capture piles up."""

    def __init__(self) -> None:
        self._all: dict[int, Outcome] = {}  # by identity of the object, oldest first
        self._named: dict[int | None, list[Outcome]] = {}
        self.holes = 0  # holes and stretches of nonsense met so far
        self.nonsense = 0

    def add(self, outcome: Outcome) -> None:
        """One more; what is missing from now on falls into it."""
        outcome.holes_before, outcome.nonsense_before = self.holes, self.nonsense
        self._all[id(outcome)] = outcome
        self._named.setdefault(outcome.identity, []).append(outcome)

    def drop(self, outcome: Outcome) -> None:
        """It is answered, or the capture ends."""
        if self._all.pop(id(outcome), None) is not None:
            self._named[outcome.identity].remove(outcome)
            outcome.gap |= self.holes > outcome.holes_before
            outcome.disordered |= self.nonsense > outcome.nonsense_before

    def latest(self, identity: int | None) -> Outcome | None:
        """The one of this id that began last."""
        named = self._named.get(identity)
        return named[-1] if named else None

    def newest(self) -> Outcome | None:
        """The one that began last: a new request means that the one before is over (1.6.4)."""
        return next(reversed(self._all.values()), None)

    def name(self, outcome: Outcome, identity: int) -> None:
        """Its id, which was missing from the request, has become known."""
        self._named[outcome.identity].remove(outcome)
        outcome.identity = identity
        self._named.setdefault(identity, []).append(outcome)

    def lose(self, hole: Message) -> None:
        """Bytes that nobody captured, or that a snap length cut off, fall into what is running."""
        self.holes += 1
        outcome = self.newest()
        if outcome is None:
            return
        if not hole.outward:
            answer = hole.length >= LEAST_RESPONSE
            outcome.answer_lost |= answer
            # Behind the responder's End Data comes its response and nothing else.
            outcome.overtaken |= answer and outcome.ended and outcome.outward is False
        elif hole.length >= LEAST_REQUEST:
            # More than a Cancel, from an initiator that has no data to send (any more).
            silent = outcome.listening if outcome.outward is None else outcome.ended or not outcome.outward
            outcome.overtaken |= silent

    def end(self) -> None:
        """No more messages come."""
        for outcome in list(self._all.values()):
            self.drop(outcome)


def walk(messages: list[Message], session: int, late: bool) -> list[Outcome]:
    """The transactions of one session, in order of their first message.

    ``messages`` are in conversation order, holes and nonsense included. ``late``: the capture began after the
    connection.
    """
    outcomes: list[Outcome] = []
    running = _Running()
    answered: Outcome | None = None  # the one that was, until the next request
    request_seen = False
    hole_since_request = hole_since_answer = False
    place = messages[0].place
    for message in messages:
        if message.place > place + 1:
            answered, request_seen, hole_since_request = None, True, False
        place = message.place
        if message.kind == m.UNFRAMED:
            earlier = message.reason == m.BEGAN_EARLIER and message.lost == 0
            if message.status == m.GAP:
                running.lose(message)
            elif message.status == m.MALFORMED:
                running.nonsense += 1
            hole_since_request |= message.status == m.GAP and not earlier
            hole_since_answer |= message.status == m.GAP
        elif message.kind == m.CANCEL:
            cancelled = running.latest(message.identity)
            if cancelled is not None:
                cancelled.cancel_seen = True
                cancelled.messages.append(message.row)
        elif message.kind == m.OPERATION_REQUEST and message.outward:
            outcome = Outcome(session, message.identity, State.REQUESTED, request=message.row)
            outcome.gap = message.status == m.GAP or message.early
            outcome.listening = message.data_phase_info == NO_DATA_OUT
            outcome.messages.append(message.row)
            outcomes.append(outcome)
            running.add(outcome)
            answered, request_seen, hole_since_request = None, True, False
        else:
            found = _owner(message, running, answered, hole_since_answer)
            if found is None:
                found = Outcome(session, message.identity, State.UNSEEN)
                found.began_earlier = late and not request_seen and not hole_since_request
                found.gap = hole_since_request
                found.disordered = not found.began_earlier and not found.gap
                outcomes.append(found)
                running.add(found)
            _advance(found, message)
            found.holes_at_data = running.holes
            if found.state is State.ANSWERED and found is not answered:
                running.drop(found)
                answered, hole_since_answer = found, False
    running.end()
    return outcomes


def _owner(message: Message, running: _Running, answered: Outcome | None, hole: bool) -> Outcome | None:
    """The transaction that a data message or response belongs to: the latest of its id that is still running."""
    if message.identity is None:
        return running.newest()  # its id is missing
    named = running.latest(message.identity)
    if named is not None:
        other = named.is_over or (running.holes > named.holes_at_data and named.refuses(message))
        return None if other else named
    unnamed = running.newest()
    if unnamed is not None and unnamed.identity is None:
        running.name(unnamed, message.identity)
        return unnamed
    if answered is None or answered.identity != message.identity or message.kind == m.OPERATION_RESPONSE:
        return None
    # Data behind the response: what was under way when the responder broke off (2.7.2.1). Behind a hole it may as well
    # belong to a later request of the same id, unless it carries on what the response left unfinished.
    unfinished = answered.outward == message.outward and not answered.ended and message.kind != m.START_DATA
    return answered if unfinished or not hole else None


def _advance(outcome: Outcome, message: Message) -> None:
    step = _step(message)
    outcome.messages.append(message.row)
    outcome.gap |= message.status == m.GAP
    if message.kind == m.OPERATION_RESPONSE and message.status == m.CUT and message.lost:
        return  # the capture ends inside the response: it is not there yet
    if step is None:
        outcome.disordered = True
        return
    after = TRANSITIONS.get((outcome.state, step))
    if after is None:
        outcome.disordered = True
        after = State.ANSWERED if outcome.state is State.ANSWERED else LEADS_TO[step]
    outcome.state = after
    if step in (Step.SUCCESS, Step.FAILURE):
        if outcome.response == NO_ROW:
            outcome.response = message.row
            outcome.response_code = message.code if message.known >= 10 else None
        outcome.disordered |= message.outward
        return
    if outcome.outward is None:
        outcome.outward = message.outward
    elif outcome.outward != message.outward:
        outcome.disordered = True
    if outcome.first_data == NO_ROW:
        outcome.first_data = message.row
    outcome.last_data = message.row
    if step in (Step.START, Step.START_EMPTY, Step.WHOLE) and outcome.start == NO_ROW:
        outcome.start = message.row
    if step in (Step.START, Step.START_EMPTY):
        return
    outcome.ended |= step in (Step.END, Step.WHOLE)
    outcome.data_messages += 1
    outcome.data_bytes += max(message.length - 12 - message.lost, 0)


def _step(message: Message) -> Step | None:
    if message.kind == m.START_DATA:
        return Step.START_EMPTY if message.total == 0 and message.known >= 20 else Step.START
    if message.kind == m.DATA:
        return Step.DATA
    if message.kind == m.END_DATA:
        return Step.END
    if message.kind == m.CONTAINER_DATA:
        return Step.WHOLE
    if message.kind == m.OPERATION_RESPONSE:
        return Step.SUCCESS if message.code == OK else Step.FAILURE
    return None  # a request that the responder sends
