"""Responders that break off a transaction themselves (CIPA DC-X005-2005 2.7.2, 5.6.2): an early response with a reason.

Judges the order of a response and data only where ACK numbers, or one stream, leave no choice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property

import numpy as np

from ..among import among
from ..facts.named import OK, TRANSACTION_CANCELED
from ..facts.packets import UNKNOWN_TOTAL
from ..ptp.transactions import NONE, OUT
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .cancel_cases import DATA_OUT, PHASES, cancels
from .case import Case
from .evidence import Evidence
from .receipt import Receipts, Span
from .rule import INITIATOR, RESPONDER, Ruling, counted, rule

LEFT_OVER = 1  # data messages that may have been queued when the response came (5.6.2 case 1)


class BrokenOff:
    """A transaction whose response came before its data was complete. All are message rows, or None.

    ``outward``: the data is the initiator's. ``before`` and ``behind`` are its data messages, as they stand to the
    response; ``carried`` the payload bytes that the responder had received, or sent, by then.
    """

    def __init__(self, seen: Evidence, case: Case, transaction: int, outward: bool, data: np.ndarray) -> None:
        self.case, self.transaction, self.outward = case, transaction, outward
        self.request = int(seen.transactions.request[transaction])
        self.response = int(seen.transactions.response[transaction])
        self.code = int(seen.code[self.response])
        self.identity = int(seen.identity[self.request])
        earlier = seen.rank[data] < seen.rank[self.response]
        self.before, self.behind = data[earlier], data[~earlier]
        carrying = data[among(seen.kind[data], (m.DATA, m.END_DATA))]
        if outward:
            received = int(seen.acknowledged_by(np.array([self.response]))[0]) - seen.offset[carrying] - 12
            self.carried = int(np.clip(received, 0, seen.length[carrying] - 12).sum())
        else:
            self.carried = int((seen.length[carrying] - 12)[among(carrying, self.before)].sum())
        starts = self.before[seen.kind[self.before] == m.START_DATA]
        self.start = int(starts[0]) if len(starts) else None
        total = int(seen.columns["total"][self.start]) if self.start is not None else UNKNOWN_TOTAL
        self.announced = None if total == UNKNOWN_TOTAL else total


class Responders:
    """The transactions of a capture that responders broke off, in which no byte is missing."""

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        self.all: list[BrokenOff] = []
        self.unsure: Counter[int] = Counter()  # by session
        made = seen.transactions
        whole = (made.request != NO_ROW) & (made.response != NO_ROW)
        # Of those that read as the standard has them, the response may still have crossed the end of data-out.
        early = np.flatnonzero(made.flawless & (made.direction == OUT))
        ends = made.last_data[early]
        early = early[seen.acknowledged_by(made.response[early]) < seen.offset[ends] + seen.length[ends]]
        nothing = np.flatnonzero(made.flawless & (made.direction == NONE))
        nothing = nothing[seen.columns["data_phase_info"][made.request[nothing]] == DATA_OUT]
        for transaction in np.sort(np.concatenate([np.flatnonzero(~made.flawless & whole), early, nothing])).tolist():
            self._look_at(transaction)

    def _look_at(self, transaction: int) -> None:
        seen = self._seen
        case = seen.cases[int(seen.transactions.session[transaction])]
        if not case.judged:
            return
        steps = seen.steps(transaction)
        rows = steps[among(seen.kind[steps], PHASES)]
        request, response = int(seen.transactions.request[transaction]), int(seen.transactions.response[transaction])
        outward = bool((seen.side[rows] == INITIATOR).any())
        outward |= len(rows) == 0 and int(seen.columns["data_phase_info"][request]) == DATA_OUT
        if (len(rows) == 0 and not outward) or (seen.side[rows] != seen.side[rows[:1]]).any():
            return
        stretches = set(seen.stretch[[request, response]].tolist())
        acknowledged = seen.acknowledged(response)
        if len(stretches) > 1 or -1 in stretches or not seen.has(np.array([response]), 10)[0] or acknowledged is None:
            self.unsure[case.index] += 1
            return
        ends = rows[seen.kind[rows] == m.END_DATA]
        if not outward:
            broken = len(ends) == 0 or seen.rank[ends[0]] > seen.rank[response]
        else:
            broken = len(ends) == 0 or acknowledged < int(seen.offset[ends[0]] + seen.length[ends[0]])
        if broken:
            self.all.append(BrokenOff(seen, case, transaction, outward, rows))

    @cached_property
    def receipts(self) -> Receipts:
        """What was acknowledged from each response on that came early."""
        seen, spans = self._seen, []
        for one in self.all:
            if len(one.behind) and one.case.command is not None:
                last = int(seen.columns["last"][one.behind].max())
                spans.append(Span(one.case.command.tcp.number, int(seen.columns["first"][one.response]), last))
        return Receipts(seen, spans)


def broken_off(seen: Evidence) -> Responders:
    """The transactions that were broken off, worked out once."""
    return seen.once(Responders)


def _uncancelled(seen: Evidence, ruling: Ruling, side: int, *, outward: bool) -> list[BrokenOff]:
    """Those that no Cancel of the initiator explains, for certain."""
    found, named = cancels(seen), []
    for one in broken_off(seen).all:
        if one.outward != outward or one.transaction in found.named:
            continue
        missing = found.covering(one.case)
        if missing:
            ruling.unknown(one.case.index, side, missing)
        else:
            named.append(one)
    for session, count in broken_off(seen).unsure.items():
        ruling.unknown(session, side, "bytes between request and response are missing", count)
    return named


@rule("cancel-r-error-code")
def error_code(seen: Evidence, ruling: Ruling) -> None:
    """Whoever breaks off a data phase says why; OK is no reason."""
    for one in broken_off(seen).all:
        session = one.case.index
        if one.start is None or one.carried == 0:
            continue
        if one.code != OK:
            ruling.passes(session, RESPONDER)
        elif one.announced is None:
            ruling.unknown(session, RESPONDER, "how much data was to come was not announced")
        elif one.carried < one.announced:
            says = (
                f"transaction {one.identity} was answered OK after {one.carried} of {one.announced} bytes of its data"
            )
            ruling.fires(session, RESPONDER, says, row=one.response, rows=(one.start,), transaction=one.transaction)


@rule("cancel-r-case1")
def case_1(seen: Evidence, ruling: Ruling) -> None:
    """The responder ends data-out early, and the initiator stops sending once it has read that."""
    for one in _uncancelled(seen, ruling, INITIATOR, outward=True):
        session = one.case.index
        if one.code == OK:
            continue
        late = None
        if len(one.behind) > LEFT_OVER:
            late = broken_off(seen).receipts.first_surely_read(one.response, one.behind[LEFT_OVER:])
        code = seen.named("response", one.code, session)
        if late is None:
            says = f"transaction {one.identity}: the responder ended data-out early with {code} (responder case 1)"
            ruling.names(session, RESPONDER, says, row=one.response, rows=(one.request,), transaction=one.transaction)
        else:
            size = int(seen.length[one.behind[seen.offset[one.behind] >= seen.offset[late]]].sum())
            says = f"{size} bytes of data of transaction {one.identity} were written after its response {code} was read"
            ruling.fires(session, INITIATOR, says, row=late, rows=(one.response,), transaction=one.transaction)


@rule("cancel-r-case2")
def case_2(seen: Evidence, ruling: Ruling) -> None:
    """The responder ends its data-in early, with a reason, and sends no more of it."""
    for one in _uncancelled(seen, ruling, RESPONDER, outward=False):
        session, code = one.case.index, seen.named("response", one.code, one.case.index)
        if one.code == OK and (one.announced is None or one.carried >= one.announced):
            continue  # all is there but an End Data
        says = f"transaction {one.identity}: the responder ended data-in after {one.carried} bytes with {code}"
        if one.code == OK or len(one.behind):
            fault = "which is no reason" if one.code == OK else "and went on sending it"
            row = one.response if one.code == OK else int(one.behind[0])
            ruling.fires(
                session, RESPONDER, f"{says}, {fault}", row=row, rows=(one.response,), transaction=one.transaction
            )
        else:
            ruling.names(
                session, RESPONDER, f"{says} (responder case 2)", row=one.response, transaction=one.transaction
            )


@rule("cancel-r-case3")
def case_3(seen: Evidence, ruling: Ruling) -> None:
    """Errors after the data, or without any: a failure, or a cancel of the responder's; told once for each session."""
    rows = seen.transactions.response[seen.transactions.flawless]
    rows = rows[(seen.kind[rows] == m.OPERATION_RESPONSE) & (seen.code[rows] != OK)]
    each, first, counts = np.unique(seen.session[rows] << 32 | seen.code[rows], return_index=True, return_counts=True)
    told: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for key, at, count in zip(each.tolist(), first.tolist(), counts.tolist(), strict=True):
        told[key >> 32].append((count, key & 0xFFFFFFFF, int(rows[at])))
    for session, codes in told.items():
        listed = ", ".join(
            f"{count:,} {seen.named('response', code, session)}" for count, code, _ in sorted(codes)[::-1]
        )
        failed = counted(sum(count for count, *_ in codes), "error response")
        says = f"{failed} after complete data or without any: {listed}"
        row = min(row for *_, row in codes)
        ruling.fires(session, RESPONDER, says, row=row, transaction=seen.transaction_of(row))


