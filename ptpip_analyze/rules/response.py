"""Rules of Operation Responses (CIPA DC-X005-2005 1.6.4, 1.6.5, 2.1, 2.3.7): one for each request, in time.

Refuses to miss a response that may be in a hole, and to call one superfluous whose request may be in one.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..capture import NO_TIME
from ..facts.named import OK, POWER_DOWN, RESET_DEVICE
from ..ptp.transactions import IN, OUT
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .evidence import COMMAND, Evidence
from .phases import Phases
from .request import DATA_IN, DATA_OUT, UNKNOWN_PHASE, due_direction, misplaced, weigh_parameters
from .rule import INITIATOR, RESPONDER, Ruling, rule
from .spread import groups, spread
from .wording import answer, identity, operation, operation_of, seconds, standard, times

ENDS_EVERYTHING = (RESET_DEVICE, POWER_DOWN)


@rule("response-placement")
def placement(seen: Evidence, ruling: Ruling) -> None:
    """Only the responder answers, and only on the command connection."""
    misplaced(seen, ruling, m.OPERATION_RESPONSE, RESPONDER, "an Operation Response")


@rule("response-param-count")
def param_count(seen: Evidence, ruling: Ruling) -> None:
    """None to five parameters, of four bytes each."""
    weigh_parameters(seen, ruling, m.OPERATION_RESPONSE, 14, "an Operation Response")


@rule("response-code-range")
def code_range(seen: Evidence, ruling: Ruling) -> None:
    """Response codes begin with 2 (standard) or A (vendor)."""
    rows = seen.rows(m.OPERATION_RESPONSE)
    top = seen.code[rows] >> 12

    def says(row: int) -> str:
        return f"a response has the code 0x{int(seen.code[row]):04X}, which is in no range of response codes"

    ruling.weigh(seen, rows, (top == 2) | (top == 0xA), seen.synced[rows] & seen.has(rows, 10), says)


def strays(seen: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Responses that answer no request known: rows (int64), how many requests were open, and which one if it was one.

    Negative: what was open is not known.
    """
    phases = seen.once(Phases)
    at = (phases.kind == m.OPERATION_RESPONSE) & (phases.side == RESPONDER) & (phases.request[phases.group] == NO_ROW)
    rows = phases.row[at]
    count, number = phases.open_before(rows)
    return rows, np.where(seen.has(rows, 14), count, -1), number


def _answered(seen: Evidence) -> np.ndarray:
    """The responses that answer a request, as message rows."""
    rows = seen.rows(m.OPERATION_RESPONSE, connection=COMMAND, side=RESPONDER)
    number = seen.transactions.of_message[rows]
    return rows[(number != NO_ROW) & (seen.transactions.request[number] != NO_ROW)]


def _judge_strays(seen: Evidence, ruling: Ruling, wanted: int) -> list[tuple[int, int]]:
    """Count what is kept and what can't be known; gives the responses for which ``wanted`` requests were open."""
    for session, count in enumerate(np.bincount(seen.session[seen.once(_answered)]).tolist()):
        ruling.passes(session, RESPONDER, count)
    rows, count, number = seen.once(strays)
    unsure = (count < 0) | (count > 1)
    for session, of_session in groups(seen.session[rows[unsure]], rows[unsure]):
        ruling.unknown(session, RESPONDER, "its request may be in bytes that are missing", len(of_session))
    found = count == wanted
    return list(zip(rows[found].tolist(), number[found].tolist(), strict=True))


@rule("response-unsolicited")
def unsolicited(seen: Evidence, ruling: Ruling) -> None:
    """Nobody answers where nobody asked."""
    for row, _ in _judge_strays(seen, ruling, 0):
        says = (
            f"a response ({answer(seen, row)}) for transaction {identity(int(seen.identity[row]))}, while none is open"
        )
        ruling.fires(int(seen.session[row]), RESPONDER, says, row=row, transaction=seen.transaction_of(row))


