"""What happens to captures: every story begins late, ends early, loses each segment in turn, is cut, is half seen.

Each variant says what was done to the packets, so that a failure can be told. Judges nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.traffic import Packet, damage
from tests.traffic.packet import FIN, RST, SYN, TO_INITIATOR, TO_RESPONDER

SNAP_LENGTHS = (66, 74, 96, 110)  # behind the TCP header, inside and behind the PTP-IP header, inside the fixed fields
ROUND_TRIP_NS = 30_000_000
SKEWS_NS = (40_000, 20_000_000)  # between two queues of one card, and two taps
STEPS_NS = (-40_000_000_000, -100_000_000, 3_600_000_000_000)  # of a clock that is set back, or forward by an hour
STEP_PLACES, PAIRS = 2, 4
FEWEST = 4  # packets of a story
MOST = 60  # packets at which a story begins late or ends early, and segments that it loses: longer ones every n-th

Variant = tuple[str, list[Packet]]


def variants(packets: Sequence[Packet]) -> Iterator[Variant]:
    """The variants of a story, each with its name."""
    step = max(len(packets) // MOST, 1)
    for count in range(1, len(packets), step):
        yield f"begins {count} packets late", damage.begin_late(packets, count)
        yield f"ends {count} packets early", damage.end_early(packets, count)
    segments = damage.segments(packets)
    for place in range(0, len(segments), max(len(segments) // MOST, 1)):
        yield f"loses segment {place}", damage.drop(packets, segment=place)
    for place in [place for place, packet in enumerate(packets) if packet.connection == "discovery"]:
        yield f"loses datagram {place}", damage.drop(packets, place)
    for length in SNAP_LENGTHS:
        yield f"cut to {length} bytes", damage.snap(packets, length)
    for direction in (TO_RESPONDER, TO_INITIATOR):
        yield f"only {direction}", damage.one_direction_only(packets, direction)
        yield f"seen where packets {direction} arrive", seen_from(packets, direction)
    for connection in ("command", "event"):
        yield f"only the {connection} connection", damage.one_connection_only(packets, connection)
    yield "without handshakes", damage.without_handshake(packets)
    if len(packets) < FEWEST or any(packet.connection == "discovery" for packet in packets):
        return  # what follows is done to conversations over TCP
    rng = random.Random(len(packets))
    for skew in SKEWS_NS:
        yield f"packets to the responder {skew} ns late", damage.skewed(packets, skew, TO_RESPONDER)
        yield f"packets to the initiator {skew} ns late", damage.skewed(packets, skew, TO_INITIATOR)
        yield f"the event connection {skew} ns late", damage.skewed(packets, skew, connection="event")
    for step in STEPS_NS:
        for place in sorted(rng.sample(range(1, len(packets)), min(STEP_PLACES, len(packets) - 1))):
            yield f"clock set by {step} ns before packet {place}", damage.clock_set(packets, place, step)
    ends = [place for place, packet in enumerate(packets) if packet.flags & (SYN | FIN | RST)]
    for place in ends[:MOST]:
        yield f"loses packet {place}", damage.drop(packets, place)
    for _ in range(PAIRS):
        pair = rng.sample(range(len(packets)), 2)
        yield f"loses packets {pair}", damage.drop(packets, *pair)
    for seed in range(2):
        yield f"near packets shuffled, {seed}", damage.near_shuffle(packets, seed=seed)
    yield "both sides of a NAT", damage.both_sides_of_nat(packets)


def seen_from(packets: Sequence[Packet], arriving: str, round_trip_ns: int = ROUND_TRIP_NS) -> list[Packet]:
    """The same conversations, captured beside the host where packets in one direction arrive, far from the other.

    Whenever that host has spoken and the other one answers, a round trip passes; its own answers come at once.
    """
    ordered = sorted(packets, key=lambda packet: packet.time_ns)
    shift, result = 0, []
    for before, packet in zip([None, *ordered], ordered, strict=False):
        if before is not None and before.direction != arriving and packet.direction == arriving:
            shift += round_trip_ns
        result.append(replace(packet, time_ns=packet.time_ns + shift))
    return result
