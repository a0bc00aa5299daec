"""The filter line: validity while typing, completion, history."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze.tui.filtering import FilterLine

from .conftest import Seen, running


def line(seen: Seen) -> FilterLine:
    return seen.app.view.query_one(FilterLine)


async def test_tells_while_typing_whether_it_holds_up(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "slash")
        await seen.type("latencys")
        assert line(seen).has_class("invalid")
        assert "did you mean latency_s" in seen.screen
        line(seen).input.value = "latency_s > 0"
        await seen.rest()
        assert line(seen).has_class("valid")


async def test_filters_with_enter_and_shows_all_when_emptied(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "slash")
        await seen.type('response != "OK"')
        screen = await seen.press("enter")
        assert "1 of 16 rows" in screen
        assert "GetObject(handle=0x63)" in screen
        assert "GetDeviceInfo" not in screen
        await seen.press("F")
        assert "GetDeviceInfo" in seen.screen


async def test_completes_with_tab(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "slash")
        await seen.type("operation_c")
        await seen.press("tab")
        assert line(seen).input.value == "operation_code"
        line(seen).input.value = 'operation == "GetDev'
        line(seen).input.cursor_position = 20
        await seen.rest()
        await seen.press("tab")
        assert line(seen).input.value == 'operation == "GetDeviceInfo"'


async def test_an_invalid_expression_filters_nothing(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "slash")
        await seen.type("__import__")
        await seen.press("enter")
        assert line(seen).display
        await seen.press("escape")
        assert "16 rows" in seen.screen


async def test_goes_through_what_was_asked_in_this_run_and_others(polled: Path, tmp_path: Path) -> None:
    for text in ("session == 0", "latency_s > 0"):
        async with running(polled, state=tmp_path / "filters.json") as seen:
            await seen.press("2", "slash")
            await seen.type(text)
            await seen.press("enter")
    async with running(polled, state=tmp_path / "filters.json") as seen:
        await seen.press("2", "slash")
        await seen.type("call")
        said = []
        for key in ("up", "up", "up", "down", "down"):
            await seen.press(key)
            said.append(line(seen).input.value)
        assert said == ["latency_s > 0", "session == 0", "session == 0", "latency_s > 0", "call"]


async def test_each_list_remembers_its_own(polled: Path, tmp_path: Path) -> None:
    async with running(polled, state=tmp_path / "filters.json") as seen:
        await seen.press("2", "slash")
        await seen.type("latency_s > 0")
        await seen.press("enter", "4", "slash", "up")
        assert line(seen).input.value == ""
