"""The pcapng format (draft-ietf-opsawg-pcapng): sections and interfaces, three kinds of packet block, both byte orders.

Promises the packets before a bad block and its offset; blocks and options that it doesn't know are skipped by their
length. Blocks that Wireshark numbers as frames though they are no packets (custom, systemd journal, system call) become
rows of link type ``NOT_A_PACKET``, so that frame numbers agree. They have no time, nor have Simple Packet Blocks.
Refuses versions other than 1.x.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .batch import MOST_BYTES, NO_TIME, Buffer, CaptureError, PacketBatch, Window, header_rows, layout, no_packets

NOT_A_PACKET = 0xFFFFFFFF

SECTION, INTERFACE, STATISTICS = 0x0A0D0D0A, 1, 5
OBSOLETE_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 2, 3, 6
SECTION_HEADER_BYTES = 28
MOST_INTERFACES = 1 << 16

BYTE_ORDER = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_LEAST_BYTES = 12
# Blocks that become rows: bytes before their data, and the least length of the block.
FRAMES = {
    ENHANCED_PACKET: (28, 32),
    OBSOLETE_PACKET: (28, 32),
    SIMPLE_PACKET: (12, 16),
    0x00000009: (8, 12),  # systemd journal entry
    0x00000204: (30, 36),  # system call event
    0x00000BAD: (12, 16),  # custom block, may be copied
    0x40000BAD: (12, 16),  # custom block, not to be copied
}
# Blocks that are read whole, and their least length; others are skipped.
_READ = {SECTION: SECTION_HEADER_BYTES, INTERFACE: 20, STATISTICS: 24}

_IF_TSRESOL, _IF_TSOFFSET, _ISB_IFDROP = 9, 14, 5
_BILLION = 10**9


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface description: LINKTYPE, snaplen (0: no limit), ``if_tsresol`` as in the file, ``if_tsoffset`` (s)."""

    link: int
    snaplen: int
    resolution: int = 6
    offset_s: int = 0


@dataclass(slots=True)
class Section:
    """What blocks depend on: the byte order and interfaces of their section."""

    order: str
    interfaces: list[Interface] = field(default_factory=list)

    def struct(self, form: str) -> struct.Struct:
        """A struct in the byte order of the section."""
        return struct.Struct(self.order + form)


def is_pcapng(start: bytes) -> bool:
    """Whether a file that begins with these (at least 4) bytes is a pcapng file."""
    return start[:4] == b"\x0a\x0d\x0d\x0a"


def read_header(path: str, start: bytes) -> None:
    """Check the section header that a pcapng file begins with. CaptureError when it is cut or of an unknown version."""
    if len(start) < SECTION_HEADER_BYTES:
        reason = f"the pcapng section header has {len(start)} bytes instead of {SECTION_HEADER_BYTES}"
        raise CaptureError(path, len(start), reason)
    _section(path, start, 0, 0)


def _section(path: str, buffer: Buffer, at: int, begin: int) -> Section:
    """The section whose header lies ``at`` in the buffer, and at ``begin`` in the source."""
    order = BYTE_ORDER.get(bytes(buffer[at + 8 : at + 12]))
    if order is None:
        raise CaptureError(path, begin + 8, "the section header has no byte-order magic")
    major, minor = struct.unpack_from(f"{order}HH", buffer, at + 12)
    if major != 1:
        raise CaptureError(path, begin + 12, f"pcapng version {major}.{minor} is not supported")
    return Section(order)


