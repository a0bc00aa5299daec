"""Overview and doctor as pages; what the lines of the overview say is tested with them."""

from __future__ import annotations

from pathlib import Path

from tests.support import ROOT

from .conftest import running


async def test_marks_sessions_for_the_ladder() -> None:
    async with running(ROOT / "captures" / "two-initiators.pcapng", (160, 40)) as seen:
        await seen.press("space")
        await seen.until(lambda: "Go to a session first" in seen.screen)
        while "Session 0" not in seen.screen.splitlines()[2 + seen.app.view.query_one("Lines").cursor]:
            await seen.press("down")
        screen = await seen.press("space")
        assert screen.count("●─ Session") == 1
        screen = await seen.press("space")
        assert screen.count("●─ Session") == 2
        assert "Ladder of sessions 0, 1" in await seen.press("d")
        assert "session 1" in seen.screen.splitlines()[2]
        await seen.press("escape", "home", "down", "down", "down", "down", "space")
        assert seen.screen.count("●─ Session") == 1


async def test_ladder_of_the_session_under_the_cursor(polled: Path) -> None:
    async with running(polled) as seen:
        assert "Ladder of session 0" in await seen.press("d")


async def test_doctor_says_what_went_wrong_and_leads_there() -> None:
    async with running(ROOT / "captures" / "init-fail.pcapng") as seen:
        screen = await seen.press("8")
        assert "The camera refused the initiator" in screen
        await seen.press("down", "enter")
        assert seen.app.view.id == "ladder"
        assert "InitFail" in seen.screen


async def test_doctor_wraps_its_sentences() -> None:
    async with running(ROOT / "captures" / "init-fail.pcapng", (80, 24)) as seen:
        screen = await seen.press("8")
        assert all(len(line) <= 80 for line in screen.splitlines())
