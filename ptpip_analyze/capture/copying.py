"""Frames of captures copied into a new pcapng file, byte for byte, with their times, link types, and comments on them.

Promises what Wireshark reads (draft-ietf-opsawg-pcapng): one section, one interface per capture and link type, times in
nanoseconds. Frames without a time get 1970. Refuses rows that are no packets.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np

from .batch import NO_TIME
from .pcapng import ENHANCED_PACKET, INTERFACE, NOT_A_PACKET, SECTION
from .source import open_capture

_NANOSECONDS = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)  # if_tsresol, end of options
_COMMENT = 1  # opt_comment
_END_OF_OPTIONS = bytes(4)
MOST_COMMENT = 4000
"""Bytes of a comment that are kept; an option has 65,535 at most."""
_NO_COMMENTS: Mapping[int, Sequence[str]] = {}


class Copy:
    """A pcapng file that grows by frames."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._interfaces = 0
        self._block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))

    def add(self, path: str, frames: np.ndarray, comments: Mapping[int, Sequence[str]] = _NO_COMMENTS) -> int:
        """Append frames (numbers from 1, ascending) of a capture, with ``comments`` by frame number; returns how many.

        CaptureError as in reading it.
        """
        written, interfaces = 0, dict[int, int]()
        with open_capture(path) as source:
            for batch in source.batches():
                low, high = np.searchsorted(frames, [batch.first + 1, batch.first + len(batch.time) + 1])
                for row in (frames[low:high] - batch.first - 1).tolist():
                    link = int(batch.link[row])
                    if link == NOT_A_PACKET:
                        continue
                    if link not in interfaces:
                        interfaces[link] = self._interface(link)
                    begin = int(batch.position[row]) - batch.base
                    data = batch.data[begin : begin + int(batch.captured[row])].tobytes()
                    said = comments.get(batch.first + row + 1, ())
                    self._packet(interfaces[link], int(batch.time[row]), int(batch.original[row]), data, said)
                    written += 1
                if high == len(frames):
                    break
        return written

    def _interface(self, link: int) -> int:
        self._block(INTERFACE, struct.pack("<HHI", link, 0, 0) + _NANOSECONDS)
        self._interfaces += 1
        return self._interfaces - 1

    def _packet(self, interface: int, time: int, original: int, data: bytes, comments: Sequence[str]) -> None:
        stamp = 0 if time == NO_TIME else max(time, 0)
        head = struct.pack("<IIIII", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(data), original)
        options = b"".join(_option(_COMMENT, comment.encode()[:MOST_COMMENT]) for comment in comments)
        options += _END_OF_OPTIONS if options else b""
        self._block(ENHANCED_PACKET, head + data + bytes(-len(data) % 4) + options)

    def _block(self, kind: int, body: bytes) -> None:
        size = len(body) + 12
        self._stream.write(struct.pack("<II", kind, size) + body + struct.pack("<I", size))


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)
