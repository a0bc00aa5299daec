"""Every Cancel of an initiator with its twin, the transaction that it names, and the cases of 5.6.1 that it may be.

The cases are told by the responder's clock, which no capture has: ACK numbers say what it had received, and where they
leave a choice all candidates are kept. Judges nothing.

Promises that a case is the only candidate where nothing else can have happened: a message that passed the capture
before a Cancel did was sent without it, wherever the capture was taken; one that came after it may have crossed it, and
counts as an answer only if its code says so or ``Receipts`` prove that the Cancel had been read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..among import among
from ..facts.named import (
    CAPTURE_COMPLETE,
    INITIATE_CAPTURE,
    INITIATE_OPEN_CAPTURE,
    OK,
    TRANSACTION_CANCELED,
    VENDOR_OPERATIONS,
)
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .case import Case
from .evidence import COMMAND, EVENT, Evidence
from .order import Order
from .receipt import Receipts, Span
from .rule import INITIATOR, RESPONDER

ASYNCHRONOUS = (INITIATE_CAPTURE, INITIATE_OPEN_CAPTURE)  # answered when they begin (ISO 15740 10.5)
ANY = -1  # event code
DATA_OUT, UNKNOWN_PHASE = 2, 3  # Data Phase Info (2.3.6)
BEFORE_REQUEST, ASYNC = "1.2", "async"
PHASES = (m.START_DATA, m.DATA, m.END_DATA)


@dataclass(slots=True, eq=False)
class Cancelling:
    """One wish to cancel: the Cancel on the command connection and the one on the event connection, where seen.

    ``request``, ``transaction`` and ``response`` are what it names, as far as it began before; ``later`` is the first
    request of this id behind the Cancel. ``candidates`` are the cases that it may be ("1.1" to "5.2", ASYNC), none
    where even that can't be known; then ``why`` says what is missing. ``by_order``: what is left of them if the two
    Cancels stand in the capture in the order in which they were sent: good enough for a name, not to accuse.
    ``alone``: its twin was never sent, for certain; ``twin_unknown`` says why that can't be told. ``ignored``: its
    event Cancel certainly came before the request (1.2), and the candidates are those of the other one.
    ``may_go_on``: what it names may go on after its answer.
    """

    case: Case
    identity: int
    command: int | None
    event: int | None
    request: int | None = None
    transaction: int | None = None
    response: int | None = None
    later: int | None = None
    candidates: tuple[str, ...] = ()
    by_order: tuple[str, ...] = ()
    why: str = ""
    alone: bool = False
    twin_unknown: str = ""
    ignored: bool = False
    may_go_on: bool = True

    @property
    def rows(self) -> tuple[int, ...]:
        """The Cancels that there are, in no order."""
        return tuple(row for row in (self.command, self.event) if row is not None)

    @property
    def sole(self) -> str | None:
        """The case, where it is the only candidate."""
        return self.candidates[0] if len(self.candidates) == 1 else None

    @property
    def asynchronous(self) -> bool | None:
        """Does it end what goes on after an answer? None where that can't be known."""
        if self.candidates:
            return None if ASYNC in self.candidates and len(self.candidates) > 1 else self.sole == ASYNC
        return None if self.may_go_on else False


class DataPhase(NamedTuple):
    """The data messages of a transaction, in order; does the initiator send any; the first one; the first End Data."""

    rows: np.ndarray
    outward: bool
    start: int | None
    end: int | None


def _pair_ns(seen: Evidence) -> int:
    """How far apart a Cancel and its twin may pass the capture point: one may have been lost in front of it twice."""
    return seen.limit_ns("cancel_pair_s") + seen.limit_ns("resend_ms")


