"""What data phases say, decoded when asked for: datasets of transactions, events out of polled lists, properties.

Promises that nothing behind a hole is decoded, that a value which ends at the edge of a hole is not told (it may go on
behind it), and that at most ``MOST_READ`` bytes of a data phase are read. Refuses to be loaded before it is needed:
the decoders take their time.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary, proxy

import numpy as np

from .facts import name_of
from .facts.named import RESET_DEVICE_PROP_VALUE
from .payloads import short_payloads
from .ptp import DIRECTIONS, NO_ROW
from .ptp.datasets import (
    EVENT_LISTS,
    PROPERTY_LISTS,
    dataset_name,
    decode_as,
    operations_with,
    polled_events,
    property_values,
)
from .ptp.parameters import event_text
from .ptp.polled import may_list
from .ptp.properties import (
    CONTROLS,
    LIMITS,
    Datatypes,
    Exchange,
    Memory,
    Revealed,
    role_of,
    tells_of_change,
    text_of,
    value_written,
)
from .ptp.texts import plain_text
from .ptp.values import MOST_BYTES, Dataset, Note, PropertyValue, Value
from .ptpip import messages as m
from .result import DataHead, Result

MOST_READ = 1 << 20
"""Bytes of a data phase that are read; no dataset but an object's bytes is that long."""

MOST_COUNTED = 1 << 14
"""Kinds of events that are counted apart; a hostile capture can have any number of them."""

_DESCRIPTIONS = frozenset({
    "DevicePropDesc", "DevicePropDescEx", "SonyAllDevicePropData", "SonyDevicePropDesc", "FujiDevicePropDescs",
    "OlympusChangedProperties", "PanasonicPropDescs",
})  # fmt: skip
_REMEMBERED, _LONG = 1 << 18, 1 << 17  # bytes of answers whose values are kept, to be known when the same comes again
_ENTRY = 1024  # bytes that each of them counts beside its own
_SHORT_LISTS, _SHORT = 1024, 64  # lists of events, likewise
_NEARBY = 8  # descriptions, before a transaction and behind it
_TOGETHER = 1024  # transactions whose payloads are looked at together
_TOLD = 8  # properties that the text of one event names


_Said = tuple[bytes | None, *tuple[int, ...]]


class ListedEvent(NamedTuple):
    """An event out of a list that an operation fetched."""

    transaction: int  # row of the transaction that fetched it
    code: int | None  # None: the list names a property that changed, no event
    name: str
    transaction_id: int | None  # that the event names
    parameters: tuple[int, ...]
    text: str
    message: int  # row of the message that ends the data phase
    start: int  # place of its record in the data phase
    end: int


class PropertyRow(NamedTuple):
    """What a transaction, or an event, revealed of a property."""

    transaction: int | None  # None: an event of the event connection
    session: int
    revealed: Revealed  # its value is written down, and no longer in it
    value: str | None
    text: str | None
    event: str | None  # record of an event list that carried it
    message: int  # row of the message with which it counts: the data phase's last, a set value's response, the event


