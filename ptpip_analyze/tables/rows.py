"""Record batches out of Python values, for tables of which each row takes decoding. Promises nulls for None; refuses
nothing: what Arrow can't hold raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ..capture import NO_TIME
from . import arrow

Values = Sequence[Any] | np.ndarray


def batch_of(columns: Mapping[str, Values], schema: pa.Schema) -> pa.RecordBatch:
    """Columns by name, each a list with None for null or an array; times in ns, NO_TIME for null."""
    arrays = [_column(columns[field.name], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(values: Values, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return arrow.texts(list(values))
    if pa.types.is_list(kind):
        return _lists(list(values))
    if pa.types.is_boolean(kind):
        return _booleans(list(values))
    if isinstance(values, np.ndarray):
        return arrow.numbers(values, kind, values != NO_TIME if pa.types.is_timestamp(kind) else None)
    valid = np.array([value is not None for value in values], bool)
    # Of the column's own type at once: an array of large and small integers would be one of floats.
    plain = np.array([0 if value is None else value for value in values], arrow.NUMPY[kind])
    return arrow.numbers(plain, kind, valid)


def _booleans(values: list[bool | None]) -> pa.Array:
    """arrow.numbers knows no bits."""
    bits = np.packbits(np.array([bool(value) for value in values], bool), bitorder="little")
    valid = np.array([value is not None for value in values], bool)
    return pa.Array.from_buffers(pa.bool_(), len(values), [arrow.validity(valid), pa.py_buffer(bits)])


def _lists(values: list[list[int] | None]) -> pa.Array:
    counts = np.array([0 if value is None else len(value) for value in values], np.int64)
    valid = np.array([value is not None for value in values], bool)
    width = int(counts.max(initial=0))
    padded = np.zeros((len(values), max(width, 1)), np.uint32)
    for row, value in enumerate(values):
        padded[row, : counts[row]] = value or []
    return arrow.lists(counts, [padded[:, index] for index in range(padded.shape[1])], valid)
