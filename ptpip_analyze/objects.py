"""The objects that a capture's data phases carried: found, put together out of parts, read piece by piece.

Promises that no byte stands where it may not belong, and that an object's bytes are read only by who asks for them, but
for those that were carried twice: where they differ there are two objects. Refuses to be loaded before it is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .carried import Carried
from .decoded import MOST_READ, decoder
from .facts.named import ASSOCIATION, OK, OPEN_SESSION, PARTIAL_DELETION
from .facts.objects import (
    ALL_HANDLES,
    ALL_STORES,
    ANNOUNCED_HANDLE,
    ANNOUNCING,
    DELETING,
    ENDING,
    FORMATTING,
    OBJECT_REMOVED,
    PIECE,
    SEQUEL,
    STORE_REMOVED,
    TRANSFERS,
    WHOLE,
    Transfer,
)
from .payloads import Payload, Payloads, short_payloads
from .ptp import NO_ROW, STATUSES
from .ptp.datasets import EVENT_LISTS, LIVE_VIEWS, decode_as, operations_with, polled_events
from .ptp.objects import TELLING, Info, is_one_of, may_remove, may_tell, told, told_size, transfer_of, word
from .ptp.polled import LISTS
from .ptp.properties import Exchange
from .ptpip import messages as m
from .result import Result

GONE = (OK, PARTIAL_DELETION, None)  # None: it is not in the capture whether anything was deleted
_SHORT = 64  # bytes of event lists that are looked at many at a time


@dataclass(slots=True)
class _Session:
    """What is known at a moment of the pass over a session."""

    infos: dict[int, Info] = field(default_factory=dict)
    open: dict[int | None, dict[bool, Carried]] = field(default_factory=dict)  # by handle and direction
    nameless: dict[int, list[Carried]] = field(default_factory=dict)
    stores: dict[int | None, set[int]] = field(default_factory=dict)  # handles by physical store; None: not known
    announced: tuple[int | None, Info | None] | None = None

    def forget(self, handle: int) -> None:
        """The object behind a handle is gone; what comes is another one."""
        known = self.infos.get(handle)
        if handle == ALL_HANDLES or (known is not None and known.format == ASSOCIATION):
            for table in (self.infos, self.open, self.nameless, self.stores):
                table.clear()
        else:
            self.infos.pop(handle, None)
            self.open.pop(handle, None)
            self.nameless.pop(handle, None)

    def forget_store(self, store: int) -> None:
        """A store is gone, or formatted. Objects stay of which it is known that they lie on another medium."""
        if store in ALL_STORES:
            self.forget(ALL_HANDLES)
            return
        gone = store >> 16  # the lower half tells apart what is on one medium; all ones mean all of it
        for handle in self.stores.pop(gone, set()) | self.stores.pop(None, set()):
            if _medium(self.infos.get(handle)) in (None, gone):
                self.forget(handle)

    def meet(self, handle: int) -> None:
        """Something is kept of a handle."""
        self.stores.setdefault(_medium(self.infos.get(handle)), set()).add(handle)

    def learn(self, handle: int, info: Info) -> None:
        """A dataset told of an object."""
        known = self.infos.get(handle)
        if known is not None and known.contradicts(info):  # the camera has put another one there
            known = None
            self.open.pop(handle, None)
        self.infos[handle] = new = info.over(known)
        self.meet(handle)
        for carried in (*self.open.get(handle, {}).values(), *self.nameless.pop(handle, ())):
            carried.info = new


def _medium(info: Info | None) -> int | None:
    return None if info is None or info.store is None else info.store >> 16


class _Removal(NamedTuple):
    """An event that tells that an object, or a store, is gone."""

    session: int
    is_store: bool
    what: int


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
        others = {row for rows in (ANNOUNCING, ENDING, DELETING, FORMATTING) for _, row in rows}
        wanted = carrying | np.isin(code, sorted({OPEN_SESSION, *others, *LISTS, *operations_with(TELLING)}))
        wanted[self._silent_lists(code)] = False
        sessions: dict[int, _Session] = {}
        busy = set(made.session[carrying].tolist())
        found: list[Carried] = []
        removals = self._removals()
        for number in np.flatnonzero(wanted).tolist():
            while removals and removals[-1][0] <= number:
                _, removal = removals.pop()
                _remove(removal, sessions.setdefault(removal.session, _Session()))
            session = int(made.session[number])
            exchange = decoder(self.result).exchange(number)
            if session not in busy or exchange is None:
                continue
            state = sessions.setdefault(session, _Session())
            carried = self._step(number, exchange, state)
            if carried is not None:
                found.append(carried)
        return sorted(found, key=lambda one: one.transactions[0])

    def _silent_lists(self, code: np.ndarray) -> np.ndarray:
        """The transactions that fetched a short list of events, none of them about an object."""
        numbers = np.flatnonzero(np.isin(code, LISTS))
        payloads = short_payloads(self.result, numbers, _SHORT) if len(numbers) else []
        silent = [data is not None and not may_tell("EOSEventList", data) and not may_remove(data) for data in payloads]
        return numbers[np.array(silent, bool)]

    def _removals(self) -> list[tuple[int, _Removal]]:
        """What event connections told of objects that are gone, the last first, each with the first transaction that
        began behind it.
        """
        made, columns, vendors = self.result.transactions, self.result.messages, self.result.vendors
        codes = sorted({code for _, code in OBJECT_REMOVED | STORE_REMOVED})
        rows = np.flatnonzero((self.result.roles == m.EVENT) & np.isin(columns["code"], codes))
        sessions = self.result.places[0][columns["stream"][rows]]
        behind = np.searchsorted(made.first, columns["last"][rows], "right")
        found = []
        for row, session, number in zip(rows.tolist(), sessions.tolist(), behind.tolist(), strict=True):
            if session >= 0:
                words = (int(columns["word0"][row]),) if columns["words"][row] else ()
                removal = _removal(session, int(columns["code"][row]), words, vendors[session])
                found += [(number, removal)] if removal else []
        return sorted(found, key=lambda one: one[0], reverse=True)

    def _step(self, number: int, exchange: Exchange, state: _Session) -> Carried | None:
        """What a transaction means to the objects of its session; the object that begins with it."""
        operation, vendor, parameters = exchange.operation, exchange.vendor, exchange.parameters
        succeeded = exchange.response in (OK, None)
        if operation == OPEN_SESSION and succeeded:
            state.forget(ALL_HANDLES)
            state.announced = None
        elif is_one_of(operation, vendor, ANNOUNCING):
            if succeeded:
                self._announce(number, exchange, state)
        elif is_one_of(operation, vendor, ENDING):
            if parameters:
                state.open.get(parameters[0], {}).pop(False, None)
        elif is_one_of(operation, vendor, DELETING):
            if exchange.response in GONE:
                state.forget(parameters[0] if parameters else ALL_HANDLES)
        elif is_one_of(operation, vendor, FORMATTING):
            if exchange.response in GONE:
                state.forget_store(parameters[0] if parameters else ALL_STORES[0])
        elif (name := decoder(self.result).name(exchange)) in TELLING or name in EVENT_LISTS:
            if succeeded:
                for removal in self._gone(number, exchange, name or ""):
                    _remove(removal, state)
                for handle, info in self._told(number, exchange, name or ""):
                    if handle is not None:
                        state.learn(handle, info)
        elif name not in LIVE_VIEWS and (row := transfer_of(operation, vendor)) is not None:
            return self._carry(number, exchange, row, state)
        return None

    def _gone(self, number: int, exchange: Exchange, name: str) -> list[_Removal]:
        """The objects and stores of which a list of events tells that they are gone."""
        if name not in EVENT_LISTS:
            return []
        data, session = self.result.data_head(number, MOST_READ).data, int(self.result.transactions.session[number])
        if not may_remove(data):
            return []
        read = decode_as(name, data, vendor=exchange.vendor, parameters=exchange.parameters)
        events = ((event.code, event.parameters) for event in polled_events(read) if event.code is not None)
        found = (_removal(session, code, words, exchange.vendor) for code, words in events)
        return [removal for removal in found if removal is not None]

    def _told(self, number: int, exchange: Exchange, name: str) -> list[tuple[int | None, Info]]:
        head = self.result.data_head(number, MOST_READ)
        if name not in TELLING or not may_tell(name, head.data):
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
            info = Info(format=words[2] if len(words) > 2 else None, size=told_size(word(words, (4, 3)))).over(info)
        if handle is not None:
            state.forget(handle)
            if info is not None:
                state.infos[handle] = info
                state.meet(handle)
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
        new = Carried(
            session, handle, row.kind, row.outward, exchange.operation, row.part != WHOLE, exchange.vendor, info
        )
        if row.part == WHOLE:
            new.failed = not succeeded or status == "cancelled"
            self._take(new, number, 0, exchange, payload)
            taker = new
        else:
            opened = state.open.setdefault(handle, {})
            taker = opened[row.outward] = self._part(opened.get(row.outward), new, number, row, exchange, payload)
            if row.last is not None and word(parameters, (row.last,)):
                del opened[row.outward]
        if taker is not new:
            return None
        if handle is not None:
            state.meet(handle)
            if info is None:
                state.nameless.setdefault(handle, []).append(new)
        return new

    def _part(
        self, growing: Carried | None, new: Carried, number: int, row: Transfer, exchange: Exchange, payload: Payload
    ) -> Carried:
        """Take a data phase as a part of the object that is growing, or of a new one; the one it belongs to."""
        start = word(exchange.parameters, row.offset) if row.part == PIECE else 0
        taker = new
        if growing is not None and row.part == SEQUEL:
            if not growing.complete:
                taker, start = growing, self._behind(growing)
        elif growing is not None and (start is None or not _is_beyond(growing, start, payload)):
            taker = growing
            if start is not None and self._differs(growing, number, start, payload):
                self._part_ways(growing, new)
                taker = new
            elif start == 0 and growing.canvas.bytes == growing.reach > 0:
                growing.again = len(growing.pieces)
        self._take(taker, number, start, exchange, payload)
        return taker

    def _take(self, carried: Carried, number: int, start: int | None, exchange: Exchange, payload: Payload) -> None:
        """A data phase is a part of an object, or all of it, from ``start`` on."""
        carried.pieces.append((number, start))
        carried.unplaced += payload.unplaced
        for low, high in payload.held:
            if start is None:
                carried.unplaced += high - low
            else:
                carried.canvas.paint(start + low, start + high, number, low)
        if not carried.partial:
            carried.told_size, carried.withheld = payload.size, payload.withheld
        elif start is not None:
            row = transfer_of(exchange.operation, exchange.vendor)
            asked = word(exchange.parameters, row.most) if row is not None else None
            is_short = exchange.response == OK and None not in (asked, payload.size) and _bytes(payload) < (asked or 0)
            carried.reaches(start, _bytes(payload), is_short=is_short)

    def _differs(self, carried: Carried, number: int, start: int, payload: Payload) -> bool:
        """Does a part that begins at ``start`` have other bytes where the object has some already?"""
        for low, high in payload.held:
            for there in carried.canvas.between(start + low, start + high):
                for place, data in self.payloads.read(number, there.start - start, there.end - start):
                    begin = there.payload + start + place - there.start
                    before = self.payloads.read(there.transaction, begin, begin + len(data))
                    if b"".join(part for _, part in before) != data:
                        return True
        return False

    def _part_ways(self, carried: Carried, new: Carried) -> None:
        """Parts of two objects: what began anew with bytes that were there already is of the other one."""
        new.differs = True
        if carried.again is None:
            return
        pieces, kept = carried.pieces, carried.again
        carried.clear()
        for taker, parts in ((carried, pieces[:kept]), (new, pieces[kept:])):
            for number, start in parts:
                exchange = decoder(self.result).exchange(number)
                assert exchange is not None
                self._take(taker, number, start, exchange, self.payloads.payload(number))

    def _behind(self, carried: Carried) -> int | None:
        """Where the part behind the last one begins; None where that one's size is not known."""
        number, start = carried.pieces[-1]
        size = self.payloads.payload(number).size
        return None if start is None or size is None else start + size

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


