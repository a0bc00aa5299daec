"""Rules of the establishment (CIPA DC-X005-2005 2.2.3.1, 2.3.1 to 2.3.5): who says what, where, and in which order.

Judges the place and the order of messages; what was answered, and what became of refusals, is in ``init_answers``.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..among import among
from ..capture import NO_TIME
from ..ptpip import messages as m
from .case import Case, Line
from .evidence import Evidence
from .opening import Opening, delay, end_of, in_time, openings
from .rule import INITIATOR, RESPONDER, Ruling, rule

_NAMES = m.type_names()
_GREETINGS = (m.INIT_COMMAND_REQUEST, m.INIT_EVENT_REQUEST)
_TRAFFIC = (m.OPERATION_REQUEST, m.EVENT, m.START_DATA, m.DATA, m.CANCEL, m.END_DATA, m.PROBE_REQUEST)
_NO_ROLES = "it is not certain who the initiator is"
_NO_START = "the beginning of the connection is not in the capture"
# A kernel sends the first segment again after 1 s, and after 2 s more (RFC 6298 2.1, 5.5): where the capture was taken
# beyond the loss, those tries are not in it.
_LOST_TWICE_NS = 3_000_000_000


def _opens(seen: Evidence, ruling: Ruling, one: Opening) -> int | None:
    """The first message of the initiator, where it is certain that it is the first; else None, and counted."""
    rows = one.line.rows[INITIATOR]
    if len(rows) == 0:
        return None
    if not (one.line.roles_sure and one.line.from_start(INITIATOR)):
        ruling.unknown(one.session, INITIATOR, _NO_START)
        return None
    return int(rows[0])


def _judge_first(
    seen: Evidence, ruling: Ruling, connections: Iterable[Opening], right: tuple[int, ...], name: str
) -> None:
    """Judge that connections begin with a message of one of the right types."""
    for one in connections:
        row = _opens(seen, ruling, one)
        if row is None:
            continue
        kind = int(seen.kind[row])
        if kind in right:
            ruling.passes(one.session, INITIATOR)
        elif kind in _NAMES:
            ruling.fires(one.session, INITIATOR, f"the {name} begins with {_NAMES[kind]}", row=row)
        else:
            ruling.unknown(one.session, INITIATOR, "it begins with a type that is reserved")


@rule("init-command-request-first")
def command_request_first(seen: Evidence, ruling: Ruling) -> None:
    """A command connection begins with Init Command Request."""
    _judge_first(seen, ruling, openings(seen).commands, _GREETINGS, "connection")


@rule("init-event-request-first")
def event_request_first(seen: Evidence, ruling: Ruling) -> None:
    """An event connection begins with Init Event Request."""
    _judge_first(seen, ruling, openings(seen).events, (m.INIT_EVENT_REQUEST,), "event connection")


@rule("init-command-request-prompt")
def command_request_prompt(seen: Evidence, ruling: Ruling) -> None:
    """Init Command Request follows the handshake at once.

    A first try that was lost on its way to the capture point can't be told from a pause, so only what two lost ones
    would not explain is late.
    """
    for one in openings(seen).commands:
        row = one.first(INITIATOR, m.INIT_COMMAND_REQUEST)
        if row is None:
            continue
        asked, accepted = one.line.opened_at, one.line.tcp.syn_times[one.line.direction(RESPONDER)]
        began = int(seen.columns["began"][row])
        if NO_TIME in (asked, accepted, began) or not one.line.roles_sure or seen.offset[row] != 0:
            ruling.unknown(one.session, INITIATOR, _NO_START)
            continue
        if one.line.tcp.syn_again:  # the answer that the initiator heard may be a later one than the first
            ruling.unknown(one.session, INITIATOR, "the handshake was repeated: when it was over is not known")
            continue
        took = began - accepted
        late = took - max(accepted - asked, 0)  # beside the initiator the handshake's last third takes no time
        if took >= 0 and late <= seen.limit_ns("immediate_ms"):
            ruling.passes(one.session, INITIATOR)
        elif took < 0 or accepted < asked or late <= seen.limit_ns("immediate_ms") + _LOST_TWICE_NS:
            ruling.unknown(one.session, INITIATOR, "a first try may have been lost before the capture point")
        else:
            ruling.fires(
                one.session,
                INITIATOR,
                f"Init Command Request came {in_time(took)} after the connection was accepted",
                row=row,
            )


@rule("init-command-request-once")
def command_request_once(seen: Evidence, ruling: Ruling) -> None:
    """One Init Command Request per connection."""
    for one in openings(seen).every:
        rows = one.all(INITIATOR, m.INIT_COMMAND_REQUEST)
        if rows and seen.anchored[rows[0]]:
            ruling.passes(one.session, INITIATOR)
        for row in rows[1:]:
            if seen.run[row] == seen.run[rows[0]] and seen.synced[row]:
                says = "Init Command Request came again on the same connection"
                ruling.fires(one.session, INITIATOR, says, row=row, rows=(rows[0],))
            else:
                ruling.unknown(one.session, INITIATOR, "bytes are missing between the two")


def _from_side(seen: Evidence, ruling: Ruling, kind: int, side: int) -> np.ndarray:
    """Judge that messages of a type come from one side; gives those that do, at places that are certain."""
    rows = seen.rows(kind)
    sure = seen.roles_sure[rows] & seen.synced[rows]
    right = seen.side[rows] == side
    name, wrong = _NAMES[kind], ("responder", "initiator")[side]

    def says(row: int) -> str:
        return f"{name} came from the {wrong}"

    settled = ~(sure & right)  # those that have the right side are judged by their connection
    ruling.weigh(seen, rows[settled], right[settled], sure[settled], says, _NO_ROLES)
    return rows[sure & right]


def _place_of_request(seen: Evidence, ruling: Ruling, kind: int, other: int) -> None:
    """A request to establish one connection does not come on the other one, which has its own request before it."""
    where = "event" if other == m.INIT_EVENT_REQUEST else "command"
    for row in _from_side(seen, ruling, kind, INITIATOR).tolist():
        session = int(seen.session[row])
        before = openings(seen).by_connection[int(seen.columns["stream"][row]) >> 1].first(INITIATOR, other)
        if before is not None and before < row:
            ruling.fires(session, INITIATOR, f"{_NAMES[kind]} came on the {where} connection", row=row)
        elif seen.anchored[row]:
            ruling.passes(session, INITIATOR)
        else:
            ruling.unknown(session, INITIATOR, _NO_START)


def _place_of_ack(seen: Evidence, ruling: Ruling, kind: int, asked: int, other: int) -> None:
    """An answer does not come on a connection where only the other request was made."""
    where = "event" if other == m.INIT_EVENT_REQUEST else "command"
    for row in _from_side(seen, ruling, kind, RESPONDER).tolist():
        session = int(seen.session[row])
        one = openings(seen).by_connection[int(seen.columns["stream"][row]) >> 1]
        requests = (one.first(INITIATOR, asked), one.first(INITIATOR, other))
        if requests[0] is not None:
            ruling.passes(session, RESPONDER)
        elif requests[1] is not None and one.line.whole(INITIATOR):
            ruling.fires(
                session,
                RESPONDER,
                f"{_NAMES[kind]} came on the {where} connection",
                row=row,
                rows=(requests[1],),
            )
        else:
            ruling.unknown(session, RESPONDER, "what the initiator said before it is not in the capture as a whole")


@rule("init-command-request-placement")
def command_request_placement(seen: Evidence, ruling: Ruling) -> None:
    """Init Command Request: from the initiator, on the command connection."""
    _place_of_request(seen, ruling, m.INIT_COMMAND_REQUEST, m.INIT_EVENT_REQUEST)


@rule("init-event-request-placement")
def event_request_placement(seen: Evidence, ruling: Ruling) -> None:
    """Init Event Request: from the initiator, on the event connection."""
    _place_of_request(seen, ruling, m.INIT_EVENT_REQUEST, m.INIT_COMMAND_REQUEST)


@rule("init-command-ack-placement")
def command_ack_placement(seen: Evidence, ruling: Ruling) -> None:
    """Init Command Ack: from the responder, on the command connection."""
    _place_of_ack(seen, ruling, m.INIT_COMMAND_ACK, m.INIT_COMMAND_REQUEST, m.INIT_EVENT_REQUEST)


@rule("init-event-ack-placement")
def event_ack_placement(seen: Evidence, ruling: Ruling) -> None:
    """Init Event Ack: from the responder, on the event connection."""
    _place_of_ack(seen, ruling, m.INIT_EVENT_ACK, m.INIT_EVENT_REQUEST, m.INIT_COMMAND_REQUEST)


@rule("init-fail-placement")
def fail_placement(seen: Evidence, ruling: Ruling) -> None:
    """Init Fail: from the responder; either connection will do."""
    for row in _from_side(seen, ruling, m.INIT_FAIL, RESPONDER).tolist():
        ruling.passes(int(seen.session[row]), RESPONDER)


@rule("init-responder-quiet-before-request")
def responder_quiet(seen: Evidence, ruling: Ruling) -> None:
    """The responder has received something before it says anything: its first segment acknowledges it."""
    for one in openings(seen).every:
        rows = one.line.rows[RESPONDER]
        if len(rows) == 0:
            continue
        row = int(rows[0])
        received = seen.acknowledged(row)
        if not (one.line.roles_sure and seen.anchored[row]) or received is None:
            ruling.unknown(one.session, RESPONDER, _NO_START)
        elif received > 0:
            ruling.passes(one.session, RESPONDER)
        else:
            name = _NAMES.get(int(seen.kind[row]), "a message")
            says = f"the responder sent {name} before it had received a byte"
            ruling.fires(one.session, RESPONDER, says, row=row)


@rule("init-no-traffic-before-established")
def no_traffic_before_established(seen: Evidence, ruling: Ruling) -> None:
    """Nothing but the establishment goes on before Init Event Ack; seen earlier anywhere is sent too early."""
    for case in seen.judged:
        if case.command is None or case.event is None or case.established is None:
            continue
        if not openings(seen).sole_event(case) or not seen.anchored[case.established]:
            ruling.unknown(case.index, INITIATOR, "the event connection may be that of another session")
            continue
        # What the responder says on the command connection answers the initiator.
        for side, lines in ((INITIATOR, case.lines), (RESPONDER, [case.event])):
            first = [int(rows[0]) for line in lines if len(rows := _traffic(seen, line, side))]
            early = [row for row in first if seen.surely_before(row, case.established)]
            if early and side == INITIATOR and _may_be_late(seen, case, early[0], case.established):
                ruling.unknown(case.index, side, "an earlier copy of Init Event Ack may be missing from the capture")
            elif early:
                says = f"{_NAMES[int(seen.kind[early[0]])]} was sent before Init Event Ack"
                ruling.fires(case.index, side, says, row=early[0], rows=(case.established, *early[1:]))
            elif all(_nothing_before(seen, line, side) for line in lines):
                ruling.passes(case.index, side)
            else:
                ruling.unknown(case.index, side, _NO_START)


def _nothing_before(seen: Evidence, line: Line, side: int) -> bool:
    """Is it certain that the first message which is no establishment is the first one that was said?"""
    traffic = _traffic(seen, line, side)
    return line.from_start(side) and (bool(seen.anchored[traffic[0]]) if len(traffic) else line.whole(side))


def _may_be_late(seen: Evidence, case: Case, early: int, established: int) -> bool:
    """May the initiator have had Init Event Ack before the copy of it that is in the capture?

    Not if it spoke before its own Init Event Request; else the responder would have answered it meanwhile.
    """
    assert case.event is not None
    request = case.event.first(m.INIT_EVENT_REQUEST, INITIATOR)
    began, time = seen.columns["began"], seen.time
    if request is None or began[established] < time[request]:
        return True
    if seen.surely_before(early, request):
        return False
    answers = np.concatenate([line.rows[RESPONDER] for line in case.lines])
    return bool(((began[answers] >= time[early]) & (began[answers] < began[established])).any())


def _traffic(seen: Evidence, line: Line, side: int) -> np.ndarray:
    rows = line.rows[side]
    return rows[among(seen.kind[rows], _TRAFFIC)]


@rule("init-event-connection-after-ack")
def event_connection_after_ack(seen: Evidence, ruling: Ruling) -> None:
    """The event connection is opened when the connection number has come, not before."""
    for case in seen.judged:
        if case.both is None:
            continue
        command, event = case.both
        ack, request = command.first(m.INIT_COMMAND_ACK, RESPONDER), event.first(m.INIT_EVENT_REQUEST, INITIATOR)
        opened = event.opened_at
        if ack is None or request is None or not event.roles_sure or NO_TIME in (opened, seen.columns["began"][ack]):
            ruling.unknown(case.index, INITIATOR, _NO_START)
            continue
        early = int(seen.columns["began"][ack]) - opened
        if early <= 0:
            ruling.passes(case.index, INITIATOR)
        elif early <= seen.limit_ns("skew_ms") or not seen.surely_before(ack, request):
            # The number was repeated before this copy of the Ack: an earlier one is not in the capture.
            ruling.unknown(case.index, INITIATOR, "the order of the two is not certain")
        else:
            says = f"the event connection was opened {in_time(early)} before Init Command Ack"
            ruling.fires(case.index, INITIATOR, says, row=ack, rows=(request,))


@rule("init-packet-after-established")
def packet_after_established(seen: Evidence, ruling: Ruling) -> None:
    """Init messages don't come back once the session is established."""
    for one in openings(seen).every:
        established = one.case.established
        if established is None or not seen.anchored[established]:
            continue
        if not (one.is_event or openings(seen).sole_event(one.case)):
            ruling.unknown(one.session, INITIATOR, "the event connection may be that of another session")
            continue
        operated = one.line.first(m.OPERATION_REQUEST, INITIATOR)
        for side in (INITIATOR, RESPONDER):
            again = [
                row
                for row in one.all(side, *range(m.INIT_COMMAND_REQUEST, m.INIT_FAIL))
                if row != one.line.rows[side][0] and row != established
            ]
            for row in again:
                if seen.anchored[row] and _knew(seen, one, established, row, operated):
                    says = f"{_NAMES[int(seen.kind[row])]} came after Init Event Ack"
                    ruling.fires(one.session, side, says, row=row, rows=(established,))
                else:
                    ruling.unknown(one.session, side, "it may have been sent before Init Event Ack arrived")
            if not again:
                ruling.passes(one.session, side)


def _knew(seen: Evidence, one: Opening, established: int, row: int, operated: int | None) -> bool:
    """Is it certain that the sender of a message knew that the session was established? Who operates knows it."""
    if not seen.surely_before(established, row):
        return False
    if seen.side[row] == RESPONDER:
        return True
    if one.is_event:
        received = seen.acknowledged(row)
        return received is not None and received >= end_of(seen, established)
    waited = delay(seen, established, row)
    return (operated is not None and operated < row) or (waited or 0) > seen.limit_ns("immediate_ms")
