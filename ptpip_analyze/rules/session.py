"""Rules of sessions and transactions in them (CIPA DC-X005-2005 1.6, 5.1): what needs a session, one at a time.

The state of a session is known only where its connection is captured from the SYN on, and nothing is missing since.
"""

from __future__ import annotations

import numpy as np

from ..among import among
from ..facts.named import CLOSE_SESSION, GET_DEVICE_INFO, OK, OPEN_SESSION, RESET_DEVICE, SESSION_NOT_OPEN
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .case import Case
from .evidence import Evidence
from .numbering import CLOSED, OPEN, UNKNOWN, Numbering
from .rule import BOTH, INITIATOR, RESPONDER, Ruling, rule

# Named by the standard as such that need no session (1.6.2, PTP clause 9.3.2).
WITHOUT_SESSION = (GET_DEVICE_INFO, OPEN_SESSION)
_UNKNOWN = "the beginning of the session is not in the capture"
_HOLE = "bytes are missing since the state of the session was last known"


def _needs_session(code: np.ndarray) -> np.ndarray:
    """Standard operations that are bound to a session; makers' own may do as they like."""
    return (code >> 12 == 1) & ~among(code, WITHOUT_SESSION)


@rule("session-open-before-operations")
def open_before_operations(seen: Evidence, ruling: Ruling) -> None:
    """Standard operations but two need OpenSession first."""
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        bound = _needs_session(told.code)
        never = bound & (told.state == CLOSED) & (told.since == NO_ROW)
        ruling.passes(case.index, INITIATOR, int((bound & (told.state == OPEN)).sum()))
        ruling.unknown(case.index, INITIATOR, _UNKNOWN, int((bound & (told.state == UNKNOWN)).sum()))
        for place in np.flatnonzero(never).tolist():
            name = seen.named("operation", int(told.code[place]), case.index)
            says = f"{name} was requested before any OpenSession was answered OK"
            ruling.fires(case.index, INITIATOR, says, row=int(told.request[place]), transaction=int(told.number[place]))


@rule("session-ended-operations-stop")
def ended_operations_stop(seen: Evidence, ruling: Ruling) -> None:
    """Behind CloseSession the session is over until the next OpenSession."""
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        after = _needs_session(told.code) & (told.since != NO_ROW)
        ruling.passes(case.index, INITIATOR, int((after & (told.state == OPEN)).sum()))
        ruling.unknown(case.index, INITIATOR, _HOLE, int((after & (told.state == UNKNOWN)).sum()))
        for place in np.flatnonzero(after & (told.state == CLOSED)).tolist():
            name = seen.named("operation", int(told.code[place]), case.index)
            ended_by = seen.code[seen.transactions.request[seen.transactions.of_message[told.since[place]]]]
            end = "ResetDevice" if ended_by == RESET_DEVICE else "CloseSession"
            says = f"{name} was requested after {end} had been answered OK"
            ruling.fires(
                case.index,
                INITIATOR,
                says,
                row=int(told.request[place]),
                rows=(int(told.since[place]),),
                transaction=int(told.number[place]),
            )


@rule("session-refuse-without-session")
def refuse_without_session(seen: Evidence, ruling: Ruling) -> None:
    """What needs a session is refused without one."""
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        without = _needs_session(told.code) & (told.state == CLOSED) & (told.code != CLOSE_SESSION)
        ruling.passes(case.index, RESPONDER, int((without & (told.answer >= 0) & (told.answer != OK)).sum()))
        ruling.unknown(case.index, RESPONDER, "no answer is in the capture", int((without & (told.answer < 0)).sum()))
        for place in np.flatnonzero(without & (told.answer == OK)).tolist():
            name = seen.named("operation", int(told.code[place]), case.index)
            says = f"{name} was answered OK without a session, instead of Session_Not_Open (0x2003)"
            ruling.fires(
                case.index,
                RESPONDER,
                says,
                row=int(told.response[place]),
                rows=(int(told.request[place]),),
                transaction=int(told.number[place]),
            )


@rule("session-deviceinfo-without-session")
def deviceinfo_without_session(seen: Evidence, ruling: Ruling) -> None:
    """GetDeviceInfo needs no session."""
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        before = (told.code == GET_DEVICE_INFO) & (told.state == CLOSED)
        refused = before & (told.answer == SESSION_NOT_OPEN)
        ruling.passes(case.index, RESPONDER, int((before & (told.answer >= 0) & ~refused).sum()))
        unknown = (told.code == GET_DEVICE_INFO) & (told.state == UNKNOWN) | before & (told.answer < 0)
        ruling.unknown(case.index, RESPONDER, _UNKNOWN, int(unknown.sum()))
        for place in np.flatnonzero(refused).tolist():
            says = "GetDeviceInfo was refused with Session_Not_Open (0x2003); it needs no session"
            row, number = int(told.response[place]), int(told.number[place])
            ruling.fires(case.index, RESPONDER, says, row=row, rows=(int(told.request[place]),), transaction=number)