def batches(
    path: str, window: Window, dropped: dict[tuple[int, int], int], described: set[tuple[int, int]]
) -> Iterator[PacketBatch]:
    """The packets of a pcapng file, a batch never crossing a section or interface description.

    ``dropped`` receives the latest ``isb_ifdrop`` under (section number, interface number), ``described`` such numbers
    of the first two interfaces. CaptureError, after the last good packet, with the offset of a bad block: one of
    impossible length, with two lengths that differ, of an interface that was not described, or running past the end of
    the file.
    """
    window.move(0)
    section = Section("<")  # until the section header, which open_capture has seen at offset 0
    number, first, at = -1, 0, 0
    while True:
        starts, at = _walk(window.buffer, at, window.used, section)
        if starts:
            batch, fault = _batch(window, np.array(starts, np.int64), at, first, section)
            if len(batch.time):
                first += len(batch.time)
                yield batch
            if fault is not None:
                raise CaptureError(path, window.base + fault[0], fault[1])
        begin, left = window.base + at, window.size - window.base - at
        if left < _wanted(window, at, section) and (grown := window.grow()) is not False:
            if grown is None:
                yield no_packets(first, begin)
            window.move(begin)
            at = 0
            continue
        if left == 0:
            return
        if left < _LEAST_BYTES:
            raise CaptureError(path, begin, f"a block header needs 12 bytes and {left} are left", at_end=True)
        if window.used - at < _LEAST_BYTES:
            window.move(begin, _LEAST_BYTES)
            at = 0
            continue
        buffer = window.buffer
        kind, length = section.struct("II").unpack_from(buffer, at)
        following = section
        if kind == SECTION:
            if left < SECTION_HEADER_BYTES:
                raise CaptureError(path, begin, f"a section header is cut: {left} bytes are left", at_end=True)
            if window.used - at < SECTION_HEADER_BYTES:
                window.move(begin, SECTION_HEADER_BYTES)
                at, buffer = 0, window.buffer
            following = _section(path, buffer, at, begin)
            (length,) = following.struct("I").unpack_from(buffer, at + 4)
        _check_length(path, begin, kind, length, left)
        if kind in FRAMES or kind in _READ:
            if window.used - at < length:
                window.move(begin, length)
                at = 0
                if kind in FRAMES:
                    continue
        elif window.used - at < length:  # skipped without reading it
            window.move(begin + length - 4, 4)
            at = 4 - length
        (trailer,) = following.struct("I").unpack_from(window.buffer, at + length - 4)
        if trailer != length:
            raise CaptureError(path, begin, f"a block of {length} bytes ends with length {trailer}")
        if kind == SECTION:
            number, section = number + 1, following
        elif kind == INTERFACE:
            section.interfaces.append(_interface(path, window.buffer, at, length, begin, section))
            if len(described) < 2:
                described.add((number, len(section.interfaces) - 1))
        elif kind == STATISTICS:
            interface = section.struct("I").unpack_from(window.buffer, at + 8)[0]
            for code, value in _options(path, window.buffer, at + 20, at + length - 4, begin, section):
                if code == _ISB_IFDROP and len(value) == 8:
                    dropped[number, interface] = section.struct("Q").unpack(value)[0]
        at += length


def _wanted(window: Window, at: int, section: Section) -> int:
    """Bytes of the block at a place in the window, as far as they are known; of one that can't be so long, none."""
    there = window.used - at
    if there < _LEAST_BYTES:
        return _LEAST_BYTES
    kind, length = section.struct("II").unpack_from(window.buffer, at)
    if kind == SECTION:
        if there < SECTION_HEADER_BYTES:
            return SECTION_HEADER_BYTES
        order = BYTE_ORDER.get(bytes(window.buffer[at + 8 : at + 12]), section.order)
        (length,) = struct.unpack_from(f"{order}I", window.buffer, at + 4)
    return length if length <= MOST_BYTES else 0


def _walk(buffer: Buffer, at: int, used: int, section: Section) -> tuple[list[int], int]:
    """Go over whole blocks in the window: places of frames, and the place of the block where it stops.

    That is the first block that isn't whole, or is read by ``batches``, or is bad.
    """
    header = section.struct("II").unpack_from
    trailer = section.struct("I").unpack_from
    starts: list[int] = []
    append = starts.append
    last = used - _LEAST_BYTES
    while at <= last:
        kind, length = header(buffer, at)
        if kind == ENHANCED_PACKET and length > 31:
            append(at)
        elif kind in FRAMES:
            if length < FRAMES[kind][1]:
                break
            append(at)
        elif kind in _READ or length < _LEAST_BYTES or length % 4 or at + length > used:
            break
        else:
            if trailer(buffer, at + length - 4)[0] != length:
                break
        at += length
    if at > used:
        at = starts.pop()
    return starts, at


