"""What happens to captures: every story begins late, ends early, loses each segment in turn, is cut, is half seen.

``variants`` is what a capture lacks; ``disturbances`` is what networks, taps and clocks add: packets twice, in another
order, under another address, at another time. Each says what was done to the packets, so that a failure can be told.
Judges nothing. `python -m tests.rules.silence [KIND...]` tries all disturbances of all stories.
"""

from __future__ import annotations

import random
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import replace

from tests.rules import matrix
from tests.traffic import Packet, damage
from tests.traffic.packet import ACK, FIN, RST, SYN, TO_INITIATOR, TO_RESPONDER

SNAP_LENGTHS = (66, 74, 96, 110)  # behind the TCP header, inside and behind the PTP-IP header, inside the fixed fields
ROUND_TRIP_NS = 30_000_000
MOST = 60  # packets at which a story begins late or ends early, and segments that it loses: longer ones every n-th
NEAR_NS = 20_000_000  # packets this near may change places: two mirror ports, a card with several queues
SKEWS_NS = (40_000, 20_000_000, 49_000_000)  # between two queues of one card, and the clocks of two taps: below skew_ms
FAR_NS = (300_000_000, 20_000_000_000)  # between clocks that nobody set: beyond it, and what follows its cause shows it
STEPS_NS = (-100_000_000_000, -100_000_000, -50_000_000, 3_600_000_000_000)  # of a clock that is set
PAIRS = 4
LATE_NS = 300_000  # of a copy behind the original, as a mirror port sees both sides of a switch

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
        cut = [packet if packet.direction != direction else replace(packet, captured=74) for packet in packets]
        yield f"cut to 74 bytes {direction}", cut
        yield f"only {direction}", damage.one_direction_only(packets, direction)
        yield f"seen where packets {direction} arrive", seen_from(packets, direction)
    for connection in ("command", "event"):
        yield f"only the {connection} connection", damage.one_connection_only(packets, connection)
    yield "without handshakes", damage.without_handshake(packets)


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


