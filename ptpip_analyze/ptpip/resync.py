"""Finding the next true message boundary after a hole or nonsense.

Prefers waiting to guessing; never accepts a header that only looks like one.

The strongest witness is the other side: when it speaks, its TCP segment acknowledges what it has received, and in
PTP-IP's strict alternation (CIPA DC-X005-2005 1.6.4) that is a whole number of messages. Such an offset is called an
anchor. Between the hole and the next anchor, messages are believed when they form a chain that ends exactly at the
anchor and reads as the rest of one transaction. Without an anchor a chain of sound headers must do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    INIT_EVENT_ACK,
    LAST_TYPE,
    LIVE_VIEW_FRAME,
    OPERATION_REQUEST,
    OPERATION_RESPONSE,
    START_DATA,
)
from .recognise import HEAD_BYTES, TO_INITIATOR, TO_RESPONDER, header, is_plausible, is_sound

if TYPE_CHECKING:
    from .framing import FramedStream
    from .line import Read

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
# What begins a connection on which only the responder speaks, so that no anchor comes; and what it says there.
_EVENT_STREAMS = (INIT_EVENT_ACK, CONTAINER_EVENT, LIVE_VIEW_FRAME)
_EVENTS = (EVENT, CONTAINER_EVENT, LIVE_VIEW_FRAME)
_ID_AT = {START_DATA: 8, DATA: 8, END_DATA: 8, CANCEL: 8, OPERATION_RESPONSE: 10, OPERATION_REQUEST: 14}


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
        found = None
        if stream.lost == BEGAN_EARLIER and near == start:
            found = _chain_from_the_start(window, anchor, stream.to_responder, _holes(rows, start, anchor))
        if found is None:
            found = _chain_to(window, anchor, stream.to_responder)
        if found is not None:
            return found
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
        found = _chain_from_the_start(window, end, stream.to_responder, _holes(rows, start, end))
        if found is not None:
            return found
    size = min(FIRST_WINDOW_BYTES, LOOKAHEAD_BYTES)
    while True:
        window = _Window(rows, start, min(stream.end, start + size), read, stream.form)
        found = _longest_chain(window, stream.to_responder)
        if found is not None or start + size >= stream.end or size >= LOOKAHEAD_BYTES:
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

    def candidates(self, to_responder: bool | None) -> list[tuple[int, int, int]]:
        """(offset, length, type) of every sound header that this direction may carry, in order of offset."""
        if self.form != containers.STANDARD:
            found = containers.candidates(self.form, self.bytes, to_responder)
            return [(self.start + at, length, kind) for at, length, kind in found]
        view = np.frombuffer(self.bytes, np.uint8)
        if len(view) < 8:
            return []
        kind = view[4:-3]
        place = np.flatnonzero(
            (kind > 0) & (kind <= LAST_TYPE) & (view[5:-2] == 0) & (view[6:-1] == 0) & (view[7:] == 0)
        )
        allowed = np.ones(LAST_TYPE + 1, bool)
        if to_responder is not None:
            allowed[list(TO_INITIATOR if to_responder else TO_RESPONDER)] = False
        place = place[allowed[view[place + 4]]]
        found = []
        for at in place.tolist():
            head = bytes(self.bytes[at : at + HEAD_BYTES])
            if is_sound(head):
                length, kind_of = header(head)
                found.append((self.start + at, length, kind_of))
        return found

    def transaction_id(self, offset: int, kind: int) -> bytes | None:
        """The TransactionID bytes of a message, None for types without one."""
        if self.form != containers.STANDARD:
            return containers.transaction_id(self.head(offset), kind)
        at = _ID_AT.get(kind)
        return None if at is None else bytes(self.bytes[offset - self.start + at : offset - self.start + at + 4])


def _chain_to(window: _Window, anchor: int, to_responder: bool | None) -> int | None:
    """The earliest header from which messages lead exactly to the anchor and tell of one transaction only."""
    following: dict[int, tuple[int, int]] = {}  # offset -> (next offset, type)
    for offset, length, kind in reversed(window.candidates(to_responder)):
        if offset + length == anchor or offset + length in following:
            following[offset] = (offset + length, kind)
    for offset in sorted(following):
        if offset < anchor and _is_one_transaction(window, offset, following, anchor):
            return offset
    return None


def _is_one_transaction(window: _Window, offset: int, following: dict[int, tuple[int, int]], anchor: int) -> bool:
    ids = set()
    ended = False
    while offset != anchor:
        if offset not in following or ended:
            return False
        after, kind = following[offset]
        identity = window.transaction_id(offset, kind)
        if identity is not None:
            ids.add(identity)
        ended = kind in (OPERATION_RESPONSE, CONTAINER_RESPONSE)
        offset = after
    return len(ids) <= 1


def _holes(rows: np.ndarray, start: int, stop: int) -> set[int]:
    """The offsets between two others at which a hole begins."""
    begins = rows[OFFSET][rows[POSITION] == HOLE]
    return set(begins[(begins > start) & (begins < stop)].tolist())


def _chain_from_the_start(window: _Window, anchor: int, to_responder: bool | None, holes: set[int]) -> int | None:
    """The first byte of a capture that began late, if messages lead from there to the anchor or up to a hole.

    Requests that went by uncaptured leave no anchor, so there may be several transactions; what the first byte of a
    segment says is believed here, and nowhere else.
    """
    following = {offset: offset + length for offset, length, _ in window.candidates(to_responder)}
    offset = window.start
    while offset in following:
        offset = following[offset]
        if offset == anchor or offset in holes:
            return window.start
    return None


def _events_from(rows: np.ndarray, start: int, stream: FramedStream, read: Read) -> int | None:
    """Where events go on, on an event connection.

    Nobody answers them, so no anchor comes; and nothing there carries a payload that could look like four in a row.
    """
    window = _Window(rows, start, min(stream.end, start + FIRST_WINDOW_BYTES), read, stream.form)
    links: dict[int, int] = {}
    found = None
    for offset, length, kind in reversed(window.candidates(stream.to_responder)):
        if kind in _EVENTS and offset + length <= stream.end:
            links[offset] = links.get(offset + length, 0) + 1
            if links[offset] > CHAIN_LINKS:
                found = offset
    return found


def _longest_chain(window: _Window, to_responder: bool | None) -> int | None:
    """The earliest header that is followed by enough others, or by a chain up to the very end of the window."""
    end = window.start + len(window.bytes)
    links: dict[int, int] = {end: CHAIN_LINKS}
    best = None
    for offset, length, _ in reversed(window.candidates(to_responder)):
        # A message that runs beyond the window ends a chain, but proves nothing by itself.
        links[offset] = links.get(offset + length, CHAIN_LINKS - 1 if offset + length > end else 0) + 1
        if links[offset] > CHAIN_LINKS:
            best = offset
    return best
