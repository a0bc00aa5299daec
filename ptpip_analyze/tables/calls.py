"""The column ``call``: a transaction as a person reads it, GetDevicePropDesc(ExposureTime). Promises it for the rows
that are handed over, and only for those: a text per row takes longer than everything else that is said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from .. import facts
from ..ptp.parameters import parameters_text
from . import arrow
from .schema import arrow_schema

CALL = "call"
_NEEDS = ("session", "operation_code", "parameters")


def with_calls(batches: Iterable[pa.RecordBatch], vendors: Sequence[str | None]) -> Iterator[pa.RecordBatch]:
    """Batches of the transactions table with ``call`` as their last column. ``vendors`` are those of the sessions."""
    for batch in batches:
        (kind,) = arrow_schema("transactions", [CALL]).types
        yield batch.append_column(CALL, arrow.texts(calls(batch, vendors)).cast(kind))


def calls(batch: pa.RecordBatch, vendors: Sequence[str | None]) -> list[str | None]:
    """The calls of rows of the transactions table; None where the request was not captured.

    Where its parameters were not, the call says so: GetObject(?).
    """
    said: dict[tuple[str | None, int, tuple[int, ...] | None], str] = {}
    found: list[str | None] = []
    for session, code, parameters in zip(*(batch.column(name).to_pylist() for name in _NEEDS), strict=True):
        if code is None:
            found.append(None)
            continue
        vendor = vendors[session] if session is not None and session < len(vendors) else None
        key = (vendor, code, None if parameters is None else tuple(parameters))
        text = said.get(key)
        if text is None:
            text = said[key] = call_text(*key)
        found.append(text)
    return found


def call_text(vendor: str | None, code: int, parameters: tuple[int, ...] | None) -> str:
    """One operation with its parameters; None for those that were not captured."""
    if parameters is None:
        return f"{facts.name_of('operation', code, vendor)}(?)"
    return parameters_text(code, parameters, vendor)
