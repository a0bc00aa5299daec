"""The cases of cancelling by name (CIPA DC-X005-2005 5.6.1, 2.7.3): which one it was, and what it obliges to.

Names every candidate where the capture leaves more than one, and then accuses nobody: what all candidates have in
common is judged in ``cancel``.
"""

from __future__ import annotations

import numpy as np

from ..facts.named import (
    CAPTURE_COMPLETE,
    CLOSE_SESSION,
    POWER_DOWN,
    RESET_DEVICE,
    TRANSACTION_CANCELED,
    VENDOR_OPERATIONS,
)
from ..ptp.polled import may_list
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .cancel_cases import ASYNC, BEFORE_REQUEST, Cancelling, cancels
from .evidence import EVENT, Evidence
from .rule import INITIATOR, RESPONDER, Ruling, rule

CASES = {
    "1.2": "its Cancel on the event connection came before the request",
    "2.1": "it was cancelled before or during data-out, on the command connection first",
    "2.2": "it was cancelled before or during data-out, on the event connection first",
    "3.1": "it was cancelled during data-in, on the command connection first",
    "3.2": "it was cancelled during data-in, on the event connection first",
    "4.1": "it was cancelled between its data and its response, on the command connection first",
    "4.2": "it was cancelled between its data and its response, on the event connection first",
    "5.1": "its Cancel came when it had been answered, on the command connection first",
    "5.2": "its Cancel came when it had been answered, on the event connection first",
    ASYNC: "what goes on after its answer was cancelled",
}
FEW = 16
ENDS_CONNECTION = (CLOSE_SESSION, RESET_DEVICE, POWER_DOWN)  # the responder may hang up


def _of_case(seen: Evidence, ruling: Ruling, name: str) -> list[Cancelling]:
    """The cancellings that are this case and no other, for certain; candidates are named."""
    sole = []
    for one in cancels(seen).all:
        if not one.candidates:
            ruling.unknown(one.case.index, RESPONDER, one.why)
        elif one.sole == name:
            sole.append(one)
        elif name in one.by_order:
            _name(ruling, one, name, sure=len(one.by_order) == 1)
    return sole


def _name(ruling: Ruling, one: Cancelling, name: str, *, sure: bool = True) -> None:
    says = f"transaction {one.identity}: {'' if sure else 'perhaps '}{CASES[name]} (case {name})"
    if sure and len(one.candidates) > 1:
        says += ", if the capture has its packets in order"
    ruling.names(
        one.case.index, RESPONDER, says, row=one.rows[0], rows=_proof(one), transaction=one.transaction, sure=sure
    )


def _proof(one: Cancelling) -> tuple[int, ...]:
    return tuple(row for row in (*one.rows[1:], one.request, one.response) if row is not None)


@rule("cancel-phase-unsure")
def phase_unsure(seen: Evidence, ruling: Ruling) -> None:
    """Tells the candidates where there is more than one."""
    for one in cancels(seen).all:
        if len(one.by_order) > 1:
            says = f"transaction {one.identity}: cancel case {' or '.join(one.by_order)}; the capture can't tell"
            ruling.fires(
                one.case.index, RESPONDER, says, row=one.rows[0], rows=_proof(one), transaction=one.transaction
            )


@rule("cancel-i-case1-1")
def case_1_1(seen: Evidence, ruling: Ruling) -> None:
    """One stream keeps the order of request and Cancel: the Cancel can't come first."""
    for one in cancels(seen).all:
        if one.sole == "1.1" and one.later is not None:
            says = f"Cancel of transaction {one.identity} stands before its request on the command connection"
            ruling.fires(one.case.index, INITIATOR, says, row=one.command, rows=(one.later,))
        elif one.command is not None and one.request is not None:
            ruling.passes(one.case.index, INITIATOR)
        elif not one.candidates:
            ruling.unknown(one.case.index, INITIATOR, one.why)


