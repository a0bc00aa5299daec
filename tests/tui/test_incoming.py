"""A capture that is being made: spooled, followed, kept or thrown away."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ptpip_analyze.tui.app import Inspector
from ptpip_analyze.tui.incoming import Piped, Watched, keep, suggested_name, throw_away
from ptpip_analyze.tui.notes import SUFFIX
from tests.capture.test_blocks import stream

from .conftest import PATIENCE_S, Seen


class Pipe:
    """A pipe that the test writes into, and the application reads from."""

    def __init__(self) -> None:
        end, self._write = os.pipe()
        self.incoming = Piped(end, "stdin")

    def send(self, data: bytes) -> None:
        """Write, and wait until it has come."""
        size = self.incoming.path.stat().st_size + len(data)
        while data:
            data = data[os.write(self._write, data) :]
        wait(lambda: self.incoming.path.stat().st_size == size)

    def end(self) -> None:
        """Nothing more comes."""
        if self._write >= 0:
            os.close(self._write)
            self._write = -1
        wait(lambda: self.incoming.ended)


def wait(condition) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened = Pipe()
    yield opened
    opened.end()


def test_what_comes_is_in_the_file(pipe: Pipe, polled: Path) -> None:
    pipe.send(polled.read_bytes())
    assert not pipe.incoming.ended
    pipe.end()
    assert pipe.incoming.path.read_bytes() == polled.read_bytes()
    assert pipe.incoming.fault == ""


def test_is_kept_with_its_notes_or_thrown_away(pipe: Pipe, polled: Path, tmp_path: Path) -> None:
    pipe.send(polled.read_bytes())
    path = pipe.incoming.path
    assert suggested_name(path).endswith(".pcap")
    notes = Path(f"{path}{SUFFIX}")
    notes.write_text("{}")
    keep(pipe.incoming, tmp_path / "kept.pcap")
    assert (tmp_path / "kept.pcap").read_bytes() == polled.read_bytes()
    assert (tmp_path / f"kept.pcap{SUFFIX}").read_text() == "{}"
    assert not path.exists()
    assert not notes.exists()
    throw_away(pipe.incoming)  # what is gone may go


def test_is_named_by_its_format(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x0a\x0d\x0d\x0a")
    assert suggested_name(tmp_path / "a").endswith(".pcapng")


async def test_is_followed_from_its_first_byte_and_kept_when_one_leaves(
    pipe: Pipe, polled: Path, tmp_path: Path
) -> None:
    whole = polled.read_bytes()
    app = Inspector([], incoming=pipe.incoming)
    async with app.run_test(size=(120, 40)) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: "waiting for packets" in seen.screen)
        pipe.send(whole[:10])
        pipe.send(whole[10 : len(whole) // 2])
        await seen.until(lambda: "following" in seen.screen and "Session 0" in seen.screen)
        assert seen.screen.split()[0] == "stdin"
        assert "\nstdin  pcap · " in seen.screen
        assert str(pipe.incoming.path) not in seen.screen
        pipe.send(whole[len(whole) // 2 :])
        pipe.end()
        await seen.until(lambda: "the capture has ended" in seen.screen)
        await pilot.press("2")
        await seen.until(lambda: "16 rows" in seen.screen)
        await pilot.press("q")
        await seen.until(lambda: "is in no file of yours" in seen.screen)
        await pilot.press("escape", "q")
        await seen.until(lambda: "is in no file of yours" in seen.screen)
        app.screen.query_one("Input").value = str(tmp_path / "kept.pcap")  # type: ignore[attr-defined]
        await pilot.press("enter")
    assert (tmp_path / "kept.pcap").read_bytes() == whole
    assert not pipe.incoming.path.exists()


async def test_says_why_nothing_more_comes(pipe: Pipe, polled: Path) -> None:
    pipe.send(polled.read_bytes())
    pipe.incoming.fault = "stdin could not be read on: No space left on device"
    pipe.end()
    app = Inspector([], incoming=pipe.incoming)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: "No space left" in seen.screen)


async def test_is_thrown_away_when_that_is_wanted(pipe: Pipe, polled: Path) -> None:
    pipe.send(polled.read_bytes())
    app = Inspector([], incoming=pipe.incoming)
    async with app.run_test(size=(120, 40)) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: "Session 0" in seen.screen)
        await pilot.press("q", "ctrl+d")
    assert not pipe.incoming.path.exists()


async def test_what_is_no_capture_is_neither_taken_to_its_end_nor_asked_about(pipe: Pipe) -> None:
    with contextlib.suppress(BrokenPipeError):
        while True:  # an endless one is left in the middle
            os.write(pipe._write, bytes(1 << 16))
    pipe.end()
    assert pipe.incoming.path.read_bytes() == bytes(4)
    app = Inspector([], incoming=pipe.incoming)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: "stdin: offset 0: not a capture: it begins with 00 00 00 00" in seen.screen)
        await pilot.press("q")
    assert not app.is_running
    assert not pipe.incoming.path.exists()


async def test_what_never_came_is_not_asked_about(pipe: Pipe) -> None:
    app = Inspector([], incoming=pipe.incoming)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("q")
    assert not app.is_running
    assert not pipe.incoming.path.exists()


class Recorder:
    """One that has written five packets and waits; then it ends as it is told to."""

    means = "dumpcap"

    def __init__(self, why: str | None = None) -> None:
        self.stream, self._writer = os.pipe()
        os.write(self._writer, stream())
        self._why: str | None = why

    def vanish(self) -> None:
        """End though nobody asked."""
        os.close(self._writer)
        self._writer = -1

    def stop(self) -> None:
        if self._writer >= 0:
            self.vanish()
            self._why = None

    def ending(self) -> str | None:
        os.close(self.stream)
        return self._why


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder("The network adapter was removed")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("ptpip_analyze.tui.incoming.start", lambda *_: made)
    return made


def test_what_passes_an_interface_is_kept(recorder: Recorder, tmp_path: Path) -> None:
    watched = Watched("wlan7")
    wait(lambda: watched.path.stat().st_size == len(stream()))
    assert not watched.ended
    assert suggested_name(watched.path).endswith(".pcapng")
    keep(watched, tmp_path / "kept.pcapng")
    assert watched.ended
    assert watched.fault == ""
    assert (tmp_path / "kept.pcapng").read_bytes() == stream()
    assert not watched.path.exists()


def test_an_interface_that_vanishes_ends_it_and_says_why(recorder: Recorder) -> None:
    watched = Watched("wlan7")
    recorder.vanish()
    wait(lambda: watched.ended)
    assert watched.fault == "wlan7: The network adapter was removed"
    assert watched.path.read_bytes() == stream()
    throw_away(watched)
    assert not watched.path.exists()


async def test_says_that_its_interface_is_down_and_why_the_capture_ended(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = ["is down: nothing comes before it is up"]
    monkeypatch.setattr("ptpip_analyze.tui.incoming.trouble_of", lambda name: trouble[0])
    monkeypatch.setattr("ptpip_analyze.tui.reading.FOLLOW_S", 0.02)
    watched = Watched("wlan7")
    app = Inspector([], incoming=watched)
    async with app.run_test(size=(140, 40)) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: "wlan7 is down: nothing comes before it is up" in seen.screen)
        trouble[0] = ""
        await seen.until(lambda: "following (P pauses)" in seen.screen)
        assert "There is no PTP-IP session so far." in seen.screen
        await seen.pilot.press("2")  # the thread that follows never rests
        await seen.until(lambda: "There are no transactions here so far." in seen.screen)
        recorder.vanish()
        await seen.until(lambda: "the capture has ended: wlan7: The network adapter was removed" in seen.screen)
        assert "There are no transactions here." in seen.screen
        assert "There is no PTP-IP session." in await seen.press("1")
        throw_away(watched)
