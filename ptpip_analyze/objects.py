"""The objects that a capture's data phases carried: found, put together out of parts, read piece by piece.

Promises that an object's bytes are read only by who asks for them, and that no byte stands where it may not belong.
Refuses to be loaded before it is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

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
from .payloads import Payloads
from .ptp import NO_ROW, STATUSES
from .ptp.datasets import LIVE_VIEWS, decode_as, operations_with
from .ptp.objects import TELLING, Canvas, Info, MissingRange, is_one_of, may_tell, told, transfer_of, word
from .ptp.properties import Exchange
from .ptpip import messages as m
from .result import Result

OPEN_SESSION, GET_THUMB, OK = 0x1002, 0x100A, 0x2001


@dataclass(eq=False, slots=True)
class Carried:
    """One object as far as it was carried: by one transaction, or by several that asked for parts of it."""

    session: int
    handle: int | None
    kind: str  # facts.objects.CONTENTS
    upload: bool
    operation: int
    partial: bool  # parts of it were asked for
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
        """Size that a dataset told before it was carried, or else after."""
        if self.info is None:
            return None
        if self.kind == THUMBNAIL:
            return self.info.thumbnail_size if self.operation == GET_THUMB else None
        return self.info.size if self.kind == OBJECT else None

    @property
    def format(self) -> int | None:
        """Its format code, where a dataset told it."""
        if self.info is None:
            return None
        if self.kind == THUMBNAIL:
            return self.info.thumbnail_format if self.operation == GET_THUMB else None
        return self.info.format if self.kind == OBJECT else None

    @property
    def size(self) -> int | None:
        """Bytes of the whole object as its transfer shows, or as declared where parts of it were asked for."""
        if not self.partial:
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
        return False if not self.partial or self.canvas.holes(None) else None

    @property
    def missing(self) -> list[MissingRange]:
        """The ranges that are not there; with an open end where it is not known how much is missing."""
        found: list[MissingRange] = [*self.canvas.holes(self.size)]
        if self.size is None and self.complete is False and not (self.partial and not self.unplaced):
            found.append((self.canvas.end, None))
        return found


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
        self.payloads = Payloads(result)

    @cached_property
    def found(self) -> list[Carried]:
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
        elif name not in LIVE_VIEWS and (row := transfer_of(operation, vendor)) is not None:
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
        payload = self.payloads.payload(number)
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
            growing = Carried(session, handle, row.kind, row.outward, exchange.operation, row.part != WHOLE, info)
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

    def chunks(self, carried: Carried, most: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The bytes of an object that are there, in order, each with its place in the object; the first ``most``."""
        for start, end, transaction, payload in carried.canvas.extents:
            if most is not None and start >= most:
                return
            stop = payload + (end if most is None else min(end, most)) - start
            for place, data in self.payloads.read(transaction, payload, stop):
                yield place + start - payload, data

    def sha256(self, carried: Carried) -> str | None:
        """SHA-256 of a complete object as hex digits; None for one that is not, or not known to be."""
        if not carried.complete:
            return None
        digest = hashlib.sha256()
        for _, data in self.chunks(carried):
            digest.update(data)
        return digest.hexdigest()


def _behind(objects: Objects, carried: Carried) -> int | None:
    """Where the part behind the last one begins; None where that one's size is not known."""
    number, start = carried.pieces[-1]
    size = objects.payloads.payload(number).size
    return None if start is None or size is None else start + size
