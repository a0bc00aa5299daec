"""What the tests of datasets share: jobs done in this process, captures in a folder, and a dataset as plain values."""

from __future__ import annotations

import hashlib
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from ptpip_analyze.fleet import run
from ptpip_analyze.fleet.layout import LOCK, Options, Record
from ptpip_analyze.fleet.places import Place
from ptpip_analyze.fleet.work import Job, work


class Here:
    """A crew of nobody else: each job is done when it is taken. ``killed`` captures kill whoever does them."""

    width = 3

    def __init__(self, *killed: str) -> None:
        self.killed, self.taken, self._asked = killed, [], deque[Job]()

    def submit(self, job: Job) -> None:
        self._asked.append(job)

    def take(self) -> tuple[Job, Record | None]:
        job = self._asked.popleft()
        beside = [Path(one.capture).name for one in self._asked]
        self.taken.append((Path(job.capture).name, len(beside)))
        return job, None if job.capture.endswith(self.killed or "\0") else work(job)

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """No processes: what `export_many` begins is done in this one."""
    crew = Here()
    monkeypatch.setattr(run, "_crew", lambda width, scheduler: crew)
    return crew


def job(folder: Path, capture: Path | str, number: int = 0, **options: Any) -> Job:
    """A capture to be put into the dataset `folder`."""
    return Job(Place(str(folder)), number, str(capture), Options(**options))


def contents(dataset: Path) -> dict[str, str]:
    """The files of a dataset by name, each with its SHA-256; without the lock, which is empty."""
    files = (path for path in dataset.rglob("*") if path.is_file() and path.name != LOCK)
    return {str(path.relative_to(dataset)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}
