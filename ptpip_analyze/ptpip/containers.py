"""Fujifilm's dialect: containers as on USB where PTP-IP has messages, live view as frames on a connection of its own.

Tells a header of the dialect from anything else, and says None while it can't know; reads no payload. Greetings, which
the dialect shares with PTP-IP but for their layout, can't be taken for containers: a type word of theirs has no code.

Layouts and sources: ``facts.containers``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..facts import containers as facts
from . import messages as m
from .recognise import DATA_LIMIT, GREETING_LIMIT, header, is_fuji
from .recognise import is_plausible as is_standard

# How a stream is framed: as PTP-IP says, as greetings and containers, or as frames of live view.
STANDARD, CONTAINERS, FRAMES = range(3)

HEAD_BYTES = 64  # so far into a frame its JPEG is looked for
GREETING_BYTES = 96  # longer than any greeting of the dialect that is looked at whole
FRAME_LIMIT = 1 << 26  # a live-view picture of 64 MiB is none
LONGEST = facts.HEADER_SIZE + 4 * facts.WORDS
FAIL_CODES = range(0x2000, 0x3000)  # reasons of a refusal are response codes here, and 1 to 3 in PTP-IP
_JPEG = b"\xff\xd8\xff"
_GREETINGS = (m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK, m.INIT_FAIL)
# The upper four bits of the code that a container of a type may have (ISO 15740 clauses 10 to 12).
_RANGES = {1: (0x1, 0x9), 2: (0x1, 0x9), 3: (0x2, 0xA), 4: (0x4, 0xC)}
_TO_RESPONDER = {m.INIT_COMMAND_REQUEST, m.CONTAINER_REQUEST, m.SESSION_END}
_TO_INITIATOR = {m.INIT_COMMAND_ACK, m.INIT_FAIL, m.CONTAINER_RESPONSE, m.CONTAINER_EVENT, m.LIVE_VIEW_FRAME}


class Verdict(NamedTuple):
    """A form of the dialect, and the direction (0 or 1) in which the initiator sends."""

    form: int
    initiator: int


def kind_of(form: int, head: bytes) -> tuple[int, int]:
    """Length word and type (a number of ``messages``) of what begins with these 8 bytes."""
    length, word = header(head)
    if form == STANDARD:
        return length, word
    kind, code = word & 0xFFFF, word >> 16
    if form == CONTAINERS and kind in _RANGES and code >> 12 in _RANGES[kind]:
        return length, m.CONTAINERS + kind
    if form == CONTAINERS and (length, word) == (m.HEADER_BYTES, facts.SESSION_END_WORD):
        return length, m.SESSION_END
    if form == FRAMES and word == 0:
        return length, m.LIVE_VIEW_FRAME
    return length, word


def is_plausible(length: int, kind: int) -> bool:
    """Could a message of the dialect, however malformed, have these? Used only where sync is already believed."""
    if kind == m.CONTAINER_DATA:
        return facts.HEADER_SIZE <= length < DATA_LIMIT
    if kind == m.LIVE_VIEW_FRAME:
        return facts.PICTURE_AT <= length <= FRAME_LIMIT
    if kind in _GREETINGS:
        return m.HEADER_BYTES <= length <= GREETING_LIMIT
    return kind == m.SESSION_END or (kind > m.CONTAINERS and facts.HEADER_SIZE <= length <= GREETING_LIMIT)


def keeps_layout(length: int, kind: int) -> bool:
    """Of what is plausible: has it a length that its type may have?"""
    if kind in (m.CONTAINER_REQUEST, m.CONTAINER_RESPONSE, m.CONTAINER_EVENT):
        return length <= LONGEST and length % 4 == 0
    return True


def is_sound(form: int, head: bytes) -> bool:
    """Does a greeting, a container, or a frame of live view with its JPEG, that keeps its layout begin here?"""
    if len(head) < m.HEADER_BYTES:
        return False
    length, kind = kind_of(form, head)
    if form == CONTAINERS and kind in _GREETINGS:
        return is_fuji(head) if kind == m.INIT_COMMAND_REQUEST else bool(is_answer(head))
    if kind <= m.CONTAINERS or not is_plausible(length, kind) or not keeps_layout(length, kind):
        return False
    if kind == m.LIVE_VIEW_FRAME:
        return _JPEG in head[m.HEADER_BYTES : min(HEAD_BYTES, length)]
    return kind == m.SESSION_END or len(head) >= facts.HEADER_SIZE


def candidates(form: int, data: bytearray, to_responder: bool | None) -> list[tuple[int, int, int]]:
    """(place, length, type) of every sound header in ``data`` that this direction may carry, in order."""
    view = np.frombuffer(data, np.uint8)
    if len(view) < m.HEADER_BYTES:
        return []
    if form == FRAMES:
        picture = (view[:-2] == 0xFF) & (view[1:-1] == 0xD8) & (view[2:] == 0xFF)
        places = np.flatnonzero(picture) - facts.PICTURE_AT
        places = places[places >= 0]
    else:
        kind, zero, high = view[4:-3], view[5:-2], view[7:]
        places = np.flatnonzero(((kind > 0) & (kind <= 5) & (zero == 0)) | ((kind == 0xFF) & (zero == 0xFF)))
        places = places[(high[places] >= 0x10) | (high[places] == 0)]
    other_side = _TO_INITIATOR if to_responder else _TO_RESPONDER
    found = []
    for at in places.tolist():
        head = bytes(data[at : at + GREETING_BYTES])
        if is_sound(form, head):
            length, of_kind = kind_of(form, head)
            if to_responder is None or of_kind not in other_side:
                found.append((at, length, of_kind))
    return found


def transaction_id(head: bytes, kind: int) -> bytes | None:
    """The TransactionID bytes of a message; None for types without one."""
    return head[8:12] if m.CONTAINERS < kind <= m.CONTAINER_EVENT else None


def is_answer(head: bytes) -> bool | None:
    """Is this what the responder answers to the dialect's greeting? None while too few bytes are there."""
    length, kind = header(head)
    if kind == m.INIT_FAIL and length == facts.HEADER_SIZE:
        return int.from_bytes(head[8:12], "little") in FAIL_CODES if len(head) >= length else None
    if kind != m.INIT_COMMAND_ACK or length != facts.ACK_BYTES:
        return False
    if len(head) < length:
        return None
    name, taken = m.friendly_name(head[28:length])
    return name is not None and not any(head[28 + taken : length])  # PTP-IP has its version there


