"""From packets to TCP segments: IPv4 and IPv6 headers of a whole batch at once, fragments put together.

Promises never to take bytes outside a packet for its header, nor Ethernet padding for payload. Checksums are not looked
at: capturing hosts leave them to their network cards. Refuses malformed headers: such a packet has no segment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .batch import PacketBatch, header_rows, layout
from .datagrams import NO_DATAGRAMS, Datagrams, pick
from .fragments import Fragment, Fragments, Segment
from .link import ETHERNET, IPV4, IPV6, Bytes, Offsets, network_layer

TCP = 6
NO_PROTOCOL = 255
# An IPv4 address as an IPv6 address, ::ffff:a.b.c.d (RFC 4291 2.5.5.2).
MAPPED_IPV4 = np.uint64(0xFFFF << 32)

_LEAST_TCP_BYTES = 14  # up to the flags: without them a segment has no place and no payload
_MOST_EXTENSIONS = 32

_IPV4 = layout(
    20, version=(0, "u1"), length=(2, ">u2"), identification=(4, ">u2"), fragment=(6, ">u2"), protocol=(9, "u1"),
    source=(12, ">u4"), destination=(16, ">u4"),
)  # fmt: skip
_IPV6 = layout(
    40, version=(0, "u1"), length=(4, ">u2"), following=(6, "u1"), source_high=(8, ">u8"), source_low=(16, ">u8"),
    destination_high=(24, ">u8"), destination_low=(32, ">u8"),
)  # fmt: skip
_EXTENSION = layout(8, following=(0, "u1"), length=(1, "u1"), fragment=(2, ">u2"), identification=(4, ">u4"))
_TCP = layout(
    16, source_port=(0, ">u2"), destination_port=(2, ">u2"), sequence=(4, ">u4"), acknowledgment=(8, ">u4"),
    offset=(12, "u1"), flags=(13, "u1"), window=(14, ">u2"),
)  # fmt: skip

# Ethernet, IPv4 without options and the TCP header up to its window, one behind the other.
_PLAIN = layout(
    50, type=(12, ">u2"), version=(14, "u1"), total=(16, ">u2"), fragment=(20, ">u2"), protocol=(23, "u1"),
    source=(26, ">u4"), destination=(30, ">u4"), source_port=(34, ">u2"), destination_port=(36, ">u2"),
    sequence=(38, ">u4"), acknowledgment=(42, ">u4"), offset=(46, "u1"), flags=(47, "u1"), window=(48, ">u2"),
)  # fmt: skip

# Extension headers (RFC 8200 4, RFC 4302): hop-by-hop, routing, destination, mobility, HIP, shim6 count 8-byte units
# after the first; authentication counts 4-byte units after the second.
_FRAGMENT, _AUTHENTICATION = 44, 51
_EXTENSIONS = np.zeros(256, np.bool_)
_EXTENSIONS[[0, 43, 60, 135, 139, 140, _FRAGMENT, _AUTHENTICATION]] = True


@dataclass(slots=True)
class Dissected:
    """What the headers of a batch say.

    Per packet: network (uint8: 4, 6, or 0 when not IP), source_high, source_low, destination_high, destination_low
    (uint64, halves of the address; IPv4 is mapped to ::ffff:a.b.c.d), protocol (uint8 after extension headers, 255 when
    not IP or not known).

    Per TCP segment, in packet order: row (int64, packet within the batch), source_port, destination_port (uint16),
    sequence, acknowledgment (uint32), flags (uint8: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128),
    window (uint16; 0xFFFF where it is cut off), position (int64, source position of the first payload byte), length
    (int64, payload bytes on the wire), captured (int64, payload bytes in the capture, at most length). A fragmented
    datagram gives one row for each of its pieces, all with the row of the packet that completed it.

    ``datagrams`` are those that may announce a device, see ``datagrams``.
    """

    network: npt.NDArray[np.uint8]
    source_high: npt.NDArray[np.uint64]
    source_low: npt.NDArray[np.uint64]
    destination_high: npt.NDArray[np.uint64]
    destination_low: npt.NDArray[np.uint64]
    protocol: npt.NDArray[np.uint8]
    row: npt.NDArray[np.int64]
    source_port: npt.NDArray[np.uint16]
    destination_port: npt.NDArray[np.uint16]
    sequence: npt.NDArray[np.uint32]
    acknowledgment: npt.NDArray[np.uint32]
    flags: npt.NDArray[np.uint8]
    window: npt.NDArray[np.uint16]
    position: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    captured: npt.NDArray[np.int64]
    datagrams: Datagrams


_SEGMENT_COLUMNS = (
    "row", "source_port", "destination_port", "sequence", "acknowledgment", "flags", "window", "position", "length",
    "captured",
)  # fmt: skip


@dataclass(slots=True)
class _Datagrams:
    """IP of a batch, offsets into its data: where the transport header begins, where the datagram ends on the wire.

    ``fragment`` has the offset in bytes and in bit 0 whether more follow; 0 for whole datagrams.
    """

    packets: Dissected
    transport: Offsets
    end: Offsets
    fragment: npt.NDArray[np.uint16]
    identification: npt.NDArray[np.uint32]


class Dissector:
    """Finds TCP segments in packets. Keeps fragments until their datagram is complete, within bounds."""

    def __init__(self) -> None:
        self._fragments = Fragments()

    def dissect(self, batch: PacketBatch) -> Dissected:
        """The headers of the next batch of a capture."""
        start = batch.position - batch.base
        stop = start + batch.captured
        plain = _read_plain(batch, start, stop)
        if plain is not None:
            return plain
        types, offset = network_layer(batch.data, start, stop, batch.link)
        datagrams = _Datagrams(
            _nothing(len(start)),
            offset,
            start + batch.original,
            np.zeros(len(start), np.uint16),
            np.zeros(len(start), np.uint32),
        )
        for read, mask in ((_read_ipv4, types == IPV4), (_read_ipv6, types == IPV6)):
            rows = _rows(mask)
            if rows is not None:
                read(datagrams, batch.data, stop, rows)
        found = datagrams.packets
        found.datagrams = pick(
            batch,
            types,
            found.protocol,
            (found.destination_high, found.destination_low),
            datagrams.transport,
            datagrams.end,
            datagrams.fragment,
        )
        candidates = found.protocol == TCP
        in_pieces = np.flatnonzero(candidates & (datagrams.fragment != 0))
        if len(in_pieces):
            candidates[in_pieces] = False
        _read_tcp(datagrams, batch.data, stop, np.flatnonzero(candidates), batch.base)
        if len(in_pieces):
            self._read_fragments(datagrams, batch, stop, in_pieces)
        return found

    def _read_fragments(
        self, datagrams: _Datagrams, batch: PacketBatch, stop: Offsets, rows: npt.NDArray[np.int64]
    ) -> None:
        """Put fragments together one by one, and add the segments of completed datagrams at their place."""
        found = datagrams.packets
        segments: list[Segment] = []
        at = []
        for row in rows.tolist():
            key = (
                int(found.source_high[row]),
                int(found.source_low[row]),
                int(found.destination_high[row]),
                int(found.destination_low[row]),
                int(datagrams.identification[row]),
            )
            begin, end = int(datagrams.transport[row]), int(datagrams.end[row])
            known = max(begin, min(int(stop[row]), end))
            field = int(datagrams.fragment[row])
            fragment = Fragment(field & 0xFFF8, end - begin, batch.base + begin, known - begin)
            complete = self._fragments.add(key, fragment, bool(field & 1), batch.data[begin:known].tobytes)
            segments += complete
            at += [row] * len(complete)
        if segments:
            merged = np.concatenate([found.row, np.array(at, np.int64)])
            order = np.argsort(merged, kind="stable")
            found.row = merged[order]
            for name, values in zip(_SEGMENT_COLUMNS[1:], zip(*segments, strict=True), strict=True):
                column = getattr(found, name)
                setattr(found, name, np.concatenate([column, np.array(values, column.dtype)])[order])


def _read_plain(batch: PacketBatch, start: Offsets, stop: Offsets) -> Dissected | None:
    """A batch of nothing but TCP over plain IPv4 over plain Ethernet, all headers of a packet read at once.

    None for any other batch: one packet that is different, cut or malformed leaves all to the functions below, which
    give the same answer.
    """
    if not len(start) or bool((batch.link != ETHERNET).any()) or int((stop - start).min()) < _PLAIN.itemsize:
        return None
    head = header_rows(batch.data, start, stop, _PLAIN)
    other = (head["type"] != IPV4) | (head["version"] != 0x45) | (head["protocol"] != TCP)
    if bool((other | (head["fragment"] & 0x3FFF != 0)).any()):
        return None
    total = head["total"].astype(np.int64)
    end = np.minimum(start + (14 + total), start + batch.original)
    header_bytes = (head["offset"] >> 4).astype(np.int64) * 4
    payload = start + (34 + header_bytes)
    length = end - payload
    if int(total.min()) == 0 or int(header_bytes.min()) < 20 or int(length.min()) < 0:
        return None
    count = len(start)
    none = np.zeros(count, np.uint64)
    return Dissected(
        network=np.full(count, 4, np.uint8),
        source_high=none,
        source_low=head["source"] | MAPPED_IPV4,
        destination_high=none,
        destination_low=head["destination"] | MAPPED_IPV4,
        protocol=np.full(count, TCP, np.uint8),
        row=np.arange(count),
        source_port=head["source_port"].astype(np.uint16),
        destination_port=head["destination_port"].astype(np.uint16),
        sequence=head["sequence"].astype(np.uint32),
        acknowledgment=head["acknowledgment"].astype(np.uint32),
        flags=np.ascontiguousarray(head["flags"]),
        window=head["window"].astype(np.uint16),
        position=payload + batch.base,
        length=length,
        captured=np.maximum(np.minimum(stop, end) - payload, 0),
        datagrams=NO_DATAGRAMS,
    )


def _nothing(count: int) -> Dissected:
    """Packets of which nothing is known."""
    return Dissected(
        network=np.zeros(count, np.uint8),
        source_high=np.zeros(count, np.uint64),
        source_low=np.zeros(count, np.uint64),
        destination_high=np.zeros(count, np.uint64),
        destination_low=np.zeros(count, np.uint64),
        protocol=np.full(count, NO_PROTOCOL, np.uint8),
        row=np.zeros(0, np.int64),
        source_port=np.zeros(0, np.uint16),
        destination_port=np.zeros(0, np.uint16),
        sequence=np.zeros(0, np.uint32),
        acknowledgment=np.zeros(0, np.uint32),
        flags=np.zeros(0, np.uint8),
        window=np.zeros(0, np.uint16),
        position=np.zeros(0, np.int64),
        length=np.zeros(0, np.int64),
        captured=np.zeros(0, np.int64),
        datagrams=NO_DATAGRAMS,
    )


Rows = slice | npt.NDArray[np.int64]


def _rows(mask: npt.NDArray[np.bool_]) -> Rows | None:
    """Where the mask is set: a slice of everything spares the copies. None for nowhere."""
    count = int(np.count_nonzero(mask))
    if count == 0:
        return None
    return slice(None) if count == len(mask) else np.flatnonzero(mask)


def _read_ipv4(datagrams: _Datagrams, data: Bytes, stop: Offsets, rows: Rows) -> None:
    """RFC 791. A total length of 0 is that of a segment which the card was still to cut (TSO)."""
    at, cut, end = datagrams.transport[rows], stop[rows], datagrams.end[rows]
    ip = header_rows(data, at, cut, _IPV4)
    header_bytes = (ip["version"] & 0x0F).astype(np.int64) * 4
    total = ip["length"].astype(np.int64)
    if not total.all():
        total = np.where(total == 0, end - at, total)
    good = (ip["version"] >> 4 == 4) & (header_bytes >= 20) & (total >= header_bytes) & (cut - at >= 20)
    if not good.all():
        keep = np.flatnonzero(good)
        rows = keep if isinstance(rows, slice) else rows[keep]
        at, end, ip, header_bytes, total = at[keep], end[keep], ip[keep], header_bytes[keep], total[keep]
    found = datagrams.packets
    found.network[rows] = 4
    found.protocol[rows] = ip["protocol"]
    found.source_low[rows] = ip["source"] | MAPPED_IPV4
    found.destination_low[rows] = ip["destination"] | MAPPED_IPV4
    datagrams.end[rows] = np.minimum(at + total, end)
    datagrams.transport[rows] = at + header_bytes  # last: ``at`` may be a view of it
    field = ip["fragment"] & np.uint16(0x3FFF)
    if field.any():
        datagrams.fragment[rows] = (field << 3) | (field >> 13)
        datagrams.identification[rows] = ip["identification"]


def _read_ipv6(datagrams: _Datagrams, data: Bytes, stop: Offsets, rows: Rows) -> None:
    """RFC 8200. A payload length of 0 is that of a jumbogram, or of a segment which the card was still to cut."""
    at, cut, end = datagrams.transport[rows], stop[rows], datagrams.end[rows]
    ip = header_rows(data, at, cut, _IPV6)
    good = (ip["version"] >> 4 == 6) & (cut - at >= 40)
    if not good.all():
        keep = np.flatnonzero(good)
        rows = keep if isinstance(rows, slice) else rows[keep]
        at, end, cut, ip = at[keep], end[keep], cut[keep], ip[keep]
    length = ip["length"].astype(np.int64)
    found = datagrams.packets
    found.network[rows] = 6
    found.source_high[rows] = ip["source_high"]
    found.source_low[rows] = ip["source_low"]
    found.destination_high[rows] = ip["destination_high"]
    found.destination_low[rows] = ip["destination_low"]
    end = np.where(length == 0, end, np.minimum(at + 40 + length, end))
    offset = at + 40
    following = ip["following"].astype(np.uint8)
    fragment = np.zeros(len(offset), np.uint16)
    identification = np.zeros(len(offset), np.uint32)
    active = np.flatnonzero(_EXTENSIONS[following])
    for _ in range(_MOST_EXTENSIONS):
        if not len(active):
            break
        bound = np.minimum(cut[active], end[active])
        head = header_rows(data, offset[active], bound, _EXTENSION)
        kind = following[active]
        units = head["length"].astype(np.int64)
        size = np.where(kind == _AUTHENTICATION, (units + 2) * 4, np.where(kind == _FRAGMENT, 8, (units + 1) * 8))
        whole = offset[active] + size <= bound
        following[active] = np.where(whole, head["following"], NO_PROTOCOL)
        offset[active] += size
        # A fragment that is the whole datagram (RFC 6946) is none; behind a real one, its datagram's payload begins.
        field = np.where(whole & (kind == _FRAGMENT), head["fragment"] & np.uint16(0xFFF9), 0)
        fragment[active] = field
        identification[active] = np.where(field != 0, head["identification"], 0)
        active = active[whole & (field == 0) & _EXTENSIONS[following[active]]]
    following[active] = NO_PROTOCOL  # of headers without end
    found.protocol[rows] = following
    datagrams.transport[rows] = offset
    datagrams.end[rows] = end
    datagrams.fragment[rows] = fragment
    datagrams.identification[rows] = identification


def _read_tcp(datagrams: _Datagrams, data: Bytes, stop: Offsets, row: npt.NDArray[np.int64], base: int) -> None:
    """RFC 9293 3.1. The header must lie inside the datagram, and its first 14 bytes in the capture."""
    rows: Rows = slice(None) if len(row) == len(stop) else row
    at, end = datagrams.transport[rows], datagrams.end[rows]
    cut = np.minimum(stop[rows], end)
    tcp = header_rows(data, at, cut, _TCP)
    header_bytes = (tcp["offset"] >> 4).astype(np.int64) * 4
    payload = at + header_bytes
    length = end - payload
    tcp["window"][cut - at < _TCP.itemsize] = 0xFFFF
    good = (header_bytes >= 20) & (length >= 0) & (cut - at >= _LEAST_TCP_BYTES)
    if not good.all():
        keep = np.flatnonzero(good)
        row, tcp, payload, length, cut = row[keep], tcp[keep], payload[keep], length[keep], cut[keep]
    found = datagrams.packets
    found.row = row
    found.source_port = tcp["source_port"].astype(np.uint16)
    found.destination_port = tcp["destination_port"].astype(np.uint16)
    found.sequence = tcp["sequence"].astype(np.uint32)
    found.acknowledgment = tcp["acknowledgment"].astype(np.uint32)
    found.flags = np.ascontiguousarray(tcp["flags"])
    found.window = tcp["window"].astype(np.uint16)
    found.position = payload + base
    found.length = length
    found.captured = np.maximum(cut - payload, 0)
