"""The headers of messages, of many at once: made from their rows, and nothing personal in them.

Promises what ``Streams`` says of each alone. Refuses messages of which more than the header and parameters is made so.
"""

from __future__ import annotations

import numpy as np

from ..ptp.placing import HEADER
from ..ptpip import messages as m

WIDTH = m.WINDOW_BYTES
_SIZES = {m.OPERATION_REQUEST: 18, m.OPERATION_RESPONSE: 14, m.EVENT: 14, m.START_DATA: 20, m.CANCEL: 12}
"""Messages that are all header, and how many bytes they have without parameters."""

_PARAMETERS = [m.OPERATION_REQUEST, m.OPERATION_RESPONSE, m.EVENT]
CARRIERS = [m.DATA, m.END_DATA]
_PLAIN = [m.START_DATA, m.CANCEL, *CARRIERS]  # with a TransactionID right behind length and type
_TABLE = np.zeros(m.LAST_TYPE + 1, np.int64)
_TABLE[[*_SIZES, *CARRIERS]] = [*_SIZES.values(), *[HEADER] * len(CARRIERS)]


def sizes(columns: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """How many bytes of each of these messages are header and parameters (int64); 0 of other types."""
    kind = columns["type"][rows]
    found = _TABLE[np.where((kind >= 0) & (kind <= m.LAST_TYPE), kind, 0)]
    return found + np.where(np.isin(kind, _PARAMETERS), 4 * columns["words"][rows].astype(np.int64), 0)


def made(columns: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """These bytes, as the rows have them: uint8, a line of ``WIDTH`` for each message."""
    found = np.zeros((len(rows), WIDTH), np.uint8)
    kind = columns["type"][rows]

    def put(which: np.ndarray, place: int, name: str, dtype: str) -> None:
        values = columns[name][rows[which]].astype(dtype)
        found[which, place : place + values.itemsize] = values.view(np.uint8).reshape(-1, values.itemsize)

    every = np.arange(len(rows))
    put(every, 0, "length", "<u4")
    put(every, 4, "type", "<u4")
    put(np.flatnonzero(np.isin(kind, _PLAIN)), 8, "transaction_id", "<u4")
    put(np.flatnonzero(kind == m.START_DATA), 12, "total", "<u8")
    for which, at in (
        (np.flatnonzero(kind == m.OPERATION_REQUEST), 12),
        (np.flatnonzero((kind == m.OPERATION_RESPONSE) | (kind == m.EVENT)), 8),
    ):
        if at == 12:
            put(which, 8, "data_phase_info", "<u4")
        put(which, at, "code", "<u2")
        put(which, at + 2, "transaction_id", "<u4")
        for word in range(int(columns["words"][rows[which]].max(initial=0))):
            put(which, at + 6 + 4 * word, f"word{word}", "<u4")
    return found
