"""The objects table: what was carried, how much of it, and its digest. Reads payloads, about a MB at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from .. import facts
from ..capture import NO_TIME
from ..carried import Carried
from ..objects import Objects
from ..ptp import NO_ROW
from ..ptp.objects import MOST_SIZE, ranges_text
from ..result import Result
from .rows import batch_of
from .schema import arrow_schema

BATCH_ROWS = 1 << 12


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The table of one result."""
    objects = Objects(result)
    for low in range(0, len(objects.found), BATCH_ROWS):
        yield _batch(result, objects, objects.found[low : low + BATCH_ROWS])


def _batch(result: Result, objects: Objects, part: list[Carried]) -> pa.RecordBatch:
    made, columns = result.transactions, result.messages
    first = np.array([one.transactions[0] for one in part], np.int64)
    vendors = [result.vendors[one.session] for one in part]
    spans = [span(result, one) for one in part]
    return batch_of(
        {
            "session": [one.session + result.first_session for one in part],
            "handle": [one.handle for one in part],
            "filename": [one.info.filename if one.info else None for one in part],
            "format": [
                None if one.format is None else facts.name_of("format", one.format, vendor)
                for one, vendor in zip(part, vendors, strict=True)
            ],
            "declared_bytes": [_declared(one) for one in part],
            "carried_bytes": [one.canvas.bytes for one in part],
            "complete": [one.complete for one in part],
            "sha256": [objects.sha256(one) for one in part],
            "operation": [
                facts.name_of("operation", one.operation, vendor) for one, vendor in zip(part, vendors, strict=True)
            ],
            "transaction_id": [None if one < 0 else one for one in made.transaction_id[first].tolist()],
            "time": columns["time"][made.request[first]],
            "frame": made.first[first] + np.int64(1),
            "kind": ["upload" if one.upload else one.kind for one in part],
            "missing": [ranges_text(one.missing) for one in part],
            "parts": [len(one.pieces) for one in part],
            "transaction": first + result.first_transaction,
            "capture": [result.path] * len(part),
            "unplaced_bytes": [one.unplaced for one in part],
            "transfer_s": [None if NO_TIME in (began, ended) else (ended - began) / 1e9 for began, ended in spans],
            "last_frame": [int(made.last[one.transactions].max()) + 1 for one in part],
            "note": [one.note for one in part],
        },
        arrow_schema("objects"),
    )


def _declared(one: Carried) -> int | None:
    """A size that no number of the table can be is none that an object can have."""
    size = one.size if one.declared is None else one.declared
    return None if size is None or size > MOST_SIZE else size


def span(result: Result, one: Carried) -> tuple[int, int]:
    """When the first data of an object came, and the last, in ns since the epoch; NO_TIME where none came."""
    made, columns = result.transactions, result.messages
    first, last = made.first_data[one.transactions], made.last_data[one.transactions]
    began, ended = columns["began"][first[first != NO_ROW]], columns["time"][last[last != NO_ROW]]
    began, ended = began[began != NO_TIME], ended[ended != NO_TIME]
    return int(began.min()) if len(began) else NO_TIME, int(ended.max()) if len(ended) else NO_TIME
