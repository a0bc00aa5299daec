"""The pcap format (draft-ietf-opsawg-pcap): micro- and nanoseconds, both byte orders, and Kuznetzov's longer records.

Promises the packets before a bad record and its offset. Refuses versions other than 2.x.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .batch import MOST_BYTES, CaptureError, PacketBatch, Window, header_rows, layout, no_packets

FILE_HEADER_BYTES = 24
NANOSECONDS = 10**9
# Bits 0-25 of the network field; above are flags and the FCS length.
_LINK_MASK = 0x03FFFFFF

# Magic number -> bytes of a record header, ns per unit of its fraction of a second.
_MAGICS = {
    0xA1B2C3D4: (16, 1000),
    0xA1B23C4D: (16, 1),
    0xA1B2CD34: (24, 1000),  # Alexey Kuznetzov's: interface, protocol and packet type follow
}


@dataclass(frozen=True, slots=True)
class PcapHeader:
    """What the file header says: byte order ("<" or ">"), record header size, ns per unit, snaplen, LINKTYPE."""

    order: str
    record_bytes: int
    unit_ns: int
    snaplen: int
    link: int


def is_pcap(start: bytes) -> bool:
    """Whether a file that begins with these (at least 4) bytes is a pcap file."""
    return len(start) >= 4 and any(int.from_bytes(start[:4], order) in _MAGICS for order in ("little", "big"))


def read_header(path: str, start: bytes) -> PcapHeader:
    """The file header in the first bytes of a pcap file. CaptureError when it is cut or of an unknown version."""
    if len(start) < FILE_HEADER_BYTES:
        raise CaptureError(path, len(start), f"the pcap header has {len(start)} bytes instead of {FILE_HEADER_BYTES}")
    order = "<" if int.from_bytes(start[:4], "little") in _MAGICS else ">"
    magic, major, minor, _, _, snaplen, network = struct.unpack_from(f"{order}IHHiIII", start)
    if major != 2:
        raise CaptureError(path, 4, f"pcap version {major}.{minor} is not supported")
    record_bytes, unit_ns = _MAGICS[magic]
    return PcapHeader(order, record_bytes, unit_ns, snaplen, network & _LINK_MASK)


def batches(path: str, window: Window, header: PcapHeader) -> Iterator[PacketBatch]:
    """The packets of a pcap file. CaptureError, after the last good packet, with the offset of a bad record.

    A record is bad when it claims more than 256 MiB or more than the file has left, when its fraction of a second is
    a second or more, and when it is nothing but zeros, which is what a crash leaves at the end of a file.
    """
    length_of = struct.Struct(f"{header.order}8xI").unpack_from
    size = header.record_bytes
    record = layout(
        size,
        seconds=(0, f"{header.order}u4"),
        fraction=(4, f"{header.order}u4"),
        captured=(8, f"{header.order}u4"),
        original=(12, f"{header.order}u4"),
    )
    first, at = 0, 0
    window.move(FILE_HEADER_BYTES)
    while True:
        buffer, used = window.buffer, window.used
        starts: list[int] = []
        append = starts.append
        at, last = 0, used - size
        while at <= last:
            append(at)
            at += length_of(buffer, at)[0] + size
        if at > used:
            at = starts.pop()
        if starts:
            batch, bad = _batch(window, np.array(starts, np.int64), at, first, header, record)
            if len(batch.time):
                yield batch
                first += len(batch.time)
            if bad is not None:
                raise CaptureError(path, window.base + bad, "garbage where a packet record is expected")
        begin, left = window.base + at, window.size - window.base - at
        need = size
        if used - at >= size:
            length = length_of(buffer, at)[0]
            need += length
            if length > MOST_BYTES:
                raise CaptureError(path, begin, f"a packet record claims {length} captured bytes")
        if need > left and (grown := window.grow()) is not False:
            if grown is None:
                yield no_packets(first, begin)
            window.move(begin)
            continue
        if left == 0:
            return
        if need > left:
            raise CaptureError(path, begin, f"a packet record needs {need} bytes and {left} are left", at_end=True)
        window.move(begin, need)


def _batch(
    window: Window, starts: np.ndarray, end: int, first: int, header: PcapHeader, record: np.dtype[np.void]
) -> tuple[PacketBatch, int | None]:
    """Records at ``starts`` as a batch, and the window offset of the first bad one, which ends the batch."""
    data = window.array(end)
    rows = header_rows(data, starts, starts + header.record_bytes, record)
    seconds = rows["seconds"].astype(np.int64)
    fraction = rows["fraction"].astype(np.int64)
    captured = rows["captured"].astype(np.int64)
    original = rows["original"].astype(np.int64)
    bad: int | None = None
    count = len(starts)
    if int(fraction.max()) >= NANOSECONDS or int(original.min()) == 0:
        wrong = (fraction >= NANOSECONDS) | ((seconds | fraction | captured | original) == 0)
        if wrong.any():
            count = int(wrong.argmax())
            bad = int(starts[count])
    batch = PacketBatch(
        first=first,
        base=window.base,
        data=data,
        time=(seconds * NANOSECONDS + fraction * header.unit_ns)[:count],
        position=(starts + (window.base + header.record_bytes))[:count],
        captured=captured[:count],
        original=np.maximum(original, captured)[:count],
        link=np.full(count, header.link, np.uint32),
    )
    return batch, bad
