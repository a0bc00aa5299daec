"""Search: in the texts and numbers of rows, and in the bytes of messages and data phases.

Promises that a pattern is found wherever it lies in a message or a payload without a hole within it, also across
segments. Memory stays small: a payload is read a window at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.analysis import Analysis
from ptpip_analyze.ptp import NO_ROW
from ptpip_analyze.result import DataPiece, Result

HEX: Final = "hex:"
WINDOW_BYTES: Final = 1 << 20

_UNSAID: Final = frozenset({"capture", "vendor", "data_direction", "data_phase_info"})
"""Columns with one value in nearly every row: whoever looks for "capture" does not mean the folder of the file."""

_GUID: Final = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


class Hit(NamedTuple):
    """Where a pattern stands: ``row`` of the ``table``, in its ``place`` (in words), from which byte on, how many.

    ``message`` is the row of the messages table in whose bytes it is; None for a payload.
    """

    table: str
    row: int
    place: str
    offset: int
    length: int
    message: int | None = None


class Patterns(NamedTuple):
    """What to look for: bytes as they are, and bytes in which letters may be small or capital (given in small ones)."""

    exact: tuple[bytes, ...]
    letters: tuple[bytes, ...] = ()

    @property
    def longest(self) -> int:
        """Bytes of the longest one."""
        return max(map(len, (*self.exact, *self.letters)))

    def first_in(self, held: bytes) -> tuple[int, int] | None:
        """Place and length of the first one; None for none."""
        found = [(place, len(one)) for one in self.exact if (place := held.find(one)) >= 0]
        if self.letters:
            small = held.lower()
            found += [(place, len(one)) for one in self.letters if (place := small.find(one)) >= 0]
        return min(found, default=None)


def patterns(text: str) -> Patterns:
    """The bytes behind ``hex:``; else the text in UTF-16 (strings of PTP) and in UTF-8, a GUID as its 16 bytes, too.

    ValueError, in one line, for what are no hex digits.
    """
    if not text.lower().startswith(HEX):
        exact = (bytes.fromhex(text.replace("-", "")),) if _GUID.fullmatch(text.strip()) else ()
        return Patterns(exact, tuple(dict.fromkeys([text.lower().encode("utf-16-le"), text.lower().encode()])))
    try:
        found = bytes.fromhex(text[len(HEX) :].replace(":", " "))
    except ValueError:
        raise ValueError("pairs of hex digits are needed, as in hex:ff d8 ff") from None
    if not found:
        raise ValueError("no byte is named; as in hex:ff d8 ff")
    return Patterns((found,))


Look = Callable[[Analysis, Patterns, int], Hit | None]
"""Looks into a row of a table."""


def first_hit(
    analysis: Analysis, wanted: Patterns, rows: Iterable[int], look: Look, go_on: Callable[[], bool] = lambda: True
) -> Hit | None:
    """The first place of a pattern in rows, in the order given; None for none.

    Also None as soon as ``go_on()``, which is asked before each row, is False.
    """
    for row in rows:
        if not go_on():
            return None
        found = look(analysis, wanted, row)
        if found is not None:
            return found
    return None


def in_transaction(analysis: Analysis, wanted: Patterns, row: int) -> Hit | None:
    """Look into the request of a transaction, its data phase and its response."""
    result, number = analysis.place_of(row)
    made = result.transactions
    found = _in_row(result, wanted, int(made.request[number]))
    if found is not None:
        return Hit("transactions", row, "its request", *found, _public(result, int(made.request[number])))
    if int(made.data_bytes[number]):
        found = _in_pieces(result, wanted, result.data_pieces(number))
        if found is not None:
            return Hit("transactions", row, "its data", *found)
    found = _in_row(result, wanted, int(made.response[number]))
    if found is not None:
        return Hit("transactions", row, "its response", *found, _public(result, int(made.response[number])))
    return None


def in_message(analysis: Analysis, wanted: Patterns, row: int) -> Hit | None:
    """Look into a message."""
    for result in analysis.results:
        if 0 <= row - result.first_message < result.message_count:
            found = _in_row(result, wanted, int(result.order[row - result.first_message]))
            return None if found is None else Hit("messages", row, "the message", *found, row)
    return None


def of_no_transaction(analysis: Analysis) -> Iterator[int]:
    """The rows of messages that belong to no transaction: handshakes, events, probes, bytes without a message."""
    for result in analysis.results:
        for row in np.flatnonzero(result.transactions.of_message[result.order[: result.message_count]] < 0).tolist():
            yield row + result.first_message


def _public(result: Result, row: int) -> int:
    """The row of the messages table for one of ours."""
    return int(result.numbers[row]) + result.first_message


def _in_row(result: Result, wanted: Patterns, row: int) -> tuple[int, int] | None:
    """Place and length of the first pattern in a message."""
    if row == NO_ROW:
        return None
    columns = result.messages
    start, length = int(columns["offset"][row]), int(columns["length"][row])
    places = result.stream_places.pieces(int(columns["stream"][row]), start, start + length)
    return _in_pieces(result, wanted, (DataPiece(*piece) for piece in places))


def _in_pieces(result: Result, wanted: Patterns, pieces: Iterable[DataPiece]) -> tuple[int, int] | None:
    """Place and length of the first pattern in bytes that lie in pieces."""
    keep = wanted.longest - 1
    held, at = b"", 0  # the last bytes before the next piece, and where they begin
    for offset, length, position in pieces:
        if offset is None or length is None or position is None or offset != at + len(held):
            held = b""
        if offset is None or length is None or position is None:
            continue
        for low in range(0, length, WINDOW_BYTES):
            size = min(WINDOW_BYTES, length - low)
            at = offset + low - len(held)
            held += result.read(position + low, size)
            found = wanted.first_in(held)
            if found is not None:
                return at + found[0], found[1]
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
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if name in _UNSAID:
            continue
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
