"""Rows grouped by number: nothing lost, nothing moved within a group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.grouped import Grouped, distinct, stable_order

MANY = (1 << 16) + 5  # more groups than 16 bits can number


@given(st.lists(st.integers(0, MANY), max_size=50))
def test_sorts_equal_numbers_in_the_order_given(numbers: list[int]) -> None:
    order = stable_order(np.array(numbers, np.int64))
    assert order.tolist() == sorted(range(len(numbers)), key=numbers.__getitem__)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@given(st.lists(st.integers(-1, 6), max_size=50))
def test_gives_each_group_its_rows_in_the_order_given(dtype: type, numbers: list[int]) -> None:
    grouped = Grouped(np.array(numbers, dtype), 7)
    for group in range(7):
        assert grouped.of(group).tolist() == [row for row, number in enumerate(numbers) if number == group]
    assert sorted(grouped.order.tolist()) == list(range(len(numbers)))


def test_tells_many_groups_apart() -> None:
    numbers = np.array([MANY - 1, 0, -1, MANY - 1])
    assert Grouped(numbers, MANY).of(MANY - 1).tolist() == [0, 3]
    assert Grouped(numbers, MANY).of(0).tolist() == [1]


@given(st.lists(st.integers(-3, MANY), max_size=50))
def test_tells_different_numbers_in_order(numbers: list[int]) -> None:
    assert distinct(np.array(numbers, np.int64)).tolist() == sorted(set(numbers))
