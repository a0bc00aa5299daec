"""Overview and doctor as pages; what the lines of the overview say is tested with them."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze.doctor import examined
from ptpip_analyze.tui.app import Inspector
from ptpip_analyze.tui.pages import DoctorView, OverviewView
from tests.support import ROOT

from .conftest import Seen, running


async def test_marks_sessions_for_the_ladder() -> None:
    async with running(ROOT / "captures" / "two-initiators.pcapng", (160, 40)) as seen:
        screen = await seen.press("space")  # the cursor is at the first session
        assert screen.count("●─ Session") == 1
        screen = await seen.press("space")
        assert screen.count("●─ Session") == 2
        assert "Ladder of sessions 0, 1" in await seen.press("d")
        assert "session 1" in seen.screen.splitlines()[2]
        await seen.press("escape", "home", "space")
        assert "Go to a session first" in seen.screen
        lines = seen.app.view.query_one("Lines")
        while "Session 0" not in seen.screen.splitlines()[2 + lines.cursor]:
            await seen.press("down")
        assert (await seen.press("space")).count("●─ Session") == 1


async def test_cursor_stays_with_its_session_when_more_is_known(polled: Path) -> None:
    async with running(ROOT / "captures" / "two-initiators.pcapng", (160, 40)) as seen:
        view = seen.app.query_one(OverviewView)
        assert view._lines[view.lines.cursor].session == 0
        await seen.press(*["down"] * 6)
        assert view._lines[view.lines.cursor].session == 1
        view.fail("one line more above everything else")
        assert view._lines[view.lines.cursor].session == 1


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


async def test_doctor_names_the_capture_of_each_verdict_where_there_are_several() -> None:
    paths = [ROOT / "captures" / name for name in ("init-fail.pcapng", "firmware-1.pcapng")]
    app = Inspector([str(path) for path in paths])
    async with app.run_test(size=(100, 60)) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: app.held.complete)
        await seen.press("8")
        await seen.until(lambda: "Session 1: " in seen.screen)
        heads = "".join(seen.screen.split())
        assert all(f"in{path}" in heads for path in paths)


async def test_doctor_wraps_its_sentences() -> None:
    async with running(ROOT / "captures" / "init-fail.pcapng", (80, 24)) as seen:
        screen = await seen.press("8")
        assert all(len(line) <= 80 for line in screen.splitlines())


async def test_doctor_begins_at_the_first_place_that_is_told_of() -> None:
    async with running(ROOT / "captures" / "weary-battery.pcapng") as seen:
        await seen.press("8")
        await seen.until(lambda: "GeneralError 2 times" in seen.screen)
        assert "GeneralError after" in await seen.press("enter")
        assert "other session" not in seen.screen  # there is none


async def test_doctor_who_answers_before_there_is_a_width_is_seen_from_the_first_line() -> None:
    async with running(ROOT / "captures" / "init-fail.pcapng", (80, 24)) as seen:
        doctor = seen.app.query_one(DoctorView)
        assert not doctor.size.width
        doctor._take(examined(seen.app.held.analysis.results))
        await seen.press("8")
        await seen.until(lambda: "Session 0: the camera" in seen.screen)
        assert (doctor.lines.top, doctor.lines.cursor) == (0, 1)


async def test_fault_is_wrapped_for_the_width_that_there_is() -> None:
    async with running(ROOT / "captures" / "init-fail.pcapng", (60, 24)) as seen:
        seen.app.query_one(OverviewView).fail("a fault that is longer than a line of sixty letters has room for")
        await seen.until(lambda: "a fault that" in seen.screen)
        assert "has room for" not in next(line for line in seen.screen.splitlines() if "a fault that" in line)
        await seen.pilot.resize_terminal(120, 40)
        await seen.until(lambda: "longer than a line of sixty letters has room for" in seen.screen)
