"""Opening captures: whatever is named becomes a file that can be read at random, and a run of packet batches.

Promises that everything before the first fault of a capture is delivered, and that memory does not grow with its size.
Refuses, with CaptureError, what is missing, unreadable or no capture.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import io
import os
import queue
import select
import stat
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np

from . import pcap, pcapng
from .batch import KEPT, CaptureError, PacketBatch, Window
from .link import KNOWN_LINKS
from .spool import compression_of, decompressed, spool

STDIN = "-"
CHUNK_BYTES = 8 << 20  # read at a time: each batch has its cost, and more than this no longer fits the caches
WRITER_S = 10.0  # a pipe that has a name is waited for until somebody opens its other end
_RELEASED_S = 1.0  # takes a thread longer to go on than any machine needs, it waits for something else
_LEAST_CHUNK_BYTES = 64
_START_BYTES = 64
_SUFFIXES = tuple(kind + packed for kind in (".pcap", ".pcapng", ".cap") for packed in ("", ".gz", ".zst"))


class Source:
    """An open capture. A context manager; ``open_capture`` makes it.

    path: the capture as the user named it, "-" for standard input.
    format: "pcap" or "pcapng". compression: "gzip", "zstd" or None.
    size: bytes of the capture, decompressed.
    damage: why reading stopped before the end; known after ``batches`` ran to its end, None when there was no fault.
    links: LINKTYPE number -> packets read so far; ``unknown_links`` are those of them that nobody here can dissect.
    direct: this is the file of that path itself, neither piped nor unpacked.
    dropped: packets that the capturing machine says it lost (``isb_ifdrop``), None when it says nothing.
    """

    def __init__(
        self,
        path: str,
        file: BinaryIO,
        compression: str | None = None,
        damage: CaptureError | None = None,
    ) -> None:
        self.path = path
        self.compression = compression
        self.damage = damage
        self.links: dict[int, int] = {}
        self.direct = False
        self._file = file
        self._fd = file.fileno()
        self._spool_damage = damage
        self._dropped: dict[tuple[int, int], int] = {}
        self._described: set[tuple[int, int]] = set()
        self.size = os.fstat(self._fd).st_size
        start = os.pread(self._fd, _START_BYTES, 0)
        self._header: pcap.PcapHeader | None = None
        if pcap.is_pcap(start):
            self.format = "pcap"
            self._header = pcap.read_header(path, start)
        elif pcapng.is_pcapng(start):
            self.format = "pcapng"
            pcapng.read_header(path, start)
        elif damage is not None:
            raise damage
        elif self.size < 4:
            raise CaptureError(path, 0, f"not a capture: it has {self.size} bytes")
        else:
            raise CaptureError(path, 0, f"not a capture: it begins with {start[:4].hex(' ')}")

    @property
    def identity(self) -> tuple[int, int, int] | None:
        """Device, inode and size of the file as its name gives it; None for one that was unpacked or piped."""
        if not self.direct:
            return None
        status = os.fstat(self._fd)
        return status.st_dev, status.st_ino, status.st_size

    @property
    def unknown_links(self) -> dict[int, int]:
        """Packets of link types that can't be dissected, by LINKTYPE number."""
        return {
            link: count for link, count in self.links.items() if link not in KNOWN_LINKS and link != pcapng.NOT_A_PACKET
        }

    @property
    def dropped(self) -> int | None:
        """Packets that were lost while capturing, over all interfaces; None when the capture does not tell."""
        return sum(self._dropped.values()) if self._dropped else None

    @property
    def one_interface(self) -> bool:
        """Does the file tell of no more than one interface? Of a pcap file nobody knows better."""
        return len(self._described) <= 1

    def batches(self, chunk_bytes: int = CHUNK_BYTES, kept: int = KEPT) -> Iterator[PacketBatch]:
        """All packets from the beginning, read ``chunk_bytes`` at a time.

        The bytes of the last ``kept`` batches stay valid. Sets ``damage``, ``links``,
        ``dropped`` and ``one_interface`` as it goes on. ValueError when the source is closed.
        """
        if self._fd < 0:
            raise ValueError("the capture is closed")
        self.damage = self._spool_damage
        self.links = {}
        self._dropped = {}
        self._described = set()
        window = self._window(max(chunk_bytes, _LEAST_CHUNK_BYTES), kept)
        if self._header is None:
            packets = pcapng.batches(self.path, window, self._dropped, self._described)
        else:
            packets = pcap.batches(self.path, window, self._header)
        try:
            for batch in packets:
                if len(batch.time):  # of a capture that grows there may be nothing new
                    self._count_links(batch)
                yield batch
        except CaptureError as error:
            # A spooled capture that ends too early does so because spooling stopped.
            if not (error.at_end and self._spool_damage):
                self.damage = error
        except OSError as error:
            place = window.base + window.used
            self.damage = CaptureError(self.path, place, f"can't be read: {error.strerror or error}")

    def _window(self, chunk_bytes: int, kept: int) -> Window:
        return Window(self._fd, self.size, min(chunk_bytes, max(self.size, _LEAST_CHUNK_BYTES)), kept)

    def told(self) -> tuple[Any, ...]:
        """What ``batches`` has found out beside packets, for a ``Source`` in another process: see ``learn``."""
        return self.damage, self.links, self._dropped, self._described

    def learn(self, told: tuple[Any, ...]) -> None:
        """Take over what the ``batches`` of the same source found out in another process."""
        self.damage, self.links, self._dropped, self._described = told

    def _count_links(self, batch: PacketBatch) -> None:
        link = batch.link
        if bool((link == link[0]).all()):
            counts = {int(link[0]): len(link)}
        else:
            numbers, found = np.unique(link, return_counts=True)
            counts = dict(zip(numbers.tolist(), found.tolist(), strict=True))
        for number, count in counts.items():
            self.links[number] = self.links.get(number, 0) + count

    def read(self, position: int, length: int) -> bytes:
        """``length`` bytes from source position ``position``, fewer at the end of the capture. Safe in threads.

        ValueError when the source is closed or a number is negative, OSError when reading fails.
        """
        if self._fd < 0:
            raise ValueError("the capture is closed")
        if position < 0 or length < 0:
            raise ValueError(f"can't read {length} bytes at {position}")
        length = min(length, self.size - position)
        if length <= 0:
            return b""
        found = os.pread(self._fd, length, position)
        while 0 < len(found) < length and (more := os.pread(self._fd, length - len(found), position + len(found))):
            found += more
        return found

    def fileno(self) -> int:
        """The descriptor that bytes are read from; -1 when closed."""
        return self._fd

    def close(self) -> None:
        """Give back the file, and the disk space of a spooled capture. May be called again."""
        self._fd = -1
        self._file.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_capture(path: str | os.PathLike[str] | BinaryIO, *, spool_bytes: int | None = None) -> Source:
    """Open a capture: a path, "-" for standard input, or an open binary file, which is read from where it stands.

    ``spool_bytes`` bounds the temporary file that a compressed or piped capture needs; without it, free disk space
    does (see ``spool``). CaptureError when it is missing, unreadable or no capture.
    """
    if isinstance(path, str | os.PathLike):
        name = os.fsdecode(os.fspath(path))
        try:
            if name == STDIN:
                return _open(name, sys.stdin.buffer, spool_bytes)
            if os.path.isdir(name):
                raise CaptureError(name, None, "is a directory")
            with open(name, "rb", buffering=0, opener=_opened) as file:
                source = _open(name, file, spool_bytes)
                source.direct = os.path.sameopenfile(file.fileno(), source.fileno())
                return source
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CaptureError(name, None, reason) from error
    named = getattr(path, "name", None)  # of a pipe or socket it is a number
    name = os.fsdecode(named) if isinstance(named, str | bytes) else "<capture>"
    try:
        return _open(name, path, spool_bytes)
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CaptureError(name, None, reason) from error


