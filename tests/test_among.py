"""Tests of ``among``: it says what numpy.isin says, of few numbers and of many, of any type."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.among import FEW, among


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int64, np.uint64])
@pytest.mark.parametrize("count", [0, 1, 3, FEW, FEW + 1, 50])
def test_says_what_isin_says(dtype: type[np.generic], count: int) -> None:
    values = np.arange(100, dtype=dtype)
    numbers = np.random.default_rng(count).integers(0, 200, count)
    for asked in (numbers, numbers.tolist(), tuple(numbers.tolist())):
        assert among(values, asked).tolist() == [value in numbers.tolist() for value in range(100)]


def test_finds_nothing_among_no_values() -> None:
    assert among(np.empty(0, np.int64), (1, 2)).tolist() == []


def test_finds_no_number_that_the_values_have_no_room_for() -> None:
    values = np.array([0, 1, 0xFFFF], np.uint16)
    assert among(values, (0x10000, 0x01000000, -1)).tolist() == [False, False, False]


def test_tells_large_numbers_apart() -> None:
    values = np.array([2**63, 2**63 + 1, 2**64 - 1], np.uint64)
    assert among(values, (2**63 + 1,)).tolist() == [False, True, False]
    assert among(np.array([2**53, 2**53 + 1]), np.array([2**53 + 1])).tolist() == [False, True]
