"""Rules of framing (CIPA DC-X005-2005 2.2, 2.3): lengths, types, and boundaries of messages.

Judges only messages whose first byte lies at a boundary that is known for certain.
"""

from __future__ import annotations

import numpy as np

from ..among import among
from ..facts.lookup import row_of
from ..ptpip import messages as m
from ..tcp import Connection
from .evidence import NOT_JUDGED, SWAPPED_WORDS, Evidence
from .greeting import greetings
from .opening import end_of, openings
from .rule import BOTH, INITIATOR, NOWHERE, Ruling, rule
from .wording import times

_NAMED = range(1, m.LAST_TYPE + 1)
_GREETINGS = (m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK)
# Smallest and largest length and the step between lengths (2.3); names are judged by rules of their own.
_BOUNDS = {
    m.INIT_COMMAND_REQUEST: (30, None, 2),
    m.INIT_COMMAND_ACK: (34, None, 2),
    m.OPERATION_REQUEST: (18, 38, 4),
    m.OPERATION_RESPONSE: (14, 34, 4),
    m.EVENT: (14, 26, 4),
    m.DATA: (12, None, 1),
    m.END_DATA: (12, None, 1),
}
_SURPLUS = 64  # bytes behind a message that a length word which leaves something out may explain
_LONGEST_SWAPPED = 4096
_UNSURE = "bytes are missing before it"


def _named(seen: Evidence) -> np.ndarray:
    """The rows of all types that there are, as ``Evidence.rows`` would give them."""
    return np.flatnonzero((seen.kind > 0) & (seen.kind <= m.LAST_TYPE))


@rule("framing-length-minimum")
def length_minimum(seen: Evidence, ruling: Ruling) -> None:
    """No message can be shorter than its own header."""
    short = seen.columns["reason"] == m.SHORT_LENGTH
    named = (seen.kind > 0) & (seen.kind <= m.LAST_TYPE)
    rows = np.flatnonzero(named | (short & (seen.kind != NOT_JUDGED)))

    def says(row: int) -> str:
        return f"a message declares a length of {int.from_bytes(seen.head(row, 4), 'little')} bytes"

    sure = seen.anchored[rows]
    for place in np.flatnonzero(short[rows]).tolist():
        row = int(rows[place])
        sure[place] &= any(seen.head(row, m.HEADER_BYTES))  # zeros may fill a hole of the capture
        sure[place] &= _taken_before_its_end(seen, int(seen.previous[row])) is None  # then that one's length is wrong
    ruling.weigh(seen, rows, ~short[rows], sure, says)


@rule("framing-fixed-size-types")
def fixed_size(seen: Evidence, ruling: Ruling) -> None:
    """Types without variable fields have one size each."""
    sizes = {kind: size for kind in _NAMED if (size := m.fixed_length(kind)) is not None}
    rows = seen.rows(*sizes)
    due = np.array([sizes.get(kind, 0) for kind in range(m.LAST_TYPE + 1)])[seen.kind[rows]]

    def says(row: int) -> str:
        kind = int(seen.kind[row])
        return f"{m.type_names()[kind]} of {int(seen.length[row])} bytes; it always has {sizes[kind]}"

    ruling.weigh(seen, rows, seen.length[rows] == due, seen.synced[rows], says)


@rule("framing-variable-size-bounds")
def variable_size(seen: Evidence, ruling: Ruling) -> None:
    """Types with variable fields stay within their bounds, parameters are whole words."""
    rows = seen.rows(*_BOUNDS)
    kind, length = seen.kind[rows], seen.length[rows]
    least, most, step = (np.zeros(m.LAST_TYPE + 1, np.int64) for _ in range(3))
    for of_type, (low, high, by) in _BOUNDS.items():
        least[of_type], most[of_type], step[of_type] = low, high or 1 << 40, by
    kept = (length >= least[kind]) & (length <= most[kind]) & ((length - least[kind]) % step[kind] == 0)
    sure = seen.synced[rows].copy()
    for place in np.flatnonzero(~kept & among(kind, _GREETINGS)).tolist():
        row = int(rows[place])  # what is wrong with it shows in its bytes, and their rules must have had them
        sure[place] &= len(seen.greetings.get(row, b"")) == seen.length[row]

    def says(row: int) -> str:
        low, high, by = _BOUNDS[int(seen.kind[row])]
        name = m.type_names()[int(seen.kind[row])]
        allowed = f"{low} to {high}" if high else f"at least {low}"
        steps = f", in steps of {by}" if by > 1 else ""
        return f"{name} of {int(seen.length[row])} bytes; it has {allowed}{steps}"

    ruling.weigh(seen, rows, kept, sure, says)


