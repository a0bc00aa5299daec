"""Bytes on the screen: rows of 16, what is selected, holes, the mouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze.result import DataPiece
from ptpip_analyze.tui.details import DetailsView
from ptpip_analyze.tui.hex import ROW, Hex
from ptpip_analyze.tui.parts import Bytes

from .conftest import running

HELD = bytes(range(0x41, 0x41 + 20))


def test_shows_rows_of_sixteen_bytes_and_what_is_selected() -> None:
    shown = Hex()
    shown._bytes, shown._range = Bytes([DataPiece(0, 20, 0)], lambda at, many: HELD[at : at + many]), (1, 3)
    said = "".join(text for text, _ in shown._pieces(0))
    assert said == "00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP"
    assert [text for text, meaning in shown._pieces(0) if meaning == "selected"] == ["42", " ", "43", "B", "C"]
    assert "".join(text for text, _ in shown._pieces(1)).split() == ["00000010", "51", "52", "53", "54", "QRST"]


def test_a_byte_that_the_capture_lacks_is_a_dot_of_its_own() -> None:
    shown = Hex()
    shown._bytes = Bytes([DataPiece(0, 2, 0), DataPiece(2, 2, None)], lambda at, many: HELD[at : at + many])
    assert "".join(text for text, _ in shown._pieces(0)).split() == ["00000000", "41", "42", "··", "··", "AB··"]


@pytest.mark.parametrize("size", [(140, 40), (80, 24)], ids=str)
async def test_a_click_goes_to_the_byte_as_digits_and_as_a_letter(polled: Path, size: tuple[int, int]) -> None:
    async with running(polled, size) as seen:
        await seen.press("2", "end", "enter")
        details = seen.app.query_one(DetailsView)
        details.fields.cursor = next(at for at, (_, node) in enumerate(details._tree) if node.name.startswith("Data:"))
        await seen.rest()
        view = seen.app.query_one(Hex)
        for x, byte in ((10, 0), (13, 1), (32, 7), (35, 8), (57, 15), (60, 0), (75, 15)):
            await seen.click(view, (x + view.gutter.left, 1 + view.gutter.top))
            assert view.byte == ROW + byte, x
