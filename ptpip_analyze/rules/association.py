"""Rules of the connection number (CIPA DC-X005-2005 2.2.3.1 steps 4 to 6, 2.3.2, 2.3.3): which connections are a pair.

Whoever misses a connection in the capture would take a right number for a wrong one, so these rules speak only where
every connection of the responder is known from its beginning on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise

from ..capture import NO_TIME
from ..ptpip import messages as m
from .evidence import Evidence
from .opening import Opening, openings
from .rule import BOTH, INITIATOR, RESPONDER, Ruling, rule

_UNKNOWN = "the responder may have given the number where the capture does not show it"
_UNSPECIFIED = 3


def _strangers(seen: Evidence, ruling: Ruling, side: int) -> Iterator[tuple[Opening, Opening, int, int]]:
    """Event connections with a number that nobody was given: they, the command connection they serve, ack, request.

    Counts the others: those with the right number pass, of the rest nothing can be known.
    """
    for case in seen.judged:
        if case.event is None:
            continue
        event = openings(seen).by_connection[case.event.tcp.number]
        request = event.first(INITIATOR, m.INIT_EVENT_REQUEST)
        if request is None or event.number is None:
            continue
        if case.paired:
            ruling.passes(case.index, side)
            continue
        served = _served(seen, event, request)
        if served is None:
            ruling.unknown(case.index, side, _UNKNOWN)
        elif _was_given(seen, event, request):
            ruling.unknown(case.index, side, "another connection was given this number")
        else:
            yield event, *served, request


def _served(seen: Evidence, event: Opening, request: int) -> tuple[Opening, int] | None:
    """The command connection that an event connection was meant for, and its Init Command Ack; None if not certain.

    The only one of these hosts that waited for one, known from its SYN on; it went on behind the request, or the
    responder refused the number.
    """
    case, every = event.case, openings(seen)
    if case.command is None or not (every.numbers_known(event.hosts[1]) and seen.synced[request] and case.from_start):
        return None
    command = every.by_connection[case.command.tcp.number]
    ack = command.first(RESPONDER, m.INIT_COMMAND_ACK)
    if ack is None or event.hosts in every.waiting or command.hosts != event.hosts:
        return None
    fail = event.first(RESPONDER, m.INIT_FAIL)
    first = command.line.first(m.OPERATION_REQUEST, INITIATOR)
    refused = fail is not None and seen.code[fail] == _UNSPECIFIED
    return (command, ack) if refused or (first is not None and seen.surely_before(request, first)) else None


def _was_given(seen: Evidence, event: Opening, request: int) -> bool:
    """Did the responder give this number to anybody, at any time up to the request?"""
    ack = openings(seen).given.get((event.hosts[1], event.number or 0))
    return ack is not None and not seen.surely_before(request, ack)


@rule("association-number-echoed")
def number_echoed(seen: Evidence, ruling: Ruling) -> None:
    """Init Event Request repeats the number of Init Command Ack."""
    for event, command, ack, request in _strangers(seen, ruling, INITIATOR):
        says = f"Init Event Request has the number {event.number}, Init Command Ack gave {command.number}"
        if _is_swapped(event.number or 0, command.number or 0):
            says += " with its bytes swapped"
        ruling.fires(event.session, INITIATOR, says, row=request, rows=(ack,))


def _is_swapped(number: int, other: int) -> bool:
    return number.to_bytes(4, "little") == other.to_bytes(4, "big")


@rule("association-unknown-number-refused")
def unknown_number_refused(seen: Evidence, ruling: Ruling) -> None:
    """A number that was never given is not accepted."""
    for event, command, ack, request in _strangers(seen, ruling, RESPONDER):
        accepted, refused = event.first(RESPONDER, m.INIT_EVENT_ACK), event.first(RESPONDER, m.INIT_FAIL)
        if accepted is not None:
            says = f"the responder accepted the number {event.number}, but had given {command.number}"
            ruling.fires(event.session, RESPONDER, says, row=accepted, rows=(request, ack))
        elif refused is not None:
            ruling.passes(event.session, RESPONDER)
        else:
            ruling.unknown(event.session, RESPONDER, "its answer is not in the capture")


def _numbered(seen: Evidence) -> Iterator[list[tuple[Opening, int]]]:
    """The command connections of one responder that were given the same number, with the Acks, in order of these."""
    twice = openings(seen).twice
    for commands in openings(seen).commands_of.values():
        groups: dict[int, list[tuple[Opening, int]]] = {}
        for one in (one for one in commands if one.line.tcp.number not in twice):
            ack = one.first(RESPONDER, m.INIT_COMMAND_ACK)
            if ack is not None and one.number is not None and seen.timed(ack):  # a cut Ack gives an unknown number
                groups.setdefault(one.number, []).append((one, ack))
        for group in groups.values():
            yield sorted(group, key=lambda given: int(seen.time[given[1]]))


@rule("association-number-unique-pending")
def number_unique_pending(seen: Evidence, ruling: Ruling) -> None:
    """A number is not given again while the first one who got it has not used it.

    That it was not used shows in the two event connections with this number that were accepted afterwards.
    """
    near = seen.limit_ns("skew_ms")
    for group in _numbered(seen):
        ruling.passes(group[0][0].session, RESPONDER)
        times = [int(seen.time[row]) for row in _accepted(seen, group[0][0])]
        for place, ((first, given), (second, again)) in enumerate(pairwise(group), 1):
            over = first.line.tcp.closed_at
            if over is not None and (over == NO_TIME or over < int(seen.time[again])):
                ruling.passes(second.session, RESPONDER)
                continue
            end = len(times)
            if place + 1 < len(group):
                end = bisect_left(times, int(seen.time[group[place + 1][1]]) - near)
            used = bisect_left(times, int(seen.time[given]) - near)  # the first one that may have used it
            later = bisect_right(times, int(seen.time[again]) + near)
            operation = first.line.first(m.OPERATION_REQUEST, INITIATOR)
            idle = operation is None or seen.surely_before(again, operation)
            if end - used == end - later == 2 and idle and first.case.from_start and seen.anchored[again]:
                says = f"the number {first.number} was given again while the first one who got it was waiting"
                ruling.fires(second.session, RESPONDER, says, row=again, rows=(given,))
            elif used < end and times[used] < int(seen.time[again]) - near:
                ruling.passes(second.session, RESPONDER)
            else:
                ruling.unknown(second.session, RESPONDER, "whether the number was in use is not certain")


def _accepted(seen: Evidence, one: Opening) -> list[int]:
    """The Init Event Acks for the number of a command connection, in order of time."""
    rows = [
        row
        for event in openings(seen).events_of.get((one.hosts[1], one.number or 0), [])
        if (row := event.first(RESPONDER, m.INIT_EVENT_ACK)) is not None and seen.timed(row)
    ]
    return sorted(rows, key=lambda row: int(seen.time[row]))


@rule("association-number-reuse-ok")
def number_reuse(seen: Evidence, ruling: Ruling) -> None:
    """Numbers come again once they are used."""
    for group in _numbered(seen):
        accepted = _accepted(seen, group[0][0])
        used = next((row for row in accepted if not seen.surely_before(row, group[0][1])), None)
        again = [(one, ack) for one, ack in group[1:] if used is not None and seen.surely_before(used, ack)]
        if again:
            times = "once" if len(again) == 1 else f"{len(again)} times"
            says = f"the number {again[0][0].number} was given again {times} after its connections had found each other"
            ruling.fires(again[0][0].session, RESPONDER, says, row=again[0][1])


@rule("association-same-peer")
def same_peer(seen: Evidence, ruling: Ruling) -> None:
    """Both connections have the same hosts."""
    for case in seen.judged:
        if case.both is None:
            continue
        command, event = (openings(seen).by_connection[line.tcp.number] for line in case.both)
        if command.hosts == event.hosts:
            ruling.passes(case.index, BOTH)
            continue
        accepted, request = case.established, event.first(INITIATOR, m.INIT_EVENT_REQUEST)
        first = command.line.first(m.OPERATION_REQUEST, INITIATOR)
        sure = (
            accepted is not None
            and first is not None
            and openings(seen).numbers_known(event.hosts[1])
            and case.from_start
            and openings(seen).sole_event(case)
            and seen.surely_before(accepted, first)
        )
        if sure:
            says = f"the event connection of number {event.number} came from another host than the command connection"
            ruling.fires(case.index, BOTH, says, row=request)
        else:
            ruling.unknown(case.index, BOTH, "they may belong to different sessions")


@rule("association-one-event-per-command")
def one_event_per_command(seen: Evidence, ruling: Ruling) -> None:
    """One event connection for each command connection."""
    given: dict[tuple[int, int], int] = {}
    for group in _numbered(seen):
        given[group[0][0].hosts[1], group[0][0].number or 0] = len(group)
    for key, events in openings(seen).events_of.items():
        paired = [one for one in events if one.case.paired]
        if not paired:
            continue
        ruling.passes(paired[0].session, BOTH)
        first = paired[0]
        for one in events:
            accepted, before = one.first(RESPONDER, m.INIT_EVENT_ACK), first.case.established
            if one is first or accepted is None:
                continue
            sure = (
                given.get(key) == 1
                and one.line.tcp.number not in openings(seen).twice
                and openings(seen).numbers_known(key[0])
                and first.case.from_start
                and before is not None
                and seen.surely_before(before, accepted)
                and seen.timed(accepted)
                and all(line.open_until(int(seen.time[accepted])) for line in first.case.lines)
            )
            if sure and before is not None:
                says = f"a second event connection was accepted for the number {one.number}"
                ruling.fires(first.session, BOTH, says, row=accepted, rows=(before,))
            else:
                ruling.unknown(one.session, BOTH, "the number may have been given again")


@rule("association-pair-by-number")
def pair_by_number(seen: Evidence, ruling: Ruling) -> None:
    """Says where connections were joined by hosts and time, for want of a number."""
    for case in seen.judged:
        if len(case.lines) > 1 and not case.paired:
            says = "command and event connection were joined by hosts and time: findings that need both are uncertain"
            ruling.fires(case.index, BOTH, says)
