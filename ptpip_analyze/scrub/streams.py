"""The bytes of streams without what is personal, from any offset on: what messages say stays, not what they carry.

Promises the same bytes for the same place of a stream, so that what was sent again is sent again. Refuses to take a
byte from a segment: every byte that stays was understood as part of a message; all others are filler.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from ..decoded import MOST_READ
from ..facts.containers import MAGIC, SESSION_END_WORD
from ..ptp import NO_ROW
from ..ptp.datasets import jpeg_of
from ..ptp.placing import HEADER
from ..ptpip import Dialect, containers
from ..ptpip import messages as m
from ..ptpip.recognise import GREETING_LIMIT
from ..result import Result
from .phases import Patches, Phases
from .pseudonyms import Pseudonyms
from .unframed import what_stays

_MESSAGES_KEPT = 256
_VERSION_BYTES = 4
_DATA = frozenset({m.DATA, m.END_DATA, m.CONTAINER_DATA})
_GREETINGS = frozenset({m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK})
_WORD = struct.Struct("<I").pack


class _Filling(NamedTuple):
    """What stands behind the known bytes of something: filler by name from a place in it on, and bytes over it."""

    identity: bytes
    start: int
    patches: Patches = ()  # places are counted as ``start`` is


class _Message(NamedTuple):
    begin: int  # in the stream
    end: int
    head: bytes
    body: _Filling  # of what is behind the head


class Streams:
    """The scrubbed streams of one result."""

    def __init__(self, result: Result, pseudonyms: Pseudonyms) -> None:
        self._result, self._pseudonyms = result, pseudonyms
        self.phases = Phases(result, pseudonyms)
        self._messages: OrderedDict[int, _Message] = OrderedDict()
        self._current: dict[int, _Message] = {}  # by stream, the one that was asked for last
        self._rows: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        spoken = result.conversations
        self._of_fuji = {one.tcp.number for one in spoken if one.dialect is Dialect.FUJI}
        self._forms = {one.number: one.form for talk in spoken for one in talk.streams or ()}
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
                pieces.append(self._pseudonyms.filler(stream_name(stream), max(at, 0), stop - at))
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
        kind, stream, offset = (int(columns[name][row]) for name in ("type", "stream", "offset"))
        if kind == m.UNFRAMED:
            self._pseudonyms.counts["bytes"] += length
            return b"", _Filling(stream_name(stream), offset, self._unframed(stream, offset, length))
        head = self._greeting(row, kind, length) if kind in _GREETINGS else self._head(row, kind)
        if kind in _DATA:
            return head, self._carried(row, stream, offset, length)
        self._pseudonyms.counts["bytes"] += max(length - len(head), 0)
        start = offset + len(head)
        return head, _Filling(stream_name(stream), start, self._frame(row, length) if kind == m.LIVE_VIEW_FRAME else ())

    def _unframed(self, stream: int, start: int, length: int) -> Patches:
        """What stays of bytes in which no message was found."""
        data = bytearray(min(length, MOST_READ))  # zeros where the capture lacks them, as for who looks for messages
        for at, size, position in self._result.stream_places.pieces(stream, start, start + len(data)):
            if position is not None:
                data[at : at + size] = self._result.read(position, size)
        patches = what_stays(self._forms.get(stream, containers.STANDARD), bytes(data), length)
        return tuple((start + at, found) for at, found in patches)

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
        letters, _, rest = behind.partition(b"\0")
        plain = len(letters) > 1 and all(0x20 <= byte < 0x7F for byte in letters)
        tail = rest.lstrip(b"\0")
        if plain and len(tail) <= _VERSION_BYTES and max(tail, default=0) < 0x20:  # of 8 bits, as some initiators send
            new = self._pseudonyms.friendly_name(letters.decode()).encode()
            kept = behind[len(letters) :]
        else:
            name, taken = m.friendly_name(behind)
            units = behind[: taken - 2 if name is not None else taken]
            said = self._pseudonyms.friendly_name(units.decode("utf-16-le", "surrogatepass"))
            new = said.encode("utf-16-le", "surrogatepass")
            rest = behind[len(units) :]
            kept = rest if not any(rest) else rest[:2] if fuji else rest[: 2 + _VERSION_BYTES]
            if name is None:
                kept = bytes(len(rest))
        new_guid = self._pseudonyms.guid(guid) if len(guid) == 16 else bytes(len(guid))
        return data[:at] + new_guid + new + kept

    def _frame(self, row: int, length: int) -> Patches:
        """What stays of a frame of a live-view connection: the markers of the JPEG somewhere in it."""
        data = self._result.message_head(row, min(length, MOST_READ))
        found = jpeg_of("FujiLiveViewFrame", data)
        if found is None:
            return ()
        (low, high), offset = found, int(self._result.messages["offset"][row])
        first = max(low, m.HEADER_BYTES)
        patches = [(offset + first, data[first : low + 3])]
        if data[high - 2 : high] == b"\xff\xd9":
            patches.append((offset + high - 2, data[high - 2 : high]))
        return tuple(patches)

    def _carried(self, row: int, stream: int, offset: int, length: int) -> _Filling:
        """What stands behind the header of a data message."""
        number, begin = int(self._result.transactions.of_message[row]), offset + HEADER
        name = stream_name(stream)
        if number == NO_ROW:
            self._pseudonyms.counts["bytes"] += max(length - HEADER, 0)
            return _Filling(name, begin)
        phase, place = self.phases.of(number), self.phases.place(number, stream, begin)
        if place is None:
            self._pseudonyms.counts["bytes"] += max(length - HEADER, 0)
            return _Filling(name, begin)
        identity, start = (name, begin) if phase.identity is None else (phase.identity, phase.start + place)
        end = place + length
        patches = ((at, data) for at, data in phase.patches if at < end and at + len(data) > place)
        return _Filling(identity, start, tuple((start + at - place, data) for at, data in patches))


def stream_name(stream: int) -> bytes:
    """The name by which a stream's own filler goes, each byte at its offset."""
    return b"stream %d" % stream
