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


def test_knows_what_exists(tmp_path: Path) -> None:
    assert exists(str(tmp_path))
    assert not exists(str(tmp_path / "no"))
