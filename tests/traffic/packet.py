"""One TCP packet of a pretend conversation, and the frame it becomes on any of the supported link types.

Promises valid lengths and checksums unless an error is asked for. Refuses to know PTP-IP: payload is bytes.
Link-layer headers: https://www.tcpdump.org/linktypes.html. IPv4 RFC 791, IPv6 RFC 8200, TCP RFC 9293.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, replace
from functools import cache, lru_cache

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
TO_RESPONDER, TO_INITIATOR = "to-responder", "to-initiator"
LINK_TYPES = {"ethernet": 1, "null": 0, "loop": 108, "raw": 101, "sll": 113, "sll2": 276, "ieee802_11": 105,
              "radiotap": 127}  # fmt: skip
STATIONS = (b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02")  # responder, initiator


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet with what it carries in the stream: ``payload`` begins ``offset`` bytes after the SYN.

    ``conversation`` and ``connection`` ("command" or "event") say whose it is. ``captured`` cuts the frame as a
    snap length does. ``checksum_error`` is XORed into the TCP checksum. ``raw`` replaces the whole frame: what
    remains of the other fields then says what it carried (a fragment, a damaged frame).
    """

    time_ns: int
    conversation: int
    connection: str
    direction: str
    source: tuple[str, int]
    destination: tuple[str, int]
    sequence: int
    acknowledgment: int
    flags: int
    offset: int
    payload: bytes = b""
    window: int = 502
    options: bytes = b""
    identification: int = 0
    link: str = "ethernet"
    vlan: tuple[int, ...] = ()
    padded: bool = False
    checksum_error: int = 0
    captured: int | None = None
    raw: bytes | None = None

    @property
    def whole(self) -> bytes:
        """The frame as it was on the wire."""
        return self.raw if self.raw is not None else _framed(self)

    @property
    def frame(self) -> bytes:
        """The frame as the capture has it."""
        return self.whole[: self.captured]

    @property
    def end(self) -> int:
        """Stream offset just after the payload."""
        return self.offset + len(self.payload)

    @property
    def key(self) -> tuple[int, str, str]:
        """Which stream: conversation, connection, direction."""
        return self.conversation, self.connection, self.direction

    @property
    def carried(self) -> bytes:
        """The payload that is left in the capture: what a snap length did not cut off."""
        if self.captured is None:
            return self.payload
        header = len(replace(self, padded=False, captured=None).whole) - len(self.payload)
        return self.payload[: max(0, self.captured - header)]


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) as a number."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@lru_cache(maxsize=512)  # a story is told in many variants, most packets of which are the same
def _framed(packet: Packet) -> bytes:
    return link_frame(packet, network_packet(packet))


@cache
def packed(address: str) -> bytes:
    """An IPv4 or IPv6 address as it stands in a header."""
    return ipaddress.ip_address(address).packed


def tcp_segment(packet: Packet) -> bytes:
    """TCP header, options and payload with a checksum over the pseudo header."""
    source, destination = packed(packet.source[0]), packed(packet.destination[0])
    words = (20 + len(packet.options)) // 4
    head = struct.pack(">HHIIBBH", packet.source[1], packet.destination[1], packet.sequence, packet.acknowledgment,
                       words << 4, packet.flags, packet.window)  # fmt: skip
    size = words * 4 + len(packet.payload)
    pseudo = source + destination + (struct.pack(">BBH", 0, 6, size & 0xFFFF) if len(source) == 4
                                     else struct.pack(">IHBB", size, 0, 0, 6))  # fmt: skip
    tail = b"\0\0" + packet.options + packet.payload
    value = checksum(pseudo + head + b"\0\0" + tail) ^ packet.checksum_error
    return head + struct.pack(">H", value) + tail


