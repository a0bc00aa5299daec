"""A process that does jobs: until its pipe ends, and whatever becomes of one."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from pathlib import Path

import pytest

from ptpip_analyze.fleet import serving
from ptpip_analyze.fleet.places import FleetError

from .here import job


def test_answers_each_job_until_its_pipe_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(one):
        if one.capture == "full":
            raise FleetError("no room")
        return f"done {one.capture}"

    monkeypatch.setattr(serving, "work", work)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process keeps its Ctrl-C
    ours, theirs = multiprocessing.Pipe()
    serving_thread = threading.Thread(target=serving.serve, args=(theirs,))
    serving_thread.start()
    ours.send(job(tmp_path, "a"))
    assert ours.recv() == "done a"
    ours.send(job(tmp_path, "full"))
    assert str(ours.recv()) == "no room"
    ours.send(job(tmp_path, "b"))
    assert ours.recv() == "done b"
    ours.close()
    serving_thread.join(10)
    assert not serving_thread.is_alive()


def test_ends_in_silence_when_nobody_waits_for_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = multiprocessing.Pipe()

    def work(_: object) -> str:
        ours.close()
        return "done"

    monkeypatch.setattr(serving, "work", work)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    ours.send(job(tmp_path, "a"))
    serving.serve(theirs)
