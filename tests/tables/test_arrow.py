"""Arrow arrays from numpy buffers: values, nulls, and pandas left alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from ptpip_analyze.tables import arrow

TIME = pa.timestamp("ns", tz="UTC")


@pytest.mark.parametrize("kind", [pa.int32(), pa.int64(), pa.uint32(), pa.float64()])
def test_holds_numbers_and_nulls(kind: pa.DataType) -> None:
    values = np.arange(20)
    assert arrow.numbers(values, kind).to_pylist() == values.tolist()
    made = arrow.numbers(values, kind, values % 3 > 0)
    made.validate(full=True)
    assert made.type == kind
    assert made.to_pylist() == [value if value % 3 else None for value in values.tolist()]


def test_holds_times_to_the_nanosecond() -> None:
    made = arrow.numbers(np.array([1_700_000_000_123_456_789, 0]), TIME, np.array([True, False]))
    assert made.cast(pa.int64()).to_pylist() == [1_700_000_000_123_456_789, None]


def test_takes_a_slice_with_a_stride() -> None:
    assert arrow.numbers(np.arange(10, dtype=np.int64)[::3], pa.int64()).to_pylist() == [0, 3, 6, 9]


def test_needs_no_bitmap_when_nothing_is_null() -> None:
    assert arrow.numbers(np.arange(3), pa.int64(), np.ones(3, bool)).buffers()[0] is None


def test_chooses_texts_by_index() -> None:
    made = arrow.choices(np.array([2, 0, 1, 2]), ["in", None, "out"])
    made.validate(full=True)
    assert made.to_pylist() == ["out", "in", None, "out"]
    assert made.dictionary.to_pylist() == ["in", "out"]


def test_ignores_an_index_that_is_not_valid() -> None:
    made = arrow.choices(np.array([99, 1, -7]), ["in", "out"], np.array([False, True, False]))
    made.validate(full=True)
    assert made.to_pylist() == [None, "out", None]
    assert arrow.choices(np.array([5, 5]), [], np.zeros(2, bool)).to_pylist() == [None, None]


def test_encodes_each_text_once() -> None:
    made = arrow.texts(["Caméra", None, "x", "Caméra", "", "\U0001f4f7"])
    made.validate(full=True)
    assert made.to_pylist() == ["Caméra", None, "x", "Caméra", "", "\U0001f4f7"]
    assert len(made.dictionary) == 4


def test_cuts_lists_to_their_length() -> None:
    columns = [np.arange(4) + 10 * place for place in range(3)]
    made = arrow.lists(np.array([0, 1, 3, 2]), columns, np.array([True, True, True, False]))
    made.validate(full=True)
    assert made.to_pylist() == [[], [1], [2, 12, 22], None]


def test_leaves_pandas_alone() -> None:
    program = (
        "import sys, numpy as np, pyarrow as pa\n"
        "from ptpip_analyze.tables import arrow\n"
        "arrow.numbers(np.arange(2), pa.int64(), np.array([True, False])); arrow.texts(['a', None])\n"
        "arrow.lists(np.array([1]), [np.array([1])], np.array([True]))\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_lists_each_text_once_though_several_numbers_share_it() -> None:
    made = arrow.choices(np.array([0, 1, 2, 3]), ["OK", "Undefined", None, "OK"])
    assert made.to_pylist() == ["OK", "Undefined", None, "OK"]
    assert made.dictionary.to_pylist() == ["OK", "Undefined"]
    assert made.to_pandas().tolist()[::3] == ["OK", "OK"]


def test_joins_what_is_small_and_keeps_the_order() -> None:
    batches = [pa.record_batch({"row": pa.array(range(low, low + 3))}) for low in (0, 3, 6, 9, 12)]
    parts = list(arrow.joined(iter(batches), 5))
    assert [part.num_rows for part in parts] == [6, 6, 3]
    assert pa.concat_tables(parts)["row"].to_pylist() == list(range(15))
    assert list(arrow.joined([], 5)) == []
