"""Where the data messages of one transaction lie in its payload. Promises exact places; where a hole in the stream
hides message headers and nothing tells how many, what follows has no place (None), and is never moved up.

A hole in which only the Start Data can lie, which every data phase begins with, hides nothing of the payload.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..among import among
from ..facts.packets import UNKNOWN_TOTAL
from ..ptpip import messages as m
from .walk import NO_ROW

HEADER = 12  # length, type and TransactionID of a Data message (CIPA DC-X005-2005 2.3.10)
START_DATA_BYTES = 20
_LOOK_BACK = 64  # messages of a stream


class Layout(NamedTuple):
    """Where the data messages of a transaction lie: by message, in stream order."""

    stream: np.ndarray
    begin: np.ndarray  # first byte of payload in the stream
    size: np.ndarray  # bytes of payload
    place: np.ndarray  # of the first byte in the payload; shorter than the others where the last ones have no place


def lay_out(columns: dict[str, np.ndarray], rows: np.ndarray, start: int, *, damaged: bool) -> Layout:
    """Where data messages lie, by their rows in the message columns and the row of Start Data, or ``NO_ROW``.

    ``damaged``: the capture lacks some of the transaction, maybe before its first data message.
    """
    rows = rows.astype(np.int64)
    stream, offset = columns["stream"][rows].astype(np.int64), columns["offset"][rows].astype(np.int64)
    length = columns["length"][rows].astype(np.int64)
    if len(rows) == 1 and not damaged:  # most of all
        return Layout(stream, offset + HEADER, np.maximum(length - HEADER, 0), np.zeros(1, np.int64))
    same = stream[1:] == stream[:-1]
    # A lying length word does not reach into the next message.
    length[:-1] = np.where(same, np.minimum(length[:-1], offset[1:] - offset[:-1]), length[:-1])
    hidden = np.zeros(len(rows), np.int64)
    hidden[1:] = np.where(same, offset[1:] - offset[:-1] - length[:-1], 0)
    if len(rows) and damaged:
        if start == NO_ROW:
            hidden[0] = 0 if _lost_start_data(columns, int(rows[0])) else -1
        elif columns["stream"][start] == stream[0]:
            hidden[0] = max(int(offset[0] - columns["offset"][start] - columns["length"][start]), 0)
    for index in np.flatnonzero(hidden > 0).tolist():
        hidden[index] -= _framed_between(columns, int(rows[index - 1]) if index else start, int(rows[index]))
    ended = is_ended(columns, rows)
    places = placed(length.tolist(), hidden.tolist(), announced(columns, start), ended=ended)
    known = next((index for index, place in enumerate(places) if place is None), len(places))
    return Layout(stream, offset + HEADER, np.maximum(length - HEADER, 0), np.array(places[:known], np.int64))


def announced(columns: dict[str, np.ndarray], start: int) -> int | None:
    """The payload's size as the Start Data message in row ``start`` says; None where none does."""
    if start == NO_ROW or columns["known"][start] < min(int(columns["length"][start]), START_DATA_BYTES):
        return None
    total = int(columns["total"][start])
    return None if total == UNKNOWN_TOTAL else total


def is_ended(columns: dict[str, np.ndarray], rows: np.ndarray) -> bool:
    """Is the last one of these data messages the last one of the data phase?"""
    return len(rows) > 0 and int(columns["type"][rows[-1]]) != m.DATA


def _lost_start_data(columns: dict[str, np.ndarray], first: int) -> bool:
    """Does the hole in front of a data phase's first message that was captured hold its Start Data, and nothing else?

    It has the 20 bytes of one, no more, and begins where the conversation was between two transactions: behind the
    request of this one, or behind the response of another one (CIPA DC-X005-2005 1.6.4, 2.3.9).
    """
    near = _before(columns, first, _LOOK_BACK)
    if len(near) < 2 or columns["type"][first] not in (m.DATA, m.END_DATA):
        return False
    kind, status, length, offset = (columns[name] for name in ("type", "status", "length", "offset"))
    hole, last = near[-1], near[-2]
    exact = (
        kind[hole] == m.UNFRAMED
        and status[hole] == m.GAP
        and length[hole] == columns["lost"][hole] == START_DATA_BYTES
        and offset[last] + length[last] == offset[hole]
        and offset[hole] + length[hole] == offset[first]
    )
    same = columns["transaction_id"][last] == columns["transaction_id"][first]
    between = (kind[last] == m.OPERATION_REQUEST and same) or (kind[last] == m.OPERATION_RESPONSE and not same)
    if not exact or status[last] != m.COMPLETE or not (between or kind[last] == m.INIT_COMMAND_ACK):
        return False
    # Whoever has left Start Data out before may have done so here.
    data = among(kind[near[1:]], (m.DATA, m.END_DATA))
    alone = data & among(kind[near[:-1]], (m.OPERATION_REQUEST, m.OPERATION_RESPONSE, m.INIT_COMMAND_ACK))
    return not alone.any()


def _before(columns: dict[str, np.ndarray], row: int, most: int) -> list[int]:
    """The last rows of the same stream in front of one: they are near, unless many streams lie between them."""
    stream, found, high, step = columns["stream"], np.empty(0, np.int64), row, 64
    while high and len(found) < most:
        low = max(high - step, 0)
        found = np.concatenate([low + np.flatnonzero(stream[low:high] == stream[row]), found])
        high, step = low, 4 * step
    return [int(one) for one in found[-most:]]


def _framed_between(columns: dict[str, np.ndarray], before: int, after: int) -> int:
    """Bytes of messages between two of one stream that belong to something else."""
    between = slice(before + 1, after)
    others = (columns["stream"][between] == columns["stream"][after]) & (columns["type"][between] != m.UNFRAMED)
    return int(columns["length"][between][others].sum())


def placed(lengths: Sequence[int], hidden: Sequence[int], total: int | None, *, ended: bool) -> list[int | None]:
    """Payload offset of each data message, in stream order.

    ``lengths`` are their lengths; ``hidden`` the bytes of the stream before each, behind the one before it, in which no
    message was found (-1: it is not known how many); ``total`` is the announced size and ``ended`` says that the last
    one is End Data, so that both together place what stands behind a hole.
    """
    holes = [index for index, size in enumerate(hidden) if size]
    carried = sum(max(length - HEADER, 0) for length in lengths)
    lost = None if total is None or not ended or total < carried else total - carried
    filled = _payloads(lengths, [hidden[index] for index in holes], lost)
    inside = iter(filled or ())
    places: list[int | None] = []
    at: int | None = 0
    for length, missing in zip(lengths, hidden, strict=True):
        if missing:
            at = None if at is None or not filled else at + next(inside)
        places.append(at)
        at = None if at is None else at + max(length - HEADER, 0)
    return places


def _payloads(lengths: Sequence[int], holes: Sequence[int], lost: int | None) -> list[int] | None:
    """Payload bytes in each of the holes; None where they can't be known.

    Of one hole, all that is lost. Of several, if whole messages as long as the others fit each of them, and what they
    carried adds up to what is lost.
    """
    if lost is None or not holes:
        return None
    if len(holes) == 1:
        return [lost] if holes[0] < 0 or lost <= holes[0] else None
    usual = max(lengths[:-1], default=0)
    if usual <= HEADER or any(size < 0 or size % usual for size in holes):
        return None
    payloads = [size // usual * (usual - HEADER) for size in holes]
    return payloads if sum(payloads) == lost else None
