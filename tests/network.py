"""Two network namespaces joined by a cable, and programs in them: the camera's side and the app's side.

Promises that all of it is gone when the test ends. Without the right to make namespaces tests are skipped, and fail
where CI=true promises it. Ends only programs that it started.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support import ROOT, program

CAMERA, APP = "192.0.2.1", "192.0.2.2"
PATIENCE_S = 20.0
_numbers = itertools.count(1)


def until(happened: Callable[[], object], what: str) -> None:
    """Wait for something; fails when it does not happen."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.01)


class Network:
    """``camera_side`` and ``app_side`` are prefixes of commands that run there; ``interface`` is the app's."""

    def __init__(self) -> None:
        name = f"pa{os.getpid()}n{next(_numbers)}"
        self.interface = "wlan7"
        self._spaces = f"{name}c", f"{name}a"
        self.camera_side = ["ip", "netns", "exec", self._spaces[0]]
        self.app_side = ["ip", "netns", "exec", self._spaces[1]]

    def __enter__(self) -> Network:
        program("ip")
        camera, app = self._spaces
        try:
            for space in self._spaces:
                ip("netns", "add", space)
            ip("-n", app, "link", "add", self.interface, "type", "veth", "peer", "name", "wlan8", "netns", camera)
            for space, interface, address in ((camera, "wlan8", CAMERA), (app, self.interface, APP)):
                ip("-n", space, "addr", "add", f"{address}/24", "dev", interface)
                ip("-n", space, "link", "set", "lo", "up")
                ip("-n", space, "link", "set", interface, "up")
                ip("-n", space, "route", "add", "224.0.0.0/4", "dev", interface)
        except subprocess.CalledProcessError as error:
            self.__exit__()
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"network namespaces can't be made: {error.stderr.decode().strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        for space in self._spaces:
            subprocess.run(["ip", "netns", "delete", space], check=False, capture_output=True)

    def set(self, state: str) -> None:
        """Set the app's interface up or down."""
        ip("-n", self._spaces[1], "link", "set", self.interface, state)

    def cut(self) -> None:
        """Take the app's interface away."""
        ip("-n", self._spaces[1], "link", "delete", self.interface)


def ip(*arguments: str) -> None:
    """Run ip(8), which must succeed."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Camera:
    """A camera in a process of its own, ``prefix`` before its command."""

    def __init__(self, *arguments: str, prefix: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.camera.alone", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        """End it as a flat battery does."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=PATIENCE_S)
        self.process.stdin.close()
        self.process.stdout.close()


class Watching:
    """`ptpip-analyze live` as a user runs it, with ``prefix`` before it; what it writes goes to files in ``folder``."""

    def __init__(
        self, folder: Path, *arguments: str, prefix: Sequence[str] = (), stdin: int | None = subprocess.DEVNULL
    ) -> None:
        self._files = folder / "rows", folder / "said"
        with self._files[0].open("wb") as rows, self._files[1].open("wb") as said:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "ptpip_analyze", "live", *arguments],
                cwd=ROOT,
                stdin=stdin,
                stdout=rows,
                stderr=said,
            )

    def begun(self) -> Watching:
        """Wait until it captures."""
        until(lambda: "capturing on" in self.said or self.process.poll() is not None, "capturing")
        assert "capturing on" in self.said, self.said
        return self

    @property
    def rows(self) -> list[str]:
        """The whole lines on standard output so far."""
        return self._files[0].read_text().split("\n")[:-1]

    @property
    def said(self) -> str:
        """What stands on standard error so far."""
        return self._files[1].read_text()

    def until(self, *words: str) -> None:
        """Wait until a row has all of these words."""
        until(
            lambda: any(all(word in row for word in words) for row in self.rows) or self.process.poll() is not None,
            f"a row with {words}: {self.said}",
        )

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal, and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(timeout=PATIENCE_S)

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
