"""How connections were opened: the establishment messages of each, and what is certain of answers that did not come.

Says what can be known (CIPA DC-X005-2005 2.2.3.1); judges nothing. An answer counts as missing only where every byte
of the responder is in the capture, the request arrived, and time passed or the responder left.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from ..capture import NO_TIME
from ..ptpip import messages as m
from ..tcp import Connection, Endpoint
from .case import Case, Line
from .rule import INITIATOR, RESPONDER

if TYPE_CHECKING:
    from .evidence import Evidence

MOST_TRIES = 16  # looked at of the connections that may have been tries for an event connection
KINDS = (m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK, m.INIT_EVENT_REQUEST, m.INIT_EVENT_ACK, m.INIT_FAIL)
Hosts = tuple[int, int]  # addresses of initiator and responder


class Opening:
    """The establishment messages of one connection, and whose it is."""

    __slots__ = ("_rows", "case", "is_event", "line")

    def __init__(self, case: Case, line: Line, *, is_event: bool) -> None:
        self.case = case
        self.line = line
        self.is_event = is_event
        self._rows: dict[tuple[int, int], list[int]] = {}

    @property
    def session(self) -> int:
        """Index of the session."""
        return self.case.index

    @property
    def hosts(self) -> Hosts:
        """The addresses of the initiator and of the responder."""
        return self.line.part.initiator_address, self.line.part.responder[0]

    @property
    def number(self) -> int | None:
        """The connection number that was given or repeated on it; None where that is not in the capture."""
        return self.line.part.number

    def take(self, kind: int, side: int, row: int) -> None:
        """Enter a message, in stream order."""
        self._rows.setdefault((kind, side), []).append(row)

    def all(self, side: int, *kinds: int) -> list[int]:
        """The rows of some types from one side, in stream order."""
        found = [row for kind in kinds for row in self._rows.get((kind, side), ())]
        return sorted(found)

    def first(self, side: int, *kinds: int) -> int | None:
        """The first of them; None for none."""
        found = [rows[0] for kind in kinds if (rows := self._rows.get((kind, side)))]
        return min(found, default=None)


class Openings:
    """The openings of all connections of the sessions that are evidence."""

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        self.every: list[Opening] = []
        by_connection: dict[int, Opening] = {}
        for case in seen.judged:
            for line in case.lines:
                one = Opening(case, line, is_event=line is case.event)
                self.every.append(one)
                by_connection[line.tcp.number] = one
        rows = seen.rows(*KINDS)
        numbers = (seen.columns["stream"][rows] >> 1).tolist()
        for row, number, kind, side in zip(
            rows.tolist(), numbers, seen.kind[rows].tolist(), seen.side[rows].tolist(), strict=True
        ):
            by_connection[number].take(kind, side, row)
        self.by_connection = by_connection

    @cached_property
    def commands(self) -> list[Opening]:
        """The command connections."""
        return [one for one in self.every if not one.is_event]

    @cached_property
    def events(self) -> list[Opening]:
        """The event connections."""
        return [one for one in self.every if one.is_event]

    @cached_property
    def twice(self) -> set[int]:
        """Connections that are an earlier one once more: a copy, or a NAT's other side.

        They have its initial sequence numbers; one of them will do where a SYN of either is not in the capture.
        """
        known: dict[tuple[int, int], set[int | None]] = {}
        found: set[int] = set()
        for one in sorted(self.every, key=lambda one: one.line.tcp.first_packet):
            asked, answered = (one.line.tcp.syn_sequence[one.line.direction(side)] for side in (INITIATOR, RESPONDER))
            for own, other in (((INITIATOR, asked), answered), ((RESPONDER, answered), asked)):
                if own[1] is None:
                    continue
                others = known.setdefault((own[0], own[1]), set())
                if others and (other is None or other in others or None in others):
                    found.add(one.line.tcp.number)
                others.add(other)
        return found

    @cached_property
    def events_of(self) -> dict[tuple[int, int], list[Opening]]:
        """The event connections by responder address and connection number, in order of their request."""
        found: dict[tuple[int, int], list[Opening]] = {}
        for one in self.events:
            if one.number is not None:
                found.setdefault((one.hosts[1], one.number), []).append(one)
        for several in found.values():
            several.sort(key=lambda one: int(self._seen.time[one.first(INITIATOR, m.INIT_EVENT_REQUEST) or 0]))
        return found

    @cached_property
    def given(self) -> dict[tuple[int, int], int]:
        """The first Init Command Ack by responder address and the connection number that it gave."""
        found: dict[tuple[int, int], int] = {}
        for one in self.commands:
            ack = one.first(RESPONDER, m.INIT_COMMAND_ACK)
            if ack is not None and one.number is not None:
                key = one.hosts[1], one.number
                found[key] = min(found.get(key, ack), ack, key=lambda row: int(self._seen.time[row]))
        return found

    @cached_property
    def waiting(self) -> set[Hosts]:
        """Hosts with a command connection that was given a number and has no event connection."""
        return {one.hosts for one in self.commands if one.number is not None and one.case.event is None}

    @cached_property
    def commands_of(self) -> dict[int, list[Opening]]:
        """The command connections by responder address, in order of first packet."""
        found: dict[int, list[Opening]] = {}
        for one in sorted(self.commands, key=lambda one: one.line.tcp.first_packet):
            found.setdefault(one.hosts[1], []).append(one)
        return found

    @cached_property
    def _others(self) -> dict[tuple[int, Endpoint], list[Connection]]:
        """The connections of which no message is known, by host and peer, either way round, by first packet."""
        found: dict[tuple[int, Endpoint], list[Connection]] = {}
        spoken = {part.tcp.number for pair in self._seen.pairs for part in pair.parts}
        for tcp in self._seen.connections:
            if tcp.number not in spoken:
                for host, peer in ((tcp.low, tcp.high), (tcp.high, tcp.low)):
                    found.setdefault((host[0], peer), []).append(tcp)
        return found

    def tries(self, one: Opening, row: int) -> list[Connection]:
        """Connections of the same hosts, begun behind a message, of which no message is known; at most MOST_TRIES."""
        found = self._others.get((one.hosts[0], one.line.part.responder), [])
        begin = bisect_right(found, int(self._seen.columns["first"][row]), key=lambda tcp: tcp.first_packet)
        return found[begin : begin + MOST_TRIES]

    @cached_property
    def _unnumbered(self) -> set[Hosts]:
        """Hosts between which there is a connection that may be the event connection of any number."""
        found = {one.hosts for one in self.events if one.number is None}
        for one in self.commands:
            greeted = one.all(INITIATOR, m.INIT_COMMAND_REQUEST) + one.all(RESPONDER, m.INIT_COMMAND_ACK)
            if not greeted and not one.line.from_start(INITIATOR):
                found.add(one.hosts)
        for (host, peer), several in self._others.items():
            if any(stream.high for tcp in several for stream in tcp.streams):
                found.add((host, peer[0]))
        return found

    def sole_event(self, case: Case) -> bool:
        """Is it certain that the event connection of a session is the one and only of its number?"""
        if case.event is None or not case.paired:
            return False
        one = self.by_connection[case.event.tcp.number]
        several = self.events_of.get((one.hosts[1], one.number or 0), [])
        return len(several) == 1 and one.hosts not in self._unnumbered

    @cached_property
    def _hidden(self) -> set[int]:
        """The addresses of responders of whom a connection number may have been given unseen."""
        hidden: set[int] = set()
        services = {one.line.part.responder for one in self.every}
        for one in self.every:
            silent = one.line.whole(RESPONDER) and one.first(RESPONDER, m.INIT_COMMAND_ACK) is None
            numbered = one.is_event or one.number is not None or silent
            if not (one.line.syn_captured and numbered):
                hidden.add(one.hosts[1])
        for tcp in self._seen.connections:
            silent = tcp.syn_from is not None and not any(stream.high for stream in tcp.streams)
            if tcp.number not in self.by_connection and not silent:
                hidden.update(endpoint[0] for endpoint in (tcp.low, tcp.high) if endpoint in services)
        return hidden

    def numbers_known(self, responder: int) -> bool:
        """Is every connection number that a responder gave in the capture, as far as its connections tell?"""
        return responder not in self._hidden


def openings(seen: Evidence) -> Openings:
    """Those of a capture."""
    return seen.once(Openings)


def in_time(nanoseconds: int) -> str:
    """A duration in words."""
    return f"{nanoseconds / 1e9:.1f} s" if nanoseconds >= 1_000_000_000 else f"{nanoseconds / 1e6:.0f} ms"


def end_of(seen: Evidence, row: int) -> int:
    """The stream offset behind a message."""
    return int(seen.offset[row]) + int(seen.length[row])


def delay(seen: Evidence, row: int, other: int) -> int | None:
    """Nanoseconds from the end of one message to the beginning of a later one; None where the clock can't say."""
    began = int(seen.columns["began"][other])
    if not seen.timed(row, other) or began < int(seen.time[row]):
        return None
    return began - int(seen.time[row])


