"""The lists that can do more than a table: folding, properties at a moment, objects to files."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze.tui.grid import Grid
from ptpip_analyze.tui.lists import table_views
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


async def test_findings_are_counted_by_their_verdict() -> None:
    async with running(ROOT / "captures" / "cancel-and-probe.pcapng", (140, 40)) as seen:
        assert "19 rows: no violation, 3 inconclusive, 16 passed · the GUID of" in await seen.press("7")


def test_has_a_view_per_table() -> None:
    assert {view.table for view in table_views()} == {
        "transactions", "events", "properties", "objects", "findings", "messages",
    }  # fmt: skip


async def test_saves_one_object(polled: Path, tmp_path: Path) -> None:
    async with running(polled) as seen:
        await seen.press("6", "o")
        line = seen.app.screen.query_one("Input")
        assert line.value == "object-00000007"  # type: ignore[attr-defined]
        line.value = str(tmp_path / "one.jpg")  # type: ignore[attr-defined]
        await seen.press("enter")
        await seen.until((tmp_path / "one.jpg").exists)
        assert len((tmp_path / "one.jpg").read_bytes()) == 5124
