"""A process that reads the headers of large captures, started before anything else is loaded.

Loading what an analysis needs takes as long as reading some hundred MiB: both happen at once, on two cores.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ptpip_analyze.ahead import Make, Worker

BUFFER_BYTES = 4 << 20
# The columns of a batch need about as much room as its bytes, unless nearly all packets are empty.
SLOT_BYTES = 2 * BUFFER_BYTES

# So far it may be ahead: what it reads while this process loads modules.
STEPS = 8

_NEEDS_NONE = frozenset({"-h", "--help", "--version", "codes"})

_reader: Worker | None = None


def is_large(name: str) -> bool:
    """Whether this names a file for which a process of its own pays; "-" is standard input."""
    try:
        status = os.stat(name)
    except (OSError, ValueError):
        return False
    return name != "-" and stat.S_ISREG(status.st_mode) and status.st_size > BUFFER_BYTES


def begin(arguments: Sequence[str]) -> None:
    """Start the process when a large file is named and that is safe here. Does without it where it can't be had."""
    global _reader
    if not _NEEDS_NONE.intersection(arguments) and any(is_large(argument) for argument in arguments):
        from ptpip_analyze.ahead import Shared, Worker, can_fork

        if can_fork():
            with contextlib.suppress(OSError):
                _reader = Worker(_prepare, Shared(SLOT_BYTES, BUFFER_BYTES, STEPS))


def ask(captures: Sequence[str], packets: bool) -> Worker | None:
    """The process, if there is one, reading the first of the captures already if that is large."""
    if _reader is not None and not _reader.closed and is_large(captures[0]):
        _reader.ask((captures[0], packets))
    return _reader


def stop() -> None:
    """Let the process end, if there is one: everything is read."""
    if _reader is not None:
        _reader.stop()


def end() -> None:
    """End the process, if there is one."""
    if _reader is not None:
        _reader.close()


def _prepare() -> Make:
    from ptpip_analyze.headers import read_apart

    return read_apart
