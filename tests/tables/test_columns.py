"""Columns become arrays with a place for null, and rows are grouped in the order in which they first appear."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from ptpip_analyze.tables.columns import as_floats, as_integers, as_strings, as_texts, row_groups, text_at


def test_finds_texts_with_and_without_a_dictionary() -> None:
    values = ["a", None, "b", "a"]
    plain, coded = pa.array(values), pa.array(values).dictionary_encode()
    for column in (plain, coded, pa.chunked_array([coded[:2], pa.array(["b", "a"]).dictionary_encode()])):
        found = as_texts(pa.table({"name": column}), "name")
        assert [text_at(found, row) for row in range(4)] == values
        assert as_strings(pa.chunked_array([column]) if isinstance(column, pa.Array) else column).to_pylist() == values


def test_finds_no_texts_in_an_empty_table() -> None:
    found = as_texts(pa.table({"name": pa.chunked_array([], pa.string())}), "name")
    assert (len(found.rows), found.values) == (0, [])


def test_marks_nulls_among_numbers() -> None:
    table = pa.table({"code": pa.array([1, None], pa.uint32()), "time": pa.array([0.5, None])})
    assert as_integers(table, "code").tolist() == [1, -1]
    assert as_integers(table, "code", 0).tolist() == [1, 0]
    assert as_floats(table, "time")[0] == 0.5
    assert math.isnan(as_floats(table, "time")[1])


def test_groups_rows_by_all_their_keys() -> None:
    found = row_groups(np.array([2, 1, 2, 2]), np.array([0, 0, 1, 0]))
    assert [members.tolist() for members in found] == [[0, 3], [1], [2]]
    assert row_groups(np.empty(0)) == []
