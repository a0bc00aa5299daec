"""Rules of the establishment, continued: what was answered, how long it took, and what became of refusals.

An answer, or the end of a connection, counts as missing only where the capture shows that it did not come.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from ..capture import NO_TIME
from ..ptpip import messages as m
from .case import Case, Line
from .evidence import Evidence
from .greeting import ANONYMOUS
from .opening import MOST_TRIES, Opening, arrived, delay, end_of, in_time, openings, patience, unanswered
from .rule import BOTH, INITIATOR, RESPONDER, Ruling, rule

_NOBODY = bytes.fromhex(ANONYMOUS)
REASONS = {1: "rejected initiator", 2: "busy", 3: "unspecified"}
_COMMAND_ANSWERS = (m.INIT_COMMAND_ACK, m.INIT_FAIL)
_EVENT_ANSWERS = (m.INIT_EVENT_ACK, m.INIT_FAIL)
_REASON_END = 12  # bytes of Init Fail up to the end of the reason (2.3.5)
_NOT_WHOLE = "the capture does not show all that the responder said, or not for long enough"
_NOT_LONG = "the capture does not show the connections for long enough"
_HAMMERING, _HAMMERING_NS = 5, 10_000_000_000  # attempts after a refusal, and the time they take


def _answered(seen: Evidence, ruling: Ruling, one: Opening, request: int, answer: int | None, extra: bool) -> None:
    """Judge one request: was it answered? ``extra``: can it be known that the answer is nowhere else?"""
    name = m.type_names()[int(seen.kind[request])]
    if answer is not None:
        took = delay(seen, request, answer)
        if not seen.anchored[request] or took is None:
            ruling.unknown(one.session, RESPONDER, "what lies between the two is not certain")
        else:
            ruling.passes(one.session, RESPONDER)  # how long it took is another rule's question
        return
    missing = unanswered(seen, one.line, request) if extra else None
    if missing is None:
        gave_up = one.line.closed_by == INITIATOR
        ruling.unknown(one.session, RESPONDER, "the initiator gave up first" if gave_up else _NOT_WHOLE)
    else:
        ruling.fires(one.session, RESPONDER, f"{name} was not answered: {missing[0]}", row=request, packet=missing[1])


@rule("init-command-answered")
def command_answered(seen: Evidence, ruling: Ruling) -> None:
    """Every Init Command Request gets an Ack or a Fail."""
    for one in openings(seen).commands:
        request = one.first(INITIATOR, m.INIT_COMMAND_REQUEST)
        if request is not None:
            _answered(seen, ruling, one, request, one.first(RESPONDER, *_COMMAND_ANSWERS), extra=True)


@rule("init-event-answered")
def event_answered(seen: Evidence, ruling: Ruling) -> None:
    """Every Init Event Request gets an Ack, or a Fail on either connection."""
    for one in openings(seen).events:
        request = one.first(INITIATOR, m.INIT_EVENT_REQUEST)
        if request is not None:
            answer = one.first(RESPONDER, *_EVENT_ANSWERS)
            if answer is None:
                answer = _refused_beside(seen, one.case)
            _answered(seen, ruling, one, request, answer, extra=_silent_beside(seen, one))


def _refused_beside(seen: Evidence, case: Case) -> int | None:
    """The Init Fail on the command connection behind its Init Command Ack: it answers Init Event Request."""
    if case.command is None:
        return None
    ack, fail = (case.command.first(kind, RESPONDER) for kind in _COMMAND_ANSWERS)
    return fail if ack is not None and fail is not None and fail > ack else None


def _silent_beside(seen: Evidence, one: Opening) -> bool:
    """Is it certain that the command connection has no answer to Init Event Request, at the end of the event one?"""
    if one.case.both is None or not one.case.both[0].whole(RESPONDER):
        return False
    command, _ = one.case.both
    over = one.line.tcp.closed_at if one.line.tcp.closed_at is not None else one.line.tcp.last_time
    return command.said_all(RESPONDER) or NO_TIME < over <= command.tcp.last_time


@rule("init-single-answer")
def single_answer(seen: Evidence, ruling: Ruling) -> None:
    """One answer to each request."""
    for one in openings(seen).every:
        asked, kinds = (m.INIT_EVENT_REQUEST, _EVENT_ANSWERS) if one.is_event else (1, _COMMAND_ANSWERS)
        answers = one.all(RESPONDER, *kinds)
        requests = one.all(INITIATOR, asked)
        if not one.is_event and _refused_beside(seen, one.case) is not None:
            answers.remove(next(row for row in answers[1:] if seen.kind[row] == m.INIT_FAIL))  # of the event request
        if not answers:
            continue
        surplus = answers[max(len(requests), 1) :]
        whole = one.line.whole(INITIATOR) and (surplus or one.line.whole(RESPONDER))
        if not requests or not whole:
            ruling.unknown(one.session, RESPONDER, "a further request may be missing from the capture")
        elif not surplus:
            ruling.passes(one.session, RESPONDER)
        elif seen.anchored[surplus[0]]:
            first, second = (m.type_names()[int(seen.kind[row])] for row in (answers[0], surplus[0]))
            says = f"{second} came after {first} had answered the request"
            ruling.fires(one.session, RESPONDER, says, row=surplus[0], rows=(answers[0],))
        else:
            ruling.unknown(one.session, RESPONDER, "bytes are missing between the answers")


@rule("init-event-connection-required")
def event_connection_required(seen: Evidence, ruling: Ruling) -> None:
    """The initiator opens the event connection once it has its number.

    That none is in the capture proves nothing, unless the capture shows event connections of the same hosts: then it
    was not made of one connection only.
    """
    events = openings(seen).events
    shown = {one.hosts for one in events if one.first(INITIATOR, m.INIT_EVENT_REQUEST) is not None}
    shown -= {one.hosts for one in events if one.case.command is None}  # it may be the one that is looked for
    for one in openings(seen).commands:
        ack = one.first(RESPONDER, m.INIT_COMMAND_ACK)
        if ack is None:
            continue
        if one.case.event is not None:
            ruling.passes(one.session, INITIATOR)
            continue
        if openings(seen).tries(one, ack) or one.line.tcp.number in openings(seen).twice:
            ruling.unknown(one.session, INITIATOR, "another connection may be its event connection, or this one a copy")
            continue
        line, sent = one.line, int(seen.time[ack])
        first = line.first(m.OPERATION_REQUEST, INITIATOR)
        settled = line.both_directions and bool(seen.anchored[ack]) and sent != NO_TIME
        if not (settled and one.hosts in shown):
            ruling.unknown(one.session, INITIATOR, "the capture may lack the event connection")
        elif line.open_until(sent + patience(seen)):
            says = f"no event connection was opened in {in_time(line.tcp.last_time - sent)}"
            ruling.fires(one.session, INITIATOR, says, row=ack)
        elif first is not None and line.closed_first(RESPONDER):
            says = "operations were sent, but no event connection was opened"
            ruling.fires(one.session, INITIATOR, says, row=ack, rows=(first,))
        else:
            ruling.unknown(one.session, INITIATOR, "the initiator left, or the capture ends")


@rule("init-establishment-30s")
def establishment_time(seen: Evidence, ruling: Ruling) -> None:
    """No step of the establishment takes longer than the limit while both sides wait for it."""
    for one in openings(seen).commands:
        steps = _steps(seen, one)
        if not steps:
            continue
        known = [(took, rows) for took, rows in steps if took is not None]
        total = sum(took for took, _ in known)
        took, rows = max(known, default=(0, ()))
        if took > patience(seen):
            says = f"one step of the establishment took {in_time(took)}, all of it {in_time(total)}"
            # Who answers late is the responder; who does not go on, with one message to tell, the initiator.
            side = RESPONDER if seen.side[rows[0]] == INITIATOR else INITIATOR
            ruling.fires(one.session, side, says, row=rows[0], rows=rows[1:])
        elif len(known) < len(steps):
            ruling.unknown(one.session, BOTH, _NOT_LONG)
        else:
            ruling.passes(one.session, BOTH)


def _steps(seen: Evidence, one: Opening) -> list[tuple[int | None, tuple[int, ...]]]:
    """The time that each step took, None where that can't be known, and the messages that tell."""
    case, steps = one.case, []
    request, answer = one.first(INITIATOR, m.INIT_COMMAND_REQUEST), one.first(RESPONDER, *_COMMAND_ANSWERS)
    if request is not None:
        steps.append(_step(seen, one.line, request, answer))
    event = case.event if case.paired else None
    if event is None or answer is None or seen.kind[answer] != m.INIT_COMMAND_ACK:
        return steps
    if (
        NO_TIME not in (event.opened_at, int(seen.time[answer]))
        and not one.line.tcp.streams[one.line.direction(RESPONDER)].retransmissions
    ):
        steps.append((max(event.opened_at - int(seen.time[answer]), 0), (answer,)))
    request = event.first(m.INIT_EVENT_REQUEST, INITIATOR)
    answer = event.first(m.INIT_FAIL, RESPONDER) if case.established is None else case.established
    if request is not None:
        steps.append(_step(seen, event, request, answer))
    return steps