@rule("cancel-i-case1-2")
def case_1_2(seen: Evidence, ruling: Ruling) -> None:
    """A Cancel that is there before its request is ignored: the request is worked on, nobody hangs up."""
    for one in cancels(seen).all:
        session = one.case.index
        early = one.ignored or one.sole == BEFORE_REQUEST
        hung_up = _hung_up(seen, one)
        if hung_up is not None and one.event is not None:
            says = f"the responder closed both connections instead of ignoring the Cancel of transaction {one.identity}"
            ruling.fires(
                session, RESPONDER, says, row=one.event, rows=_proof(one), packet=hung_up, transaction=one.transaction
            )
        elif early:
            _name(ruling, one, BEFORE_REQUEST)
        elif BEFORE_REQUEST in one.by_order:
            _name(ruling, one, BEFORE_REQUEST, sure=False)
        elif not one.candidates:
            ruling.unknown(session, RESPONDER, one.why)


def _hung_up(seen: Evidence, one: Cancelling) -> int | None:
    """The packet with which a responder ended a session, soon after it got a request that had been cancelled before.

    None unless it closed both connections first, without an answer, and nothing but the Cancel asked for it.
    """
    case = one.case
    if one.request is None or one.response is not None or one.command is not None or one.event is None:
        return None
    if case.both is None:
        return None
    code = int(seen.code[one.request])
    if code in ENDS_CONNECTION or code >= VENDOR_OPERATIONS or not seen.timed(one.request, one.event):
        return None
    asked = int(seen.columns["began"][one.request])
    received = cancels(seen).receipts.received_at(one.event)
    command, _ = case.both
    said = command.rows[RESPONDER]
    if received is None or received >= asked or not (len(said) and command.nothing_missing_after(int(said[-1]))):
        return None
    latest = asked + seen.limit_ns("close_grace_s")
    for line in case.lines:
        closed = line.closed_at(RESPONDER)
        if not line.closed_first(RESPONDER) or closed is None or not asked < closed <= latest:
            return None
    return command.closing_packet(RESPONDER)


def _first_on_command(seen: Evidence, ruling: Ruling, name: str) -> None:
    """Cases 2.1, 3.1, 4.1: what is cancelled on the command connection is answered Transaction_Cancelled."""
    for one in _of_case(seen, ruling, name):
        assert one.response is not None
        code = int(seen.code[one.response])
        if code == TRANSACTION_CANCELED:
            _name(ruling, one, name)
            continue
        session = one.case.index
        says = f"transaction {one.identity}: {CASES[name]}, and was answered {seen.named('response', code, session)}"
        ruling.fires(session, RESPONDER, says, row=one.response, rows=one.rows, transaction=one.transaction)


def _first_on_event(seen: Evidence, ruling: Ruling, name: str) -> None:
    """Cases 2.2, 3.2, 4.2: the responder waits for the Cancel on the command connection before it answers."""
    for one in _of_case(seen, ruling, name):
        assert one.response is not None
        acknowledged = seen.acknowledged(one.response)
        early = (
            one.command is not None
            and one.event is not None
            and acknowledged is not None
            and acknowledged < seen.end(one.command)
        )
        if not early:
            _name(ruling, one, name)
            continue
        says = f"transaction {one.identity}: {CASES[name]}; it was answered without waiting for the other Cancel"
        ruling.fires(one.case.index, RESPONDER, says, row=one.response, rows=one.rows, transaction=one.transaction)


def _too_late(seen: Evidence, ruling: Ruling, name: str) -> None:
    """Cases 5.1, 5.2: a Cancel that comes after the answer changes nothing."""
    for one in _of_case(seen, ruling, name):
        session = one.case.index
        again, disturbed = second_response(seen, one), _disturbed(seen, one)
        row = disturbed if again is None else again
        if row is None:
            _name(ruling, one, name)
            continue
        what = "it was answered again" if again is not None else "the next transaction was cancelled in its place"
        says = f"transaction {one.identity}: {CASES[name]}, and {what}"
        ruling.fires(
            session, RESPONDER, says, row=row, rows=(*one.rows, *_proof(one)[-1:]), transaction=one.transaction
        )