@rule("response-txid-matches")
def txid_matches(seen: Evidence, ruling: Ruling) -> None:
    """The response has the TransactionID of its request."""
    for row, number in _judge_strays(seen, ruling, 1):
        request = int(seen.transactions.request[number])
        says = (
            f"{operation(seen, request)} has TransactionID {identity(int(seen.identity[request]))}, its response has "
            f"{identity(int(seen.identity[row]))}"
        )
        ruling.fires(int(seen.session[row]), RESPONDER, says, row=row, rows=(request,), transaction=number)


@rule("response-for-every-request")
def for_every_request(seen: Evidence, ruling: Ruling) -> None:
    """Every request is answered; what asks for the end of everything need not be."""
    phases, info = seen.once(Phases), seen.columns["data_phase_info"]
    for session, count in enumerate(np.bincount(seen.session[seen.once(_answered)]).tolist()):
        ruling.passes(session, RESPONDER, count)
    unanswered = np.flatnonzero((phases.request != NO_ROW) & (phases.response == NO_ROW))
    if len(unanswered) == 0:
        return
    waiting = _Waiting(seen)
    ended = phases.total((phases.side == INITIATOR) & (phases.kind == m.END_DATA)) > 0
    for place in unanswered.tolist():
        request, number = int(phases.request[place]), int(phases.numbers[place])
        session = int(seen.session[request])
        if int(seen.code[request]) in ENDS_EVERYTHING or int(info[request]) == UNKNOWN_PHASE:
            continue
        known = bool(phases.clear[place] and not phases.cancelled[place])
        if int(info[request]) == DATA_OUT and not ended[place]:
            ruling.unknown(session, RESPONDER, "the responder may still wait for data, which did not end")
            continue
        proof = waiting.overtaken(request) if known else None
        packet = waiting.closed_upon(request) if known and proof is None else None
        what = operation(seen, request)
        if proof is not None:
            says = f"{what} gets no response, though a later request gets one"
            ruling.fires(session, RESPONDER, says, row=request, rows=(proof,), transaction=number)
        elif packet is not None:
            says = f"{what} gets no response before the responder closes the connection"
            ruling.fires(session, RESPONDER, says, row=request, packet=packet, transaction=number)
        elif known and waiting.stalls(request):
            says = f"{what} has no response after {seen.limit('response_stall_s'):g} s, which an operation may take"
            ruling.names(session, RESPONDER, says, row=request, transaction=number, sure=False)
        else:
            ruling.unknown(session, RESPONDER, "the response may be missing, or still to come")


class _Waiting:
    """What shows that a request will get no response any more. Times in ns."""

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        built = seen.transactions
        answered = np.flatnonzero((built.request != NO_ROW) & (built.response != NO_ROW))
        order = np.argsort(seen.rank[built.request[answered]])
        self._later = seen.rank[built.request[answered[order]]]
        self._response = built.response[answered[order]]
        self._stray = np.sort(seen.rank[seen.once(strays)[0]])

    def overtaken(self, request: int) -> int | None:
        """The response to a later request, if all that was said until then is there, and the responder goes on.

        One response might be overtaken by another one; not by two, and not once the connection is closed.
        """
        seen = self._seen
        place = int(np.searchsorted(self._later, seen.rank[request], "right"))
        responses = [
            row for row in self._response[place : place + 2].tolist() if seen.stretch[row] == seen.stretch[request] >= 0
        ]
        line = seen.cases[int(seen.session[request])].command
        if not responses or line is None:
            return None
        over = line.closed_at() is not None and line.nothing_missing_after(responses[-1])
        if (len(responses) < 2 and not over) or self._strays_between(request, responses[-1]):
            return None
        return int(responses[0])

    def _strays_between(self, request: int, response: int) -> bool:
        """Is there a response without a request that may be the one?"""
        low, high = np.searchsorted(self._stray, self._seen.rank[[request, response]])
        return bool(high > low)

    def _silent_since(self, request: int) -> bool:
        """Is all that the responder said on the connection in the capture, and nothing of it behind the request?"""
        seen = self._seen
        line = seen.cases[int(seen.session[request])].command
        if line is None or not line.whole(RESPONDER) or not seen.timed(request):
            return False
        said = line.rows[RESPONDER]
        return bool((seen.rank[said] < seen.rank[request]).all())

    def closed_upon(self, request: int) -> int | None:
        """The packet with which the responder closed the connection long after it had received the request."""
        seen = self._seen
        case = seen.cases[int(seen.session[request])]
        line, event = case.command, case.event
        if line is None or not line.closed_first(RESPONDER) or line.reset or not self._silent_since(request):
            return None
        if event is not None and not (
            event.closed_first(RESPONDER) or (event.closed_by is None and event.end_known(INITIATOR))
        ):
            return None  # the initiator may have begun to leave
        asked, answers = line.tcp.streams[line.direction(INITIATOR)], line.tcp.streams[line.direction(RESPONDER)]
        received = answers.acknowledged_offset(asked)
        end, closed_at = int(seen.offset[request] + seen.length[request]), line.closed_at(RESPONDER)
        if received is None or received < end or closed_at in (None, NO_TIME):
            return None
        late = int(closed_at or 0) - int(seen.time[request]) > seen.limit_ns("close_grace_s")
        return line.closing_packet(RESPONDER) if late and not seen.clock.stepped(case.index) else None

    def stalls(self, request: int) -> bool:
        """Did the connection stay open for longer than any usual operation takes, without a word of the responder?"""
        seen = self._seen
        line = seen.cases[int(seen.session[request])].command
        if line is None or not self._silent_since(request):
            return False
        until = int(seen.time[request]) + seen.limit_ns("response_stall_s")
        closed_at = line.closed_at()
        long = line.tcp.last_time >= until and (closed_at is None or closed_at >= until)
        return long and not seen.clock.stepped(int(seen.session[request]))