def ipv4_header(packet: Packet, size: int, fragment: int = 0x4000) -> bytes:
    """An IPv4 header for ``size`` bytes. A length that does not fit is 0, as segmentation offload leaves it."""
    total = 20 + size if 20 + size <= 0xFFFF else 0
    source, destination = packed(packet.source[0]), packed(packet.destination[0])
    head = struct.pack(">BBHHHBB", 0x45, 0, total, packet.identification, fragment, 64, 6)
    return head + struct.pack(">H", checksum(head + b"\0\0" + source + destination)) + source + destination


def ipv6_header(packet: Packet, size: int, following: int = 6) -> bytes:
    """An IPv6 header for ``size`` bytes of payload, extension headers included."""
    source, destination = packed(packet.source[0]), packed(packet.destination[0])
    return struct.pack(">IHBB", 6 << 28, size if size <= 0xFFFF else 0, following, 64) + source + destination


def is_ipv6(packet: Packet) -> bool:
    """Whether the packet's addresses are IPv6."""
    return ":" in packet.source[0]


def network_packet(packet: Packet) -> bytes:
    """The IP packet."""
    segment = tcp_segment(packet)
    return (ipv6_header if is_ipv6(packet) else ipv4_header)(packet, len(segment)) + segment


def link_frame(packet: Packet, network: bytes) -> bytes:
    """The IP packet in a frame of ``packet.link``."""
    destination, source = STATIONS if packet.direction == TO_RESPONDER else STATIONS[::-1]
    ethertype = struct.pack(">H", 0x86DD if is_ipv6(packet) else 0x0800)
    if packet.link == "ethernet":
        tags = b"".join(struct.pack(">HH", 0x88A8 if at < len(packet.vlan) - 1 else 0x8100, tag)
                        for at, tag in enumerate(packet.vlan))  # fmt: skip
        frame = destination + source + tags + ethertype + network
        return frame.ljust(60, b"\xaa") if packet.padded else frame
    kind = 4 if packet.direction == TO_RESPONDER else 0
    if packet.link == "sll":
        return struct.pack(">HHH8s", kind, 1, 6, source) + ethertype + network
    if packet.link == "sll2":
        return ethertype + struct.pack(">HIHBB8s", 0, 2, 1, kind, 6, source) + network
    if packet.link == "raw":
        return network
    if packet.link in {"null", "loop"}:
        family = 30 if is_ipv6(packet) else 2
        return struct.pack("<I" if packet.link == "null" else ">I", family) + network
    bits = b"\x08\x01" if packet.direction == TO_RESPONDER else b"\x08\x02"  # data, to or from the access point
    addresses = destination + source + destination
    wireless = bits + b"\0\0" + addresses + b"\0\0" + b"\xaa\xaa\x03\0\0\0" + ethertype + network
    if packet.link == "ieee802_11":
        return wireless
    if packet.link == "radiotap":
        return struct.pack("<BBHI", 0, 0, 8, 0) + wireless
    raise ValueError(f"no such link type: {packet.link}")


def fragments(packet: Packet, size: int) -> list[Packet]:
    """The packet as IP fragments of at most ``size`` bytes (a multiple of 8) after the IP header."""
    if size % 8 or size < 40:
        raise ValueError("a fragment is a multiple of 8 bytes, and the first holds the TCP header")
    segment = tcp_segment(packet)
    header = len(segment) - len(packet.payload)
    if len(segment) <= size:
        return [packet]
    result = []
    for start in range(0, len(segment), size):
        part, more = segment[start : start + size], start + size < len(segment)
        if is_ipv6(packet):
            extension = struct.pack(">BBHI", 6, 0, start | more, packet.identification)
            network = ipv6_header(packet, 8 + len(part), 44) + extension + part
        else:
            network = ipv4_header(packet, len(part), (0x2000 if more else 0) | start // 8) + part
        begin, end = max(0, start - header), max(0, start + len(part) - header)
        result.append(replace(packet, time_ns=packet.time_ns + start // size, raw=link_frame(packet, network),
                              offset=packet.offset + begin, payload=packet.payload[begin:end]))  # fmt: skip
    return result
