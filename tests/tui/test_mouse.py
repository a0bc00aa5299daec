"""The mouse: the wheel, clicks on rows, headings, tabs and keys, double clicks."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.containers import VerticalScroll

from ptpip_analyze.tui.details import DetailsView
from ptpip_analyze.tui.grid import Grid
from ptpip_analyze.tui.ladderview import LadderView
from ptpip_analyze.tui.lines import Lines
from tests.support import ROOT

from .conftest import Seen, running

CONFIG = ROOT / "captures" / "config.pcap"


def lines_of(seen: Seen, name: str) -> Lines:
    return seen.app.view.query_one(name, Lines)


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (("2",), "Grid"),
        (("3",), "#lanes"),
        (("3", *["down"] * 9), "#beside"),
        (("2", "down", "enter"), "#tree"),
        (("2", "down", "enter", *["down"] * 11), "#hex"),
    ],
)
async def test_the_wheel_scrolls_what_is_under_the_pointer_and_the_cursor_stays(
    keys: tuple[str, ...], name: str
) -> None:
    async with running(CONFIG, (80, 24)) as seen:
        await seen.press(*keys)
        lines = lines_of(seen, name)
        others = [(one, one.top) for one in seen.app.view.query(Lines) if one is not lines]
        focused, cursor, top, before = seen.app.focused, lines.cursor, lines.top, seen.screen
        assert lines.count > lines.room, "a list that fits can't be scrolled"
        by = 1 if top == 0 else -1
        assert await seen.wheel(lines, by) != before
        assert lines.top == top + 2 * by
        assert (seen.app.focused, lines.cursor) == (focused, cursor)
        assert all(one.top == at for one, at in others)
        await seen.wheel(lines, -by)
        assert lines.top == top
        await seen.wheel(lines, by * lines.count)
        assert lines.top == (lines.count - lines.room if by > 0 else 0)
        assert lines.cursor == cursor
        lines.focus()
        await seen.press("down" if by > 0 else "up")  # a key goes on from the cursor, which comes back
        assert lines.top <= lines.cursor < lines.top + lines.room
        assert abs(lines.cursor - cursor) <= 1


async def test_help_is_scrolled_by_the_wheel() -> None:
    async with running(CONFIG, (80, 24)) as seen:
        before = await seen.press("question_mark")
        page = seen.app.screen.query_one(VerticalScroll)
        assert await seen.wheel(page, 5) != before
        assert await seen.wheel(page, -5) == before


async def test_whoever_turned_the_wheel_stays_there_when_rows_come(polled: Path) -> None:
    async with running(polled, (80, 12)) as seen:
        await seen.press("2", "Z")
        view = seen.app.transactions_view
        assert view.listing is not None
        before = await seen.wheel(view.grid, 2)
        top = view.grid.top
        view.take(seen.app.listing_of("transactions", view.listing.rows))
        assert await seen.rest() == before
        assert (view.grid.top, view.grid.cursor) == (top, 0)
        await seen.press("down")
        assert (view.grid.top, view.grid.cursor) == (1, 1)


async def test_a_click_on_a_heading_sorts(polled: Path) -> None:
    async with running(polled, (140, 30)) as seen:
        await seen.press("2", "Z")
        grid = seen.app.view.query_one(Grid)
        for sign, by in ((" ▴", "by latency_s"), (" ▾", "by latency_s, largest first"), ("", "")):
            screen = await seen.click_on(grid, "latency")
            assert f"latency{sign}" in screen
            assert by in screen.splitlines()[-2]
            assert grid.column_name == "latency_s"
        assert "by latency_s" not in screen


async def test_a_click_selects_and_a_second_one_opens(polled: Path) -> None:
    async with running(polled, (140, 30)) as seen:
        await seen.press("2")
        grid = seen.app.view.query_one(Grid)
        await seen.click_on(grid, "GetDeviceInfo")
        assert (grid.row, seen.app.view.id) == (1, "transactions")
        await seen.click_on(grid, "OpenSession", times=2)
        assert "#0 OpenSession" in seen.screen
        await seen.press("3")
        await seen.click_on(lines_of(seen, "#lanes"), "GetDeviceInfo", times=2)
        assert "#1 GetDeviceInfo" in seen.screen
        view = seen.app.query_one(DetailsView)
        await seen.click_on(view.fields, "operationCode")
        assert view.hex._range == (12, 14)
        await seen.click_on(view.fields, "OperationRequest", times=2)
        assert "operationCode" not in seen.screen


async def test_a_click_on_a_row_behind_the_wheel_selects_that_row() -> None:
    async with running(CONFIG, (80, 24)) as seen:
        await seen.press("9")
        grid = seen.app.view.query_one(Grid)
        await seen.wheel(grid, 4)
        await seen.click(grid, (5, 4))
        assert grid.cursor == grid.top + 3


async def test_tabs_and_keys_are_clicked(polled: Path) -> None:
    async with running(polled, (140, 30)) as seen:
        await seen.click_on(seen.app.query_one("#tabs"), "Ladder")
        assert isinstance(seen.app.view, LadderView)
        await seen.click_on(seen.app.query_one("#keys"), "Save")
        assert "Save the ladder" in seen.screen
        await seen.press("escape")
        await seen.click_on(seen.app.query_one("#keys"), "Back")
        assert seen.app.view.id == "overview"
        await seen.click_on(seen.app.view.query_one(Lines), "Session 0", times=2)
        assert "Transactions [session == 0]" in seen.screen
