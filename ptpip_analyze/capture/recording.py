"""What is being captured becomes files: a stream of packets is split into whole blocks and written, as it comes.

Promises that the files are valid up to the last whole packet, whatever ends the program or fills the disk, and that
they can be read while they are written. Refuses to hold packets in memory.
"""

from __future__ import annotations

import errno
import os
import select
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .batch import CaptureError
from .blocks import Splitter, splitter_for, whole

TEMPORARY_BYTES = 64 << 20
"""Without a name, what is captured is kept in files of this size for as long as it is needed."""
NEEDED_BYTES = 64 << 20
"""So much of what was read can be read again, whatever was let go: segments that wait for others before them."""

_READ_BYTES = 1 << 20
_START_BYTES = 4


class Rotation(NamedTuple):
    """When a new file is begun: at ``size`` bytes, after ``seconds``; how many of the newest are kept, None: all."""

    size: int | None = None
    seconds: float | None = None
    keep: int | None = None


class _File(NamedTuple):
    begin: int  # of all that was captured
    descriptor: int
    path: Path | None
    is_new: bool = True  # there was none of this name before


class Unwritten(OSError):
    """The end of what was to be written has no room; ``packets`` of it were written."""

    def __init__(self, error: OSError, packets: int) -> None:
        super().__init__(error.errno, error.strerror)
        self.packets = packets


class Spool:
    """The files of one capture, which read like one: positions count on from file to file. A ``growing.Growth``.

    ``path`` is the file, or with ``rotation`` what names are made of: NAME_00001_20260102030405.pcapng, as dumpcap's.
    Without a path they are temporary and have no name. A file that was there before is overwritten with the first block
    that comes. OSError when it can't be written, or is not a regular file.
    """

    def __init__(self, path: Path | None = None, rotation: Rotation | None = None) -> None:
        self._path = path
        self._rotation = rotation or (Rotation() if path is not None else Rotation(TEMPORARY_BYTES, None, 1))
        self._files: list[_File] = []
        self._read = 0
        self._changed = threading.Condition()
        self._opened = 0
        self._began = 0.0
        self.size = 0
        self.ended = False
        self._open()

    @property
    def paths(self) -> list[Path]:
        """The files that there are, oldest first."""
        with self._changed:
            return [file.path for file in self._files if file.path is not None]

    @property
    def name(self) -> str:
        """What is being written, for messages."""
        path = self._files[-1].path if self._files else self._path
        return os.fspath(path) if path is not None else f"temporary file in {tempfile.gettempdir()}"

    def write(self, blocks: bytes, header: bytes) -> None:
        """Append whole blocks; ``header`` is what a new file has to begin with.

        OSError when no file can be opened, and then nothing of them; Unwritten for what had no room behind the others.
        """
        if self._is_full(len(blocks)):
            self._open()
            blocks = header + blocks
        file = self._files[-1]
        if self.size == file.begin:
            os.ftruncate(file.descriptor, 0)
        view = memoryview(blocks)
        try:
            while view:
                view = view[os.write(file.descriptor, view) :]
        except OSError as error:
            kept, packets = whole(blocks[: len(blocks) - len(view)], header)
            os.ftruncate(file.descriptor, self.size - file.begin + kept)  # no half block
            self._grow(kept)
            raise Unwritten(error, packets) from error
        self._grow(len(blocks))

    def _grow(self, more: int) -> None:
        with self._changed:
            self.size += more
            self._changed.notify_all()

    def end(self) -> None:
        """No more comes."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def wait(self, size: int, patience_s: float) -> bool:
        """See ``Growth``."""
        with self._changed:
            return self._changed.wait_for(lambda: self.size > size or self.ended, patience_s)

    def read_into(self, into: memoryview, position: int) -> int:
        """See ``Growth``; no byte where files were let go."""
        with self._changed:
            end = self.size
            for file in reversed(self._files):
                if file.begin <= position < end:
                    return os.preadv(file.descriptor, [into[: end - position]], position - file.begin)
                end = file.begin
        return 0

    def passed(self, position: int) -> None:
        """See ``Growth``."""
        self._read = position

    def fileno(self) -> int:
        """See ``Growth``."""
        return self._files[0].descriptor

    def close(self) -> None:
        """See ``Growth``."""
        with self._changed:
            self.ended = True
            for file in self._files:
                os.close(file.descriptor)
            self._files.clear()

    def discard(self) -> None:
        """Where nothing was captured leave no empty file behind, and what was there before as it was."""
        empty = [file.path for file in self._files if file.path is not None and file.is_new] if self.size == 0 else []
        self.close()
        for path in empty:
            path.unlink(missing_ok=True)

    def _is_full(self, more: int) -> bool:
        written = self.size - self._files[-1].begin
        if not written:
            return False
        size, seconds, _ = self._rotation
        return (size is not None and written + more > size) or (
            seconds is not None and time.monotonic() - self._began >= seconds
        )

    def _open(self) -> None:
        self._opened += 1
        self._began = time.monotonic()
        path, is_new = self._path, True
        if path is None:
            with tempfile.TemporaryFile(prefix="ptpip-analyze-", buffering=0) as file:
                descriptor = os.dup(file.fileno())
        else:
            if self._rotation.size is not None or self._rotation.seconds is not None:
                stamp = time.strftime("%Y%m%d%H%M%S")
                path = path.with_name(f"{path.stem}_{self._opened:05}_{stamp}{path.suffix or '.pcapng'}")
            descriptor, is_new = _opened(path)
        with self._changed:
            self._files.append(_File(self.size, descriptor, path, is_new))
            self._let_go(self._rotation.keep)

    def _let_go(self, keep: int | None) -> None:
        """Take the names of files that are not to be kept, and close those of them that nobody will read again."""
        old = len(self._files) - keep if keep is not None else 0
        for at, file in enumerate(self._files[: max(old, 0)]):
            if file.path is not None:
                file.path.unlink(missing_ok=True)
                self._files[at] = file._replace(path=None)
        while old > 0 and self._files[1].begin <= self._read - NEEDED_BYTES:
            os.close(self._files.pop(0).descriptor)
            old -= 1


def _opened(path: Path) -> tuple[int, bool]:
    """A regular file to write and read; was there none of this name? OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_EXCL, 0o644), True
    except FileExistsError:
        if path.exists() and not (path.is_file() or path.is_dir()):  # opening a pipe would wait for its reader
            raise OSError(errno.EINVAL, "not a regular file") from None
        return os.open(path, flags, 0o644), False


