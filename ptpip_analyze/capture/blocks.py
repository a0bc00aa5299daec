"""Blocks of pcapng (draft-ietf-opsawg-pcapng) as bytes: made, and told apart in a stream that comes piece by piece.

Promises whole blocks: what is written so far is a capture that can be read, whenever it ends. Refuses to look into
packets.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Protocol

from . import pcap, pcapng
from .batch import MOST_BYTES, CaptureError
from .pcapng import ENHANCED_PACKET, INTERFACE, SECTION, STATISTICS

PACKETS = frozenset(pcapng.FRAMES)
"""Types of the blocks that Wireshark counts as frames."""

_COMMENT, _APPLICATION, _NAME, _RESOLUTION, _FILTER = 1, 4, 2, 9, 11
_RECEIVED, _DROPPED = 4, 5
MOST_COMMENT = 4000
"""Bytes of a comment that are kept; an option has 65,535 at most."""


def block(kind: int, body: bytes) -> bytes:
    """A block of a type; ``body`` is a multiple of 4 bytes."""
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def options(*pairs: tuple[int, bytes]) -> bytes:
    """Options (code, value) and what ends them; nothing where there are none."""
    each = [struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4) for code, value in pairs]
    return b"".join([*each, bytes(4)]) if pairs else b""


def section(application: str = "") -> bytes:
    """The header that a file begins with."""
    named = options((_APPLICATION, application.encode())) if application else b""
    return block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + named)


def interface(link: int, snaplen: int = 0, name: str = "", capture_filter: str = "", resolution: int = 9) -> bytes:
    """An interface: LINKTYPE, snaplen (0: no limit), and what a second is divided into, as a power of 10."""
    told = [(_NAME, name.encode())] if name else []
    told += [(_RESOLUTION, bytes([resolution]))]
    told += [(_FILTER, b"\0" + capture_filter.encode())] if capture_filter else []
    return block(INTERFACE, struct.pack("<HHI", link, 0, snaplen) + options(*told))


def packet(on: int, ticks: int, data: bytes, original: int, comments: Sequence[str] = ()) -> bytes:
    """A packet of interface number ``on``: its time since 1970, its captured bytes, its bytes on the wire."""
    head = struct.pack("<IIIII", on, ticks >> 32, ticks & 0xFFFFFFFF, len(data), original)
    said = options(*((_COMMENT, comment.encode()[:MOST_COMMENT]) for comment in comments))
    return block(ENHANCED_PACKET, head + data + bytes(-len(data) % 4) + said)


def statistics(on: int, ticks: int, received: int, dropped: int) -> bytes:
    """What an interface received and lost up to a time: packets, since capturing began."""
    head = struct.pack("<III", on, ticks >> 32, ticks & 0xFFFFFFFF)
    counted = options((_RECEIVED, struct.pack("<Q", received)), (_DROPPED, struct.pack("<Q", dropped)))
    return block(STATISTICS, head + counted)


class Splitter(Protocol):
    """Makes whole pcapng blocks of a stream.

    ``header`` is what a file has to begin with for what comes next: the section and its interfaces. ``packets`` is how
    many have come, ``most`` how many are wanted: behind the last of these nothing is given.
    """

    header: bytes
    packets: int

    def take(self, data: bytes) -> bytes:
        """The blocks that are whole with these bytes. CaptureError for a fault; what came before it was given."""

    def end(self) -> None:
        """No more bytes come. CaptureError when that is inside a packet, or behind a fault."""


class BlockSplitter:
    """A ``Splitter`` of a pcapng stream."""

    def __init__(self, path: str, most: int | None = None) -> None:
        self.header = b""
        self.packets = 0
        self._path, self._most = path, most
        self._rest = b""
        self._order = "<"
        self._at = 0  # of the rest, in the stream

    def take(self, data: bytes) -> bytes:
        """See ``Splitter``."""
        data = self._rest + data
        at, end = 0, len(data)
        head = struct.Struct(f"{self._order}II").unpack_from
        while end - at >= 12 and self.packets != self._most:
            kind, length = head(data, at)
            if kind == SECTION:
                self._begin(data[at : at + 12], at)
                head = struct.Struct(f"{self._order}II").unpack_from
                kind, length = head(data, at)
            if length < 12 or length % 4 or length > MOST_BYTES:
                self._rest, given = b"", data[:at]
                if given:  # what came before the fault is written; the next bytes tell of it
                    self._rest = data[at:]
                    break
                raise CaptureError(
                    self._path, self._at, f"a block of type {kind:#x} can't have a length of {length} bytes"
                )
            if at + length > end:
                break
            if kind in PACKETS:
                self.packets += 1
            elif kind == SECTION:
                self.header = data[at : at + length]
            elif kind == INTERFACE:
                self.header += data[at : at + length]
            at += length
        self._rest = data[at:]
        self._at += at
        return data[:at]

    def end(self) -> None:
        """See ``Splitter``."""
        self.take(b"")
        _refuse_rest(self._path, self._at, self._rest)

    def _begin(self, start: bytes, at: int) -> None:
        order = pcapng.BYTE_ORDER.get(start[8:])
        if order is None:
            raise CaptureError(self._path, self._at + at + 8, "the section header has no byte-order magic")
        self._order = order


class RecordSplitter:
    """A ``Splitter`` of a pcap stream: its records become packets of one interface."""

    def __init__(self, path: str, most: int | None = None) -> None:
        self.header = b""
        self.packets = 0
        self._path, self._most = path, most
        self._rest = b""
        self._at = 0
        self._file: pcap.PcapHeader | None = None

    def take(self, data: bytes) -> bytes:
        """See ``Splitter``."""
        data = self._rest + data
        at, end, made = 0, len(data), []
        if self._file is None:
            if end < pcap.FILE_HEADER_BYTES:
                self._rest = data
                return b""
            self._file = pcap.read_header(self._path, data)
            at = pcap.FILE_HEADER_BYTES
            self.header = section() + interface(
                self._file.link, self._file.snaplen, resolution=9 if self._file.unit_ns == 1 else 6
            )
            made.append(self.header)
        head, size = struct.Struct(f"{self._file.order}IIII").unpack_from, self._file.record_bytes
        ticks = pcap.NANOSECONDS // self._file.unit_ns
        while end - at >= size and self.packets != self._most:
            seconds, fraction, captured, original = head(data, at)
            if captured > MOST_BYTES:
                if made:
                    break  # what came before the fault is written; the next bytes tell of it
                place = self._at + at
                raise CaptureError(self._path, place, f"a packet record claims {captured} captured bytes")
            begin = at + size
            if begin + captured > end:
                break
            bytes_of = data[begin : begin + captured]
            made.append(packet(0, seconds * ticks + fraction, bytes_of, max(original, captured)))
            self.packets += 1
            at = begin + captured
        self._rest = data[at:]
        self._at += at
        return b"".join(made)

    def end(self) -> None:
        """See ``Splitter``."""
        self.take(b"")
        _refuse_rest(self._path, self._at, self._rest)


def _refuse_rest(path: str, at: int, rest: bytes) -> None:
    if rest:
        raise CaptureError(path, at, f"the stream ends inside a packet, of which it has {len(rest)} bytes", at_end=True)


def whole(blocks: bytes, header: bytes) -> tuple[int, int]:
    """How many bytes at the beginning of what was given by a ``Splitter`` are whole blocks, and the packets in them;
    ``header`` is the splitter's.
    """
    splitter = BlockSplitter("")
    return len(splitter.take(header + blocks)) - len(header), splitter.packets


def splitter_for(path: str, start: bytes, most: int | None = None) -> Splitter:
    """What splits a stream that begins with these, at least 4, bytes. CaptureError when it is no capture."""
    if pcapng.is_pcapng(start):
        return BlockSplitter(path, most)
    if pcap.is_pcap(start):
        return RecordSplitter(path, most)
    raise CaptureError(path, 0, f"not a capture: it begins with {start[:4].hex(' ')}")
