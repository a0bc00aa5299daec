"""The application as it is used: keys pressed, and what is on the screen then."""

from __future__ import annotations

import asyncio
import random
import shutil
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len

from ptpip_analyze.tui import reading as module
from ptpip_analyze.tui.app import VIEWS, Inspector
from ptpip_analyze.tui.lines import Lines
from tests.support import RECORDED, ROOT
from tests.traffic import conversation, write_pcap

from .conftest import Seen, polling, running
from .stress import press_any

SIZES = [(80, 24), (140, 40), (300, 100)]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_shows_every_view_at_every_size(polled: Path, size: tuple[int, int]) -> None:
    async with running(polled, size) as seen:
        for key, name in enumerate(VIEWS, 1):
            screen = await seen.press(str(key))
            assert seen.app.view.id == name
            assert VIEWS[name][0] in screen.splitlines()[0]
            assert all(len(line) <= size[0] for line in screen.splitlines())


async def test_a_thread_that_outlives_the_application_is_told_so(polled: Path) -> None:
    async with running(polled) as seen:
        assert await asyncio.to_thread(seen.app.call_from_thread, len, "abc") == 3
    with pytest.raises(RuntimeError, match="does not run"):
        await asyncio.to_thread(seen.app.call_from_thread, len, "abc")


async def test_goes_in_with_enter_and_back_with_escape(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "down", "enter")
        assert "#1 GetDeviceInfo" in seen.screen.splitlines()[0]
        assert "Transactions" in seen.screen.splitlines()[0]
        await seen.press("escape")
        assert seen.app.view.id == "transactions"
        await seen.press("escape")
        assert seen.app.view.id == "overview"


