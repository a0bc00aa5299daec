"""The programs that live tests and recordings need: gphoto2 as the client, dumpcap as the recorder.

Promises that gphoto2 leaves nothing in the user's home, and that a recording holds every packet up to its end. Refuses
to go on silently: a program that is missing, hangs or fails to start raises.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

CAPTURE_FILTER = "tcp port 15740"
GUID = b"GPHOTO2 ON LINUX"
"""What gphoto2 is told to call itself; it draws a random GUID otherwise."""
SETTLE_S = 0.3
"""dumpcap sees packets in blocks; a file that has not grown for so long has them all."""


class MissingProgram(Exception):
    """A program that is not installed here."""


def require(program: str) -> str:
    """The program's path. MissingProgram when there is none."""
    path = shutil.which(program)
    if path is None:
        raise MissingProgram(f"{program} is not installed")
    return path


class Gphoto2:
    """gphoto2 talking PTP-IP to ``address``, with settings of its own in ``home`` and its files in ``home/files``.

    ``prefix`` is put before the command, as ``nsenter --net=FILE`` would be.
    """

    def __init__(self, address: str, home: Path, guid: bytes = GUID, prefix: Sequence[str] = ()) -> None:
        self._command = [*prefix, require("gphoto2"), "--port", f"ptpip:{address}"]
        self.files = home / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        settings = home / ".gphoto" / "settings"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(f"ptp2_ip=guid={guid.hex(':')}\n")
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        self._environment = {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def command(self, *arguments: str) -> list[str]:
        """The command line for ``arguments``."""
        return [*self._command, *arguments]

    def run(self, *arguments: str, timeout_s: float = 20.0) -> subprocess.CompletedProcess[str]:
        """Run to the end, without raising for its exit status. subprocess.TimeoutExpired."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.files,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it and go on."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.files,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


class Recording:
    """dumpcap writing ``path`` while the ``with`` block runs; pcap when the name ends so, else pcapng.

    ``prefix`` is put before the command, as ``nsenter --net=FILE`` would be. RuntimeError when dumpcap does not start,
    PermissionError when it may not.
    """

    def __init__(
        self,
        path: Path,
        interface: str = "lo",
        snaplen: int | None = None,
        capture_filter: str = CAPTURE_FILTER,
        prefix: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.command = [*prefix, require("dumpcap"), "-q", "-i", interface, "-f", capture_filter, "-w", str(path)]
        if path.suffix == ".pcap":
            self.command.append("-P")
        if snaplen is not None:
            self.command += ["-s", str(snaplen)]

    def __enter__(self) -> Recording:
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if line.startswith("File:"):
                return self
        self._process.wait()
        reason = f"dumpcap did not start: {''.join(said).strip()}"
        raise PermissionError(reason) if "permission" in reason else RuntimeError(reason)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        size, since = -1, time.monotonic()
        while time.monotonic() - since < SETTLE_S:
            now = self.path.stat().st_size
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.02)
        self._process.terminate()
        assert self._process.stderr is not None
        self._process.stderr.read()
        self._process.stderr.close()
        if self._process.wait(timeout=10) != 0 and error is None:
            raise RuntimeError(f"dumpcap ended with status {self._process.returncode}")
