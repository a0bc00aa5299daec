"""The column ``call``: a transaction as a person reads it, GetDevicePropDesc(ExposureTime). Promises it for the rows
that are handed over, and only for those: a text per row takes longer than everything else that is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa

from .. import facts
from ..ptp.parameters import SET_IN_DATA, parameters_text
from . import arrow
from .schema import arrow_schema

CALL = "call"
_NEEDS = ("transaction", "session", "operation_code", "parameters")

Beginning = Callable[[int, int], bytes]
"""The first bytes of a transaction's payload, by its number and how many."""


def with_calls(
    batches: Iterable[pa.RecordBatch], vendors: Sequence[str | None], beginning: Beginning
) -> Iterator[pa.RecordBatch]:
    """Batches of the transactions table with ``call`` as their last column; the other arguments as for ``calls``."""
    for batch in batches:
        (kind,) = arrow_schema("transactions", [CALL]).types
        yield batch.append_column(CALL, arrow.texts(calls(batch, vendors, beginning)).cast(kind))


def calls(batch: pa.RecordBatch, vendors: Sequence[str | None], beginning: Beginning) -> list[str | None]:
    """The calls of rows of the transactions table; None where the request was not captured.

    Where its parameters were not, the call says so: GetObject(?). ``vendors`` are those of the sessions; ``beginning``
    is asked where the payload says which property is set.
    """
    said: dict[tuple[str | None, int, tuple[int, ...] | None, int | None], str] = {}
    found: list[str | None] = []
    for number, session, code, parameters in zip(*(batch.column(name).to_pylist() for name in _NEEDS), strict=True):
        if code is None:
            found.append(None)
            continue
        vendor = vendors[session] if session is not None and session < len(vendors) else None
        place = SET_IN_DATA.get((vendor, code))
        key = (
            vendor,
            code,
            None if parameters is None else tuple(parameters),
            None if place is None else _word(beginning(number, place + 4)[place:]),
        )
        text = said.get(key)
        if text is None:
            text = said[key] = call_text(*key)
        found.append(text)
    return found


def call_text(
    vendor: str | None, code: int, parameters: tuple[int, ...] | None, property_code: int | None = None
) -> str:
    """One operation with its parameters, None for those not captured; and the property that its payload sets."""
    if parameters is None:
        return f"{facts.name_of('operation', code, vendor)}(?)"
    return parameters_text(code, parameters, vendor, property_code)


def _word(data: bytes) -> int | None:
    return int.from_bytes(data, "little") if len(data) == 4 else None
