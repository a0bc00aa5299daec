"""Lists as they are used: sorting, filtering to a value, search, saving."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze import analyze
from ptpip_analyze.tui.grid import Grid

from .conftest import Seen, running


def grid(seen: Seen) -> Grid:
    return seen.app.view.query_one(Grid)


async def test_sorts_by_the_column_under_the_cursor(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "Z", *["right"] * 6, "s")
        listing = grid(seen).listing
        assert listing is not None
        assert listing.sorted_by == ("latency_s", False)
        assert "latency ▴" in seen.screen
        await seen.press("s")
        assert listing.sorted_by == ("latency_s", True)
        await seen.press("s")
        assert listing.sorted_by is None


async def test_filters_to_the_value_under_the_cursor(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "down", *["right"] * 3, "f")
        assert 'operation == "GetDeviceInfo"' in seen.screen
        assert "1 of 16 rows" in seen.screen


async def test_searches_and_goes_on(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "ctrl+f")
        await seen.type("getobject")
        await seen.press("enter")
        assert grid(seen).row == 2
        await seen.press("n")
        assert grid(seen).row == 14
        await seen.press("N")
        assert grid(seen).row == 2


async def test_saves_what_is_marked(polled: Path, tmp_path: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "end", "space", "w")
        seen.app.screen.query_one("Input").value = str(tmp_path / "one.pcapng")
        await seen.press("enter")
        await seen.until((tmp_path / "one.pcapng").exists)
        assert analyze(tmp_path / "one.pcapng").transactions["operation"].tolist() == ["GetObject"]


async def test_saves_what_the_filter_leaves(polled: Path, tmp_path: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "slash")
        await seen.type("latency_s > 0")
        await seen.press("enter", "w")
        seen.app.screen.query_one("Input").value = str(tmp_path / "a.csv")
        await seen.press("enter")
        await seen.until((tmp_path / "a.csv").exists)
        assert len((tmp_path / "a.csv").read_text().splitlines()) == 17


async def test_going_to_a_row_that_is_filtered_out_ends_the_filter(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "slash")
        await seen.type('operation == "GetDeviceInfo"')
        await seen.press("enter", "g")
        await seen.type("#15")
        await seen.press("enter")
        assert grid(seen).row == 15
