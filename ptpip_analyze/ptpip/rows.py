"""What framing found becomes rows of the message table: the one place where they are written.

Decides length, status and reason of a message from its header bytes and from what is missing; finds nothing itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..capture import NO_TIME
from ..store import Columns
from ..tcp import ACK, PACKET, TIME
from . import messages as m

TOGETHER = 1 << 13  # rows that are written at once


class Row:
    """A message, or unframed bytes, that needs a row of its own: it came in several batches, or not whole.

    ``length`` is what framing took, ``window`` its first bytes as far as they are known, ``gap`` and ``cut`` the bytes
    of it that are in holes or cut by snaplen, ``never`` those that never came. ``status`` and ``reason`` are decided
    from these unless they are given.
    """

    __slots__ = (
        "acknowledgment",
        "began",
        "cut",
        "first",
        "gap",
        "kind",
        "last",
        "length",
        "never",
        "number",
        "offset",
        "reason",
        "status",
        "time",
        "window",
    )

    def __init__(self, number: int, offset: int, length: int, kind: int, window: bytes = b"") -> None:
        self.number, self.offset, self.length, self.kind, self.window = number, offset, length, kind, window
        self.gap = self.cut = self.never = 0
        self.first = self.last = self.began = self.time = self.acknowledgment = -1
        self.status: int | None = None
        self.reason = m.FINE

    def extend(self, rows: np.ndarray, gap: int, cut: int) -> None:
        """Note that these segments carry more of it, of which ``gap`` and ``cut`` bytes are missing."""
        packets, times = rows[PACKET], rows[TIME]
        first, last, began, time = int(packets.min()), int(packets.max()), int(times.min()), int(times.max())
        if self.first < 0:
            self.first, self.last, self.began, self.time = first, last, began, time
            self.acknowledgment = int(rows[ACK, 0])
        else:
            self.first, self.last = min(self.first, first), max(self.last, last)
            self.began, self.time = min(self.began, began), max(self.time, time)
        self.gap += gap
        self.cut += cut

    def unfinished(self, never: int) -> None:
        """Note that the capture ends before it does, ``never`` bytes short by its length word."""
        self.never = max(never, 0)
        self.cut += 1  # whether by snaplen or by the end of the capture


class Found(NamedTuple):
    """Messages as arrays; of the names in ``Row``, but ``known`` counts window bytes.

    window: uint8 (n, 40). gap, cut: int64, None when nothing is missing. flaws: row -> reason, of greetings. single:
    the ``Row`` that stands at a row, where it is one.
    """

    number: np.ndarray
    offset: np.ndarray
    length: np.ndarray
    kind: np.ndarray
    window: np.ndarray
    known: np.ndarray
    first: np.ndarray
    last: np.ndarray
    began: np.ndarray
    time: np.ndarray
    acknowledgment: np.ndarray
    gap: np.ndarray | None
    cut: np.ndarray | None
    flaws: dict[int, int]
    single: dict[int, Row]


class Writer:
    """Appends to a message table (``messages.COLUMNS``); gathers rows, because writing few costs as much as many."""

    def __init__(self, table: Columns) -> None:
        self.count = 0  # rows so far, written or waiting
        self._table = table
        self._waiting: list[Found] = []

    def add(self, rows: list[Row], found: Found | None = None) -> None:
        """Take ``rows``, then ``found``."""
        for part in ([_as_arrays(rows)] if rows else []) + ([found] if found is not None else []):
            self.count += len(part.number)
            self._waiting.append(part)
        if self.count - len(self._table) >= TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            found = self._waiting[0] if len(self._waiting) == 1 else _joined(self._waiting)
            self._waiting = []
            _write(found, self._table)


def _write(found: Found, table: Columns) -> None:
    framed = found.known >= m.HEADER_BYTES
    declared = found.window.view("<u4")[:, 0].astype(np.int64)
    if not framed.all():
        declared = np.where(framed, declared, found.length)
    fields = m.decode(found.window, found.known, declared, found.kind)
    reason = fields["reason"]
    unlike = declared != found.length
    if unlike.any():
        reason[(reason == m.FINE) & unlike] = m.WRONG_LENGTH
    for index, flaw in found.flaws.items():
        if reason[index] == m.FINE:
            reason[index] = flaw
    status = np.where(reason != m.FINE, m.MALFORMED, m.COMPLETE).astype(np.uint8)
    lost = np.zeros(len(status), np.int64)
    if found.cut is not None:
        status[found.cut > 0] = m.CUT
    if found.gap is not None:
        status[found.gap > 0] = m.GAP
        lost = found.gap
    for index, row in found.single.items():
        lost[index] += row.never
        if row.status is not None:
            status[index], reason[index] = row.status, row.reason
    table.append(
        stream=found.number,
        offset=found.offset,
        length=declared,
        type=found.kind,
        status=status,
        known=found.known,
        first=found.first,
        last=found.last,
        began=found.began,
        time=np.where(found.began == NO_TIME, NO_TIME, found.time),  # one packet without a time: not known
        acknowledgment=found.acknowledgment,
        lost=lost,
        **fields,
    )


def _as_arrays(rows: list[Row]) -> Found:
    window = np.frombuffer(b"".join(row.window.ljust(m.WINDOW_BYTES, b"\0") for row in rows), np.uint8)
    numbers = [
        (
            row.number, row.offset, row.length, row.kind, len(row.window), row.first, row.last, row.began, row.time,
            row.acknowledgment, row.gap, row.cut,
        )
        for row in rows
    ]  # fmt: skip
    columns = np.array(numbers, np.int64).T
    single = dict(enumerate(rows))
    return Found._make([*columns[:4], window.reshape(-1, m.WINDOW_BYTES), *columns[4:], {}, single])


def _joined(parts: list[Found]) -> Found:
    ends = np.cumsum([len(part.number) for part in parts]).tolist()
    starts = [0, *ends[:-1]]
    columns = [np.concatenate(column) for column in zip(*(part[:11] for part in parts), strict=True)]
    for missing in ([part.gap for part in parts], [part.cut for part in parts]):
        whole = [
            np.zeros(end - start, np.int64) if column is None else column
            for column, start, end in zip(missing, starts, ends, strict=True)
        ]
        columns.append(np.concatenate(whole))
    flaws = {at + start: flaw for part, start in zip(parts, starts, strict=True) for at, flaw in part.flaws.items()}
    single = {at + start: row for part, start in zip(parts, starts, strict=True) for at, row in part.single.items()}
    return Found._make([*columns, flaws, single])
