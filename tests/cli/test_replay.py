"""`replay`: a recorded camera for real clients."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.camera import Initiator
from tests.support import ROOT
from tests.traffic import damage, fuji_conversation, write_pcap

PROGRAM = (sys.executable, "-m", "ptpip_analyze")


def started(*arguments: str | Path) -> tuple[subprocess.Popen[str], int]:
    """The command in a process of its own, and the port that it listens on."""
    process = subprocess.Popen(
        [*PROGRAM, "replay", *map(str, arguments), "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "listening on" in line:
            return process, int(line.split(",")[0].rpartition(":")[2])
    raise AssertionError("it did not listen")


def test_answers_a_client_and_ends_once_it_has_left(plain_pcap: Path) -> None:
    process, port = started(plain_pcap, "--once")
    with Initiator("127.0.0.1", port) as initiator:
        assert initiator.open_session().response == 0x2001
        assert initiator.transact(0x1001).data
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "2 answered, 0 refused" in said


def test_ends_cleanly_on_control_c(plain_pcap: Path) -> None:
    process, port = started(plain_pcap)
    with Initiator("127.0.0.1", port):
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("captures/list-and-get.pcapng",), "--session 0 to 2 says which one"),
        (("captures/list-and-get.pcapng", "--session", "9"), "there is no session 9"),
        (("captures/summary.pcapng", "--listen", "15740"), "HOST:PORT is expected"),
        (("captures/summary.pcapng", "--listen", "127.0.0.1:99999"), "HOST:PORT is expected"),
        (("captures",), "one capture at a time"),
    ],
)
def test_refuses_in_one_line(run, monkeypatch, arguments: tuple[str, ...], says: str) -> None:
    monkeypatch.chdir(ROOT)
    ran = run("replay", *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_says_that_a_greeting_is_not_there(run, tmp_path: Path) -> None:
    packets = damage.drop(fuji_conversation().init().open_session().close().packets(), 4)
    ran = run("replay", write_pcap(tmp_path / "fuji.pcap", packets, nano=True))
    assert ran.code == 2
    assert "speaks Fujifilm's dialect, and the camera's greeting is not captured" in ran.err


def test_says_that_a_place_is_taken(run, plain_pcap: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run("replay", plain_pcap, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert ran.code == 2
    assert "can't listen on 127.0.0.1:" in ran.err
    assert ran.err.endswith(": Address already in use\n")
