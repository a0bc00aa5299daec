"""Rules of the end of a pair of connections (CIPA DC-X005-2005 2.2.3.3, 2.4, 2.5).

A missing FIN is claimed only where the connection itself goes on in the capture after the waiting time.
"""

from __future__ import annotations

import numpy as np

from .. import facts
from ..among import among
from ..capture import NO_TIME
from ..facts.named import CLOSE_SESSION, OK, POWER_DOWN, RESET_DEVICE
from ..ptp import STATUSES
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .case import Case, Line
from .evidence import Evidence
from .numbering import Numbering
from .rule import BOTH, INITIATOR, RESPONDER, SIDES, Ruling, rule
from .wording import NOT_COVERED

_UNASKED = (m.OPERATION_REQUEST, m.EVENT, m.PROBE_REQUEST)  # what nobody has to say
_WHO = "who ended a connection first is not certain"
_REUSED = "messages came behind the reset, which may be that of an earlier connection"


def _ended(line: Line | None) -> tuple[int, int] | None:
    """When a connection ended first, by which side; None where it did not, or without a time."""
    if line is None or line.closed_by is None or line.closed_at() in (None, NO_TIME):
        return None
    return int(line.closed_at() or 0), line.closed_by


def _ends(case: Case) -> list[tuple[int, int, Line]]:
    """The ends of the connections of a session, the first one first: time, side, connection."""
    found = [(*end, line) for line in case.lines if (end := _ended(line)) is not None]
    return sorted(found, key=lambda end: end[0])


def _went_on(seen: Evidence, line: Line, side: int) -> bool:
    """Did anybody speak behind the reset of a connection? Then another one may have taken over its ports."""
    end = line.closing_packet(side)
    rows = np.concatenate(line.rows)
    return line.reset and end is not None and bool((seen.columns["last"][rows] > end).any())


@rule("shutdown-both-connections")
def both_connections(seen: Evidence, ruling: Ruling) -> None:
    """Who ends one connection ends the other one, too."""
    grace = seen.limit_ns("close_grace_s")
    for case in seen.judged:
        ends = _ends(case)
        if case.both is None or not ends:
            continue
        time, side, line = ends[0]
        other = case.both[line is case.command]
        until = time + grace
        closed = other.closed_at()
        if not (line.both_directions and other.both_directions):
            ruling.unknown(case.index, BOTH, "one direction of a connection is not in the capture")
        elif closed is not None and NO_TIME < closed <= until:
            ruling.passes(case.index, BOTH)
        elif not other.open_until(until):
            ruling.unknown(case.index, BOTH, NOT_COVERED)
        elif _went_on(seen, line, side):
            ruling.unknown(case.index, BOTH, _REUSED)
        elif not line.closed_first(side):
            ruling.unknown(case.index, BOTH, _WHO)
        else:
            name, survivor = ("command", "event") if line is case.command else ("event", "command")
            later = (closed or other.tcp.last_time) - time
            says = (
                f"the {SIDES[side]} ended the {name} connection, and the {survivor} connection went on for "
                f"{later / 1e9:.1f} s"
            )
            ruling.fires(
                case.index, side, says, row=_first_after(seen, other, until), packet=line.closing_packet(side),
                packets=(other.tcp.last_packet,),
            )  # fmt: skip


def _first_after(seen: Evidence, line: Line, time: int, kinds: tuple[int, ...] = ()) -> int | None:
    """The first message of a connection that came after a time, from either side; of some types if wanted."""
    rows = np.concatenate(line.rows)
    late = rows[(seen.kind[rows] > 0) & (seen.time[rows] > time)]
    if kinds:
        late = late[among(seen.kind[late], kinds)]
    return int(late[np.argmin(seen.time[late])]) if len(late) else None


@rule("shutdown-error-propagates")
def error_propagates(seen: Evidence, ruling: Ruling) -> None:
    """A reset of one connection is the end of both: nobody begins to speak on the other one any more."""
    grace = seen.limit_ns("close_grace_s")
    for case in seen.judged:
        ends = _ends(case)
        if case.both is None or not ends or not ends[0][2].reset:
            continue
        time, side, line = ends[0]
        other = case.both[line is case.command]
        if _went_on(seen, line, side):
            ruling.unknown(case.index, BOTH, _REUSED)
            continue
        late = _first_after(seen, other, time + grace)
        first = _first_after(seen, other, time + grace, _UNASKED)
        if first is not None and seen.columns["first"][first] > (line.closing_packet(side) or 0):
            rows = np.concatenate(other.rows)
            lasted = (int(seen.time[rows].max()) - time) / 1e9
            says = f"messages went on for {lasted:.1f} s after the other connection was reset"
            packet = line.closing_packet(side)
            ruling.fires(case.index, int(seen.side[first]), says, row=first, packet=packet)
        elif late is None and other.open_until(time + grace) is not None:
            ruling.passes(case.index, BOTH)
        else:
            ruling.unknown(case.index, BOTH, NOT_COVERED)