def second_response(seen: Evidence, one: Cancelling) -> int | None:
    """Another response with the id of a cancelled transaction, before any other request could have had that id.

    None where bytes between request and that response are missing. Looks at the next few messages: a responder that
    answers twice does so before it answers much else.
    """
    line = one.case.command
    if one.request is None or one.response is None or line is None:
        return None
    requests = one.case.requests[one.case.requests_before(one.request) + 1 :][:FEW]
    stretch = int(seen.stretch[one.request])
    for row in line.behind(one.response)[:FEW].tolist():
        if seen.kind[row] != m.OPERATION_RESPONSE or not seen.has(np.array([row]), 14)[0]:
            continue
        if int(seen.identity[row]) != one.identity or stretch == -1 or seen.stretch[row] != stretch:
            continue
        between = requests[seen.rank[requests] < seen.rank[row]]
        if one.identity not in seen.identity[between].tolist():
            return int(row)
    return None


def _disturbed(seen: Evidence, one: Cancelling) -> int | None:
    """The response of the next transaction, if that was cancelled though no Cancel named it."""
    found = cancels(seen)
    if one.transaction is None or one.request is None or found.covering(one.case):
        return None
    following = one.case.requests[one.case.requests_before(one.request) + 1 :][:1].tolist()
    number = seen.transaction_of(following[0]) if following else None
    response = NO_ROW if number is None else int(seen.transactions.response[number])
    if number in found.named or response == NO_ROW or int(seen.code[response]) != TRANSACTION_CANCELED:
        return None
    heard = [row for row in one.rows if seen.surely_before(row, response)]
    same = seen.stretch[response] == seen.stretch[one.request] != -1
    return response if heard and same else None


@rule("cancel-i-case2-1")
def case_2_1(seen: Evidence, ruling: Ruling) -> None:
    """Data-out, the command connection first."""
    _first_on_command(seen, ruling, "2.1")


@rule("cancel-i-case2-2")
def case_2_2(seen: Evidence, ruling: Ruling) -> None:
    """Data-out, the event connection first."""
    _first_on_event(seen, ruling, "2.2")


@rule("cancel-i-case3-1")
def case_3_1(seen: Evidence, ruling: Ruling) -> None:
    """Data-in, the command connection first."""
    _first_on_command(seen, ruling, "3.1")


@rule("cancel-i-case3-2")
def case_3_2(seen: Evidence, ruling: Ruling) -> None:
    """Data-in, the event connection first."""
    _first_on_event(seen, ruling, "3.2")


@rule("cancel-i-case4-1")
def case_4_1(seen: Evidence, ruling: Ruling) -> None:
    """Neither, the command connection first."""
    _first_on_command(seen, ruling, "4.1")


@rule("cancel-i-case4-2")
def case_4_2(seen: Evidence, ruling: Ruling) -> None:
    """Neither, the event connection first."""
    _first_on_event(seen, ruling, "4.2")


@rule("cancel-i-case5-1")
def case_5_1(seen: Evidence, ruling: Ruling) -> None:
    """Too late, the command connection first."""
    _too_late(seen, ruling, "5.1")


@rule("cancel-i-case5-2")
def case_5_2(seen: Evidence, ruling: Ruling) -> None:
    """Too late, the event connection first."""
    _too_late(seen, ruling, "5.2")


@rule("cancel-i-async")
def case_async(seen: Evidence, ruling: Ruling) -> None:
    """What was answered when it began, and goes on, is cancelled by its id."""
    for one in _of_case(seen, ruling, ASYNC):
        _name(ruling, one, ASYNC)


@rule("cancel-single-response")
def single_response(seen: Evidence, ruling: Ruling) -> None:
    """One response, cancelled or not."""
    for one in cancels(seen).all:
        if one.response is None:
            continue
        again = second_response(seen, one)
        if again is not None:
            says = f"cancelled transaction {one.identity} has two responses"
            rows = (*one.rows, one.response)
            ruling.fires(one.case.index, RESPONDER, says, row=again, rows=rows, transaction=one.transaction)
        elif one.case.command is not None and one.case.command.nothing_missing_after(one.response):
            ruling.passes(one.case.index, RESPONDER)
        else:
            ruling.unknown(one.case.index, RESPONDER, "bytes behind the response are missing")