def _twice(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    late = [replace(packet, time_ns=packet.time_ns + LATE_NS) for packet in packets]
    yield "every packet captured twice", _by_time([*packets, *late])
    place = rng.randrange(len(packets))
    yield f"packet {place} captured twice", damage.duplicate(packets, place)


def _near(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    for window in (2, 3, 6):
        seed = rng.randrange(1 << 16)
        shuffled = damage.near_shuffle(packets, NEAR_NS, seed, window)
        yield f"near packets in another order, {window} at a time, seed {seed}", shuffled


def _again(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    places = [place for place, index in enumerate(damage.segments(packets)) if packets[index].connection != "discovery"]
    for earlier, later in ((5, 7), (-3, 9)) if places else ():
        place = rng.choice(places)
        if len(packets[damage.segments(packets)[place]].payload) > abs(earlier):
            again = damage.retransmit(packets, place, 1 + rng.randrange(4), earlier, later)
            yield f"segment {place} sent again from {earlier} bytes before to {later} behind", again


def _without_marks(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    for place, packet in enumerate(packets):
        if packet.flags & (SYN | FIN | RST):
            yield f"loses packet {place}, {_mark(packet)} {packet.direction}", damage.drop(packets, place)
    bare = [
        place for place, packet in enumerate(packets) if not packet.payload and not packet.flags & (SYN | FIN | RST)
    ]
    yield "loses all ACKs without payload", damage.drop(packets, *bare)
    for place in rng.sample(bare, min(2, len(bare))):
        yield f"loses the ACK at {place}", damage.drop(packets, place)


def _mark(packet: Packet) -> str:
    return "SYN" if packet.flags & SYN else "FIN" if packet.flags & FIN else "RST"


def _pairs(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    for _ in range(PAIRS if len(packets) > 2 else 0):
        pair = rng.sample(range(len(packets)), 2)
        yield f"loses packets {pair}", damage.drop(packets, *pair)


def _set(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    for step_ns in STEPS_NS:
        place = rng.randrange(1, max(len(packets), 2))
        yield f"clock set by {step_ns / 1e9} s before packet {place}", damage.clock_set(packets, place, step_ns)


def _two_taps(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    for skew_ns in (*SKEWS_NS, *FAR_NS):
        for direction in (TO_INITIATOR, TO_RESPONDER):
            skewed = damage.skewed(packets, skew_ns, direction)
            yield f"directions from two taps, clocks {skew_ns / 1e6} ms apart, {direction} late", skewed


def _two_taps_by_connection(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    for skew_ns in SKEWS_NS:
        for late in ("event", "command"):
            skewed = damage.skewed(packets, skew_ns, connection=late)
            yield f"connections from two taps, clocks {skew_ns / 1e6} ms apart, {late} late", skewed


def _nat(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    both = damage.both_sides_of_nat(packets)
    yield "captured on both sides of a router", both
    for mark in (SYN, SYN | ACK):
        places = [place for place, packet in enumerate(both) if packet.flags == mark]
        if places:
            yield f"the same without a {'SYN' if mark == SYN else 'SYN-ACK'}", damage.drop(both, rng.choice(places))


def _one_stream_missing(packets: list[Packet], rng: random.Random) -> Iterator[Variant]:
    for connection in ("command", "event"):
        for direction in (TO_RESPONDER, TO_INITIATOR):
            rest = [one for one in packets if (one.connection, one.direction) != (connection, direction)]
            yield f"without what goes {direction} on the {connection} connection", rest


def _by_time(packets: Sequence[Packet]) -> list[Packet]:
    return sorted(packets, key=lambda packet: packet.time_ns)


Disturb = Callable[[list[Packet], random.Random], Iterator[Variant]]
DISTURBANCES: dict[str, Disturb] = {
    "twice": _twice,
    "near": _near,
    "again": _again,
    "marks": _without_marks,
    "pairs": _pairs,
    "set": _set,
    "taps": _two_taps,
    "taps-by-connection": _two_taps_by_connection,
    "nat": _nat,
    "stream": _one_stream_missing,
}
ON = tuple(DISTURBANCES)  # the kinds that the rules are known to bear


def disturbances(packets: Sequence[Packet], name: str, kinds: Sequence[str] = ON) -> Iterator[Variant]:
    """The disturbances of a story; the same each time for the same name."""
    for kind in kinds:
        yield from DISTURBANCES[kind](list(packets), random.Random(zlib.crc32(f"{kind} {name}".encode())))


def invented(said: Set[matrix.Accusation], known: Set[matrix.Accusation]) -> list[matrix.Accusation]:
    """What is said of a damaged capture and was not said of the whole one.

    That one of both did it is no invention where one of them did.
    """
    rules = {rule for rule, _ in known}
    return sorted((rule, who) for rule, who in said - known if who != "both" or rule not in rules)


def stories() -> dict[str, matrix.Story]:
    """All stories of the matrix, by name."""
    matrix.load()
    return {
        f"{tell.__module__.rpartition('.')[2]}-{tell.__name__}": tell
        for tell in [
            *(broken.tell for broken in matrix.BROKEN),
            *(tell for _, tell in (*matrix.KEPT, *matrix.SILENT)),
        ]
    }


def main(kinds: list[str]) -> int:
    """Try all disturbances of all stories, of these kinds; the exit code."""
    tried: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for name, tell in stories().items():
        known = matrix.accusations(matrix.found_in(tell))
        for kind in kinds or DISTURBANCES:
            for what, packets in disturbances(matrix.packets_of(tell()), name, [kind]):
                tried[kind] += 1
                if said := invented(matrix.accused_in(packets), known):
                    wrong[kind] += 1
                    print(f"{kind}: {name}, {what}: {', '.join(map(' by '.join, said))}", flush=True)
    for kind, count in tried.items():
        print(f"{kind}: {count} variants, {wrong[kind]} with an invented accusation")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