def _step(seen: Evidence, line: Line, request: int, answer: int | None) -> tuple[int | None, tuple[int, ...]]:
    if answer is not None:
        took = delay(seen, request, answer)
        late = took is not None and took > patience(seen)
        return (None if late and not arrived(seen, line, request) else took), (request, answer)
    sent = int(seen.time[request])
    missing = unanswered(seen, line, request)
    if missing is None or missing[1] is not None:
        return None, (request,)
    return (line.tcp.closed_at or line.tcp.last_time) - sent, (request,)


@rule("init-fail-initiator-closes")
def fail_initiator_closes(seen: Evidence, ruling: Ruling) -> None:
    """An initiator that was refused closes the command connection and says nothing more on it."""
    grace = seen.limit_ns("close_grace_s")
    for one in openings(seen).every:
        row = one.first(RESPONDER, m.INIT_FAIL)
        if row is None:
            continue
        line = one.case.command if one.case.paired or one.first(INITIATOR, m.INIT_COMMAND_REQUEST) is not None else None
        if line is None or not seen.synced[row] or seen.time[row] == NO_TIME:
            ruling.unknown(one.session, INITIATOR, "the refused command connection is not certain")
            continue
        more = None if line is not one.line else _said_after(seen, line, row)
        since = int(seen.time[row])
        if more is not None:
            says = f"{m.type_names()[int(seen.kind[more])]} was sent after Init Fail had arrived"
            ruling.fires(one.session, INITIATOR, says, row=more, rows=(row,))
            continue
        left = line.open_until(since + grace, INITIATOR)
        if left is None:
            ruling.unknown(one.session, INITIATOR, _NOT_LONG)
        elif left:
            says = f"the initiator did not close the command connection in {in_time(grace)} after Init Fail"
            ruling.fires(one.session, INITIATOR, says, row=row, packet=line.closing_packet(INITIATOR))
        elif _heard_out(line):
            ruling.passes(one.session, INITIATOR)
        else:
            ruling.unknown(one.session, INITIATOR, "what the initiator said behind Init Fail may be missing")


