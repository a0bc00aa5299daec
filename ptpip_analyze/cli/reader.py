"""A process that reads the headers of large captures while this one loads what an analysis needs: on two cores, loading
takes as long as reading some hundred MiB.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ptpip_analyze.ahead import Worker

LARGE_BYTES = 8 << 20  # capture.CHUNK_BYTES, which loads too late to be asked
# What it has read may wait here: the headers of 300 MiB of large packets, or of 16 MiB of small ones with their bytes.
SHARED_BYTES = 40 << 20

_NEEDS_NONE = frozenset({"-h", "--help", "--version", "codes", "--dataset", "--jobs", "--scheduler"})

_reader: Worker | None = None


def is_large(name: str) -> bool:
    """Whether this names a file for which a process of its own pays; "-" is standard input."""
    try:
        status = os.stat(name)
    except (OSError, ValueError):
        return False
    return name != "-" and stat.S_ISREG(status.st_mode) and status.st_size > LARGE_BYTES


def begin(arguments: Sequence[str]) -> None:
    """Start the process on the first large file that is named, when that is safe here.

    Where it can't be had, or what it reads is no capture to analyse, all goes on without it.
    """
    global _reader
    large = next(filter(is_large, arguments), None)
    if large is None or _NEEDS_NONE.intersection(arguments):
        return
    from ptpip_analyze.ahead import Shared, Worker, can_fork

    if can_fork():
        # Loaded before there are two processes, because both need it: this saves 80 ms of processor time.
        from ptpip_analyze.headers import read_apart

        with contextlib.suppress(OSError):
            _reader = Worker(read_apart, Shared(SHARED_BYTES))
            _reader.ask(large)


def ask(meanwhile: Iterable[object]) -> Worker | None:
    """The process, if there is one; ``meanwhile`` are steps of other work, taken whenever it has nothing ready yet."""
    if _reader is not None:
        _reader.meanwhile(meanwhile)
    return _reader


def stop() -> None:
    """Let the process end, if there is one: everything is read."""
    if _reader is not None:
        _reader.stop()


def end() -> None:
    """End the process, if there is one."""
    if _reader is not None:
        _reader.close()
