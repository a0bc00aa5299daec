"""Rules of Operation Requests (CIPA DC-X005-2005 1.6.1, 2.3.6): where they go, what they hold, what follows them.

Refuses to guess roles and directions: whose they are must be certain before anybody is blamed.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np

from ..facts import table
from ..facts.named import OK
from ..ptp.transactions import IN, OUT
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .case import Line
from .evidence import COMMAND, EVENT, Evidence
from .phases import DATA_TYPES, Phases
from .rule import BOTH, INITIATOR, RESPONDER, Ruling, rule
from .spread import groups
from .wording import identity, operation, seconds, sender, times

DATA_IN, DATA_OUT, UNKNOWN_PHASE = 1, 2, 3  # Data Phase Info
_FLOWS = {"in": IN, "out": OUT}
STUCK_NS = 30_000_000_000
TYPE_NAMES = m.type_names()


@lru_cache(maxsize=1)
def _directions() -> np.ndarray:
    """By operation code: IN or OUT for the operations of PIMA 15740 that carry data, 0 for all others."""
    result = np.zeros(1 << 16, np.int64)
    for code, row in table("operation").items():
        if row.vendor == "ptp":
            result[code] = _FLOWS.get(getattr(row, "data", None) or "", 0)
    return result


def due_direction(code: np.ndarray) -> np.ndarray:
    """int64: IN or OUT where an operation is a standard one that carries data, else 0."""
    return _directions()[np.minimum(code, 0xFFFF)] * (code <= 0xFFFF)


def misplaced(seen: Evidence, ruling: Ruling, kind: int, side: int | None, says: str) -> None:
    """Judge the place of all messages of a type: they go over the command connection, from one side or either."""
    rows = seen.rows(kind)
    if len(rows) == 0:
        return
    on_event = seen.connection[rows] == EVENT
    wrong_side = np.zeros(len(rows), bool) if side is None else seen.side[rows] != side
    sure = seen.synced[rows] & (on_event | seen.roles_sure[rows]) & (~on_event | seen.place_sure[rows])

    def where(row: int) -> str:
        over = "the event connection" if seen.connection[row] == EVENT else "the command connection"
        return f"the {sender(seen, row)} sends {says} over {over}"

    ruling.weigh(seen, rows, ~(on_event | wrong_side), sure, where, "its place or its sender is not certain")


@rule("request-placement")
def placement(seen: Evidence, ruling: Ruling) -> None:
    """Only the initiator asks, and only on the command connection."""
    misplaced(seen, ruling, m.OPERATION_REQUEST, INITIATOR, "an Operation Request")


def weigh_parameters(seen: Evidence, ruling: Ruling, kind: int, fixed: int, name: str) -> None:
    """Judge the number of parameters of all messages of a type: none to five whole words behind ``fixed`` bytes."""
    rows = seen.rows(kind)
    length = seen.length[rows]
    rows, length = rows[length >= fixed], length[length >= fixed]
    kept = ((length - fixed) % 4 == 0) & (length <= fixed + 20)

    def says(row: int) -> str:
        return (
            f"{name} of {int(seen.length[row])} bytes: {int(seen.length[row]) - fixed} bytes are no 0 to 5 parameters"
        )

    ruling.weigh(seen, rows, kept, seen.synced[rows], says)


@rule("request-param-count")
def param_count(seen: Evidence, ruling: Ruling) -> None:
    """None to five parameters, of four bytes each."""
    weigh_parameters(seen, ruling, m.OPERATION_REQUEST, 18, "an Operation Request")


def _sound(seen: Evidence, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The Operation Requests, and for which of them the boundary and the first ``size`` bytes are known."""
    rows = seen.rows(m.OPERATION_REQUEST)
    return rows, seen.synced[rows] & seen.has(rows, size)


@rule("request-dataphase-defined")
def dataphase_defined(seen: Evidence, ruling: Ruling) -> None:
    """Data Phase Info is 1, 2 or 3."""
    rows, sure = _sound(seen, 12)
    info = seen.columns["data_phase_info"]

    def says(row: int) -> str:
        return f"a request has Data Phase Info {int(info[row])}; only 1, 2 and 3 have a meaning"

    ruling.weigh(seen, rows, (info[rows] >= DATA_IN) & (info[rows] <= UNKNOWN_PHASE), sure, says)