@rule("shutdown-by-initiator")
def by_initiator(seen: Evidence, ruling: Ruling) -> None:
    """The initiator ends a pair that is idle; a responder has a reason, which usually shows."""
    for case in seen.judged:
        ends = _ends(case)
        if len(ends) < 2 or case.established is None:
            continue
        time, side, line = ends[0]
        if side == INITIATOR and line.closed_first(INITIATOR):
            ruling.passes(case.index, RESPONDER)
        elif side == INITIATOR:
            ruling.unknown(case.index, RESPONDER, _WHO)
        elif not all(one.both_directions for one in case.lines):
            ruling.unknown(case.index, RESPONDER, "one direction of a connection is not in the capture")
        elif not all(one.closed_first(RESPONDER) for one in case.lines):
            ruling.unknown(case.index, RESPONDER, _WHO)
        elif line.reset or _has_reason(seen, case, time):
            ruling.unknown(case.index, RESPONDER, "something before it may be the reason")
        else:
            ruling.fires(
                case.index, RESPONDER, "the responder ended the connections first, without a reason that shows",
                packet=line.closing_packet(RESPONDER),
            )  # fmt: skip


def _has_reason(seen: Evidence, case: Case, time: int) -> bool:
    """May anything have gone wrong before: a refusal, a fault, something unanswered, bytes that are not known?"""
    if any(line.first(m.INIT_FAIL) is not None for line in case.lines):
        return True
    told = seen.once(Numbering).of(case.index)
    if among(told.code, (POWER_DOWN, RESET_DEVICE)).any() or (told.answer < 0).any():
        return True
    if any(STATUSES[seen.transactions.status[number]] != "complete" for number in case.numbers[-3:]):
        return True
    for line in case.lines:
        for rows in line.rows:
            if (seen.status[rows] != m.COMPLETE).any() or seen.columns["lost"][rows].any():
                return True
        if not all(line.whole(side) for side in (INITIATOR, RESPONDER)):
            return True
        kinds = [seen.kind[rows] for rows in line.rows]
        if sum(int((kind == m.PROBE_REQUEST).sum()) for kind in kinds) != sum(
            int((kind == m.PROBE_RESPONSE).sum()) for kind in kinds
        ):
            return True
    return False


@rule("shutdown-close-session-first")
def close_session_first(seen: Evidence, ruling: Ruling) -> None:
    """Whether CloseSession came before the end."""
    for case in seen.judged:
        ends = _ends(case)
        told = seen.once(Numbering).of(case.index)
        if not ends or len(told.code) == 0 or int(told.code[-1]) < 0:
            continue
        _, side, line = ends[0]
        orderly = told.code[-1] == CLOSE_SESSION and told.answer[-1] == OK
        last = facts.name_of("operation", int(told.code[-1]), seen.vendors[case.index])
        says = "after CloseSession" if orderly else f"without CloseSession, after {last}"
        ruling.fires(
            case.index, INITIATOR, f"the connections ended {says}", row=int(told.request[-1]),
            packet=line.closing_packet(side),
        )  # fmt: skip


@rule("shutdown-mid-transaction")
def mid_transaction(seen: Evidence, ruling: Ruling) -> None:
    """An end in the middle of a transaction."""
    made = seen.transactions
    for case in seen.judged:
        end = _ended(case.command)
        if end is None or case.command is None or len(case.numbers) == 0:
            continue
        number = int(case.numbers[-1])
        row = int(made.request[number])
        if made.response[number] != NO_ROW or row == NO_ROW or STATUSES[made.status[number]] == "gap":
            continue
        sent = f", {int(made.data_bytes[number]):,} bytes of data done" if made.data_messages[number] else ""
        name = facts.name_of("operation", int(seen.code[row]), seen.vendors[case.index])
        says = f"the {SIDES[end[1]]} ended the connection in the middle of {name}{sent}"
        ruling.fires(case.index, end[1], says, row=row, packet=case.command.closing_packet(end[1]), transaction=number)


@rule("shutdown-loss-detection")
def loss_detection(seen: Evidence, ruling: Ruling) -> None:
    """How a session ended."""
    for case in seen.judged:
        ends = _ends(case)
        if ends:
            _, side, line = ends[0]
            how = "reset" if line.reset else "orderly FIN"
            says, packet = f"ended by the {SIDES[side]}: {how}", line.closing_packet(side)
            ruling.fires(case.index, BOTH, says, packet=packet)
        elif case.lines:
            ruling.fires(case.index, BOTH, "still open when the capture ends", packet=case.lines[0].tcp.last_packet)


@rule("shutdown-traffic-after-fin")
def traffic_after_fin(seen: Evidence, ruling: Ruling) -> None:
    """Nobody asks a peer that has ended its side."""
    for case in seen.judged:
        for line in case.lines:
            for side in (INITIATOR, RESPONDER):
                stream = line.tcp.streams[line.direction(side)]
                if stream.fin is None or line.reset:
                    continue
                rows = line.rows[1 - side]
                sent = [row for row in rows[-3:].tolist() if (seen.acknowledged(row) or 0) > stream.fin]
                if sent and seen.synced[sent[0]]:
                    says = f"the {SIDES[1 - side]} went on after it had acknowledged the end of the other side"
                    ruling.fires(
                        case.index, 1 - side, says, row=sent[0], packet=line.closing_packet(side),
                        transaction=seen.transaction_of(sent[0]),
                    )  # fmt: skip
