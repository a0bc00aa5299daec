"""The life of a process that does jobs. Loading this loads all that they need, which many processes then share."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection

from ptpip_analyze import analysis, rules  # noqa: F401 - loaded once, before processes are forked
from ptpip_analyze.tables import build, export, findings, objects, properties  # noqa: F401

from . import verdicts  # noqa: F401
from .work import work


def serve(pipe: Connection) -> None:
    """Do the jobs that come through a pipe, until it ends. Ctrl-C is the affair of whoever sends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer: object = work(job)
        except Exception as error:
            answer = error
        try:
            pipe.send(answer)
        except OSError:  # nobody waits for it any more
            return


def _end_with_parent() -> None:
    """A process in the midst of a job does not ask its pipe: where nobody waits for it any more, it ends at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