@rule("cancel-cancelled-without-cancel")
def without_cancel(seen: Evidence, ruling: Ruling) -> None:
    """Transaction_Cancelled that no Cancel asked for; told once for each session."""
    found, rows = cancels(seen), seen.rows(m.OPERATION_RESPONSE, side=RESPONDER)
    rows = rows[(seen.code[rows] == TRANSACTION_CANCELED) & seen.has(rows, 14)]
    if len(rows) == 0:
        return
    rows = rows[~among(seen.transactions.of_message[rows], sorted(found.named))]
    sessions, first, counts = np.unique(seen.session[rows], return_index=True, return_counts=True)
    for session, at, count in zip(sessions.tolist(), first.tolist(), counts.tolist(), strict=True):
        missing = found.covering(seen.cases[session])
        if missing:
            ruling.unknown(session, RESPONDER, missing, count)
            continue
        row = int(rows[at])
        says = f"{counted(count, 'transaction')} cancelled by the responder itself: no Cancel asked for it"
        ruling.fires(session, RESPONDER, says, row=row, transaction=seen.transaction_of(row))


@rule("cancel-r-discard-leftovers")
def discards_leftovers(seen: Evidence, ruling: Ruling) -> None:
    """What was on its way when the responder broke off is read and dropped: no reset, no other answer."""
    for one in _uncancelled(seen, ruling, RESPONDER, outward=True):
        session, line = one.case.index, one.case.command
        if one.code == OK or len(one.behind) == 0 or line is None:
            continue
        leftover, reset = int(one.behind[0]), line.closing_packet(RESPONDER)
        again = _answered_again(seen, one)
        if again is not None:
            says = f"transaction {one.identity} was answered again when the rest of its data came"
            ruling.fires(
                session, RESPONDER, says, row=again, rows=(one.response, leftover), transaction=one.transaction
            )
        elif reset is None or not line.reset or not line.closed_first(RESPONDER):
            until = int(seen.time[leftover]) + seen.limit_ns("close_grace_s")
            if seen.timed(leftover) and line.vouched(until) and line.nothing_missing_after(one.response):
                ruling.passes(session, RESPONDER)
            else:
                ruling.unknown(session, RESPONDER, "the connection is not seen long enough behind the rest of the data")
        elif _for_leftovers(seen, one, line.closed_at(RESPONDER)):
            says = f"the responder reset the command connection over the rest of the data of transaction {one.identity}"
            ruling.fires(
                session, RESPONDER, says, row=leftover, rows=(one.response,), packet=reset, transaction=one.transaction
            )
        else:
            ruling.unknown(session, RESPONDER, "the connection may have been reset for another reason")


