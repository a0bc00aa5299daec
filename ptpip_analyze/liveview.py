"""The pictures of live view that a capture carried, and how steadily they came. Promises one at a time in memory, of at
most ``MOST_FRAME_BYTES``; refuses to decode them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .capture import NO_TIME
from .decoded import decoder
from .payloads import Payloads
from .ptp import NO_ROW
from .ptp.datasets import LIVE_VIEWS, jpeg_of, live_view_jpeg, operations_with
from .ptp.objects import MissingRange, Range
from .ptpip import messages as m
from .result import Result

MOST_FRAME_BYTES = 1 << 26  # no picture of live view is that large


class Frame(NamedTuple):
    """One picture of live view: JPEG bytes, zeros where the capture lacks some."""

    session: int
    transaction: int | None  # row of the transaction that carried it; None: a connection of its own
    message: int  # row of the message that ends it
    first: int  # packet of its first byte, from 0
    jpeg: bytes
    missing: tuple[MissingRange, ...]

    def time(self, result: Result) -> int | None:
        """Time of its last byte in ns since the epoch."""
        time = int(result.messages["time"][self.message])
        return None if time == NO_TIME else time


def live_view_frames(result: Result) -> Iterator[Frame]:
    """The pictures of live view that transactions carried, in their order; one with holes has zeros there."""
    made, columns, payloads = result.transactions, result.messages, Payloads(result)
    code = np.where(made.request == NO_ROW, -1, columns["code"][made.request].astype(np.int64))
    for number in np.flatnonzero(np.isin(code, sorted(operations_with(LIVE_VIEWS))) & (made.direction > 0)).tolist():
        exchange = decoder(result).exchange(number)
        if exchange is None or decoder(result).name(exchange) not in LIVE_VIEWS:
            continue
        payload = payloads.payload(number)
        size = payload.size if payload.size is not None else payload.held[-1][1] if payload.held else 0
        if not 0 < size <= MOST_FRAME_BYTES:
            continue
        data = bytearray(size)
        for low, high in payload.held:
            for place, part in payloads.read(number, low, min(high, size)):
                data[place : place + len(part)] = part
        found = live_view_jpeg(bytes(data), exchange.vendor, exchange.operation, exchange.parameters)
        if found is None:
            continue
        low, high = found
        gaps: list[MissingRange] = [*_gaps(payload.held, low, high)]
        if payload.size is None:
            gaps.append((high - low, None))
        session = int(made.session[number])
        yield Frame(
            session,
            number,
            int(made.last_data[number]),
            int(made.first[number]),
            bytes(data[low:high]),
            tuple(gaps),
        )
    yield from _pushed(result)


def _pushed(result: Result) -> Iterator[Frame]:
    """The pictures that a camera sends on a connection of their own (Fujifilm)."""
    columns = result.messages
    rows = np.flatnonzero((columns["type"] == m.LIVE_VIEW_FRAME) & (columns["length"] <= MOST_FRAME_BYTES))
    for row in rows.tolist():
        stream, start, size = (int(columns[name][row]) for name in ("stream", "offset", "length"))
        session, data = int(result.places[0][stream]), bytearray(size)
        held: list[Range] = []
        for at, length, position in result.stream_pieces(stream, start, start + size):
            if position is not None:
                data[at : at + length] = result.read(position, length)
                held.append((at, at + length))
        found = jpeg_of("FujiLiveViewFrame", bytes(data))
        if found is not None and session >= 0:
            gaps = tuple(_gaps(held, *found))
            yield Frame(session, None, row, int(columns["first"][row]), bytes(data[found[0] : found[1]]), gaps)


class Pace(NamedTuple):
    """How the pictures of one session came. None: with fewer than two pictures, or without times."""

    frames: int
    incomplete: int
    fps: float | None  # pictures per second from the first to the last
    interval_s: float | None  # mean time between two
    jitter_s: float | None  # standard deviation of that time
    longest_interval_s: float | None
    bytes_min: int
    bytes_mean: float
    bytes_max: int


def pace(times: Sequence[int | None], sizes: Sequence[int], incomplete: int = 0) -> Pace:
    """What times (ns) and sizes of pictures, of at least one, come to."""
    known = np.array([time for time in times if time is not None], np.int64)
    intervals = np.diff(known) / 1e9
    span = float(intervals.sum())
    return Pace(
        len(sizes),
        incomplete,
        len(intervals) / span if span > 0 else None,
        float(intervals.mean()) if len(intervals) else None,
        float(intervals.std()) if len(intervals) > 1 else None,
        float(intervals.max()) if len(intervals) else None,
        min(sizes),
        sum(sizes) / len(sizes),
        max(sizes),
    )


def _gaps(held: Sequence[Range], low: int, high: int) -> list[Range]:
    """What is missing of a range, counted from its beginning."""
    found, at = [], low
    for start, end in held:
        if start > at:
            found.append((at - low, min(start, high) - low))
        at = max(at, end)
        if at >= high:
            return found
    return [*found, (at - low, high - low)] if at < high else found