def _bytes(payload: Payload) -> int:
    """Bytes that were transferred, or of which it is known that they were."""
    return payload.size if payload.size is not None else payload.held[-1][1] if payload.held else 0


def _is_beyond(growing: Carried, start: int, payload: Payload) -> bool:
    """Is a part none of an object that is complete? It begins another one, or goes on where nothing should be.

    Where a part that was shorter than asked for is all that tells the end, what follows it refutes that instead.
    """
    if not growing.complete or growing.size is None:
        return False
    goes_on = start == growing.size and growing.promised is None
    return start == 0 or (bool(_bytes(payload)) and start + _bytes(payload) > growing.size and not goes_on)


def _removal(session: int, code: int, words: tuple[int, ...], vendor: str | None) -> _Removal | None:
    """What an event removes: the object or store that it names, all where it names none; None for other events."""
    if is_one_of(code, vendor, OBJECT_REMOVED):
        return _Removal(session, False, words[0] if words else ALL_HANDLES)
    if is_one_of(code, vendor, STORE_REMOVED):
        return _Removal(session, True, words[0] if words else ALL_STORES[0])
    return None


def _remove(removal: _Removal, state: _Session) -> None:
    if removal.is_store:
        state.forget_store(removal.what)
    else:
        state.forget(removal.what)
