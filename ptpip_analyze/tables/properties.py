"""The properties table: what sessions revealed of properties, a row each.

Promises bounded memory, some thousand rows and some MiB of text at a time; computes nothing that ``decoded`` has not
found.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from .. import facts
from ..decoded import PropertyRow, decoder
from ..result import Result
from .rows import batch_of
from .schema import arrow_schema

BATCH_ROWS, BATCH_CHARACTERS = 1 << 14, 1 << 22
_ROW = 64  # characters that a row counts beside its texts


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The table of one result."""
    part: list[PropertyRow] = []
    size = 0
    for row in decoder(result).properties():
        part.append(row)
        size += _ROW + len(row.value or "") + len(row.text or "")
        if len(part) >= BATCH_ROWS or size >= BATCH_CHARACTERS:
            yield _batch(result, part)
            part, size = [], 0
    if part:
        yield _batch(result, part)


def _batch(result: Result, part: list[PropertyRow]) -> pa.RecordBatch:
    made, columns = result.transactions, result.messages
    message = np.array([row.message for row in part], np.int64)
    session = np.array([row.session for row in part], np.int64)
    vendors = [result.vendors[row.session] for row in part]
    revealed = [row.revealed for row in part]
    numbers = [row.transaction for row in part]
    identity = [None if number is None else int(made.transaction_id[number]) for number in numbers]
    return batch_of(
        {
            "session": session + result.first_session,
            "property": [
                facts.name_of("property", one.code, vendor) for one, vendor in zip(revealed, vendors, strict=True)
            ],
            "property_code": [one.code for one in revealed],
            "value": [row.value for row in part],
            "text": [row.text for row in part],
            "source": [_source(result, row) for row in part],
            "time": columns["time"][message],
            "frame": columns["last"][message] + np.int64(1),
            "role": [one.role for one in revealed],
            "changed": [one.changed for one in revealed],
            "event": [row.event for row in part],
            "datatype": [None if one.datatype is None else facts.name_of("datatype", one.datatype) for one in revealed],
            "vendor": vendors,
            "transaction_id": [None if one is None or one < 0 else one for one in identity],
            "transaction": [None if number is None else number + result.first_transaction for number in numbers],
            "capture": [result.path] * len(part),
        },
        arrow_schema("properties"),
    )


def _source(result: Result, row: PropertyRow) -> str:
    """The operation, or the event of the event connection."""
    columns, vendor = result.messages, result.vendors[row.session]
    if row.transaction is None:
        return facts.name_of("event", int(columns["code"][row.message]), vendor)
    return facts.name_of("operation", int(columns["code"][result.transactions.request[row.transaction]]), vendor)
