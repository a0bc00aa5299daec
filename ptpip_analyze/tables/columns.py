"""Columns of Arrow tables as numpy arrays, and the rows that are equal in some of them.

Promises array work only, and a number of the caller's choice for null. Refuses to know what a column means.
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

    def at(self, row: int) -> str | None:
        """The text of a row; None for null."""
        index = int(self.rows[row])
        return None if index < 0 else self.values[index]


def texts_of(table: pa.Table, name: str) -> Texts:
    """A column of texts, dictionary-encoded or plain."""
    column = table[name]
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    chunks = column.chunks
    values: list[str] = chunks[0].dictionary.to_pylist() if chunks else []
    index = [pc.fill_null(chunk.indices, -1).to_numpy() for chunk in chunks]
    return Texts(np.concatenate(index).astype(np.int64) if index else np.empty(0, np.int64), values)


def integers_of(table: pa.Table, name: str, null: int = -1) -> np.ndarray:
    """A column of integers, or of times as ns since the epoch (int64)."""
    return pc.fill_null(table[name].cast(pa.int64()), null).to_numpy()


def floats_of(table: pa.Table, name: str) -> np.ndarray:
    """A column of floats; NaN for null."""
    return pc.fill_null(table[name], float("nan")).to_numpy()


def equal_rows(*keys: np.ndarray) -> list[np.ndarray]:
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
