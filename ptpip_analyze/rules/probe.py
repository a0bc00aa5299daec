"""Rules of probes (CIPA DC-X005-2005 2.3.13, 2.3.14): are you still there?

An answer is missing only where the capture shows that nothing of its sender was missed for all the time it had, and
that the request had reached it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..among import among
from ..capture import NO_TIME
from ..facts.named import CAPTURE_COMPLETE, CLOSE_SESSION
from ..ptpip import messages as m
from .cancel_cases import ASYNCHRONOUS
from .case import Case, Line
from .evidence import COMMAND, EVENT, Evidence, S
from .rule import INITIATOR, RESPONDER, Ruling, counted, rule

SIDE_NAMES = ("initiator", "responder")
REPEATED = 3  # probes that an asker may send before it gives up


@dataclass(slots=True, eq=False)
class Probe:
    """A Probe Request on an event connection; ``response`` is the row that answers it, None for none."""

    case: Case
    line: Line
    side: int
    row: int
    response: int | None = None

    @property
    def other(self) -> int:
        """The side that is asked."""
        return 1 - self.side


@dataclass(slots=True)
class Probes:
    """All probes of a capture in order of row, and the Probe Responses that no request explains."""

    asked: list[Probe] = field(default_factory=list)
    unasked: list[tuple[Case, Line, int]] = field(default_factory=list)


def probes(seen: Evidence) -> Probes:
    """The probes of a capture, worked out once."""
    return seen.once(_pair_up)


def _pair_up(seen: Evidence) -> Probes:
    found = Probes()
    elsewhere = set(seen.session[seen.rows(m.PROBE_REQUEST, connection=COMMAND)].tolist())
    rows = seen.rows(m.PROBE_REQUEST, m.PROBE_RESPONSE, connection=EVENT)
    for session in sorted(set(seen.session[rows].tolist())):
        case = seen.cases[session]
        line = case.event
        assert line is not None
        for side in (INITIATOR, RESPONDER):
            asks, answers = (
                part[seen.kind[part] == kind]
                for part, kind in ((line.rows[side], m.PROBE_REQUEST), (line.rows[1 - side], m.PROBE_RESPONSE))
            )
            _match(seen, found, case, line, side, asks, answers, session in elsewhere)
    found.asked.sort(key=lambda probe: int(seen.columns["first"][probe.row]))
    return found


def _match(
    seen: Evidence, found: Probes, case: Case, line: Line, side: int, asks: np.ndarray, answers: np.ndarray, spare: bool
) -> None:
    """Give each response the oldest request that it may answer: one that its sender had, and still waits for it.

    ``spare``: there are requests on the command connection too, which a response may answer.
    """
    asked = [Probe(case, line, side, int(row)) for row in asks.tolist()]
    found.asked += asked
    waiting: deque[Probe] = deque()
    coming = deque(asked)
    longest = seen.limit_ns("probe_s") + seen.limit_ns("margin_s")
    acknowledged = seen.acknowledged_by(answers).tolist()
    for answer, reached in zip(answers.tolist(), acknowledged, strict=True):
        first = int(seen.columns["first"][answer])
        while coming and (seen.end(coming[0].row) <= reached or int(seen.columns["first"][coming[0].row]) < first):
            waiting.append(coming.popleft())
        while len(waiting) > 1 and seen.timed(answer, waiting[0].row):
            if int(seen.time[answer]) - int(seen.time[waiting[0].row]) <= longest:
                break
            waiting.popleft()
        if waiting:
            waiting.popleft().response = answer
        elif not spare:
            found.unasked.append((case, line, answer))


def _placed(seen: Evidence, ruling: Ruling, kind: int) -> None:
    rows = seen.rows(kind)
    sure = seen.synced[rows] & seen.roles_sure[rows] & seen.place_sure[rows]
    says = f"{m.type_names()[kind]} on the command connection"
    why = "roles, place or boundaries are not sure"
    ruling.weigh(seen, rows, seen.connection[rows] == EVENT, sure, lambda row: says, why)


@rule("probe-request-placement")
def request_placement(seen: Evidence, ruling: Ruling) -> None:
    """Probes travel on the event connection."""
    _placed(seen, ruling, m.PROBE_REQUEST)


@rule("probe-response-placement")
def response_placement(seen: Evidence, ruling: Ruling) -> None:
    """So do their answers."""
    _placed(seen, ruling, m.PROBE_RESPONSE)


@rule("probe-answered")
def answered(seen: Evidence, ruling: Ruling) -> None:
    """Every Probe Request is answered at once."""
    for probe in probes(seen).asked:
        session, name = probe.case.index, SIDE_NAMES[probe.other]
        if probe.response is None:
            missing = _unanswered(seen, probe, seen.limit_ns("probe_s") + seen.limit_ns("margin_s"))
            if missing:
                ruling.unknown(session, probe.other, missing)
                continue
            says = f"the {name} did not answer a Probe Request within {seen.limit('probe_s'):g} s"
            ruling.fires(session, probe.other, says, row=probe.row)
            continue
        late = int(seen.time[probe.response]) - int(seen.time[probe.row])
        window = seen.limit_ns("probe_s") + seen.limit_ns("margin_s")
        if seen.timed(probe.row, probe.response) and late > window and not _doubtful(seen, probe):
            says = f"the {name} took {late / S:.1f} s to answer a Probe Request"
            ruling.fires(session, probe.other, says, row=probe.row, rows=(probe.response,))
        elif seen.timed(probe.row, probe.response) and late > seen.limit_ns("immediate_ms"):
            says = f"the {name} took {late / S:.1f} s to answer a Probe Request"
            ruling.names(session, probe.other, says, row=probe.response, rows=(probe.row,), sure=False)
        else:
            ruling.passes(session, probe.other)


def _doubtful(seen: Evidence, probe: Probe) -> str:
    """Why it can't be known that a probe was received; "" where that is certain."""
    line = probe.line
    if not line.roles_sure or not line.both_directions:
        return "who asked whom is not sure, or one direction was not captured"
    stream = line.stream(probe.side)
    reached = line.tcp.streams[1 - (stream & 1)].acknowledged_offset(line.tcp.streams[stream & 1])
    if reached is None or reached < seen.end(probe.row):
        return "the request may not have arrived"
    if not line.whole(probe.other):
        return "bytes of the side that was asked are missing"
    return ""


