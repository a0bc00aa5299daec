"""A capture that is still being made: what comes through a pipe or passes an interface, in a file that the application
follows; kept or thrown away.

Promises that what has come is in the file until somebody says that it shall not be kept. Refuses to read it: the file
is analysed like any other that grows.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Final, Protocol

from ptpip_analyze.capture.interfaces import trouble_of
from ptpip_analyze.capture.recorders import Recorder, start
from ptpip_analyze.capture.recording import Recording, Spool
from ptpip_analyze.capture.source import is_capture
from ptpip_analyze.capture.spool import TELLING_BYTES
from ptpip_analyze.tables.export import replacing

from .notes import SUFFIX

_PIECE: Final = 1 << 16
LEAST_BYTES: Final = 24
"""The header of a pcap file: what is shorter holds no packet."""
_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"


class Incoming(Protocol):
    """What the application asks of a capture that is being made. ``name`` is what it is called, ``path`` the file."""

    name: str
    path: Path

    @property
    def fault(self) -> str:
        """Why it ended before its time, in a sentence; "" when it did not."""

    @property
    def trouble(self) -> str:
        """Why nothing comes, though nothing has ended, to be said behind the name; "" for no reason."""

    @property
    def ended(self) -> bool:
        """Will nothing more come?"""

    def stop(self) -> None:
        """Let nothing more come."""


class Piped:
    """What comes through a pipe, by its file descriptor, which is closed at the end of it, and at once where it is no
    capture: then the file has what shows that.
    """

    trouble = ""

    def __init__(self, descriptor: int, name: str) -> None:
        self.name = name
        handle, path = tempfile.mkstemp(prefix="ptpip-analyze-", suffix=".capture")
        self.path = Path(path)
        self._from, self._to, self._ended = descriptor, handle, threading.Event()
        self.fault = ""
        threading.Thread(target=self._copy, daemon=True, name="incoming").start()

    @property
    def ended(self) -> bool:
        """Will nothing more come?"""
        return self._ended.is_set()

    def stop(self) -> None:
        """Let nothing more come."""
        self._ended.set()

    def _copy(self) -> None:
        start = b""
        try:
            while not self._ended.is_set() and (piece := os.read(self._from, _PIECE)):
                if (known := len(start)) < TELLING_BYTES:
                    start += piece
                    if len(start) >= TELLING_BYTES and not is_capture(start):
                        piece = piece[: TELLING_BYTES - known]
                        self._ended.set()
                held = memoryview(piece)
                while held:
                    held = held[os.write(self._to, held) :]
        except OSError as error:
            self.fault = f"{self.name} could not be read on: {error.strerror}"
        finally:
            self._ended.set()
            for descriptor in (self._from, self._to):
                with contextlib.suppress(OSError):
                    os.close(descriptor)


class Watched:
    """What passes an interface, and the filter (libpcap's syntax). RecorderError when nothing can be captured there."""

    def __init__(self, interface: str, capture_filter: str = "") -> None:
        self.name = interface
        self._recorder: Recorder | None = start(interface, capture_filter)
        handle, path = tempfile.mkstemp(prefix="ptpip-analyze-", suffix=".capture")
        os.close(handle)
        self.path = Path(path)
        self._spool = Spool(self.path)
        self._recording = Recording(interface, self._recorder.stream, self._spool, None, self._recorder.stop)
        self._why = ""

    @property
    def trouble(self) -> str:
        """Why nothing comes, though nothing has ended, to be said behind the name; "" for no reason."""
        return trouble_of(self.name)

    @property
    def ended(self) -> bool:
        """Will nothing more come?"""
        return self._spool.ended

    @property
    def fault(self) -> str:
        """Why it ended before its time, in a sentence; "" when it did not."""
        if self.ended:
            self._finish()
        return self._why

    def stop(self) -> None:
        """Let nothing more come."""
        if self._recorder is not None:
            self._recorder.stop()
        self._finish()

    def _finish(self) -> None:
        if self._recorder is None:
            return
        self._recording.join()
        why = self._recorder.ending()
        self._recorder = None
        self._spool.close()
        damage = self._recording.damage
        self._why = f"{self.name}: {damage.reason if damage is not None else why}" if damage is not None or why else ""


def suggested_name(path: Path) -> str:
    """A name for what was captured, by the time and the format."""
    with path.open("rb") as stream:
        suffix = "pcapng" if stream.read(4) == _PCAPNG else "pcap"
    return time.strftime(f"capture-%Y%m%d-%H%M%S.{suffix}")


def keep(incoming: Incoming, target: Path) -> None:
    """Let no more come, and put what has come to a file, with the notes on it. ExportError when that can't be."""
    incoming.stop()
    with replacing(target) as stream, incoming.path.open("rb") as source:
        shutil.copyfileobj(source, stream)
    notes = Path(f"{incoming.path}{SUFFIX}")
    if notes.exists():
        with replacing(Path(f"{target}{SUFFIX}")) as stream:
            stream.write(notes.read_bytes())
    throw_away(incoming)


def throw_away(incoming: Incoming) -> None:
    """Let no more come, and forget what has come."""
    incoming.stop()
    for path in (incoming.path, Path(f"{incoming.path}{SUFFIX}")):
        path.unlink(missing_ok=True)
