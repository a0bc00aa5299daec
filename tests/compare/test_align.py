"""Alignment: every step once, in order, equal ones together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.compare import align
from ptpip_analyze.compare.align import Pairing, aligned
from ptpip_analyze.compare.steps import Step


def step(operation: int, key: object = None) -> Step:
    return Step(0, operation, (operation, key), (), (), 0x2001, "none", None, None, None, 1, True, "", False)


def made(text: str) -> list[Step]:
    return [step(ord(letter)) for letter in text]


def told(pairings: Sequence[Pairing]) -> str:
    """a=b as two letters, a step with nothing beside it with a dot."""
    return " ".join(
        f"{chr(one.operation) if one else '.'}{chr(other.operation) if other else '.'}" for one, other, _ in pairings
    )


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("abc", "abc", "aa bb cc"),
        ("abc", "ac", "aa b. cc"),
        ("ac", "abc", "aa .b cc"),
        ("abc", "adc", "aa b. .d cc"),
        ("", "ab", ".a .b"),
        ("ab", "", "a. b."),
        ("", "", ""),
    ],
)
def test_lays_equal_steps_together(left: str, right: str, said: str) -> None:
    assert told(list(aligned(made(left), made(right)))) == said


def test_lays_the_same_operation_with_other_parameters_together() -> None:
    left = [step(1), step(2, "f/5.6"), step(3)]
    right = [step(1), step(2, "f/8"), step(3)]
    assert [(one is not None, other is not None) for one, other, _ in aligned(left, right)] == [(True, True)] * 3


def test_is_not_sure_beside_missing_bytes() -> None:
    hole = Step(None, None, (), (), (), None, "none", None, None, None, 1, False, "", False)
    left, right = made("abc"), [*made("a"), hole, *made("c")]
    assert [(told([one]), one.sure) for one in aligned(left, right)] == [("aa", True), ("b.", False), ("cc", True)]


@given(st.text("abc", max_size=30), st.text("abc", max_size=30), st.integers(2, 9))
def test_loses_and_repeats_no_step(left: str, right: str, window: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(align, "WINDOW", window)
        pairings = list(aligned(made(left), made(right)))
    assert "".join(chr(one.operation) for one, _, _ in pairings if one) == left
    assert "".join(chr(other.operation) for _, other, _ in pairings if other) == right


def test_takes_long_conversations_window_by_window() -> None:
    left = made("".join(chr(97 + place % 23) for place in range(9000)))
    right = [*left[:4000], step(1), *left[4000:]]
    pairings = list(aligned(left, right))
    assert sum(one is None or other is None for one, other, _ in pairings) == 1