def _check_length(path: str, begin: int, kind: int, length: int, left: int) -> None:
    least = FRAMES[kind][1] if kind in FRAMES else _READ.get(kind, _LEAST_BYTES)
    if length < least or length % 4:
        raise CaptureError(path, begin, f"a block of type {kind:#x} can't have a length of {length} bytes")
    if length > MOST_BYTES and (kind in FRAMES or kind in _READ):
        raise CaptureError(path, begin, f"a block of type {kind:#x} claims {length} bytes")
    if length > left:
        raise CaptureError(path, begin, f"a block needs {length} bytes and {left} are left", at_end=True)


def _options(path: str, buffer: Buffer, at: int, end: int, begin: int, section: Section) -> Iterator[tuple[int, bytes]]:
    """Options (code, value) between ``at`` and ``end``. CaptureError for one that runs past its block."""
    header = section.struct("HH").unpack_from
    while end - at >= 4:
        code, length = header(buffer, at)
        if code == 0:
            return
        if at + 4 + length > end:
            raise CaptureError(path, begin, f"option {code} runs past the end of its block")
        yield code, bytes(buffer[at + 4 : at + 4 + length])
        at += 4 + length + -length % 4


def _interface(path: str, buffer: Buffer, at: int, length: int, begin: int, section: Section) -> Interface:
    if len(section.interfaces) >= MOST_INTERFACES:
        raise CaptureError(path, begin, f"more than {MOST_INTERFACES} interfaces in a section")
    link, snaplen = section.struct("HxxI").unpack_from(buffer, at + 8)
    resolution, offset_s = 6, 0
    for code, value in _options(path, buffer, at + 16, at + length - 4, begin, section):
        if code == _IF_TSRESOL and len(value) == 1:
            resolution = value[0]
        elif code == _IF_TSOFFSET and len(value) == 8:
            (offset_s,) = section.struct("q").unpack(value)
    return Interface(link, snaplen, resolution, offset_s)


def _batch(
    window: Window, starts: npt.NDArray[np.int64], end: int, first: int, section: Section
) -> tuple[PacketBatch, tuple[int, str] | None]:
    """Blocks at ``starts`` as a batch, and (window offset, reason) of the first bad one, which ends the batch."""
    data = window.array(end)
    u4 = f"{section.order}u4"
    head = layout(
        28, kind=(0, u4), length=(4, u4), interface=(8, u4), high=(12, u4), low=(16, u4), captured=(20, u4),
        original=(24, u4),
    )  # fmt: skip
    stops = np.append(starts[1:], end)  # blocks that are skipped may lie between: no harm, lengths are checked below
    rows = header_rows(data, starts, stops, head)
    length = rows["length"].astype(np.int64)
    trailer = header_rows(data, starts + length - 4, starts + length, layout(4, length=(0, u4)))
    captured = rows["captured"].astype(np.int64)
    original = rows["original"].astype(np.int64)
    interface = rows["interface"].astype(np.int64)
    ticks = rows["high"].astype(np.uint64) << np.uint64(32) | rows["low"]
    position = starts + 28
    room = length - 32
    kinds = rows["kind"]
    plain = bool((kinds == ENHANCED_PACKET).all())
    framed: Any = None
    if not plain:
        obsolete, simple = kinds == OBSOLETE_PACKET, kinds == SIMPLE_PACKET
        framed = ~(obsolete | simple | (kinds == ENHANCED_PACKET))
        original[simple] = interface[simple]  # its first word
        interface[obsolete] = interface[obsolete] & 0xFFFF if section.order == "<" else interface[obsolete] >> 16
        interface[simple] = 0
        before = np.array([FRAMES[kind][0] for kind in kinds.tolist()])
        position = starts + before
        room = length - before - 4
        snaplen = section.interfaces[0].snaplen if section.interfaces else 0
        captured[simple] = np.minimum(original[simple], snaplen or MOST_BYTES)
        interface[framed] = -1
        captured[framed] = original[framed] = room[framed]
    fault = None
    count = len(starts)
    odd = (rows["length"] != trailer["length"]) | (length % 4 != 0) | (captured > room)
    odd |= interface >= len(section.interfaces)
    if odd.any():
        count = int(odd.argmax())
        fault = int(starts[count]), _fault(
            int(kinds[count]), int(length[count]), int(trailer["length"][count]), int(captured[count]),
            int(room[count]), int(interface[count]),
        )  # fmt: skip
    time, link = _times(ticks[:count], interface[:count], section)
    if not plain:
        time[(framed | simple)[:count]] = NO_TIME
    batch = PacketBatch(
        first=first,
        base=window.base,
        data=data,
        time=time,
        position=(position + window.base)[:count],
        captured=captured[:count],
        original=np.maximum(original, captured)[:count],
        link=link,
    )
    return batch, fault