@rule("request-dataphase-standard-op")
def dataphase_standard(seen: Evidence, ruling: Ruling) -> None:
    """Of a standard operation the direction of the data is known."""
    rows, sure = _sound(seen, 14)
    standard = seen.code[rows] >> 12 == 1
    rows, sure = rows[standard], sure[standard]

    def says(row: int) -> str:
        return f"{operation(seen, row)}, a standard operation, is sent with the unknown data phase (3)"

    ruling.weigh(seen, rows, seen.columns["data_phase_info"][rows] != UNKNOWN_PHASE, sure, says)


def _vendor_unknown(seen: Evidence) -> np.ndarray:
    rows, sure = _sound(seen, 14)
    return rows[sure & (seen.code[rows] >> 12 == 9) & (seen.columns["data_phase_info"][rows] == UNKNOWN_PHASE)]


@rule("request-dataphase-vendor-unknown")
def dataphase_vendor_unknown(seen: Evidence, ruling: Ruling) -> None:
    """The unknown data phase is for bridges; small responders may close the connection on it."""
    rows = _vendor_unknown(seen)
    for session, of_session in groups(seen.session[rows], rows):
        says = f"{times(len(of_session), 'vendor operation')} sent with the unknown data phase (3): "
        says += _listed(seen.code[of_session])
        ruling.fires(session, INITIATOR, says, row=int(of_session[0]), rows=tuple(of_session[1:4].tolist()))


def _listed(codes: np.ndarray) -> str:
    found = np.unique(codes).tolist()
    return ", ".join(f"0x{code:04X}" for code in found[:5]) + (" and others" if len(found) > 5 else "")


@rule("request-dataphase-vendor-known")
def dataphase_vendor_known(seen: Evidence, ruling: Ruling) -> None:
    """Whoever has seen data flow one way three times knows which way it flows."""
    asked = _vendor_unknown(seen)
    if len(asked) == 0:
        return
    built = seen.transactions
    flows = np.flatnonzero((built.request != NO_ROW) & (built.direction != 0))
    hosts = _hosts(seen)
    ways_of = dict(groups(hosts[built.session[flows]] << 16 | seen.code[built.request[flows]], built.direction[flows]))
    for key, rows in groups(hosts[seen.session[asked]] << 16 | seen.code[asked], asked):
        ways, session = ways_of.get(key, built.direction[:0]), int(seen.session[rows[0]])
        if len(ways) < 3 or len(np.unique(ways)) > 1:
            ruling.unknown(
                session, INITIATOR, "data of the operation was not seen three times, or both ways", len(rows)
            )
            continue
        way = "from" if ways[0] == IN else "to"
        says = (
            f"{operation(seen, int(rows[0]))} is sent with the unknown data phase (3), though its data went {way} the "
            f"responder {len(ways)} times of {len(ways)}"
        )
        ruling.fires(session, INITIATOR, says, row=int(rows[0]), rows=tuple(rows[1:4].tolist()))


def _hosts(seen: Evidence) -> np.ndarray:
    """A number for each session, equal for those between the same two hosts."""
    known: dict[tuple[int, int], int] = {}
    return np.array(
        [
            known.setdefault((pair.parts[0].initiator_address, pair.parts[0].responder[0]), len(known))
            for pair in seen.pairs
        ],
        np.int64,
    )


