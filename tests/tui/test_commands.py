"""What can be done, by name: the palette and the page of keys leave nothing out."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.tui.app import VIEWS
from ptpip_analyze.tui.commands import help_page
from ptpip_analyze.tui.keys import bindings_of
from ptpip_analyze.tui.lines import Lines

from .conftest import running


async def test_help_names_every_key() -> None:
    page = help_page().plain
    for word in ("Filter", "Fold", "Ladder", "Save", "Explain", "Extract", "Quit", "Help", "Columns"):
        assert word in page


async def test_help_is_one_key_away(polled: Path) -> None:
    async with running(polled) as seen:
        assert "Enter goes in" in await seen.press("question_mark")
        assert "Enter goes in" not in await seen.press("escape")


@pytest.mark.parametrize("view", [*VIEWS, "details"])
async def test_palette_finds_every_action_of_a_view(polled: Path, view: str) -> None:
    async with running(polled) as seen:
        if view == "details":
            await seen.press("2", "enter")
        else:
            seen.app.action_view(view)
            await seen.rest()
        titles = {command.title for command in seen.app.get_system_commands(seen.app.screen)}
        assert {f"View: {name}" for name, _ in VIEWS.values()} < titles
        owners = (type(seen.app.view), type(seen.app.view.query(Lines).first()), type(seen.app))
        wanted = {one.description for owner in owners for one in bindings_of(owner) if "view(" not in one.action}
        senseless = {"Pause"}  # where nothing grows
        if view == "ladder":
            senseless |= {"Session before", "Next session"}  # where there is one
        assert wanted - titles == senseless


async def test_palette_does_what_it_names(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "down", "down")
        await seen.press("ctrl+p")
        await seen.type("Fold")
        await seen.until(lambda: "Key z" in seen.screen)
        await seen.press("enter")
        await seen.until(lambda: "GetObjectHandles ×12" not in seen.screen and "GetObjectHandles(" in seen.screen)
        await seen.press("ctrl+p")
        await seen.type("View: Doctor")
        await seen.until(lambda: "Key 8" in seen.screen)
        await seen.press("enter")
        await seen.until(lambda: seen.app.view.id == "doctor")
