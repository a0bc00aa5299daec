"""Packets as capture files: pcap and pcapng in all their variants.

Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Promises files without faults; tests damage their bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from .packet import LINK_TYPES, Packet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def pcap_bytes(packets: Sequence[Packet], nano: bool = False, big_endian: bool = False, snaplen: int = 262144) -> bytes:
    """A pcap file; all packets must be of one link type. Raises ValueError otherwise."""
    links = {packet.link for packet in packets} or {"ethernet"}
    if len(links) > 1:
        raise ValueError(f"a pcap file has one link type, not {sorted(links)}")
    order, unit = ">" if big_endian else "<", 1 if nano else 1000
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    parts = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snaplen, LINK_TYPES[links.pop()])]
    for packet in packets:
        whole, seconds, rest = packet.whole, packet.time_ns // 10**9, packet.time_ns % 10**9
        frame = whole[: packet.captured][:snaplen]
        parts += [struct.pack(f"{order}IIII", seconds, rest // unit, len(frame), len(whole)), frame]
    return b"".join(parts)


def pcapng_bytes(packets: Sequence[Packet], big_endian: bool = False, resolution: int = 9, offset_s: int = 0,
                 block: str = "enhanced", sections: int = 1, unknown: bool = False, snaplen: int = 0
                 ) -> bytes:  # fmt: skip
    """A pcapng file with an interface for each link type in each section.

    ``resolution`` is ``if_tsresol`` (9: nanoseconds; with bit 0x80 a power of two), ``offset_s`` is ``if_tsoffset``,
    ``block`` is "enhanced", "simple" (one link type, no times) or "obsolete". ``unknown`` scatters blocks and options
    that no reader knows.
    """
    order = ">" if big_endian else "<"

    def sealed(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack(f"{order}II", kind, len(body) + 12) + body + struct.pack(f"{order}I", len(body) + 12)

    def option(code: int, value: bytes) -> bytes:
        return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)

    links = sorted({packet.link for packet in packets}) or ["ethernet"]
    if block == "simple" and len(links) > 1:
        raise ValueError("simple packet blocks belong to the first interface")
    strange = sealed(0x0BADBEEF, b"skip me") if unknown else b""
    parts: list[bytes] = []
    size = -(-len(packets) // sections) or 1
    for section in range(sections):
        noise = option(0x8BAD, b"odd") if unknown else b""
        parts.append(sealed(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1) + noise))
        for link in links:
            options = option(9, bytes([resolution])) + option(14, struct.pack(f"{order}q", offset_s)) + noise
            head = struct.pack(f"{order}HHI", LINK_TYPES[link], 0, snaplen)
            parts += [sealed(1, head + options + option(0, b"")), strange]
        for packet in packets[section * size : (section + 1) * size]:
            whole = packet.whole
            frame = whole[: packet.captured][: snaplen or None]
            per_second = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
            ticks = (packet.time_ns - offset_s * 10**9) * per_second // 10**9
            words = (links.index(packet.link), ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(whole))
            padding = bytes(-len(frame) % 4)
            if block == "enhanced":
                parts.append(sealed(6, struct.pack(f"{order}IIIII", *words) + frame + padding + noise))
            elif block == "obsolete":
                head = struct.pack(f"{order}HHIIII", words[0], 0, *words[1:])
                parts.append(sealed(2, head + frame + padding + noise))
            else:
                parts.append(sealed(3, struct.pack(f"{order}I", len(whole)) + frame))
            parts.append(strange)
    return b"".join(parts)


def write_pcap(path: Path, packets: Sequence[Packet], nano: bool = False, big_endian: bool = False,
               snaplen: int = 262144) -> Path:  # fmt: skip
    """Write ``pcap_bytes`` and return the path."""
    path.write_bytes(pcap_bytes(packets, nano, big_endian, snaplen))
    return path


def write_pcapng(path: Path, packets: Sequence[Packet], big_endian: bool = False, resolution: int = 9,
                 offset_s: int = 0, block: str = "enhanced", sections: int = 1, unknown: bool = False,
                 snaplen: int = 0) -> Path:  # fmt: skip
    """Write ``pcapng_bytes`` and return the path."""
    path.write_bytes(pcapng_bytes(packets, big_endian, resolution, offset_s, block, sections, unknown, snaplen))
    return path
