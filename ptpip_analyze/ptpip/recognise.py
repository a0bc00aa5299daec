"""Is this connection PTP-IP, in which dialect, and which side is the initiator?

Looks at the first bytes of both directions, not at the port alone; says None while it can't know.

On the PTP-IP port a plausible header is enough; elsewhere whole messages of the handshake, or requests with their
responses, must be there. Sources: CIPA DC-X005-2005 2.2.3.1 and 2.3; Fujifilm's first message from libgphoto2
camlibs/ptp2/fujiptpip.c.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np

from .messages import (
    CANCEL,
    DATA,
    END_DATA,
    EVENT,
    HEADER_BYTES,
    INIT_COMMAND_ACK,
    INIT_COMMAND_REQUEST,
    INIT_EVENT_ACK,
    INIT_EVENT_REQUEST,
    INIT_FAIL,
    LAST_TYPE,
    OPERATION_REQUEST,
    OPERATION_RESPONSE,
    PROBE_REQUEST,
    PROBE_RESPONSE,
    START_DATA,
    friendly_name,
)

FUJI_MAGIC = 0x8F53E4F2
FUJI_LEAST_BYTES = 28  # cameras want 82; other clients send the name unpadded
HEAD_BYTES = 640  # enough for a greeting with a name of the longest kind seen
# No message without a payload is longer than a greeting with a generous name; a longer one is not a header.
GREETING_LIMIT = 4096
DATA_LIMIT = 1 << 32
START_DATA_LENGTHS = (20, 16)  # some clients send a total of 32 bits


class Dialect(Enum):
    """What is spoken on a connection."""

    STANDARD = "standard"
    FUJI = "fuji"
    FOREIGN = "foreign"


class Verdict(NamedTuple):
    """``initiator`` is the direction (0 or 1) in which the initiator sends; None when the bytes don't tell."""

    dialect: Dialect
    initiator: int | None


TO_RESPONDER = {INIT_COMMAND_REQUEST, INIT_EVENT_REQUEST, OPERATION_REQUEST, CANCEL}
TO_INITIATOR = {INIT_COMMAND_ACK, INIT_EVENT_ACK, INIT_FAIL, OPERATION_RESPONSE, EVENT}
_EXACT = {
    INIT_EVENT_REQUEST: 12,
    INIT_EVENT_ACK: 8,
    INIT_FAIL: 12,
    CANCEL: 12,
    PROBE_REQUEST: 8,
    PROBE_RESPONSE: 8,
}


def header(head: bytes | bytearray) -> tuple[int, int]:
    """Length and type words."""
    return int.from_bytes(head[0:4], "little"), int.from_bytes(head[4:8], "little")


def is_plausible(length: int, kind: int) -> bool:
    """Could these be the header words of some message, however malformed? Used only where sync is already believed."""
    if not (0 < kind <= LAST_TYPE and length >= 8):
        return False
    return kind in (DATA, END_DATA) or length <= GREETING_LIMIT


def header_places(data: np.ndarray) -> np.ndarray:
    """Where in bytes (uint8) a type word of the standard stands behind a length, of whatever message."""
    if len(data) < HEADER_BYTES:
        return np.empty(0, np.int64)
    kind = data[4:-3]
    known = (kind > 0) & (kind <= LAST_TYPE)
    return np.flatnonzero(known & (data[5:-2] == 0) & (data[6:-1] == 0) & (data[7:] == 0))


def is_sound(head: bytes, *, any_code: bool = False) -> bool:
    """Does a message that keeps its layout begin here? ``head`` needs its first 18 bytes or all of it.

    Codes must lie in the ranges of ISO 15740 clauses 10 to 12 (operations 0x1000 and 0x9000, responses 0x2000 and
    0xA000, events 0x4000 and 0xC000) unless ``any_code`` will do, parameters be whole words, names and versions end
    where the length says.
    """
    if len(head) < 8:
        return False
    length, kind = header(head)
    if not is_plausible(length, kind):
        return False
    if kind in _EXACT:
        return length == _EXACT[kind]
    if kind in (DATA, END_DATA):
        return length >= 12
    if kind == START_DATA:
        return length in START_DATA_LENGTHS
    if kind == OPERATION_REQUEST:
        return (
            18 <= length <= 38
            and (length - 18) % 4 == 0
            and len(head) >= 18
            and 1 <= int.from_bytes(head[8:12], "little") <= 3
            and (any_code or head[13] >> 4 in (0x1, 0x9))
        )
    if kind in (OPERATION_RESPONSE, EVENT):
        low, high = (0x2, 0xA) if kind == OPERATION_RESPONSE else (0x4, 0xC)
        most = 34 if kind == OPERATION_RESPONSE else 26
        if not 14 <= length <= most or (length - 14) % 4 or len(head) < 10:
            return False
        return any_code or head[9] >> 4 in (low, high)
    at = 8 if kind == INIT_COMMAND_REQUEST else 12
    if length < at + 16 + 2 + 4 or len(head) < min(length, HEAD_BYTES):
        return False
    name, taken = friendly_name(head[at + 16 : length])
    return name is not None and at + 16 + taken + 4 == length


