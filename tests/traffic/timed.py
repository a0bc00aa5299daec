"""Conversations whose times are made exactly: nothing takes any time but what a test says.

``at_once`` takes all time away, ``later`` puts some in front of a packet, ``tapped`` says how far both sides are from
the place of capture, ``unseen`` takes a segment away and brings it later, as it is behind the place where it was lost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .conversation import START_NS
from .damage import clock_set, segments
from .packet import ACK, SYN, TO_INITIATOR, TO_RESPONDER, Packet

if TYPE_CHECKING:
    from collections.abc import Sequence


def at_once(packets: Sequence[Packet]) -> list[Packet]:
    """All packets at one moment."""
    return [replace(packet, time_ns=START_NS) for packet in packets]


def later(packets: Sequence[Packet], place: int, seconds: float) -> list[Packet]:
    """The packet at ``place``, and all behind it, so much later."""
    return clock_set(packets, place, round(seconds * 1e9))


def tapped(packets: Sequence[Packet], initiator_rtt_s: float, responder_rtt_s: float) -> list[Packet]:
    """Handshakes that take as long as from the place of capture to both sides and back."""
    packets, waiting = list(packets), set()
    for place, packet in enumerate(list(packets)):
        if packet.flags & (SYN | ACK) == SYN | ACK:
            packets = later(packets, place, responder_rtt_s)
            waiting.add(packet.connection)
        elif packet.connection in waiting and packet.direction == TO_RESPONDER:
            packets = later(packets, place, initiator_rtt_s)
            waiting.discard(packet.connection)
    return packets


def asked(packets: Sequence[Packet], number: int) -> int:
    """The place of the n-th segment with payload that the initiator sends on the command connection."""
    return segments(packets, "command", TO_RESPONDER)[number]


def answered(packets: Sequence[Packet], number: int) -> int:
    """The place of the n-th segment with payload that the responder sends on the command connection."""
    return segments(packets, "command", TO_INITIATOR)[number]


def sent_again(packets: Sequence[Packet], place: int, seconds: float, before: int) -> list[Packet]:
    """The segment at ``place`` comes a second time, so much after the packet in front of ``before``."""
    again = replace(packets[place], time_ns=packets[before - 1].time_ns)
    return later([*packets[:before], again, *packets[before:]], before, seconds)


def unseen(packets: Sequence[Packet], place: int, seconds: float, before: int) -> list[Packet]:
    """The same where only the second copy passes."""
    packets = sent_again(packets, place, seconds, before)
    return [*packets[:place], *packets[place + 1 :]]


def shut(packets: Sequence[Packet], place: int, seconds: float) -> list[Packet]:
    """In front of a packet its receiver closes the window, and opens it so much later."""
    waiting = packets[place]
    way = TO_INITIATOR if waiting.direction == TO_RESPONDER else TO_RESPONDER
    closed = replace(
        waiting, source=waiting.destination, destination=waiting.source, direction=way, payload=b"", flags=ACK,
        sequence=waiting.acknowledgment, acknowledgment=waiting.sequence, window=0,
        time_ns=packets[place - 1].time_ns,
    )  # fmt: skip
    opened = replace(closed, window=502)
    return later([*packets[:place], closed, opened, *packets[place:]], place + 1, seconds)