class Decoder:
    """Decodes the data phases of one result; transactions go by row number."""

    def __init__(self, result: Result) -> None:
        self.result = cast("Result", proxy(result))  # kept under its result, it must not keep that alive
        made, columns = result.transactions, result.messages
        self._operation = _codes(columns, made.request)
        self._response = _codes(columns, made.response)
        self._words = columns["words"]
        known, length = columns["known"].astype(np.int64), columns["length"]
        self._spelled = known >= np.minimum(length, m.FIXED_BYTES)
        self._answers: dict[tuple[int, Exchange], tuple[bytes, list[tuple[PropertyValue, str | None]]]] = {}
        self._answered = 0  # bytes in them

    def exchange(self, number: int) -> Exchange | None:
        """What is known of a transaction; None where its operation is not."""
        made, columns = self.result.transactions, self.result.messages
        operation, response, request = self._operation[number], self._response[number], int(made.request[number])
        if operation < 0:
            return None
        count = int(self._words[request]) if self._spelled[request] else 0
        return Exchange(
            int(operation),
            tuple(int(columns[f"word{index}"][request]) for index in range(count)),
            self.result.vendors[made.session[number]],
            DIRECTIONS[made.direction[number]] if made.direction[number] else None,
            int(response) if response >= 0 else None,
        )

    def codes(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of transactions, the codes of operation and response, -1 where they aren't known, and whether the parameters
        of the request are (bool).
        """
        return (
            self._operation[numbers],
            self._response[numbers],
            self._spelled[self.result.transactions.request[numbers]],
        )

    def name(self, exchange: Exchange | None) -> str | None:
        """Name of the dataset in the data phase; None where there is none, or none that is known."""
        if exchange is None or exchange.direction is None:
            return None
        return dataset_name(exchange.operation, exchange.vendor, exchange.direction, exchange.parameters)

    def dataset(self, number: int, instead: bytes | None = None) -> Dataset | None:
        """What the data phase of a transaction says; None where there is none, or nobody has described it.

        ``instead`` are bytes to be read in place of those that were captured, as many of them.
        """
        exchange = self.exchange(number)
        name = self.name(exchange)
        if exchange is None or name is None:
            return None
        head = self.result.data_head(number, MOST_BYTES if name == "ObjectBytes" else MOST_READ)
        if instead is not None:
            head = head._replace(data=instead)
        datatype = self.datatype(exchange, name, number)
        read = self._decoded(name, exchange, head, datatype)
        if name not in PROPERTY_LISTS:
            return read
        said = {}
        for one in property_values(read, parameters=exchange.parameters, datatype=datatype):
            kind = one.datatype or self._type_of(one.code, number)
            text = text_of(one.code, one.value, exchange.vendor, kind, one.role)
            if text is not None and text != plain_text(one.value):
                said[one.start, one.end] = text
        return read._replace(fields=tuple(_worded(field, said) for field in read.fields))

    def _decoded(self, name: str, exchange: Exchange, head: DataHead, datatype: int | None) -> Dataset:
        size = len(head.data) if head.size is None else head.size
        read = decode_as(
            name, head.data, vendor=exchange.vendor, parameters=exchange.parameters, datatype=datatype, size=size
        )
        if name == "ObjectBytes" and head.whole and read.fields and len(head.data) < size:
            return Dataset(name, (Value("bytes", None, 0, size, read.fields[0].text),), (), size)
        notes = list(read.notes) if head.data or head.size is not None else []  # not empty: nothing of it was captured
        if head.hole is not None:
            at, length = head.hole
            some = "bytes, it is not known how many," if length is None else f"{length:,} bytes"
            notes.append(Note(at, f"{some} are missing from the capture here; what follows them is not decoded"))
        elif head.size is None:
            notes.append(Note(head.held, "the data phase is not complete; how much of it is missing can't be known"))
        return read._replace(notes=tuple(notes))

    def datatype(self, exchange: Exchange, name: str, number: int, known: Datatypes | None = None) -> int | None:
        """The datatype of the value that a payload is."""
        if name != "DevicePropValue" or not exchange.parameters:
            return None
        if known is not None and (exchange.vendor, exchange.operation) in CONTROLS:
            return known.before(exchange.parameters[0], number)
        return self._type_of(exchange.parameters[0], number, known)

    def datatype_varies(self, exchange: Exchange, number: int) -> bool:
        """Does the session describe the property that a transaction asks for in more than one way?"""
        session = int(self.result.transactions.session[number])
        return self.datatypes.get(session, _NOTHING).varies(exchange.parameters[0])

    def _type_of(self, code: int, number: int, known: Datatypes | None = None) -> int | None:
        """The datatype of a property, by ``known`` where a description came before: all others are then not needed."""
        found = None if known is None else known.before(code, number)
        if found is None:
            found = self.datatypes.get(int(self.result.transactions.session[number]), _NOTHING).of(code, number)
        return found

    def settings(self, number: int) -> list[tuple[str, str]]:
        """The properties that a transaction sends values of, by name, each with its value in words.

        Quicker than ``properties``: of the descriptions in the session only those nearby are decoded.
        """
        exchange = self.exchange(number)
        if exchange is None or exchange.direction != "out" or self.name(exchange) not in PROPERTY_LISTS:
            return []
        nearby = Datatypes()
        pressed = (exchange.vendor, exchange.operation) in CONTROLS
        for code in exchange.parameters[:1]:
            datatype = self._described_nearby(code, number, ahead=not pressed)
            if datatype is not None:
                nearby.learn(number, code, datatype)
        told = [one for one, _ in self._values(number, exchange, nearby)]
        revealed = Memory().take(exchange, told, lambda code: nearby.before(code, number))
        texts = [(one, text_of(one.code, one.value, exchange.vendor, one.datatype, one.role)) for one in revealed]
        return [(name_of("property", one.code, exchange.vendor), text) for one, text in texts if text is not None]

    def _described_nearby(self, code: int, number: int, ahead: bool) -> int | None:
        """The datatype of a property by the last description before a transaction, else, with ``ahead``, by the first
        one behind it; descriptions that were asked for by the property first.
        """
        made, columns = self.result.transactions, self.result.messages
        numbers = self._describing[made.session[self._describing] == made.session[number]]
        by_name = columns["word0"][made.request[numbers]] == code
        for some in (numbers[by_name], numbers[~by_name]):
            place = int(np.searchsorted(some, number))
            behind = some[place : place + _NEARBY] if ahead else some[:0]
            for one in (*some[max(place - _NEARBY, 0) : place][::-1].tolist(), *behind.tolist()):
                exchange = self.exchange(one)
                if exchange is None or self.name(exchange) not in _DESCRIPTIONS or role_of(exchange) is None:
                    continue
                for told, _ in self._values(one, exchange, _NOTHING):
                    if told.code == code and told.datatype is not None:
                        return told.datatype
        return None

    @cached_property
    def _describing(self) -> np.ndarray:
        """The transactions whose operation may fetch descriptions."""
        return np.flatnonzero(np.isin(self._operation, sorted(operations_with(_DESCRIPTIONS))))

    @cached_property
    def datatypes(self) -> dict[int, Datatypes]:
        """What descriptions told, by session."""
        session = self.result.transactions.session
        found: dict[int, Datatypes] = {}
        equal: dict[tuple[Exchange, bytes], list[tuple[int, int]]] = {}  # of equal descriptions one is read
        for number, data in self._payloads(self._describing):
            exchange = self.exchange(number)
            if exchange is None or self.name(exchange) not in _DESCRIPTIONS or role_of(exchange) is None:
                continue
            known = found.setdefault(int(session[number]), Datatypes())
            told = None if data is None else equal.get((exchange, data))
            if told is None:
                values = self._values(number, exchange, known, data)
                told = [(one.code, one.datatype) for one, _ in values if one.datatype is not None]
                if data is not None:
                    if len(equal) >= _SHORT_LISTS:
                        equal.clear()
                    equal[exchange, data] = told
            for code, datatype in told:
                known.learn(number, code, datatype)
        return found

    def _payloads(self, numbers: np.ndarray) -> Iterator[tuple[int, bytes | None]]:
        """Transactions, each with its payload where it is short and whole."""
        for low in range(0, len(numbers), _TOGETHER):
            some = numbers[low : low + _TOGETHER]
            yield from zip(some.tolist(), short_payloads(self.result, some, _ENTRY), strict=True)

    def _values(
        self, number: int, exchange: Exchange, known: Datatypes, data: bytes | None = None
    ) -> list[tuple[PropertyValue, str | None]]:
        """The values that a payload tells, each with the record of an event list that it stands in.

        ``data`` is the payload where it is at hand.
        """
        name = self.name(exchange)
        if name is None:
            return []
        head = DataHead(data or b"", len(data or b""), len(data or b""), None)
        if data is None:
            head = self.result.data_head(number, MOST_READ)
        datatype = self.datatype(exchange, name, number, known)
        # What cameras repeat all day long is decoded once.
        key = (int(self.result.transactions.session[number]), exchange)
        again = name != "DevicePropValue" and head.whole and len(head.data) <= _LONG
        if again:
            before = self._answers.get(key)
            if before is not None and before[0] == head.data:
                return before[1]
        read = self._decoded(name, exchange, head, datatype)
        told = property_values(read, parameters=exchange.parameters, datatype=datatype)
        if not head.whole:
            told = [one for one in told if one.end < len(head.data)]
        records = {event.start: event for event in polled_events(read) if event.code is not None}
        starts = sorted(records)
        places = np.searchsorted(starts, [one.start for one in told], "right") - 1 if starts else [-1] * len(told)
        values = [
            (one, records[starts[place]].name if place >= 0 else None)
            for one, place in zip(told, map(int, places), strict=True)
        ]
        if again:
            self._answered += _ENTRY + len(head.data)
            if self._answered > _REMEMBERED:
                self._answers.clear()
                self._answered = _ENTRY + len(head.data)
            self._answers[key] = (head.data, values)
        return values

    def _end(self, number: int) -> int:
        """Row of the message that ends the data phase, else of the response, else of the request."""
        return int(self._ends(np.array([number]))[0])

    def _ends(self, numbers: np.ndarray) -> np.ndarray:
        made = self.result.transactions
        found = made.request[numbers]
        for column in (made.response, made.last_data):
            found = np.where(column[numbers] != NO_ROW, column[numbers], found)
        return found

    def _counts_from(self, number: int, exchange: Exchange) -> int:
        """Row of the message with which counts what a transaction tells of properties: what is set, when answered."""
        response = int(self.result.transactions.response[number])
        answered = exchange.direction == "out" and exchange.response is not None
        return response if answered and response != NO_ROW else self._end(number)

    def events(self, *, texts: bool = True) -> Iterator[ListedEvent]:
        """The events of all lists that were fetched, by the frame in which each list ends; of one frame in the order of
        the transactions. Without ``texts`` these are empty, which is quicker.
        """
        made, columns = self.result.transactions, self.result.messages
        # Only makers have such lists: a session of nobody knows who pays nothing.
        made_by = np.array([vendor is not None for vendor in self.result.vendors], bool)
        listing = may_list(self._operation, columns["word0"][made.request]) & (made.request != NO_ROW)
        numbers = np.flatnonzero(listing & made_by[made.session]) if listing.any() else np.empty(0, np.int64)
        numbers = numbers[np.argsort(columns["last"][self._ends(numbers)], kind="stable")]
        equal: dict[_Said, list[ListedEvent]] = {}  # of lists that say the same, most of them nothing, one is decoded
        for number, said in self._said(numbers):
            if said[0] is None:
                yield from self._listed(number, texts)
                continue
            events = equal.get(said)
            if events is None:
                if len(equal) >= _SHORT_LISTS:
                    equal.clear()
                events = equal[said] = list(self._listed(number, texts))
            if events:
                message = self._end(number)
                yield from (event._replace(transaction=number, message=message) for event in events)

    @cached_property
    def event_counts(self) -> Counter[tuple[int, int | None, str | None]]:
        """How many events lists told, by session, code and name; None for both beyond ``MOST_COUNTED`` kinds."""
        counts: Counter[tuple[int, int | None, str | None]] = Counter()
        session = self.result.transactions.session
        for event in self.events(texts=False):
            kind = int(session[event.transaction]), event.code, event.name
            counts[kind if kind in counts or len(counts) < MOST_COUNTED else (kind[0], None, None)] += 1
        return counts

    def _said(self, numbers: np.ndarray) -> Iterator[tuple[int, _Said]]:
        """Transactions, each with its payload where it is short and what the meaning of an event list hangs on."""
        made, columns = self.result.transactions, self.result.messages
        request = made.request[numbers]
        about = (
            self._operation[numbers], made.session[numbers], made.direction[numbers], self._response[numbers],
            self._spelled[request], self._words[request], columns["word0"][request],
        )  # fmt: skip
        payloads = short_payloads(self.result, numbers, _SHORT)
        said = zip(payloads, *(column.tolist() for column in about), strict=True)
        return zip(numbers.tolist(), said, strict=True)

    def _listed(self, number: int, texts: bool) -> Iterator[ListedEvent]:
        """The events of the list that a transaction fetched."""
        exchange = self.exchange(number)
        name = self.name(exchange)
        if exchange is None or name not in EVENT_LISTS or role_of(exchange) != "current":
            return
        head, message = self.result.data_head(number, MOST_READ), self._end(number)
        read = self._decoded(name, exchange, head, None)
        named = read.value("transactionId") if name == "EventContainer" else None
        identity = named if isinstance(named, int) else None
        values = {one.start: one for one in property_values(read)} if texts else {}
        starts = sorted(values)
        for event in polled_events(read):
            if not head.whole and event.end >= len(head.data):
                break
            inside = starts[bisect_left(starts, event.start) : bisect_left(starts, event.end)]
            if inside:
                words = ", ".join(_in_words(values[start], exchange.vendor) for start in inside[:_TOLD])
                text = words if event.code is None else f"{event.name}({words})"
            elif texts:
                text = event.name if event.code is None else event_text(event.code, event.parameters, exchange.vendor)
            else:
                text = ""
            yield ListedEvent(
                number, event.code, event.name, identity, event.parameters, text, message, event.start, event.end
            )

    def properties(self, sessions: Sequence[int] | None = None) -> Iterator[PropertyRow]:
        """What was revealed of properties, in all sessions or some, in the order of the messages with which it counts.

        ``sessions`` are indices; the others cost no time.
        """
        last = self.result.messages["last"]
        return heapq.merge(self._told(sessions), self._notified(sessions), key=lambda row: int(last[row.message]))

    def _told(self, only: Sequence[int] | None) -> Iterator[PropertyRow]:
        """What data phases revealed."""
        made, columns = self.result.transactions, self.result.messages
        sessions: dict[int, tuple[Memory, Datatypes]] = {}
        waiting: list[tuple[int, int, PropertyRow]] = []  # a later transaction's data may come first
        count = 0
        asked = {*operations_with(PROPERTY_LISTS), RESET_DEVICE_PROP_VALUE}
        numbers = np.flatnonzero(np.isin(self._operation, sorted(asked)))
        if only is not None:
            numbers = numbers[np.isin(made.session[numbers], only)]
        nothing: set[_Said] = set()  # lists of events that told of no property
        for number, said in self._said(numbers):
            if said in nothing:
                continue
            first = int(made.first[number])
            while waiting and waiting[0][0] < first:
                yield heapq.heappop(waiting)[2]
            exchange = self.exchange(number)
            if exchange is None:
                continue
            resets = exchange.operation == RESET_DEVICE_PROP_VALUE
            if not resets and self.name(exchange) not in PROPERTY_LISTS:
                continue
            session = int(made.session[number])
            memory, known = sessions.setdefault(session, (Memory(), Datatypes()))
            silent = resets or role_of(exchange) is None
            told = [] if silent else self._values(number, exchange, known, said[0])
            if not told and said[0] is not None and self.name(exchange) in EVENT_LISTS and len(nothing) < _SHORT_LISTS:
                nothing.add(said)
            events = {(one.start, one.end): event for one, event in told}
            if self.name(exchange) in _DESCRIPTIONS:
                for value, _ in told:
                    if value.datatype is not None:
                        known.learn(number, value.code, value.datatype)
            message = self._counts_from(number, exchange)
            pressed = (exchange.vendor, exchange.operation) in CONTROLS  # seldom described, and its size says it all
            type_of = partial(known.before if pressed else partial(self._type_of, known=known), number=number)
            for one in memory.take(exchange, [one for one, _ in told], type_of):
                event = events.get((one.start, one.end))
                row = _row(number, session, one, exchange.vendor, event, message)
                heapq.heappush(waiting, (int(columns["last"][message]), count, row))
                count += 1
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _notified(self, only: Sequence[int] | None) -> Iterator[PropertyRow]:
        """Properties that changed as events of the event connection say, which do not tell to what."""
        columns, vendors = self.result.messages, self.result.vendors
        fixed = np.minimum(columns["length"], m.FIXED_BYTES)
        events = (self.result.roles == m.EVENT) & (columns["words"] > 0) & (columns["known"] >= fixed)
        rows = np.flatnonzero(events)
        sessions = self.result.places[0][columns["stream"][rows]]
        if only is not None:
            rows, sessions = rows[np.isin(sessions, only)], sessions[np.isin(sessions, only)]
        order = np.argsort(columns["last"][rows], kind="stable")
        for row, session in zip(rows[order].tolist(), sessions[order].tolist(), strict=True):
            vendor = vendors[session] if session >= 0 else None
            if session >= 0 and tells_of_change(int(columns["code"][row]), vendor):
                one = Revealed(int(columns["word0"][row]), None, None, "notified", None)
                yield _row(None, session, one, vendor, None, row)


def _row(
    number: int | None, session: int, one: Revealed, vendor: str | None, event: str | None, message: int
) -> PropertyRow:
    text = text_of(one.code, one.value, vendor, one.datatype, one.role)
    return PropertyRow(number, session, one._replace(value=None), value_written(one.value), text, event, message)


def _in_words(one: PropertyValue, vendor: str | None) -> str:
    """A property and its value, or what its value may be, in words."""
    said = text_of(one.code, one.value, vendor, one.datatype, one.role)
    sign = " in " if one.role in LIMITS else " = "
    return name_of("property", one.code, vendor) + ("" if said is None else sign + said)


def _worded(value: Value, said: dict[tuple[int, int], str]) -> Value:
    """The value with the texts of the property values in it, by place, where it has none of its own."""
    if value.parts and not isinstance(value.value, tuple | bytes):
        return value._replace(parts=tuple(_worded(part, said) for part in value.parts))
    return value if value.text is not None else value._replace(text=said.get((value.start, value.end)))


_NOTHING = Datatypes()
_DECODERS: WeakKeyDictionary[Result, Decoder] = WeakKeyDictionary()


def decoder(result: Result) -> Decoder:
    """The decoder of a result, the same one each time."""
    found = _DECODERS.get(result)
    if found is None:
        found = _DECODERS[result] = Decoder(result)
    return found


def _codes(columns: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Codes of request or response rows; -1 where there is none, or its code is not in the capture."""
    kind, known, length = columns["type"][rows], columns["known"][rows].astype(np.int64), columns["length"][rows]
    there = (rows != NO_ROW) & m.carries_code(kind, known, length)
    return np.where(there, columns["code"][rows].astype(np.int64), -1)
