"""Lines on the screen: only those that are seen are made."""

from __future__ import annotations

from textual.app import App, ComposeResult

from ptpip_analyze.tui.lines import Lines


class Shown(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.made: set[int] = set()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"quiet": "#888888"}

    def compose(self) -> ComposeResult:
        yield Lines()

    def line(self, number: int) -> list[tuple[str, str]]:
        self.made.add(number)
        return [(f"line {number}", "error")]


async def test_makes_only_the_lines_on_the_screen() -> None:
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        lines = app.query_one(Lines)
        lines.show(1_000_000, app.line)
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        assert lines.cursor == 999_999
        assert 999_999 in app.made
        assert len(app.made) < 60


async def test_cursor_stays_within_the_lines() -> None:
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        lines = app.query_one(Lines)
        lines.show(3, app.line)
        await pilot.press("up", "pagedown", "down")
        assert lines.cursor == 2
        lines.show(0, app.line)
        await pilot.press("enter", "down")
        assert lines.cursor == 0
