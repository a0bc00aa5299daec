"""`tui`: what is refused before a screen is opened, and the program in a real terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.camera import Gphoto2
from tests.network import CAMERA, Camera, Network
from tests.support import program
from tests.test_project import loaded_by

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("content", [b"", b"no capture"])
def test_refuses_what_is_no_capture_in_one_line(run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.pcap").write_bytes(content)
    ran = run("tui", tmp_path / "no.pcap")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "no.pcap" in ran.err


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_refuses_devices_before_a_screen_is_opened(run, device: str) -> None:
    ran = run("tui", device)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert f"{device}: offset 0: not a capture" in ran.err


def test_refuses_what_is_not_there(run, tmp_path: Path) -> None:
    ran = run("tui", tmp_path / "no.pcap")
    assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_needs_a_terminal(run, plain_pcap: Path) -> None:
    ran = run("tui", plain_pcap)
    assert ran.code == 2
    assert "needs a terminal" in ran.err


def test_follows_a_pipe_alone(run, plain_pcap: Path) -> None:
    ran = run("tui", "-", plain_pcap)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "standard input alone" in ran.err
    assert "needs a terminal" in run("tui", "-").err


def test_help_loads_no_textual() -> None:
    assert "textual" not in loaded_by("tui", "--help")


class Terminal:
    """A real terminal: tmux, with the program in it."""

    def __init__(self, folder: Path) -> None:
        self._base = ["tmux", "-L", f"ptpip-{uuid.uuid4().hex[:8]}", "-f", "/dev/null"]
        environment = {key: value for key, value in os.environ.items() if key != "TMUX"}
        environment |= {"LC_ALL": "C.UTF-8", "XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(folder)}
        self._run = lambda *words: (
            subprocess.run([*self._base, *words], capture_output=True, text=True, check=False, env=environment).stdout
        )
        self._run("new-session", "-d", "-s", "t", "-x", "120", "-y", "40", "-c", str(folder))

    def keys(self, *keys: str) -> None:
        """Send keys by tmux's names."""
        self._run("send-keys", "-t", "t", *keys)

    def text(self, text: str) -> None:
        """Type a text, as late after a key as a person would."""
        time.sleep(0.5)
        self._run("send-keys", "-t", "t", "-l", text)

    def shows(self, text: str, seconds: float = 30.0) -> str:
        """Wait until a text is on the screen."""
        end = time.monotonic() + seconds
        while text not in (screen := self._run("capture-pane", "-p", "-t", "t")):
            assert time.monotonic() < end, f"no {text!r} in\n{screen}"
            time.sleep(0.1)
        return screen

    def close(self) -> None:
        """End this terminal, and only this one."""
        self._run("kill-server")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    program("tmux")
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def test_is_driven_in_a_real_terminal(terminal: Terminal, tmp_path: Path) -> None:
    capture = ROOT / "captures" / "list-and-get.pcapng"
    terminal.text(f"{sys.executable} -m ptpip_analyze tui {capture}; echo ended with $?")
    terminal.keys("Enter")
    terminal.shows("Simulated Camera")
    terminal.keys("2")
    terminal.shows("41 rows")
    terminal.keys("/")
    terminal.shows("Tab completes")
    terminal.text('operation == "GetObject"')
    terminal.shows("Enter filters")
    terminal.keys("Enter")
    terminal.shows("1 of 41 rows")
    terminal.keys("d")
    terminal.shows("Ladder of session 1")
    terminal.keys("Escape")
    terminal.shows("1 of 41 rows")
    terminal.keys("Enter")
    terminal.shows("operationCode: 0x1009 (GetObject)")
    terminal.keys("Escape")
    terminal.shows("1 of 41 rows")
    terminal.keys("w")
    terminal.shows("Save 1 row of")
    terminal.keys("C-u")
    terminal.text("one.pcapng")
    terminal.keys("Enter")
    terminal.shows("written to one.pcapng")
    terminal.keys("q")
    terminal.shows("ended with 0")
    assert (tmp_path / "one.pcapng").stat().st_size > 40_000
    assert "GetObject" in (tmp_path / "state" / "ptpip-analyze" / "filters.json").read_text()


def test_what_comes_through_a_pipe_is_shown_and_kept_when_that_is_wanted(terminal: Terminal, tmp_path: Path) -> None:
    capture = ROOT / "captures" / "list-and-get.pcapng"
    terminal.text(f"cat {capture} | {sys.executable} -m ptpip_analyze tui -; echo ended with $?")
    terminal.keys("Enter")
    terminal.shows("the capture has ended")
    terminal.keys("2")
    terminal.shows("41 rows")
    terminal.keys("q")
    terminal.shows("is in no file of yours")
    terminal.keys("C-u")
    terminal.text("kept.pcapng")
    terminal.keys("Enter")
    terminal.shows("ended with 0")
    assert (tmp_path / "kept.pcapng").read_bytes() == capture.read_bytes()
    assert not list(tmp_path.glob("ptpip-analyze-*"))


def test_standard_input_must_not_be_the_terminal(terminal: Terminal) -> None:
    terminal.text(f"{sys.executable} -m ptpip_analyze tui -; echo ended with $?")
    terminal.keys("Enter")
    terminal.shows("pipe a capture into it")
    terminal.shows("ended with 2")


def test_says_that_its_interface_is_down_and_that_it_has_gone(terminal: Terminal, tmp_path: Path) -> None:
    program("dumpcap")
    with Network() as network:
        side = " ".join(network.app_side)
        watch = f"{side} {sys.executable} -m ptpip_analyze tui --interface {network.interface}"
        terminal.text(f"{watch}; echo ended with $?")
        terminal.keys("Enter")
        terminal.shows("following (P pauses)")
        network.set("down")
        terminal.shows("wlan7 is down: nothing comes before it is up")
        network.set("up")
        terminal.shows("following (P pauses)")
        with Camera(CAMERA, "20000", "0", prefix=network.camera_side):
            assert Gphoto2(CAMERA, tmp_path / "home", prefix=network.app_side).run("--summary").returncode == 0
        terminal.keys("2")
        terminal.shows("CloseSession")
        network.cut()
        terminal.shows("the capture has ended: wlan7: ")
        terminal.keys("q")
        terminal.shows("is in no file of yours")
        terminal.keys("C-d")
        terminal.shows("ended with 0")
    assert not list(tmp_path.glob("ptpip-analyze-*"))