def judge_responder(head: bytes, trusted: bool, final: bool) -> int | None:
    """The form of a connection on which the initiator's first bytes are lost, or nobody but the responder speaks.

    STANDARD when this is not the dialect, None while more bytes must tell; an answer is there far enough to tell.
    ``trusted``: the connection goes to one of
    the dialect's ports, or runs between peers that speak it elsewhere. Only then are events and live view believed,
    which nothing introduces.
    """
    if len(head) < m.HEADER_BYTES:
        return STANDARD if final else None
    if is_answer(head):
        return CONTAINERS
    if not trusted:
        return STANDARD
    if kind_of(CONTAINERS, head)[1] in (m.CONTAINER_EVENT, m.CONTAINER_RESPONSE):
        if len(head) < facts.HEADER_SIZE and not final:
            return None
        return CONTAINERS if is_sound(CONTAINERS, head) else STANDARD
    length, kind = kind_of(FRAMES, head)
    if kind == m.LIVE_VIEW_FRAME and is_plausible(length, kind):
        if is_sound(FRAMES, head):
            return FRAMES
        return None if len(head) < min(length, HEAD_BYTES) and not final else STANDARD
    return STANDARD


def told_by(words: bytes) -> int | None:
    """The form of what follows a greeting, by its header words; None where they are of neither or of both."""
    if len(words) < m.HEADER_BYTES:
        return None
    length, kind = kind_of(CONTAINERS, words)
    if kind > m.CONTAINERS:
        return CONTAINERS if is_plausible(length, kind) and keeps_layout(length, kind) else None
    return STANDARD if kind not in _GREETINGS and is_standard(length, kind) else None


def evidence(head: bytes, trusted: bool) -> bool:
    """Do the first bytes of a segment tell of the dialect, where the beginning is not in the capture?"""
    return is_sound(CONTAINERS, head) or (trusted and is_sound(FRAMES, head))


def judge_middle(sound: tuple[list[bytes], list[bytes]], trusted: bool) -> Verdict | None:
    """The verdict on a connection whose beginning is not in the capture; ``sound`` as collected by ``evidence``.

    Elsewhere than where the dialect is expected, a request and a response with its TransactionID must be there.
    """
    kinds = [{_found(head)[0] for head in side} for side in sound]
    for direction in (0, 1):
        asked = {_found(head) for head in sound[direction]}
        answered = {_found(head) for head in sound[1 - direction]}
        ids = {identity for kind, identity in asked if kind == m.CONTAINER_REQUEST}
        if ids & {identity for kind, identity in answered if kind == m.CONTAINER_RESPONSE}:
            return Verdict(CONTAINERS, direction)
        if m.INIT_COMMAND_REQUEST in kinds[direction] or m.INIT_COMMAND_ACK in kinds[1 - direction]:
            return Verdict(CONTAINERS, direction)
    if not trusted:
        return None
    for direction in (0, 1):
        if m.LIVE_VIEW_FRAME in kinds[1 - direction] and not kinds[direction]:
            return Verdict(FRAMES, direction)
        if kinds[direction] & _TO_RESPONDER or kinds[1 - direction] & _TO_INITIATOR:
            return Verdict(CONTAINERS, direction)
    return None


def _found(head: bytes) -> tuple[int, bytes | None]:
    form = CONTAINERS if is_sound(CONTAINERS, head) else FRAMES
    kind = kind_of(form, head)[1]
    return kind, transaction_id(head, kind)
