"""A table on the screen: cursor, columns, marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.tui.grid import Grid
from ptpip_analyze.tui.views import TableView
from tests.traffic import conversation, write_pcap

from .conftest import running


async def test_cursor_moves_over_rows_and_columns(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "down", "right", "right", "right")
        grid = seen.app.view.query_one(Grid)
        assert (grid.row, grid.column_name) == (1, "call")
        await seen.press("end")
        assert grid.row == 15
        await seen.press("home", *["left"] * 9)
        assert (grid.row, grid.column_name) == (0, "transaction")


async def test_marks_rows_and_folded_loops(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "space", "down", "space")
        grid = seen.app.view.query_one(Grid)
        assert grid.marked == {0, *range(2, 14)}
        assert "●" in seen.screen


async def test_every_column_can_be_reached_on_a_narrow_screen(polled: Path) -> None:
    async with running(polled, (80, 24)) as seen:
        assert "complete" not in await seen.press("2")
        assert "complete" in await seen.press(*["right"] * 10)
        assert "complete" not in await seen.press(*["left"] * 10)


async def test_a_click_puts_the_cursor_there(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2")
        grid = seen.app.view.query_one(Grid)
        await seen.click(grid, (40, 2))
        await seen.rest()
        assert grid.row == 1
        await seen.click(grid, (40, 2), times=2)
        await seen.rest()
        assert seen.app.view.id == "details"


@pytest.mark.parametrize(("width", "status", "bar"), [(140, True, True), (80, False, False)])
async def test_columns_make_room_for_others(polled: Path, width: int, status: bool, bar: bool) -> None:
    async with running(polled, (width, 24)) as seen:
        lines = (await seen.press("2")).splitlines()
        assert "latency" in lines[2]
        assert ("status" in lines[2]) == status
        assert ("█" in lines[3]) == bar
        assert all(len(line) <= width for line in lines)


async def test_a_column_that_was_asked_for_stays(polled: Path) -> None:
    async with running(polled, (80, 24)) as seen:
        view = seen.app.query_one("#transactions")
        assert isinstance(view, TableView)
        await seen.press("2", "c")
        await seen.press("space", "enter")  # without the first one
        assert view.listing is not None
        assert "status" in [column.name for column in view.grid._shown]


async def test_a_long_name_pushes_no_number_off_a_narrow_screen(tmp_path: Path) -> None:
    talk = conversation().open()
    for code in (0x2007, 0x2001):
        talk.transaction(0x1015, 0x5007, data_in=bytes(200), response=code)
        talk.transaction(0x1016, 0x5007, data_out=bytes(2_000), response=0x200A)
        talk.transaction(0x1014, 0xD001, response=0x2005).wait(0.3)
    async with running(write_pcap(tmp_path / "long.pcap", talk.close().packets()), (76, 24)) as seen:
        lines = (await seen.press("2")).splitlines()
        grid = seen.app.view.query_one(Grid)
        assert lines[2].endswith("latency")
        assert any("…" in line and "µs" in line for line in lines[3:])
        assert grid.virtual_size.width <= grid.scrollable_content_region.width
        assert "OperationNotSupported" not in seen.screen
        assert "OperationNotSupported" in await seen.press(*["right"] * 7)  # whole, for whoever goes sideways
