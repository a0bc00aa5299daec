"""Message rows: what the header and the fixed fields of a PTP-IP message say.

Reads no payload, drops no message: a message that breaks its layout keeps its row and gets a reason.

Layouts: CIPA DC-X005-2005 2.3.1 to 2.3.14. All integers are little-endian (2.3). The containers of Fujifilm's dialect
(``facts.containers``) have types of their own, and ``roles`` says what they are to a transaction.
"""

from __future__ import annotations

import numpy as np

from ..facts import containers
from ..facts import packets as facts

HEADER_BYTES = 8
# The longest message with fixed fields only is an Operation Request with five parameters (2.3.6).
FIXED_BYTES = 38
WINDOW_BYTES = 40  # FIXED_BYTES rounded up to whole words

INIT_COMMAND_REQUEST, INIT_COMMAND_ACK, INIT_EVENT_REQUEST, INIT_EVENT_ACK, INIT_FAIL = 1, 2, 3, 4, 5
OPERATION_REQUEST, OPERATION_RESPONSE, EVENT = 6, 7, 8
START_DATA, DATA, CANCEL, END_DATA, PROBE_REQUEST, PROBE_RESPONSE = 9, 10, 11, 12, 13, 14
LAST_TYPE = 14
UNFRAMED = -1  # type of a row for bytes in which no message could be found

# Types of Fujifilm's dialect: those of ``facts.containers``, with a bit that no type word of 32 bits can have.
CONTAINERS = (1 << 32) + containers.BASE
CONTAINER_REQUEST, CONTAINER_DATA, CONTAINER_RESPONSE, CONTAINER_EVENT = (CONTAINERS + kind for kind in range(1, 5))
LIVE_VIEW_FRAME, SESSION_END = CONTAINERS + 5, CONTAINERS + 6
TYPE_WORD = 0xFFFFFFFF  # mask that leaves of a type the number that tables show

COMPLETE, GAP, CUT, MALFORMED = 0, 1, 2, 3
STATUSES = ("complete", "gap", "cut", "malformed")

REASONS = (
    None,
    "length below 8",
    "reserved type",
    "length is not that of its type",
    "parameters are not whole words",
    "more parameters than allowed",
    "friendly name is not terminated",
    "no protocol version behind the name",
    "missing bytes hide the boundaries",
    "began before the capture",
    "no message can be found in these bytes",
    "length reaches beyond the next message",
)
(
    FINE,
    SHORT_LENGTH,
    RESERVED_TYPE,
    WRONG_LENGTH,
    ODD_PARAMETERS,
    MANY_PARAMETERS,
    OPEN_NAME,
    NO_VERSION,
    HIDDEN,
    BEGAN_EARLIER,
    GARBAGE,
    LONG_LENGTH,
) = range(len(REASONS))

COLUMNS = {
    "stream": "i4",  # 2 * connection + direction
    "offset": "i8",  # of the first byte in the stream
    "length": "i8",  # length word; for UNFRAMED the number of bytes
    "type": "i8",  # type word, or UNFRAMED
    "status": "u1",
    "reason": "u1",
    "known": "u1",  # leading bytes of the fixed fields that are in the capture
    "transaction_id": "u4",
    "code": "u4",  # operation, response, event code; Init Fail reason; connection number of the greetings
    "data_phase_info": "u4",
    "words": "u1",  # number of parameters
    "word0": "u4",
    "word1": "u4",
    "word2": "u4",
    "word3": "u4",
    "word4": "u4",
    "total": "u8",  # TotalDataLength of Start Data
    "first": "u4",  # packet numbers, from 0
    "last": "u4",
    "began": "i8",  # time of the first and of the last packet, ns; both NO_TIME where a packet has none
    "time": "i8",
    "acknowledgment": "i8",  # unwrapped ACK number of the packet in which the message begins
    "lost": "i8",  # bytes of the message that are missing from the capture (not cut by snaplen)
}

# The tables below have places for types 1..14 and, behind them, for those of the dialect; place 0 is of all others.
_PLACES = LAST_TYPE + 1 + len(containers.CONTAINERS)


def _place(kind: np.ndarray) -> np.ndarray:
    """Where types stand in the tables below."""
    place = np.where((kind > 0) & (kind <= LAST_TYPE), kind, 0)
    others = kind > CONTAINERS
    return np.where(others, kind - CONTAINERS + LAST_TYPE, place) if others.any() else place


# Bytes of a message without its variable part, and the most it may have (0: no bound).
_MINIMUM = np.zeros(_PLACES, np.int64)
_MAXIMUM = np.zeros(_PLACES, np.int64)
for _message in facts.MESSAGES.values():
    _MINIMUM[_message.type_code] = _message.minimum_length
    _MAXIMUM[_message.type_code] = _message.maximum_length or 0