@rule("request-dataphase-matches-direction")
def dataphase_matches(seen: Evidence, ruling: Ruling) -> None:
    """Who announces data sends it; who asks for data gets it."""
    phases = seen.once(Phases)
    info = seen.columns["data_phase_info"]
    built = seen.transactions
    told = built.flawless & (built.direction != 0)
    request = built.request[told]
    start, way = built.start[told], built.direction[told]
    steps = phases.is_data & (phases.kind == m.START_DATA) & (phases.request[phases.group] != NO_ROW)
    start = np.concatenate([start, phases.row[steps]])
    request = np.concatenate([request, phases.request[phases.group[steps]]])
    way = np.concatenate([way, np.where(phases.side[steps] == INITIATOR, OUT, IN)])
    sure = np.concatenate([_same_stretch(seen, built.request[told], built.start[told]), phases.near[steps]])
    sure &= seen.has(request, 18)
    stated = info[request]
    due = due_direction(seen.code[request])
    kept = ~((stated == DATA_OUT) & (way == IN) | (stated == DATA_IN) & (way == OUT))
    # Data out that was not announced is the initiator's fault. Data in where data out was announced is the fault of
    # whoever contradicts the standard; of a vendor's operation nobody can know.
    side = np.where((way == OUT) | (due == IN), INITIATOR, np.where(due == OUT, RESPONDER, BOTH))
    side = np.where(kept, INITIATOR, side)
    request_of = dict(zip(start[~kept].tolist(), request[~kept].tolist(), strict=True))

    def says(row: int) -> str:
        asked = request_of[row]
        said = f"{operation(seen, asked)} has Data Phase Info {int(info[asked])}"
        return f"{said}, but the {sender(seen, row)} sends Start Data"

    ruling.weigh(seen, start, kept, sure, says, side=side, beside=lambda row: (request_of[row],))


