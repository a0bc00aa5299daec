"""The objects table: what was carried, how much of it, and its digest. Reads payloads, a few MB at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from .. import facts
from ..objects import Carried, Objects, sha256_of
from ..ptp import NO_ROW
from ..result import Result
from .rows import batch_of
from .schema import arrow_schema

MOST_RANGES = 16  # of missing bytes that a row names


def batches(result: Result) -> Iterator[pa.RecordBatch]:
    """The table of one result."""
    found = Objects(result).found
    if found:
        yield _batch(result, found)


def _batch(result: Result, found: list[Carried]) -> pa.RecordBatch:
    made, columns = result.transactions, result.messages
    first = np.array([one.transactions[0] for one in found], np.int64)
    request = made.request[first]
    session = np.array([one.session for one in found], np.int64)
    vendors = [result.vendors[one.session] for one in found]
    operations = [facts.name_of("operation", int(columns["code"][row]), vendor) if row != NO_ROW else None
                  for row, vendor in zip(request.tolist(), vendors, strict=True)]  # fmt: skip
    identity = made.transaction_id[first].tolist()
    forms = [one.info.format if one.info is not None else None for one in found]
    return batch_of(
        {
            "session": session + result.first_session,
            "handle": [one.handle for one in found],
            "filename": [one.info.name if one.info is not None else None for one in found],
            "format": [
                None if form is None else facts.name_of("format", form, vendor)
                for form, vendor in zip(forms, vendors, strict=True)
            ],
            "declared_bytes": [declared(one) for one in found],
            "carried_bytes": [one.carried for one in found],
            "complete": [one.complete for one in found],
            "sha256": [sha256_of(result, one) for one in found],
            "operation": operations,
            "transaction_id": [None if one < 0 else one for one in identity],
            "time": columns["time"][request],
            "frame": made.first[first] + np.int64(1),
            "kind": ["upload" if one.upload else one.kind for one in found],
            "missing": [missing_text(one) for one in found],
            "parts": [len(one.transactions) for one in found],
            "transaction": first + result.first_transaction,
            "capture": [result.path] * len(found),
        },
        arrow_schema("objects"),
    )


def declared(one: Carried) -> int | None:
    """The size that was said of an object, else where its transfer said it ends."""
    if one.kind == "object" and one.info is not None and one.info.size is not None:
        return one.info.size
    return one.end


def missing_text(one: Carried) -> str | None:
    """Ranges that are missing, as "first-last" byte; None when none is known to be."""
    ranges = one.missing()
    if not ranges:
        return None
    told = [f"{offset}-{offset + length - 1}" for offset, length in ranges[:MOST_RANGES]]
    more = len(ranges) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")