@rule("framing-length-covers-whole-packet")
def length_covers(seen: Evidence, ruling: Ruling) -> None:
    """The next message begins where the length word says.

    Broken where a few bytes that are no message stand between two, or where the next one begins elsewhere.
    """
    rows = seen.once(_named)
    following = _following(seen)
    next_row = following[rows]
    known = (seen.columns["lost"][rows] == 0) & seen.synced[rows] & (next_row >= 0)
    ends = seen.offset[rows] + seen.length[rows]
    elsewhere = known & (seen.offset[next_row] != ends) & (seen.kind[next_row] > 0)
    nonsense = known & (seen.kind[next_row] == m.UNFRAMED) & (seen.status[next_row] == m.MALFORMED)
    nonsense &= (seen.length[next_row] <= _SURPLUS) & (following[next_row] >= 0) & (seen.offset[next_row] == ends)
    nonsense &= (seen.kind[following[next_row]] > 0) & (seen.columns["lost"][next_row] == 0)
    for place in np.flatnonzero(nonsense).tolist():
        nonsense[place] = not _is_header(seen.head(int(next_row[place]), m.HEADER_BYTES))

    def says(row: int) -> str:
        found = int(following[row])
        if seen.kind[found] == m.UNFRAMED:
            found = int(following[found])
        length = taken.get(row, int(seen.offset[found] - seen.offset[row]))
        if row in taken:
            declared = f"{m.type_names()[int(seen.kind[row])]} declares {int(seen.length[row])} bytes"
            return f"{declared}, and was answered when {length} of them had come; behind these the next one begins"
        name = m.type_names()[int(seen.kind[row])]
        return f"{name} declares {int(seen.length[row])} bytes, but the next message begins {length} bytes behind it"

    taken: dict[int, int] = {}
    for place in np.flatnonzero(known & (seen.columns["reason"][next_row] == m.SHORT_LENGTH)).tolist():
        size = _taken_before_its_end(seen, int(rows[place]))
        if size is not None:
            taken[int(rows[place])] = size
    broken = elsewhere | nonsense | among(rows, list(taken))
    ruling.weigh(seen, rows, ~broken, known, says, "what follows it is not in the capture")


def _taken_before_its_end(seen: Evidence, row: int) -> int | None:
    """How many bytes of a request its receiver had when it answered, where these were not all; None if they were."""
    if row < 0 or seen.kind[row] != m.OPERATION_REQUEST:
        return None
    answers = seen.of_stream(int(seen.columns["stream"][row]) ^ 1)
    answers = answers[seen.kind[answers] == m.OPERATION_RESPONSE]
    heard = seen.heard[answers]
    inside = heard[(heard > seen.offset[row]) & (heard < seen.end(row))]
    return int(inside[0] - seen.offset[row]) if len(inside) else None


def _following(seen: Evidence) -> np.ndarray:
    """For each row the next one of its stream, of any kind, and -1 for none."""
    order = seen.stream_order
    stream = seen.columns["stream"][order]
    following = np.full(len(order), -1, np.int64)
    same = stream[1:] == stream[:-1]
    following[order[:-1][same]] = order[1:][same]
    return following


def _is_header(head: bytes) -> bool:
    """May these bytes be a header of their own, in either byte order: those of a message that is wrong itself?"""
    if len(head) < m.HEADER_BYTES:
        return False
    return any(int.from_bytes(head[4:8], order) <= 0xFF for order in ("little", "big"))


@rule("framing-type-zero")
def type_zero(seen: Evidence, ruling: Ruling) -> None:
    """Type 0 is invalid."""
    rows = np.concatenate([seen.once(_named), _of_type(seen, 0, 0)])
    ruling.weigh(seen, rows, seen.kind[rows] > 0, seen.anchored[rows], lambda row: "a message has type 0", _UNSURE)


@rule("framing-type-reserved")
def type_reserved(seen: Evidence, ruling: Ruling) -> None:
    """Types above Probe Response are reserved; a later revision may have given them out."""
    rows = np.concatenate([seen.once(_named), _of_type(seen, m.LAST_TYPE + 1, m.TYPE_WORD)])
    kept = (seen.kind[rows] > 0) & (seen.kind[rows] <= m.LAST_TYPE)
    sure = seen.synced[rows].copy()
    if not kept.all():
        first_revision = {
            (one.session, one.side)
            for one in greetings(seen)
            if not isinstance(one, tuple) and one.version is not None and one.version & 0xFFFF == 0
        }
        for place in np.flatnonzero(~kept).tolist():
            row = int(rows[place])
            sure[place] &= (int(seen.session[row]), int(seen.side[row])) in first_revision

    def says(row: int) -> str:
        kind = int.from_bytes(seen.head(row, m.HEADER_BYTES)[4:], "little")
        return f"a message has type {kind} (0x{kind:08X}), which is reserved"

    ruling.weigh(seen, rows, kept, sure, says, "bytes are missing before it, or the sender may have a later revision")


