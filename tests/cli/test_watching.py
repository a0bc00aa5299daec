"""What the terminal application shows of an interface is kept where the user says so."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ptpip_analyze.capture import recorders
from ptpip_analyze.capture.recorders import RecorderError
from ptpip_analyze.cli.watching import watching
from ptpip_analyze.cli.work import CommandError
from tests.capture.test_blocks import stream


class Recorder:
    """One that has written five packets and waits."""

    means = "dumpcap"

    def __init__(self) -> None:
        self.stream, self._writer = os.pipe()
        os.write(self._writer, stream())
        self._open = True

    def stop(self) -> None:
        if self._open:
            os.close(self._writer)
        self._open = False

    def ending(self) -> str | None:
        os.close(self.stream)
        return None


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setattr(recorders, "start", lambda *_: Recorder())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)


def answers(*given: str):
    waiting = iter(given)
    asked = []

    def ask(question: str) -> str:
        asked.append(question)
        return next(waiting)

    return ask, asked


def test_keeps_it_under_the_name_that_is_given(tmp_path, capsys):
    (tmp_path / "there").write_text("mine")
    ask, asked = answers(str(tmp_path / "there"), str(tmp_path / "no" / "x"), str(tmp_path / "kept.pcapng"))
    with watching("wlan7", ask=ask) as path:
        assert Path(path).read_bytes() == stream()
    assert (tmp_path / "kept.pcapng").read_bytes() == stream()
    assert (tmp_path / "there").read_text() == "mine"
    assert asked[0].startswith("Save the capture (5 packets)?")
    assert len(asked) == 3
    assert "exists already" in capsys.readouterr().err
    assert not Path(path).exists()


@pytest.mark.parametrize("answer", ["", "  "])
def test_keeps_nothing_when_nobody_wants_it(answer):
    ask, _ = answers(answer)
    with watching("wlan7", ask=ask) as path:
        pass
    assert not Path(path).exists()


def test_says_why_nothing_can_be_captured(monkeypatch):
    def refuse(*_: object) -> None:
        raise RecorderError("no permission")

    monkeypatch.setattr(recorders, "start", refuse)
    with pytest.raises(CommandError, match="no permission"), watching("wlan7"):
        pass
