"""The ones' complement sum."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.scrub.sums import sum_of, sums_of


def word_by_word(data: bytes, more: int) -> int:
    total = more + sum(int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@given(st.binary(max_size=400), st.integers(0, 1 << 20))
def test_adds_words_as_rfc_1071_does(data: bytes, more: int) -> None:
    assert sum_of(data, more) == word_by_word(data, more)


@given(st.integers(0, 400), st.sampled_from([b"\0", b"\xff", b"\1"]), st.integers(0, 2))
def test_tells_zero_from_all_ones(size: int, byte: bytes, more: int) -> None:
    assert sum_of(byte * size, more) == word_by_word(byte * size, more)


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 20, 31, 32, 33, 200, 511, 512, 700]), st.integers(0, 1 << 20))), st.data()
)
def test_adds_many_as_one_by_one(wanted: list[tuple[int, int]], data: st.DataObject) -> None:
    held = data.draw(st.binary(min_size=700, max_size=900))
    begin = [data.draw(st.integers(0, len(held) - size)) for size, _ in wanted]
    size, more = (np.array(column, np.int64) for column in ([one for one, _ in wanted], [one for _, one in wanted]))
    found = sums_of(np.frombuffer(held, np.uint8), np.array(begin, np.int64), size, more)
    assert found.tolist() == [
        word_by_word(held[at : at + one], other) for at, (one, other) in zip(begin, wanted, strict=True)
    ]
