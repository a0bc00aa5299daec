"""Keys: their names, the line that shows the important ones, what fits, clicks."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import Binding

from ptpip_analyze.tui.keys import KeyLine, bindings_of, help_content, key_name
from ptpip_analyze.tui.lists import TransactionsView
from ptpip_analyze.tui.views import TableView

from .conftest import running


@pytest.mark.parametrize(("key", "name"), [("slash", "/"), ("up,k", "↑ k"), ("ctrl+f", "^f")])
def test_names_keys_as_people_do(key: str, name: str) -> None:
    assert key_name(Binding(key, "act")) == name


def test_bindings_include_those_of_what_a_class_is_made_of() -> None:
    actions = [binding.action for binding in bindings_of(TransactionsView)]
    assert actions.index("filter") < actions.index("fold")


def test_help_has_a_chapter_for_each_view() -> None:
    page = help_content([("Lists", [TableView])]).plain
    assert "Lists\n  /             Filter" in page


async def test_line_shows_the_keys_of_the_view(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        assert "Fold" not in seen.screen.splitlines()[-1]
        last = (await seen.press("2")).splitlines()[-1]
        assert "z Fold" in last
        assert last.rstrip().endswith("q Quit")


async def test_line_keeps_help_and_quit_where_there_is_little_room(polled: Path) -> None:
    async with running(polled, (60, 24)) as seen:
        last = (await seen.press("2")).splitlines()[-1]
        assert "? Help" in last
        assert "q Quit" in last
        assert len(last) <= 60


async def test_a_click_on_a_key_presses_it(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2")
        assert "Enter goes in" in await seen.click_on(seen.app.query_one(KeyLine), "Help")
