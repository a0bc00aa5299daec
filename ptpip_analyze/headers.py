"""From packets to what their headers say, numbered and ready for reassembly: all that depends on packets alone.

Promises plain arrays and no state that the rest of an analysis shares, so that headers can be read in another thread or
process, ahead of everything else.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np

from .capture import (
    CHUNK_BYTES,
    AtHand,
    Datagrams,
    Dissected,
    Dissector,
    PacketBatch,
    all_bytes,
    first_bytes,
    open_direct,
    stations,
)
from .tcp.connection import FIN, RST, SYN
from .tcp.numbering import FlowKey, FlowNumbers

Pair = tuple[int, int, int, int]

# NOP, NOP, timestamps: the options of nearly every segment begin so (RFC 7323 appendix A).
# Of a SYN: the largest segment, SACK permitted, timestamps. By length of the header in words, where among the options
# these four bytes stand, and which they are; the longer ones have one to three SACK blocks behind them.
_USUAL = [(words, 0, (1, 1, 8, 10)) for words in (8, 11, 13, 15)] + [(10, 4, (4, 2, 8, 10))]
_TCP_BYTES = 20  # bytes of a TCP header in front of the options


class Headers(NamedTuple):
    """The headers of a batch of packets; one element per packet, or per TCP segment in packet order.

    first, time, captured, original: as in ``PacketBatch``; ``at_hand`` are its bytes, or the first of each segment.
    row: int64, per segment its packet within the batch. ``whole``: every packet is exactly one segment.
    sequence, acknowledgment (uint32), flags (uint8), position, length, carried (int64): per segment, its source
    position, bytes on the wire and bytes in the capture.
    shut: int64, the segments by which a receiver says that its window is closed (RFC 9293 3.8.6.1).
    flow, swapped: per segment, see ``FlowNumbers.number``; ``fresh`` are the keys of the flows that are new.
    talk: int32 per packet, number of its two addresses if it is IP and not TCP, else -1; ``talks`` are the address
    pairs (high and low half of the source, then of the destination) that are new.
    stations: uint64 (2, n), for each flow that is new the Ethernet addresses of its lower and higher endpoint, as its
    first packet has them; 0 where the link has none.
    datagrams: those that may announce a device, see ``capture.datagrams``; ``datagram_ends`` (uint64, 4 rows) are
    their addresses: high and low half of the source, then of the destination.
    """

    first: int
    at_hand: AtHand
    time: np.ndarray
    captured: np.ndarray
    original: np.ndarray
    row: np.ndarray
    whole: bool
    sequence: np.ndarray
    acknowledgment: np.ndarray
    flags: np.ndarray
    position: np.ndarray
    length: np.ndarray
    carried: np.ndarray
    shut: np.ndarray
    flow: np.ndarray
    swapped: np.ndarray
    fresh: list[FlowKey]
    talk: np.ndarray
    talks: list[Pair]
    stations: np.ndarray
    datagrams: Datagrams
    datagram_ends: np.ndarray


class HeaderReader:
    """Reads the headers of one capture, batch by batch."""

    def __init__(self) -> None:
        self._dissector = Dissector()
        self._flows = FlowNumbers()
        self._talks: dict[Pair, int] = {}
        self._flow_count = 0

    def read(self, batch: PacketBatch) -> Headers:
        """The headers of the next batch of the capture."""
        seen = self._dissector.dissect(batch)
        row = seen.row
        whole = len(row) == len(batch.time) and bool((np.diff(row) == 1).all())
        sent, received = (seen.source_high, seen.source_low), (seen.destination_high, seen.destination_low)
        if not whole:
            sent, received = (sent[0][row], sent[1][row]), (received[0][row], received[1][row])
        flow, swapped, fresh = self._flows.number(sent, received, (seen.source_port, seen.destination_port))
        talk, talks = self._talks_in(seen)
        columns = seen.source_high, seen.source_low, seen.destination_high, seen.destination_low
        return Headers(
            batch.first,
            all_bytes(batch.base, batch.data),
            batch.time,
            batch.captured,
            batch.original,
            row,
            whole,
            seen.sequence,
            seen.acknowledgment,
            seen.flags,
            seen.position,
            seen.length,
            seen.captured,
            np.flatnonzero((seen.window == 0) & (seen.flags & (SYN | FIN | RST) == 0)),
            flow,
            swapped,
            fresh,
            talk,
            talks,
            self._stations_of(batch, flow, swapped, row, len(fresh)),
            seen.datagrams,
            np.array([column[seen.datagrams.row] for column in columns]),
        )

    def _stations_of(
        self, batch: PacketBatch, flow: np.ndarray, swapped: np.ndarray, row: np.ndarray, fresh: int
    ) -> np.ndarray:
        known, self._flow_count = self._flow_count, self._flow_count + fresh
        if not fresh:
            return np.zeros((2, 0), np.uint64)
        new = np.flatnonzero(flow >= known)
        first = new[np.unique(flow[new], return_index=True)[1]]
        sender, receiver = stations(batch, row[first])
        turned = swapped[first]
        return np.array([np.where(turned, receiver, sender), np.where(turned, sender, receiver)])

    def _talks_in(self, seen: Dissected) -> tuple[np.ndarray, list[Pair]]:
        """Numbers of the address pairs of packets that are IP and carry no TCP segment, and those that are new."""
        numbers = np.full(len(seen.network), -1, np.int32)
        alone = seen.network > 0
        alone[seen.row] = False
        rows = np.flatnonzero(alone)
        known = len(self._talks)
        if len(rows):
            columns = (seen.source_high, seen.source_low, seen.destination_high, seen.destination_low)
            pairs = np.stack([column[rows] for column in columns])
            order = np.lexsort(pairs[::-1])  # ten times as fast as np.unique of rows
            new = np.ones(len(rows), bool)
            ordered = pairs[:, order]
            new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
            found = [
                self._talks.setdefault((a, b, c, d), len(self._talks)) for a, b, c, d in ordered[:, new].T.tolist()
            ]
            numbers[rows[order]] = np.array(found)[np.cumsum(new) - 1]
        return numbers, list(self._talks)[known:]


def tcp_timestamps(headers: Headers, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The timestamp value (RFC 7323, int64) of the segments ``rows``, and whether the option is where it usually is.

    Only of headers that came with all bytes of their batch, as ``HeaderReader`` makes them.
    """
    value, there = np.zeros(len(rows), np.int64), np.zeros(len(rows), bool)
    data, payload = headers.at_hand.data, headers.position[rows] - headers.at_hand.base
    for words, place, octets in _USUAL:
        begin = payload - 4 * words + _TCP_BYTES
        inside = np.flatnonzero(~there & (begin >= _TCP_BYTES) & (payload <= len(data)))
        begin = begin[inside]
        at = begin + place
        fits = (data[at[:, None] + np.arange(4)] == np.array(octets, np.uint8)).all(axis=1)
        fits &= data[begin - _TCP_BYTES + 12] >> 4 == words
        inside, at = inside[fits], at[fits]
        value[inside] = data[at[:, None] + np.arange(4, 8)].astype(np.int64) @ np.array([1 << 24, 1 << 16, 1 << 8, 1])
        there[inside] = True
    return value, there


Identity = tuple[int, int, int] | None


def read_apart(path: str) -> Generator[Headers | Identity, None, tuple[Any, ...] | None]:
    """The identity of a capture (``Source.identity``), then its headers, read by an ``ahead.Worker``.

    Returns what ``Source.learn`` takes; None, and gives nothing, for what can't be read as it is: the process that asks
    has unpacked that already. Of batches of large segments the first bytes come along, of others all.
    """
    source = open_direct(path)
    if source is None:
        return None
    with source:
        yield source.identity
        reader = HeaderReader()
        for batch in source.batches(CHUNK_BYTES, kept=1):
            headers = reader.read(batch)
            yield headers._replace(at_hand=first_bytes(batch.base, batch.data, headers.position, headers.carried))
        return source.told()
