"""Arrow columns as arrays, and rows that are equal."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.tables.columns import equal_rows, floats_of, integers_of, texts_of


def test_reads_texts_with_their_nulls_whatever_their_dictionaries() -> None:
    parts = [pa.array(part).dictionary_encode() for part in (["b", None, "a"], ["a", "c"])]
    for column in (pa.chunked_array(parts), pa.chunked_array([part.cast(pa.string()) for part in parts])):
        found = texts_of(pa.table({"name": column}), "name")
        assert [found.at(row) for row in range(5)] == ["b", None, "a", "a", "c"]
        assert len(set(found.rows.tolist())) == 4
    assert texts_of(pa.table({"name": pa.chunked_array([], parts[0].type)}), "name").rows.tolist() == []


def test_reads_numbers_and_times_with_a_number_for_null() -> None:
    table = pa.table({"at": pa.array([5, None], pa.timestamp("ns", "UTC")), "took": pa.array([0.5, None])})
    assert integers_of(table, "at", -7).tolist() == [5, -7]
    assert floats_of(table, "took") == pytest.approx([0.5, np.nan], nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 2**40))))
def test_groups_rows_as_a_dictionary_would(pairs: list[tuple[int, int]]) -> None:
    expected: dict[tuple[int, int], list[int]] = {}
    for row, pair in enumerate(pairs):
        expected.setdefault(pair, []).append(row)
    keys = np.array(pairs, np.int64).reshape(-1, 2)
    assert [members.tolist() for members in equal_rows(keys[:, 0], keys[:, 1])] == list(expected.values())