for _container in containers.CONTAINERS.values():
    _MINIMUM[_container.code - containers.BASE + LAST_TYPE] = _container.minimum_length
    _MAXIMUM[_container.code - containers.BASE + LAST_TYPE] = _container.maximum_length or 0
_HAS_PARAMETERS = np.zeros(_PLACES, bool)
_HAS_PARAMETERS[[OPERATION_REQUEST, OPERATION_RESPONSE, EVENT]] = True
_FIXED_SIZE = (_MINIMUM == _MAXIMUM) & (_MINIMUM > 0)
# Bytes up to the end of the TransactionID and of the code, 0 for types without one.
_ID_END = np.zeros(_PLACES, np.int64)
_ID_END[[START_DATA, DATA, CANCEL, END_DATA]] = 12
_ID_END[[OPERATION_RESPONSE, EVENT]] = 14
_ID_END[OPERATION_REQUEST] = 18
_CODE_END = np.zeros(_PLACES, np.int64)
_CODE_END[[OPERATION_RESPONSE, EVENT]] = 10
_CODE_END[OPERATION_REQUEST] = 14
_CODE_END[INIT_FAIL] = 12
_ROLES = np.arange(_PLACES)
for _kind, _role in (
    (CONTAINER_REQUEST, OPERATION_REQUEST), (CONTAINER_DATA, 0), (CONTAINER_RESPONSE, OPERATION_RESPONSE),
    (CONTAINER_EVENT, EVENT),
):  # fmt: skip
    _at = _kind - CONTAINERS + LAST_TYPE
    _HAS_PARAMETERS[_at] = _kind != CONTAINER_DATA
    _ID_END[_at], _CODE_END[_at], _ROLES[_at] = containers.HEADER_SIZE, 8, _role


def roles(kind: np.ndarray) -> np.ndarray:
    """The types, but for requests, responses and events of the dialect those of PTP-IP that have the same meaning.

    CONTAINER_DATA stays: there is no message of PTP-IP that is a whole data phase.
    """
    others = kind > CONTAINERS
    if not others.any():
        return kind
    known = _ROLES[_place(kind)]
    return np.where(others & (known > 0) & (known <= LAST_TYPE), known, kind)


def type_names() -> dict[int, str]:
    """The name of each type, by the number that tables show."""
    names = {message.type_code: message.name for message in facts.MESSAGES.values()}
    return names | {container.code: container.name for container in containers.CONTAINERS.values()}


def fixed_length(type_code: int) -> int | None:
    """The length that every message of a type of PTP-IP has; None where it varies or the type is reserved."""
    return int(_MINIMUM[type_code]) if 0 < type_code <= LAST_TYPE and _FIXED_SIZE[type_code] else None


def decode(window: np.ndarray, known: np.ndarray, length: np.ndarray, kind: np.ndarray) -> dict[str, np.ndarray]:
    """Fixed fields of messages: transaction_id, code, data_phase_info, words, word0..word4, total, reason.

    ``window`` is (n, 40) uint8, the first bytes of each message, zero where not known; ``known`` how many of them
    are; ``length`` and ``kind`` the two header words. Values of fields beyond ``known`` or ``length`` are zero.
    """
    of_type = _place(kind)
    listed = of_type > 0
    minimum, maximum = _MINIMUM[of_type], _MAXIMUM[of_type]
    have = np.minimum(known, length)
    short = np.flatnonzero(have < minimum)
    if len(short):  # what stands behind a message too short for its layout belongs to the next one
        window = window.copy()
        window[short] *= np.arange(WINDOW_BYTES) < have[short, np.newaxis]
    word = window.view("<u4")
    half = window.view("<u2").astype(np.uint32)
    count = len(length)
    transaction_id = np.zeros(count, np.uint32)
    code = np.zeros(count, np.uint32)
    data_phase_info = np.zeros(count, np.uint32)
    words = np.zeros(count, np.uint8)
    parameters = np.zeros((5, count), np.uint32)
    total = np.zeros(count, np.uint64)
    reason = np.zeros(count, np.uint8)

    is_request = kind == OPERATION_REQUEST
    if is_request.any():
        rows = np.flatnonzero(is_request)
        part = half[rows]
        data_phase_info[rows] = word[rows, 2]
        code[rows] = part[:, 6]
        transaction_id[rows] = part[:, 7] | (part[:, 8] << 16)
        _parameters(parameters, words, rows, part, 9, have[rows], 18)
    for of_kind in (OPERATION_RESPONSE, EVENT):
        rows = np.flatnonzero(kind == of_kind)
        if len(rows):
            part = half[rows]
            code[rows] = part[:, 4]
            transaction_id[rows] = part[:, 5] | (part[:, 6] << 16)
            _parameters(parameters, words, rows, part, 7, have[rows], 14)
    with_id = (kind == START_DATA) | (kind == DATA) | (kind == END_DATA) | (kind == CANCEL)
    if with_id.any():
        rows = np.flatnonzero(with_id)
        transaction_id[rows] = word[rows, 2]
        rows = rows[kind[rows] == START_DATA]
        total[rows] = word[rows, 3].astype(np.uint64) | (word[rows, 4].astype(np.uint64) << np.uint64(32))
        short = rows[have[rows] < 20]
        total[short] &= np.uint64(0xFFFFFFFF)
    if of_type.max(initial=0) > LAST_TYPE:
        rows = np.flatnonzero(_ID_END[of_type] * (of_type > LAST_TYPE))
        part = half[rows]
        code[rows] = part[:, 3]
        transaction_id[rows] = word[rows, 2]
        whole = kind[rows] == CONTAINER_DATA
        total[rows[whole]] = np.maximum(length[rows[whole]] - containers.HEADER_SIZE, 0)
        _parameters(parameters, words, rows[~whole], part[~whole], 6, have[rows[~whole]], containers.HEADER_SIZE)
    numbered = np.flatnonzero((kind == INIT_COMMAND_ACK) | (kind == INIT_EVENT_REQUEST) | (kind == INIT_FAIL))
    code[numbered] = word[numbered, 2]

    reason[~listed & (kind != UNFRAMED)] = RESERVED_TYPE
    reason[listed & ((length < minimum) | (_FIXED_SIZE[of_type] & (length != minimum)))] = WRONG_LENGTH
    sized = listed & _HAS_PARAMETERS[of_type] & (length >= minimum)
    reason[sized & ((length - minimum) % 4 != 0)] = ODD_PARAMETERS
    reason[sized & (maximum > 0) & (length > maximum)] = MANY_PARAMETERS
    fields = {f"word{index}": parameters[index] for index in range(5)}
    return {
        "transaction_id": transaction_id,
        "code": code,
        "data_phase_info": data_phase_info,
        "words": words,
        "total": total,
        "reason": reason,
        **fields,
    }


