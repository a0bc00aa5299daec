"""`tui --interface`: captures into a file that the terminal application shows, and asks whether to keep it."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ptpip_analyze.cli.work import CommandError, say
from ptpip_analyze.describe import counted

_PATIENCE_S = 5.0


@contextlib.contextmanager
def watching(interface: str, capture_filter: str = "", ask: Callable[[str], str] = input) -> Iterator[str]:
    """The file that packets of an interface are written to while the block runs; afterwards the user is asked for a
    name to keep it under. CommandError when nothing can be captured there.
    """
    from ptpip_analyze.capture.recorders import RecorderError, start
    from ptpip_analyze.capture.recording import Recording, Spool

    with tempfile.TemporaryDirectory(prefix="ptpip-analyze-") as folder:
        path = Path(folder) / f"{interface}.pcapng"
        try:
            recorder = start(interface, capture_filter)
        except RecorderError as error:
            raise CommandError(str(error)) from error
        spool = Spool(path)
        recording = Recording(interface, recorder.stream, spool, None, recorder.stop)
        try:
            spool.wait(0, _PATIENCE_S)
            yield str(path)
        finally:
            recorder.stop()
            recording.join()
            why = recorder.ending()
            spool.close()
            if recording.damage is not None:
                why = recording.damage.reason
            if why:
                say(f"{interface}: {why}")
            _offer(path, recording.packets, ask)


def _offer(path: Path, packets: int, ask: Callable[[str], str]) -> None:
    """Ask for a name until it can be written, or none is given."""
    while packets and sys.stdin.isatty():
        try:
            name = ask(f"Save the capture ({counted(packets, 'packet')})? Name of the file, or Enter for no: ").strip()
        except (EOFError, KeyboardInterrupt):
            return
        if not name:
            return
        target = Path(name).expanduser()
        if target.exists():
            say(f"{name} exists already; choose another name")
            continue
        try:
            shutil.copyfile(path, target)
        except OSError as error:
            say(f"{name}: {error.strerror or error}")
            continue
        say(f"saved in {name}")
        return
