"""What every view has: a title, a place in the capture or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.tui.app import VIEWS
from ptpip_analyze.tui.view import View

from .conftest import running


async def test_every_view_has_a_title_of_its_own(polled: Path) -> None:
    async with running(polled) as seen:
        titles = {str(view.id): view.title for view in seen.app.query(View)}
        assert set(titles) == {*VIEWS, "details"}
        assert len(set(titles.values())) == len(titles)
        assert all(titles[name] == words[0] for name, words in VIEWS.items())


@pytest.mark.parametrize(("key", "there"), [("2", True), ("3", True), ("4", True), ("1", False), ("8", False)])
async def test_knows_the_frame_that_the_cursor_is_on(polled: Path, key: str, there: bool) -> None:
    async with running(polled) as seen:
        if key != "1":
            await seen.press(key)
        place = seen.app.view.frame()
        assert (place is not None) == there
        assert place is None or (place[0] > 0 and place[1] == 0)
