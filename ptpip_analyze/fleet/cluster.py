"""Jobs on a Dask cluster. Promises that a lost worker costs time alone: what it was at is done again elsewhere.

Refuses to wait for ever: a cluster without workers is an error after a minute.
"""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

from ptpip_analyze import __version__

from .places import FleetError
from .work import work

if TYPE_CHECKING:
    from .layout import Record
    from .work import Job

PATIENCE_S = 60.0
"""How long a cluster may be without workers: a nanny takes seconds to begin another one, a batch system longer."""

_CONNECT_S = 10.0
_LOOK_S = 2.0
_AHEAD = 2  # jobs per thread: one is done, one waits beside it


class Cluster:
    """The workers of the scheduler at ``address`` ("tcp://host:8786"). A context manager.

    Raises FleetError where Dask is not installed, or no scheduler answers.
    """

    def __init__(self, address: str, patience_s: float = PATIENCE_S) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise FleetError("--scheduler needs Dask: pip install 'ptpip-analyze[dask]'") from error
        try:
            self._client = Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise FleetError(f"{address}: no Dask scheduler answers there") from error
        self._address, self._patience_s = address, patience_s
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._jobs: dict[str, Job] = {}
        self._count = self._threads = 0
        self._looked = self._seen = time.monotonic()
        self._look()

    @property
    def width(self) -> int:
        """Jobs that may be under way: the cluster may grow and shrink meanwhile."""
        if time.monotonic() - self._looked > _LOOK_S:
            self._look()
        return max(1, self._threads * _AHEAD)

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            self._threads = sum(self._client.nthreads().values())
        except OSError as error:
            raise self._lost() from error
        if self._threads:
            self._seen = self._looked
        elif self._looked - self._seen > self._patience_s:
            raise FleetError(f"{self._address}: the cluster has no workers; what is done is kept, run it again")

    def submit(self, job: Job) -> None:
        """Begin a job."""
        self._count += 1
        future = self._client.submit(work, job, key=f"ptpip-analyze-{id(self):x}-{self._count}", pure=False)
        self._jobs[future.key] = job
        future.add_done_callback(self._ended.put)

    def take(self) -> tuple[Job, Record | None]:
        """A job that ended, and its record; None where workers were lost at it more often than the scheduler allows.

        FleetError where the cluster is gone, or lacks what the job needs.
        """
        from distributed import KilledWorker

        while True:
            try:
                future = self._ended.get(timeout=_LOOK_S)
                break
            except queue.Empty:
                self._look()
        if future.status not in ("finished", "error"):
            raise self._lost()
        job = self._jobs.pop(future.key)
        error = future.exception() if future.status == "error" else None
        if error is None:
            record: Record = future.result()
            if record.version != __version__:
                raise FleetError(f"{self._address}: a worker has version {record.version}, and this is {__version__}")
            return job, record
        if isinstance(error, KilledWorker):
            return job, None
        if isinstance(error, FleetError):
            raise error
        raise FleetError(f"{self._address}: {type(error).__name__}: {error}") from error

    def _lost(self) -> FleetError:
        return FleetError(f"{self._address}: the scheduler is gone; what is done is kept, run it again")

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close(timeout=_CONNECT_S)
