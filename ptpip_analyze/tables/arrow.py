"""Arrow arrays straight from numpy buffers.

Copies nothing that has its width already, and leaves pandas alone: ``pyarrow.array`` would import it, which costs a
listing command more than the listing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

NUMPY = {
    pa.int32(): np.int32,
    pa.int64(): np.int64,
    pa.uint32(): np.uint32,
    pa.float64(): np.float64,
    pa.timestamp("ns", tz="UTC"): np.int64,
}


def numbers(values: np.ndarray, kind: pa.DataType, valid: np.ndarray | None = None) -> pa.Array:
    """Numbers or times of Arrow type ``kind``; null where ``valid`` (bool, same length) is given and not set."""
    plain = np.ascontiguousarray(values, NUMPY[kind])
    return pa.Array.from_buffers(kind, len(plain), [validity(valid), pa.py_buffer(plain)])


def validity(valid: np.ndarray | None) -> pa.Buffer | None:
    """The validity bitmap of an array; None, which Arrow takes for "all valid", when nothing is null."""
    if valid is None or valid.all():
        return None
    return pa.py_buffer(np.packbits(valid, bitorder="little"))


def strings(texts: Sequence[str]) -> pa.Array:
    """Plain strings; what is not Unicode (a file name in another encoding) is escaped."""
    encoded = [text.encode("utf-8", "backslashreplace") for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


def choices(index: np.ndarray, texts: Sequence[str | None], valid: np.ndarray | None = None) -> pa.Array:
    """Dictionary-encoded text: ``texts[index]``; null where the text is None or ``valid`` is not set.

    ``index`` holds integers; where ``valid`` is not set they may be anything.
    """
    place, present = np.zeros(len(texts) + 1, np.int32), np.zeros(len(texts) + 1, bool)
    listed: dict[str, int] = {}  # pandas refuses a dictionary that has an entry twice
    for number, text in enumerate(texts):
        if text is not None:
            place[number], present[number] = listed.setdefault(text, len(listed)), True
    if valid is not None:
        index = np.where(valid, index, len(texts))
    indices = numbers(place[index], pa.int32(), None if present[:-1].all() and valid is None else present[index])
    return pa.DictionaryArray.from_arrays(indices, strings(list(listed)))


def texts(values: Sequence[str | None]) -> pa.Array:
    """Dictionary-encoded text from Python strings; null where they are None."""
    distinct: dict[str | None, int] = {}
    index = np.array([distinct.setdefault(value, len(distinct)) for value in values], np.int32)
    return choices(index, list(distinct))


def lists(count: np.ndarray, columns: Sequence[np.ndarray], valid: np.ndarray) -> pa.Array:
    """Lists of uint32: the first ``count[row]`` of ``columns`` at each row; null where ``valid`` is not set."""
    count = np.where(valid, count, 0)
    offsets = np.zeros(len(count) + 1, np.int32)
    np.cumsum(count, out=offsets[1:])
    matrix = np.stack(columns, axis=1)
    flat = numbers(matrix[np.arange(len(columns)) < count[:, np.newaxis]], pa.uint32())
    return pa.Array.from_buffers(
        pa.list_(pa.uint32()), len(count), [validity(valid), pa.py_buffer(offsets)], children=[flat]
    )


def joined(batches: Iterable[pa.RecordBatch], least: int) -> Iterator[pa.Table]:
    """Batches joined while they have fewer than ``least`` rows together: each part has a cost of its own."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= least:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)