@rule("cancel-no-request-before-response")
def waits_for_response(seen: Evidence, ruling: Ruling) -> None:
    """The next request waits for the response of what was cancelled."""
    for one in cancels(seen).all:
        if one.command is None or one.request is None or one.response is None:
            continue
        session, requests, at = one.case.index, one.case.requests, one.case.requests_before(one.command)
        if at == len(requests) or one.candidates == (ASYNC,):
            continue
        following = int(requests[at])
        acknowledged = seen.acknowledged(following)
        stretches = set(seen.stretch[[one.request, one.response]].tolist())
        if acknowledged is None or len(stretches) > 1 or -1 in stretches:
            ruling.unknown(session, INITIATOR, "bytes between request and response are missing")
        elif acknowledged >= seen.end(one.response):
            ruling.passes(session, INITIATOR)
        else:
            says = f"a request was sent before cancelled transaction {one.identity} had been answered"
            ruling.fires(
                session, INITIATOR, says, row=following, rows=(*one.rows, one.response), transaction=one.transaction
            )


@rule("cancel-async-ends-with-event")
def async_ends(seen: Evidence, ruling: Ruling) -> None:
    """What goes on after its answer ends with an event, cancelled or not."""
    found = cancels(seen)
    for one in found.all:
        if not one.asynchronous or one.response is None:
            continue
        session, event = one.case.index, one.case.event
        assert event is not None
        until = max(int(seen.time[row]) for row in one.rows) + seen.limit_ns("async_end_s") + seen.limit_ns("margin_s")
        if found.ended_after(one, int(seen.columns["began"][one.response])) is not None:
            ruling.passes(session, RESPONDER)
        elif not event.whole(RESPONDER) or not event.vouched(until):
            ruling.unknown(session, RESPONDER, "the event connection is not seen long enough")
        elif seen.once(_unnamed_ends).get(session):
            ruling.unknown(session, RESPONDER, "an event that ended something does not say what, or events are polled")
        else:
            says = f"no event ended cancelled transaction {one.identity} for {seen.limit('async_end_s'):g} s"
            ruling.fires(session, RESPONDER, says, row=one.rows[0], rows=_proof(one), transaction=one.transaction)


def _unnamed_ends(seen: Evidence) -> dict[int, bool]:
    """The sessions in which what goes on may have ended without an event that names it."""
    rows = seen.rows(m.EVENT, connection=EVENT, side=RESPONDER)
    ended = set(seen.session[rows[seen.code[rows] == CAPTURE_COMPLETE]].tolist())
    rows = seen.rows(m.OPERATION_REQUEST)
    polled = seen.session[rows[may_list(seen.code[rows], seen.columns["word0"][rows])]]
    return dict.fromkeys(ended | set(np.unique(polled).tolist()), True)


@rule("cancel-async-does-not-stop-current")
def async_leaves_current(seen: Evidence, ruling: Ruling) -> None:
    """Whoever cancels one operation leaves the one alone that is running."""
    found = cancels(seen)
    for one in found.all:
        if not one.asynchronous or one.command is None:
            continue
        session, requests, at = one.case.index, one.case.requests, one.case.requests_before(one.command) - 1
        current = seen.transaction_of(int(requests[at])) if at >= 0 else None
        response = NO_ROW if current is None else int(seen.transactions.response[current])
        if current is None or response == NO_ROW or current == one.transaction:
            continue
        acknowledged = seen.acknowledged(response)
        if acknowledged is None or acknowledged < seen.end(one.command):
            continue  # it was answered before
        missing = found.covering(one.case)
        stretches = set(seen.stretch[[int(requests[at]), one.command, response]].tolist())
        if missing or len(stretches) > 1 or -1 in stretches:
            ruling.unknown(session, RESPONDER, missing or "bytes between request and response are missing")
        elif int(seen.code[response]) != TRANSACTION_CANCELED or current in found.named:
            ruling.passes(session, RESPONDER)
        else:
            identity = int(seen.identity[requests[at]])
            says = (
                f"transaction {identity} was answered Transaction_Cancelled; {one.identity} was cancelled, not this one"
            )
            ruling.fires(session, RESPONDER, says, row=response, rows=one.rows, transaction=current)