def _heard_out(line: Line) -> bool:
    """Is all that the initiator said on a connection in the capture, from its first message there on?"""
    rows = line.rows[INITIATOR]
    return line.nothing_missing_after(int(rows[0])) if len(rows) else line.whole(INITIATOR)


def _said_after(seen: Evidence, line: Line, fail: int) -> int | None:
    """The first message of the initiator that was sent when Init Fail had been there for the application to read."""
    asked, accepted = line.opened_at, line.tcp.syn_times[line.direction(RESPONDER)]
    trip = max(accepted - asked, 0) if NO_TIME not in (asked, accepted) else 0
    rows = line.rows[INITIATOR]
    waited = seen.columns["began"][rows] - seen.time[fail]
    rows = rows[(seen.kind[rows] > 0) & seen.synced[rows] & (waited > seen.limit_ns("app_read_grace_ms") + trip)]
    for row in rows.tolist():
        received = seen.acknowledged(row)
        if received is not None and received >= end_of(seen, fail):
            return int(row)
    return None


@rule("init-fail-responder-closes")
def fail_responder_closes(seen: Evidence, ruling: Ruling) -> None:
    """A responder that refused closes all connections of the attempt, unless the initiator did so before."""
    grace = seen.limit_ns("close_grace_s")
    for one in openings(seen).every:
        row = one.first(RESPONDER, m.INIT_FAIL)
        if row is None:
            continue
        lines = [one.line]
        if one.case.paired and (one.is_event or _refused_beside(seen, one.case) == row):
            lines = one.case.lines
        since = int(seen.time[row])
        if not (one.line.roles_sure and seen.synced[row]) or since == NO_TIME:
            ruling.unknown(one.session, RESPONDER, "who refused whom is not certain")
            continue
        left = [line.open_until(since + grace) for line in lines]
        if True in left:
            line = lines[left.index(True)]
            name = "event" if line is one.case.event else "command"
            says = f"the responder did not close the {name} connection in {in_time(grace)} after Init Fail"
            ruling.fires(one.session, RESPONDER, says, row=row, packet=line.closing_packet(RESPONDER))
        elif None in left:
            ruling.unknown(one.session, RESPONDER, _NOT_LONG)
        elif one.is_event and not one.case.paired:
            ruling.unknown(one.session, RESPONDER, "the command connection of the attempt is not certain")
        else:
            ruling.passes(one.session, RESPONDER)


