"""Command/data and event connections joined into sessions.

Says by what they were joined; leaves a connection alone rather than give it to the wrong camera.

Order of evidence (CIPA DC-X005-2005 2.2.3.1 step 5, 2.3.2): the connection number that the responder gave and the
initiator repeated, between the same hosts while both connections lived; then, where a handshake is missing, the one
command connection that fits by hosts and time. Where packets have no time, their order in the capture is asked.

In Fujifilm's dialect nothing names the session on the connections for events and live view: they follow the command
connection between the same hosts.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

from ..capture import NO_TIME
from ..facts.containers import EVENT_PORT
from ..tcp import Connection, Endpoint
from . import messages as m
from .containers import FRAMES
from .conversation import Conversation
from .recognise import TO_INITIATOR, TO_RESPONDER, Dialect

_COMMAND_TYPES = {
    m.INIT_COMMAND_REQUEST,
    m.INIT_COMMAND_ACK,
    m.OPERATION_REQUEST,
    m.OPERATION_RESPONSE,
    m.START_DATA,
    m.DATA,
    m.END_DATA,
}
_EVENT_TYPES = {m.INIT_EVENT_REQUEST, m.INIT_EVENT_ACK, m.EVENT, m.PROBE_REQUEST, m.PROBE_RESPONSE}
NUMBER_END = 12  # bytes of Init Command Ack and Init Event Request up to the end of the number (2.3.2, 2.3.3)
# An Init Event Request follows the Init Command Ack; a capture of two interfaces may write them the other way round.
CLOCK_SLACK_NS = 1_000_000_000
SKEW_NS = 50_000_000  # by which two taps, or two queues of one card, may stamp two connections differently
AT_ONCE = 16  # sessions between the same hosts among which one is looked for


@dataclass(slots=True, eq=False)
class Handshake:
    """What one connection says of itself: its part in a session and the greetings seen (row numbers of messages).

    ``initiator`` is the direction in which the initiator sends.
    """

    conversation: Conversation
    initiator: int
    is_event: bool
    rows: dict[int, int] = field(default_factory=dict)  # type -> first message row of that type
    number: int | None = None  # connection number given or repeated
    numbered_at: int | None = None  # time (ns or NO_TIME) of the message that carries it
    is_live_view: bool = False

    @property
    def tcp(self) -> Connection:
        """The TCP connection."""
        return self.conversation.tcp

    @property
    def responder(self) -> Endpoint:
        """Address and port of the responder."""
        return self.tcp.endpoint(1 - self.initiator)

    @property
    def initiator_address(self) -> int:
        """Address of the initiator."""
        return self.tcp.endpoint(self.initiator)[0]


@dataclass(slots=True)
class Pair:
    """One session: its command/data connection, its event connection, and why they belong together.

    ``live_view`` is the third connection of Fujifilm's dialect.
    """

    command: Handshake | None
    event: Handshake | None
    paired_by: str  # "connection-number", "dialect", "guess", "alone"
    live_view: Handshake | None = None

    @property
    def parts(self) -> list[Handshake]:
        """The connections there are, command first."""
        return [part for part in (self.command, self.event, self.live_view) if part is not None]


def handshakes(
    conversations: list[Conversation],
    stream: np.ndarray,
    kind: np.ndarray,
    code: np.ndarray,
    time: np.ndarray,
    known: np.ndarray,
) -> list[Handshake]:
    """One Handshake per PTP-IP connection, in the order given.

    The arrays are columns of the message table: stream number, type, code (which holds the connection number of
    the greetings), time in ns and the number of leading bytes that are in the capture.
    """
    kind = m.roles(kind)
    listed = (kind > 0) & (kind <= m.LAST_TYPE)
    rows = np.flatnonzero(listed)
    seen, first = np.unique(stream[rows].astype(np.int64) * 16 + kind[rows], return_index=True)
    first_row = dict(zip(seen.tolist(), rows[first].tolist(), strict=True))
    found = []
    for conversation in conversations:
        number = conversation.tcp.number
        kinds = [
            {of_type for of_type in range(1, m.LAST_TYPE + 1) if (2 * number + direction) * 16 + of_type in first_row}
            for direction in (0, 1)
        ]
        initiator = _initiator(conversation, kinds)
        is_event = _is_event(kinds[0] | kinds[1]) or _is_refused_event(conversation, initiator, kinds)
        handshake = Handshake(conversation, initiator, is_event)
        if conversation.dialect is Dialect.FUJI:
            _place_of_dialect(handshake, kinds[0] | kinds[1])
        for of_type in kinds[0] | kinds[1]:
            # Should both sides have sent it, the one that may is meant; the table's order of streams says nothing.
            sender = initiator if of_type in TO_RESPONDER else 1 - initiator
            direction = sender if of_type in kinds[sender] else 1 - sender
            handshake.rows[of_type] = first_row[(2 * number + direction) * 16 + of_type]
        row = handshake.rows.get(m.INIT_EVENT_REQUEST if handshake.is_event else m.INIT_COMMAND_ACK)
        if row is not None and known[row] >= NUMBER_END:
            handshake.number, handshake.numbered_at = int(code[row]), int(time[row])
        found.append(handshake)
    return found


def _initiator(conversation: Conversation, kinds: list[set[int]]) -> int:
    """The direction in which the initiator sends: by what only one side may say, then by who opened the connection."""
    votes = [len(kinds[d] & TO_RESPONDER) + len(kinds[1 - d] & TO_INITIATOR) for d in (0, 1)]
    if votes[0] != votes[1]:
        return 0 if votes[0] > votes[1] else 1
    if conversation.initiator is not None:
        return conversation.initiator
    return 0 if conversation.tcp.high[1] < conversation.tcp.low[1] else 1  # the lower port is the service


def _is_event(kinds: set[int]) -> bool:
    if m.INIT_EVENT_REQUEST in kinds or m.INIT_COMMAND_REQUEST in kinds:
        return m.INIT_COMMAND_REQUEST not in kinds
    return bool(kinds) and kinds <= _EVENT_TYPES | {m.CANCEL}


def _is_refused_event(conversation: Conversation, initiator: int, kinds: list[set[int]]) -> bool:
    """Was it an Init Event Request that Init Fail answered, though lost? Init Command Request is longer."""
    refused = not kinds[initiator] and kinds[1 - initiator] == {m.INIT_FAIL}
    return refused and conversation.streams is not None and conversation.streams[initiator].end == NUMBER_END


def _place_of_dialect(handshake: Handshake, kinds: set[int]) -> None:
    """What a connection of Fujifilm's dialect is for: by what it carries, else by its port."""
    port = handshake.responder[1]
    assert handshake.conversation.streams is not None
    handshake.is_live_view = handshake.conversation.streams[0].form == FRAMES
    handshake.is_event = not handshake.is_live_view and (kinds == {m.EVENT} if kinds else port == EVENT_PORT)


