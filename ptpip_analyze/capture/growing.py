"""Captures that are read while they are written: one file that another program appends to, or what is being captured.

Promises whole packets only, in the order of the capture, and an empty batch whenever there is nothing new, so that
whoever reads can do something else. Bytes can be read at random as in any other source, as long as they are kept.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from . import pcap, pcapng
from .batch import CaptureError, PacketBatch, Window
from .source import Source

CHUNK_BYTES = 1 << 20
PATIENCE_S = 0.05  # so long is waited for more before an empty batch says that there is none
_LOOKED_S = 0.01  # how often the size of a file that another program writes is looked at
_START_BYTES = 28  # of the longer one of the headers that captures begin with


class Growth(Protocol):
    """Bytes that become more. ``size`` is how many there are."""

    @property
    def size(self) -> int:
        """Bytes that can be read now."""

    def read_into(self, into: memoryview, position: int) -> int:
        """Fill memory from a position on, with at least one byte unless that is the end; how many. OSError."""

    def wait(self, size: int, patience_s: float) -> bool:
        """Wait until there are more than ``size`` bytes, or none will come; False when neither was soon enough."""

    def passed(self, position: int) -> None:
        """All before this position was read once."""

    @property
    def ended(self) -> bool:
        """Is this all there will be?"""

    def fileno(self) -> int:
        """A descriptor of the first bytes."""

    def close(self) -> None:
        """Give back what is open."""


class GrowingFile:
    """A file that another program writes. It has ended when ``stop`` was called: nobody knows when the other one has;
    or when it became shorter, which ``fault`` tells then.

    OSError when it can't be opened, or is not a regular file.
    """

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would wait for its writer
        mode = os.fstat(self._fd).st_mode
        if not stat.S_ISREG(mode):
            os.close(self._fd)
            is_folder = stat.S_ISDIR(mode)
            raise OSError(errno.EINVAL, "it is a folder" if is_folder else "not a regular file; - reads what is piped")
        self.ended = False
        self.fault: str | None = None
        self._path = path
        self._most = 0

    @property
    def size(self) -> int:
        """Bytes of the file, as many as there ever were."""
        size = os.fstat(self._fd).st_size
        if size < self._most and self.fault is None:
            self.fault = f"it was cut to {size} bytes while it was followed; {self._most} had been seen"
            self.ended = True
        self._most = max(size, self._most)
        return self._most

    @property
    def is_replaced(self) -> bool:
        """Has it another name by now, or none?"""
        try:
            return not os.path.samestat(os.stat(self._path), os.fstat(self._fd))
        except OSError:
            return True

    def read_into(self, into: memoryview, position: int) -> int:
        """See ``Growth``."""
        return os.preadv(self._fd, [into], position)

    def wait(self, size: int, patience_s: float) -> bool:
        """See ``Growth``. Looks at the size from time to time, as network file systems tell of no change."""
        until = time.monotonic() + patience_s
        while self.size <= size and not self.ended:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOKED_S)
        return True

    def passed(self, position: int) -> None:
        """See ``Growth``: the file is somebody else's."""

    def stop(self) -> None:
        """What is there now is all that is wanted."""
        self.ended = True

    def fileno(self) -> int:
        """See ``Growth``."""
        return self._fd

    def close(self) -> None:
        """See ``Growth``."""
        os.close(self._fd)


class GrowingWindow(Window):
    """A window over bytes that become more."""

    def __init__(self, growth: Growth, chunk_bytes: int, kept: int) -> None:
        super().__init__(-1, growth.size, chunk_bytes, kept)
        self._growth = growth

    def _read(self, into: memoryview, position: int) -> int:
        return self._growth.read_into(into, position)

    def grow(self) -> bool | None:
        """See ``Window``."""
        known = self.size
        self._growth.passed(self.base)
        soon = self._growth.wait(known, PATIENCE_S)
        ended = self._growth.ended  # asked before the size: what comes in between is not overlooked
        self.size = max(self._growth.size, known)
        if self.size > known:
            return True
        return False if soon and ended else None


class GrowingSource(Source):
    """A capture that grows while it is read. ``batches`` goes on until ``growth`` has ended, and gives an empty batch
    whenever nothing new has come for ``PATIENCE_S``. ``path`` is the name that rows and messages give it.

    CaptureError when it is no capture, or can't be read as it is: compressed ones are not followed. The header of a
    capture has to be there: see ``awaited``.
    """

    def __init__(self, path: str, growth: Growth) -> None:
        self._growth = growth
        super().__init__(path, os.fdopen(os.dup(growth.fileno()), "rb", buffering=0))

    def _window(self, chunk_bytes: int, kept: int) -> Window:
        return GrowingWindow(self._growth, chunk_bytes, kept)

    def batches(self, chunk_bytes: int = CHUNK_BYTES, kept: int = 3) -> Iterator[PacketBatch]:
        """See ``Source``."""
        for batch in super().batches(chunk_bytes, kept):
            self.size = self._growth.size
            yield batch

    def read(self, position: int, length: int) -> bytes:
        """See ``Source``."""
        if self._fd < 0:
            raise ValueError("the capture is closed")
        if position < 0 or length < 0:
            raise ValueError(f"can't read {length} bytes at {position}")
        found = bytearray(length)
        done = 0
        with memoryview(found) as view:
            while done < length and (count := self._growth.read_into(view[done:], position + done)):
                done += count
        return bytes(found[:done])

    def close(self) -> None:
        """See ``Source``."""
        if self._fd >= 0:
            self._growth.close()
        super().close()


def awaited(path: str, growth: Growth, idle: Callable[[], bool] = lambda: True) -> GrowingSource | None:
    """The capture that something grows to, as soon as the header that it begins with is there, or can't come.

    ``idle()`` is asked while there is nothing to do; when it answers False, or the growth ends before there is a single
    byte, there is None. CaptureError when it is no capture.
    """
    while growth.size < _START_BYTES and not growth.ended and not _begins_otherwise(growth):
        if not growth.wait(growth.size, PATIENCE_S) and not idle():
            break
    if growth.size == 0:
        return None
    try:
        return GrowingSource(path, growth)
    except CaptureError:
        growth.close()
        raise


def _begins_otherwise(growth: Growth) -> bool:
    """Do the first bytes tell that this becomes no capture?"""
    start = os.pread(growth.fileno(), 4, 0)
    return len(start) == 4 and not (pcap.is_pcap(start) or pcapng.is_pcapng(start))