@rule("response-after-data")
def after_data(seen: Evidence, ruling: Ruling) -> None:
    """OK means that the data phase is over."""
    built = seen.transactions
    end = seen.offset + seen.length
    ok = built.flawless & (built.direction != 0) & (seen.code[built.response] == OK)
    for session, count in enumerate(np.bincount(built.session[ok & (built.direction == IN)]).tolist()):
        ruling.passes(session, RESPONDER, count)
    # Data to the responder: what it had received when it answered tells.
    out = np.flatnonzero(ok & (built.direction == OUT))
    response, last = built.response[out], built.last_data[out]
    heard = seen.heard[response]
    early = dict(zip(response.tolist(), last.tolist(), strict=True))

    def says(row: int) -> str:
        return f"OK for {operation_of(seen, row)} before its data phase is over"

    sure = heard >= end[built.request[out]]  # or else the numbers tell nothing
    ruling.weigh(
        seen, response, heard >= end[last], sure, says, "what had been received is not known",
        beside=lambda row: (early[row],),
    )  # fmt: skip
    _without_data(seen, ruling)
    _irregular_ok(seen, ruling)


def _irregular_ok(seen: Evidence, ruling: Ruling) -> None:
    phases = seen.once(Phases)
    if len(phases.numbers) == 0:
        return
    kind, response, group = phases.kind, phases.response, phases.group
    end = seen.offset[phases.row] + seen.length[phases.row]
    heard = seen.heard[response]
    own = (phases.side == RESPONDER) & (seen.rank[phases.row] < seen.rank[response[group]])
    sent = (phases.side == INITIATOR) & phases.is_data
    came = sent & (end <= heard[group])
    from_responder = phases.total((phases.side == RESPONDER) & phases.is_data) > 0
    began, ended = phases.total(own & (kind == m.START_DATA)) > 0, phases.total(own & (kind == m.END_DATA)) > 0
    out_began, out_ended = phases.first(came & (kind == m.START_DATA)), phases.total(came & (kind == m.END_DATA)) > 0
    announced = seen.columns["data_phase_info"][phases.request] == DATA_OUT
    # All that was announced had come, and the initiator never sent End Data: the fault is not the responder's.
    total = seen.columns["total"][out_began].astype(np.int64)
    content = (out_began != NO_ROW) & (phases.total(came & (kind == m.DATA), phases.payload) == total)
    content &= phases.total(sent & (kind == m.END_DATA)) == 0
    judged = phases.succeeded & (phases.request != NO_ROW)
    judged &= began | ~from_responder & (announced | (phases.total(sent) > 0))
    sure = np.zeros(len(judged), bool)
    sure[group[phases.near & (phases.row == response[group])]] = True
    sure &= ~phases.cancelled & (heard >= (seen.offset + seen.length)[phases.request]) & (began | out_ended | ~content)
    kept = np.where(began, ended, out_ended)
    beside = np.where(began, phases.first(own & (kind == m.START_DATA)), phases.first(sent & (kind == m.END_DATA)))
    beside = np.where(beside == NO_ROW, np.where(out_began == NO_ROW, phases.request, out_began), beside)
    shown = dict(zip(response[judged].tolist(), beside[judged].tolist(), strict=True))

    def says(row: int) -> str:
        return f"OK for {operation_of(seen, row)} before its data phase is over"

    ruling.weigh(
        seen, response[judged], kept[judged], sure[judged], says,
        "bytes are missing, the transaction was cancelled, or all had come and the initiator never sent End Data",
        beside=lambda row: (shown[row],),
    )  # fmt: skip


