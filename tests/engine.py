"""Packets of ``tests.traffic`` as the columns that the rooms above capture take; no file in between.

Promises the recipe of ``analysis`` without capture files, in batches of any size, so that a room can be asked about
what a conversation does to it. The source is the captured payloads laid end to end.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ptpip_analyze.capture import NOTHING, all_bytes
from ptpip_analyze.ptpip import Conversations, Pair, handshakes, pair
from ptpip_analyze.tcp import Flows, Reassembler, SegmentBatch
from ptpip_analyze.tcp.numbering import FlowNumbers
from tests.traffic import Packet

RST = 4
HALF = (1 << 64) - 1


class Segments:
    """The TCP segments of packets as columns, in packet order."""

    def __init__(self, packets: Sequence[Packet]) -> None:
        carried = [packet.carried for packet in packets]
        self.bytes = b"".join(carried)
        self.source = self._halves([packet.source[0] for packet in packets])
        self.destination = self._halves([packet.destination[0] for packet in packets])
        self.ports = (
            np.array([packet.source[1] for packet in packets], np.uint16),
            np.array([packet.destination[1] for packet in packets], np.uint16),
        )
        self.sequence = np.array([packet.sequence for packet in packets], np.uint32)
        self.acknowledgment = np.array([packet.acknowledgment for packet in packets], np.uint32)
        self.flags = np.array([packet.flags for packet in packets], np.uint8)
        self.packet = np.arange(len(packets))
        self.time = np.array([packet.time_ns for packet in packets], np.int64)
        self.length = np.array([len(packet.payload) for packet in packets], np.int64)
        self.captured = np.array([len(part) for part in carried], np.int64)
        self.position = np.cumsum(self.captured) - self.captured
        self.reads: list[tuple[int, int]] = []
        self.numbers = FlowNumbers()

    @staticmethod
    def _halves(addresses: list[str]) -> tuple[np.ndarray, np.ndarray]:
        numbers = []
        for text in addresses:
            address = ipaddress.ip_address(text)
            numbers.append(int(address) | (0xFFFF << 32 if address.version == 4 else 0))
        return np.array([n >> 64 for n in numbers], np.uint64), np.array([n & HALF for n in numbers], np.uint64)

    def __len__(self) -> int:
        return len(self.sequence)

    def read(self, position: int, length: int) -> bytes:
        """Bytes of the source, as ``Source.read`` gives them; refuses what lies outside."""
        assert 0 <= position <= position + length <= len(self.bytes), "reads only what is in the capture"
        self.reads.append((position, length))
        return self.bytes[position : position + length]

    def assign(self, flows: Flows, low: int, high: int) -> np.ndarray:
        """Stream numbers of the segments from ``low`` to ``high``."""
        part = slice(low, high)
        flow, swapped, fresh = self.numbers.number(
            (self.source[0][part], self.source[1][part]),
            (self.destination[0][part], self.destination[1][part]),
            (self.ports[0][part], self.ports[1][part]),
        )
        batch = SegmentBatch(
            flow,
            swapped,
            self.sequence[part],
            self.acknowledgment[part],
            self.flags[part],
            self.packet[part],
            self.time[part],
        )
        stream, order, starts = flows.place(fresh, batch)
        assert order.tolist() == np.argsort(stream, kind="stable").tolist()
        assert starts.tolist() == np.unique(stream[order], return_index=True)[1].tolist()
        return stream

    def rows(self, which: np.ndarray) -> np.ndarray:
        """Reassembler rows of these segments, OFFSET and ACK still raw."""
        columns = (self.sequence, self.length, self.captured, self.position, self.packet, self.time)
        return np.array([column[which] for column in (*columns, self.acknowledgment)], np.int64)


def numbered(packets: Sequence[Packet], batch: int = 0, *, away: bool = False) -> tuple[Flows, list[int]]:
    """The flows of packets, and the stream number of each packet, reassembly going on beside as in an analysis.

    With ``away`` all connections are put away behind each batch.
    """
    seen, flows, reassembler = Segments(packets), Flows(), Reassembler()
    numbers: list[int] = []
    for low in range(0, len(packets), batch or max(len(packets), 1)):
        stream = seen.assign(flows, low, min(low + (batch or len(packets)), len(packets)))
        for number in np.unique(stream).tolist():
            which = low + np.flatnonzero(stream == number)
            which = which[seen.flags[which] & RST == 0]
            if len(which):
                marks = np.zeros(len(which), np.uint8)
                of = flows.connections[number >> 1].streams[number & 1]
                reassembler.add(of, seen.rows(which), seen.flags[which], marks)
        numbers += stream.tolist()
        if away:
            flows.put_away(1 << 62, lambda connection: False)
    return flows, numbers


@dataclass
class Heard:
    """What the rooms up to pairing made of packets."""

    segments: Segments
    flows: Flows
    conversations: Conversations
    columns: dict[str, np.ndarray]
    pairs: list[Pair]
    streams: list[int]  # stream number of each packet

    def rows(self) -> list[dict[str, int]]:
        """The message rows by stream and offset."""
        order = np.lexsort((self.columns["offset"], self.columns["stream"]))
        return [{name: values[row].item() for name, values in self.columns.items()} for row in order.tolist()]


def hear(packets: Sequence[Packet], batch: int = 0, ports: Sequence[int] = (15740,), at_hand: bool = True) -> Heard:
    """Packets through flows, reassembly, recognition, framing and pairing, ``batch`` packets at a time.

    Without ``at_hand`` no bytes are handed over with a batch: all are read from the source.
    """
    seen, flows = Segments(packets), Flows()
    conversations = Conversations(seen.read, ports)
    source = np.frombuffer(seen.bytes, np.uint8)
    streams: list[int] = []
    for low in range(0, len(packets), batch or max(len(packets), 1)):
        high = min(low + (batch or len(packets)), len(packets))
        stream = seen.assign(flows, low, high)
        streams += stream.tolist()
        conversations.room_for(len(flows.connections))
        usable = np.flatnonzero((conversations.states[stream >> 1] != 2) & (seen.flags[low:high] & RST == 0))
        which = low + usable[np.argsort(stream[usable], kind="stable")]
        numbers = stream[which - low]
        work: dict[int, list[list[np.ndarray]]] = {}
        for first, last in pairwise([0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(which)]):
            if first < last:
                part, number = which[first:last], int(numbers[first])
                marks = np.zeros(len(part), np.uint8)
                tcp = flows.connections[number >> 1]
                conversations.take(tcp, number & 1, seen.rows(part), seen.flags[part], marks, work)
        base = int(seen.position[low])
        end = int(seen.position[high - 1] + seen.captured[high - 1])
        conversations.frame(work, all_bytes(base, source[base:end]) if at_hand else NOTHING)
    conversations.finish(flows.connections)
    table = conversations.framer.messages
    columns = {name: table.column(name) for name in table.names}
    found = handshakes(
        conversations.spoken, columns["stream"], columns["type"], columns["code"], columns["time"], columns["known"]
    )
    pairs = pair([shake for shake in found if shake.rows or shake.conversation.initiator is not None])
    return Heard(seen, flows, conversations, columns, pairs, streams)
