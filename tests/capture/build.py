"""Frames and capture files, written byte by byte after the standards, and what our reader makes of them."""

from __future__ import annotations

import io
import ipaddress
import struct
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ptpip_analyze.capture import CaptureError, Dissected, Dissector, open_capture
from tests.support import program

CLIENT, CAMERA = "192.168.1.2", "192.168.1.1"
CLIENT_6, CAMERA_6 = "fe80::1:2", "2001:db8::1"
SYN, PSH, ACK, FIN = 2, 8, 16, 1
SHARED_CAPTURES = sorted(Path(__file__).resolve().parents[3].joinpath("shared", "captures").glob("*.pcap"))


def tcp(payload: bytes = b"", sport: int = 40000, dport: int = 15740, sequence: int = 1000, acknowledgment: int = 2000,
        flags: int = ACK, window: int = 502, options: bytes = b"", offset: int | None = None) -> bytes:  # fmt: skip
    offset = 5 + len(options) // 4 if offset is None else offset
    head = struct.pack(
        ">HHIIBBHHH", sport, dport, sequence, acknowledgment, offset << 4, flags, window, 0, 0
    )  # fmt: skip
    return head + options + payload


def ipv4(payload: bytes, source: str = CLIENT, destination: str = CAMERA, protocol: int = 6, options: bytes = b"",
         total: int | None = None, identification: int = 7, fragment: int = 0x4000, first: int | None = None
         ) -> bytes:  # fmt: skip
    size = 20 + len(options)
    head = struct.pack(
        ">BBHHHBBH4s4s", 0x40 | size // 4 if first is None else first, 0,
        size + len(payload) if total is None else total, identification, fragment, 64, protocol, 0,
        ipaddress.IPv4Address(source).packed,
        ipaddress.IPv4Address(destination).packed,
    )  # fmt: skip
    return head + options + payload


def ipv6(payload: bytes, following: int = 6, length: int | None = None, source: str = CLIENT_6,
         destination: str = CAMERA_6, first: int = 0x60) -> bytes:  # fmt: skip
    head = struct.pack(
        ">BxxxHBB16s16s", first, len(payload) if length is None else length, following, 64,
        ipaddress.IPv6Address(source).packed, ipaddress.IPv6Address(destination).packed,
    )  # fmt: skip
    return head + payload


def ethernet(payload: bytes, kind: int = 0x0800, tags: tuple[int, ...] = ()) -> bytes:
    types = b"".join(struct.pack(">HH", tag, 5) for tag in tags) + struct.pack(">H", kind)
    return b"\x02\0\0\0\0\1" + b"\x02\0\0\0\0\2" + types + payload


def frames(count: int = 5, size: int = 100) -> list[bytes]:
    """A run of Ethernet frames with TCP segments of growing size."""
    return [
        ethernet(ipv4(tcp(bytes([index & 0xFF]) * (size + index), sequence=1000 + index * 500)))
        for index in range(count)
    ]


def pcap(packets: list[bytes], order: str = "<", magic: int = 0xA1B2C3D4, link: int = 1,
         version: tuple[int, int] = (2, 4), originals: dict[int, int] | None = None,
         start: int = 1_700_000_000) -> bytes:  # fmt: skip
    parts = [struct.pack(f"{order}IHHiIII", magic, *version, 0, 0, 262144, link)]
    for index, packet in enumerate(packets):
        original = (originals or {}).get(index, len(packet))
        parts.append(struct.pack(f"{order}IIII", start + index, 123456 + index, len(packet), original))
        if magic == 0xA1B2CD34:
            parts.append(struct.pack(f"{order}IHBx", 2, 0x0800, 0))
        parts.append(packet)
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + size + body + size


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", version: tuple[int, int] = (1, 0)) -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, *version, -1), order)


def interface(order: str = "<", link: int = 1, snaplen: int = 0, options: bytes = b"") -> bytes:
    return block(1, struct.pack(f"{order}HHI", link, 0, snaplen) + options, order)


def enhanced(packet: bytes, ticks: int, order: str = "<", number: int = 0, original: int | None = None,
             options: bytes = b"") -> bytes:  # fmt: skip
    original = len(packet) if original is None else original
    head = struct.pack(f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), original)
    return block(6, head + packet + bytes(-len(packet) % 4) + options, order)


def simple(packet: bytes, order: str = "<", original: int | None = None) -> bytes:
    return block(3, struct.pack(f"{order}I", len(packet) if original is None else original) + packet, order)


def obsolete(packet: bytes, ticks: int, order: str = "<", number: int = 0, drops: int = 0xFFFF) -> bytes:
    head = struct.pack(
        f"{order}HHIIII", number, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), len(packet)
    )  # fmt: skip
    return block(2, head + packet, order)


class Reading:
    """All batches of a capture as one: columns of packets and segments, payloads, damage."""

    def __init__(self, capture: Any, chunk_bytes: int = 1 << 20, **options: Any) -> None:
        parts: list[dict[str, np.ndarray]] = []
        self.batches = 0
        with open_capture(io.BytesIO(capture) if isinstance(capture, bytes) else capture, **options) as source:
            dissector, count = Dissector(), 0
            for batch in source.batches(chunk_bytes):
                assert batch.first == count
                part = {name: getattr(batch, name) for name in ("time", "position", "captured", "original", "link")}
                assert len({len(column) for column in part.values()}) == 1
                assert int((batch.position + batch.captured).max()) <= batch.base + len(batch.data)
                found = dissector.dissect(batch)
                part |= {
                    f"payload_{field.name}" if field.name in part else field.name: getattr(found, field.name)
                    for field in fields(Dissected)
                    if field.name != "datagrams"
                }
                part["row"] = part["row"] + count
                parts.append({name: column.copy() for name, column in part.items()})
                count += len(batch.time)
                self.batches += 1
            self.format, self.compression, self.size = source.format, source.compression, source.size
            self.damage: CaptureError | None = source.damage
            self.one_interface = source.one_interface
            self.links, self.unknown_links, self.dropped = source.links, source.unknown_links, source.dropped
            self.columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
            self.packets = [
                source.read(int(position), int(captured))
                for position, captured in zip(self.list("position"), self.list("captured"), strict=True)
            ]
            self.payloads = [
                source.read(at, size)
                for at, size in zip(self.list("payload_position"), self.list("payload_captured"), strict=True)
            ]

    def list(self, name: str) -> list[int]:
        return self.columns[name].tolist() if name in self.columns else []


def address(high: int, low: int) -> str:
    number = high << 64 | low
    mapped = ipaddress.IPv6Address(number).ipv4_mapped
    return str(mapped or ipaddress.IPv6Address(number))


def tshark(path: Path, *names: str) -> list[list[str]]:
    """Values of fields, a row per frame. Skips the test without tshark, except where CI=true promises it."""
    command = [program("tshark"), "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=l"]
    for name in names:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line.split("\t") for line in done.stdout.splitlines()]