def pair(handshakes: list[Handshake]) -> list[Pair]:
    """Sessions, in order of first packet. Every connection is in exactly one."""
    of_fuji: list[Handshake] = []
    standard: list[Handshake] = []
    for handshake in handshakes:
        (of_fuji if handshake.conversation.dialect is Dialect.FUJI else standard).append(handshake)
    pairs = _standard_pairs(standard) + _fuji_pairs(of_fuji)
    return sorted(pairs, key=lambda pair: min(part.tcp.first_packet for part in pair.parts))


def _fuji_pairs(handshakes: list[Handshake]) -> list[Pair]:
    """Sessions of the dialect: each event and live-view connection goes to the command connection it follows.

    Between the same hosts, and not closed; where another one could be meant as well, that is a guess.
    """
    ordered = sorted(handshakes, key=lambda one: one.tcp.first_packet)
    pairs: list[Pair] = []
    waiting: dict[tuple[int, int, bool], list[Pair]] = {}  # by hosts, those without events and without live view
    for command in (one for one in ordered if not one.is_event and not one.is_live_view):
        pairs.append(Pair(command, None, "alone"))
        for is_live_view in (False, True):
            hosts = command.responder[0], command.initiator_address, is_live_view
            waiting.setdefault(hosts, []).append(pairs[-1])
    for one in (one for one in ordered if one.is_event or one.is_live_view):
        line = waiting.get((one.responder[0], one.initiator_address, one.is_live_view), [])
        fitting = _fitting(one, line)
        chosen = line.pop(fitting[0]) if fitting else Pair(None, None, "alone")
        if one.is_live_view:
            chosen.live_view = one
        else:
            chosen.event = one
        if not fitting:
            pairs.append(chosen)
        elif chosen.paired_by != "guess":
            chosen.paired_by = "guess" if len(fitting) > 1 else "dialect"
    return pairs


