"""Segments of one stream, and a stream as it is reassembled from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ptpip_analyze.tcp import HOLE, Reassembler, Stream

FIN, SYN, ACK_FLAG = 1, 2, 16
START = 1000  # sequence number of stream offset 0
TEXT = b"abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Segment:
    """What was sent: ``payload`` at a sequence number, captured as far as ``captured`` says."""

    sequence: int
    payload: bytes = b""
    flags: int = ACK_FLAG
    acknowledgment: int = 7000
    captured: int | None = None


def at(offset: int, payload: bytes | str, **options: int) -> Segment:
    """Payload at a stream offset."""
    data = payload.encode() if isinstance(payload, str) else payload
    return Segment((START + offset) & 0xFFFFFFFF, data, **options)


def opening() -> Segment:
    return Segment(START - 1, flags=SYN, acknowledgment=0)


class Heard:
    """A stream as it is reassembled; rows, marks by packet, and the bytes that the rows point to."""

    def __init__(self) -> None:
        self.stream = Stream(0)
        self.reassembler = Reassembler()
        self.rows: list[np.ndarray] = []
        self.source = bytearray()
        self.packets = 0
        self.early_marks: list[int] = []

    def take(self, segments: Sequence[Segment], batch: int = 0) -> Heard:
        """Hand segments in, ``batch`` at a time (0: all at once)."""
        for low in range(0, len(segments), batch or max(len(segments), 1)):
            part = segments[low : low + (batch or len(segments))]
            rows = np.zeros((7, len(part)), np.int64)
            for column, segment in enumerate(part):
                carried = segment.payload[: segment.captured]
                rows[:, column] = (
                    segment.sequence,
                    len(segment.payload),
                    len(carried),
                    len(self.source),
                    self.packets,
                    10 * self.packets,
                    segment.acknowledgment,
                )
                self.source += carried
                self.packets += 1
            marks = np.zeros(len(part), np.uint8)
            flags = np.array([segment.flags for segment in part], np.uint8)
            self.rows += [delivered.copy() for delivered in self.reassembler.add(self.stream, rows, flags, marks)]
            self.early_marks += marks.tolist()
        return self

    def end(self, opposite: Stream | None = None) -> Heard:
        """Nothing more comes."""
        self.rows += self.reassembler.finish(self.stream, opposite or Stream(1))
        return self

    @property
    def table(self) -> np.ndarray:
        """All rows delivered so far, side by side."""
        return np.concatenate([np.empty((7, 0), np.int64), *self.rows], axis=1)

    @property
    def marks(self) -> list[int]:
        """What each packet was, in packet order."""
        marks = list(self.early_marks)
        for packet, mark in self.reassembler.late_marks:
            marks[packet] |= mark
        return marks

    def tell(self) -> str:
        """The stream as text: bytes, "." for a byte in a hole, "-" for one that a snap length cut off."""
        told, reach = "", 0
        for offset, length, captured, position in self.table[:4].T.tolist():
            assert offset == reach, "each row starts where the last one ended"
            assert length > 0
            reach = offset + length
            if position == HOLE:
                assert captured == 0
                told += "." * length
            else:
                assert 0 <= captured <= length
                told += self.source[position : position + captured].decode() + "-" * (length - captured)
        return told


def heard(*segments: Segment, batch: int = 0) -> Heard:
    return Heard().take(segments, batch)


def acknowledgment_of(offset: int, first: int = 0) -> Stream:
    """The other direction, which has acknowledged up to an offset."""
    opposite = Stream(1)
    opposite.first_acknowledgment = START + first
    opposite.acknowledged = START + offset
    return opposite
