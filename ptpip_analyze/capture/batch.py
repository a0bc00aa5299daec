"""What the readers of all capture formats share: packet batches, the error, the window over the file, header rows.

Promises that bytes beyond a packet's captured bytes are never seen as its header: they read as zeros.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..ahead import STEPS

# A record that claims more is a lie: the largest packets that capture tools write (USB, D-Bus) stay below 128 MiB.
MOST_BYTES = 256 << 20
# Time of a packet to which the capture gives none. The smallest number: the latest of several times ignores it.
NO_TIME = -(1 << 63)
# Batches whose bytes stay valid: the one in hand, the one asked for next, and one to spare.
KEPT = STEPS

Buffer = bytes | bytearray | memoryview


class CaptureError(Exception):
    """A capture that can't be read, or not any further.

    ``path`` is the capture as the user named it, ``offset`` the place of the fault in the (decompressed) capture or
    None when it has none, ``reason`` one sentence. ``str`` gives one line, control characters escaped. ``at_end`` tells
    that the only fault is that bytes end too early.
    """

    def __init__(self, path: str, offset: int | None, reason: str, at_end: bool = False) -> None:
        super().__init__(path, offset, reason, at_end)
        self.path = path
        self.offset = offset
        self.reason = reason
        self.at_end = at_end

    def __str__(self) -> str:
        place = "" if self.offset is None else f"offset {self.offset}: "
        line = f"{self.path}: {place}{self.reason}"
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)


@dataclass(slots=True)
class PacketBatch:
    """Consecutive packets of one capture, one row each.

    first: number of packets before this batch; row i is frame ``first + i + 1``.
    base: source position of ``data[0]``.
    data: uint8, bytes that hold the packets; valid as long as the source keeps it (``Source.batches``).
    time: int64, ns since the epoch, UTC; NO_TIME where the capture gives none (pcapng's Simple Packet Block).
    position: int64, source position of the packet's first byte.
    captured: int64, bytes in the capture.
    original: int64, bytes on the wire, never less than captured.
    link: uint32, LINKTYPE number (https://www.tcpdump.org/linktypes.html).
    """

    first: int
    base: int
    data: npt.NDArray[np.uint8]
    time: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    captured: npt.NDArray[np.int64]
    original: npt.NDArray[np.int64]
    link: npt.NDArray[np.uint32]

    def head(self, most: int) -> PacketBatch:
        """The first ``most`` packets."""
        time, position, captured, original = (
            column[:most] for column in (self.time, self.position, self.captured, self.original)
        )
        return PacketBatch(self.first, self.base, self.data, time, position, captured, original, self.link[:most])


def no_packets(first: int, base: int) -> PacketBatch:
    """A batch of no packets, behind ``first`` of them: nothing has come, and something still may."""
    none = np.empty(0, np.int64)
    return PacketBatch(first, base, np.empty(0, np.uint8), none, none, none, none, np.empty(0, np.uint32))


def earliest(*times: int) -> int:
    """The earliest of those times that are known; NO_TIME when none is."""
    return min((time for time in times if time != NO_TIME), default=NO_TIME)


class Window:
    """A stretch of the source in memory that moves towards its end.

    ``buffer`` holds ``used`` bytes from source position ``base`` on; ``size`` is the size of the source. ``kept``
    buffers are used in turn, so that what was given out as ``array`` stays valid for a while. A source that grows has a
    window of its own (``growing``).
    """

    def __init__(self, fd: int, size: int, chunk_bytes: int, kept: int) -> None:
        self.size = size
        self.base = 0
        self.used = 0
        self.buffer = bytearray()
        self._fd = fd
        self._chunk_bytes = chunk_bytes
        # With one buffer what is kept of it moves to its own beginning.
        self._ring = [bytearray() for _ in range(kept)]
        self._turn = 0
        self._given_out = False

    @property
    def at_end(self) -> bool:
        """Whether the window reaches the end of the source."""
        return self.base + self.used >= self.size

    def move(self, position: int, need: int = 0) -> None:
        """Let the window begin at ``position`` and reach ``need`` bytes far, or to the end of the source.

        The caller vouches that ``need`` bytes exist: a lying length must not get memory. OSError when reading fails.
        """
        capacity = max(self._chunk_bytes, need)
        if self._given_out:  # a move that gave nothing out must not take a turn from what was
            self._turn, self._given_out = (self._turn + 1) % len(self._ring), False
        if len(self._ring[self._turn]) != capacity:
            self._ring[self._turn] = bytearray(capacity)
        buffer = self._ring[self._turn]
        kept = min(max(0, self.base + self.used - position), capacity)
        with memoryview(buffer) as view, memoryview(self.buffer) as before:
            if kept:
                start = position - self.base
                view[:kept] = before[start : start + kept]
            used, end = kept, min(capacity, self.size - position)
            while used < end:
                count = self._read(view[used:end], position + used)
                if count == 0:  # the file shrank meanwhile
                    self.size = position + used
                    break
                used += count
        self.base, self.used, self.buffer = position, used, buffer

    def _read(self, into: memoryview, position: int) -> int:
        """Fill memory from a source position on, with at least one byte unless the source ends there; how many."""
        return os.preadv(self._fd, [into], position)

    def grow(self) -> bool | None:
        """Has the source become larger? False: it won't any more; None: nothing for now, ask again."""
        return False

    def array(self, end: int) -> npt.NDArray[np.uint8]:
        """The first ``end`` bytes of the window as uint8, not copied."""
        self._given_out = True
        return np.frombuffer(self.buffer, np.uint8, end)


def header_rows(
    data: npt.NDArray[np.uint8],
    start: npt.NDArray[np.int64],
    stop: npt.NDArray[np.int64],
    layout: np.dtype[np.void],
) -> npt.NDArray[np.void]:
    """One header per row, read from ``data[start[i]:]`` as ``layout`` says, whatever the alignment.

    Bytes from ``stop[i]`` on read as zeros. ``start`` is not negative and ``stop`` does not exceed ``len(data)``.
    """
    width = layout.itemsize
    short = stop - start < width
    last = len(data) - width
    if last < 0:
        found = np.zeros(len(start), f"V{width}")
        short[:] = True
    else:
        # Indexing items of type void copies a row at a time: twice as fast as rows of bytes.
        windows = np.ndarray((last + 1,), f"V{width}", data, strides=(1,))
        found = windows[np.minimum(start, last)]
    if short.any():
        rows = np.flatnonzero(short)
        places = start[rows, None] + np.arange(width)
        cut = np.zeros(places.shape, np.uint8)
        inside = places < stop[rows, None]
        cut[inside] = data[places[inside]]
        found[rows] = cut.view(f"V{width}").ravel()
    return found.view(layout)


def layout(size: int, **fields: tuple[int, str]) -> np.dtype[np.void]:
    """A header of ``size`` bytes as a dtype: each field has its offset and its numpy format."""
    return np.dtype(
        {
            "names": list(fields),
            "offsets": [offset for offset, _ in fields.values()],
            "formats": [form for _, form in fields.values()],
            "itemsize": size,
        }
    )