def _unanswered(seen: Evidence, probe: Probe, window: int) -> str:
    """Why it can't be known that a probe had no answer for so long; "" where that is certain."""
    doubt = _doubtful(seen, probe)
    if doubt:
        return doubt
    if not seen.timed(probe.row) or not probe.line.vouched(int(seen.time[probe.row]) + window):
        return "the capture ends, or the connection was closed, before the time for the answer was over"
    return ""


@rule("probe-response-unsolicited")
def unsolicited(seen: Evidence, ruling: Ruling) -> None:
    """No Probe Response without a Probe Request."""
    for probe in probes(seen).asked:
        if probe.response is not None:
            ruling.passes(probe.case.index, probe.other)
    for case, line, row in probes(seen).unasked:
        side = int(seen.side[row])
        reached, asker = seen.acknowledged(row), line.rows[1 - side]
        heard = asker[seen.anchored[asker]]
        known = seen.end(int(heard[-1])) if len(heard) else 0
        sure = line.roles_sure and line.from_start(1 - side) and reached is not None and known >= reached
        if not sure or not _nothing_asked_elsewhere(seen, case, row):
            ruling.unknown(case.index, side, "the request may not be in the capture")
        else:
            ruling.fires(
                case.index, side, f"Probe Response from the {SIDE_NAMES[side]}, which had not been asked", row=row
            )


def _nothing_asked_elsewhere(seen: Evidence, case: Case, row: int) -> bool:
    """Is it certain that no Probe Request went astray on the command connection before a response?"""
    line, asker = case.command, 1 - int(seen.side[row])
    if line is None or not case.paired or not line.whole(asker) or not seen.timed(row):
        return False
    return line.vouched(int(seen.time[row]) + seen.limit_ns("skew_ms"))


@rule("probe-timeout-10s")
def waits_for_answer(seen: Evidence, ruling: Ruling) -> None:
    """Whoever asks gives the other side about ten seconds."""
    least = seen.limit_ns("probe_s") - seen.limit_ns("margin_s")
    for probe in _without_answer(seen):
        case, asked = probe.case, int(seen.time[probe.row])
        if case.command is None:
            continue
        closed = [line.closed_at(probe.side) for line in case.lines]
        first = min((time for time in closed if time is not None), default=None)
        if first is None or first == NO_TIME:
            continue
        waited = first - asked
        if waited >= least:
            ruling.passes(case.index, probe.side)
        elif waited < seen.limit_ns("immediate_ms") or not _gave_up(seen, probe, first):
            ruling.unknown(case.index, probe.side, "it may have closed for another reason")
        else:
            says = f"the {SIDE_NAMES[probe.side]} closed {waited / S:.1f} s after its Probe Request, without an answer"
            ruling.fires(case.index, probe.side, says, row=probe.row)


