"""What networks, capture points and disks do to packets: pure functions from a list of packets to a list of packets.

Every function leaves its argument alone, so they compose. Segments are counted from 0 over the packets that carry
payload. Nothing here knows PTP-IP.
"""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from .packet import ACK, FIN, RST, SYN, TO_RESPONDER, Packet, fragments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Extent = tuple[int, str, str, int, int]  # conversation, connection, direction, begin, end


def segments(packets: Sequence[Packet], connection: str | None = None, direction: str | None = None) -> list[int]:
    """Indices of the packets that carry payload, of one connection or direction if wanted."""
    return [
        index
        for index, packet in enumerate(packets)
        if packet.payload and connection in {None, packet.connection} and direction in {None, packet.direction}
    ]


def drop(packets: Sequence[Packet], *indices: int, segment: int | Iterable[int] = ()) -> list[Packet]:
    """Without these packets, and without these payload segments."""
    chosen = segments(packets)
    wanted = (segment,) if isinstance(segment, int) else segment
    gone = {range(len(packets))[index] for index in indices} | {chosen[index] for index in wanted}
    return [packet for index, packet in enumerate(packets) if index not in gone]


def duplicate(packets: Sequence[Packet], index: int, after: int = 1) -> list[Packet]:
    """The same frame a second time, ``after`` packets later, as a mirror port or a looping bridge delivers it."""
    return _insert(packets, index + after, [packets[index]])


def streams(packets: Sequence[Packet]) -> dict[tuple[int, str, str], bytes]:
    """The bytes of every stream, the first copy of each, from packets in order. Raises ValueError at a hole."""
    result: dict[tuple[int, str, str], bytearray] = {}
    for packet in packets:
        have = result.setdefault(packet.key, bytearray())
        if packet.payload:
            if packet.offset > len(have):
                raise ValueError(f"hole before offset {packet.offset} of {packet.key}")
            have += packet.payload[len(have) - packet.offset :]
    return {key: bytes(value) for key, value in result.items()}


def retransmit(
    packets: Sequence[Packet], segment: int, after: int = 2, earlier: int = 0, later: int = 0
) -> list[Packet]:
    """Send a segment's bytes again, ``after`` packets later.

    ``earlier`` and ``later`` move its boundaries outwards into the neighbouring bytes (inwards when negative);
    bytes that were not sent by then are not sent ahead of their time.
    """
    index = segments(packets)[segment]
    old, place = packets[index], index + max(after, 1)
    sent = [packet for packet in packets[:place] if packet.key == old.key and packet.payload]
    begin = max(min(packet.offset for packet in sent), old.offset - earlier)
    end = min(max(packet.end for packet in sent), old.end + later)
    if begin >= end:
        raise ValueError("nothing is left of the segment")
    known = bytearray(end)
    for packet in reversed(sent):  # the first copy stays
        known[packet.offset : packet.end] = packet.payload
    again = replace(
        old, sequence=(old.sequence + begin - old.offset) & 0xFFFFFFFF, offset=begin, payload=bytes(known[begin:end])
    )
    return _insert(packets, place, [again])


def _insert(packets: Sequence[Packet], place: int, new: Iterable[Packet]) -> list[Packet]:
    """Put packets before the one at ``place``, stamped just after the one before them."""
    place = min(max(place, 0), len(packets))
    time = packets[place - 1].time_ns if place else packets[0].time_ns - 1_000_000
    stamped = [replace(packet, time_ns=time + 1000 * count) for count, packet in enumerate(new, 1)]
    return [*packets[:place], *stamped, *packets[place:]]


def delay(packets: Sequence[Packet], segment: int, places: int = 2) -> list[Packet]:
    """Move a segment this many packets later: the network overtook it. Times stay with the places."""
    index = segments(packets)[segment]
    result = list(packets)
    result.insert(min(index + places, len(packets) - 1), result.pop(index))
    return [replace(packet, time_ns=old.time_ns) for packet, old in zip(result, packets, strict=True)]


def shuffle(packets: Sequence[Packet], window: int, seed: int = 0, restamp: bool = False) -> list[Packet]:
    """Shuffle within windows of this many packets. Times stay with the packets unless they are stamped anew."""
    rng, result = random.Random(seed), []
    for start in range(0, len(packets), window):
        part = list(packets[start : start + window])
        rng.shuffle(part)
        result += part
    if restamp:
        return [replace(packet, time_ns=old.time_ns) for packet, old in zip(result, packets, strict=True)]
    return result


def keep_alive(packets: Sequence[Packet], place: int, garbage: bool = True) -> list[Packet]:
    """A keep-alive by the sender of packet ``place - 1`` and its answer (RFC 9293 3.8.4).

    Its sequence number is the one before the next; the byte there, if it has one, is garbage.
    """
    last = packets[place - 1]
    if not last.end:
        raise ValueError("nothing has been sent yet")
    following = (last.sequence + len(last.payload)) & 0xFFFFFFFF
    probe = replace(last, sequence=(following - 1) & 0xFFFFFFFF, flags=ACK, offset=last.end - garbage,
                    payload=b"\0" if garbage else b"")  # fmt: skip
    answer = replace(_reverse(last), sequence=last.acknowledgment, acknowledgment=following, flags=ACK)
    return _insert(packets, place, [probe, answer])


