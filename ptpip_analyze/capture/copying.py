"""Frames of captures copied into a new pcapng file, byte for byte, with their times, link types, and comments on them.

Promises what Wireshark reads (draft-ietf-opsawg-pcapng): one section, one interface per capture and link type, times in
nanoseconds. Frames without a time get 1970. Refuses rows that are no packets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np

from . import blocks
from .batch import NO_TIME
from .pcapng import NOT_A_PACKET
from .source import open_capture

_NO_COMMENTS: Mapping[int, Sequence[str]] = {}


class Copy:
    """A pcapng file that grows by frames."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._interfaces = 0
        self._stream.write(blocks.section())

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
                    time = int(batch.time[row])
                    stamp = 0 if time == NO_TIME else max(time, 0)
                    self._stream.write(blocks.packet(interfaces[link], stamp, data, int(batch.original[row]), said))
                    written += 1
                if high == len(frames):
                    break
        return written

    def _interface(self, link: int) -> int:
        self._stream.write(blocks.interface(link))
        self._interfaces += 1
        return self._interfaces - 1