def _without_answer(seen: Evidence) -> Iterator[Probe]:
    """The last unanswered probe of each side of each event connection, if no answer to a later one followed."""
    last = {(probe.line.tcp.number, probe.side): probe for probe in probes(seen).asked}
    for probe in last.values():
        if probe.response is None and seen.timed(probe.row) and probe.line.roles_sure:
            yield probe


def _gave_up(seen: Evidence, probe: Probe, closed: int) -> bool:
    """Does nothing but the missing answer explain that the asker closed: a session was open, and nobody said a word?"""
    case, asked = probe.case, int(seen.time[probe.row])
    if not case.paired or not case.from_start or not all(line.whole(side) for line in case.lines for side in (0, 1)):
        return False
    if any((other := line.closed_at(probe.other)) is not None and other < closed for line in case.lines):
        return False
    later = any(
        int(seen.time[row]) > asked
        for line in case.lines
        for side in (INITIATOR, RESPONDER)
        for row in line.rows[side][-1:].tolist()
    )
    requests = case.requests
    return not later and len(requests) > 0 and int(seen.code[requests[-1]]) != CLOSE_SESSION


@rule("probe-timeout-closes-session")
def closes_session(seen: Evidence, ruling: Ruling) -> None:
    """Whoever gets no answer within a reasonable time closes the session; no number says what is reasonable."""
    window = seen.limit_ns("response_stall_s") + seen.limit_ns("close_grace_s")
    asked = probes(seen).asked
    runs: dict[tuple[int, int], list[Probe]] = {}
    for probe in asked:
        if probe.response is None:
            runs.setdefault((probe.line.tcp.number, probe.side), []).append(probe)
        else:
            runs.pop((probe.line.tcp.number, probe.side), None)  # it is there after all
    for run in runs.values():
        case, probe = run[0].case, run[:REPEATED][-1]
        session, command, until = case.index, case.command, int(seen.time[probe.row]) + window
        if not seen.timed(probe.row) or not case.paired or command is None:
            ruling.unknown(session, probe.side, "the command connection is not known for certain, or there is no time")
            continue
        closed = [line.closed_at() for line in case.lines]
        if all(time is not None and time <= until for time in closed):
            ruling.passes(session, probe.side)
            continue
        missing = _unanswered(seen, probe, window)
        if missing or not command.vouched(until) or any(time is not None and time <= until for time in closed):
            ruling.unknown(session, probe.side, missing or "what became of the command connection is not seen")
            continue
        says = f"no answer for {window / S:g} s, and the {SIDE_NAMES[probe.side]} that asked did not close the session"
        ruling.fires(session, probe.side, says, row=probe.row)


@rule("probe-initiator-during-transaction")
def during_transaction(seen: Evidence, ruling: Ruling) -> None:
    """Initiators ask while they wait for a response, and not otherwise."""
    idle = seen.limit_ns("immediate_ms")
    for probe in probes(seen).asked:
        case, line = probe.case, probe.case.command
        if probe.side != INITIATOR:
            continue
        if not (case.paired and line is not None and probe.line.roles_sure and seen.timed(probe.row)):
            ruling.unknown(
                case.index, INITIATOR, "the command connection is not known for certain, or there is no time"
            )
            continue
        time = int(seen.time[probe.row])
        before = int(np.searchsorted(seen.once(_sent)[case.index], time + seen.limit_ns("skew_ms"), "right"))
        request = int(case.requests[before - 1]) if before else None
        number = None if request is None else seen.transaction_of(request)
        response = -1 if number is None else int(seen.transactions.response[number])
        if request is not None and (response < 0 or int(seen.time[response]) + idle > time):
            if response >= 0 and int(seen.time[response]) < time:
                ruling.unknown(case.index, INITIATOR, "the response may have crossed the probe")
            elif response >= 0 or (line.whole(RESPONDER) and line.whole(INITIATOR)):
                ruling.passes(case.index, INITIATOR)
            else:
                ruling.unknown(case.index, INITIATOR, "bytes of the command connection are missing")
        elif not (case.from_start and line.whole(INITIATOR) and line.vouched(time + seen.limit_ns("margin_s"))):
            ruling.unknown(case.index, INITIATOR, "a request may not be in the capture")
        else:
            says = "Probe Request by the initiator while no transaction was running"
            if seen.once(_captures)[case.index].running(time):
                ruling.names(case.index, INITIATOR, f"{says}, but a capture may have been", row=probe.row, sure=False)
            else:
                ruling.fires(case.index, INITIATOR, says, row=probe.row)


