"""Search in payloads: across segments and windows, as text and as hex, never across a hole."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.tui import searching
from ptpip_analyze.tui.details import DetailsView
from ptpip_analyze.tui.searching import (
    Hit,
    Patterns,
    first_hit,
    in_message,
    in_transaction,
    of_no_transaction,
    patterns,
    rows_with,
)
from tests.traffic import conversation, write_pcap

from .conftest import running

DATA = bytes(range(250)) * 40


@pytest.mark.parametrize(
    ("text", "exact", "letters"),
    [
        ("hex:ff D8", (b"\xff\xd8",), ()), ("hex:ff:d8:ff", (b"\xff\xd8\xff",), ()), ("HEX: 00", (b"\0",), ()),
        ("É", (), (b"\xe9\0", b"\xc3\xa9")),
        ("53494d554c415445", (), (b"", b"")),
        ("53494d55-4c41-5445-4420-43414d455241", (b"SIMULATED CAMERA",), (b"", b"")),
    ],
)  # fmt: skip
def test_reads_what_is_looked_for(text: str, exact: tuple[bytes, ...], letters: tuple[bytes, ...]) -> None:
    found = patterns(text)
    assert found.exact == exact
    assert len(found.letters) == len(letters)
    assert not any(letters) or found.letters == letters


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
        wanted = Patterns((b"\xfa\xfb\xfc\xfd\xfe\xff",))
        assert first_hit(analysis, wanted, range(3), in_transaction) == Hit("transactions", 2, "its data", place, 6)
        assert first_hit(analysis, wanted, range(2), in_transaction) is None
        assert first_hit(analysis, wanted, range(3), in_transaction, lambda: False) is None
        message = first_hit(analysis, wanted, range(analysis.messages.shape[0]), in_message)
        assert message is not None
        assert analysis.messages["type"][message.row] in ("Data", "EndData")


def test_finds_bytes_of_requests_and_responses(polled: Path) -> None:
    with analyze(polled) as analysis:
        messages = analysis.messages
        for wanted, kind, place in ((b"\x63\0\0\0", "OperationRequest", 18), (b"\x09\x20", "OperationResponse", 8)):
            hit = first_hit(analysis, Patterns((wanted,)), range(16), in_transaction)
            assert hit is not None
            assert (hit.row, hit.offset) == (14, place)
            assert messages["type"][hit.message] == kind
            assert messages["transaction_id"][hit.message] == 14


def test_finds_names_and_events_which_belong_to_no_transaction(polled: Path) -> None:
    with analyze(polled) as analysis:
        kinds = analysis.messages["type"]
        for wanted, kind in (
            (patterns("DESK"), "InitCommandRequest"), (patterns("camera"), "InitCommandAck"),
            (Patterns((b"\x02\x40",)), "Event"),
        ):  # fmt: skip
            hit = first_hit(analysis, wanted, of_no_transaction(analysis), in_message)
            assert hit is not None
            assert (hit.table, kinds[hit.row]) == ("messages", kind)
        assert "OperationRequest" not in [kinds[row] for row in of_no_transaction(analysis)]


def test_searches_texts_and_numbers_of_rows(polled: Path) -> None:
    with analyze(polled) as analysis:
        rows = analysis.arrow("transactions")
    assert rows_with(rows, "INVALIDobject").nonzero()[0].tolist() == [14]
    assert rows_with(rows, "0x63").nonzero()[0].tolist() == [14]  # the handle 99 among the parameters
    assert not rows_with(rows, "no such text").any()
    assert str(polled) in rows["capture"].to_pylist()
    assert not rows_with(rows, polled.name).any()  # it is in every row


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
        assert seen.app.query_one("#transactions Grid").row == 1  # type: ignore[attr-defined]


async def test_search_goes_on_to_handshakes_and_back_with_escape(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("2", "ctrl+f")
        await seen.type("desk")
        await seen.press("enter")
        await seen.until(lambda: "byte 24 of the message" in seen.screen)
        assert seen.app.view.id == "messages"
        assert seen.app.query_one("#messages Grid").row == 0  # type: ignore[attr-defined]
        await seen.press("enter")
        assert "Ladder of session 0" in seen.screen
        assert 'friendlyName: "desk"' in seen.screen
        await seen.press("escape", "escape")
        assert seen.app.view.id == "transactions"


async def test_what_was_found_in_a_request_is_shown_in_it(polled: Path) -> None:
    async with running(polled, (140, 40)) as seen:
        await seen.press("9", "ctrl+f")
        await seen.type("hex:63 00 00 00")
        await seen.press("enter")
        await seen.until(lambda: "byte 18 of the message" in seen.screen)
        screen = await seen.press("enter")
        assert "#14 GetObject" in screen
        details = seen.app.query_one(DetailsView)
        assert details._tree[details.fields.cursor][1].text == "99 (0x00000063)"
        assert details.hex._range == (18, 22)