@rule("init-close-command-if-event-fails")
def close_command_if_event_fails(seen: Evidence, ruling: Ruling) -> None:
    """Without an event connection the command connection is closed."""
    grace = patience(seen)
    for one in openings(seen).commands:
        ack = one.first(RESPONDER, m.INIT_COMMAND_ACK)
        if ack is None or not (one.line.roles_sure and seen.anchored[ack]):
            continue
        failed = _event_failed(seen, one, ack)
        if failed is None:
            continue
        since, says, row, packets = failed
        left = one.line.open_until(since + grace) if since != NO_TIME else None
        if left is None:
            ruling.unknown(one.session, INITIATOR, _NOT_LONG)
        elif left:
            says = f"the event connection {says}, and the command connection was not closed in {in_time(grace)}"
            ruling.fires(one.session, INITIATOR, says, row=row, packets=packets)
        else:
            ruling.passes(one.session, INITIATOR)


def _event_failed(seen: Evidence, one: Opening, ack: int) -> tuple[int, str, int, tuple[int, ...]] | None:
    """When the last try for an event connection failed, how, the message and the packets that tell; None: none did."""
    event, refused = one.case.event, _refused_beside(seen, one.case)
    if event is None:
        if not openings(seen).numbers_known(one.hosts[1]):
            return None
        attempts = openings(seen).tries(one, ack)
        bad = [tcp for tcp in attempts if tcp.close_kind == "reset" and tcp.closed_by != tcp.syn_from]
        if not 0 < len(attempts) == len(bad) < MOST_TRIES or any(stream.high for tcp in bad for stream in tcp.streams):
            return None
        last = max(bad, key=lambda tcp: tcp.last_time)
        return last.last_time, "was refused", ack, (last.first_packet, last.last_packet)
    if one.case.established is not None or not openings(seen).sole_event(one.case):
        return None
    request = event.first(m.INIT_EVENT_REQUEST, INITIATOR)
    fail = event.first(m.INIT_FAIL, RESPONDER)
    if fail is None:
        fail = refused
    if request is None or not event.roles_sure:
        return None
    if fail is not None:
        return int(seen.time[fail]), "was refused", fail, ()
    if event.tcp.closed_at is None or not event.whole(RESPONDER) or not event.both_directions:
        return None
    if event.closed_by == RESPONDER and not event.said_all(RESPONDER):
        return None
    closing = event.closing_packet(INITIATOR if event.closed_by is None else event.closed_by)
    return event.tcp.closed_at, "was closed without an answer", request, () if closing is None else (closing,)


@rule("init-fail-reason-defined")
def fail_reason_defined(seen: Evidence, ruling: Ruling) -> None:
    """The reason is one of three."""
    rows = seen.rows(m.INIT_FAIL, side=RESPONDER)
    sure = seen.synced[rows] & seen.has(rows, _REASON_END) & (seen.columns["lost"][rows] == 0)

    def says(row: int) -> str:
        return f"the reason of Init Fail is 0x{int(seen.code[row]):08X}"

    code = seen.code[rows]
    ruling.weigh(seen, rows, (code >= 1) & (code <= len(REASONS)), sure, says, "the reason is not in the capture")


@rule("init-fail-only-during-establishment")
def fail_only_during_establishment(seen: Evidence, ruling: Ruling) -> None:
    """A session that is established is not refused any more."""
    for one in openings(seen).every:
        row, established = one.first(RESPONDER, m.INIT_FAIL), one.case.established
        if row is None or established is None:
            continue
        requests = one.all(INITIATOR, m.INIT_EVENT_REQUEST, m.INIT_COMMAND_REQUEST)
        sure = one.is_event or openings(seen).sole_event(one.case)
        if not (sure and len(requests) == 1 and one.line.whole(INITIATOR)):
            ruling.unknown(one.session, RESPONDER, "it may answer a request that is not in the capture")
        elif not (seen.anchored[row] and seen.surely_before(established, row)):
            ruling.unknown(one.session, RESPONDER, "the order of the two is not certain")
        else:
            says = "Init Fail came after Init Event Ack"
            ruling.fires(one.session, RESPONDER, says, row=row, rows=(established,))