def _without_data(seen: Evidence, ruling: Ruling) -> None:
    """OK right behind a request that announced data."""
    built = seen.transactions
    at_once = built.flawless & (built.direction == 0) & (seen.code[built.response] == OK)
    at_once &= seen.columns["data_phase_info"][built.request] == DATA_OUT
    request, response = built.request[at_once], built.response[at_once]
    sure = seen.roles_sure[request] & (seen.stretch[request] >= 0) & (seen.stretch[request] == seen.stretch[response])
    shown = dict(zip(response.tolist(), request.tolist(), strict=True))

    def says(row: int) -> str:
        return f"OK for {operation_of(seen, row)} before any data, though Data Phase Info 2 announced it"

    ruling.weigh(
        seen, response, np.zeros(len(response), bool), sure, says, beside=lambda row: (shown[row],)
    )  # fmt: skip


@rule("response-error-without-data")
def error_without_data(seen: Evidence, ruling: Ruling) -> None:
    """An operation that would give data may be answered with an error at once: it is named, never blamed."""
    built = seen.transactions
    request, response = built.request, built.response
    refused = built.flawless & (built.direction == 0) & (seen.code[response] != OK)
    refused &= (seen.columns["data_phase_info"][request] == DATA_IN) & (due_direction(seen.code[request]) == IN)
    found = np.flatnonzero(refused)
    for session, numbers in groups(built.session[found], found):
        codes = Counter(seen.code[response[numbers]].tolist()).most_common(3)
        told = ", ".join(f"{standard('response', code)} {count} times" for code, count in codes)
        says = f"{times(len(numbers), 'operation')} that would give data answered with an error instead: {told}"
        rows = response[numbers]
        ruling.fires(session, RESPONDER, says, row=int(rows[0]), rows=tuple(rows[1:4].tolist()))


@rule("response-latency")
def latency(seen: Evidence, ruling: Ruling) -> None:
    """How long the responder took, from the request or the end of the data that it was sent."""
    built = seen.transactions
    known = (built.request != NO_ROW) & (built.response != NO_ROW)
    number = np.flatnonzero(known)
    number = number[(seen.kind[built.request[number]] > 0) & (seen.kind[built.response[number]] > 0)]
    since = np.where(built.direction[number] == OUT, built.last_data[number], built.request[number])
    until = seen.columns["began"][built.response[number]]
    took = until - seen.time[since]
    timed = (seen.time[since] != NO_TIME) & (until != NO_TIME) & (took >= 0)
    number, took = number[timed], took[timed]
    for one in spread(built.session[number], took):
        slowest = int(built.request[number[one.at]])
        what = standard("operation", int(seen.code[slowest]))
        says = (
            f"{times(one.amount, 'response')} after {seconds(one.median)} in the median, at most {seconds(one.most)} "
            f"({what}, transaction {identity(int(seen.identity[slowest]))})"
        )
        ruling.fires(one.key, RESPONDER, says, row=int(built.response[number[one.at]]), rows=(slowest,))