def _of_type(seen: Evidence, low: int, high: int) -> np.ndarray:
    """The rows of types between two that are none of the standard's; also where they could not be framed.

    Those that could not must have the length that they declare.
    """
    framed = seen.rows(0, m.LAST_TYPE + 1)
    found = framed[(seen.kind[framed] >= low) & (seen.kind[framed] <= high)].tolist()
    for row in seen.rows(m.UNFRAMED).tolist():
        head = seen.head(row, m.HEADER_BYTES) if seen.status[row] == m.MALFORMED else b""
        if len(head) == m.HEADER_BYTES:
            length, kind = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:], "little")
            if m.HEADER_BYTES <= length == seen.length[row] and low <= kind <= high:
                found.append(row)
    return np.array(sorted(found), np.int64)


@rule("framing-no-partial-packet-at-close")
def no_partial_packet(seen: Evidence, ruling: Ruling) -> None:
    """A side does not close in the middle of a message.

    Only the side that closed first: the other one may have had to stop.
    """
    for one in openings(seen).every:
        for side, rows in enumerate(one.line.rows):
            stream = one.line.tcp.streams[one.line.direction(side)]
            if stream.fin is None or len(rows) == 0:
                continue
            last = int(rows[-1])
            end, kind = end_of(seen, last), int(seen.kind[last])
            if kind > 0 and end == stream.fin and seen.columns["lost"][last] == 0:
                ruling.passes(one.session, side)
                continue
            come = stream.fin - int(seen.offset[last])  # bytes of the last message
            if kind > 0:
                begun = bool(seen.synced[last]) and end > stream.fin
            else:  # too few for a header, right behind a message
                begun = 0 < come < m.HEADER_BYTES and len(rows) > 1 and _follows(seen, int(rows[-2]), last)
            present = stream.front == stream.fin and seen.columns["lost"][last] == max(end - stream.fin, 0)
            if begun and present and one.line.closed_first(side):
                says = f"closed behind {come} bytes of {m.type_names().get(kind, 'a message')}"
                ruling.fires(one.session, side, says, row=last, packet=one.line.closing_packet(side))
            else:
                ruling.unknown(one.session, side, "bytes are missing, or the other side had closed")


def _follows(seen: Evidence, row: int, other: int) -> bool:
    """Does one row begin where a message, at a boundary that is known, ends?"""
    complete = seen.synced[row] and seen.kind[row] > 0 and seen.columns["lost"][row] == 0
    return bool(complete and seen.offset[other] == end_of(seen, row))


