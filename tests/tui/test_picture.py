"""Pictures in cells: size, colours, shades, live view's wrapping, holes, what is no picture."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from ptpip_analyze.result import DataPiece
from ptpip_analyze.tui.parts import Bytes
from ptpip_analyze.tui.picture import PictureError, picture
from tests.traffic import conversation, write_pcap

from .conftest import running


def jpeg(width: int = 64, height: int = 48, colour: tuple[int, int, int] = (200, 20, 20)) -> bytes:
    page = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(page, "JPEG")
    return page.getvalue()


def held(data: bytes, hole: tuple[int, int] | None = None) -> Bytes:
    pieces = [DataPiece(0, len(data), 0)]
    if hole is not None:
        low, high = hole
        pieces = [DataPiece(0, low, 0), DataPiece(low, high - low, None), DataPiece(high, len(data) - high, high)]
    return Bytes(pieces, lambda position, length: data[position : position + length])


@pytest.mark.parametrize("before", [b"", b"\0" * 50])
def test_draws_two_pixels_per_cell_in_their_colours(before: bytes) -> None:
    caption, drawn = picture(held(before + jpeg()), 40, 10, True)
    assert "64 x 48 pixels" in caption
    lines = drawn.plain.splitlines()
    assert (len(lines), {len(line) for line in lines}, set(drawn.plain)) == (10, {27}, {"▀", "\n"})
    red, green, _ = drawn.spans[0].style.color.triplet  # type: ignore[union-attr]
    assert red > 180
    assert green < 60


def test_draws_shades_where_there_are_no_colours() -> None:
    _, white = picture(held(jpeg(colour=(255, 255, 255))), 8, 8, False)
    _, black = picture(held(jpeg(colour=(0, 0, 0))), 8, 8, False)
    assert set(white.plain) == {"@", "\n"}
    assert set(black.plain) == {" ", "\n"}
    assert not white.spans


def test_draws_what_there_is_of_a_picture_with_a_hole() -> None:
    data = jpeg(400, 400)
    caption, drawn = picture(held(data, (len(data) - 200, len(data) - 100)), 20, 20, True)
    assert "missing" in caption
    assert drawn.plain.strip()


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff", b"\xff\xd8\xff" + b"\0" * 99])
def test_says_why_there_is_no_picture(data: bytes) -> None:
    with pytest.raises(PictureError):
        picture(held(data), 20, 20, True)


async def test_shows_the_picture_of_a_transaction_and_of_an_object(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", conversation().open().get_object(1, jpeg()).close().packets())
    async with running(path, (100, 30)) as seen:
        await seen.press("2", "down", "enter")
        assert "64 x 48 pixels" in await seen.press("v")
        assert "▀▀▀▀" in seen.screen
        assert "64 x 48 pixels" not in await seen.press("escape")
        assert "64 x 48 pixels" in await seen.press("6", "v")


async def test_says_that_there_is_none(polled: Path) -> None:
    async with running(polled, (100, 30)) as seen:
        await seen.press("2", "enter", "v")
        await seen.until(lambda: "carries no data" in seen.screen)
        await seen.press("n", "v")
        await seen.until(lambda: "no JPEG" in seen.screen)
