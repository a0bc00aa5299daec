"""Command/data and event connections joined into sessions.

Says by what they were joined; leaves a connection alone rather than give it to the wrong camera.

Order of evidence (CIPA DC-X005-2005 2.2.3.1 step 5, 2.3.2): the connection number that the responder gave and the
initiator repeated, between the same hosts while both connections lived; then, where a handshake is missing, the one
command connection that fits by hosts and time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..tcp import Connection
from . import messages as m
from .conversation import Conversation
from .recognise import TO_INITIATOR, TO_RESPONDER

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
# An Init Event Request follows the Init Command Ack; a capture of two interfaces may write them the other way round.
CLOCK_SLACK_NS = 1_000_000_000


@dataclass(slots=True)
class Handshake:
    """What one connection says of itself: its part in a session and the greetings seen (row numbers of messages).

    ``initiator`` is the direction in which the initiator sends.
    """

    conversation: Conversation
    initiator: int
    is_event: bool
    rows: dict[int, int] = field(default_factory=dict)  # type -> first message row of that type
    number: int | None = None  # connection number given or repeated
    numbered_at: int | None = None  # time (ns) of the message that carries it

    @property
    def tcp(self) -> Connection:
        """The TCP connection."""
        return self.conversation.tcp


@dataclass(slots=True)
class Pair:
    """One session: its command/data connection, its event connection, and why they belong together."""

    command: Handshake | None
    event: Handshake | None
    paired_by: str  # "connection-number", "dialect", "guess", "alone"

    @property
    def parts(self) -> list[Handshake]:
        """The connections there are, command first."""
        return [part for part in (self.command, self.event) if part is not None]


def handshakes(
    conversations: list[Conversation], stream: np.ndarray, kind: np.ndarray, code: np.ndarray, time: np.ndarray
) -> list[Handshake]:
    """One Handshake per PTP-IP connection, in the order given.

    The arrays are columns of the message table: stream number, type, code (which holds the connection number of the
    greetings) and time in ns.
    """
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
        handshake = Handshake(conversation, initiator, _is_event(kinds[0] | kinds[1]))
        for of_type in kinds[0] | kinds[1]:
            places = [first_row.get((2 * number + direction) * 16 + of_type) for direction in (0, 1)]
            handshake.rows[of_type] = min(place for place in places if place is not None)
        row = handshake.rows.get(m.INIT_EVENT_REQUEST if handshake.is_event else m.INIT_COMMAND_ACK)
        if row is not None:
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
    return bool(kinds & _EVENT_TYPES) and not kinds & _COMMAND_TYPES


def pair(handshakes: list[Handshake]) -> list[Pair]:
    """Sessions, in order of first packet. Every connection is in exactly one."""
    commands = [handshake for handshake in handshakes if not handshake.is_event]
    taken: dict[int, tuple[Handshake, str]] = {}  # index of a command connection -> its event connection
    alone = []
    events = [handshake for handshake in handshakes if handshake.is_event]
    for by in ("connection-number", "guess"):
        waiting, events = events, []
        for event in waiting:
            choice = _choose(event, commands, taken, by)
            if choice is None:
                events.append(event)
            else:
                taken[choice] = (event, by)
    alone = [Pair(None, event, "alone") for event in events]
    pairs = [
        Pair(command, *taken[index]) if index in taken else Pair(command, None, "alone")
        for index, command in enumerate(commands)
    ]
    return sorted(pairs + alone, key=lambda pair: min(part.tcp.first_packet for part in pair.parts))


def _choose(
    event: Handshake, commands: list[Handshake], taken: dict[int, tuple[Handshake, str]], by: str
) -> int | None:
    """Index of the command connection that an event connection belongs to by one kind of evidence."""
    fitting = []
    for index, command in enumerate(commands):
        if index in taken or not _same_responder(event, command) or not _overlap(event, command):
            continue
        distance = abs(command.tcp.first_time - event.tcp.first_time)
        if by == "connection-number":
            if event.number is None or command.number != event.number:
                continue
            assert command.numbered_at is not None
            assert event.numbered_at is not None
            late = event.numbered_at - command.numbered_at
            if late < -CLOCK_SLACK_NS:
                continue
            distance = abs(late)
        else:
            if not (_same_initiator(event, command) and _same_port(event, command)):
                continue
            if event.number is not None and command.number is not None and _rejected(command):
                continue
        fitting.append((not _same_port(event, command), not _same_initiator(event, command), distance, index))
    if not fitting:
        return None
    if by == "guess" and len(fitting) > 1 and event.number is None:
        return None  # two sessions between the same hosts: which one it serves can't be known
    return min(fitting)[-1]


def _rejected(command: Handshake) -> bool:
    return m.INIT_FAIL in command.rows


def _same_responder(event: Handshake, command: Handshake) -> bool:
    theirs = event.tcp.endpoint(1 - event.initiator)
    return theirs[0] == command.tcp.endpoint(1 - command.initiator)[0]


def _same_initiator(event: Handshake, command: Handshake) -> bool:
    return event.tcp.endpoint(event.initiator)[0] == command.tcp.endpoint(command.initiator)[0]


def _same_port(event: Handshake, command: Handshake) -> bool:
    return event.tcp.endpoint(1 - event.initiator)[1] == command.tcp.endpoint(1 - command.initiator)[1]


def _overlap(event: Handshake, command: Handshake) -> bool:
    """Did both connections live at the same time, as far as the capture shows?"""
    return (
        event.tcp.first_time <= command.tcp.last_time + CLOCK_SLACK_NS
        and command.tcp.first_time <= event.tcp.last_time + CLOCK_SLACK_NS
    )
