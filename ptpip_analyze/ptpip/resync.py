"""Finding the next true message boundary after a hole or nonsense.

Prefers waiting to guessing; never accepts a header that only looks like one.

The strongest witness is the other side: when it speaks, its TCP segment acknowledges what it has received, and in
PTP-IP's strict alternation (CIPA DC-X005-2005 1.6.4) that is a whole number of messages. Such an offset is called an
anchor. Between the hole and the next anchor, messages are believed when they form a chain that ends exactly at the
anchor and reads as the rest of one transaction. Without an anchor a chain of sound headers must do, best of all one
that leads to the end of the stream or to its next hole.

An object may itself hold messages of PTP-IP. They are told from true ones by what may follow what on one side of a
connection, and by the data phase that was under way when sync was lost: until it has carried what was announced,
nothing but its own data can come.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..tcp import CAPTURED, HOLE, LENGTH, OFFSET, POSITION
from . import containers
from .messages import (
    BEGAN_EARLIER,
    CANCEL,
    CONTAINER_EVENT,
    CONTAINER_RESPONSE,
    DATA,
    END_DATA,
    EVENT,
    HEADER_BYTES,
    INIT_COMMAND_ACK,
    INIT_COMMAND_REQUEST,
    INIT_EVENT_ACK,
    INIT_EVENT_REQUEST,
    LAST_TYPE,
    LIVE_VIEW_FRAME,
    OPERATION_REQUEST,
    OPERATION_RESPONSE,
    PROBE_REQUEST,
    PROBE_RESPONSE,
    START_DATA,
)
from .recognise import (
    GREETING_LIMIT,
    HEAD_BYTES,
    TO_INITIATOR,
    TO_RESPONDER,
    header,
    header_places,
    is_plausible,
    is_sound,
)

if TYPE_CHECKING:
    from ..capture import Read
    from .framing import FramedStream

# So far ahead of an anchor messages are looked for. Without one, so much must have come before sync is looked for; with
# nothing found in it, it is given up.
LOOKAHEAD_BYTES = 16 << 20
FIRST_WINDOW_BYTES = 1 << 16  # looked at first; then four times as much, and so on
CHAIN_LINKS = 3
# Losses of sync that are looked into, and the bytes of a stream that buy another one.
LOSSES = 256
BYTES_PER_LOSS = 16384
# Anchors that turn out to stand inside messages mean that the sides do not alternate: more of them prove nothing.
ANCHORS = 16
HOLES = 16  # of those between two boundaries so many are looked at: each costs a look at all that stands before it
# What may follow what in one direction (1.6.4, 2.3.6 to 2.3.11, 2.7): under one TransactionID ...
_OF_ONE_ID = {
    (OPERATION_REQUEST, START_DATA),
    *((before, after) for before in (START_DATA, DATA) for after in (DATA, END_DATA, OPERATION_RESPONSE)),
    (END_DATA, OPERATION_RESPONSE),
    *((before, CANCEL) for before in (OPERATION_REQUEST, START_DATA, DATA, END_DATA)),
    *((CANCEL, after) for after in (DATA, END_DATA)),
}
# ... and where another one begins, or none is named.
_ON_EVENTS = (EVENT, PROBE_REQUEST, PROBE_RESPONSE, CANCEL)
_OF_TWO_IDS = {
    *((INIT_COMMAND_ACK, after) for after in (START_DATA, OPERATION_RESPONSE)),
    *((OPERATION_RESPONSE, after) for after in (START_DATA, OPERATION_RESPONSE)),
    *((before, OPERATION_REQUEST) for before in (INIT_COMMAND_REQUEST, OPERATION_REQUEST)),
    *((before, OPERATION_REQUEST) for before in (START_DATA, DATA, END_DATA, CANCEL)),
    *((before, after) for before in (INIT_EVENT_REQUEST, INIT_EVENT_ACK, *_ON_EVENTS) for after in _ON_EVENTS),
}
_NO_ID = bytes(4)  # 0, for operations outside of a session: may come twice in a row
# What begins a connection on which only the responder speaks, so that no anchor comes; and what it says there.
_EVENT_STREAMS = (INIT_EVENT_ACK, CONTAINER_EVENT, LIVE_VIEW_FRAME)
_COMMAND_STREAMS = (INIT_COMMAND_REQUEST, INIT_COMMAND_ACK, OPERATION_REQUEST, OPERATION_RESPONSE, START_DATA)
_EVENTS = (EVENT, CONTAINER_EVENT, LIVE_VIEW_FRAME)
_RESERVED = -1  # stands for all types that 2.3 reserves: a receiver skips such a message by its length
_ID_AT = {START_DATA: 8, DATA: 8, END_DATA: 8, CANCEL: 8, OPERATION_RESPONSE: 10, OPERATION_REQUEST: 14}


class Phase(NamedTuple):
    """A data phase under way: the bytes of its TransactionID, and the stream offset up to which it lasts at least."""

    identity: bytes
    until: int


class _Header(NamedTuple):
    """A sound header: where its message begins and ends, its type, and the bytes of its TransactionID if it has one."""

    offset: int
    end: int
    kind: int
    identity: bytes | None


def find_boundary(stream: FramedStream, rows: np.ndarray, read: Read, final: bool) -> int | None:
    """The stream offset at which framing can go on, or None while that is not known.

    ``rows`` are the stream's rows from its lost boundary on. With ``final`` nothing more comes: if no boundary is
    found the end of the rows is returned, and everything up to there stays unframed.
    """
    # Where sync was lost there is no message; where the capture began late there may be one.
    lowest = stream.boundary if stream.lost == BEGAN_EARLIER else stream.boundary + 1
    start = _first_known(rows, lowest)
    if stream.losses > LOSSES + stream.boundary // BYTES_PER_LOSS:
        return stream.end  # nothing but fragments: looking for each of them would take for ever
    if start >= stream.end:
        return stream.end if final else None
    anchors = np.unique(np.concatenate(stream.anchors)) if stream.anchors else np.empty(0, np.int64)
    anchors = anchors[anchors >= start]
    stream.anchors = [anchors]
    for anchor in anchors[anchors <= stream.end][:ANCHORS].tolist():
        near = max(start, anchor - LOOKAHEAD_BYTES)  # a hole may be of any size
        window = _Window(rows, near, min(anchor + HEAD_BYTES, stream.end), read, stream.form)
        headers = window.headers(stream.to_responder)
        possible, holes, found = _possible(headers, stream), _holes(rows, near, anchor), None
        if near == start:
            found = _chain_from_the_start(window, possible, anchor, holes)
        if found is None:
            found = _chain_to(possible, anchor)
        if found is None:
            found = _chain_to(headers, anchor)
        if found is not None:
            before = _rest_of_a_phase(possible, holes, found, stream.phase)
            return found if before is None else before
        if anchor + HEADER_BYTES > stream.end:
            # What stands behind it has not come: only then could an anchor inside a message be told from a true one.
            return anchor if final else None
        if window.continues_at(anchor):
            return anchor
        stream.anchors = [anchors[anchors > anchor]]
    if not final and stream.end - stream.boundary < LOOKAHEAD_BYTES:
        return _events_from(rows, start, stream, read) if stream.first_kind in _EVENT_STREAMS else None
    if stream.lost == BEGAN_EARLIER:
        end = min(stream.end, start + LOOKAHEAD_BYTES)
        window = _Window(rows, start, end, read, stream.form)
        headers = window.headers(stream.to_responder)
        found = _chain_from_the_start(window, headers, end, _holes(rows, start, end))
        if found is not None:
            return found
    size = min(FIRST_WINDOW_BYTES, LOOKAHEAD_BYTES)
    while True:
        end = min(stream.end, start + size)
        headers = _Window(rows, start, end, read, stream.form).headers(stream.to_responder)
        ends = {end, *_holes(rows, start, end)}
        found = _longest_chain(_possible(headers, stream), end, ends)
        if found is None and (end == stream.end or size >= LOOKAHEAD_BYTES):
            found = _longest_chain(headers, end, ends)
        if found is not None or end == stream.end or size >= LOOKAHEAD_BYTES:
            break
        size = min(4 * size, LOOKAHEAD_BYTES)
    return stream.end if found is None else found


def _first_known(rows: np.ndarray, lowest: int) -> int:
    """The first offset, not below ``lowest``, that the capture holds."""
    ends = rows[OFFSET] + rows[CAPTURED]
    held = np.flatnonzero((ends > lowest) & (rows[POSITION] != HOLE))
    if len(held):
        return max(lowest, int(rows[OFFSET, held[0]]))
    return int(rows[OFFSET, -1] + rows[LENGTH, -1])


class _Window:
    """The bytes of a stream between two offsets, zero where the capture lacks them."""

    def __init__(self, rows: np.ndarray, start: int, stop: int, read: Read, form: int) -> None:
        self.start, self.form = start, form
        self.bytes = bytearray(max(stop - start, 0))
        offsets, ends = rows[OFFSET], rows[OFFSET] + rows[CAPTURED]
        for piece in np.flatnonzero((ends > start) & (offsets < stop) & (rows[POSITION] != HOLE)).tolist():
            first, last = max(start, int(offsets[piece])), min(stop, int(ends[piece]))
            got = read(int(rows[POSITION, piece]) + first - int(offsets[piece]), last - first)
            self.bytes[first - start : first - start + len(got)] = got

    def head(self, offset: int) -> bytes:
        """The bytes of a message that would begin at a stream offset, as far as needed to judge its header."""
        at = offset - self.start
        return bytes(self.bytes[at : at + HEAD_BYTES])

    def continues_at(self, offset: int) -> bool:
        """Does a header stand there?"""
        head = self.head(offset)
        if self.form != containers.STANDARD:
            return len(head) >= 8 and containers.is_plausible(*containers.kind_of(self.form, head))
        return len(head) >= 8 and is_plausible(*header(head))

    def reserved(self, offset: int) -> _Header | None:
        """The message of a reserved type that a stream offset would begin, if it can be one."""
        head = self.head(offset)
        if self.form != containers.STANDARD or len(head) < HEADER_BYTES:
            return None
        length, kind = header(head)
        if 0 < kind <= LAST_TYPE or not HEADER_BYTES <= length <= GREETING_LIMIT:
            return None
        return _Header(offset, offset + length, _RESERVED, None)

    def headers(self, to_responder: bool | None) -> list[_Header]:
        """Every sound header that this direction may carry, in order of offset."""
        if self.form != containers.STANDARD:
            found = containers.candidates(self.form, self.bytes, to_responder)
        else:
            found = self._candidates(to_responder)
        return [
            _Header(self.start + at, self.start + at + length, kind, self._transaction_id(at, kind))
            for at, length, kind in found
        ]

    def _candidates(self, to_responder: bool | None) -> list[tuple[int, int, int]]:
        """The same as (place in the window, length, type), of the standard's messages."""
        view = np.frombuffer(self.bytes, np.uint8)
        place = header_places(view)
        allowed = np.ones(LAST_TYPE + 1, bool)
        if to_responder is not None:
            allowed[list(TO_INITIATOR if to_responder else TO_RESPONDER)] = False
        place = place[allowed[view[place + 4]]]
        found = []
        for at in place.tolist():
            head = bytes(self.bytes[at : at + HEAD_BYTES])
            if is_sound(head) or (is_sound(head, any_code=True) and self._is_well_placed(at, *header(head))):
                found.append((at, *header(head)))
        return found

    def _is_well_placed(self, at: int, length: int, kind: int) -> bool:
        """Is a message at the very beginning, or of the transaction that directly follows it? Then its code may be any.

        A header may begin by chance anywhere, but hardly there.
        """
        if at == 0:
            return True
        head = bytes(self.bytes[at + length : at + length + HEAD_BYTES])
        identity = self._transaction_id(at, kind)
        if not is_sound(head) or (kind, header(head)[1]) not in _OF_ONE_ID:
            return False
        return identity not in (None, _NO_ID) and identity == self._transaction_id(at + length, header(head)[1])

    def _transaction_id(self, at: int, kind: int) -> bytes | None:
        """The TransactionID bytes of a message, None for types without one."""
        if self.form != containers.STANDARD:
            return containers.transaction_id(bytes(self.bytes[at : at + HEAD_BYTES]), kind)
        within = _ID_AT.get(kind)
        return None if within is None else bytes(self.bytes[at + within : at + within + 4])