@rule("init-fail-classify")
def fail_classify(seen: Evidence, ruling: Ruling) -> None:
    """Why an establishment was refused, as far as the capture tells."""
    opened, closed = _sessions_by_responder(seen)
    accepted = _accepted(seen)
    for one in openings(seen).every:
        row = one.first(RESPONDER, m.INIT_FAIL)
        if row is None or seen.known[row] < _REASON_END:
            continue
        code, time = int(seen.code[row]), int(seen.time[row])
        says = f"refused with reason {code} ({REASONS.get(code, 'not defined')})"
        guid = _guid(seen, one)
        if guid == _NOBODY:
            says += ", the initiator is anonymous"
        elif guid is not None:
            says += ", this initiator was accepted at another time" if (one.hosts[1], guid) in accepted else ""
        if time != NO_TIME:
            responder = one.hosts[1]
            begun = bisect_right(opened.get(responder, []), time)
            over = bisect_right(closed.get(responder, []), time)
            says += f", while {begun - over} sessions of this responder were open in the capture"
        ruling.fires(one.session, RESPONDER, says, row=row)


def _sessions_by_responder(seen: Evidence) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """By responder, the times at which its sessions were established and at which those ended, sorted."""
    opened: dict[int, list[int]] = {}
    closed: dict[int, list[int]] = {}
    for case in seen.judged:
        if case.established is None or case.event is None or not seen.timed(case.established):
            continue
        responder = case.event.part.responder[0]
        opened.setdefault(responder, []).append(int(seen.time[case.established]))
        ends = [line.tcp.closed_at for line in case.lines if line.tcp.closed_at not in (None, NO_TIME)]
        if ends:
            closed.setdefault(responder, []).append(min(end for end in ends if end is not None))
    for times in (*opened.values(), *closed.values()):
        times.sort()
    return opened, closed


def _guid(seen: Evidence, one: Opening) -> bytes | None:
    """The GUID of the initiator, where the capture has it."""
    command = openings(seen).by_connection[one.case.command.tcp.number] if one.case.command else one
    row = command.first(INITIATOR, m.INIT_COMMAND_REQUEST)
    said = None if row is None else seen.greeting(row)
    return None if said is None or said["guid"] is None else bytes.fromhex(said["guid"])


def _accepted(seen: Evidence) -> set[tuple[int, bytes]]:
    """The initiators, by GUID, that a responder accepted."""
    found = set()
    for one in openings(seen).commands:
        if one.first(RESPONDER, m.INIT_COMMAND_ACK) is not None and (guid := _guid(seen, one)) is not None:
            found.add((one.hosts[1], guid))
    return found


@rule("init-busy-retry-later")
def busy_retry_later(seen: Evidence, ruling: Ruling) -> None:
    """After a busy refusal an initiator waits before it tries again."""
    tries: dict[tuple[int, bytes], list[Opening]] = {}
    for one in openings(seen).commands:
        row, guid = one.first(INITIATOR, m.INIT_COMMAND_REQUEST), _guid(seen, one)
        if row is not None and guid is not None and guid != _NOBODY and seen.timed(row):
            tries.setdefault((one.hosts[1], guid), []).append(one)
    for several in tries.values():
        asked = {id(one): one.all(INITIATOR, m.INIT_COMMAND_REQUEST)[0] for one in several}
        several.sort(key=lambda one: int(seen.time[asked[id(one)]]))
        waits: list[tuple[int, int]] = []  # how long after a refusal, and with which request
        for one, following in pairwise(several):
            fail = one.first(RESPONDER, m.INIT_FAIL)
            again = asked[id(following)]
            if fail is not None and seen.code[fail] == 2 and (waited := delay(seen, fail, again)) is not None:
                waits.append((waited, again))
        if not waits:
            continue
        shortest = min(waits)
        crowd = [
            second
            for (_, first), (_, second) in zip(waits, waits[_HAMMERING - 1 :], strict=False)
            if int(seen.time[second]) - int(seen.time[first]) <= _HAMMERING_NS
        ]
        if shortest[0] < seen.limit_ns("retry_hint_ms") or crowd:
            says = f"tried again {len(waits)} times after hearing that the responder is busy, once after "
            says += in_time(shortest[0])
            ruling.fires(int(seen.session[shortest[1]]), INITIATOR, says, row=shortest[1])
