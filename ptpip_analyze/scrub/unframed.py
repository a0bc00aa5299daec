"""Bytes in which no message was found, without what is personal: headers stay, and words where one would be.

Where the next message is looked for, what a connection is taken for, and what the sender did wrong hangs on them.
Promises the same to who looks again; refuses to let more of a header pass than by which it is one.
"""

from __future__ import annotations

import numpy as np

from ..facts.containers import HEADER_SIZE
from ..ptp.placing import HEADER
from ..ptpip import containers
from ..ptpip import messages as m
from ..ptpip.recognise import GREETING_LIMIT, HEAD_BYTES, header, header_places, is_plausible, is_sound

MOST_KEPT = 1 << 10  # headers
_LONGEST = 1 << 16  # a data message that claims more is no header where none was expected
_WORD, _LONGEST_HEADER = 4, 18  # bytes
# How much of a header says that it is one: of operations the code and TransactionID, of data messages the latter.
_STAYS = {
    m.OPERATION_REQUEST: 18, m.OPERATION_RESPONSE: 14, m.EVENT: 14, m.START_DATA: HEADER, m.DATA: HEADER,
    m.END_DATA: HEADER, m.CANCEL: HEADER,
}  # fmt: skip
_JPEG = b"\xff\xd8\xff"


def what_stays(form: int, data: bytes, length: int) -> tuple[tuple[int, bytes], ...]:
    """The bytes that stay, each run with its place.

    ``form`` is how the stream is framed, ``data`` the beginning of what was not, zeros where the capture lacks it, and
    ``length`` that of all of it.
    """
    headers = _headers(form, data)[:MOST_KEPT]
    found: list[tuple[int, bytes]] = []
    places, seen = [0, *(at + size for at, size, _ in headers)], set[int]()
    while places and len(seen) < MOST_KEPT:
        place = places.pop(0)
        start = data[place : place + _LONGEST_HEADER]
        if not start or place in seen:
            continue
        seen.add(place)
        found += [(place + at, run) for at, run in _beginning(form, start, length - place)]
        if len(start) >= m.HEADER_BYTES and m.HEADER_BYTES <= header(start)[0] <= GREETING_LIMIT:
            places.append(place + header(start)[0])  # of a message of whatever type the length is believed
    for at, _, kind in headers:
        found.append((at, data[at : at + _size(kind)]))
        if kind == m.LIVE_VIEW_FRAME:
            picture = data.find(_JPEG, at + m.HEADER_BYTES, at + containers.HEAD_BYTES)
            found.append((picture, _JPEG))
    return tuple(found)


def _beginning(form: int, data: bytes, length: int) -> list[tuple[int, bytes]]:
    """What stays where a message may begin: a header of any kind, however malformed; else those of its two words that
    can't say anything of anybody.
    """
    if len(data) < m.HEADER_BYTES:
        return [(0, data[:_WORD])] if len(data) >= _WORD and _is_small(data[:_WORD]) else []
    of_form = containers.kind_of(form, data)
    if is_plausible(*header(data)) or (form != containers.STANDARD and containers.is_plausible(*of_form)):
        return [(0, data[: _size(of_form[1])])]
    words = data[:_WORD], data[_WORD : m.HEADER_BYTES]
    told = _is_small(words[0]) or header(data)[0] == length  # which the place of the next message says as well
    return [(at, word) for at, word, stays in ((0, words[0], told), (_WORD, words[1], _is_small(words[1]))) if stays]


def _headers(form: int, data: bytes) -> list[tuple[int, int, int]]:
    """Place, length and type of each sound header."""
    if form != containers.STANDARD:
        return containers.candidates(form, bytearray(data), None)
    found = []
    for at in header_places(np.frombuffer(data, np.uint8)).tolist():
        length, kind = header(data[at : at + m.HEADER_BYTES])
        short = length <= _LONGEST or kind not in (m.DATA, m.END_DATA)
        if short and is_sound(data[at : at + HEAD_BYTES]):
            found.append((at, length, kind))
    return found


def _size(kind: int) -> int:
    if kind > m.CONTAINERS:
        return m.HEADER_BYTES if kind in (m.LIVE_VIEW_FRAME, m.SESSION_END) else HEADER_SIZE
    return _STAYS.get(kind, m.HEADER_BYTES)


def _is_small(word: bytes) -> bool:
    """A number of 16 bits in a word of 32, in either byte order: it tells of nobody, wherever it stands."""
    return not any(word[2:]) or not any(word[:2])
