"""The pictures of live view that a capture carried, and how steadily they came.

Promises one at a time in memory, of at most ``MOST_FRAME_BYTES``, and that none is passed over in silence: what is left
out says why. Refuses to decode them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .capture import NO_TIME
from .decoded import decoder
from .payloads import Payloads
from .ptp import NO_ROW
from .ptp.datasets import LIVE_VIEWS, jpeg_of, live_view_jpeg, operations_with
from .ptp.objects import MissingRange, Range
from .ptpip import messages as m
from .result import CONNECTIONS, Result

MOST_FRAME_BYTES = 1 << 26  # no picture of live view is that large
NO_PICTURE, NOT_CAPTURED = "no JPEG in it", "no byte of it is in the capture"
TOO_LARGE = f"larger than {MOST_FRAME_BYTES >> 20} MiB"


class Frame(NamedTuple):
    """One picture of live view: JPEG bytes, zeros where the capture lacks some; or why there is none."""

    session: int
    transaction: int | None  # row of the transaction that carried it; None: a connection of its own
    message: int  # row of the message that ends it
    first: int  # packet of its first byte, from 0
    jpeg: bytes
    missing: tuple[MissingRange, ...]
    left_out: str | None = None  # why there are no bytes

    def time(self, result: Result) -> int | None:
        """Time of its last byte in ns since the epoch; None where that byte is not known, or not in the capture."""
        columns = result.messages
        if self.left_out == NOT_CAPTURED or columns["type"][self.message] == m.UNFRAMED:
            return None
        time = int(columns["time"][self.message])
        return None if time == NO_TIME else time


def live_view_frames(result: Result) -> Iterator[Frame]:
    """The pictures of live view that transactions carried, in their order, then those of connections of their own; one
    with holes has zeros there.
    """
    made, columns, payloads = result.transactions, result.messages, Payloads(result)
    code = np.where(made.request == NO_ROW, -1, columns["code"][made.request].astype(np.int64))
    for number in np.flatnonzero(np.isin(code, sorted(operations_with(LIVE_VIEWS))) & (made.direction > 0)).tolist():
        exchange = decoder(result).exchange(number)
        if exchange is None or decoder(result).name(exchange) not in LIVE_VIEWS:
            continue
        payload = payloads.payload(number)
        size = payload.size if payload.size is not None else payload.held[-1][1] if payload.held else 0
        if not size:
            continue
        frame = _framed(
            Frame(int(made.session[number]), number, int(made.last_data[number]), int(made.first[number]), b"", ()),
            size,
            payload.held,
            partial(payloads.read, number),
            partial(
                live_view_jpeg,
                vendor=exchange.vendor,
                operation=exchange.operation,
                parameters=exchange.parameters,
            ),
        )
        if payload.size is None and frame.left_out is None:
            frame = frame._replace(missing=(*frame.missing, (len(frame.jpeg), None)))
        yield frame
    yield from _pushed(result)


def _pushed(result: Result) -> Iterator[Frame]:
    """The pictures that a camera sends on a connection of their own (Fujifilm).

    Where missing bytes hide the boundaries, the bytes up to the next one are taken for one picture: it is not known
    how many they are, nor where they begin.
    """
    columns, (sessions, connections, outward) = result.messages, result.places
    stream, kind = columns["stream"], columns["type"]
    pushed = (connections[stream] == CONNECTIONS.index("live-view")) & ~outward[stream] & (sessions[stream] >= 0)
    for row in np.flatnonzero(pushed & ((kind == m.LIVE_VIEW_FRAME) | (kind == m.UNFRAMED))).tolist():
        source, start, size = (int(columns[name][row]) for name in ("stream", "offset", "length"))
        frame = Frame(int(sessions[source]), None, row, int(columns["first"][row]), b"", ())
        if kind[row] == m.UNFRAMED and columns["reason"][row] != m.HIDDEN:
            yield frame._replace(left_out=m.REASONS[columns["reason"][row]] or NO_PICTURE)
            continue

        def read(low: int, high: int, source: int = source, start: int = start) -> Iterator[tuple[int, bytes]]:
            for at, length, position in result.stream_places.pieces(source, start + low, start + high):
                if position is not None:
                    yield low + at, result.read(position, length)

        pieces = result.stream_places.pieces(source, start, start + size)
        held = [(at, at + length) for at, length, position in pieces if position is not None]
        yield _framed(frame, size, held, read, _anywhere if kind[row] == m.UNFRAMED else _in_frame)


def _in_frame(data: bytes) -> Range | None:
    return jpeg_of("FujiLiveViewFrame", data)


def _anywhere(data: bytes) -> Range | None:
    return 0, len(data)


def _framed(
    frame: Frame,
    size: int,
    held: Sequence[Range],
    read: Callable[[int, int], Iterator[tuple[int, bytes]]],
    find: Callable[[bytes], Range | None],
) -> Frame:
    """A frame with the picture that ``find`` finds in ``size`` bytes, of which the capture has the ranges ``held``."""
    if not held:
        return frame._replace(left_out=NOT_CAPTURED)
    if size > MOST_FRAME_BYTES:
        return frame._replace(left_out=TOO_LARGE)
    data = bytearray(size)
    for low, high in held:
        for place, part in read(low, min(high, size)):
            data[place : place + len(part)] = part
    holes = _gaps(held, 0, size)
    found = find(bytes(data))
    if found is None:
        if not holes:
            return frame._replace(left_out=NO_PICTURE)
        found = 0, size
    # The picture may begin, or end, in a hole; what looks like its beginning or end is then that of its thumbnail.
    low = 0 if holes and holes[0][0] < found[0] else found[0]
    high = size if holes and holes[-1][1] > found[1] else found[1]
    return frame._replace(jpeg=bytes(data[low:high]), missing=tuple(_gaps(held, low, high)))


class Pace(NamedTuple):
    """How the pictures of one session came. None: with fewer than two pictures in a row, or without times."""

    frames: int
    incomplete: int
    fps: float | None  # pictures per second, over the intervals that are known
    interval_s: float | None  # mean time between two
    jitter_s: float | None  # standard deviation of that time
    longest_interval_s: float | None
    bytes_min: int | None  # None: no picture
    bytes_mean: float | None
    bytes_max: int | None


def pace(times: Sequence[int | None], sizes: Sequence[int], incomplete: int = 0) -> Pace:
    """What times (ns) and sizes of pictures come to.

    A time is None where a picture came that is not in the capture, or of which that is not known: what lies between
    its neighbours is then no interval.
    """
    pairs = [(one, two) for one, two in pairwise(times) if one is not None and two is not None]
    intervals = np.array([two - one for one, two in pairs], np.int64) / 1e9
    span = float(intervals.sum())
    return Pace(
        len(sizes),
        incomplete,
        len(intervals) / span if span > 0 else None,
        float(intervals.mean()) if len(intervals) else None,
        float(intervals.std()) if len(intervals) > 1 else None,
        float(intervals.max()) if len(intervals) else None,
        min(sizes, default=None),
        sum(sizes) / len(sizes) if sizes else None,
        max(sizes, default=None),
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
