"""Search in the bytes of data phases: for hex digits, or for a text as cameras write it.

Promises that a pattern is found wherever it lies in a payload without a hole within it, also across segments. Memory
stays small: a payload is read a window at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.analysis import Analysis

HEX: Final = "hex:"
WINDOW_BYTES: Final = 1 << 20


class Hit(NamedTuple):
    """Where a pattern stands: row of the transactions table, place in its payload, how many bytes it is."""

    transaction: int
    offset: int
    length: int


def patterns(text: str) -> list[bytes]:
    """What to look for: the bytes behind ``hex:``, else the text in UTF-16 (strings of PTP) and in UTF-8.

    ValueError, in one line, for what are no hex digits.
    """
    if not text.lower().startswith(HEX):
        return list(dict.fromkeys([text.encode("utf-16-le"), text.encode()]))
    try:
        found = bytes.fromhex(text[len(HEX) :].replace(":", " "))
    except ValueError:
        raise ValueError("pairs of hex digits are needed, as in hex:ff d8 ff") from None
    if not found:
        raise ValueError("no byte is named; as in hex:ff d8 ff")
    return [found]


def first_hit(
    analysis: Analysis, wanted: Sequence[bytes], rows: Iterable[int], go_on: Callable[[], bool] = lambda: True
) -> Hit | None:
    """The first place of a pattern in the data phases of transactions, in the order given; None for none.

    Also None as soon as ``go_on()``, which is asked before each transaction, is False.
    """
    for row in rows:
        if not go_on():
            return None
        found = _in_payload(analysis, wanted, row)
        if found is not None:
            return found
    return None


def _in_payload(analysis: Analysis, wanted: Sequence[bytes], row: int) -> Hit | None:
    result, number = analysis.place_of(row)
    if not int(result.transactions.data_bytes[number]):
        return None
    keep = max(map(len, wanted)) - 1
    held, at = b"", 0  # the last bytes before the next piece, and where they begin
    for offset, length, position in result.data_pieces(number):
        if offset is None or length is None or position is None or offset != at + len(held):
            held = b""
        if offset is None or length is None or position is None:
            continue
        for low in range(0, length, WINDOW_BYTES):
            size = min(WINDOW_BYTES, length - low)
            at = offset + low - len(held)
            held += result.read(position + low, size)
            places = [(place, len(one)) for one in wanted if (place := held.find(one)) >= 0]
            if places:
                place, many = min(places)
                return Hit(row, at + place, many)
            cut = max(len(held) - keep, 0)
            held, at = held[cut:], at + cut
    return None


def rows_with(rows: pa.Table, text: str) -> np.ndarray:
    """Mask of the rows in one of whose texts a text stands, whatever the case, or of which it is a number (0x2A)."""
    found = np.zeros(rows.num_rows, bool)
    try:
        number = int(text, 0)
    except ValueError:
        number = None
    for column in rows.columns:
        if pa.types.is_dictionary(column.type):
            found |= np.concatenate([_with_text(chunk, text.lower()) for chunk in column.chunks] or [found])
        elif number is not None and pa.types.is_integer(column.type):
            found |= pc.fill_null(pc.equal(column.cast(pa.int64()), number), False).to_numpy()
        elif number is not None and pa.types.is_list(column.type):
            parents, values = pc.list_parent_indices(column), pc.list_flatten(column)
            found[parents.to_numpy()[pc.equal(values.cast(pa.int64()), number).to_numpy()]] = True
    return found


def _with_text(chunk: pa.DictionaryArray, wanted: str) -> np.ndarray:
    """Mask of the rows of a text column in whose text a text stands; compared in small letters."""
    hits = np.array([value is not None and wanted in value.lower() for value in chunk.dictionary.to_pylist()] + [False])
    return hits[pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False)]