def _reverse(packet: Packet) -> Packet:
    """An empty packet the other way; its numbers are the caller's to set."""
    direction = {"to-responder": "to-initiator", "to-initiator": "to-responder"}[packet.direction]
    return replace(packet, source=packet.destination, destination=packet.source, direction=direction, payload=b"")


def zero_window(packets: Sequence[Packet], segment: int, probe_byte: bool = True) -> list[Packet]:
    """Before a segment: the receiver closes its window, is probed (with the next byte, or none), and opens it again."""
    index = segments(packets)[segment]
    waiting = packets[index]
    shut = replace(_reverse(waiting), sequence=waiting.acknowledgment, acknowledgment=waiting.sequence, flags=ACK,
                   window=0)  # fmt: skip
    probe = replace(waiting, payload=waiting.payload[: int(probe_byte)], flags=ACK)
    if not probe_byte:
        probe = replace(probe, sequence=(waiting.sequence - 1) & 0xFFFFFFFF)
    return _insert(packets, index, [shut, probe, shut, replace(shut, window=502)])


def snap(packets: Sequence[Packet], length: int) -> list[Packet]:
    """Captured with a snap length."""
    return [replace(packet, captured=length) if len(packet.whole) > length else packet for packet in packets]


def begin_late(packets: Sequence[Packet], count: int) -> list[Packet]:
    """Without the first ``count`` packets."""
    return list(packets[count:])


def end_early(packets: Sequence[Packet], count: int) -> list[Packet]:
    """Without the last ``count`` packets."""
    return list(packets[: max(0, len(packets) - count)])


def one_direction_only(packets: Sequence[Packet], direction: str) -> list[Packet]:
    """Only what went this way: the capture point saw one side."""
    return [packet for packet in packets if packet.direction == direction]


def one_connection_only(packets: Sequence[Packet], connection: str) -> list[Packet]:
    """Only the command or the event connections."""
    return [packet for packet in packets if packet.connection == connection]


def without_handshake(packets: Sequence[Packet]) -> list[Packet]:
    """Without SYN packets and the ACK that completes the three-way handshake."""
    opened = {(packet.conversation, packet.connection) for packet in packets if packet.flags & SYN}
    result = []
    for packet in packets:
        connection = (packet.conversation, packet.connection)
        if connection in opened and not packet.payload and not packet.flags & (FIN | RST):
            if not packet.flags & SYN:
                opened.discard(connection)
            continue
        opened.discard(connection)
        result.append(packet)
    return result


def skewed(
    packets: Sequence[Packet], late_ns: int, direction: str | None = None, connection: str | None = None
) -> list[Packet]:
    """A capture of two taps or queues: what one of them sees is stamped ``late_ns`` later; by time."""
    moved = [
        replace(packet, time_ns=packet.time_ns + late_ns)
        if direction in {None, packet.direction} and connection in {None, packet.connection}
        else packet
        for packet in packets
    ]  # fmt: skip
    return sorted(moved, key=lambda packet: packet.time_ns)


def clock_set(packets: Sequence[Packet], place: int, by_ns: int) -> list[Packet]:
    """The clock of the capture is set, forward or back, in front of the packet at ``place``."""
    return [
        replace(packet, time_ns=packet.time_ns + by_ns) if at >= place else packet for at, packet in enumerate(packets)
    ]


def near_shuffle(packets: Sequence[Packet], within_ns: int = 20_000_000, seed: int = 0, most: int = 4) -> list[Packet]:
    """Packets that are as near as this to each other, ``most`` at a time, in random order, stamped anew: queues that
    are emptied in turn.
    """
    rng, result, start = random.Random(seed), list(packets), 0
    while start < len(result):
        end = start + 1
        while end < len(result) and result[end].time_ns - packets[start].time_ns <= within_ns and end - start < most:
            end += 1
        part = result[start:end]
        rng.shuffle(part)
        result[start:end] = part
        start = end
    return [replace(packet, time_ns=old.time_ns) for packet, old in zip(result, packets, strict=True)]


def both_sides_of_nat(packets: Sequence[Packet], outer: str = "198.51.100.7", later_ns: int = 20_000) -> list[Packet]:
    """Captured on all interfaces of a router that gives the initiator another address: every packet twice."""
    twice = []
    for packet in packets:
        inner, mapped = packet, replace(packet, time_ns=packet.time_ns + later_ns)
        if packet.direction == TO_RESPONDER:
            mapped = replace(mapped, source=(outer, packet.source[1]))
        else:
            mapped = replace(mapped, destination=(outer, packet.destination[1]))
        twice += [inner, mapped]
    return sorted(twice, key=lambda packet: packet.time_ns)