def _fault(kind: int, length: int, trailer: int, captured: int, room: int, interface: int) -> str:
    if length % 4:
        return f"a block of type {kind:#x} can't have a length of {length} bytes"
    if trailer != length:
        return f"a block of {length} bytes ends with length {trailer}"
    if captured > room:
        return f"a packet block with room for {room} bytes claims {captured} captured bytes"
    return f"interface {interface} is not described"


def _times(
    ticks: npt.NDArray[np.uint64], interface: npt.NDArray[np.int64], section: Section
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
    """Times (ns since the epoch) and link types; interface -1 has neither."""
    count = len(ticks)
    if count == 0 or (int(interface[0]) >= 0 and bool((interface == interface[0]).all())):
        about = section.interfaces[int(interface[0])] if count else Interface(0, 0)
        return nanoseconds(ticks, about.resolution, about.offset_s), np.full(count, about.link, np.uint32)
    time = np.zeros(count, np.int64)
    link = np.full(count, NOT_A_PACKET, np.uint32)
    for one in np.unique(interface[interface >= 0]).tolist():
        rows = np.flatnonzero(interface == one)
        about = section.interfaces[one]
        time[rows] = nanoseconds(ticks[rows], about.resolution, about.offset_s)
        link[rows] = about.link
    return time, link


def nanoseconds(ticks: npt.NDArray[np.uint64], resolution: int, offset_s: int) -> npt.NDArray[np.int64]:
    """Ticks of an interface as ns since the epoch, rounded down; times that 64 bits can't hold wrap around.

    ``resolution`` is the byte of ``if_tsresol``: ticks per second as a power of 10, or of 2 when its top bit is set.
    """
    power = resolution & 0x7F
    if not resolution & 0x80:
        scale = 10 ** abs(power - 9)
        if power <= 9:
            ns = ticks * np.uint64(scale)
        else:
            ns = ticks // np.uint64(scale) if scale < 1 << 64 else np.zeros_like(ticks)
    else:
        # The fraction keeps 34 bits, so that its product with 10^9 stays in 64.
        kept = min(power, 34)
        lost = power - kept
        scaled = ticks >> np.uint64(lost) if lost < 64 else np.zeros_like(ticks)
        whole = scaled >> np.uint64(kept)
        fraction = scaled & np.uint64((1 << kept) - 1)
        ns = whole * np.uint64(_BILLION) + (fraction * np.uint64(_BILLION) >> np.uint64(kept))
    if offset_s:
        ns = ns + np.uint64(offset_s * _BILLION % (1 << 64))
    return ns.view(np.int64)