def patience(seen: Evidence) -> int:
    """Nanoseconds after which a step of the establishment took too long."""
    return seen.limit_ns("establishment_s") + seen.limit_ns("margin_s")


def arrived(seen: Evidence, line: Line, request: int) -> bool:
    """Is it certain that a sound request of the initiator reached the responder, at its first try?"""
    own, other = (line.tcp.streams[line.direction(side)] for side in (INITIATOR, RESPONDER))
    if not (line.roles_sure and line.both_directions and seen.anchored[request]) or own.retransmissions:
        return False
    received = other.acknowledged_offset(own)
    return bool(seen.status[request] == m.COMPLETE and received is not None and received >= end_of(seen, request))


def unanswered(seen: Evidence, line: Line, request: int) -> tuple[str, int | None] | None:
    """What the responder did instead of answering a request, and the packet that shows it; None if that is unknown.

    Only for requests to which ``line`` has no answer.
    """
    if not (arrived(seen, line, request) and line.whole(RESPONDER)):
        return None
    if line.closed_first(RESPONDER):
        closing = line.closing_packet(RESPONDER)
        alone = int(line.rows[INITIATOR][-1]) == request  # or it left for what was said behind the request
        if line.said_all(RESPONDER) and alone and closing is not None and closing > seen.columns["last"][request]:
            return "the responder closed the connection instead", closing
        return None
    sent = int(seen.time[request])
    if sent != NO_TIME and line.open_until(sent + patience(seen)):
        waited = (line.tcp.closed_at or line.tcp.last_time) - sent
        return f"nothing came for {in_time(waited)}", None
    return None
