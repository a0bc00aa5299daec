"""Python values become Arrow columns, None becomes null."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.tables.rows import batch_of

SCHEMA = pa.schema([
    ("text", pa.dictionary(pa.int32(), pa.string())), ("number", pa.int64()), ("code", pa.uint32()),
    ("time", pa.timestamp("ns", tz="UTC")), ("truth", pa.bool_()), ("words", pa.list_(pa.uint32())),
])  # fmt: skip


def test_keeps_values_and_nulls_of_every_kind() -> None:
    batch = batch_of(
        {
            "text": ["a", None, "a"], "number": np.array([1, 2, 3]), "code": [None, 0xFFFFFFFF, 0],
            "time": np.array([5000, NO_TIME, 7000]), "truth": [True, None, False], "words": [[1, 2], [], None],
        },
        SCHEMA,
    )  # fmt: skip
    batch.validate(full=True)
    assert batch.schema == SCHEMA
    rows = batch.set_column(3, "time", batch["time"].cast(pa.int64())).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("a", 1, None, 5000, True, [1, 2]), (None, 2, 0xFFFFFFFF, None, None, []), ("a", 3, 0, 7000, False, None),
    ]  # fmt: skip


def test_keeps_large_integers_beside_small_ones() -> None:
    schema = pa.schema([("number", pa.int64())])
    numbers = [None, (1 << 53) + 1, (1 << 63) - 1, -5]
    assert batch_of({"number": numbers}, schema).to_pydict() == {"number": numbers}
    with pytest.raises(OverflowError):
        batch_of({"number": [1 << 63]}, schema)


def test_makes_an_empty_batch_of_nothing() -> None:
    batch = batch_of({name: [] for name in SCHEMA.names}, SCHEMA)
    assert (batch.num_rows, batch.schema) == (0, SCHEMA)
