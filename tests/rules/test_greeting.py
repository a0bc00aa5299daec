"""The parts of a greeting, at the places where they could be taken for one another."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules.greeting import _parts, by_row, greetings, in_words, is_shared
from tests.rules.stories.name import VERSION, utf16
from tests.traffic import conversation as talk
from tests.traffic import damage

from .seen import evidence


@pytest.mark.parametrize(
    ("field", "units", "rest"),
    [
        (utf16("ab\0") + VERSION, "ab", VERSION),
        (utf16("ab") + VERSION, "ab", None),  # the zero unit is the version's
        (utf16("ab\0"), "ab", b""),
        (utf16("ab\0") + b"\1", "ab", b"\1"),
        (utf16("ab"), "ab", None),
        (b"", "", None),
    ],
)
def test_takes_a_name_apart(field: bytes, units: str, rest: bytes | None) -> None:
    assert _parts(field) == (tuple(ord(unit) for unit in units), rest)


def test_reads_greetings_of_both_sides() -> None:
    seen = evidence(talk().open().close().packets())
    assert {(one.side, one.name, one.version, one.guid[0]) for one in by_row(seen).values()} == {
        (0, "desk", 0x10000, 0),
        (1, "camera", 0x10000, 16),
    }


def test_counts_those_that_are_cut() -> None:
    seen = evidence(damage.snap(talk().open().close().packets(), 96))
    assert all(isinstance(one, tuple) for one in greetings(seen))
    assert by_row(seen) == {}


@pytest.mark.parametrize(
    ("guid", "shared"),
    [
        ("ff" * 16, True),
        ("00" * 16, True),
        ("00112233445566778899aabbccddeeff", True),
        ("000102030405060708090a0b0c0d0e0f", False),
    ],
)
def test_knows_guids_that_are_nobody_s(guid: str, shared: bool) -> None:
    assert is_shared(bytes.fromhex(guid)) == shared


def test_says_a_version_as_it_is_spoken() -> None:
    assert in_words(0x0001000A) == "1.10"