def _answered_again(seen: Evidence, one: BrokenOff) -> int | None:
    """A second response of its id, before the next request and with nothing missing in between."""
    line = one.case.command
    following = one.case.requests[one.case.requests_before(one.request) + 1 :][:1]
    assert line is not None
    behind = line.behind(one.response)[:1]
    if len(behind) == 0 or seen.kind[behind[0]] != m.OPERATION_RESPONSE or not seen.has(behind, 14)[0]:
        return None
    row = int(behind[0])
    in_time = len(following) == 0 or seen.rank[row] < seen.rank[following[0]]
    same = int(seen.identity[row]) == one.identity and seen.stretch[row] == seen.stretch[one.request] != -1
    return row if in_time and same else None


def _for_leftovers(seen: Evidence, one: BrokenOff, closed: int | None) -> bool:
    """Did a reset of the command connection alone follow the leftover data at once, and nothing else that explains it?

    A responder that ends the session closes both connections.
    """
    line, event, leftover = one.case.command, one.case.event, int(one.behind[0])
    if line is None or event is None or closed is None or not seen.timed(leftover):
        return False
    grace = seen.limit_ns("close_grace_s")
    late = closed - int(seen.time[leftover])
    ended = event.closed_at()
    alone = ended is None or ended > closed + grace
    last = one.case.requests_before(int(one.behind[-1])) == len(one.case.requests)
    return (
        0 < late <= grace and alone and last and event.vouched(closed + grace) and len(line.behind(one.response)) == 0
    )