@rule("framing-segmentation-neutral")
def segmentation(seen: Evidence, ruling: Ruling) -> None:
    """How messages lie in segments."""
    rows = seen.stream_order[seen.kind[seen.stream_order] > 0]
    first, last, stream = (seen.columns[name][rows] for name in ("first", "last", "stream"))
    spread = first != last
    shared = np.zeros(len(rows), bool)
    shared[1:] = (first[1:] == last[:-1]) & (stream[1:] == stream[:-1])
    key = seen.session[rows] * 2 + seen.side[rows]
    counts = [np.bincount(key[mask], minlength=2 * len(seen.pairs)) for mask in (spread, shared)]
    for number in np.flatnonzero(counts[0] + counts[1]).tolist():
        begin = "begins" if counts[1][number] == 1 else "begin"
        says = (
            f"{times(int(counts[0][number]), 'message')} {'spans' if counts[0][number] == 1 else 'span'} several "
            f"segments, {counts[1][number]:,} {begin} in one where another ends"
        )
        ruling.fires(number // 2, number % 2, says)


@rule("framing-non-ptpip-stream")
def other_protocol(seen: Evidence, ruling: Ruling) -> None:
    """What is spoken on a PTP-IP port that is not PTP-IP."""
    for number, heads in seen.strangers.items():
        tcp = seen.connections[number]
        said = next((head for head in heads if head is not None and len(head) >= m.HEADER_BYTES), None)
        if said is not None:
            says = f"a connection to a PTP-IP port begins with {_protocol(said)}: {said[:8].hex(' ')}"
            ruling.fires(NOWHERE, BOTH, says, packet=tcp.first_packet)
    for case in seen.cases:
        if not case.judged:
            ruling.fires(case.index, BOTH, "the session speaks Fujifilm's dialect: it is not judged by the standard")


def _protocol(head: bytes) -> str:
    if head[0] in (0x14, 0x15, 0x16, 0x17) and head[1] == 3:
        return "TLS"
    if head.split(b" ")[0] in (b"GET", b"POST", b"HEAD", b"OPTIONS", b"NOTIFY", b"M-SEARCH") or head[:4] == b"HTTP":
        return "HTTP"
    return "another protocol"


@rule("framing-little-endian")
def little_endian(seen: Evidence, ruling: Ruling) -> None:
    """Numbers go least significant byte first."""
    rows = np.concatenate([seen.once(_named), seen.rows(m.UNFRAMED)])
    kept = np.ones(len(rows), bool)
    kept[_swapped_fields(seen, rows)] = False
    for place in np.flatnonzero((seen.kind[rows] == m.UNFRAMED) & (seen.status[rows] == m.MALFORMED)).tolist():
        row = int(rows[place])
        most = min(int(seen.length[row]), _LONGEST_SWAPPED + m.HEADER_BYTES)
        kept[place] = not (seen.columns["lost"][row] == 0 and _is_swapped(seen.head(row, most), int(seen.length[row])))

    def says(row: int) -> str:
        if seen.kind[row] == m.UNFRAMED:
            return f"the header of a message is big-endian: {seen.head(row, m.HEADER_BYTES).hex(' ')}"
        return f"a field of {m.type_names()[int(seen.kind[row])]} is big-endian: {seen.head(row, 18)[8:].hex(' ')}"

    ruling.weigh(seen, rows, kept, seen.synced[rows], says)
    for number, heads in seen.strangers.items():
        tcp = seen.connections[number]
        opener = heads[tcp.syn_from or 0]
        if opener and _is_swapped(opener, len(opener)) and tcp.streams[tcp.syn_from or 0].syn:
            says_so = f"the connection begins with a big-endian header: {opener[: m.HEADER_BYTES].hex(' ')}"
            ruling.fires(NOWHERE, INITIATOR, says_so, packet=_first_payload(seen, tcp))


def _first_payload(seen: Evidence, tcp: Connection) -> int:
    """The first packet with payload of whoever opened a connection of which no message is known."""
    opener, number = tcp.syn_from or 0, tcp.key
    flow = -1
    count = 0
    for headers in seen.headers():
        for at, key in enumerate(headers.fresh):
            if key == number:
                flow = count + at
        count += len(headers.fresh)
        packet = headers.row + headers.first
        found = np.flatnonzero(
            (headers.flow == flow) & (headers.swapped == bool(opener)) & (headers.length > 0)
            & (packet >= tcp.first_packet)
        )  # fmt: skip
        if len(found):
            return int(packet[found[0]])
        if headers.first > tcp.last_packet:
            break
    return tcp.first_packet


def _swapped_fields(seen: Evidence, rows: np.ndarray) -> np.ndarray:
    """The places in ``rows`` of messages whose numbers make sense only with their bytes swapped."""
    kind, code = seen.kind[rows], seen.code[rows]
    swapped = np.zeros(len(rows), bool)
    for of_kind, field in ((m.OPERATION_REQUEST, "data_phase_info"), (m.INIT_FAIL, "code")):
        places = np.flatnonzero(kind == of_kind)
        value = seen.columns[field][rows[places]]
        odd = places[value & 0xFFFFFF == 0]
        swapped[odd] = among(seen.columns[field][rows[odd]], SWAPPED_WORDS) & seen.has(rows[odd], 12)
    for of_kind, end, ranges, known in (
        (m.OPERATION_REQUEST, 14, (0x1, 0x9), "operation"),
        (m.OPERATION_RESPONSE, 10, (0x2, 0xA), "response"),
        (m.EVENT, 10, (0x4, 0xC), "event"),
    ):
        places = np.flatnonzero(kind == of_kind)
        first = code[places] >> 12
        odd = places[(first != ranges[0]) & (first != ranges[1])]
        for place in odd[seen.has(rows[odd], end)].tolist():
            turned = int.from_bytes(int(code[place]).to_bytes(2, "little"), "big")
            swapped[place] |= row_of(known, turned, "ptp") is not None
    return np.flatnonzero(swapped)


def _is_swapped(head: bytes, size: int) -> bool:
    """Do these bytes begin with a big-endian header whose message ends where they end, or another header begins?

    ``size`` is how many bytes there are in all.
    """
    if len(head) < m.HEADER_BYTES:
        return False
    length, kind = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big")
    if not (1 <= kind <= m.LAST_TYPE and m.HEADER_BYTES <= length <= min(_LONGEST_SWAPPED, size)):
        return False
    behind = head[length + 4 : length + 8]
    return length == size or (len(behind) == 4 and 1 <= int.from_bytes(behind, "big") <= m.LAST_TYPE)