def is_fuji(head: bytes) -> bool:
    """Is this the first message of Fujifilm's dialect: type 1 with its own magic where the GUID would begin?"""
    length, kind = header(head)
    magic = int.from_bytes(head[8:12], "little")
    return kind == INIT_COMMAND_REQUEST and FUJI_LEAST_BYTES <= length <= GREETING_LIMIT and magic == FUJI_MAGIC


def is_cut_short(head: bytes) -> bool:
    """Is this the header of a greeting that may be of either dialect, but for the word that would tell which?"""
    if not 8 <= len(head) < 12:
        return False
    length, kind = header(head)
    return kind == INIT_COMMAND_REQUEST and FUJI_LEAST_BYTES <= length <= GREETING_LIMIT


def judge_beginning(
    initiator: bytes | None, responder: bytes | None, expected_port: bool, final: bool
) -> Dialect | None:
    """The dialect of a connection whose first bytes are there.

    ``initiator`` and ``responder`` are the first bytes that the opener and the other side sent, b"" while nothing
    came, None when they are lost. ``expected_port``: the connection goes to a PTP-IP port. ``final``: no more comes.
    """
    if initiator is None and responder is None:
        return None
    if initiator:
        if len(initiator) < 8:
            return Dialect.FOREIGN if final else None
        length, kind = header(initiator)
        if len(initiator) >= 12 and is_fuji(initiator):
            return Dialect.FUJI
        if expected_port:
            if is_plausible(length, kind):
                return Dialect.STANDARD
        elif kind in (INIT_COMMAND_REQUEST, INIT_EVENT_REQUEST):
            if len(initiator) < min(length, HEAD_BYTES) and not final:
                return None
            if is_sound(initiator) and (kind == INIT_COMMAND_REQUEST or is_answer(responder)):
                return Dialect.STANDARD
            if is_answer(responder):
                return Dialect.STANDARD
            if responder is not None and len(responder) < 8 and not final and is_plausible(length, kind):
                return None
        return Dialect.FOREIGN
    if responder:
        if len(responder) < 8:
            return Dialect.FOREIGN if final else None
        if is_answer(responder) or (expected_port and is_plausible(*header(responder))):
            return Dialect.STANDARD
        return Dialect.FOREIGN
    return None


def may_greet(head: bytes | None) -> bool:
    """Does the opener begin as with a greeting, so far as its header words tell?"""
    if not head or len(head) < 8:
        return False
    length, kind = header(head)
    return kind in (INIT_COMMAND_REQUEST, INIT_EVENT_REQUEST) and is_plausible(length, kind)


def is_answer(head: bytes | None) -> bool:
    """Is this the responder's answer to a greeting?"""
    if not head or len(head) < 8:
        return False
    length, kind = header(head)
    if kind == INIT_COMMAND_ACK:
        return 30 <= length <= GREETING_LIMIT and (len(head) < length or is_sound(head[:length]))
    return (length, kind) in ((8, INIT_EVENT_ACK), (12, INIT_FAIL))


def judge_middle(sound: tuple[list[bytes], list[bytes]], expected_port: bool) -> Verdict | None:
    """The verdict on a connection whose beginning is not in the capture, from what its segments begin with.

    ``sound`` holds, by direction, those first bytes of segments that are sound headers. None: no evidence yet.
    """
    kinds = [{header(head)[1] for head in side} for side in sound]
    requests = [_ids(side, OPERATION_REQUEST) for side in sound]
    started = [_ids(side, START_DATA) for side in sound]
    responses = [_ids(side, OPERATION_RESPONSE) for side in sound]
    answered = [
        len(requests[direction] & (started[1 - direction] | responses[1 - direction]))
        + len(started[direction] & responses[1 - direction])
        for direction in (0, 1)
    ]
    if answered[0] != answered[1]:  # an object may hold messages, too, but nobody answers them
        return Verdict(Dialect.STANDARD, int(answered[1] > answered[0]))
    for direction in (0, 1):
        if INIT_COMMAND_REQUEST in kinds[direction] or INIT_COMMAND_ACK in kinds[1 - direction]:
            return Verdict(Dialect.STANDARD, direction)
    if not expected_port or not any(sound):
        return None
    for direction in (0, 1):
        to_responder = bool(kinds[direction] & TO_RESPONDER or kinds[1 - direction] & TO_INITIATOR)
        to_initiator = bool(kinds[direction] & TO_INITIATOR or kinds[1 - direction] & TO_RESPONDER)
        if to_responder and not to_initiator:
            return Verdict(Dialect.STANDARD, direction)
    return Verdict(Dialect.STANDARD, None)


def _ids(side: list[bytes], kind: int) -> set[bytes]:
    at = {OPERATION_REQUEST: 14, OPERATION_RESPONSE: 10, START_DATA: 8}[kind]
    return {head[at : at + 4] for head in side if header(head)[1] == kind and len(head) >= at + 4}
