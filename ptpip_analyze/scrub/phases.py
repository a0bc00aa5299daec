"""Data phases without what is personal: datasets scrubbed field by field, of files what tells their format, and of all
else nothing.

Promises the same bytes for the same payload of the same operation, and for the same place of the same object. Refuses
to hold more than the beginning of a phase: what is not known here is filler.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property
from itertools import count
from typing import NamedTuple

import numpy as np

from ..decoded import MOST_READ, decoder
from ..facts.personal import PRIVATE_DATASETS
from ..objects import Objects
from ..payloads import Payloads, short_payloads
from ..ptp import NO_ROW, STATUSES
from ..ptp.datasets import LIVE_VIEWS, live_view_jpeg
from ..ptp.pictures import beginning_bytes
from ..ptp.placing import HEADER
from ..ptp.properties import Exchange
from ..result import DataHead, Result
from .payloads import Scrubber, skeleton
from .pseudonyms import Pseudonyms

SHORT = 1 << 12  # bytes of a data phase that is looked at together with others
_TOGETHER = 256  # how many of them
_PHASES_KEPT = 64
# Bytes of answers that are remembered with what became of them, for they are repeated; and of one of them.
_REMEMBERED, _LONG = 1 << 22, 1 << 14
_ENTRY = 512  # bytes that each of them counts beside its own
_ASKED = 1 << 12  # exchanges that are remembered
_BEGINNING = 16
_NOTHING = b""

Patches = tuple[tuple[int, bytes], ...]  # bytes over filler, each with its place


class Phase(NamedTuple):
    """A data phase: bytes in their places, and filler elsewhere, of the object that it carries a part of if it does."""

    patches: Patches
    identity: bytes | None = None
    start: int = 0  # where in the object it begins


class _Asked(NamedTuple):
    """What transactions that look alike have in common."""

    number: int  # that of their exchange: answers are remembered by it
    exchange: Exchange | None
    name: str | None  # of the dataset that is scrubbed field by field; None: filler is what remains
    datatype: int | None  # of the value that their data is
    varies: bool  # was that datatype told in more than one way?


class Phases:
    """The data phases of one result; transactions go by row number."""

    def __init__(self, result: Result, pseudonyms: Pseudonyms) -> None:
        self._result, self._pseudonyms = result, pseudonyms
        self._decoding = decoder(result)
        self._phases: OrderedDict[int, Phase] = OrderedDict()
        self._answers: dict[tuple[int, int | None, bytes], bytes] = {}
        self._remembered = 0  # bytes in them
        self._asked: dict[tuple[int, ...], _Asked] = {}
        self._exchanges: dict[Exchange | None, int] = {}
        self._numbers = count()
        self._short: tuple[int, list[bytes | None]] = (-1, [])

    def of(self, number: int) -> Phase:
        """The data phase of a transaction."""
        found = self._phases.get(number)
        if found is None:
            found = self._phases[number] = self._made(number)
            while len(self._phases) > _PHASES_KEPT:
                self._phases.popitem(last=False)
        return found

    def place(self, number: int, stream: int, begin: int) -> int | None:
        """Where in its data phase the payload of a data message lies; None where that isn't known."""
        if self.single[number]:
            return 0
        layout = self._result.data_layout(number)
        first, last = layout.stream.searchsorted([stream, stream + 1]).tolist()
        index = first + int(layout.begin[first:last].searchsorted(begin))
        known = index < min(last, len(layout.place)) and layout.begin[index] == begin
        return int(layout.place[index]) if known else None

    @cached_property
    def single(self) -> np.ndarray:
        """The transactions of which the whole data phase is one message (bool)."""
        begin = self._result.all_data_rows[1]
        return (begin[1:] - begin[:-1] == 1) & (self._result.transactions.status == STATUSES.index("complete"))

    @cached_property
    def apart(self) -> np.ndarray:
        """The transactions whose data phase is one message and no part of an object (bool)."""
        found = self.single.copy()
        found[list(self._objects)] = False
        return found

    def scrubbed(self, numbers: np.ndarray, payloads: list[bytes]) -> list[bytes | None]:
        """Short data phases of many transactions, all of them ``apart``: none for one that is nothing but filler, and
        None for one that is left to ``of``.
        """
        found: list[bytes | None] = []
        for number, about, data in zip(numbers.tolist(), self._about(numbers), payloads, strict=True):
            asked = self._asked.get(about) or self._ask(about, number)
            if asked.name is None:
                found.append(None if beginning_bytes(data) else _NOTHING)
                continue
            known = self._answers.get(self._key(asked, number, data))
            if known is None:
                known = self._answer(number, asked, DataHead(data, len(data), len(data), None))
            found.append(known)
        return found

    def _about(self, numbers: np.ndarray) -> Iterator[tuple[int, ...]]:
        """Of each transaction, all that the meaning of its data hangs on but the datatypes of properties."""
        made, columns = self._result.transactions, self._result.messages
        request = made.request[numbers]
        there = request != NO_ROW
        operation, response, spelled = (column.astype(np.int64) for column in self._decoding.codes(numbers))
        words = [columns[f"word{at}"][request].astype(np.int64) for at in range(5)]
        kind = (
            (operation + 1) << 20 | (made.direction[numbers].astype(np.int64) + 1) << 17 | spelled << 16 | there << 15
        )
        kind |= columns["words"][request].astype(np.int64)
        # Few numbers, for they become one tuple each; all columns but these two have at most 32 bits.
        every = (kind, made.session[numbers].astype(np.int64) << 20 | response + 1, words[4])
        pairs = (words[low] << 32 | words[low + 1] for low in (0, 2))
        return zip(*(column.tolist() for column in (*every, *pairs)), strict=True)

    def _ask(self, about: tuple[int, ...], number: int) -> _Asked:
        exchange = self._decoding.exchange(number)
        name = self._decoding.name(exchange)
        if name == "ObjectBytes" or name in PRIVATE_DATASETS:
            name = None
        if len(self._asked) >= _ASKED:
            self._asked.clear()
            self._exchanges.clear()
        index = self._exchanges.setdefault(exchange, next(self._numbers))
        datatype, varies = None, False
        if name is not None and exchange is not None:
            datatype = self._decoding.datatype(exchange, name, number)
            varies = datatype is not None and self._decoding.datatype_varies(exchange, number)
        found = self._asked[about] = _Asked(index, exchange, name, datatype, varies)
        return found

    def _key(self, asked: _Asked, number: int, data: bytes) -> tuple[int, int | None, bytes]:
        """By what an answer is remembered: all that it hangs on."""
        if not asked.varies or asked.exchange is None or asked.name is None:
            return asked.number, asked.datatype, data
        return asked.number, self._decoding.datatype(asked.exchange, asked.name, number), data

    def _made(self, number: int) -> Phase:
        if number in self._objects:
            identity, start = self._objects[number]
            return Phase(self._ends(number, start), identity, start)
        about = next(self._about(np.array([number])))
        asked = self._asked.get(about) or self._ask(about, number)
        if asked.name is None:
            self._pseudonyms.counts["bytes"] += self._carries(number)
            return Phase(self._ends(number, 0))
        head = self._data(number)
        known = self._answers.get(self._key(asked, number, head.data)) if head.whole else None
        return Phase(((0, self._answer(number, asked, head) if known is None else known),))

    def _answer(self, number: int, asked: _Asked, head: DataHead) -> bytes:
        """The beginning of a data phase, scrubbed as what it is; remembered where all of it is known."""
        data, exchange = head.data, asked.exchange
        assert exchange is not None
        # Of equal answers the filler is equal, too: whoever is asked for again is answered as before.
        identity = b"answer " + hashlib.sha256(data).digest()
        scrubber = Scrubber(self._pseudonyms, identity, data)
        dataset = self._decoding.dataset(number)
        if dataset is not None:
            scrubber.dataset(dataset, exchange)
            if asked.name in LIVE_VIEWS:
                found = live_view_jpeg(data, exchange.vendor, exchange.operation, exchange.parameters)
                if found is not None:
                    scrubber.picture(*found)
            again = self._decoding.dataset(number, bytes(scrubber.out))
            if again is None or skeleton(again) != skeleton(dataset):
                self._pseudonyms.counts["datasets not understood"] += 1
                scrubber = Scrubber(self._pseudonyms, identity, data)
        known = bytes(scrubber.out)
        if head.whole and len(known) <= _LONG:
            self._remembered += _ENTRY + 2 * len(data)
            if self._remembered > _REMEMBERED:
                self._answers.clear()
                self._remembered = _ENTRY + 2 * len(data)
            self._answers[self._key(asked, number, data)] = known
        return known

    def _carries(self, number: int) -> int:
        """The bytes of a data phase, as the headers of its messages say."""
        if self.single[number]:
            rows, begin = self._result.all_data_rows
            return max(int(self._result.messages["length"][rows[begin[number]]]) - HEADER, 0)
        return int(self._result.data_layout(number).size.sum())

    def _data(self, number: int) -> DataHead:
        """The beginning of a data phase."""
        data = self._short_data(number)
        return self._result.data_head(number, MOST_READ) if data is None else DataHead(data, len(data), len(data), None)

    def _short_data(self, number: int) -> bytes | None:
        """A data phase that is short and whole; those that lie close together are read together."""
        low = number // _TOGETHER * _TOGETHER
        if self._short[0] != low:
            numbers = np.arange(low, min(low + _TOGETHER, len(self._result.transactions)))
            self._short = low, short_payloads(self._result, numbers, SHORT)
        return self._short[1][number - low]

    def _ends(self, number: int, start: int) -> Patches:
        """What stays of a file: the first bytes, by which its format is known, and the last marker of a JPEG."""
        if start:
            return ()
        payloads, data = self._found.payloads, self._short_data(number)
        head = _piece(payloads, number, 0, _BEGINNING) if data is None else data[:_BEGINNING]
        known = beginning_bytes(head)
        patches = [(0, head[:known])] if known else []
        if head.startswith(b"\xff\xd8\xff"):
            size = (payloads.payload(number).size or 0) if data is None else len(data)
            end = (_piece(payloads, number, size - 2, size) if data is None else data[-2:]) if size > len(head) else b""
            if end == b"\xff\xd9":
                patches.append((size - 2, end))
        return tuple(patches)

    @cached_property
    def _found(self) -> Objects:
        return Objects(self._result)

    @cached_property
    def _objects(self) -> dict[int, tuple[bytes, int]]:
        """By transaction, the object that it carries a part of, and where in the object that begins."""
        found: dict[int, tuple[bytes, int]] = {}
        objects = self._found
        for index, carried in enumerate(objects.found):
            digest = objects.sha256(carried)
            identity = b"object " + (digest.encode() if digest else b"%d" % index)
            self._pseudonyms.counts["objects"] += 1
            self._pseudonyms.counts["bytes"] += carried.canvas.bytes
            for number, start in carried.pieces:
                if start is not None:
                    found[number] = identity, start
        return found


def _piece(payloads: Payloads, number: int, start: int, end: int) -> bytes:
    """Bytes of a payload; fewer where the first of them, or later ones, are missing."""
    found = b""
    for place, data in payloads.read(number, start, end):
        if place != start + len(found):
            break
        found += data
    return found
