"""Wording: what people read, and that nothing from the wire can act on their terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze import describe
from ptpip_analyze.ptp.timing import CAUSES


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("EOS R5", "EOS R5"),
        ("é カメラ 📷", "é カメラ 📷"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x9b2J", "\\x9b2J"),
        ("\x00", "\\x00"),
        ("abc\u202egpj.exe", "abc\\u202egpj.exe"),
        ("\ud800", "\\ud800"),
        ("\u2028", "\\u2028"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_escapes_what_is_not_a_letter_to_see(text: str, shown: str) -> None:
    assert describe.safe_text(text) == shown


@given(st.text(st.characters(categories=["Cc", "Cs", "Zl", "Zp"])) | st.text())
def test_lets_no_control_character_through(text: str) -> None:
    safe = describe.safe_text(text)
    safe.encode()
    assert not [char for char in safe if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [
        char for char in safe if unicodedata.bidirectional(char) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI")
    ]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1210, "1.21 kB"),
        (999_499, "999 kB"),
        (999_501, "1 MB"),
        (3_400_000, "3.4 MB"),
        (5 << 32, "21.5 GB"),
        (10**18, "1 EB"),
        (10**22, "10000 EB"),
    ],
)
def test_says_sizes_to_three_digits(size: int, words: str) -> None:
    assert describe.human_bytes(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (5e-9, "5 ns"),
        (1.234e-5, "12.3 µs"),
        (0.00456, "4.56 ms"),
        (0.9996, "1 s"),
        (7.891, "7.89 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (11_220, "3 h 07 min"),
        (3 * 86400, "3 d 00 h"),
        (-0.5, "-500 ms"),
    ],
)
def test_says_durations_to_three_digits(seconds: float, words: str) -> None:
    assert describe.human_seconds(seconds) == words


def test_says_times_with_every_nanosecond() -> None:
    assert describe.iso_time(1_767_323_045_123_456_789) == "2026-01-02T03:04:05.123456789Z"
    assert describe.clock_time(1_767_323_045_123_456_789) == "2026-01-02 03:04:05.123"
    assert describe.clock_time(1_767_323_045_999_999_999, digits=0, date=False) == "03:04:05"
    assert describe.iso_time(-1) == "1969-12-31T23:59:59.999999999Z"


@pytest.mark.parametrize(
    ("address", "port", "words"),
    [("192.168.1.1", 15740, "192.168.1.1:15740"), ("fe80::1", 15740, "[fe80::1]:15740"), ("fe80::1", None, "fe80::1")],
)
def test_says_an_endpoint_so_that_the_port_can_be_told(address: str, port: int | None, words: str) -> None:
    assert describe.endpoint(address, port) == words


@pytest.mark.parametrize(
    ("frames", "total", "words"),
    [
        ([], None, ""),
        ([7], None, "frame 7"),
        ([7, 9], None, "frames 7 and 9"),
        ([7, 9, 12], 3, "frames 7, 9 and 12"),
        ([7, 9], 1006, "frames 7, 9 and 1,004 more"),
        ([7], 2, "frames 7 and 1 more"),
    ],
)
def test_names_frames_and_counts_the_rest(frames: list[int], total: int | None, words: str) -> None:
    assert describe.frames_text(frames, total) == words


def spent(**known: object) -> str:
    names = ("data_direction", "think_s", "first_byte_s", "device_s", "transfer_s", "stalled_s", "stall_cause")
    return describe.time_spent(dict.fromkeys(names) | known)


def test_says_where_the_time_of_a_transaction_went() -> None:
    device = spent(data_direction="none", think_s=0.005, device_s=0.03, stalled_s=0.0)
    assert device == "Asked 5 ms after the response before; waiting for the device 30 ms."
    stalled = spent(
        data_direction="in", first_byte_s=0.03, device_s=0.093, transfer_s=0.129, stalled_s=0.121, stall_cause="silence"
    )
    assert stalled == (
        "Waiting for the device 93 ms (30 ms before the first data), transfer 129 ms; 121 ms of that stalled (silence)."
    )


def test_says_whose_data_were_waited_for() -> None:
    sent = {"first_byte_s": 0.002, "device_s": 0.03, "transfer_s": 0.1, "stalled_s": 0.0}
    assert spent(data_direction="out", **sent).startswith("Until the client's data 2 ms, waiting for the device")
    assert "client" not in spent(data_direction="in", **sent)


def test_says_nothing_of_times_that_are_not_known() -> None:
    assert spent() == ""
    assert spent(transfer_s=0.1) == "Transfer 100 ms; whether it stalled can't be known."
    assert spent(think_s=0.1) == "Asked 100 ms after the response before."


@pytest.mark.parametrize("cause", CAUSES)
def test_has_words_for_each_cause_of_a_stall(cause: str) -> None:
    said = spent(device_s=0.3, stalled_s=0.2, stall_cause=cause)
    assert said == f"Waiting for the device 300 ms; 200 ms of that stalled ({describe.STALL_WORDS[cause]})."


@pytest.mark.parametrize(
    ("kind", "by", "words"),
    [
        ("fin", "initiator", "closed by the initiator"),
        ("reset", "responder", "reset by the responder"),
        ("none", None, "still open when the capture ends"),
        (None, None, "still open when the capture ends"),
        ("fin", None, "closed"),
    ],
)
def test_says_how_a_session_ended(kind: str | None, by: str | None, words: str) -> None:
    assert describe.session_end(kind, by) == words


def test_says_of_no_end_when_a_capture_is_that_goes_on() -> None:
    assert describe.session_end("none", None, goes_on=True) == "still open"
    assert describe.session_end("fin", "initiator", goes_on=True) == "closed by the initiator"


def test_says_why_a_session_was_refused() -> None:
    assert describe.session_status("rejected", "FAIL_BUSY") == "rejected by the responder: FAIL_BUSY"
    assert describe.session_status("established") == "established"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (
            {"of": "session", "status": "rejected", "session": 1, "count": 1, "frames": [], "reason": "FAIL_BUSY"},
            "session 1 was rejected: FAIL_BUSY",
        ),
        (
            {"of": "transaction", "status": "open", "session": 0, "count": 2, "frames": [12, 40]},
            "session 0: 2 transactions have no response by the end (frames 12 and 40)",
        ),
        (
            {
                "of": "message",
                "status": "malformed",
                "session": None,
                "count": 1,
                "frames": [9],
                "reason": "length\x1b 3",
            },
            "1 message is malformed: length\\x1b 3 (frame 9)",
        ),
        ({"of": "message", "status": "odd", "session": 3, "count": 1, "frames": []}, "session 3: 1 message is odd"),
    ],
)
def test_says_a_problem_as_a_sentence(problem: dict, words: str) -> None:
    assert describe.problem_line(**problem) == words


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, ""), (1, "████"), (0.5, "██"), (0.0001, "▏"), (7, "████"), (-1, ""), (0.9, "███▋")]
)
def test_draws_a_share_as_a_bar_that_is_never_lost(share: float, drawn: str) -> None:
    assert describe.bar(share, 4) == drawn


def test_counts_with_the_right_noun() -> None:
    assert describe.counted(1, "session") == "1 session"
    assert describe.counted(0, "session") == "0 sessions"
    assert describe.counted(1234, "entry", "entries") == "1,234 entries"


def test_writes_codes_and_parameters_as_the_standard_does() -> None:
    assert describe.code_text(0x1009) == "0x1009"
    assert describe.code_text(0xB) == "0x000B"
    assert describe.parameters_text([0x10001, 0xFFFFFFFF]) == "0x00010001, 0xFFFFFFFF"
    assert describe.parameters_text(None) == ""


def test_replaces_signs_that_an_encoding_lacks_and_escapes_other_letters() -> None:
    text = "GetObje…  7 µs ██▌▏ → · 撮\n… 3 more\nGetOb…"
    assert describe.in_letters_of(text, "utf-8").decode() == text
    assert describe.in_letters_of(text, "ascii") == b"GetObje~  7 us ##=- -> - \\u64ae\n... 3 more\nGetOb~"
    assert describe.in_letters_of("7 µs · █", "latin-1") == b"7 \xb5s \xb7 #"