def _parameters(
    parameters: np.ndarray, words: np.ndarray, rows: np.ndarray, half: np.ndarray, at: int, have: np.ndarray, fixed: int
) -> None:
    number = np.clip((have - fixed) // 4, 0, 5)
    words[rows] = number
    for index in range(int(number.max(initial=0))):
        value = half[:, at + 2 * index] | (half[:, at + 2 * index + 1] << 16)
        parameters[index, rows] = np.where(index < number, value, 0)


def carries_transaction_id(kind: np.ndarray, known: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Mask of the messages whose TransactionID field is in the capture; arrays as for ``decode``."""
    end = _ID_END[_place(kind)]
    return (end > 0) & (np.minimum(known, length) >= end)


def carries_code(kind: np.ndarray, known: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Mask of the messages whose code field (operation, response, event) or Init Fail reason is in the capture."""
    end = _CODE_END[_place(kind)]
    return (end > 0) & (np.minimum(known, length) >= end)


def friendly_name(body: bytes) -> tuple[str | None, int]:
    """The NUL-terminated UTF-16LE name at the start of ``body`` and the bytes it takes (2.3.1).

    A lone surrogate becomes U+FFFD, because tables hold valid text. None when no NUL unit ends it; then all whole
    units count.
    """
    for end in range(0, len(body) - 1, 2):
        if body[end] == 0 and body[end + 1] == 0:
            return body[:end].decode("utf-16-le", "replace"), end + 2
    return None, len(body) // 2 * 2


def greeting(kind: int, message: bytes, *, fuji: bool = False) -> dict[str, str | int | None]:
    """GUID, name and version of an Init Command Request or Init Command Ack, and what is wrong with it.

    Keys: guid (32 hex digits), name, version ("1.0"), connection_number, reason (index of REASONS). Absent is None.
    Fujifilm's dialect has a word of its own before the initiator's GUID, fills up the name and has no version; it is
    not judged by the standard's layout (libgphoto2 camlibs/ptp2/fujiptpip.c).
    """
    at = 12 if kind == INIT_COMMAND_ACK or fuji else 8
    number = int.from_bytes(message[8:12], "little") if kind == INIT_COMMAND_ACK and len(message) >= 12 else None
    guid = message[at : at + 16]
    name, taken = friendly_name(message[at + 16 :])
    version = message[at + 16 + taken : at + 20 + taken]
    reason = FINE
    if fuji:
        version = b""
    elif len(guid) < 16:
        reason = WRONG_LENGTH
    elif name is None:
        reason = OPEN_NAME
    elif len(version) < 4:
        reason = NO_VERSION
    elif len(message) > at + 20 + taken:
        reason = WRONG_LENGTH
    return {
        "connection_number": number,
        "guid": guid.hex() if len(guid) == 16 else None,
        "name": name,
        "version": _version(version) if name is not None and len(version) == 4 else None,
        "reason": reason,
    }


def _version(word: bytes) -> str:
    """Major number in the upper half, minor in the lower (3)."""
    value = int.from_bytes(word, "little")
    return f"{value >> 16}.{value & 0xFFFF}"
