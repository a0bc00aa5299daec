"""What devices say before a session: multicast DNS, SSDP, DHCP and ARP as bytes, and the UDP packets that carry them.

Promises bytes by hand and ``struct`` alone (RFC 1035, RFC 6762, UPnP Device Architecture, RFC 2131, RFC 826): nothing
here imports the product or its DNS parser. Refuses to judge: a record may loop and a length may lie.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import replace

from .conversation import START_NS
from .packet import LINK_TYPES, STATIONS, TO_INITIATOR, Packet, checksum, ipv4_header, ipv6_header, is_ipv6, link_frame

MDNS_GROUP, SSDP_GROUP, BROADCAST = "224.0.0.251", "239.255.255.250", "255.255.255.255"
CAMERA, DESK = "192.168.1.1", "192.168.1.20"
S = 10**9
A, PTR, TXT, AAAA, SRV, ANY = 1, 12, 16, 28, 33, 255
IN, FLUSH = 1, 0x8001
assert LINK_TYPES["ethernet"] == 1


def udp(payload: bytes, source: tuple[str, int], destination: tuple[str, int], at_s: float = -1.0, *,
        station: bytes | None = None, link: str = "ethernet") -> Packet:  # fmt: skip
    """A UDP packet ``at_s`` seconds from the usual start of conversations; ``station`` is who sends it on the link."""
    bare = Packet(START_NS + round(at_s * S), -1, "discovery", TO_INITIATOR, source, destination, 0, 0, 0, 0, link=link)
    size = 8 + len(payload)
    head = struct.pack(">HHH", source[1], destination[1], size)
    ends = b"".join(ipaddress.ip_address(one[0]).packed for one in (source, destination))
    pseudo = ends + (struct.pack(">IHBB", size, 0, 0, 17) if is_ipv6(bare) else struct.pack(">BBH", 0, 17, size))
    datagram = head + struct.pack(">H", checksum(pseudo + head + b"\0\0" + payload)) + payload
    if is_ipv6(bare):
        network = ipv6_header(bare, size, 17) + datagram
    else:
        network = bytearray(ipv4_header(bare, size) + datagram)
        network[9:12] = b"\x11\0\0"
        network[10:12] = struct.pack(">H", checksum(bytes(network[:20])))
    frame = link_frame(bare, bytes(network))
    if link == "ethernet":
        frame = frame[:6] + (station or STATIONS[source[0] == DESK]) + frame[12:]
    return replace(bare, raw=frame)


# Multicast DNS


def name(text: str) -> bytes:
    """A domain name, label by label; a backslash keeps a dot inside a label."""
    parts = text.replace("\\.", "\0").split(".") if text else []
    labels = [part.replace("\0", ".").encode() for part in parts]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(owner: str | bytes, kind: int, data: bytes, ttl: int = 120, cls: int = FLUSH) -> bytes:
    """One resource record."""
    raw = owner if isinstance(owner, bytes) else name(owner)
    return raw + struct.pack(">HHIH", kind, cls, ttl, len(data)) + data


def ptr(owner: str, target: str, ttl: int = 4500) -> bytes:
    return record(owner, PTR, name(target), ttl, IN)


def srv(owner: str, port: int, target: str, ttl: int = 120) -> bytes:
    return record(owner, SRV, struct.pack(">HHH", 0, 0, port) + name(target), ttl)


def txt(owner: str, *strings: bytes, ttl: int = 4500) -> bytes:
    return record(owner, TXT, b"".join(bytes([len(one)]) + one for one in strings) or b"\0", ttl)


def host(owner: str, address: str, ttl: int = 120) -> bytes:
    packed = ipaddress.ip_address(address).packed
    return record(owner, A if len(packed) == 4 else AAAA, packed, ttl)


def dns(*records: bytes, questions: tuple[bytes, ...] = (), answer: bool = True, counts: tuple[int, int] | None = None
        ) -> bytes:  # fmt: skip
    """A message; ``counts`` lies about how many questions and answers there are."""
    asked, told = counts or (len(questions), len(records))
    head = struct.pack(">6H", 0, 0x8400 if answer else 0, asked, told, 0, 0)
    return head + b"".join(questions) + b"".join(records)


def question(owner: str, kind: int = PTR) -> bytes:
    return name(owner) + struct.pack(">HH", kind, IN)


def mdns(payload: bytes, at_s: float = -1.0, source: str = CAMERA, **options: object) -> Packet:
    """A datagram to the group of multicast DNS."""
    group = "ff02::fb" if ":" in source else MDNS_GROUP
    return udp(payload, (source, 5353), (group, 5353), at_s, **options)  # type: ignore[arg-type]


def announced(instance: str = "camera", *strings: bytes, port: int = 15740, target: str = "camera.local",
              address: str = CAMERA, service: str = "_ptp._tcp.local", ttl: int = 120) -> bytes:  # fmt: skip
    """Everything that a camera announces, in one message."""
    whole = f"{instance}.{service}"
    pointer, text = ptr(service, whole, ttl * 37 if ttl else 0), txt(whole, *strings, ttl=ttl)
    return dns(pointer, srv(whole, port, target, ttl), text, host(target, address, ttl))


# SSDP


def ssdp(start: str, **headers: str) -> bytes:
    """An SSDP message; an underscore in a header's name is a dash."""
    lines = [start, *(f"{key.replace('_', '-')}: {value}" for key, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


CANON = "urn:schemas-canon-com:service:ICPO-SmartPhoneEOSSystemService:1"


def notify(uuid: str, service: str = CANON, location: str = f"http://{CAMERA}:49152/upnp/CameraDevDesc.xml",
           nts: str = "ssdp:alive", age: int = 1800) -> bytes:  # fmt: skip
    """A device says that it is there, or that it leaves."""
    extra = {"LOCATION": location, "CACHE_CONTROL": f"max-age={age}"} if nts == "ssdp:alive" else {}
    return ssdp(
        "NOTIFY * HTTP/1.1", HOST="239.255.255.250:1900", **extra, NT=service, NTS=nts, SERVER="Camera OS/1.0 UPnP/1.0",
        USN=f"uuid:{uuid}::{service}",
    )  # fmt: skip


def to_group(payload: bytes, at_s: float = -1.0, source: str = CAMERA, port: int = 1900) -> Packet:
    """A datagram to the group of SSDP."""
    return udp(payload, (source, port), (SSDP_GROUP, 1900), at_s)


def uuid_text(guid: bytes) -> str:
    digits = guid.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


# How addresses are got


def dhcp(kind: int, yours: str = "0.0.0.0", station: bytes = STATIONS[0], *options: tuple[int, bytes]) -> bytes:
    """A DHCP message (RFC 2131): 1 discover, 2 offer, 3 request, 5 ack."""
    reply = kind in {2, 5, 6}
    head = struct.pack(">BBBBIHH", 2 if reply else 1, 1, 6, 0, 7, 0, 0)
    addresses = bytes(4) + ipaddress.ip_address(yours).packed + bytes(8)
    listed = b"".join(bytes([code, len(value)]) + value for code, value in ((53, bytes([kind])), *options))
    return head + addresses + station + bytes(10 + 192) + b"\x63\x82\x53\x63" + listed + b"\xff"


def dhcp_packet(kind: int, yours: str = "0.0.0.0", at_s: float = -1.0, *options: tuple[int, bytes],
                station: bytes = STATIONS[0]) -> Packet:  # fmt: skip
    """The same in its packet: from the server for what servers say."""
    ports = (("192.168.1.254", 67), (BROADCAST, 68)) if kind in {2, 5, 6} else (("0.0.0.0", 68), (BROADCAST, 67))
    return udp(
        dhcp(kind, yours, station, *options), *ports, at_s, station=b"\2\0\0\0\0\xfe" if kind in {2, 5, 6} else station
    )


def arp(sender: str, target: str, at_s: float = -1.0, station: bytes = STATIONS[0]) -> Packet:
    """An ARP request (RFC 826): a probe where the sender is 0.0.0.0, a claim where both are the same."""
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + station + ipaddress.ip_address(sender).packed
    frame = b"\xff" * 6 + station + b"\x08\x06" + body + bytes(6) + ipaddress.ip_address(target).packed
    bare = Packet(START_NS + round(at_s * S), -1, "discovery", TO_INITIATOR, (sender, 0), (target, 0), 0, 0, 0, 0)
    return replace(bare, raw=frame.ljust(60, b"\0"))
