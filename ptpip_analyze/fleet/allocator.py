"""How the C library keeps memory that was freed. Promises to put back what variables of the environment say, and
glibc's default where one of both isn't set; what a program has set by ``mallopt`` itself nobody can ask for.

Refuses to touch a process in which nobody has changed them: glibc finds good ones by itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator, Mapping
from typing import Final

_TRIM, _MMAP = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
_TRIM_VARIABLE: Final = "MALLOC_TRIM_THRESHOLD_"
_MMAP_VARIABLE: Final = "MALLOC_MMAP_THRESHOLD_"

MMAP_BYTES: Final = 32 << 20
"""What glibc's own adaptation ends at on machines of 64 bits, DEFAULT_MMAP_THRESHOLD_MAX of mallopt(3)."""

TRIM_BYTES: Final = 2 * MMAP_BYTES
"""Its adaptation makes this one twice the other."""

_GLIBC_MMAP_BYTES: Final = 128 << 10  # in force where a process fixes one of both


@contextlib.contextmanager
def freed_memory_kept(environment: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Freed memory is kept for what is asked for next, up to ``TRIM_BYTES``.

    The nannies of a Dask cluster begin workers that give back each 64 KiB at once (``MALLOC_TRIM_THRESHOLD_``): an
    analysis then has the same pages taken away and filled with zeros again and again. Nothing changes where that
    variable isn't set, or keeps as much already (a negative number: all), nor without glibc. Settings are those of the
    whole process: one thread at a time.
    """
    trim = _number(environment, _TRIM_VARIABLE)
    if trim is None or trim < 0 or trim >= TRIM_BYTES:
        yield
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        yield
        return
    mmap = _number(environment, _MMAP_VARIABLE)
    mallopt(_TRIM, TRIM_BYTES)
    if mmap is None:
        mallopt(_MMAP, MMAP_BYTES)
    try:
        yield
    finally:
        mallopt(_TRIM, trim)
        if mmap is None:
            mallopt(_MMAP, _GLIBC_MMAP_BYTES)


def _number(environment: Mapping[str, str], name: str) -> int | None:
    """A variable that is a decimal number; None where it isn't set, or is anything else."""
    try:
        return int(environment[name])
    except (KeyError, ValueError):
        return None
