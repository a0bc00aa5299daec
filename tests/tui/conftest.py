"""What the tests of the terminal application share: captures, the application over one, what is on its screen."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widget import Widget

from ptpip_analyze.tui.app import Inspector
from ptpip_analyze.tui.asked import Asked
from ptpip_analyze.tui.loading import Loading
from ptpip_analyze.tui.rows import Listing
from tests.traffic import Conversation, conversation, write_pcap

PATIENCE_S = 30.0
_LETTERS = {_character_to_key(letter): letter for letter in " !\"#$%&'()*+,-./:;<=>?@[]^_{|}~"}


def polling(rounds: int = 12) -> Conversation:
    """Open, poll the same event list over and over, one refused request in between, a download, close."""
    talk = conversation(initiator_name="desk", responder_name="camera").open().get_device_info()
    for turn in range(rounds):
        talk.wait(0.2).transaction(0x1007, 0xFFFFFFFF, data_in=b"\1\0\0\0\7\0\0\0" if turn % 4 == 0 else b"\0\0\0\0")
    talk.transaction(0x1009, 99, response=0x2009).event(0x4002, 0xFFFFFFFF, 7)
    return talk.get_object(7, b"\xff\xd8" + bytes(range(256)) * 20 + b"\xff\xd9").close()


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests keeps their own filters."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def polled(tmp_path: Path) -> Path:
    """The capture of ``polling``."""
    return write_pcap(tmp_path / "polled.pcap", polling().packets())


def loaded(*captures: Path) -> Loading:
    """Captures, read to their end."""
    loading = Loading([str(path) for path in captures])
    assert list(loading.steps())[-1].complete
    return loading


def listing(loading: Loading, table: str = "transactions") -> Listing:
    """A table of what was read."""
    assert loading.analysis is not None
    vendors = loading.analysis.vendors
    return Listing(table, loading.table(table), loading.begins, vendors, loading.beginning, loading.settings)


def texts(of: Listing, line: int) -> dict[str, str]:
    """The cells of a line by column."""
    return {column.name: cell.text for column, cell in zip(of.columns, of.cells(line), strict=True)}


def meanings(of: Listing, line: int) -> dict[str, str]:
    """What the colours of a line's cells mean, by column."""
    return {column.name: cell.meaning for column, cell in zip(of.columns, of.cells(line), strict=True)}


class Seen:
    """An application that runs, and what is on its screen."""

    def __init__(self, app: Inspector, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> str:
        """The screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    async def press(self, *keys: str) -> str:
        """Press keys by Textual's names, each when the one before is dealt with; the screen when all is done.

        Pilot's own ``press`` sleeps 40 ms per key until the processor seems idle; here nothing is guessed.
        """
        for key in keys:
            self._send(key)
            await self.rest()
        return self.screen

    async def type(self, text: str) -> str:
        """Type a text."""
        for letter in text:
            self._send(_character_to_key(letter))
            await self.settle()
        return await self.rest()

    def _send(self, key: str) -> None:
        self.app.post_message(events.Key(key, _LETTERS.get(key, key if len(key) == 1 else None)))

    async def click(self, over: Widget, at: tuple[int, int], times: int = 1) -> str:
        """Click on a place of a widget; the screen then."""
        for chain in range(1, times + 1):
            for kind in (events.MouseDown, events.MouseUp):
                self._point(kind, over, at, 1)
            self._point(functools.partial(events.Click, chain=chain), over, at, 1)
            await self.settle()
        return await self.rest()

    async def click_on(self, over: Widget, text: str, times: int = 1) -> str:
        """Click on a text that a widget shows; the screen then."""
        left, top = over.region.offset
        lines = [line[left:] for line in self.screen.splitlines()[top : over.region.bottom]]
        y = next(at for at, line in enumerate(lines) if text in line)
        return await self.click(over, (lines[y].index(text), y), times)

    async def wheel(self, over: Widget, turns: int) -> str:
        """Turn the wheel over a widget, upward for a negative number; the screen then."""
        for _ in range(abs(turns)):
            self._point(events.MouseScrollDown if turns > 0 else events.MouseScrollUp, over, (3, 3), 0)
            await self.settle()
        return await self.rest()

    def _point(self, kind: Callable[..., events.MouseEvent], over: Widget, at: tuple[int, int], button: int) -> None:
        """An event of the mouse, as the screen gets it; Pilot's own sleep 40 ms before each one."""
        x, y = self.app.mouse_position = over.region.offset + at
        self.app.screen._forward_event(kind(over, x, y, 0, 0, button, False, False, False, x, y))

    async def rest(self) -> str:
        """The screen when no worker runs any more, and nothing more is to be drawn."""
        calm = 0
        while calm < 3:
            await self.settle()
            calm += 1
            if not all(worker.is_finished for worker in self.app.workers):
                calm = 0
                await asyncio.sleep(0.002)
        return self.screen

    async def settle(self) -> None:
        """Let the event loop do what it has to do now, and draw.

        Pilot's own ``pause`` sends a message to each of a hundred widgets, which costs more than what is waited for.
        """
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        while ready:
            await asyncio.sleep(0)
        self.app.screen._on_timer_update()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, self.screen
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(
    capture: Path | str, size: tuple[int, int] = (120, 40), state: Path | None = None
) -> AsyncIterator[Seen]:
    """The application over a capture that is read to its end, judged and shown; ``state`` is where filters are kept."""
    app = Inspector([str(capture)])
    app.asked = Asked(state or Path(os.devnull))
    app.NOTIFICATION_TIMEOUT = 600  # what was told stays, however busy the machine is
    async with app.run_test(size=size, notifications=True) as pilot:
        seen = Seen(app, pilot)
        await seen.rest()
        yield seen
        app.held.close()