def open_direct(path: str) -> Source | None:
    """The capture of a path if it can be read as it is; None for what has to be unpacked first, or is no file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not be waited for
    file = os.fdopen(descriptor, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or compression_of(os.pread(descriptor, 4, 0)) is not None:
        file.close()
        return None
    source = _source(path, file, None, None)
    source.direct = True
    return source


def _open(name: str, file: BinaryIO, spool_bytes: int | None) -> Source:
    """A source on a file of its own: a duplicate of an uncompressed regular file, a spooled copy of anything else."""
    # Other file objects may stand for something else than the bytes behind their descriptor.
    if isinstance(file, io.FileIO | io.BufferedReader) and isinstance(getattr(file, "raw", file), io.FileIO):
        descriptor = file.fileno()
        if (
            stat.S_ISREG(os.fstat(descriptor).st_mode)
            and file.tell() == 0
            and compression_of(os.pread(descriptor, 4, 0)) is None
        ):
            return _source(name, os.fdopen(os.dup(descriptor), "rb", buffering=0), None, None)
    return _source(name, *spool(name, lambda count: file.read(count) or b"", spool_bytes, is_capture))


def _opened(path: str, flags: int) -> int:
    """A descriptor, as os.open returns it. TimeoutError for a pipe that nobody opens for writing in time."""
    if not stat.S_ISFIFO(os.stat(path).st_mode):
        return os.open(path, flags)
    found: queue.SimpleQueue[int | OSError] = queue.SimpleQueue()

    def wait_for_writer() -> None:
        try:
            found.put(os.open(path, flags))
        except OSError as error:
            found.put(error)

    threading.Thread(target=wait_for_writer, daemon=True).start()
    descriptor: int | OSError | None
    try:
        descriptor = found.get(timeout=WRITER_S)
    except queue.Empty:
        descriptor = _opened_late(path, found)
    if descriptor is None:
        raise TimeoutError(errno.ETIMEDOUT, f"nobody writes to this pipe; {WRITER_S:g} s were waited")
    if isinstance(descriptor, OSError):
        raise descriptor
    return descriptor


def _opened_late(path: str, found: queue.SimpleQueue[int | OSError]) -> int | OSError | None:
    """What a thread puts that waits for a pipe's writer, where one came at the last moment; None where none did.

    The thread goes on: the pipe is opened for writing here, since nobody else may be there to do that. A writer that
    comes meanwhile is told by the pipe itself, which has one or has bytes when ours is closed again.
    """
    ours = None
    with contextlib.suppress(OSError):  # gone from its name, or the thread has not come as far as to open it
        ours = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    try:
        late = found.get(timeout=0 if ours is None else _RELEASED_S)
    except queue.Empty:  # behind the name is another pipe by now
        return None
    finally:
        if ours is not None:
            os.close(ours)
    if isinstance(late, int):
        pipe = select.poll()
        pipe.register(late, select.POLLIN)
        if any(what & (select.POLLHUP | select.POLLIN) == select.POLLHUP for _, what in pipe.poll(0)):
            os.close(late)
            return None
    return late


def is_capture(start: bytes) -> bool:
    """Whether a file that begins with these, at least ``TELLING_BYTES``, is a capture; not one that is compressed."""
    return pcap.is_pcap(start) or pcapng.is_pcapng(start)


def _source(name: str, file: BinaryIO, compression: str | None, damage: CaptureError | None) -> Source:
    try:
        return Source(name, file, compression, damage)
    except BaseException:
        file.close()
        raise


def expand(captures: Iterable[str]) -> list[str]:
    """Names of captures: paths and "-" as they are, globs and directories as the captures in them, sorted.

    Of a directory, those files count that begin as a capture does or are named like one; subdirectories (see
    ``left_out``) and hidden files don't. What a glob finds twice counts once. CaptureError for a name behind which
    there is nothing.
    """
    names: list[str] = []
    for capture in captures:
        if capture == STDIN or os.path.isfile(capture):
            names.append(capture)
        elif os.path.isdir(capture):
            inside = _captures_in(capture)
            if not inside:
                deeper = left_out([capture])
                where = f", and sub-folders are not looked into: try '{deeper[0][1]}'" if deeper else ""
                raise CaptureError(capture, None, "no captures in this directory" + where)
            names += inside
        elif os.path.lexists(capture):
            names.append(capture)
        elif glob.has_magic(capture):
            matches = sorted(glob.glob(capture, recursive=True))
            found = [name for match in matches for name in (_captures_in(match) if os.path.isdir(match) else [match])]
            inside = list(dict.fromkeys(found))  # "**" finds a folder, and what is in it
            if not inside:
                raise CaptureError(capture, None, "no capture matches this pattern")
            names += inside
        else:
            raise CaptureError(capture, None, "no such file or directory")
    return names


def once(names: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Names without those behind which lies what lies behind an earlier one, and these, each with that earlier one."""
    first: dict[object, str] = {}
    kept: list[str] = []
    repeated: list[tuple[str, str]] = []
    for name in names:
        identity: object = name
        if name != STDIN:
            with contextlib.suppress(OSError, ValueError):  # who opens it says why not
                if os.path.islink(name):  # also one to nowhere, which a loop of links shows under many names
                    identity = os.path.realpath(name)
                status = os.stat(name)
                identity = status.st_dev, status.st_ino
        if identity in first:
            repeated.append((name, first[identity]))
        else:
            first[identity] = name
            kept.append(name)
    return kept, repeated


