"""How the event connection came to be, or did not: refused, late, under another number, not answered.

Source: CIPA DC-X005-2005 2.2.3.1, 2.3.2 to 2.3.5. Which event connection belongs to a session may be a guess; then
that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..capture import NO_TIME
from ..describe import human_seconds
from ..ptpip import messages as m
from ..ptpip.pairing import Handshake
from ..result import Result
from ..tcp import Connection, Endpoint
from ..tcp.connection import RST
from .patient import Patient, S
from .saying import Saying
from .transport import Marks

LATE_S = 1.0
AGAIN_S = 0.9  # a SYN is sent again after a second (RFC 6298 2)
GUESS = " That it belongs to this session is a guess, from hosts and times."
NAMED = 6


class Attempt(NamedTuple):
    """A connection that an initiator tried to open, and on which nothing was said."""

    tcp: Connection
    refused: bool  # the SYN was answered with RST
    accepted: bool  # the SYN was answered with SYN


class Attempts:
    """The connections of a capture on which nothing was said, by the two hosts and the port."""

    def __init__(self, result: Result) -> None:
        self._found: dict[tuple[int, Endpoint], list[Attempt]] = {}
        self._between: dict[tuple[int, Endpoint], int] = {}  # command connections by hosts and port
        for pair in result.pairs:
            if pair.command is not None:
                hosts = pair.command.initiator_address, pair.command.responder
                self._between[hosts] = self._between.get(hosts, 0) + 1
        for tcp in result.connections:
            opener = tcp.syn_from
            if opener is None or any(stream.high for stream in tcp.streams):
                continue
            other = 1 - opener
            hosts = tcp.endpoint(opener)[0], tcp.endpoint(other)
            if hosts in self._between:
                refused = bool(tcp.end_flags[other] & RST) and not tcp.streams[other].syn
                self._found.setdefault(hosts, []).append(Attempt(tcp, refused, tcp.syn_sequence[other] is not None))

    def alone(self, command: Handshake) -> bool:
        """Is it the only command connection between its hosts?"""
        return self._between.get((command.initiator_address, command.responder), 0) == 1

    def behind(self, command: Handshake, until: int | None) -> list[Attempt]:
        """Those that were opened after a command connection and before a packet, and can be of no other session."""
        if not self.alone(command):
            return []
        found = self._found.get((command.initiator_address, command.responder), [])
        last = command.tcp.last_packet if until is None else until
        return [one for one in found if command.tcp.first_packet < one.tcp.first_packet <= last]


def event_connection(patient: Patient, ack: int, attempts: Attempts, marks: Marks) -> Iterator[Saying]:
    """What can be said of the event connection of a session whose Init Command Ack (row) is in the capture."""
    event, command = patient.event, patient.command
    assert command is not None
    until = None if event is None else event.tcp.first_packet
    tried = attempts.behind(command, until)
    refused = [one for one in tried if one.refused]
    if event is None:
        yield from _missing(patient, ack, tried)
        return
    guess = GUESS if patient.guessed else ""
    if refused:
        yield _refused_before(patient, ack, event, refused, guess)
    request, answer = patient.row(m.INIT_EVENT_REQUEST, event), patient.row(m.INIT_EVENT_ACK, event)
    if request is None:
        return
    yield from _number(patient, ack, request, attempts)
    yield from _late(patient, ack, request, guess, marks, bool(refused))
    if answer is None and m.INIT_FAIL not in event.rows:
        certain = patient.closing(event) is not None and patient.whole(event)
        says = "Init Event Request was not answered" + ("." if certain else " in this capture.") + guess
        grade = "problem" if certain else "unknown"
        yield Saying(grade, "event connection", says, (patient.frame(request),), patient.time(request))


def _refused_before(patient: Patient, ack: int, event: Handshake, refused: list[Attempt], guess: str) -> Saying:
    """The camera took the event connection in the end, but not at once."""
    times = "" if len(refused) == 1 else f" {len(refused):,} times"
    greeted, syn = patient.time(ack), event.tcp.syn_times[event.initiator]
    took = None if greeted is None or syn == NO_TIME else (syn - greeted) / S
    says = f"The camera refused the event connection{times}: it answered SYN with RST. "
    known = took is not None and took > 0 and patient.trusts(took)
    says += (
        f"The try that it took came {human_seconds(took)} after Init Command Ack."
        if known and took
        else "Then it took it."
    )
    frames = (patient.frame(ack), *_frames_of(refused), event.tcp.first_packet + 1)
    return Saying("slow", "event connection", says + guess, frames, _time(refused[0].tcp.first_time))


def _missing(patient: Patient, ack: int, tried: list[Attempt]) -> Iterator[Saying]:
    command, frame, time = patient.command, patient.frame(ack), patient.time(ack)
    assert command is not None
    refused = [one for one in tried if one.refused]
    asked = m.OPERATION_REQUEST in command.rows
    more = ", and operations were requested all the same" if asked else ""
    if refused:
        times = "" if len(refused) == 1 else f", {len(refused):,} times"
        says = f"The camera refused the event connection: it answered SYN with RST{times}{more}."
        yield Saying("problem", "event connection", says, (frame, *_frames_of(refused)), time)
    elif tried and not tried[-1].accepted:
        tcp = tried[-1].tcp
        lasted = 0.0 if NO_TIME in (tcp.first_time, tcp.last_time) else (tcp.last_time - tcp.first_time) / S
        says = f"No answer to the SYN of an event connection is in the capture{more}"
        again = f"; it was sent again, over {human_seconds(lasted)}" if lasted >= AGAIN_S else ""
        grade = "problem" if again else "unknown"
        yield Saying(grade, "event connection", f"{says}{again}.", (frame, tcp.first_packet + 1), time)
    elif tried:
        says = f"A second connection was opened after Init Command Ack, but nothing said on it is in the capture{more}."
        yield Saying("unknown", "event connection", says, (frame, tried[-1].tcp.first_packet + 1), time)
    elif patient.closing(command) is not None or asked:
        says = "No event connection followed Init Command Ack in this capture"
        says += f"{more}. Either it was not opened, or it was not captured (a capture filter, another interface)."
        yield Saying("unknown", "event connection", says, (frame,), time)


def _frames_of(tried: list[Attempt]) -> tuple[int, ...]:
    """SYN and RST of attempts that were refused."""
    found = []
    for one in tried[: NAMED // 2]:
        found.append(one.tcp.first_packet + 1)
        found += [packet + 1 for packet in one.tcp.end_packets if packet is not None]
    return tuple(found)


def _time(value: int) -> int | None:
    return None if value == NO_TIME else value


def _number(patient: Patient, ack: int, request: int, attempts: Attempts) -> Iterator[Saying]:
    """Does the event connection repeat the number that the camera gave?"""
    command, event, number = patient.command, patient.event, patient.answer.get("connection_number")
    assert command is not None
    assert event is not None
    if event.number is None or number is None or event.number == number:
        return
    frames, time = (patient.frame(ack), patient.frame(request)), patient.time(request)
    differs = f"names number {event.number}, but the camera had given {number}"
    end, begins = command.tcp.closed_at, event.tcp.syn_times[event.initiator]
    if not patient.guessed:
        yield Saying("problem", "event connection", f"The event connection {differs}.", frames, time)
    elif end is not None and NO_TIME not in (end, begins) and end < begins:
        says = f"An event connection of the same hosts {differs}. It was opened after the command connection had been "
        yield Saying("unknown", "event connection", says + "closed, so it may be of another session.", frames, time)
    elif attempts.alone(command):
        says = (
            f"The event connection {differs}. That it belongs to this session is a guess: no other command connection "
        )
        yield Saying("problem", "event connection", says + "of these hosts is in the capture.", frames, time)
    else:
        says = f"An event connection {differs}: one of them is wrong, or it is of another session."
        yield Saying("unknown", "event connection", says, frames, time)


def _late(patient: Patient, ack: int, request: int, guess: str, marks: Marks, refused: bool) -> Iterator[Saying]:
    """Who took how long until Init Event Request: the side that let the other one wait is named by SYN and answer."""
    event = patient.event
    assert event is not None
    took = patient.between(ack, request)
    if took is None or took < LATE_S or not patient.trusts(took) or _overtaken(patient):
        return
    initiator = patient.side(event, event.initiator, begins=True)
    greeted, asked = int(patient.columns["time"][ack]), int(patient.columns["began"][request])
    syn, answer = (event.tcp.syn_times[one] for one in (event.initiator, 1 - event.initiator))
    frames, time = (patient.frame(ack), patient.frame(request)), patient.time(request)
    if NO_TIME in (syn, answer):
        says = f"Init Event Request came {human_seconds(took)} after Init Command Ack; who took so long can't be known."
        yield Saying("slow", "event connection", says + guess, frames, time)
        return
    syns = tuple(marks.first_frame(2 * event.tcp.number + one) for one in (event.initiator, 1 - event.initiator))
    steps = (
        (syn - greeted, f"{initiator} opened the event connection only", "after Init Command Ack",
         (frames[0], syns[0])),
        (answer - syn, "The camera took", "to accept the event connection (from SYN to SYN-ACK; one may have been lost "
         "on the way)", syns),
        (asked - answer, f"{initiator} sent Init Event Request only", "after the event connection was open",
         (syns[1], frames[1])),
    )  # fmt: skip
    for number, (wait, before, behind, shown) in enumerate(steps):
        if wait >= LATE_S * S and patient.trusts(wait / S) and (number or not refused):
            says = f"{before} {human_seconds(wait / S)} {behind}.{guess}"
            yield Saying("slow", "event connection", says, shown, time)


def _overtaken(patient: Patient) -> bool:
    """Was an operation requested before Init Event Ack, by the clock? Then that of one connection may be off."""
    asked, answer = patient.row(m.OPERATION_REQUEST, patient.command), patient.row(m.INIT_EVENT_ACK, patient.event)
    passed = None if asked is None or answer is None else patient.between(answer, asked)
    return passed is not None and passed < 0
