"""The bytes of streams without what is personal, from any offset on: what messages say stays, not what they carry.

Promises the same bytes for the same place of a stream, so that what was sent again is sent again. Refuses to take a
byte from a segment: every byte that stays was understood as part of a message; all others are filler.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..decoded import MOST_READ, decoder
from ..facts.containers import MAGIC, SESSION_END_WORD
from ..facts.personal import PRIVATE_DATASETS
from ..objects import Objects
from ..payloads import Payloads, short_payloads
from ..ptp import NO_ROW, STATUSES
from ..ptp.datasets import LIVE_VIEWS, jpeg_of, live_view_jpeg
from ..ptp.pictures import beginning_bytes
from ..ptp.placing import HEADER
from ..ptpip import Dialect
from ..ptpip import messages as m
from ..ptpip.recognise import GREETING_LIMIT, header, is_plausible
from ..result import DataHead, Result
from .payloads import Scrubber, skeleton
from .pseudonyms import Pseudonyms

_MESSAGES_KEPT = 256
_PHASES_KEPT = 64
_ANSWERS = 1 << 8  # answers that are repeated, remembered with what became of them
_LONG = 1 << 14  # bytes of an answer that is remembered
_BEGINNING = 16
_TOGETHER, _SHORT = 256, 1 << 12  # transactions whose data phases are looked at together, and how long these may be
_DATA = frozenset({m.DATA, m.END_DATA, m.CONTAINER_DATA})
_GREETINGS = frozenset({m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK})
_REQUEST, _RESPONSE, _WORD_BYTES = 18, 14, 4  # bytes of messages without parameters
_FIXED = {m.OPERATION_REQUEST: _REQUEST, m.OPERATION_RESPONSE: _RESPONSE, m.EVENT: _RESPONSE}
_WORD = struct.Struct("<I").pack


class _Filling(NamedTuple):
    """What stands behind the known bytes of something: filler by name from a place in it on, and bytes over it."""

    identity: bytes
    start: int
    patches: tuple[tuple[int, bytes], ...] = ()  # place, counted as ``start`` is


class _Message(NamedTuple):
    begin: int  # in the stream
    end: int
    head: bytes
    body: _Filling  # of what is behind the head


class _Phase(NamedTuple):
    """A data phase: its first bytes where they are known, and filler behind them."""

    known: bytes
    body: _Filling  # of the whole phase, from its first byte on


class Streams:
    """The scrubbed streams of one result."""

    def __init__(self, result: Result, pseudonyms: Pseudonyms) -> None:
        self._result, self._pseudonyms = result, pseudonyms
        self._messages: OrderedDict[int, _Message] = OrderedDict()
        self._current: dict[int, _Message] = {}  # by stream, the one that was asked for last
        self._phases: OrderedDict[int, _Phase] = OrderedDict()
        self._answers: OrderedDict[object, bytes] = OrderedDict()
        self._short: tuple[int, list[bytes | None]] = (-1, [])
        self._rows: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        spoken = result.conversations
        self._of_fuji = {one.tcp.number for one in spoken if one.dialect is Dialect.FUJI}
        for camera in result.cameras.values():
            pseudonyms.public.update(text for text in (camera.model, camera.manufacturer) if text)

    def read(self, stream: int, start: int, size: int) -> bytes:
        """As many bytes of a stream, from an offset on."""
        message = self._current.get(stream)
        if message is not None and message.begin + len(message.head) <= start and start + size <= message.end:
            place = message.body.start + start - message.begin - len(message.head)
            return self._filled(message.body, place, size)
        rows, begins = self._of(stream)
        end, at = start + size, start
        pieces: list[bytes] = []
        while at < end:
            index = int(begins.searchsorted(at, "right")) - 1
            message = self._message(int(rows[index]), begins, index) if index >= 0 else None
            if message is not None and at < message.end:
                self._current[stream] = message
                stop = min(message.end, end)
                pieces.append(self._part(message, at - message.begin, stop - message.begin))
            else:
                stop = min(int(begins[index + 1]), end) if index + 1 < len(begins) else end
                pieces.append(self._pseudonyms.filler(b"stream %d" % stream, max(at, 0), stop - at))
                self._pseudonyms.counts["bytes"] += stop - at
            at = stop
        return b"".join(pieces)

    def _part(self, message: _Message, low: int, high: int) -> bytes:
        head = message.head
        if high <= len(head):
            return head[low:high]
        first = max(low, len(head))
        place = message.body.start + first - len(head)
        body = self._filled(message.body, place, high - first)
        return head[low:] + body if low < len(head) else body

    def _filled(self, filling: _Filling, place: int, size: int) -> bytes:
        end = place + size
        whole = next((one for one in filling.patches if one[0] <= place and end <= one[0] + len(one[1])), None)
        if whole is not None and len(filling.patches) == 1:
            return whole[1][place - whole[0] : end - whole[0]]
        found = self._pseudonyms.filler(filling.identity, place, size)
        for at, data in filling.patches:
            low, high = max(at, place), min(at + len(data), place + size)
            if low < high:
                found = found[: low - place] + data[low - at : high - at] + found[high - place :]
        return found

    def _of(self, stream: int) -> tuple[np.ndarray, np.ndarray]:
        """The message rows of a stream, and where they begin."""
        found = self._rows.get(stream)
        if found is None:
            known = 0 <= stream < 2 * len(self._result.connections)
            rows = self._result.by_stream.of(stream) if known else np.empty(0, np.int64)
            found = self._rows[stream] = rows, self._result.messages["offset"][rows]
        return found

    def _message(self, row: int, begins: np.ndarray, index: int) -> _Message:
        found = self._messages.get(row)
        if found is None:
            begin = int(begins[index])
            end = begin + int(self._result.messages["length"][row])
            if index + 1 < len(begins):  # a lying length word does not reach into the next message
                end = min(end, int(begins[index + 1]))
            head, body = self._content(row, end - begin)
            found = self._messages[row] = _Message(begin, end, head[: end - begin], body)
            while len(self._messages) > _MESSAGES_KEPT:
                self._messages.popitem(last=False)
        return found

    def _content(self, row: int, length: int) -> tuple[bytes, _Filling]:
        """The first bytes of a message, and what stands behind them."""
        columns = self._result.messages
        kind, offset = int(columns["type"][row]), int(columns["offset"][row])
        name = b"message %d/%d" % (columns["stream"][row], offset)
        if kind == m.UNFRAMED:
            self._pseudonyms.counts["bytes"] += length
            return self._unframed(row, name), _Filling(name, 0)
        if kind in _GREETINGS:
            return self._greeting(row, kind, length), _Filling(name, 0)
        head = self._head(row, kind)
        if kind in _DATA:
            return head, self._carried(row, kind, length)
        if kind == m.LIVE_VIEW_FRAME:
            return head, self._frame(row, name, length)
        self._pseudonyms.counts["bytes"] += max(length - len(head), 0)
        return head, _Filling(name, 0)

    def _unframed(self, row: int, name: bytes) -> bytes:
        """The beginning of bytes in which no message was found: words that are a header's, or small, stay.

        Where the next message is looked for, and what the sender did wrong, hangs on them.
        """
        head = self._result.message_head(row, _REQUEST)
        if len(head) >= m.HEADER_BYTES and is_plausible(*header(head)):
            return head[: _FIXED.get(header(head)[1], m.HEADER_BYTES)]
        words = bytearray(self._pseudonyms.filler(name, 0, min(len(head), m.HEADER_BYTES)))
        for at in range(0, len(words), _WORD_BYTES):
            if _is_small(head[at : at + _WORD_BYTES]):
                words[at : at + _WORD_BYTES] = head[at : at + _WORD_BYTES]
        return bytes(words)

    def _head(self, row: int, kind: int) -> bytes:
        """The fixed fields of a message and its parameters, as its row has them; zeros for those not captured."""
        columns = self._result.messages
        length, identity, code = (int(columns[name][row]) for name in ("length", "transaction_id", "code"))
        words = b"".join(_WORD(int(columns[f"word{at}"][row])) for at in range(int(columns["words"][row])))
        if kind > m.CONTAINERS:
            if kind in (m.LIVE_VIEW_FRAME, m.SESSION_END):
                return struct.pack("<II", length, 0 if kind == m.LIVE_VIEW_FRAME else SESSION_END_WORD)
            return struct.pack("<IHHI", length, kind - m.CONTAINERS, code, identity) + words
        head = struct.pack("<II", length & 0xFFFFFFFF, kind & 0xFFFFFFFF)
        if kind == m.OPERATION_REQUEST:
            return head + struct.pack("<IHI", int(columns["data_phase_info"][row]), code, identity) + words
        if kind in (m.OPERATION_RESPONSE, m.EVENT):
            return head + struct.pack("<HI", code, identity) + words
        if kind == m.START_DATA:
            return head + struct.pack("<IQ", identity, int(columns["total"][row]))
        if kind in (m.DATA, m.END_DATA, m.CANCEL):
            return head + _WORD(identity)
        return head + _WORD(code) if kind in (m.INIT_EVENT_REQUEST, m.INIT_FAIL) else head

    def _greeting(self, row: int, kind: int, length: int) -> bytes:
        """An Init Command Request or Ack: GUID and friendly name replaced (CIPA DC-X005-2005 2.3.1, 2.3.2)."""
        data = self._result.message_head(row, min(length, GREETING_LIMIT))
        fuji = data[8:12] == MAGIC.to_bytes(4, "little") and kind == m.INIT_COMMAND_REQUEST
        fuji |= int(self._result.messages["stream"][row]) >> 1 in self._of_fuji
        at = 12 if kind == m.INIT_COMMAND_ACK or fuji else 8
        guid, behind = data[at : at + 16], data[at + 16 :]
        letters = behind.partition(b"\0")[0]
        if len(letters) > 1 and all(0x20 <= byte < 0x7F for byte in letters):  # of 8 bits, as some initiators have them
            new = self._pseudonyms.friendly_name(letters.decode()).encode()
            rest = behind[len(letters) :]
            nothing = len(rest) - len(rest.lstrip(b"\0"))
            kept = rest[: nothing + 4]
        else:
            name, taken = m.friendly_name(behind)
            units = behind[: taken - 2 if name is not None else taken]
            said = self._pseudonyms.friendly_name(units.decode("utf-16-le", "surrogatepass"))
            new = said.encode("utf-16-le", "surrogatepass")
            rest = behind[len(units) :]
            kept = rest if not any(rest) else rest[:2] if fuji else rest[:6]  # NUL and version
        new_guid = self._pseudonyms.guid(guid) if len(guid) == 16 else bytes(len(guid))
        return data[:at] + new_guid + new + kept

    def _frame(self, row: int, name: bytes, length: int) -> _Filling:
        """A frame of a live-view connection, a JPEG somewhere in it; places count from behind the header."""
        data = self._result.message_head(row, min(length, MOST_READ))
        found = jpeg_of("FujiLiveViewFrame", data)
        self._pseudonyms.counts["bytes"] += length
        if found is None:
            return _Filling(name, 0)
        low, high = found
        first = max(low, m.HEADER_BYTES)
        patches = [(first - m.HEADER_BYTES, data[first : low + 3])]
        if data[high - 2 : high] == b"\xff\xd9":
            patches.append((high - 2 - m.HEADER_BYTES, data[high - 2 : high]))
        return _Filling(name, 0, tuple(patches))

    def _carried(self, row: int, kind: int, length: int) -> _Filling:
        """What stands behind the header of a data message."""
        columns, made = self._result.messages, self._result.transactions
        stream, offset = int(columns["stream"][row]), int(columns["offset"][row])
        number = int(made.of_message[row])
        if number != NO_ROW:
            phase = self._phase(number)
            place = self._place(number, stream, offset + HEADER)
            if place is not None:
                body = phase.body
                patches = [(at, data) for at, data in body.patches if at < place + length and at + len(data) > place]
                low, high = place, min(place + length, len(phase.known))
                if low < high:
                    patches.append((low, phase.known[low:high]))
                return _Filling(body.identity, body.start + place, tuple((body.start + at, d) for at, d in patches))
        self._pseudonyms.counts["bytes"] += max(length - HEADER, 0)
        return _Filling(b"message %d/%d" % (stream, offset), 0)

    def _place(self, number: int, stream: int, begin: int) -> int | None:
        """Where in its data phase the payload of a data message lies; None where that isn't known."""
        if self._single[number]:
            return 0
        layout = self._result.data_layout(number)
        first, last = layout.stream.searchsorted([stream, stream + 1]).tolist()
        index = first + int(layout.begin[first:last].searchsorted(begin))
        known = index < min(last, len(layout.place)) and layout.begin[index] == begin
        return int(layout.place[index]) if known else None

    @cached_property
    def _single(self) -> np.ndarray:
        """The transactions of which the whole data phase is one message (bool)."""
        begin = self._result.all_data_rows[1]
        return (begin[1:] - begin[:-1] == 1) & (self._result.transactions.status == STATUSES.index("complete"))

    def _carries(self, number: int) -> int:
        """The bytes of a data phase, as the headers of its messages say."""
        if self._single[number]:
            rows, begin = self._result.all_data_rows
            return max(int(self._result.messages["length"][rows[begin[number]]]) - HEADER, 0)
        return int(self._result.data_layout(number).size.sum())

    def _phase(self, number: int) -> _Phase:
        found = self._phases.get(number)
        if found is None:
            found = self._phases[number] = self._made(number)
            while len(self._phases) > _PHASES_KEPT:
                self._phases.popitem(last=False)
        return found

    def _made(self, number: int) -> _Phase:
        decoding = decoder(self._result)
        own = b"transaction %d" % number
        exchange = decoding.exchange(number)
        name = decoding.name(exchange)
        if number in self._objects:
            identity, start = self._objects[number]
            return _Phase(b"", _Filling(identity, start, self._ends(number, start)))
        if exchange is None or name is None or name == "ObjectBytes" or name in PRIVATE_DATASETS:
            self._pseudonyms.counts["bytes"] += self._carries(number)
            return _Phase(b"", _Filling(own, 0, self._ends(number, 0)))
        head = self._data(number)
        key = (exchange, head)
        known = self._answers.get(key) if len(head.data) <= _LONG else None
        if known is None:
            scrubber = Scrubber(self._pseudonyms, own, head.data)
            dataset = decoding.dataset(number)
            if dataset is not None:
                scrubber.dataset(dataset, exchange)
                if name in LIVE_VIEWS:
                    found = live_view_jpeg(head.data, exchange.vendor, exchange.operation, exchange.parameters)
                    if found is not None:
                        scrubber.picture(*found)
                again = decoding.dataset(number, bytes(scrubber.out))
                if again is None or skeleton(again) != skeleton(dataset):
                    self._pseudonyms.counts["datasets not understood"] += 1
                    scrubber = Scrubber(self._pseudonyms, own, head.data)
            known = bytes(scrubber.out)
            if len(known) <= _LONG:
                self._answers[key] = known
                while len(self._answers) > _ANSWERS:
                    self._answers.popitem(last=False)
        return _Phase(known, _Filling(own, 0))

    def _data(self, number: int) -> DataHead:
        """The beginning of a data phase."""
        data = self._short_data(number)
        return self._result.data_head(number, MOST_READ) if data is None else DataHead(data, len(data), len(data), None)

    def _short_data(self, number: int) -> bytes | None:
        """A data phase that is short and whole; those that lie close together are read together."""
        low = number // _TOGETHER * _TOGETHER
        if self._short[0] != low:
            numbers = np.arange(low, min(low + _TOGETHER, len(self._result.transactions)))
            self._short = low, short_payloads(self._result, numbers, _SHORT)
        return self._short[1][number - low]

    def _ends(self, number: int, start: int) -> tuple[tuple[int, bytes], ...]:
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


def _is_small(word: bytes) -> bool:
    """A number of 16 bits in a word of 32, in either byte order: it tells of nobody, wherever it stands."""
    return len(word) == _WORD_BYTES and (not any(word[2:]) or not any(word[:2]))


def _piece(payloads: Payloads, number: int, start: int, end: int) -> bytes:
    """Bytes of a payload; fewer where the first of them, or later ones, are missing."""
    found = b""
    for place, data in payloads.read(number, start, end):
        if place != start + len(found):
            break
        found += data
    return found