class Recording:
    """A stream of packets (pcap or pcapng, from descriptor ``stream``) on its way into a spool, in a thread of its own.

    ``most`` packets are taken, None: all. ``damage`` says what ended it, None for the end of the stream. ``packets`` is
    how many were written. ``ends`` is called when no more is wanted: it may let the stream end.
    """

    def __init__(
        self, name: str, stream: int, spool: Spool, most: int | None = None, ends: Callable[[], None] = lambda: None
    ) -> None:
        self.spool = spool
        self.damage: CaptureError | None = None
        self._name, self._stream, self._most, self._ends = name, stream, most, ends
        self._splitter: Splitter | None = None
        self._stopped, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def packets(self) -> int:
        """Packets written so far."""
        return self._splitter.packets if self._splitter is not None else 0

    def stop(self) -> None:
        """Take no more from the stream than what has come."""
        if self._stop >= 0:
            os.close(self._stop)
            self._stop = -1

    def join(self) -> None:
        """Wait until all that came is written."""
        self._thread.join()
        self.stop()
        if self._stopped >= 0:
            os.close(self._stopped)
            self._stopped = -1

    def _run(self) -> None:
        ended = False
        try:
            ended = self._copy()
        except CaptureError as error:
            self.damage = error
        except OSError as error:
            self.damage = CaptureError(self._name, None, error.strerror or str(error))
        finally:
            self.spool.end()
            if not ended:
                self._ends()

    def _copy(self) -> bool:
        """Take what comes; has the stream ended, rather than that no more was wanted?"""
        start = b""
        while self._splitter is None or self._splitter.packets != self._most:
            data = self._read()
            if not data:
                if self._splitter is None and start:
                    raise CaptureError(self._name, 0, f"not a capture: it has {len(start)} bytes")
                if self._splitter is not None and self._stop >= 0:
                    self._splitter.end()
                return True
            if self._splitter is None:
                start += data
                if len(start) < _START_BYTES:
                    continue
                data, self._splitter = start, splitter_for(self._name, start, self._most)
            written = self._splitter.packets
            blocks = self._splitter.take(data)
            if blocks:
                try:
                    self.spool.write(blocks, self._splitter.header)
                except OSError as error:
                    self._splitter.packets = written + (error.packets if isinstance(error, Unwritten) else 0)
                    reason = f"{self.spool.name}: {error.strerror or error}"
                    raise CaptureError(self._name, None, reason) from error
        return False

    def _read(self) -> bytes:
        """What comes next; nothing at the end of the stream, or when no more is wanted and nothing waits."""
        ready, _, _ = select.select([self._stream, self._stopped], [], [])
        return os.read(self._stream, _READ_BYTES) if self._stream in ready else b""
