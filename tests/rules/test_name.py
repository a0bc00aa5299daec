"""Names, beside the matrix: boundary values, and bytes that have two explanations."""

from __future__ import annotations

import pytest

from ptpip_analyze.rules import Verdict
from tests.rules.matrix import Told, accused, judged, packets_of
from tests.rules.stories.name import VERSION, asked, told, utf16
from tests.traffic import conversation as talk
from tests.traffic import damage


def broken(story: Told) -> set[str]:
    return {rule for rule in accused(judged(packets_of(story))) if rule.startswith(("name-", "version-"))}


@pytest.mark.parametrize(
    ("field", "rules"),
    [
        (utf16("n" * 39 + "\0") + VERSION, set()),
        (utf16("n" * 40 + "\0") + VERSION, {"name-max-length"}),
        (utf16("n" * 38 + "\u65e5\0") + VERSION, set()),
        (utf16("n" * 38 + "\N{CAMERA WITH FLASH}\0") + VERSION, {"name-max-length"}),
        (utf16("n" * 41) + VERSION, {"name-nul-terminated"}),
        (utf16("\0") + VERSION, set()),
        (utf16("\0\0") + VERSION, {"name-empty-single-nul"}),
        (VERSION, {"name-empty-single-nul"}),
        (utf16("cam\0\0") + VERSION, {"name-no-padding"}),
        (utf16("cam\0") + b"\0" + VERSION, {"name-no-padding"}),
        (utf16("cam\0"), {"version-field-present"}),
        (utf16("cam\0") + VERSION[:3], {"version-field-present"}),
        (utf16("cam") + VERSION, {"name-nul-terminated"}),
        (b"x\0", {"name-nul-terminated"}),
    ],
)
def test_gives_one_explanation_for_the_bytes_of_a_name(field: bytes, rules: set[str]) -> None:
    assert broken(asked(field)) == rules
    assert broken(told(field)) == rules


@pytest.mark.parametrize(
    ("field", "is_broken"),
    [
        (utf16("\ud83d\udcf8\0") + VERSION, False),
        (utf16("\ud83d\ud83d\udcf8\0") + VERSION, True),
        (utf16("\udcf8\0") + VERSION, True),
        ("cameras\0".encode("utf-16-be") + VERSION, True),
        ("camer\0".encode("utf-16-be") + VERSION, False),  # \u6300\u6100... may be a name in a rare script
        (utf16("\u6261\u6463\u6665\0") + VERSION, False),  # the bytes of "abcdef", well-formed
        (b"abc\0", True),
        (b"ab\0\0" + VERSION, False),
        (b"a\0\0" + VERSION, False),
        (b"ab\0" + VERSION, True),
        (utf16("caf\u00e9 \u65e5\u672c\0") + VERSION, False),
    ],
)
def test_calls_ill_formed_only_what_no_script_explains(field: bytes, is_broken: bool) -> None:
    assert ("name-utf16-wellformed" in broken(asked(field))) == is_broken


def test_only_points_at_control_characters() -> None:
    found = judged(packets_of(asked(utf16("my\tcamera\0") + VERSION))).findings
    assert [one.verdict for one in found if one.rule == "name-utf16-wellformed"] == [Verdict.INCONCLUSIVE]


def test_does_not_judge_a_greeting_that_is_cut() -> None:
    ruling = judged(damage.snap(packets_of(asked(utf16("n" * 60))), 96)).rulings["name-nul-terminated"]
    assert not ruling.findings
    assert ruling.unsure


def test_says_who_is_who() -> None:
    found = judged(talk(initiator_name="desk").open().close().packets()).findings
    says = [one.says for one in found if one.rule == "name-informational-use"]
    assert says[0] == 'calls itself "desk", GUID 000102030405060708090a0b0c0d0e0f, version 1.0'
    assert len(says) == 2