@rule("session-opened-by-ok")
def opened_by_ok(seen: Evidence, ruling: Ruling) -> None:
    """How the sessions on a pair of connections began and ended."""
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        opened = np.flatnonzero((told.code == OPEN_SESSION) & (told.answer == OK))
        closed = int(((told.code == CLOSE_SESSION) & (told.answer == OK)).sum())
        if len(opened):
            says = f"{len(opened)} opened by OpenSession and {closed} ended by CloseSession on these connections"
            ruling.fires(case.index, BOTH, says, row=int(told.response[opened[0]]))


@rule("session-open-twice")
def open_twice(seen: Evidence, ruling: Ruling) -> None:
    """OpenSession while a session is open is answered Session_Already_Open."""
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        again = (told.code == OPEN_SESSION) & (told.state == OPEN) & (told.answer == OK)
        for place in np.flatnonzero(again).tolist():
            says = "OpenSession was answered OK while a session was open, instead of Session_Already_Open (0x201E)"
            rows = (int(told.since[place]),)
            number = int(told.number[place])
            ruling.fires(case.index, BOTH, says, row=int(told.response[place]), rows=rows, transaction=number)


@rule("session-one-per-pair")
def one_per_pair(seen: Evidence, ruling: Ruling) -> None:
    """A pair of connections has one session at a time."""
    first = seen.columns["word0"]
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        opened = np.flatnonzero((told.code == OPEN_SESSION) & (told.answer == OK))
        for place in opened.tolist():
            if told.state[place] == UNKNOWN:
                ruling.unknown(case.index, BOTH, _UNKNOWN)
                continue
            before = opened[opened < place]
            other = (
                told.state[place] == OPEN and len(before) > 0 and seen.has(told.request[[place, before[-1]]], 22).all()
            )
            if other and first[told.request[place]] != first[told.request[before[-1]]]:
                ids = int(first[told.request[before[-1]]]), int(first[told.request[place]])
                says = f"session 0x{ids[1]:X} was opened while session 0x{ids[0]:X} was open on the same connections"
                rows = (int(told.response[before[-1]]),)
                ruling.fires(
                    case.index,
                    BOTH,
                    says,
                    row=int(told.response[place]),
                    rows=rows,
                    transaction=int(told.number[place]),
                )
            else:
                ruling.passes(case.index, BOTH)


@rule("session-id-not-on-wire")
def id_not_on_wire(seen: Evidence, ruling: Ruling) -> None:
    """PTP wants a SessionID that is not zero; on the wire it is seen in OpenSession only."""
    rows = seen.rows(m.OPERATION_REQUEST, side=INITIATOR)
    rows = rows[(seen.code[rows] == OPEN_SESSION) & seen.has(rows, 22)]
    for row in rows[seen.columns["word0"][rows] == 0].tolist():
        says = "OpenSession with SessionID 0, which PTP keeps for no session"
        ruling.fires(int(seen.session[row]), INITIATOR, says, row=row, transaction=seen.transaction_of(row))


@rule("session-one-transaction")
def one_transaction(seen: Evidence, ruling: Ruling) -> None:
    """The next request waits for the response.

    A request whose packet does not acknowledge the response of the one before was sent before that had arrived,
    wherever the capture was taken.
    """
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        response, following = told.response[:-1], told.request[1:]
        answered = response != NO_ROW
        whole = answered & (seen.stretch[response] >= 0) & (seen.stretch[response] == seen.stretch[following])
        early = np.flatnonzero(whole & (seen.rank[following] < seen.rank[response]))
        ruling.passes(case.index, INITIATOR, int(whole.sum()) - len(early))
        ruling.unknown(case.index, INITIATOR, _HOLE, int((~whole).sum()))
        for place in early.tolist():
            row, late = int(following[place]), int(response[place])
            received = seen.acknowledged(row)
            if _answered_otherwise(seen, case, int(told.request[place]), row):
                ruling.unknown(case.index, INITIATOR, "a response with another TransactionID came between the two")
                continue
            if received is None or received >= int(seen.offset[late]) + int(seen.length[late]):
                ruling.unknown(case.index, INITIATOR, "it can't be told which of both was first")
                continue
            name = seen.named("operation", int(told.code[place + 1]), case.index)
            says = f"{name} was requested before the response of the one before"
            rows = (int(told.request[place]), late)
            ruling.fires(case.index, INITIATOR, says, row=row, rows=rows, transaction=int(told.number[place + 1]))


def _answered_otherwise(seen: Evidence, case: Case, request: int, following: int) -> bool:
    """Did the initiator have any response between two requests? It may have taken it for the one it waited for."""
    if case.command is None:
        return False
    rows = case.command.rows[RESPONDER]
    rows = rows[(seen.kind[rows] == m.OPERATION_RESPONSE) & (seen.rank[rows] > seen.rank[request])]
    received = seen.acknowledged(following)
    return any(seen.rank[row] < seen.rank[following] and seen.end(row) <= (received or 0) for row in rows.tolist())


@rule("session-first-operations")
def first_operations(seen: Evidence, ruling: Ruling) -> None:
    """What an initiator asks first."""
    for case in seen.judged:
        told = seen.once(Numbering).of(case.index)
        if not case.from_start or case.established is None:
            continue
        names = ", then ".join(seen.named("operation", int(code), case.index) for code in told.code[:2] if code >= 0)
        if names:
            ruling.fires(case.index, INITIATOR, f"first asked for {names}", row=int(told.request[0]))