def left_out(captures: Iterable[str]) -> list[tuple[int, str]]:
    """Directories among the names with sub-folders, which ``expand`` doesn't look into: how many each has, hidden ones
    not counted, and the glob that finds the captures in them.
    """
    found = []
    for capture in captures:
        by_glob = glob.has_magic(capture) and "**" not in capture and not os.path.lexists(capture)
        for directory in sorted(glob.glob(capture)) if by_glob else [capture]:
            try:
                with os.scandir(directory) as entries:
                    folders = sum(entry.is_dir() and not entry.name.startswith(".") for entry in entries)
            except OSError:
                continue  # no directory, or ``expand`` says why not
            if folders:
                found.append((folders, os.path.join(glob.escape(directory), "**", "*.pcap*")))
    return found


def is_named_like_a_capture(name: str) -> bool:
    """Whether a file's name promises a capture: its suffix does, and it is not hidden."""
    return not os.path.basename(name).startswith(".") and name.lower().endswith(_SUFFIXES)


def _captures_in(directory: str) -> list[str]:
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise CaptureError(directory, None, error.strerror or str(error)) from error
    paths = [os.path.join(directory, name) for name in names if not name.startswith(".")]
    return [path for path in paths if os.path.isfile(path) and (is_named_like_a_capture(path) or _sniff(path))]


def _sniff(path: str) -> bool:
    """Whether a file begins like a capture, compressed or not."""
    try:
        with open(path, "rb") as file:
            start = file.read(4)
            compression = compression_of(start)
            if compression is not None:
                file.seek(0)
                start = next(decompressed(file.read, compression), b"")
    except (OSError, ValueError):
        return False  # of no suffix that promises a capture, and not readable as one
    return is_capture(start)
