"""The command line. One name is public: `main`, the console script. Refuses to load anything before it is called."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line `arguments` (default: the process's) and leave the process with its exit code."""
    # numpy's linear algebra starts a thread per core while it loads, and is never used here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Looking for garbage among modules while they load takes a tenth of that time, and finds none.
    gc.set_threshold(100_000, *gc.get_threshold()[1:])
    try:
        from ptpip_analyze.cli import reader

        if arguments is None:
            _open_streams()
            reader.begin(sys.argv[1:])
        from ptpip_analyze.cli.app import run

        code = run(arguments)
    except KeyboardInterrupt:  # also while modules are still being loaded
        code = _INTERRUPTED
    if arguments is None:
        _leave(code)
    sys.exit(code)


def _open_streams() -> None:
    """Open what the shell has closed (``>&-``), so that no pipe or file takes its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _leave(code: int) -> NoReturn:
    """End the process without taking numpy and pyarrow apart first, which lasts longer than a small summary.

    All files are closed by now, and temporary ones have no name.
    """
    from ptpip_analyze.cli import reader

    reader.end()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # nobody reads any more, or the disk is full: said already
        pass
    os._exit(code)