async def test_session_card_leads_to_its_transactions(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("enter")
        assert "Transactions [session == 0]" in seen.screen


async def test_finding_leads_to_its_transaction() -> None:
    capture = ROOT / "captures" / "cancel-and-probe.pcapng"
    async with running(capture) as seen:
        screen = await seen.press("7")
        assert "rule" in screen
        if seen.app.view.query_one("Grid").row is not None:
            await seen.press("e")
            assert "clause:" in seen.screen
            await seen.press("escape", "enter")
            assert seen.app.view.id in ("details", "ladder")


async def test_event_leads_to_the_ladder(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("4", "enter")
        assert seen.app.view.id == "ladder"
        assert "ObjectAdded" in seen.screen


async def test_goes_to_a_frame_a_transaction_and_a_time(polled: Path) -> None:
    async with running(polled) as seen:
        for said, row in (("#14", 14), ("1.0s", 2), ("1", None)):
            await seen.press("g")
            await seen.type(said)
            await seen.press("enter")
            if row is not None:
                assert seen.app.view.query_one("Grid").row == row
        await seen.press("g")
        await seen.type("nonsense")
        assert "no frame number" in await seen.press("enter")


async def test_changes_themes(polled: Path) -> None:
    async with running(polled) as seen:
        first = seen.app.theme
        await seen.press("2", "t")
        assert seen.app.theme != first
        await seen.press("t", "t", "t")
        assert seen.app.theme == first


async def test_works_without_colours(polled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(polled) as seen:
        assert seen.app.no_color
        assert "InvalidObjectHandle" in await seen.press("2")
        lines = seen.app.view.query_one(Lines)
        assert lines.style_of("selected").reverse  # greys are too much alike
        assert lines.style_of("error").underline


async def test_hostile_names_show_harmless_in_every_view_of_every_size(tmp_path: Path) -> None:
    names = [
        "\x1b[31mred\x1b]0;title\x07.JPG", "[b]bold[/b][@click=app.quit]x[/].JPG",
        "写真カメラ名前がとても長い写真カメラ.JPG",
        "\u202egpj.exe\u200f שלום", "👩\u200d🚀 e\u0301\u0301", "a\r\nb\tc",
    ]  # fmt: skip
    talk = conversation(initiator_name="写真 👩\u200d🚀 \x1b[31m", responder_name="\u202eevil[/red]\u2066").open()
    for handle, name in enumerate(names, 1):
        written = name.encode("utf-16-le") + b"\0\0"
        info = b"\1\0\1\0\1\x38" + bytes(46) + bytes([len(written) // 2]) + written + b"\0\0\0"
        talk.transaction(0x1008, handle, data_in=info).get_object(handle, b"\xff\xd8\xff\xd9")
    capture = write_pcap(tmp_path / "evil.pcap", talk.close().packets())
    for size in SIZES:
        async with running(capture, size) as seen:
            for key in (*"123456789", "enter"):
                screen = await seen.press(key)
                assert not any(unicodedata.category(letter) in ("Cc", "Cf") for letter in screen if letter != "\n")
                assert all(cell_len(line) <= size[0] for line in screen.splitlines()), screen
            screen = await seen.press("6")
            for said in ("\\x1b[31mred", "[b]bold[/b]", "写真カメラ", "\\u202egpj.exe", "\\u200d🚀", "a\\r\\nb\\tc"):
                assert said in screen


async def test_lets_nothing_from_the_wire_act(tmp_path: Path) -> None:
    talk = conversation(initiator_name="[red]x[/]\x1b[31m", responder_name="[@click=app.quit]q[/]\x07").open().close()
    async with running(write_pcap(tmp_path / "[b]evil.pcap", talk.packets())) as seen:
        for key in range(1, 10):
            screen = await seen.press(str(key))
            assert "\x1b" not in screen
            assert "\x07" not in screen
        screen = await seen.press("1")
        assert "[red]x[/]\\x1b[31m" in screen
        assert "[@click=app.quit]q[/]\\x07" in screen
        assert "[b]evil.pcap" in screen


async def test_says_that_a_capture_is_damaged(polled: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(polled.read_bytes()[:-7])
    async with running(cut) as seen:
        assert "damaged" in seen.screen
        assert "#1 GetDeviceInfo" in await seen.press("2", "down", "enter")


@pytest.mark.parametrize("content", [b"", b"no capture at all", b"\xd4\xc3\xb2\xa1"])
async def test_says_in_a_sentence_what_is_no_capture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "not.pcap"
    path.write_bytes(content)
    async with running(path) as seen:
        assert seen.app.fault
        assert "can't be read" in seen.screen
        for key in range(1, 10):
            await seen.press(str(key))


async def test_says_that_a_capture_has_vanished(polled: Path) -> None:
    async with running(polled) as seen:
        polled.write_bytes(polled.read_bytes()[:100])
        assert "can't be read" in await seen.press("2", "down", "enter")


async def test_shows_a_capture_without_sessions(tmp_path: Path) -> None:
    async with running(write_pcap(tmp_path / "empty.pcap", [])) as seen:
        assert "There is no PTP-IP session." in seen.screen
        for key in range(1, 10):
            await seen.press(str(key), "enter", "down", "z", "w", "escape")


@pytest.mark.parametrize("seed", range(3))
async def test_survives_any_keys(seed: int, tmp_path: Path) -> None:
    capture = random.Random(seed).choice(RECORDED)
    copied = Path(shutil.copy(capture, tmp_path))  # marks are kept beside it
    pressed: list[str] = []
    await press_any(copied, seed, 40, pressed)
    assert len(pressed) == 40


async def test_follows_a_capture_that_grows_and_keeps_the_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOLLOW_S", 0.02)
    whole = write_pcap(tmp_path / "whole.pcap", polling().packets()).read_bytes()
    path = tmp_path / "growing.pcap"
    path.write_bytes(whole[: len(whole) // 4])
    app = Inspector([str(path)], follow=True)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: "following" in seen.screen and "no violation" in seen.screen)
        before = int(seen.screen.split(" transactions ·")[0].split()[-1])
        await pilot.press("2", "Z", "down")
        await pilot.press("P")
        path.write_bytes(whole[: len(whole) // 2])
        await seen.until(lambda: "more (P goes on)" in seen.screen)
        assert f"{before} rows" in seen.screen
        await pilot.press("P")
        await seen.until(lambda: f"{before} rows" not in seen.screen)
        assert app.view.query_one("Grid").row == 1
        await pilot.press("end")
        with path.open("ab") as stream:
            stream.write(whole[len(whole) // 2 :])
        await seen.until(lambda: "16 rows" in seen.screen)
        assert app.view.query_one("Grid").row == 15
        await pilot.press("4")
        await seen.until(lambda: "ObjectAdded" in seen.screen)
        app.held.close()


async def test_names_views_in_full_as_soon_as_there_is_room(polled: Path) -> None:
    async with running(polled) as seen:
        for width, name in ((80, "2 Trans 3"), (120, "2 Transactions  3"), (90, "2 Trans 3")):
            await seen.pilot.resize_terminal(width, 40)
            assert name in await seen.rest()


async def test_only_what_grows_can_be_paused(polled: Path) -> None:
    async with running(polled) as seen:
        assert "Pause" not in seen.screen
        assert "paused" not in await seen.press("P")
