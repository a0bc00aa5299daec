"""Rules of events (CIPA DC-X005-2005 2.3.8): where they travel, what they carry, and which transaction they name.

An Event message is what the event connection carries; what makers answer to a poll is none. Nobody is accused of naming
a transaction whose request the capture may lack.
"""

from __future__ import annotations

import numpy as np

from ..among import among
from ..capture import NO_TIME
from ..facts.named import CANCEL_TRANSACTION, CAPTURE_COMPLETE, OK, VENDOR_OPERATIONS
from ..facts.packets import NO_TRANSACTION
from ..ptp.polled import may_list
from ..ptpip import messages as m
from .cancel_cases import ASYNCHRONOUS
from .case import Case
from .evidence import COMMAND, EVENT, Evidence
from .rule import INITIATOR, RESPONDER, Ruling, counted, rule

MOST_PARAMETERS = 3
FIXED_BYTES = 14  # an Event without parameters
MOST_SESSIONS = 64  # with one responder, in which the request of an event is looked for
_ELSEWHERE = (m.OPERATION_REQUEST, m.OPERATION_RESPONSE, m.START_DATA, m.DATA, m.END_DATA)


def _events(seen: Evidence) -> np.ndarray:
    return seen.rows(m.EVENT, connection=EVENT, side=RESPONDER)


@rule("event-placement")
def placement(seen: Evidence, ruling: Ruling) -> None:
    """Events go from the responder to the initiator, on the event connection."""
    rows = seen.rows(m.EVENT)
    kept = (seen.side[rows] == RESPONDER) & (seen.connection[rows] == EVENT)
    sure = seen.synced[rows] & seen.roles_sure[rows] & seen.place_sure[rows]

    def says(row: int) -> str:
        sender = ("initiator", "responder")[int(seen.side[row])]
        return f"Event from the {sender} on the {('command', 'event')[int(seen.connection[row])]} connection"

    ruling.weigh(seen, rows, kept, sure, says, "roles, place or boundaries are not sure")


@rule("event-connection-other-types")
def other_types(seen: Evidence, ruling: Ruling) -> None:
    """Operations and their data do not travel on the event connection."""
    rows = np.flatnonzero((seen.connection == EVENT) & (seen.kind > 0) & (seen.session >= 0))
    kept = ~among(seen.kind[rows], _ELSEWHERE)
    sure = seen.synced[rows] & seen.roles_sure[rows] & seen.place_sure[rows]

    def says(row: int) -> str:
        return f"{m.type_names()[int(seen.kind[row])]} on the event connection"

    ruling.weigh(seen, rows, kept, sure, says, "roles, place or boundaries are not sure")


@rule("event-param-count")
def parameter_count(seen: Evidence, ruling: Ruling) -> None:
    """An Event has at most three parameters, each of four bytes; fewer are as good."""
    rows = seen.rows(m.EVENT)
    rows = rows[seen.length[rows] >= FIXED_BYTES]
    size = seen.length[rows] - FIXED_BYTES

    def says(row: int) -> str:
        beyond = int(seen.length[row]) - FIXED_BYTES
        return (
            f"Event of {int(seen.length[row])} bytes: {beyond / 4:g} parameters, at most {MOST_PARAMETERS} are allowed"
        )

    ruling.weigh(seen, rows, (size % 4 == 0) & (size <= 4 * MOST_PARAMETERS), seen.synced[rows], says)


@rule("event-code-range")
def code_range(seen: Evidence, ruling: Ruling) -> None:
    """Event codes are 0x4... of the standard or 0xC... of a maker."""
    rows = seen.rows(m.EVENT)
    kept = among(seen.code[rows] >> 12, (0x4, 0xC))
    sure = seen.synced[rows] & seen.has(rows, 10)
    ruling.weigh(seen, rows, kept, sure, lambda row: f"0x{int(seen.code[row]):04X} is no event code")


@rule("event-not-before-established")
def not_before_established(seen: Evidence, ruling: Ruling) -> None:
    """No Event in front of Init Event Ack. One stream: the order is certain."""
    rows, acks = _events(seen), seen.rows(m.INIT_EVENT_ACK, connection=EVENT, side=RESPONDER)
    established = np.full(len(seen.pairs), -1, np.int64)
    established[seen.session[acks[::-1]]] = seen.stream_place[acks[::-1]]
    place = established[seen.session[rows]]
    kept = (place >= 0) & (seen.stream_place[rows] > place)
    sure = kept | (seen.anchored[rows] & (place >= 0))
    ruling.weigh(seen, rows, kept, sure, lambda row: "Event before Init Event Ack", "Init Event Ack is not captured")


