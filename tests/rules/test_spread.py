"""Many values by key: equal to what plain Python makes of them."""

from __future__ import annotations

import statistics

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.rules.spread import groups, spread

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)))


def columns(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([key for key, _ in pairs], np.int64), np.array([value for _, value in pairs], np.int64)


@given(PAIRS)
def test_says_what_values_come_to(pairs: list[tuple[int, int]]) -> None:
    expected = []
    for key in sorted({key for key, _ in pairs}):
        values = [value for of, value in pairs if of == key]
        at = next(at for at, pair in enumerate(pairs) if pair == (key, max(values)))
        expected.append((key, len(values), min(values), statistics.median_low(values), max(values), at))
    assert list(spread(*columns(pairs))) == expected


@given(PAIRS)
def test_groups_values_in_their_order(pairs: list[tuple[int, int]]) -> None:
    expected: dict[int, list[int]] = {}
    for key, value in pairs:
        expected.setdefault(key, []).append(value)
    assert [(key, values.tolist()) for key, values in groups(*columns(pairs))] == sorted(expected.items())


def test_takes_the_largest_values() -> None:
    (one,) = spread(np.array([(1 << 21) - 1]), np.array([(1 << 42) - 1]))
    assert (one.key, one.most) == ((1 << 21) - 1, (1 << 42) - 1)