def _fitting(one: Handshake, line: list[Pair]) -> list[int]:
    """The places in ``line``, which is in order of first packet, of up to two sessions that a connection may be of.

    The latest that began before it comes first. Those that had ended by then leave the line: whatever else is asked
    for comes later.
    """
    began = bisect_right(line, one.tcp.first_packet, key=lambda made: made.parts[0].tcp.first_packet)
    found: list[int] = []
    place = began - 1
    while place >= 0 and len(found) < 2:
        if _is_alive(line[place].parts[0], one):
            found.append(place)
        else:
            del line[place]
            began -= 1
            found = [at - 1 for at in found]
        place -= 1
    if not found or one.tcp.syn_from is None:  # it may have begun before its first packet
        later = range(began, min(began + 2, len(line)))
        found += [at for at in later if _is_alive(line[at].parts[0], one)]
    return found[:2]


def _is_alive(command: Handshake, one: Handshake) -> bool:
    """May the connection have been open while the other one was? It may be silent, but not closed."""
    if command.tcp.close_kind is None:
        return command.tcp.first_packet <= one.tcp.last_packet
    return _overlap(one, command, 0)


def _standard_pairs(handshakes: list[Handshake]) -> list[Pair]:
    commands = _Commands([handshake for handshake in handshakes if not handshake.is_event])
    taken: dict[int, tuple[Handshake, str]] = {}  # connection number of a command connection -> its event connection
    events: list[Handshake] = []
    for event in (handshake for handshake in handshakes if handshake.is_event):
        command, by = commands.by_number(event)
        if command is None:
            events.append(event)
        else:
            commands.take(command)
            taken[command.tcp.number] = (event, by)
    guessed = dict(commands.by_guess(events))
    taken.update({command.tcp.number: (event, "guess") for event, command in guessed.items()})
    pairs = [Pair(None, event, "alone") for event in events if event not in guessed]
    return pairs + [Pair(command, *taken.get(command.tcp.number, (None, "alone"))) for command in commands.all]