@rule("event-txid-known-or-none")
def known_or_none(seen: Evidence, ruling: Ruling) -> None:
    """An Event names a transaction that was requested, or none."""
    rows, known = _named_by_events(seen)
    fine = known | (seen.identity[rows] == NO_TRANSACTION)
    suspects = np.flatnonzero(~fine)
    guilty, unsure = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for place in suspects.tolist():
        row = int(rows[place])
        guilty[place] = seen.synced[row] and _surely_unknown(seen, row)
        unsure[place] = not guilty[place]

    def says(row: int) -> str:
        name = seen.named("event", int(seen.code[row]), int(seen.session[row]))
        identity = int(seen.identity[row])
        why = "which had not been requested" if identity else "and inside a session there is none"
        return f"event {name} names transaction {identity}, {why}"

    ruling.weigh(seen, rows, ~guilty, ~unsure, says, "a request that it may name may not be in the capture")


def _named_by_events(seen: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """The events whose TransactionID is captured, and do they name one that was requested before, as far as is known?

    0 names none: it is the id of operations outside of sessions (1.6.5), which cause no events.
    """
    return seen.once(_events_and_requests)


def _events_and_requests(seen: Evidence) -> tuple[np.ndarray, np.ndarray]:
    rows = _events(seen)
    rows = rows[seen.has(rows, 14)]
    requests = seen.rows(m.OPERATION_REQUEST, connection=COMMAND, side=INITIATOR)
    requests = requests[seen.has(requests, 18)]
    asked = seen.session[requests] << 32 | seen.identity[requests]
    each, first = np.unique(asked, return_index=True)
    key = seen.session[rows] << 32 | seen.identity[rows]
    if len(each) == 0:
        return rows, np.zeros(len(rows), bool)
    at = np.minimum(np.searchsorted(each, key), len(each) - 1)
    found = (each[at] == key) & (seen.identity[rows] != 0)
    # A request that comes later than the event by the clock of the capture had not reached the responder.
    began = seen.columns["began"][requests[first[at]]]
    ahead = (began != NO_TIME) & (seen.time[rows] != NO_TIME)
    ahead &= began > seen.time[rows] + seen.limit_ns("skew_ms")
    return rows, found & ~ahead


def _surely_unknown(seen: Evidence, row: int) -> bool:
    """Is every request in the capture that an event may name, so that it names none?"""
    case, time = seen.cases[int(seen.session[row])], int(seen.time[row])
    if case.both is None or not seen.timed(row):
        return False
    command, _ = case.both
    if not command.vouched(time + seen.limit_ns("margin_s")):
        return False
    before = case.requests[seen.columns["began"][case.requests] <= time + seen.limit_ns("skew_ms")]
    if int(seen.identity[row]) == 0 and len(before):
        last = int(before[-1])  # OpenSession and GetDeviceInfo may have 0
        return (
            bool(seen.has(before[-1:], 18).all())
            and int(seen.identity[last]) != 0
            and command.nothing_missing_after(last)
        )
    return case.ids_known and command.whole(INITIATOR)


@rule("event-session-scope")
def session_scope(seen: Evidence, ruling: Ruling) -> None:
    """An event of a transaction that only another session with the same responder has requested; told once for each."""
    rows, known = _named_by_events(seen)
    others: dict[int, list[Case]] = {}
    for case in seen.judged:
        if case.command is not None:
            others.setdefault(case.command.part.responder[0], []).append(case)
    shared = {case.index: cases for cases in others.values() if len(cases) > 1 for case in cases}
    suspects = rows[~known & ~among(seen.identity[rows], (0, NO_TRANSACTION))]
    suspects = suspects[among(seen.session[suspects], sorted(shared))]
    if len(suspects) == 0:
        return
    requests = seen.rows(m.OPERATION_REQUEST, connection=COMMAND, side=INITIATOR)
    requests = requests[seen.has(requests, 18) & among(seen.code[requests], ASYNCHRONOUS)]
    asked = dict(zip(zip(*(column[requests].tolist() for column in (seen.session, seen.identity)), strict=True),
                     requests.tolist(), strict=True))  # fmt: skip
    told: set[int] = set()
    for row in suspects.tolist():
        session, identity = int(seen.session[row]), int(seen.identity[row])
        if session in told or not _surely_unknown(seen, row):
            continue
        for other in shared[session][:MOST_SESSIONS]:
            request = asked.get((other.index, identity))
            if request is not None and seen.surely_before(request, row):
                told.add(session)
                says = (
                    f"an event names transaction {identity}, which session {other.index} requested and this one did not"
                )
                ruling.fires(session, RESPONDER, says, row=row, rows=(request,))
                break


@rule("event-txid-specific")
def specific(seen: Evidence, ruling: Ruling) -> None:
    """CaptureComplete says which capture: the event exists for nothing else."""
    rows = _events(seen)
    rows = rows[(seen.code[rows] == CAPTURE_COMPLETE) & seen.has(rows, 14)]
    for session, ends in seen.by_session(rows):
        case = seen.cases[session]
        for row, started in zip(ends.tolist(), _started(seen, case, ends), strict=True):
            identity = int(seen.identity[row])
            if started is None:
                ruling.unknown(session, RESPONDER, "which capture it completes can't be known")
            elif identity != NO_TRANSACTION:
                ruling.passes(session, RESPONDER)
            else:
                expected = int(seen.identity[started])
                says = f"CaptureComplete names no transaction; transaction {expected} began the capture"
                number = seen.transaction_of(started)
                ruling.fires(session, RESPONDER, says, row=row, rows=(started,), transaction=number)


def _started(seen: Evidence, case: Case, ends: np.ndarray) -> list[int | None]:
    """For each CaptureComplete of a session the request that began the capture, if no other one can be meant."""
    nobody: list[int | None] = [None] * len(ends)
    if case.both is None:
        return nobody
    command, event = case.both
    if not (command.whole(INITIATOR) and event.whole(RESPONDER)):
        return nobody
    requests = case.requests
    code = seen.code[requests]
    begins = requests[among(code, ASYNCHRONOUS) | (code >= VENDOR_OPERATIONS)]
    times, margin = seen.columns["began"][begins], seen.limit_ns("margin_s")
    found, used = [], 0
    for row in ends.tolist():
        until = int(np.searchsorted(times, int(seen.time[row]) + seen.limit_ns("skew_ms"), "right"))
        pending, used = begins[used:until], until
        sure = len(pending) == 1 and int(seen.code[pending[0]]) in ASYNCHRONOUS and seen.timed(row)
        sure = sure and command.vouched(int(seen.time[row]) + margin) and _answered_ok(seen, int(pending[0]))
        found.append(int(pending[0]) if sure else None)
    return found


def _answered_ok(seen: Evidence, request: int) -> bool:
    number = seen.transaction_of(request)
    response = -1 if number is None else int(seen.transactions.response[number])
    return response >= 0 and int(seen.code[response]) == OK


@rule("event-cancel-event-code")
def cancel_event(seen: Evidence, ruling: Ruling) -> None:
    """The event CancelTransaction is not how PTP-IP cancels; told once for each session."""
    rows = _events(seen)
    for session, found in seen.by_session(rows[(seen.code[rows] == CANCEL_TRANSACTION) & seen.has(rows, 10)]):
        says = f"{counted(len(found), 'event')} 0x4001 (CancelTransaction); PTP-IP cancels by Cancel or by a response"
        ruling.fires(session, RESPONDER, says, row=int(found[0]), rows=tuple(found[1:8].tolist()))


@rule("event-none-seen")
def none_seen(seen: Evidence, ruling: Ruling) -> None:
    """Sessions in which the event connection carries no Event, and whether the initiator polls instead."""
    counts = np.bincount(seen.session[_events(seen)], minlength=len(seen.pairs))
    silent = [
        case for case in seen.judged if case.established is not None and not counts[case.index] and len(case.numbers)
    ]
    if not silent:
        return
    requests = seen.rows(m.OPERATION_REQUEST, connection=COMMAND, side=INITIATOR)
    polls = seen.session[requests[may_list(seen.code[requests], seen.columns["word0"][requests])]]
    polled = np.bincount(polls, minlength=len(seen.pairs))
    for case in silent:
        assert case.event is not None
        if not case.event.whole(RESPONDER):
            ruling.unknown(case.index, RESPONDER, "bytes of the event connection are missing")
            continue
        how = f"; {counted(int(polled[case.index]), 'poll')} for events instead" if polled[case.index] else ""
        says = f"no Event message in {counted(len(case.numbers), 'transaction')}{how}"
        ruling.fires(case.index, RESPONDER, says, row=case.established)
