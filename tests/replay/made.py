"""Recordings replayed on a socket of this machine, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ptpip_analyze import Analysis, analyze
from ptpip_analyze.replay import Recording, Server
from tests.traffic import Packet, pcap_bytes


class Stage:
    """A server in a thread of its own: where it listens, and what it said."""

    def __init__(self, recording: Recording, **options: bool) -> None:
        self.said: list[str] = []
        self.port = 0
        self.ended = threading.Event()
        self._ready = threading.Event()
        self._recording, self._options = recording, options
        self._place = "127.0.0.1", 0
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        server = Server(self._recording, self.said.append, **self._options)
        self._task = self._loop.create_task(server.serve(*self._place, self._told))
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._task)
        finally:
            self._loop.close()
            self.ended.set()
            self._ready.set()

    def _told(self, port: int) -> None:
        self.port = port
        self._ready.set()

    @contextmanager
    def listening(self, address: str = "127.0.0.1", port: int = 0) -> Iterator[Stage]:
        """Serve while the block runs."""
        self._place = address, port
        self._thread.start()
        assert self._ready.wait(10)
        try:
            yield self
        finally:
            if not self.ended.is_set() and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)
            assert self.ended.wait(10)
            self._thread.join(10)


def analysed(capture: bytes | Path | Sequence[Packet]) -> Analysis:
    """A capture analysed."""
    if isinstance(capture, Path):
        return analyze(capture)
    return analyze(io.BytesIO(capture if isinstance(capture, bytes) else pcap_bytes(capture, nano=True)))


def recording(capture: bytes | Path | Sequence[Packet], session: int = 0) -> Recording:
    """One of its sessions."""
    return Recording(analysed(capture).results[0], session)


def stage(capture: bytes | Path | Sequence[Packet], session: int = 0, **options: bool) -> Stage:
    """A session that is ready to be replayed."""
    return Stage(recording(capture, session), **options)