class _Commands:
    """The command connections that wait for their event connection, found by number or by hosts."""

    def __init__(self, all_of_them: list[Handshake]) -> None:
        self.all = all_of_them
        self._numbered: dict[tuple[int, int], list[Handshake]] = {}  # (responder, number), in order of time
        self._hosts: dict[tuple[Endpoint, int], list[Handshake]] = {}  # (responder and port, initiator)
        for command in sorted(all_of_them, key=lambda command: command.numbered_at or 0):
            if command.number is not None:
                self._numbered.setdefault((command.responder[0], command.number), []).append(command)
            self._hosts.setdefault((command.responder, command.initiator_address), []).append(command)

    def take(self, command: Handshake) -> None:
        """It has found its event connection."""
        if command.number is not None:
            self._numbered[command.responder[0], command.number].remove(command)
        self._hosts[command.responder, command.initiator_address].remove(command)

    def by_number(self, event: Handshake) -> tuple[Handshake | None, str]:
        """The connection whose number the event connection repeats: same responder, both alive, numbered before.

        Between several the same port and the same initiator count, then the time since the number was given. Where
        several wait at once with the same number between the same hosts, that is a guess.
        """
        if event.number is None:
            return None, "alone"
        assert event.numbered_at is not None
        waiting = self._numbered.get((event.responder[0], event.number), [])
        best: tuple[tuple[bool, bool, bool, int], Handshake] | None = None
        rivals = 0
        latest = len(waiting)
        if event.numbered_at != NO_TIME:
            by = event.numbered_at + CLOCK_SLACK_NS
            latest = bisect_right(waiting, by, key=lambda command: command.numbered_at or 0)
        for command in reversed(waiting[:latest]):
            assert command.numbered_at is not None
            late = event.numbered_at - command.numbered_at
            if NO_TIME in (event.numbered_at, command.numbered_at):
                late = event.tcp.first_packet - command.tcp.first_packet
            elsewhere = command.responder != event.responder, command.initiator_address != event.initiator_address
            if best is not None and rivals > 1:
                break  # those before are further away
            if _overlap(event, command) and not _is_over_before(command, event):
                rivals += elsewhere == (False, False) and late >= 0
                rank = (*elsewhere, late < 0, abs(late))
                if best is None or rank < best[0]:
                    best = rank, command
        return (None, "alone") if best is None else (best[1], "guess" if rivals > 1 else "connection-number")

    def by_guess(self, events: list[Handshake]) -> list[tuple[Handshake, Handshake]]:
        """Event connections with the command connection of the same hosts and port that each of them must be of.

        Where several could be meant, that can't be known, unless the others are needed by other event connections.
        """
        fitting = {event: self._fitting(event) for event in events}
        wanted: dict[Handshake, list[Handshake]] = {}  # by command connection, the event connections that may be of it
        for event, commands in fitting.items():
            for command in commands:
                wanted.setdefault(command, []).append(event)
        found = []
        sure = [event for event in events if len(fitting[event]) == 1]
        while sure:
            event = sure.pop()
            if not fitting[event]:
                continue  # another one must be of the same
            (command,) = fitting[event]
            rivals = [rival for rival in wanted[command] if command in fitting[rival]]
            if all(len(fitting[rival]) > 1 for rival in rivals if rival is not event):
                found.append((event, command))
            for rival in rivals:
                fitting[rival].remove(command)
                if len(fitting[rival]) == 1:
                    sure.append(rival)
        return found

    def _fitting(self, event: Handshake) -> list[Handshake]:
        """The command connections that an event connection may be of, as far as hosts, port and times tell."""
        found = [
            command
            for command in self._hosts.get((event.responder, event.initiator_address), [])
            if _overlap(event, command)
            and not (_is_over_before(event, command) or _is_over_before(command, event))
            and not (_rejected(command) and event.number is not None)
        ]
        # Each of these tells as long as it leaves any: clocks disagree, numbers are repeated wrongly.
        for fits in (_is_unnumbered, _overlap_exactly, _is_opened_later, _is_opened_in_time):
            if len(found) > 1:
                found = [command for command in found if fits(event, command)] or found
        return found if len(found) <= AT_ONCE else []


def _is_unnumbered(event: Handshake, command: Handshake) -> bool:
    """Is the number missing on one side? Two different ones speak against it."""
    return None in (event.number, command.number)


def _is_opened_later(event: Handshake, command: Handshake) -> bool:
    """Did the event connection come after the Init Command Ack (2.2.3.1), as far as both are in the capture?"""
    if NO_TIME in (event.tcp.first_time, command.tcp.first_time):
        return event.tcp.first_packet >= command.tcp.first_packet
    greeted = command.tcp.first_time if command.numbered_at is None else command.numbered_at
    return event.tcp.syn_from is None or event.tcp.first_time >= greeted


def _is_opened_in_time(event: Handshake, command: Handshake) -> bool:
    """Was the command connection not closed yet?"""
    closed = command.tcp.closed_at
    return event.tcp.syn_from is None or closed is None or event.tcp.first_time <= closed


def _is_over_before(one: Handshake, other: Handshake) -> bool:
    """Had one connection certainly ended when the SYN of the other one came, by the clock and the order of packets?"""
    return (
        one.tcp.close_kind is not None
        and other.tcp.syn_from is not None
        and one.tcp.last_packet < other.tcp.first_packet
        and (
            NO_TIME in (one.tcp.last_time, other.tcp.first_time) or one.tcp.last_time + SKEW_NS <= other.tcp.first_time
        )
    )


def _rejected(command: Handshake) -> bool:
    return m.INIT_FAIL in command.rows


def _overlap_exactly(event: Handshake, command: Handshake) -> bool:
    return _overlap(event, command, 0)


def _overlap(event: Handshake, command: Handshake, slack: int = CLOCK_SLACK_NS) -> bool:
    """Did both connections live at the same time, as far as the capture shows?"""
    if NO_TIME in (event.tcp.first_time, command.tcp.first_time):
        return event.tcp.first_packet <= command.tcp.last_packet and command.tcp.first_packet <= event.tcp.last_packet
    return (
        event.tcp.first_time <= command.tcp.last_time + slack and command.tcp.first_time <= event.tcp.last_time + slack
    )
