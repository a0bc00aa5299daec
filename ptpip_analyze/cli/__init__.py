"""The command line. One name is public: `main`, the console script. Refuses to load anything before it is called."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line `arguments` (default: the process's) and leave the process with its exit code."""
    try:
        from ptpip_analyze.cli.app import run

        sys.exit(run(arguments))
    except KeyboardInterrupt:  # also while modules are still being loaded
        sys.exit(_INTERRUPTED)
