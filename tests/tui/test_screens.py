"""The main screens look as they did when somebody looked at them."""

from __future__ import annotations

import pytest

from tests.support import ROOT

from .screens import CASES, FOLDER, draw


@pytest.mark.parametrize("case", CASES)
async def test_screen_looks_as_it_was_looked_at(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert await draw(case) == (FOLDER / f"{case}.svg").read_text(encoding="utf-8"), (
        "a screen has changed: python -m tests.tui.screens draws it anew, look at it then"
    )


def test_every_picture_is_of_a_screen() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(CASES)