def _possible(headers: list[_Header], stream: FramedStream) -> list[_Header]:
    """Those headers that can be true ones, by the kind of the connection and the data phase under way."""
    if stream.first_kind in _COMMAND_STREAMS:
        headers = [one for one in headers if one.kind not in _ON_EVENTS or one.kind == CANCEL]
    phase = stream.phase
    if phase is None:
        return headers
    return [
        one
        for one in headers
        if one.offset >= phase.until or (one.kind in (DATA, END_DATA) and one.identity == phase.identity)
    ]


def _may_follow(before: _Header, after: _Header) -> bool:
    """May these messages follow one another in one direction? Of the dialect nothing is known that would forbid it."""
    types = before.kind, after.kind
    if max(types) > LAST_TYPE or _RESERVED in types:
        return True
    if before.identity == after.identity and before.identity not in (None, _NO_ID):
        return types in _OF_ONE_ID
    return types in _OF_TWO_IDS or (types in _OF_ONE_ID and before.identity == after.identity)


def _chain_to(headers: list[_Header], anchor: int) -> int | None:
    """The earliest header from which messages lead exactly to the anchor and tell of one transaction only."""
    leading: dict[int, _Header] = {}
    for one in reversed(headers):
        after = leading.get(one.end)
        if after is not None and _is_one_transaction(one, after):
            leading[one.offset] = one if one.identity is not None else one._replace(identity=after.identity)
        elif one.end == anchor:
            leading[one.offset] = one
    return min(leading, default=None)


