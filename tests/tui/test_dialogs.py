"""Questions: answers, faults, second thoughts."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze.tui.dialogs import AskScreen, ColumnsScreen, exists

from .conftest import running


async def test_asks_again_before_a_file_is_replaced(polled: Path, tmp_path: Path) -> None:
    target = tmp_path / "there.csv"
    target.write_text("old")
    async with running(polled) as seen:
        await seen.press("2", "w")
        seen.app.screen.query_one("Input").value = str(target)
        assert "there already" in await seen.press("enter")
        assert target.read_text() == "old"
        await seen.press("enter")
        assert target.read_text().startswith("session,transaction_id")


async def test_says_what_is_wrong_and_stays(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "w")
        seen.app.screen.query_one("Input").value = "no suffix"
        assert "must end in one of" in await seen.press("enter")
        assert isinstance(seen.app.screen, AskScreen)
        await seen.press("escape")
        assert not isinstance(seen.app.screen, AskScreen)


async def test_chooses_columns(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "c")
        assert isinstance(seen.app.screen, ColumnsScreen)
        await seen.press("space", "enter")
        grid = seen.app.view.query_one("Grid")
        assert "transaction" not in [column.name for column in grid.listing.columns]


async def test_a_column_says_what_it_means_and_shows_whether_it_is_chosen_without_colours(polled: Path) -> None:
    async with running(polled, (140, 60)) as seen:
        screen = await seen.press("2", "c", "end")
        assert "What took most of stalled_s" in screen
        assert "Null without a stall." in screen
        assert "X" in next(line for line in screen.splitlines() if "latency_s" in line)
        assert "X" not in next(line for line in screen.splitlines() if "stall_cause" in line)
        await seen.press("space", "enter")
        assert "stall_cause" in [column.name for column in seen.app.view.query_one("Grid").listing.columns]


def test_knows_what_exists(tmp_path: Path) -> None:
    assert exists(str(tmp_path))
    assert not exists(str(tmp_path / "no"))