class Cancels:
    """The cancellings of a capture, by session and in order of time, and what all rules ask about them."""

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        self._grace = seen.limit_ns("app_read_grace_ms")
        self._skew = seen.limit_ns("skew_ms")
        self._data: dict[int, DataPhase] = {}
        self.all = [one for case, rows in self._by_session() for one in self._paired(case, rows)]
        for one in self.all:
            self._find_target(one)
            self._find_twin(one)
        for one in self.all:
            self._classify(one)
        self.named = {one.transaction for one in self.all if one.transaction is not None}

    @cached_property
    def receipts(self) -> Receipts:
        """What was acknowledged between each Cancel and the end of what it names."""
        seen, spans = self._seen, []
        for one in self.all:
            rows = [row for row in (*one.rows, one.request, one.response) if row is not None]
            first = min(int(seen.columns["first"][row]) for row in one.rows)
            last = max(int(seen.columns["last"][row]) for row in rows)
            if one.transaction is not None:
                last = max(last, int(seen.transactions.last[one.transaction]))
            spans += [Span(line.tcp.number, first, last) for line in one.case.lines]
        return Receipts(seen, spans)

    def first_of_each(self, cancel: Callable[[Cancelling], int | None]) -> list[Cancelling]:
        """Of each transaction that is cancelled the first one for which ``cancel`` gives a row."""
        first: dict[int, Cancelling] = {}
        for one in self.all:
            if one.transaction is not None and cancel(one) is not None:
                first.setdefault(one.transaction, one)
        return list(first.values())

    def covering(self, case: Case) -> str:
        """Why it can't be known that every Cancel of a session was captured; "" where it can."""
        if case.both is None:
            return "the event connection is not known for certain"
        if not all(line.whole(INITIATOR) for line in case.both):
            return "bytes of the initiator are missing, and a Cancel may be among them"
        return ""

    def _by_session(self) -> Iterator[tuple[Case, np.ndarray]]:
        seen = self._seen
        rows = seen.rows(m.CANCEL, side=INITIATOR)
        rows = rows[seen.has(rows, 12) & (seen.status[rows] == m.COMPLETE) & seen.synced[rows] & seen.roles_sure[rows]]
        rows = rows[np.argsort(seen.columns["first"][rows], kind="stable")]
        for session, part in seen.by_session(rows):
            yield seen.cases[session], part

    def _paired(self, case: Case, rows: np.ndarray) -> list[Cancelling]:
        """The Cancels of one session, those on both connections with the same id together."""
        seen, longest = self._seen, _pair_ns(self._seen)
        found: list[Cancelling] = []
        latest: dict[int, Cancelling] = {}
        for row in rows.tolist():
            identity = int(seen.identity[row])
            on_event = bool(seen.connection[row] == EVENT)
            one = latest.get(identity)
            if one is not None and case.paired and (one.event if on_event else one.command) is None:
                other = one.rows[0]
                if not seen.timed(row, other) or abs(int(seen.time[row]) - int(seen.time[other])) <= longest:
                    one.event, one.command = (row, one.command) if on_event else (one.event, row)
                    continue
            one = Cancelling(case, identity, None if on_event else row, row if on_event else None)
            latest[identity] = one
            found.append(one)
        return found

    def _find_target(self, one: Cancelling) -> None:
        """The latest request of its id that was sent before it; or one that an event Cancel may have overtaken."""
        seen = self._seen
        known = self._requests[one.case.index].get(one.identity)
        if known is None:
            return
        rows, places, sent = known
        if one.command is not None:
            before = int(np.searchsorted(places, seen.stream_place[one.command]))
        else:
            when = int(seen.time[one.rows[0]])
            before = int(np.searchsorted(sent, when + self._skew, "right"))
            if before == 0 and int(sent[0]) - when <= _pair_ns(seen):
                before = 1
        if before < len(rows):
            one.later = int(rows[before])
        if before:
            one.request = int(rows[before - 1])
            one.transaction = seen.transaction_of(one.request)
            if one.transaction is not None:
                response = int(seen.transactions.response[one.transaction])
                one.response = None if response == NO_ROW else response

    @cached_property
    def _requests(self) -> dict[int, dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
        """By session and TransactionID, the requests of every id that is cancelled, in stream order.

        Their rows, their places in the stream, and when the latest of them had been sent.
        """
        seen = self._seen
        found: dict[int, dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
        wanted: dict[int, set[int]] = defaultdict(set)
        for one in self.all:
            wanted[one.case.index].add(one.identity)
        for index, identities in wanted.items():
            rows = seen.cases[index].requests
            rows = rows[seen.has(rows, 18)]
            rows = rows[among(seen.identity[rows], sorted(identities))]
            rows = rows[np.argsort(seen.identity[rows], kind="stable")]
            each, begins = np.unique(seen.identity[rows], return_index=True)
            parts = [rows[low:high] for low, high in pairwise([*begins.tolist(), len(rows)])]
            found[index] = {
                identity: (part, seen.stream_place[part], np.maximum.accumulate(seen.columns["began"][part]))
                for identity, part in zip(each.tolist(), parts, strict=True)
            }
        return found

    def _find_twin(self, one: Cancelling) -> None:
        """Was the Cancel sent on one connection alone (2.7.1, 2.7.3)? That needs a witness for what is not there."""
        if one.command is not None and one.event is not None:
            return
        case, row = one.case, one.rows[0]
        other = case.command if one.command is None else case.event
        pause = _pair_ns(self._seen) + self._seen.limit_ns("margin_s")
        if not case.paired or other is None:
            one.twin_unknown = "the other connection of the session is not known for certain"
        elif not other.whole(INITIATOR):
            one.twin_unknown = "bytes of the other connection are missing"
        elif not self._seen.timed(row) or not other.vouched(int(self._seen.time[row]) + pause):
            one.twin_unknown = "the other connection is not seen long enough"
        else:
            one.alone = True

    def _classify(self, one: Cancelling) -> None:
        seen, case = self._seen, one.case
        if one.request is None:
            one.may_go_on = one.command is None or not (seen.anchored[one.command] and case.ids_known)
        else:
            one.may_go_on = _may_go_on(int(seen.code[one.request]))
        if one.request is None:
            if one.command is not None and one.later is not None and seen.anchored[one.command] and case.ids_known:
                one.candidates = ("1.1",)
            one.why = "the request that it names is not in the capture"
            return
        if case.both is None:
            one.why = "the event connection is not known for certain"
            return
        if one.twin_unknown:
            one.why = one.twin_unknown
            return
        if one.response is None or one.transaction is None:
            one.why = "the response is not in the capture"
            return
        rows = [row for row in (one.request, one.command, one.response) if row is not None]
        stretches = set(seen.stretch[rows].tolist())
        if len(stretches) > 1 or -1 in stretches:
            one.why = "bytes between request, Cancel and response are missing"
            return
        acknowledged = seen.acknowledged(one.response)
        if acknowledged is None or not seen.has(np.array([one.response]), 10)[0] or not seen.timed(*rows, *one.rows):
            one.why = "the response has no usable ACK number, code or time"
            return
        early = self._before_request(one)
        one.ignored = early is True and one.command is not None
        found = {BEFORE_REQUEST} if early is not False and not one.ignored else set()
        if early is not True or one.command is not None:
            found |= self._cases(one, acknowledged)
        one.candidates = one.by_order = tuple(sorted(found))
        if len(found) > 1 and one.command is not None and one.event is not None:
            self._by_order(one, one.request, one.command, one.event)

    def _by_order(self, one: Cancelling, request: int, command: int, event: int) -> None:
        """Which of the two came first, and did both come behind the request, as the capture has them?

        Asked where nothing speaks against its order.
        """
        packet = self._seen.columns["last"]
        if not self._seen.once(Order).trusted(one.case) or packet[event] < packet[request]:
            return
        first = "1" if packet[command] < packet[event] else "2"
        left = (case for case in one.candidates if case == ASYNC or (case != BEFORE_REQUEST and case[2:] == first))
        one.by_order = tuple(left) or one.candidates

    def _before_request(self, one: Cancelling) -> bool | None:
        """Did the event Cancel reach the responder before the request that it names (case 1)? None: it may have."""
        if one.event is None or one.request is None:
            return False
        if one.transaction is not None:
            data = self.data(one.transaction)
            if not data.outward and data.start is not None and self._sent_before(data.start, one.event):
                return False  # it was at work by then
        if self._seen.surely_before(one.request, one.event):
            return False
        ahead = self._seen.surely_before(one.event, one.request)
        return True if ahead and self._received_before(one.event, self._began(one.request) - self._skew) else None

    def _cases(self, one: Cancelling, acknowledged: int) -> set[str]:
        seen, response = self._seen, one.response
        assert response is not None
        command, event = one.command, None if one.ignored else one.event
        code, began = int(seen.code[response]), self._began(response)
        # Sent before a Cancel arrived: the response's ACK number does not cover it, or it passed the capture first.
        unheard = command is None or acknowledged < seen.end(command)
        unseen = event is None or seen.surely_before(response, event)
        numbers = self._first(one, command, event)
        answered = {f"5.{number}" for number in numbers}
        goes_on = self._goes_on(one, unheard and unseen)
        if goes_on is not False:
            sure = goes_on and int(seen.code[one.request]) in ASYNCHRONOUS
            return {ASYNC} if sure else {ASYNC} | answered
        heard = [number for number in numbers if not (unheard if number == 1 else unseen)]
        if not heard:
            return answered
        phases = {f"{phase}.{number}" for number in heard for phase in self._phases(one, number)}
        read = code == TRANSACTION_CANCELED and (not unheard or self._received_before(one.event, began - self._grace))
        if not read:
            read = any(self.receipts.surely_read(row, response) for row in (command, event) if row is not None)
        return phases if read else phases | answered

    def _goes_on(self, one: Cancelling, crossed: bool) -> bool | None:
        """Was it answered, before the Cancel came, that what it names has begun and goes on? None: it may be over."""
        if not crossed or one.response is None or int(self._seen.code[one.response]) != OK:
            return False
        if not one.may_go_on:
            return False
        completed = self._completed(one)
        return None if completed is None else not completed

    def _completed(self, one: Cancelling) -> bool | None:
        """Did the event that ends it pass before any Cancel of it? None where the order is not certain."""
        seen = self._seen
        assert one.request is not None
        ended = self.ended_after(one, self._began(one.request), CAPTURE_COMPLETE)
        if ended is None:
            assert one.case.event is not None
            return False if one.case.event.whole(RESPONDER) else None
        if any(seen.surely_before(row, ended) for row in one.rows):
            return False
        return True if all(seen.surely_before(ended, row) for row in one.rows) else None

    def _began(self, row: int) -> int:
        return int(self._seen.columns["began"][row])

    def ended_after(self, one: Cancelling, time: int, *codes: int) -> int | None:
        """The first event that came after a time, or may have, and names what is cancelled; of some codes or any.

        Its row; None for none.
        """
        seen, found = self._seen, []
        for code in codes or (ANY,):
            rows = self._events.get((one.case.index, one.identity, code))
            if rows is not None:
                behind = rows[int(np.searchsorted(seen.time[rows], time - self._skew)) :]
                found += behind[:1].tolist()
        return min(found, key=lambda row: int(seen.time[row]), default=None)

    @cached_property
    def _events(self) -> dict[tuple[int, int, int], np.ndarray]:
        """By session, TransactionID and event code (or ANY), the rows of events, in order of time."""
        seen = self._seen
        rows = seen.rows(m.EVENT, connection=EVENT, side=RESPONDER)
        wanted = np.unique([one.case.index << 32 | one.identity for one in self.all])
        rows = rows[seen.has(rows, 14)]
        rows = rows[among(seen.session[rows] << 32 | seen.identity[rows], wanted)]
        found: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for row in rows[np.argsort(seen.time[rows], kind="stable")].tolist():
            for code in (int(seen.code[row]), ANY):
                found[int(seen.session[row]), int(seen.identity[row]), code].append(row)
        return {key: np.array(values) for key, values in found.items()}

    def _first(self, one: Cancelling, command: int | None, event: int | None) -> tuple[int, ...]:
        """Which Cancel came first: 1 that on the command connection, 2 that on the event connection; or either."""
        if event is None:
            return (1,)
        if command is None:
            return (2,)
        if self._seen.surely_before(command, event):
            return (1,)
        return (2,) if self._seen.surely_before(event, command) else (1, 2)

    def _phases(self, one: Cancelling, number: int) -> set[str]:
        """How far the responder may have been when the first Cancel came: 2 data-out, 3 data-in, 4 neither."""
        assert one.request is not None
        assert one.transaction is not None
        data = self.data(one.transaction)
        info = int(self._seen.columns["data_phase_info"][one.request])
        if data.outward or (info == DATA_OUT and data.start is None):
            return self._out(one, number, data.end)
        if data.start is None:
            return {"2", "4"} if info == UNKNOWN_PHASE else {"4"}
        return self._in(one, number, data)

    def data(self, transaction: int) -> DataPhase:
        """The data phase of a transaction, worked out once for all its Cancels."""
        known = self._data.get(transaction)
        if known is None:
            seen = self._seen
            steps = seen.steps(transaction)
            rows = steps[among(seen.kind[steps], PHASES)]
            ends = rows[seen.kind[rows] == m.END_DATA]
            outward = bool((seen.side[rows] == INITIATOR).any())
            known = DataPhase(rows, outward, int(rows[0]) if len(rows) else None, int(ends[0]) if len(ends) else None)
            self._data[transaction] = known
        return known

    def _out(self, one: Cancelling, number: int, end: int | None) -> set[str]:
        """Data-out: End Data and Cancel come from the same side, so that the order of sending is that of arrival."""
        seen = self._seen
        if end is None:
            return {"2"}
        if number == 1:
            assert one.command is not None
            return {"4"} if seen.offset[end] < seen.offset[one.command] else {"2"}
        assert one.event is not None
        if seen.surely_before(end, one.event):
            return {"4"}
        return {"2"} if seen.surely_before(one.event, end) else {"2", "4"}

    def _in(self, one: Cancelling, number: int, data: DataPhase) -> set[str]:
        """Data-in: what was sent without the Cancel, and what was written when it had been read."""
        cancel = one.command if number == 1 else one.event
        assert cancel is not None
        assert data.start is not None
        if data.end is not None and self._sent_before(data.end, cancel, whole=True):
            return {"4"}
        begun = self._sent_before(data.start, cancel)
        if begun and data.end is None:
            return {"3"}
        late = self.receipts.first_surely_read(cancel, data.rows)
        if late is None:
            return {"3", "4"}
        return {"4"} if late == data.start else {"3"} if begun else {"3", "4"}

    def _sent_before(self, row: int, cancel: int, *, whole: bool = False) -> bool:
        """Did the responder begin a message, or send all of it, without having received a Cancel?"""
        seen = self._seen
        if seen.connection[cancel] == COMMAND:
            if whole and seen.columns["first"][row] != seen.columns["last"][row]:
                received = seen.acknowledged(cancel)
                return received is not None and received >= seen.end(row)
            acknowledged = seen.acknowledged(row)
            return acknowledged is not None and acknowledged < seen.end(cancel)
        return seen.surely_before(row, cancel)

    def _received_before(self, row: int | None, time: int) -> bool:
        """Had the kernel of the responder a Cancel before a time, for certain?"""
        received = None if row is None else self.receipts.received_at(row)
        return received is not None and received < time


def _may_go_on(operation: int) -> bool:
    return operation in ASYNCHRONOUS or operation >= VENDOR_OPERATIONS


def cancels(seen: Evidence) -> Cancels:
    """The cancellings of a capture, worked out once."""
    return seen.once(Cancels)