def _rest_of_a_phase(headers: list[_Header], holes: set[int], found: int, phase: Phase | None) -> int | None:
    """What leads exactly to the boundary that was found, or to another hole before it, where it can be no chance.

    The request that would have acknowledged it is lost, too. So it has to be of the data phase under way; two messages
    of one transaction are believed before a hole, but an object may hold as many where it ends.
    """
    for stop in [*sorted(offset for offset in holes if offset < found)[:HOLES], found]:
        before = [one for one in headers if one.end <= stop]
        at = _chain_to(before, stop)
        first = next((one for one in before if one.offset == at), None)
        if first is None:
            continue
        if (phase is not None and first.identity == phase.identity) or (first.end != stop and stop != found):
            return at
    return None


def _is_one_transaction(before: _Header, after: _Header) -> bool:
    """Do both belong to one transaction, which the first of them does not end?"""
    if before.kind in (OPERATION_RESPONSE, CONTAINER_RESPONSE) or not _may_follow(before, after):
        return False
    return None in (before.identity, after.identity) or before.identity == after.identity


def _holes(rows: np.ndarray, start: int, stop: int) -> set[int]:
    """The offsets between two others at which a hole begins."""
    begins = rows[OFFSET][rows[POSITION] == HOLE]
    return set(begins[(begins > start) & (begins < stop)].tolist())


