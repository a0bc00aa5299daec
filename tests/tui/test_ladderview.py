"""The ladder as a view: folding, sessions, what the selected message says, saving."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.tui.ladderview import LadderView
from tests.support import ROOT

from .conftest import running


async def test_ladder_folds_and_leads_to_details(polled: Path) -> None:
    async with running(polled) as seen:
        screen = await seen.press("3")
        assert "InitCommandRequest" in screen
        assert "GetObjectHandles ×12" in screen
        await seen.press("z")
        assert "GetObjectHandles ×12" not in seen.screen
        await seen.press("down", "down", "down", "down", "enter")
        assert "#0 OpenSession" in seen.screen


async def test_ladder_opens_at_the_selected_transaction(polled: Path) -> None:
    async with running(polled, (120, 24)) as seen:
        await seen.press("2", "end", "d")
        assert "GetObject(handle=0x7)" in seen.screen


async def test_says_beside_the_lanes_what_the_selected_message_says(polled: Path) -> None:
    async with running(polled, (150, 40)) as seen:
        await seen.press("3")
        assert "operationCode: 0x1002 (OpenSession)" in await seen.press("down", "down", "down", "down")
        assert "operationCode" not in await seen.press("i")
        assert "operationCode: 0x1002 (OpenSession)" in await seen.press("i")
        assert 'friendlyName: "desk"' in await seen.press("home")


async def test_lanes_fit_beside_the_content(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "end", "d")
        view = seen.app.query_one(LadderView)
        for _ in range(3):
            drawn = next(line for line in seen.screen.splitlines() if "InitEventAck" in line)
            lanes = drawn[: view.lines.scrollable_content_region.width]
            assert lanes.rstrip().endswith("│")
            assert len(lanes.rstrip()) >= len(lanes) - 3
            view.toggle_class("alone")  # changes the size of the lanes, and not that of the view
            await seen.rest()
            await seen.rest()


async def test_says_it_below_the_lanes_where_there_is_no_room_beside(polled: Path) -> None:
    async with running(polled, (80, 24)) as seen:
        lines = (await seen.press("3", "down", "down", "down", "down")).splitlines()
        assert any("operationCode: 0x1002 (OpenSession)" in line for line in lines[-9:])


async def test_ladder_goes_through_sessions() -> None:
    async with running(ROOT / "captures" / "two-initiators.pcapng") as seen:
        await seen.press("3", "right_square_bracket")
        assert "Ladder of session 1" in seen.screen
        await seen.press("left_square_bracket", "left_square_bracket")
        assert "Ladder of session 0" in seen.screen


async def test_key_line_has_only_keys_that_do_something(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        last = (await seen.press("3")).splitlines()[-1]
        assert "z Fold" in last
        assert "Next session" not in last
        assert "z Fold" in (await seen.press("z")).splitlines()[-1]
    async with running(ROOT / "captures" / "two-initiators.pcapng", (140, 40)) as seen:
        last = (await seen.press("3")).splitlines()[-1]
        assert "Next session" in last
        assert "z Fold" not in last
        await seen.press(*["right_square_bracket"] * 9)
        assert "Next session" not in seen.screen.splitlines()[-1]


@pytest.mark.parametrize(("name", "begin"), [("a.txt", " "), ("a.mmd", "sequenceDiagram"), ("a.svg", "<svg")])
async def test_ladder_is_saved(polled: Path, tmp_path: Path, name: str, begin: str) -> None:
    async with running(polled) as seen:
        await seen.press("3", "w")
        seen.app.screen.query_one("Input").value = str(tmp_path / name)
        await seen.press("enter")
        assert (tmp_path / name).read_text().startswith(begin)
