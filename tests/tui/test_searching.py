"""Search in payloads: across segments and windows, as text and as hex, never across a hole."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.tui import searching
from ptpip_analyze.tui.searching import Hit, first_hit, patterns
from tests.traffic import conversation, write_pcap

from .conftest import running

DATA = bytes(range(250)) * 40


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hex:ff D8", [b"\xff\xd8"]), ("hex:ff:d8:ff", [b"\xff\xd8\xff"]), ("HEX: 00", [b"\0"]),
        ("é", [b"\xe9\0", b"\xc3\xa9"]),
    ],
)  # fmt: skip
def test_reads_what_is_looked_for(text: str, wanted: list[bytes]) -> None:
    assert patterns(text) == wanted


@pytest.mark.parametrize("text", ["hex:", "hex:f", "hex:xy"])
def test_refuses_what_are_no_hex_digits(text: str) -> None:
    with pytest.raises(ValueError, match="hex:ff d8 ff"):
        patterns(text)


@pytest.mark.parametrize("place", [0, 1, 1447, 1448, 1449, 5000, 9990])
@pytest.mark.parametrize("window", [16, 1 << 20])
def test_finds_bytes_across_segments_and_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, window: int
) -> None:
    monkeypatch.setattr(searching, "WINDOW_BYTES", window)
    data = DATA[:place] + b"\xfa\xfb\xfc\xfd\xfe\xff\xff\xff\xfa\xff" + DATA[place + 10 :]
    path = write_pcap(tmp_path / "a.pcap", conversation().open().get_object(1, DATA).get_object(2, data).packets())
    with analyze(path) as analysis:
        assert first_hit(analysis, [b"\xfa\xfb\xfc\xfd\xfe\xff"], range(3)) == Hit(2, place, 6)
        assert first_hit(analysis, [b"\xfa\xfb\xfc\xfd\xfe\xff"], range(2)) is None
        assert first_hit(analysis, [b"\xfa\xfb"], range(3), lambda: False) is None


async def test_search_goes_into_the_bytes_and_details_show_them(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "ctrl+f")
        await seen.type("hex:fd fe ff 00")
        await seen.press("enter")
        await seen.until(lambda: "byte 255 of its data" in seen.screen)
        screen = await seen.press("enter")
        assert "#15 GetObject" in screen
        assert "000000f0" in screen
        assert "hex: pairs" not in screen


async def test_search_says_what_are_no_hex_digits(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "ctrl+f")
        await seen.type("hex:zz")
        assert "pairs of hex digits are needed" in await seen.press("enter")


async def test_search_finds_strings_that_are_in_no_column(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "end", "ctrl+f")
        await seen.type("microsoft")
        await seen.press("enter")
        await seen.until(lambda: "of its data" in seen.screen)
        assert seen.app.hit is not None
        assert seen.app.hit.transaction == 1