def _chain_from_the_start(window: _Window, headers: list[_Header], anchor: int, holes: set[int]) -> int | None:
    """The first byte there is, behind a hole or of a capture that began late, if messages lead from there to the
    anchor or up to a hole.

    What went by uncaptured on the other side leaves no anchor, so there may be several transactions; what the first
    byte of a segment says is believed here, and nowhere else.
    """
    at = {one.offset: one for one in headers}
    one = at.get(window.start)
    while one is not None:
        if one.end == anchor or one.end in holes:
            return window.start
        after = at.get(one.end) or window.reserved(one.end)
        one = after if after is not None and _may_follow(one, after) else None
    return None


def _events_from(rows: np.ndarray, start: int, stream: FramedStream, read: Read) -> int | None:
    """Where events go on, on an event connection.

    Nobody answers them, so no anchor comes; and nothing there carries a payload that could look like four in a row.
    """
    window = _Window(rows, start, min(stream.end, start + FIRST_WINDOW_BYTES), read, stream.form)
    links: dict[int, int] = {}
    found = None
    for one in reversed(window.headers(stream.to_responder)):
        if one.kind in _EVENTS and one.end <= stream.end:
            links[one.offset] = links.get(one.end, 0) + 1
            if links[one.offset] > CHAIN_LINKS:
                found = one.offset
    return found


def _longest_chain(headers: list[_Header], end: int, ends: Iterable[int]) -> int | None:
    """The earliest header that is followed by enough others, or from which messages lead exactly to one of ``ends``.

    ``end`` is that of the bytes looked at, which is one of them.
    """
    links = dict.fromkeys(ends, CHAIN_LINKS)
    at: dict[int, _Header] = {}
    best = None
    for one in reversed(headers):
        after = at.get(one.end)
        if after is None:
            # A message that runs beyond the end closes a chain, but proves nothing by itself.
            behind = links.get(one.end, CHAIN_LINKS - 1 if one.end > end else 0)
        else:
            behind = links[one.end] if _may_follow(one, after) else 0
        at[one.offset], links[one.offset] = one, behind + 1
        if links[one.offset] > CHAIN_LINKS:
            best = one.offset
    return best