@dataclass(slots=True)
class _Captures:
    """When captures of a session were asked for, and when one was complete; ns, in order."""

    begun: np.ndarray
    complete: np.ndarray

    def running(self, time: int) -> bool:
        """May one have gone on at a time?"""
        at = int(np.searchsorted(self.begun, time)) - 1
        if at < 0:
            return False
        ended = int(np.searchsorted(self.complete, self.begun[at]))
        return ended == len(self.complete) or int(self.complete[ended]) > time


def _captures(seen: Evidence) -> dict[int, _Captures]:
    """The captures of the sessions in which an initiator asks."""
    found = {}
    for index in seen.once(_sent):
        case = seen.cases[index]
        begun = case.requests[among(seen.code[case.requests], ASYNCHRONOUS)]
        events = case.event.rows[RESPONDER] if case.event is not None else begun[:0]
        complete = events[(seen.kind[events] == m.EVENT) & (seen.code[events] == CAPTURE_COMPLETE)]
        found[index] = _Captures(np.sort(seen.columns["began"][begun]), np.sort(seen.time[complete]))
    return found


def _sent(seen: Evidence) -> dict[int, np.ndarray]:
    """By session in which an initiator asks, when the latest of its requests had been sent."""
    sessions = {probe.case.index: probe.case for probe in probes(seen).asked if probe.side == INITIATOR}
    return {index: np.maximum.accumulate(seen.columns["began"][case.requests]) for index, case in sessions.items()}


@rule("probe-responder-on-new-session")
def on_new_session(seen: Evidence, ruling: Ruling) -> None:
    """Responders ask when somebody new wants a session."""
    window = seen.limit_ns("probe_trigger_s")
    arrivals = seen.once(_arrivals)
    initiators: dict[int, set[int]] = {}  # by responder
    for case in seen.judged:
        for part in case.pair.parts:
            initiators.setdefault(part.responder[0], set()).add(part.initiator_address)
    for probe in probes(seen).asked:
        if probe.side != RESPONDER:
            continue
        case, time = probe.case, int(seen.time[probe.row])
        address = probe.line.part.responder[0]
        times = arrivals[address]
        at = int(np.searchsorted(times, time, "right"))
        if not (probe.line.roles_sure and seen.timed(probe.row)) or seen.first_time > time - window:
            ruling.unknown(case.index, RESPONDER, "the time before the probe is not in the capture")
        elif at and time - int(times[at - 1]) <= window:
            ruling.passes(case.index, RESPONDER)
        else:
            says = f"Probe Request by the responder, and nobody had asked for a session for {window / S:g} s"
            if len(initiators[address]) > 1:
                ruling.fires(case.index, RESPONDER, says, row=probe.row)
            else:  # where one initiator alone is seen, another one may be missed
                ruling.names(case.index, RESPONDER, f"{says} where this was captured", row=probe.row, sure=False)


def _arrivals(seen: Evidence) -> dict[int, np.ndarray]:
    """By address, when connections with it began or somebody introduced himself there, in order."""
    wanted = {probe.line.part.responder[0] for probe in probes(seen).asked if probe.side == RESPONDER}
    times: dict[int, list[int]] = {address: [] for address in wanted}
    for tcp in seen.connections if wanted else ():
        for address in {tcp.low[0], tcp.high[0]} & wanted:
            times[address].append(tcp.first_time)
    for row in seen.rows(m.INIT_COMMAND_REQUEST).tolist() if wanted else ():
        tcp = seen.connections[int(seen.columns["stream"][row]) >> 1]
        for address in {tcp.low[0], tcp.high[0]} & wanted:
            times[address].append(int(seen.time[row]))
    return {address: np.sort(np.array(known, np.int64)) for address, known in times.items()}


@rule("probe-rate")
def rate(seen: Evidence, ruling: Ruling) -> None:
    """Probes that come faster than their answers may take load the network; told once for each side of a session."""
    window = seen.limit_ns("probe_s")
    times: dict[tuple[int, int], list[Probe]] = {}
    for probe in probes(seen).asked:
        if seen.timed(probe.row):
            times.setdefault((probe.case.index, probe.side), []).append(probe)
    for (session, side), asked in times.items():
        when = np.sort(seen.time[[probe.row for probe in asked]])
        inside = np.searchsorted(when, when + window) - np.arange(len(when))
        most = int(inside.max())
        if most > 1:
            says = f"{counted(len(asked), 'Probe Request')}, {most} of them within {seen.limit('probe_s'):g} s"
            ruling.fires(session, side, says, row=asked[int(inside.argmax())].row)
