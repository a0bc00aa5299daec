"""The objects that a capture's data phases carried, and its live-view pictures: found, put together, read piece by piece.

Promises that payload is read only by who asks for bytes, about ``STEP_BYTES`` at a time, and that no byte stands where
it may not belong: what lies behind a hole of unknown size in a data phase is counted, not placed. Refuses to be loaded
before it is needed.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .capture import NO_TIME
from .decoded import MOST_READ, decoder
from .facts.objects import (
    ALL_HANDLES,
    ANNOUNCED_HANDLE,
    ANNOUNCING,
    DELETING,
    ENDING,
    OBJECT,
    PIECE,
    SEQUEL,
    THUMBNAIL,
    TRANSFERS,
    WHOLE,
    Transfer,
)
from .facts.packets import UNKNOWN_TOTAL
from .ptp import DIRECTIONS, NO_ROW, STATUSES
from .ptp.datasets import LIVE_VIEW, decode_as, live_view_jpeg, operations_with
from .ptp.objects import TELLING, Canvas, Info, Range, is_one_of, may_tell, told, transfer_of, word
from .ptp.placing import HEADER, placed
from .ptp.properties import Exchange
from .ptpip import messages as m
from .result import START_DATA_BYTES, Result

STEP_BYTES = 1 << 20
MOST_FRAME_BYTES = 1 << 26  # no picture of live view is that large
_BETWEEN_BYTES = 4096  # bytes of other packets that are read along rather than read around
_LAYOUTS = 8

OPEN_SESSION, GET_THUMB, OK = 0x1002, 0x100A, 0x2001

MissingRange = tuple[int, int | None]


class Payload(NamedTuple):
    """What a data phase carried, as ranges of its payload."""

    held: tuple[Range, ...]  # that the capture has and that can be placed, in order, none touching the next
    size: int | None  # of all of it; None where that can't be known
    unplaced: int  # bytes behind a hole of unknown size


class Layout(NamedTuple):
    """Where the data messages of a transaction lie: by message, as far as they can be placed."""

    stream: np.ndarray
    begin: np.ndarray  # first byte of payload in the stream
    place: np.ndarray  # and in the payload
    size: np.ndarray  # bytes of payload


@dataclass(eq=False, slots=True)
class Carried:
    """One object as far as it was carried: by one transaction, or by several that asked for parts of it."""

    session: int
    handle: int | None
    content: str  # facts.objects.CONTENTS
    outward: bool
    operation: int
    stitched: bool
    info: Info | None
    canvas: Canvas = field(default_factory=Canvas)
    pieces: list[tuple[int, int | None]] = field(default_factory=list)  # transaction, offset of its payload
    told_size: int | None = None  # of a whole one; of a stitched one where a part was shorter than asked for
    failed: bool = False
    unplaced: int = 0

    @property
    def transactions(self) -> list[int]:
        """Rows of the transactions that carried it, in order."""
        return [number for number, _ in self.pieces]

    @property
    def declared(self) -> int | None:
        """Size that a dataset told before, or else after it was carried."""
        if self.info is None:
            return None
        if self.content == THUMBNAIL:
            return self.info.thumbnail_size if self.operation == GET_THUMB else None
        return self.info.size if self.content == OBJECT else None

    @property
    def format(self) -> int | None:
        """Its format code, where a dataset told it."""
        if self.info is None:
            return None
        if self.content == THUMBNAIL:
            return self.info.thumbnail_format if self.operation == GET_THUMB else None
        return self.info.format if self.content == OBJECT else None

    @property
    def size(self) -> int | None:
        """Bytes of the whole object as its transfer shows, or as declared where parts of it were asked for."""
        if not self.stitched:
            return self.told_size
        if self.declared is not None and self.declared >= self.canvas.end:
            return self.declared
        return self.told_size if self.told_size == self.canvas.end else None

    @property
    def complete(self) -> bool | None:
        """Is every byte there? None where parts were carried without a hole, and its size is not known."""
        size = self.size
        if self.failed or self.unplaced:
            return False
        if size is not None:
            return self.canvas.bytes == size
        return False if not self.stitched or self.canvas.holes(None) else None

    @property
    def missing(self) -> list[MissingRange]:
        """The ranges that are not there; with an open end where it is not known how much is missing."""
        found: list[MissingRange] = [*self.canvas.holes(self.size)]
        if self.size is None and self.complete is False and not (self.stitched and not self.unplaced):
            found.append((self.canvas.end, None))
        return found


class Frame(NamedTuple):
    """One picture of live view: JPEG bytes, zeros where the capture lacks some."""

    session: int
    transaction: int | None  # row of the transaction that carried it; None: a connection of its own
    message: int  # row of the message that ends it
    first: int  # packet of its first byte, from 0
    data: bytes
    missing: tuple[Range, ...]

    def time(self, result: Result) -> int | None:
        """Time of its last byte in ns since the epoch."""
        time = int(result.messages["time"][self.message])
        return None if time == NO_TIME else time


@dataclass(slots=True)
class _Session:
    """What is known at a moment of the pass over a session."""

    infos: dict[int, Info] = field(default_factory=dict)
    open: dict[tuple[int | None, bool], Carried] = field(default_factory=dict)
    nameless: dict[int, list[Carried]] = field(default_factory=dict)
    announced: tuple[int | None, Info | None] | None = None

    def forget(self, handle: int) -> None:
        """The object behind a handle is gone; what comes is another one."""
        for key in [key for key in self.open if handle in (key[0], ALL_HANDLES)]:
            del self.open[key]
        for table in (self.infos, self.nameless):
            if handle == ALL_HANDLES:
                table.clear()
            else:
                table.pop(handle, None)

    def learn(self, handle: int, info: Info) -> None:
        """A dataset told of an object."""
        known = self.infos.get(handle)
        if known is not None and known.contradicts(info):  # the camera has put another one there
            known = None
            for outward in (False, True):
                self.open.pop((handle, outward), None)
        self.infos[handle] = new = info.over(known)
        for outward in (False, True):
            if (growing := self.open.get((handle, outward))) is not None:
                growing.info = new
        for carried in self.nameless.pop(handle, []):
            carried.info = new


class Objects:
    """The objects of one result; transactions go by row number."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self._layouts: OrderedDict[int, Layout] = OrderedDict()

    @cached_property
    def all(self) -> list[Carried]:
        """All objects, in order of first packet."""
        made, columns = self.result.transactions, self.result.messages
        code = np.where(made.request == NO_ROW, -1, columns["code"][made.request].astype(np.int64))
        carrying = np.isin(code, sorted({row.operation for row in TRANSFERS}))
        if not carrying.any():
            return []
        others = {operation for rows in (ANNOUNCING, ENDING, DELETING) for _, operation in rows}
        wanted = carrying | np.isin(code, sorted({OPEN_SESSION, *others, *operations_with(TELLING)}))
        sessions: dict[int, _Session] = {}
        busy = set(made.session[carrying].tolist())
        found: list[Carried] = []
        for number in np.flatnonzero(wanted).tolist():
            session = int(made.session[number])
            exchange = decoder(self.result).exchange(number)
            if session not in busy or exchange is None:
                continue
            state = sessions.setdefault(session, _Session())
            carried = self._step(number, exchange, state)
            if carried is not None:
                found.append(carried)
        return found

    def _step(self, number: int, exchange: Exchange, state: _Session) -> Carried | None:
        """What a transaction means to the objects of its session; the object that begins with it."""
        operation, vendor, parameters = exchange.operation, exchange.vendor, exchange.parameters
        succeeded = exchange.response in (OK, None)
        if operation == OPEN_SESSION and exchange.response == OK:
            state.forget(ALL_HANDLES)
            state.announced = None
        elif is_one_of(operation, vendor, ANNOUNCING):
            if succeeded:
                self._announce(number, exchange, state)
        elif is_one_of(operation, vendor, ENDING):
            if parameters:
                state.open.pop((parameters[0], False), None)
        elif is_one_of(operation, vendor, DELETING):
            if parameters and exchange.response == OK:
                state.forget(parameters[0])
        elif (name := decoder(self.result).name(exchange)) in TELLING:
            if succeeded:
                for handle, info in self._told(number, exchange, name or ""):
                    if handle is not None:
                        state.learn(handle, info)
        elif name not in LIVE_VIEW and (row := transfer_of(operation, vendor)) is not None:
            return self._carry(number, exchange, row, state)
        return None

    def _told(self, number: int, exchange: Exchange, name: str) -> list[tuple[int | None, Info]]:
        head = self.result.data_head(number, MOST_READ)
        if not may_tell(name, head.data):
            return []
        size = len(head.data) if head.size is None else head.size
        read = decode_as(name, head.data, vendor=exchange.vendor, parameters=exchange.parameters, size=size)
        # What ends at the edge of a hole may go on behind it.
        return told(read, exchange.parameters, None if head.whole else len(head.data))

    def _announce(self, number: int, exchange: Exchange, state: _Session) -> None:
        """SendObjectInfo and its like: who the object is that SendObject carries next."""
        answer = self.answer(number)
        handle = answer[ANNOUNCED_HANDLE] if len(answer) > ANNOUNCED_HANDLE else None
        info = None
        name = decoder(self.result).name(exchange)
        if name == "ObjectInfo":
            info = self._told(number, exchange, name)[0][1]
        elif name == "ObjectPropList":  # of an object that has no handle yet: 0
            info = next((said for named, said in self._told(number, exchange, name) if named == 0), None) or Info()
            words = exchange.parameters
            size = word(words, (4, 3))
            info = Info(format=words[2] if len(words) > 2 else None, size=None if size == 0xFFFFFFFF else size).over(
                info
            )
        if handle is not None:
            state.forget(handle)
            if info is not None:
                state.infos[handle] = info
        state.announced = handle, info

    def answer(self, number: int) -> tuple[int, ...]:
        """Parameters of a transaction's response, as far as they are in the capture."""
        columns, row = self.result.messages, int(self.result.transactions.response[number])
        if row == NO_ROW or columns["known"][row] < min(int(columns["length"][row]), m.FIXED_BYTES):
            return ()
        return tuple(int(columns[f"word{index}"][row]) for index in range(int(columns["words"][row])))

    def _carry(self, number: int, exchange: Exchange, row: Transfer, state: _Session) -> Carried | None:
        """Take a data phase as an object or a part of one; the object if it begins here."""
        made = self.result.transactions
        status = STATUSES[made.status[number]]
        succeeded = exchange.response in (OK, None)
        if exchange.direction not in (None, "out" if row.outward else "in"):
            return None
        if exchange.direction is None and (status != "gap" or not succeeded):
            return None
        payload = self.payload(number)
        if not succeeded and not payload.size and not payload.held:
            return None
        parameters, session = exchange.parameters, int(made.session[number])
        handle = parameters[row.handle] if row.handle is not None and row.handle < len(parameters) else None
        info = state.infos.get(handle) if handle is not None else None
        if row.handle is None and row.outward and state.announced is not None:
            handle, info = state.announced
            if exchange.response == OK:
                state.announced = None
        key = handle, row.outward
        start: int | None = 0
        growing = None
        if row.part != WHOLE:
            growing = state.open.get(key)
            start = word(parameters, row.offset) if row.part == PIECE else None
            if growing is not None and growing.complete and (row.part == SEQUEL or start == 0):
                growing = None  # all of it is there: it is asked for once more
            if row.part == SEQUEL:
                start = 0 if growing is None else _behind(self, growing)
        fresh = growing is None
        if growing is None:
            growing = Carried(session, handle, row.content, row.outward, exchange.operation, row.part != WHOLE, info)
            if row.part != WHOLE:
                state.open[key] = growing
            if info is None and handle is not None:
                state.nameless.setdefault(handle, []).append(growing)
        growing.pieces.append((number, start))
        growing.unplaced += payload.unplaced
        for low, high in payload.held:
            if start is None:
                growing.unplaced += high - low
            else:
                growing.canvas.paint(start + low, start + high, number, low)
        if row.part == WHOLE:
            growing.told_size = payload.size
            growing.failed = not succeeded or status == "cancelled"
        elif start is not None and payload.size is not None and exchange.response == OK:
            asked = word(parameters, row.most)
            if asked is not None and payload.size < asked:
                growing.told_size = max(growing.told_size or 0, start + payload.size)
        return growing if fresh else None

    # Payloads

    def layout(self, number: int) -> Layout:
        """Where the data messages of a transaction lie."""
        found = self._layouts.get(number)
        if found is None:
            found = self._layouts[number] = self._laid_out(number)
            while len(self._layouts) > _LAYOUTS:
                self._layouts.popitem(last=False)
        return found

    def _laid_out(self, number: int) -> Layout:
        made, columns = self.result.transactions, self.result.messages
        rows = self.result.data_rows(number).astype(np.int64)
        stream, offset = columns["stream"][rows].astype(np.int64), columns["offset"][rows]
        length = columns["length"][rows].astype(np.int64)
        if len(rows) > 1:  # a lying length word does not reach into the next message
            same = stream[1:] == stream[:-1]
            length[:-1] = np.where(same, np.minimum(length[:-1], offset[1:] - offset[:-1]), length[:-1])
        hidden = np.zeros(len(rows), np.int64)
        hidden[1:] = np.where(stream[1:] == stream[:-1], offset[1:] - offset[:-1] - length[:-1], 0)
        start = int(made.start[number])
        if len(rows) and STATUSES[made.status[number]] in ("gap", "began-earlier"):
            if start == NO_ROW:
                hidden[0] = -1
            elif columns["stream"][start] == stream[0]:
                hidden[0] = max(int(offset[0] - columns["offset"][start] - columns["length"][start]), 0)
        for index in np.flatnonzero(hidden > 0).tolist():
            hidden[index] -= self._framed_between(rows[index - 1] if index else start, rows[index])
        places = placed(length.tolist(), hidden.tolist(), self._announced(number), ended=self._ended(rows))
        known = next((index for index, place in enumerate(places) if place is None), len(places))
        size = np.maximum(length - HEADER, 0)
        return Layout(stream, offset + HEADER, np.array(places[:known], np.int64), size)

    def _framed_between(self, before: int, after: int) -> int:
        """Bytes of messages between two of one stream that belong to something else."""
        columns = self.result.messages
        between = slice(int(before) + 1, int(after))
        others = (columns["stream"][between] == columns["stream"][after]) & (columns["type"][between] != m.UNFRAMED)
        return int(columns["length"][between][others].sum())

    def _ended(self, rows: np.ndarray) -> bool:
        return len(rows) > 0 and int(self.result.messages["type"][rows[-1]]) != m.DATA

    def _announced(self, number: int) -> int | None:
        columns, start = self.result.messages, int(self.result.transactions.start[number])
        if start == NO_ROW or columns["known"][start] < min(int(columns["length"][start]), START_DATA_BYTES):
            return None
        total = int(columns["total"][start])
        return None if total == UNKNOWN_TOTAL else total

    def payload(self, number: int) -> Payload:
        """What the data phase of a transaction carried."""
        columns, rows, layout = self.result.messages, self.result.data_rows(number), self.layout(number)
        known, total = len(layout.place), self._announced(number)
        held: list[Range] = []
        for row, stream, begin, place, size in zip(
            rows[:known].tolist(), *(column[:known].tolist() for column in layout), strict=True
        ):
            if columns["status"][row] == m.COMPLETE:
                pieces: list[Range] = [(place, place + size)]
            else:
                pieces = [
                    (place + offset, place + offset + length)
                    for offset, length, position in self.result.stream_pieces(stream, begin, begin + size)
                    if position is not None
                ]
            for low, high in pieces:
                if held and held[-1][1] == low:
                    held[-1] = held[-1][0], high
                elif high > low:
                    held.append((low, high))
        unplaced = int((layout.size[known:] - np.minimum(columns["lost"][rows[known:]], layout.size[known:])).sum())
        end = int(layout.place[-1] + layout.size[known - 1]) if known else 0
        if self._ended(rows) and not unplaced and known == len(rows):
            return Payload(tuple(held), max(end, total or 0), 0)
        whole = total if total is not None and total >= end + unplaced else None
        return Payload(tuple(held), whole, unplaced)

    def read(self, number: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Bytes of a payload that the capture has, about ``STEP_BYTES`` at a time, each with its place."""
        batch: list[tuple[int, int, int]] = []  # place, length, position
        for place, length, position in self._pieces(number, start, end):
            if batch:
                first, (at, size, last) = batch[0], batch[-1]
                follows = at + size == place and 0 <= position - last - size <= _BETWEEN_BYTES
                if not follows or position + length - first[2] > STEP_BYTES:
                    yield self._joined(batch)
                    batch = []
            batch.append((place, length, position))
        if batch:
            yield self._joined(batch)

    def _pieces(self, number: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        layout = self.layout(number)
        known = len(layout.place)
        first = int(np.searchsorted(layout.place + layout.size[:known], start, "right"))
        for index in range(first, known):
            place, size = int(layout.place[index]), int(layout.size[index])
            if place >= end:
                return
            low, high = max(start - place, 0), min(size, end - place)
            begin, stream = int(layout.begin[index]), int(layout.stream[index])
            for offset, length, position in self.result.stream_pieces(stream, begin + low, begin + high):
                if position is not None:
                    yield place + low + offset, length, position

    def _joined(self, batch: list[tuple[int, int, int]]) -> tuple[int, bytes]:
        place, _, begin = batch[0]
        _, length, last = batch[-1]
        span = memoryview(self.result.read(begin, last + length - begin))
        return place, b"".join(span[position - begin : position - begin + size] for _, size, position in batch)

    def chunks(self, carried: Carried) -> Iterator[tuple[int, bytes]]:
        """The bytes of an object that are there, in order, each with its place in the object."""
        for extent in carried.canvas.extents:
            shift = extent.start - extent.payload
            for place, data in self.read(
                extent.transaction, extent.payload, extent.payload + extent.end - extent.start
            ):
                yield place + shift, data

    def sha256(self, carried: Carried) -> str | None:
        """SHA-256 of a complete object as hex digits; None for one that is not, or not known to be."""
        if not carried.complete:
            return None
        digest = hashlib.sha256()
        for _, data in self.chunks(carried):
            digest.update(data)
        return digest.hexdigest()

    # Live view

    def frames(self) -> Iterator[Frame]:
        """The pictures of live view that transactions carried, in their order."""
        made, columns = self.result.transactions, self.result.messages
        code = np.where(made.request == NO_ROW, -1, columns["code"][made.request].astype(np.int64))
        for number in np.flatnonzero(np.isin(code, sorted(operations_with(LIVE_VIEW))) & (made.direction > 0)).tolist():
            exchange = decoder(self.result).exchange(number)
            if exchange is None or decoder(self.result).name(exchange) not in LIVE_VIEW:
                continue
            payload = self.payload(number)
            size = payload.size if payload.size is not None else payload.held[-1][1] if payload.held else 0
            if not 0 < size <= MOST_FRAME_BYTES:
                continue
            data = bytearray(size)
            for low, high in payload.held:
                for place, part in self.read(number, low, min(high, size)):
                    data[place : place + len(part)] = part
            found = live_view_jpeg(bytes(data), exchange.vendor, exchange.operation, exchange.parameters)
            if found is None:
                continue
            low, high = found
            gaps = _gaps(payload.held, low, high)
            if payload.unplaced or payload.size is None:
                gaps.append((max(high - low, 0), high - low))
            session = int(made.session[number])
            yield Frame(
                session,
                number,
                int(made.last_data[number]),
                int(made.first[number]),
                bytes(data[low:high]),
                tuple(gaps),
            )


def _behind(objects: Objects, carried: Carried) -> int | None:
    """Where the part behind the last one begins; None where that one's size is not known."""
    number, start = carried.pieces[-1]
    size = objects.payload(number).size
    return None if start is None or size is None else start + size


def _gaps(held: tuple[Range, ...], low: int, high: int) -> list[Range]:
    """What is missing of a range, counted from its beginning."""
    found, at = [], low
    for start, end in held:
        if start > at:
            found.append((at - low, min(start, high) - low))
        at = max(at, end)
        if at >= high:
            return found
    return [*found, (at - low, high - low)] if at < high else found


def live_view_frames(result: Result) -> Iterator[Frame]:
    """The pictures of live view of a result, one after the other."""
    yield from Objects(result).frames()


def direction_of(carried: Carried) -> str:
    """ "in" to the initiator, "out" to the responder."""
    return DIRECTIONS[2 if carried.outward else 1]
