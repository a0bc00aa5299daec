"""Details: tree and bytes show each other's place."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze.tui.details import DetailsView
from ptpip_analyze.tui.hex import Hex
from tests.support import ROOT

from .conftest import Seen, running


def selected(seen: Seen) -> tuple[int, int]:
    return seen.app.query_one(Hex)._range


async def test_a_field_of_the_tree_selects_its_bytes(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "enter")
        assert "OpenSession(session=0x1) → OK" in seen.screen
        await seen.press("down", "down", "down", "down")
        assert selected(seen) == (12, 14)
        assert "operationCode: 0x1002 (OpenSession)" in seen.screen
        assert "00000000  16 00 00 00" in seen.screen


async def test_says_where_the_time_went() -> None:
    async with running(ROOT / "captures" / "firmware-2.pcapng", (80, 24)) as seen:
        await seen.press("2", *["down"] * 9, "enter")
        said = " ".join(line.strip() for line in seen.screen.splitlines()[2:7])
    assert "waiting for the device 185 ms (" in said
    assert "transfer 304 ms; 304 ms of that stalled (silence)." in said


async def test_a_byte_selects_its_field(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "enter", "tab", *["right"] * 14)
        details = seen.app.query_one(DetailsView)
        assert details._tree[details.fields.cursor][1].name == "transactionId"
        assert selected(seen) == (14, 18)
        assert seen.app.query_one(Hex).byte == 14


async def test_goes_to_the_next_transaction_and_the_one_before(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "enter", "n")
        assert "#1 GetDeviceInfo" in seen.screen
        await seen.press("b", "b")
        assert "#0 OpenSession" in seen.screen


async def test_folds_what_is_below_a_line(polled: Path) -> None:
    async with running(polled) as seen:
        await seen.press("2", "enter")
        before = len(seen.app.query_one(DetailsView)._tree)
        await seen.press("z")
        assert len(seen.app.query_one(DetailsView)._tree) < before
        await seen.press("enter")
        assert len(seen.app.query_one(DetailsView)._tree) == before


async def test_panes_lie_below_each_other_where_it_is_narrow(polled: Path) -> None:
    async with running(polled, (80, 24)) as seen:
        await seen.press("2", "end", "enter")
        assert "00000000  16 00 00 00 06" in seen.screen
        lines = seen.screen.splitlines()
        tree = next(at for at, line in enumerate(lines) if "OperationRequest" in line)
        assert next(at for at, line in enumerate(lines) if line.lstrip().startswith("00000000")) > tree


async def test_shows_the_payload_of_a_download(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "end", "enter")
        details = seen.app.query_one(DetailsView)
        line = next(at for at, (_, node) in enumerate(details._tree) if node.name.startswith("Data:"))
        details.fields.cursor = line
        screen = await seen.rest()
        assert "00000000  ff d8 00 01" in screen
        await seen.press("tab", "end")
        assert "00001400" in seen.screen
        assert seen.app.query_one(Hex).byte == 5123
