"""Two pretend kernels: what the peers write becomes TCP packets with sequence numbers, ACKs and times.

Promises acknowledgments as a real kernel sends them: on every segment, alone after every second one, late when nobody
speaks. Refuses to lose anything: that is ``damage``'s work.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .packet import ACK, FIN, PSH, RST, SYN, TO_INITIATOR, TO_RESPONDER, Packet

if TYPE_CHECKING:
    from .conversation import Conversation

DELAYED_ACK_NS = 40_000_000
REVERSE = {TO_RESPONDER: TO_INITIATOR, TO_INITIATOR: TO_RESPONDER}

Segmentation = Callable[[Sequence[bytes], int, random.Random], Iterable[bytes]]


@dataclass
class Action:
    """One step of a connection: bytes to write, or any of "connect", "refuse", "acknowledge", "fin", "half", "reset",
    "wait".
    """

    kind: str
    connection: str = "command"
    direction: str = TO_RESPONDER
    data: bytes = b""
    pause_ns: int = 0


@dataclass
class _Half:
    """The sending side of one connection."""

    initial: int
    sent: int = 0  # stream bytes
    syn: int = 0
    fin: int = 0
    owed: int = 0  # received segments that are not acknowledged yet
    last_value: int = 0  # timestamp option of the last packet received

    @property
    def sequence(self) -> int:
        return (self.initial + self.syn + self.sent + self.fin) & 0xFFFFFFFF


def per_message(messages: Sequence[bytes], mss: int, rng: random.Random) -> Iterable[bytes]:
    """Every message is a write of its own."""
    for message in messages:
        for start in range(0, len(message), mss):
            yield message[start : start + mss]


def coalesced(messages: Sequence[bytes], mss: int, rng: random.Random) -> Iterable[bytes]:
    """What is sent in one direction before the other speaks is one write: many messages in a segment."""
    return per_message([b"".join(messages)], mss, rng)


def one_byte(messages: Sequence[bytes], mss: int, rng: random.Random) -> Iterable[bytes]:
    """One byte in each segment."""
    return per_message(messages, 1, rng)


def header_and_payload(messages: Sequence[bytes], mss: int, rng: random.Random) -> Iterable[bytes]:
    """The eight bytes of length and type are a write of their own."""
    parts = [part for message in messages for part in (message[:8], message[8:]) if part]
    return per_message(parts, mss, rng)


def at_random(messages: Sequence[bytes], mss: int, rng: random.Random) -> Iterable[bytes]:
    """Boundaries anywhere."""
    data, start = b"".join(messages), 0
    while start < len(data):
        size = rng.randint(1, mss)
        yield data[start : start + size]
        start += size


SEGMENTATIONS: dict[str, Segmentation] = {
    "message": per_message, "coalesced": coalesced, "byte": one_byte, "header": header_and_payload,
    "random": at_random,
}  # fmt: skip


class Wire:
    """Turns actions into packets as two kernels would: sequence numbers, ACKs, times."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.rng = random.Random(conversation.seed)
        self.clock = conversation.start_ns
        self.packets: list[Packet] = []
        initial = conversation.initial_sequence
        self.halves = {
            (connection, direction): _Half(self.rng.getrandbits(32) if initial is None else initial)
            for connection in conversation.ports()
            for direction in (TO_RESPONDER, TO_INITIATOR)
        }
        self.ends = {
            connection: ((conversation.initiator, own), (conversation.responder, port))
            for connection, (own, port) in conversation.ports().items()
        }

    def run(self, actions: Sequence[Action]) -> list[Packet]:
        """All packets; whatever is not acknowledged at the end is acknowledged late."""
        opened = {action.connection for action in actions if action.kind in ("connect", "refuse")}
        for half in (half for (connection, _), half in self.halves.items() if connection not in opened):
            half.syn = 1  # its handshake was before the capture
        at = 0
        while at < len(actions):
            action, run = actions[at], [actions[at]]
            if action.kind == "say":
                same = ("say", action.connection, action.direction)
                while at + len(run) < len(actions) and self._same(actions[at + len(run)]) == same:
                    run.append(actions[at + len(run)])
                self.say(action.connection, action.direction, [one.data for one in run])
            elif action.kind == "connect":
                self.connect(action.connection)
            elif action.kind == "wait":
                self.acknowledge_late(action.pause_ns)
            else:
                self.close(action)
            at += len(run)
        self.acknowledge_late(DELAYED_ACK_NS)
        return self.packets

    @staticmethod
    def _same(action: Action) -> tuple[str, str, str]:
        return action.kind, action.connection, action.direction

    def send(self, connection: str, direction: str, flags: int, payload: bytes = b"", gap_ns: int = 12_000) -> None:
        """One packet with the state of both halves."""
        own, other = self.halves[connection, direction], self.halves[connection, REVERSE[direction]]
        self.clock += gap_ns + self.rng.randrange(gap_ns)
        value = (self.clock // 1_000_000) & 0xFFFFFFFF
        stamp = struct.pack(">BBII", 8, 10, value, own.last_value)
        options = b"\x02\x04\x05\xb4\x04\x02" + stamp + b"\x01\x03\x03\x07" if flags & SYN else b"\x01\x01" + stamp
        ends = self.ends[connection]
        source, destination = ends if direction == TO_RESPONDER else ends[::-1]
        self.packets.append(Packet(
            self.clock, self.conversation.number, connection, direction, source, destination, own.sequence,
            other.sequence if flags & ACK else 0, flags, own.sent, payload, 65535 if flags & SYN else 502, options,
            (len(self.packets) + 0x4000 * self.conversation.number) & 0xFFFF,
        ))  # fmt: skip
        own.sent += len(payload)
        own.owed = 0
        other.last_value = value
        other.owed += bool(payload)

    def connect(self, connection: str) -> None:
        """SYN, SYN with ACK, ACK."""
        for direction, flags in ((TO_RESPONDER, SYN), (TO_INITIATOR, SYN | ACK)):
            self.send(connection, direction, flags, gap_ns=200_000)
            self.halves[connection, direction].syn = 1
        self.send(connection, TO_RESPONDER, ACK, gap_ns=200_000)

    def say(self, connection: str, direction: str, messages: Sequence[bytes]) -> None:
        """Segments, with the receiver's pure ACK after every second one."""
        cut = SEGMENTATIONS[self.conversation.segmentation]
        parts = list(cut(messages, self.conversation.mss, self.rng))
        receiver = self.halves[connection, REVERSE[direction]]
        for count, part in enumerate(parts, 1):
            gap_ns = 500_000 if count == 1 else 12_000
            self.send(connection, direction, ACK | (PSH if count == len(parts) else 0), part, gap_ns)
            if receiver.owed == 2:
                self.send(connection, REVERSE[direction], ACK)

    def acknowledge_late(self, pause_ns: int) -> None:
        """Time passes; delayed ACKs are sent if it is long enough for them."""
        end = self.clock + pause_ns
        if pause_ns >= DELAYED_ACK_NS:
            self.clock += DELAYED_ACK_NS // 2
            for (connection, direction), half in self.halves.items():
                if half.owed:
                    self.send(connection, direction, ACK)
        self.clock = max(self.clock, end)

    def close(self, action: Action) -> None:
        """RST, or FIN from both sides, or from one; or none yet: an empty segment, a SYN that is refused."""
        if action.kind == "refuse":
            asking = self.halves[action.connection, action.direction]
            self.send(action.connection, action.direction, SYN)
            asking.syn = 1
            self.send(action.connection, REVERSE[action.direction], RST | ACK)
            asking.syn, asking.initial = 0, self.rng.getrandbits(32)  # for the next try
            return
        if action.kind == "acknowledge":
            self.send(action.connection, action.direction, ACK)
            return
        if action.kind == "half":
            self.send(action.connection, action.direction, FIN | ACK, gap_ns=100_000)
            self.halves[action.connection, action.direction].fin = 1
            self.send(action.connection, REVERSE[action.direction], ACK)
            return
        if action.kind == "reset":
            self.send(action.connection, action.direction, RST | ACK)
            self.halves[action.connection, REVERSE[action.direction]].owed = 0
            return
        for direction in (action.direction, REVERSE[action.direction]):
            self.send(action.connection, direction, FIN | ACK, gap_ns=100_000)
            self.halves[action.connection, direction].fin = 1
        self.send(action.connection, action.direction, ACK)
