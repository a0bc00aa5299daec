"""Lists as they are used: folding, sorting, filtering to a value, search, saving, objects, properties."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze import analyze
from ptpip_analyze.tui.grid import Grid
from ptpip_analyze.tui.views import table_views
from tests.support import ROOT

from .conftest import Seen, running


def grid(seen: Seen) -> Grid:
    return seen.app.view.query_one(Grid)


async def test_folds_unfolds_and_hides_polling(polled: Path) -> None:
    async with running(polled) as seen:
        assert "GetObjectHandles ×12" in await seen.press("2")
        await seen.press("down", "down", "z")
        assert "GetObjectHandles ×12" not in seen.screen
        await seen.press("z")
        assert "GetObjectHandles ×12" in seen.screen
        await seen.press("p")
        assert "GetObjectHandles" not in seen.screen
        await seen.press("p", "Z")
        assert seen.screen.count("GetObjectHandles(") == 12


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


async def test_extracts_objects_and_goes_to_their_transaction(polled: Path, tmp_path: Path) -> None:
    async with running(polled) as seen:
        screen = await seen.press("6")
        assert "5,124" in screen
        await seen.press("x")
        seen.app.screen.query_one("Input").value = str(tmp_path / "photos")
        await seen.press("enter")
        assert (tmp_path / "photos" / "manifest.json").exists()
        await seen.press("enter")
        assert "GetObject" in seen.screen.splitlines()[0]


async def test_shows_properties_at_the_selected_moment() -> None:
    async with running(ROOT / "captures" / "config.pcap") as seen:
        await seen.press("2", *["down"] * 8, "5")
        everything = grid(seen).listing
        await seen.press("m")
        moment = grid(seen).listing
        assert everything is not None
        assert moment is not None
        assert 0 < moment.rows.num_rows < everything.rows.num_rows
        assert "at frame" in seen.screen
        await seen.press("m")
        listing = grid(seen).listing
        assert listing is not None
        assert listing.rows.num_rows == everything.rows.num_rows


async def test_going_to_a_row_that_is_filtered_out_ends_the_filter(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "slash")
        await seen.type('operation == "GetDeviceInfo"')
        await seen.press("enter", "g")
        await seen.type("#15")
        await seen.press("enter")
        assert grid(seen).row == 15


def test_has_a_view_per_table() -> None:
    assert {view.table for view in table_views()} == {
        "transactions", "events", "properties", "objects", "findings", "messages",
    }  # fmt: skip
