"""Datagrams by which devices find each other and get their addresses, picked out of a batch by port and destination.

Promises array work alone, and next to none for batches without UDP and ARP. Refuses to read what they carry: that is
decoded on demand. Of a datagram in fragments only the first one is kept, as one that is cut.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..facts.discovery import PORTS
from .batch import PacketBatch, header_rows, layout
from .link import ETHERNET

UDP = 17
ARP_TYPE = 0x0806

_UDP = layout(8, source_port=(0, ">u2"), destination_port=(2, ">u2"), length=(4, ">u2"))
_MACS = layout(
    14, destination_high=(0, ">u2"), destination_low=(2, ">u4"), source_high=(6, ">u2"), source_low=(8, ">u4")
)
_LISTED = np.zeros(1 << 16, np.bool_)
_LISTED[sorted(PORTS)] = True
_MAPPED = np.uint64(0xFFFF)  # an IPv4 address as ::ffff:a.b.c.d: what stands above its 32 bits


class Datagrams(NamedTuple):
    """Datagrams of a batch, one element each, in packet order.

    row: int64, packet within the batch. source_port, destination_port: uint16, both 0 for ARP. position: int64, source
    position of the payload (of ARP: of its header). length: int64, bytes of it on the wire; captured: int64, bytes in
    the capture. station: uint64, Ethernet address of the sender, 0 where the link has none.
    ``udp`` counts all UDP packets of the batch, picked or not.
    """

    row: npt.NDArray[np.int64]
    source_port: npt.NDArray[np.uint16]
    destination_port: npt.NDArray[np.uint16]
    position: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    captured: npt.NDArray[np.int64]
    station: npt.NDArray[np.uint64]
    udp: int


_EMPTY = np.zeros(0, np.int64)
NO_DATAGRAMS = Datagrams(
    _EMPTY, _EMPTY.astype(np.uint16), _EMPTY.astype(np.uint16), _EMPTY, _EMPTY, _EMPTY, _EMPTY.astype(np.uint64), 0
)


def pick(
    batch: PacketBatch,
    types: npt.NDArray[np.uint16],
    protocol: npt.NDArray[np.uint8],
    destination: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]],
    begin: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    fragment: npt.NDArray[np.uint16],
) -> Datagrams:
    """The datagrams of a batch that may announce something; per packet: EtherType, protocol, destination, transport.

    ``begin`` and ``end`` are where in ``batch.data`` the transport header begins and the datagram ends on the wire
    (where the network layer begins, for what is not IP); ``fragment`` as in ``inet``.
    """
    is_udp = (protocol == UDP) & (fragment & 0xFFF8 == 0)
    rows = np.flatnonzero(is_udp)
    arp = np.flatnonzero(types == ARP_TYPE)
    if not len(rows) and not len(arp):
        return NO_DATAGRAMS
    udp = len(rows)
    stop = batch.position - batch.base + batch.captured
    at = begin[rows]
    head = header_rows(batch.data, at, np.minimum(stop[rows], end[rows]), _UDP)
    wanted = _LISTED[head["source_port"]] | _LISTED[head["destination_port"]]
    wanted |= _is_to_all(destination[0][rows], destination[1][rows])
    wanted &= (head["length"] >= 8) & (np.minimum(stop[rows], end[rows]) - at >= 8)
    if not wanted.all():
        rows, at, head = rows[wanted], at[wanted], head[wanted]
    length = head["length"].astype(np.int64) - 8
    captured = np.clip(np.minimum(stop[rows], end[rows]) - at - 8, 0, length)
    source_port, destination_port = (head[name].astype(np.uint16) for name in ("source_port", "destination_port"))
    position = at + 8
    if len(arp):
        none = np.zeros(len(arp), np.uint16)
        order = np.argsort(np.concatenate([rows, arp]), kind="stable")
        held = stop[arp] - begin[arp]
        merged = [
            np.concatenate([one, other])[order]
            for one, other in (
                (rows, arp), (source_port, none), (destination_port, none), (position, begin[arp]), (length, held),
                (captured, held),
            )
        ]  # fmt: skip
        rows, source_port, destination_port, position, length, captured = merged
    return Datagrams(
        rows, source_port, destination_port, position + batch.base, length, captured, stations(batch, rows)[0], udp
    )


def _is_to_all(high: npt.NDArray[np.uint64], low: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Multicast, or broadcast: of IPv4 whatever ends in 255, since the size of the network is not known."""
    mapped = (high == 0) & (low >> 32 == _MAPPED)
    v4 = (low >> 28 & 0xF == 0xE) | (low & 0xFF == 0xFF)
    return np.where(mapped, v4, high >> 56 == 0xFF)


def stations(batch: PacketBatch, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Ethernet addresses of sender and receiver of some packets of a batch (uint64; 0 where the link has none)."""
    start = batch.position[rows] - batch.base
    head = header_rows(batch.data, start, start + batch.captured[rows], _MACS)
    known = (batch.link[rows] == ETHERNET) & (batch.captured[rows] >= 14)
    source, destination = (
        head[f"{side}_high"].astype(np.uint64) << 32 | head[f"{side}_low"].astype(np.uint64)
        for side in ("source", "destination")
    )
    return np.where(known, source, 0).astype(np.uint64), np.where(known, destination, 0).astype(np.uint64)
