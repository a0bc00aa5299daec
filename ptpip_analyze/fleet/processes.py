"""Jobs on the processes of this machine, each with a pipe of its own.

Promises to know which job a process was at when it was killed, and that no process outlives the one that began it.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from .layout import Record
    from .work import Job


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker(NamedTuple):
    process: BaseProcess
    pipe: Connection


class Processes:
    """As many processes as ``width`` says, begun when they are needed; the life of each is ``serve``.

    A context manager: at its end they are killed.
    """

    def __init__(self, width: int, serve: Callable[[Connection], None] | None = None) -> None:
        self.width, self._serve = width, serve
        # A server that has loaded everything, and has no threads, forks them: quicker than to load it in each.
        if "forkserver" in multiprocessing.get_all_start_methods():
            self._context: Any = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload([f"{__package__}.serving"])
        else:
            self._context = multiprocessing.get_context("spawn")
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, Job]] = {}

    def submit(self, job: Job) -> None:
        """Begin a job; at most ``width`` may be under way."""
        worker = self._idle.pop() if self._idle else self._begun()
        self._busy[worker.pipe] = worker, job
        worker.pipe.send(job)

    def take(self) -> tuple[Job, Record | None]:
        """A job that ended, and its record; None where its process was killed. Raises what the job raised."""
        (pipe, *_) = wait(list(self._busy))
        assert isinstance(pipe, Connection)
        worker, job = self._busy.pop(pipe)
        try:
            answer = pipe.recv()
        except (EOFError, ConnectionResetError):
            worker.process.join()
            return job, None
        self._idle.append(worker)
        if isinstance(answer, BaseException):
            raise answer
        return job, answer

    def _begun(self) -> _Worker:
        from .serving import serve

        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=self._serve or serve, args=(theirs,), name="ptpip-analyze", daemon=True)
        process.start()
        theirs.close()  # so that its end is seen
        return _Worker(process, ours)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in (*self._idle, *(worker for worker, _ in self._busy.values())):
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        self._idle, self._busy = [], {}
