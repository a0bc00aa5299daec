"""Columns of Arrow tables as arrays, and rows grouped by them: what counting needs. Promises no copy of a text.

Leaves pandas alone: a page of counts takes less time than loading it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Texts(NamedTuple):
    """A text column as numbers: for each row the place of its text among `values`, -1 for null."""

    rows: np.ndarray
    values: list[str]


def as_strings(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A text column without its dictionary."""
    return column.cast(pa.string())


def as_texts(table: pa.Table, name: str) -> Texts:
    """A text column, with or without a dictionary."""
    column = table[name]
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    chunks = column.chunks
    values: list[str] = chunks[0].dictionary.to_pylist() if chunks else []
    index = [pc.fill_null(chunk.indices, -1).to_numpy() for chunk in chunks]
    return Texts(np.concatenate(index).astype(np.int64) if index else np.empty(0, np.int64), values)


def sends_data(transactions: pa.Table) -> np.ndarray:
    """Does the client send the data of a transaction? By row (bool)."""
    direction = as_texts(transactions, "data_direction")
    return np.array([text == "out" for text in direction.values] + [False])[direction.rows]


def text_at(texts: Texts, row: int) -> str | None:
    """The text of a row; None for null."""
    index = int(texts.rows[row])
    return None if index < 0 else texts.values[index]


def as_integers(table: pa.Table, name: str, null: int = -1) -> np.ndarray:
    """A column of integers or codes (int64), with `null` for null."""
    return pc.fill_null(table[name].cast(pa.int64()), null).to_numpy()


def as_floats(table: pa.Table, name: str) -> np.ndarray:
    """A column of numbers (float64), NaN for null."""
    return pc.fill_null(table[name], float("nan")).to_numpy()


def row_groups(*keys: np.ndarray) -> list[np.ndarray]:
    """The row numbers of each different combination of `keys`, in order of first appearance."""
    if not len(keys[0]):
        return []
    label = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        values, place = np.unique(key, return_inverse=True)
        label = np.unique(label * len(values) + place, return_inverse=True)[1]
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return sorted(groups, key=lambda members: int(members[0]))


def without_request(transactions: pa.Table) -> np.ndarray:
    """Is there no request, though the capture lacks nothing? Where it does, these are not the statuses."""
    status = pc.is_in(as_strings(transactions["status"]), pa.array(["disordered", "cancelled"]))
    silent = pc.and_(pc.is_null(transactions["operation_code"]), pc.is_null(transactions["request_time"]))
    return pc.and_(status, silent).to_numpy().astype(np.int64)
