"""The objects table: what data phases carried, a row each.

Promises bounded memory for the bytes, which are read for their SHA-256; computes nothing that ``carried`` has not
found.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from .. import facts
from ..capture import NO_TIME
from ..carried import Carried, Objects, direction_of
from ..ptp import NO_ROW
from ..ptp.objects import ranges_text
from ..result import Result
from .rows import batch_of
from .schema import arrow_schema

BATCH_ROWS = 1 << 12


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The table of one result."""
    found = Objects(result)
    for low in range(0, len(found.all), BATCH_ROWS):
        yield _batch(result, found, found.all[low : low + BATCH_ROWS])


def _batch(result: Result, objects: Objects, part: list[Carried]) -> pa.RecordBatch:
    made = result.transactions
    vendors = [result.vendors[one.session] for one in part]
    firsts = np.array([one.transactions[0] for one in part], np.int64)
    identity = made.transaction_id[firsts].tolist()
    began, ended = zip(*(span(result, one) for one in part), strict=True)
    missing = [one.missing for one in part]
    return batch_of(
        {
            "session": [one.session + result.first_session for one in part],
            "handle": [one.handle for one in part],
            "filename": [one.info.filename if one.info else None for one in part],
            "format": [
                None if one.format is None else facts.name_of("format", one.format, vendor)
                for one, vendor in zip(part, vendors, strict=True)
            ],
            "declared_bytes": [one.declared for one in part],
            "carried_bytes": [one.canvas.bytes for one in part],
            "complete": [one.complete for one in part],
            "sha256": [objects.sha256(one) for one in part],
            "operation": [
                facts.name_of("operation", one.operation, vendor) for one, vendor in zip(part, vendors, strict=True)
            ],
            "transaction_id": [None if number < 0 else number for number in identity],
            "time": np.array(ended, np.int64),
            "content": [one.content for one in part],
            "direction": [direction_of(one) for one in part],
            "ranges_missing": [ranges_text(ranges) or None for ranges in missing],
            "unplaced_bytes": [one.unplaced for one in part],
            "parts": [len(one.pieces) for one in part],
            "transfer_s": [
                None if NO_TIME in (low, high) else (high - low) / 1e9 for low, high in zip(began, ended, strict=True)
            ],
            "first_frame": made.first[firsts] + np.int64(1),
            "last_frame": [int(made.last[one.transactions].max()) + 1 for one in part],
            "transaction": firsts + result.first_transaction,
            "capture": [result.path] * len(part),
        },
        arrow_schema("objects"),
    )


def span(result: Result, one: Carried) -> tuple[int, int]:
    """When the first data of an object came, and the last, in ns since the epoch; NO_TIME where no data came."""
    made, columns = result.transactions, result.messages
    numbers = np.array(one.transactions, np.int64)
    first, last = made.first_data[numbers], made.last_data[numbers]
    began, ended = columns["began"][first[first != NO_ROW]], columns["time"][last[last != NO_ROW]]
    began, ended = began[began != NO_TIME], ended[ended != NO_TIME]
    return int(began.min()) if len(began) else NO_TIME, int(ended.max()) if len(ended) else NO_TIME
