"""A capture file written anew around scrubbed packets: records and times stay, all that people or programs wrote beside
the packets does not.

Promises every frame at its number, with its time, lengths and link type. Of pcapng nothing but packets, interfaces
(link type, snap length, resolution of times) and counters of lost packets is copied: comments, names of interfaces,
hosts and programs, name resolution, keys, and blocks of makers' own are left out. Refuses what is behind damage.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from ..capture import PacketBatch, Source
from ..capture.pcap import FILE_HEADER_BYTES
from ..capture.pcapng import (
    ENHANCED_PACKET,
    INTERFACE,
    NOT_A_PACKET,
    OBSOLETE_PACKET,
    SECTION,
    SIMPLE_PACKET,
    STATISTICS,
)

Scrub = Callable[[PacketBatch], np.ndarray]
_BEFORE = {ENHANCED_PACKET: 28, OBSOLETE_PACKET: 28, SIMPLE_PACKET: 12}  # bytes in front of a packet's
_KEPT_OPTIONS = {INTERFACE: (16, {9, 14}), STATISTICS: (20, {2, 3, 4, 5, 6, 7, 8})}  # where they begin, and which
_END_OF_OPTIONS = bytes(4)


def copy(source: Source, scrub: Scrub, out: BinaryIO) -> Counter[str]:
    """Write a capture with other bytes in its packets; what was left out of it, by kind."""
    return _pcap(source, scrub, out) if source.format == "pcap" else _Blocks(source, out).copy(scrub)


def _pcap(source: Source, scrub: Scrub, out: BinaryIO) -> Counter[str]:
    head = bytearray(source.read(0, FILE_HEADER_BYTES))
    head[8:16] = bytes(8)  # of no meaning today, and so a place to hide something
    out.write(head)
    size = _record_bytes(bytes(head))
    for batch in source.batches():
        data = scrub(batch)
        low = int(batch.position[0]) - batch.base - size
        high = int(batch.position[-1]) - batch.base + int(batch.captured[-1])
        out.write(data[low:high].data)
    return Counter()


def _record_bytes(head: bytes) -> int:
    return 24 if head[:4] in (b"\x34\xcd\xb2\xa1", b"\xa1\xb2\xcd\x34") else 16


class _Blocks:
    """The blocks of a pcapng file, copied one by one."""

    def __init__(self, source: Source, out: BinaryIO) -> None:
        self._source, self._out = source, out
        self._at = 0
        self._order = "<"
        self._left_out: Counter[str] = Counter()

    def copy(self, scrub: Scrub) -> Counter[str]:
        """Write them all."""
        for batch in self._source.batches():
            data = scrub(batch)
            parts: list[bytes] = []
            columns = (batch.position - batch.base, batch.captured, batch.link)
            for position, captured, link in zip(*(column.tolist() for column in columns), strict=True):
                begin = position + batch.base
                while True:
                    kind, length = self._head()
                    if self._at + length > begin:
                        break
                    parts.append(self._other(kind, length))
                parts.append(self._frame(data, position, captured, kind, length, packet=link != NOT_A_PACKET))
            self._out.write(b"".join(parts))
        while self._source.damage is None and self._source.size - self._at >= 12:
            kind, length = self._head()
            self._out.write(self._other(kind, length))
        return self._left_out

    def _head(self) -> tuple[int, int]:
        """Type and length of the next block."""
        head = self._source.read(self._at, 12)
        if head[:4] == b"\x0a\x0d\x0d\x0a":
            self._order = "<" if head[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, length = struct.unpack_from(self._order + "II", head)
        return kind, length

    def _frame(self, data: np.ndarray, position: int, captured: int, kind: int, length: int, *, packet: bool) -> bytes:
        before = _BEFORE.get(kind)
        body = data[position : position + captured].tobytes()
        if before is None or not packet:  # no packet, but it counts as a frame
            head = self._source.read(self._at, min(length - 4, 8))
            self._left_out["frames that are no packets"] += 1
            self._at += length
            return head + bytes(length - 12) + struct.pack(self._order + "I", length)
        head = self._source.read(self._at + 8, before - 8)
        new = before + len(body) + -len(body) % 4 + 4
        if new < length:
            self._left_out["packet options"] += 1
        self._at += length
        ends = struct.pack(self._order + "II", kind, new), struct.pack(self._order + "I", new)
        return ends[0] + head + body + bytes(-len(body) % 4) + ends[1]

    def _other(self, kind: int, length: int) -> bytes:
        """A block that is no frame, with what may stay of it."""
        begin = self._at
        self._at += length
        if kind == SECTION:
            head = self._source.read(begin + 8, 8)
            if length > 28:
                self._left_out["section options"] += 1
            return self._block(kind, head + b"\xff" * 8)  # how long the section is, is not known
        if kind not in _KEPT_OPTIONS:
            self._left_out["blocks"] += 1
            return b""
        start, kept = _KEPT_OPTIONS[kind]
        block = self._source.read(begin, length - 4)
        options, at = b"", start
        while at + 4 <= len(block):
            code, size = struct.unpack_from(self._order + "HH", block, at)
            if code == 0:
                break
            stop = at + 4 + size + -size % 4
            if code in kept and size <= 8:
                options += block[at:stop]
            else:
                self._left_out["interface options"] += 1
            at = stop
        return self._block(kind, block[8:start] + (options + _END_OF_OPTIONS if options else b""))

    def _block(self, kind: int, body: bytes) -> bytes:
        size = struct.pack(self._order + "I", len(body) + 12)
        return struct.pack(self._order + "I", kind) + size + body + size
