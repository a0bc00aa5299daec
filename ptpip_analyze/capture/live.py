"""Captures under way: of an interface, of a stream on standard input, or of a file that another program writes.

Promises one way to read them and one way to end them. What is captured here goes to a spool first, and is read from
there: however slow the reader, nothing is lost but what the kernel drops, and it says so.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator

from .batch import CaptureError, PacketBatch
from .growing import GrowingFile, GrowingSource, awaited
from .interfaces import trouble_of
from .recorders import Means, Recorder, start
from .recording import Recording, Spool
from .source import STDIN


class Live:
    """A capture under way. A context manager that ends it.

    ``source`` is what to analyse. ``ended`` says what ended it although nobody asked, None for nothing.
    """

    def __init__(
        self,
        source: GrowingSource,
        growth: Spool | GrowingFile,
        recording: Recording | None = None,
        recorder: Recorder | None = None,
        most: int | None = None,
        interface: str | None = None,
    ) -> None:
        self.source = source
        self._interface = interface
        self.ended: str | None = None
        self._growth, self._recording, self._recorder, self._most = growth, recording, recorder, most

    @property
    def means(self) -> Means | None:
        """What captures; None where that is somebody else's affair."""
        return self._recorder.means if self._recorder is not None else None

    @property
    def packets(self) -> int | None:
        """Packets that are in the spool, analysed or not; None where there is none."""
        return self._recording.packets if self._recording is not None else None

    @property
    def trouble(self) -> str:
        """Why nothing comes, though nothing has ended; "" where there is no reason to be known."""
        if isinstance(self._growth, GrowingFile) and self._growth.is_replaced:
            return "has been renamed, replaced or deleted; the file that was opened is still followed"
        return "" if self._interface is None else trouble_of(self._interface)

    @property
    def fault(self) -> str | None:
        """Why what was captured can't be read any more, where that is known."""
        return self._growth.fault if isinstance(self._growth, GrowingFile) else None

    def is_behind(self, batch: PacketBatch) -> bool:
        """Has more come by now than this batch?"""
        return self._growth.size > batch.base + len(batch.data)

    def batches(self) -> Iterator[PacketBatch]:
        """The packets as they come, and empty batches while none do, until it ended; then ``ended`` is known."""
        for batch in self.source.batches():
            if self._most is not None and batch.first + len(batch.time) >= self._most:
                yield batch.head(self._most - batch.first)
                break
            yield batch
        self._finish()

    def stop(self) -> None:
        """End it: ``batches`` gives what has come so far."""
        if self._recorder is not None:
            self._recorder.stop()
        elif self._recording is not None:
            self._recording.stop()
        elif isinstance(self._growth, GrowingFile):
            self._growth.stop()

    def _finish(self) -> None:
        if self._recording is None:
            self.ended = self.fault
            return
        self._recording.join()
        if self._recorder is not None:
            self.ended = self._recorder.ending()
            self._recorder = None
        damage = self._recording.damage
        if damage is not None and damage.at_end:
            self.source.damage = damage
        elif damage is not None:
            self.ended = damage.reason if damage.offset is None else str(damage)

    def close(self) -> None:
        """End it, and give everything back."""
        self.stop()
        self._finish()
        self.source.close()

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def of_interface(
    name: str,
    spool: Spool,
    *,
    capture_filter: str = "",
    most: int | None = None,
    means: Means | None = None,
) -> Live:
    """Capture on an interface. RecorderError when nothing can be captured there."""
    recorder = start(name, capture_filter, most, means)
    recording = Recording(name, recorder.stream, spool, most, recorder.stop)
    path = _name_of(spool, name)
    source = awaited(path, spool)
    if source is None:  # it ended before the header was written
        recording.join()
        raise recording.damage or CaptureError(name, None, recorder.ending() or "nothing was captured")
    return Live(source, spool, recording, recorder, interface=name)


def of_stdin(spool: Spool, *, most: int | None = None, idle: Callable[[], bool] = lambda: True) -> Live:
    """The stream of packets on standard input. CaptureError when it is none; ``idle`` as for ``growing.awaited``."""
    if sys.stdin is None:
        raise CaptureError(STDIN, None, "standard input is closed")
    recording = Recording(STDIN, sys.stdin.fileno(), spool, most)
    source = awaited(_name_of(spool, STDIN), spool, idle)
    if source is None:
        recording.stop()
        recording.join()
        raise recording.damage or CaptureError(STDIN, 0, "not a capture: it has 0 bytes")
    return Live(source, spool, recording)


def of_file(path: str, *, most: int | None = None, idle: Callable[[], bool] = lambda: True) -> Live:
    """A file that another program writes. CaptureError when it is none; ``idle`` as for ``growing.awaited``."""
    try:
        growth = GrowingFile(path)
    except OSError as error:
        raise CaptureError(path, None, error.strerror or str(error)) from error
    source = awaited(path, growth, idle)
    if source is None:
        growth.close()
        raise CaptureError(path, 0, "not a capture: it has 0 bytes")
    return Live(source, growth, most=most)


def interfaces() -> list[str]:
    """The names of the interfaces of this machine."""
    return [name for _, name in socket.if_nameindex()]


def _name_of(spool: Spool, name: str) -> str:
    """What rows name as their capture: the file, where there is one."""
    paths = spool.paths
    return os.fspath(paths[0]) if len(paths) == 1 else name
