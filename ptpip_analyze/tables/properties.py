"""The properties table: what sessions revealed of properties, a row each.

Promises bounded memory, some thousand rows at a time; computes nothing that ``decoded`` has not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pyarrow as pa

from .. import facts
from ..decoded import PropertyRow, decoder
from ..ptp.properties import value_written
from ..result import Result
from .rows import batch_of
from .schema import arrow_schema

BATCH_ROWS = 1 << 14


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The table of one result."""
    rows = decoder(result).properties()
    while part := list(islice(rows, BATCH_ROWS)):
        yield _batch(result, part)


def _batch(result: Result, part: list[PropertyRow]) -> pa.RecordBatch:
    made, columns = result.transactions, result.messages
    number = np.array([row.transaction for row in part], np.int64)
    message = np.array([row.message for row in part], np.int64)
    session = made.session[number]
    vendors = [result.vendors[index] for index in session.tolist()]
    revealed = [row.revealed for row in part]
    operations = columns["code"][made.request[number]].tolist()
    identity = made.transaction_id[number].tolist()
    return batch_of(
        {
            "session": session + result.first_session,
            "property": [
                facts.name_of("property", one.code, vendor) for one, vendor in zip(revealed, vendors, strict=True)
            ],
            "property_code": [one.code for one in revealed],
            "value": [value_written(one.value) for one in revealed],
            "text": [row.text for row in part],
            "source": [
                facts.name_of("operation", code, vendor) for code, vendor in zip(operations, vendors, strict=True)
            ],
            "time": columns["time"][message],
            "frame": columns["last"][message] + np.int64(1),
            "role": [one.role for one in revealed],
            "changed": [one.changed for one in revealed],
            "event": [row.event for row in part],
            "datatype": [None if one.datatype is None else facts.name_of("datatype", one.datatype) for one in revealed],
            "vendor": vendors,
            "transaction_id": [None if one < 0 else one for one in identity],
            "transaction": number + result.first_transaction,
            "capture": [result.path] * len(part),
        },
        arrow_schema("properties"),
    )