def _same_stretch(seen: Evidence, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (seen.stretch[rows] >= 0) & (seen.stretch[rows] == seen.stretch[others]) & seen.roles_sure[rows]


@rule("request-dataout-then-start")
def dataout_then_start(seen: Evidence, ruling: Ruling) -> None:
    """What comes next from an initiator that announced data is Start Data."""
    built, phases = seen.transactions, seen.once(Phases)
    info, previous = seen.columns["data_phase_info"], seen.previous
    crowd = built.flawless & (built.direction == OUT)
    announced = crowd & (info[built.request] == DATA_OUT)
    for session, count in enumerate(np.bincount(built.session[announced]).tolist()):
        ruling.passes(session, INITIATOR, count)
    asked = phases.request[(phases.request != NO_ROW) & phases.clear]
    quiet = built.request[built.flawless & (built.direction == 0)]
    asked = np.concatenate([asked, quiet[seen.roles_sure[quiet]]])
    asked = asked[(info[asked] == DATA_OUT) & seen.synced[asked]]
    if len(asked) == 0:
        return
    after = np.full(len(previous), NO_ROW)
    follows = np.flatnonzero(previous != NO_ROW)
    after[previous[follows]] = follows
    for row in asked.tolist():
        _next_is_start(seen, ruling, row, int(after[row]))


def _next_is_start(seen: Evidence, ruling: Ruling, request: int, following: int) -> None:
    session, number = int(seen.session[request]), seen.transaction_of(request)
    assert number is not None
    response = int(seen.transactions.response[number])
    kind = int(seen.kind[following]) if following != NO_ROW else None
    same = kind is not None and bool(seen.identity[following] == seen.identity[request])
    refused = response != NO_ROW and int(seen.code[response]) != OK
    if (same and kind in (m.START_DATA, m.CANCEL)) or (refused and kind in (m.OPERATION_REQUEST, None)):
        ruling.passes(session, INITIATOR)
        return
    if kind not in (m.OPERATION_REQUEST, *DATA_TYPES) or not seen.has(np.array([following]), 12)[0]:
        ruling.unknown(session, INITIATOR, "nothing came that shows whether data would follow")
        return
    whole = seen.stretch[request] == seen.stretch[following] >= 0
    answered = response != NO_ROW and seen.rank[response] < seen.rank[following]
    if kind == m.OPERATION_REQUEST and (answered or not whole):
        ruling.unknown(session, INITIATOR, "a response may have come before the data")
        return
    other = seen.transaction_of(following)
    if kind != m.OPERATION_REQUEST and other not in (None, number) and seen.transactions.request[other] != NO_ROW:
        ruling.unknown(session, INITIATOR, "another transaction is open")
        return
    what = f"{TYPE_NAMES[kind]} of transaction {identity(int(seen.identity[following]))}"
    says = f"{operation(seen, request)} announces data (Data Phase Info 2), but {what} comes next, not its Start Data"
    ruling.fires(session, INITIATOR, says, row=following, rows=(request,), transaction=number)


@rule("request-unknown-phase-close")
def unknown_phase_close(seen: Evidence, ruling: Ruling) -> None:
    """What became of requests with the unknown data phase: handled, closed upon, or nothing at all."""
    rows, sure = _sound(seen, 14)
    rows = rows[sure & (seen.columns["data_phase_info"][rows] == UNKNOWN_PHASE) & (seen.connection[rows] == COMMAND)]
    for session, of_session in groups(seen.session[rows], rows):
        line = seen.cases[session].command
        assert line is not None
        ends = Counter(_outcome(seen, line, row) for row in of_session.tolist())
        ruling.unknown(session, RESPONDER, "the capture does not show what came of it", ends.pop("", 0))
        if ends:
            told = ", ".join(f"{count} {end}" for end, count in ends.items())
            says = f"requests with the unknown data phase (3): {told}"
            ruling.fires(session, RESPONDER, says, row=int(of_session[0]), rows=tuple(of_session[1:4].tolist()))


def _outcome(seen: Evidence, line: Line, row: int) -> str:
    """What came of a request, in words; "" where that can't be known."""
    number = seen.transaction_of(row)
    steps = seen.steps(number) if number is not None else np.empty(0, np.int64)
    if ((steps != row) & (seen.kind[steps] != m.CANCEL)).any():
        return "handled"
    said, asked_at, closed_at = line.rows[RESPONDER], int(seen.time[row]), line.closed_at()
    if not seen.timed(row) or len(said) == 0 or not line.whole(RESPONDER) or seen.time[said[-1]] > asked_at:
        return ""
    if (
        line.closed_first(RESPONDER)
        and closed_at is not None
        and 0 < closed_at - asked_at <= seen.limit_ns("close_grace_s")
    ):
        return "answered by closing the connection"
    until = asked_at + STUCK_NS
    if line.tcp.last_time >= until and (closed_at is None or closed_at >= until):
        return f"without any answer for {seconds(STUCK_NS)}"
    return ""


@rule("request-opcode-range")
def opcode_range(seen: Evidence, ruling: Ruling) -> None:
    """Operation codes begin with 1 (standard) or 9 (vendor)."""
    rows, sure = _sound(seen, 14)
    top = seen.code[rows] >> 12

    def says(row: int) -> str:
        return f"a request has the operation code 0x{int(seen.code[row]):04X}, which is in no range of operations"

    ruling.weigh(seen, rows, (top == 1) | (top == 9), sure, says)


@rule("request-role-fixed")
def role_fixed(seen: Evidence, ruling: Ruling) -> None:
    """On one connection a device asks or answers, not both."""
    requests = _first_by_stream(seen, m.OPERATION_REQUEST)
    greetings = _first_by_stream(seen, m.INIT_COMMAND_REQUEST, m.INIT_EVENT_REQUEST)
    answers = _first_by_stream(seen, m.OPERATION_RESPONSE, m.EVENT)
    for case in seen.judged:
        for line in case.lines:
            own, other = line.stream(INITIATOR), line.stream(RESPONDER)
            if max(requests[own], greetings[own]) == NO_ROW:
                continue
            if not line.syn_captured or not line.roles_sure:
                ruling.unknown(case.index, BOTH, "it is not known who opened the connection")
            elif requests[own] != NO_ROW and requests[other] != NO_ROW:
                says = "the responder sends an Operation Request on a connection on which the initiator does"
                ruling.fires(case.index, RESPONDER, says, row=int(requests[other]), rows=(int(requests[own]),))
            elif answers[own] != NO_ROW:
                row = int(answers[own])
                says = f"the initiator, who asks on this connection, sends {TYPE_NAMES[int(seen.kind[row])]} on it"
                ruling.fires(case.index, INITIATOR, says, row=row)
            else:
                ruling.passes(case.index, BOTH)


def _first_by_stream(seen: Evidence, *kinds: int) -> np.ndarray:
    """By stream number, the row of its first message of some types at a known boundary, or NO_ROW."""
    first = np.full(2 * len(seen.connections) + 1, NO_ROW)
    rows = seen.rows(*kinds)
    rows = rows[seen.synced[rows]][::-1]
    first[seen.columns["stream"][rows]] = rows
    return first
