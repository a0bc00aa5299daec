"""The search of a list, as it is used: ended with Escape, gone on with, and what it says when there is nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ptpip_analyze.tui import search as module
from ptpip_analyze.tui.views import TableView

from .conftest import running


async def test_escape_ends_a_search_and_stays_in_the_view(polled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def endless(analysis, wanted, rows, look, going=lambda: True):
        begun.set()
        while going():
            go_on.wait(0.01)

    monkeypatch.setattr(module, "first_hit", endless)
    async with running(polled) as seen:
        await seen.press("2", "ctrl+f")
        await seen.type("hex:00")
        seen._send("enter")
        await seen.until(begun.is_set)
        seen._send("escape")
        await seen.until(lambda: all(worker.is_finished for worker in seen.app.workers))
        assert seen.app.view.id == "transactions"
        assert "is in no row" not in await seen.rest()
        await seen.press("escape")
        assert seen.app.view.id == "overview"


@pytest.mark.parametrize(("view", "said"), [("2", "in none of their messages"), ("6", "in no row that is shown.")])
async def test_says_where_a_text_is_not(polled: Path, view: str, said: str) -> None:
    async with running(polled) as seen:
        await seen.press(view, "ctrl+f")
        await seen.type("nowhere")
        await seen.press("enter")
        await seen.until(lambda: any(said in told.message for told in seen.app._notifications))


async def test_says_nothing_of_what_was_found_before_of_another_text(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "ctrl+f")
        await seen.type("hex:01 10")
        await seen.press("enter")
        await seen.until(lambda: "hex:01 10: byte" in seen.screen)
        await seen.press("ctrl+f")
        await seen.type("nowhere")
        await seen.press("enter")
        await seen.until(lambda: any("nowhere is in no row" in told.message for told in seen.app._notifications))
        assert ": byte" not in await seen.rest()


async def test_goes_on_in_the_bytes_and_back(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("9", "ctrl+f")
        await seen.type("hex:02 10")
        await seen.press("enter")
        view = seen.app.query_one("#messages", TableView)
        rows = [view.grid.row]
        for key in ("n", "N"):
            await seen.press(key)
            rows.append(view.grid.row)
        assert rows[0] == rows[2] != rows[1]