def interleave(*captures: Iterable[Packet]) -> list[Packet]:
    """Several conversations in one capture, by time."""
    return sorted((packet for capture in captures for packet in capture), key=lambda packet: packet.time_ns)


def in_turn(*captures: Sequence[Packet], pause_ns: int = 1_000_000_000) -> list[Packet]:
    """Several conversations one after another: times of the later ones move behind the earlier ones."""
    result: list[Packet] = []
    for capture in captures:
        shift = max(packet.time_ns for packet in result) + pause_ns - capture[0].time_ns if result else 0
        result += [replace(packet, time_ns=packet.time_ns + shift) for packet in capture]
    return result


def cut(packets: Sequence[Packet], index: int, length: int) -> list[Packet]:
    """One frame captured only up to ``length`` bytes."""
    return [replace(packet, captured=length) if at == index else packet for at, packet in enumerate(packets)]


def flip(packets: Sequence[Packet], index: int, byte: int, mask: int = 0xFF) -> list[Packet]:
    """One byte of one frame changed."""
    frame = bytearray(packets[index].whole)
    frame[byte] ^= mask
    return [replace(packet, raw=bytes(frame)) if at == index else packet for at, packet in enumerate(packets)]


def bad_checksums(packets: Sequence[Packet], every: int = 1) -> list[Packet]:
    """Wrong TCP checksums on every n-th packet, as checksum offload leaves them."""
    return [replace(packet, checksum_error=0 if at % every else 0x5A5A) for at, packet in enumerate(packets)]


def super_segments(packets: Sequence[Packet], size: int = 64000) -> list[Packet]:
    """Join segments that follow each other directly (only ACKs between) into packets of up to ``size`` bytes (TSO)."""
    result: list[Packet] = []
    growing: dict[tuple[int, str], int] = {}  # each connection's last packet with payload, unless it ended
    for packet in packets:
        connection = (packet.conversation, packet.connection)
        if packet.flags & (SYN | FIN | RST):
            growing.pop(connection, None)
        elif packet.payload:
            at = growing.setdefault(connection, len(result))
            if at < len(result):
                first = result[at]
                if (first.key, first.end) == (packet.key, packet.offset) and packet.end - first.offset <= size:
                    result[at] = replace(
                        first, payload=first.payload + packet.payload, flags=first.flags | packet.flags
                    )
                    continue
                growing[connection] = len(result)
        result.append(packet)
    return result


def vlan(packets: Sequence[Packet], *tags: int) -> list[Packet]:
    """With 802.1Q tags (outermost first; all but the innermost are 802.1ad)."""
    return [replace(packet, vlan=tags) for packet in packets]


def on_link(packets: Sequence[Packet], link: str) -> list[Packet]:
    """Captured on another link type (a key of LINK_TYPES)."""
    return [replace(packet, link=link) for packet in packets]


def padded(packets: Sequence[Packet]) -> list[Packet]:
    """Short Ethernet frames padded to 60 bytes with bytes that are not zero."""
    return [replace(packet, padded=True) for packet in packets]


def fragmented(packets: Sequence[Packet], size: int = 512, backwards: bool = False) -> list[Packet]:
    """Every IP packet in fragments of at most ``size`` bytes, the last one first if wanted."""
    result: list[Packet] = []
    for packet in packets:
        parts = fragments(packet, size)
        if backwards:
            times = [part.time_ns for part in parts]
            parts = [replace(part, time_ns=time) for part, time in zip(reversed(parts), times, strict=True)]
        result += parts
    return result


def lost(whole: Sequence[Packet], rest: Sequence[Packet]) -> list[Extent]:
    """Stream extents that packets of ``whole`` carried and no packet of ``rest`` does."""
    have: dict[tuple[int, str, str], list[tuple[int, int]]] = {}
    for packet in rest:
        have.setdefault(packet.key, []).append((packet.offset, packet.offset + len(packet.carried)))
    result: list[Extent] = []
    for key, data in streams(whole).items():
        spans = sorted([*have.get(key, []), (0, 0), (len(data), len(data))])
        reach = 0
        for (_, end), (begin, _) in pairwise(spans):
            reach = max(reach, end)
            if begin > reach:
                result.append((*key, reach, begin))
    return result


def frames(packets: Sequence[Packet], extent: Extent) -> list[int]:
    """Numbers (from 1) of the frames in which bytes of this extent first appear."""
    *key, begin, end = extent
    missing, result = set(range(begin, end)), []
    for number, packet in enumerate(packets, 1):
        if packet.key == tuple(key):
            fresh = missing.intersection(range(packet.offset, packet.offset + len(packet.carried)))
            if fresh:
                result.append(number)
                missing -= fresh
    return result


def touched(extents: Iterable[Extent], lost_extents: Iterable[Extent]) -> bool:
    """Whether any of the first extents (of a transaction's messages, say) shares a byte with any of the others."""
    others = list(lost_extents)
    return any(one[:3] == two[:3] and one[3] < two[4] and two[3] < one[4] for one in extents for two in others)
