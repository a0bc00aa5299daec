"""What the fixed fields say of each type of message, whole, cut short and malformed."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from ptpip_analyze.facts.packets import MESSAGES
from ptpip_analyze.ptpip import messages as m

GUID = bytes(range(16))
ZERO = {"transaction_id": 0, "code": 0, "data_phase_info": 0, "words": 0, "total": 0, "reason": m.FINE} | {
    f"word{index}": 0 for index in range(5)
}


def framed(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<II", 8 + len(body), kind) + body


def request(*parameters: int, code: int = 0x1009, identity: int = 0x01020304) -> bytes:
    return framed(m.OPERATION_REQUEST, struct.pack(f"<IHI{len(parameters)}I", 1, code, identity, *parameters))


def answer(kind: int, *parameters: int, code: int = 0x2001, identity: int = 0x01020304) -> bytes:
    return framed(kind, struct.pack(f"<HI{len(parameters)}I", code, identity, *parameters))


def window(message: bytes, known: int | None = None) -> tuple[np.ndarray, int]:
    have = message[: m.FIXED_BYTES if known is None else known]
    return np.frombuffer(have.ljust(m.WINDOW_BYTES, b"\0"), np.uint8), len(have)


def decoded(*messages: bytes, known: int | None = None) -> list[dict[str, int]]:
    """The fields of several messages, decoded at once."""
    windows = [window(message, known) for message in messages]
    headers = np.array([struct.unpack("<II", message[:8]) for message in messages], np.int64)
    fields = m.decode(
        np.stack([view for view, _ in windows]), np.array([have for _, have in windows]), headers[:, 0], headers[:, 1]
    )
    return [{name: values[row].item() for name, values in fields.items()} for row in range(len(messages))]


def expect(**fields: int) -> dict[str, int]:
    return ZERO | fields


WHOLE = [
    (framed(m.INIT_COMMAND_REQUEST, GUID + b"a\0\0\0" + struct.pack("<I", 0x10000)), expect()),
    (framed(m.INIT_COMMAND_ACK, struct.pack("<I", 77) + GUID + b"\0\0" + struct.pack("<I", 1)), expect(code=77)),
    (framed(m.INIT_EVENT_REQUEST, struct.pack("<I", 78)), expect(code=78)),
    (framed(m.INIT_EVENT_ACK), expect()),
    (framed(m.INIT_FAIL, struct.pack("<I", 2)), expect(code=2)),
    (request(), expect(transaction_id=0x01020304, code=0x1009, data_phase_info=1)),
    (
        request(0xFFFFFFFF, 2, 0x30000, 4, 0x80000005),
        expect(transaction_id=0x01020304, code=0x1009, data_phase_info=1, words=5, word0=0xFFFFFFFF, word1=2,
               word2=0x30000, word3=4, word4=0x80000005),
    ),
    (answer(m.OPERATION_RESPONSE), expect(transaction_id=0x01020304, code=0x2001)),
    (
        answer(m.OPERATION_RESPONSE, 1, 2, 3, 4, 0xFFFF0005),
        expect(transaction_id=0x01020304, code=0x2001, words=5, word0=1, word1=2, word2=3, word3=4, word4=0xFFFF0005),
    ),
    (
        answer(m.EVENT, 1, 2, 3, code=0xC101, identity=0xFFFFFFFF),
        expect(transaction_id=0xFFFFFFFF, code=0xC101, words=3, word0=1, word1=2, word2=3),
    ),
    (
        framed(m.START_DATA, struct.pack("<IQ", 9, 0x0000000500000007)),
        expect(transaction_id=9, total=0x0000000500000007),
    ),
    (framed(m.START_DATA, struct.pack("<IQ", 9, (1 << 64) - 1)), expect(transaction_id=9, total=(1 << 64) - 1)),
    (framed(m.DATA, struct.pack("<I", 9) + bytes(range(200))), expect(transaction_id=9)),
    (framed(m.END_DATA, struct.pack("<I", 0xFFFFFFFE)), expect(transaction_id=0xFFFFFFFE)),
    (framed(m.CANCEL, struct.pack("<I", 10)), expect(transaction_id=10)),
    (framed(m.PROBE_REQUEST), expect()),
    (framed(m.PROBE_RESPONSE), expect()),
]  # fmt: skip


@pytest.mark.parametrize(("message", "fields"), WHOLE)
def test_reads_the_fixed_fields_of(message: bytes, fields: dict[str, int]) -> None:
    assert decoded(message) == [fields]


def test_reads_messages_of_all_types_at_once_as_one_by_one() -> None:
    assert decoded(*(message for message, _ in WHOLE)) == [fields for _, fields in WHOLE]
    assert {message[4] for message, _ in WHOLE} == set(MESSAGES)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (framed(0), m.RESERVED_TYPE),
        (framed(15, bytes(4)), m.RESERVED_TYPE),
        (framed(0x0106, bytes(10)), m.RESERVED_TYPE),
        (framed(m.INIT_COMMAND_REQUEST, bytes(21)), m.WRONG_LENGTH),
        (framed(m.INIT_COMMAND_REQUEST, bytes(22)), m.FINE),
        (framed(m.INIT_COMMAND_REQUEST, bytes(500)), m.FINE),
        (framed(m.INIT_COMMAND_ACK, bytes(25)), m.WRONG_LENGTH),
        (framed(m.INIT_COMMAND_ACK, bytes(26)), m.FINE),
        (framed(m.INIT_EVENT_REQUEST, bytes(3)), m.WRONG_LENGTH),
        (framed(m.INIT_EVENT_REQUEST, bytes(5)), m.WRONG_LENGTH),
        (framed(m.INIT_EVENT_ACK, bytes(1)), m.WRONG_LENGTH),
        (framed(m.INIT_FAIL, bytes(8)), m.WRONG_LENGTH),
        (framed(m.OPERATION_REQUEST, bytes(9)), m.WRONG_LENGTH),
        (framed(m.OPERATION_REQUEST, bytes(10)), m.FINE),
        (framed(m.OPERATION_REQUEST, bytes(12)), m.ODD_PARAMETERS),
        (framed(m.OPERATION_REQUEST, bytes(14)), m.FINE),
        (framed(m.OPERATION_REQUEST, bytes(30)), m.FINE),
        (framed(m.OPERATION_REQUEST, bytes(34)), m.MANY_PARAMETERS),
        (framed(m.OPERATION_RESPONSE, bytes(5)), m.WRONG_LENGTH),
        (framed(m.OPERATION_RESPONSE, bytes(7)), m.ODD_PARAMETERS),
        (framed(m.OPERATION_RESPONSE, bytes(26)), m.FINE),
        (framed(m.OPERATION_RESPONSE, bytes(30)), m.MANY_PARAMETERS),
        (framed(m.EVENT, bytes(2)), m.WRONG_LENGTH),
        (framed(m.EVENT, bytes(18)), m.FINE),
        (framed(m.EVENT, bytes(22)), m.MANY_PARAMETERS),
        (framed(m.START_DATA, bytes(8)), m.WRONG_LENGTH),
        (framed(m.START_DATA, bytes(24)), m.WRONG_LENGTH),
        (framed(m.DATA, bytes(3)), m.WRONG_LENGTH),
        (framed(m.DATA, bytes(4)), m.FINE),
        (framed(m.END_DATA, bytes(5)), m.FINE),
        (framed(m.CANCEL), m.WRONG_LENGTH),
        (framed(m.PROBE_REQUEST, bytes(4)), m.WRONG_LENGTH),
        (framed(m.PROBE_RESPONSE, bytes(4)), m.WRONG_LENGTH),
    ],
    ids=lambda value: value.hex() if isinstance(value, bytes) else m.REASONS[value],
)
def test_says_what_is_wrong_with_the_layout(message: bytes, reason: int) -> None:
    assert decoded(message)[0]["reason"] == reason


def test_reads_no_parameter_beyond_the_length_of_the_message() -> None:
    """The next message stands right behind: its bytes are in the window and belong to nobody here."""
    message = request(5) + request(6, 7)
    view = np.frombuffer(message[: m.WINDOW_BYTES], np.uint8)[np.newaxis]
    fields = m.decode(view, np.array([38]), np.array([22]), np.array([m.OPERATION_REQUEST]))
    assert [fields[name][0] for name in ("words", "word0", "word1", "word2")] == [1, 5, 0, 0]


def test_counts_five_parameters_at_most() -> None:
    assert decoded(framed(m.EVENT, struct.pack("<HI6I", 0x4002, 1, *range(6))))[0]["words"] == 5


@pytest.mark.parametrize(("known", "words"), [(18, 0), (21, 0), (22, 1), (37, 4), (38, 5)])
def test_counts_only_the_parameters_that_were_captured(known: int, words: int) -> None:
    fields = decoded(request(11, 12, 13, 14, 15), known=known)[0]
    assert fields["words"] == words
    assert [fields[f"word{index}"] for index in range(5)] == [11, 12, 13, 14, 15][:words] + [0] * (5 - words)


def test_keeps_the_lower_half_of_a_total_whose_upper_half_was_not_captured() -> None:
    message = framed(m.START_DATA, struct.pack("<IQ", 9, 0x0000000500000007))
    assert decoded(message, known=16)[0]["total"] == 7
    assert decoded(message, known=20)[0]["total"] == 0x500000007
    short = struct.pack("<II", 16, m.START_DATA) + struct.pack("<IQ", 9, 0x0000000500000007)
    assert decoded(short)[0]["total"] == 7, "what stands behind a message is not part of it"


ID_ENDS = {6: 18, 7: 14, 8: 14, 9: 12, 10: 12, 11: 12, 12: 12}
CODE_ENDS = {5: 12, 6: 14, 7: 10, 8: 10}


@pytest.mark.parametrize(("carries", "ends"), [(m.carries_transaction_id, ID_ENDS), (m.carries_code, CODE_ENDS)])
def test_knows_which_messages_carry_a_field_as_far_as_captured(carries: Any, ends: dict[int, int]) -> None:
    for kind in (m.UNFRAMED, *range(20), 0x106):
        for known in range(39):
            expected = kind in ends and known >= ends[kind]
            for have, length in ((known, 100), (38, known)):
                assert carries(np.array([kind]), np.array([have]), np.array([length])).tolist() == [expected]


def test_knows_the_types_whose_length_never_varies() -> None:
    fixed = {kind: m.fixed_length(kind) for kind in range(-1, 17)}
    assert {kind: length for kind, length in fixed.items() if length is not None} == {
        3: 12, 4: 8, 5: 12, 9: 20, 11: 12, 13: 8, 14: 8,
    }  # fmt: skip


# Greetings


def named(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le", "surrogatepass")


@pytest.mark.parametrize(
    ("body", "name", "taken"),
    [
        (named("camera") + b"rest", "camera", 14),
        (named(""), "", 2),
        (named("Büro 事務所"), "Büro 事務所", 18),
        (named("\U0001f4f7 mine"), "\U0001f4f7 mine", 16),
        (named("odd \ud83d"), "odd �", 12),
        (b"a\0b\0", None, 4),
        (b"a\0b\0c", None, 4),
        (b"a\0\0", None, 2),
        (b"", None, 0),
        (b"\0", None, 0),
        ("Ā\0".encode("utf-16-le") + b"x", "Ā", 4),  # its two zero bytes in a row are not one unit
    ],
)
def test_reads_a_friendly_name_up_to_its_terminator(body: bytes, name: str | None, taken: int) -> None:
    assert m.friendly_name(body) == (name, taken)


def hello(name: bytes = named("desk"), version: bytes = struct.pack("<I", 0x00010000)) -> bytes:
    return framed(m.INIT_COMMAND_REQUEST, GUID + name + version)


def ack(number: int = 5, name: bytes = named("camera"), version: bytes = struct.pack("<I", 0x00020003)) -> bytes:
    return framed(m.INIT_COMMAND_ACK, struct.pack("<I", number) + GUID + name + version)


def test_reads_the_greeting_of_an_initiator() -> None:
    assert m.greeting(m.INIT_COMMAND_REQUEST, hello()) == {
        "connection_number": None, "guid": GUID.hex(), "name": "desk", "version": "1.0", "reason": m.FINE,
    }  # fmt: skip


def test_reads_the_greeting_of_a_responder() -> None:
    assert m.greeting(m.INIT_COMMAND_ACK, ack()) == {
        "connection_number": 5, "guid": GUID.hex(), "name": "camera", "version": "2.3", "reason": m.FINE,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "message", "known", "reason"),
    [
        (1, hello()[:23], {}, m.WRONG_LENGTH),
        (2, ack()[:12] + GUID, {"connection_number": 5, "guid": GUID.hex()}, m.OPEN_NAME),
        (1, hello()[:24], {"guid": GUID.hex()}, m.OPEN_NAME),
        (2, ack()[:11], {}, m.WRONG_LENGTH),
        (2, ack()[:12], {"connection_number": 5}, m.WRONG_LENGTH),
        (1, hello(name=b"d\0e\0", version=b""), {"guid": GUID.hex()}, m.OPEN_NAME),
        (1, hello(version=b""), {"guid": GUID.hex(), "name": "desk"}, m.NO_VERSION),
        (1, hello(version=b"\0\0\1"), {"guid": GUID.hex(), "name": "desk"}, m.NO_VERSION),
        (
            2,
            ack() + b"x",
            {"connection_number": 5, "guid": GUID.hex(), "name": "camera", "version": "2.3"},
            m.WRONG_LENGTH,
        ),
    ],
)
def test_reads_as_much_of_a_broken_greeting_as_there_is(
    kind: int, message: bytes, known: dict[str, object], reason: int
) -> None:
    blank = dict.fromkeys(("connection_number", "guid", "name", "version"))
    assert m.greeting(kind, message) == blank | known | {"reason": reason}


def test_has_a_sentence_for_every_reason_and_none_for_what_is_fine() -> None:
    assert m.REASONS[m.FINE] is None
    named_reasons = [value for name, value in vars(m).items() if name.isupper() and name in REASON_NAMES]
    assert sorted(named_reasons) == list(range(len(m.REASONS)))


REASON_NAMES = {
    "FINE", "SHORT_LENGTH", "RESERVED_TYPE", "WRONG_LENGTH", "ODD_PARAMETERS", "MANY_PARAMETERS", "OPEN_NAME",
    "NO_VERSION", "HIDDEN", "BEGAN_EARLIER", "GARBAGE", "LONG_LENGTH",
}  # fmt: skip


def test_has_the_statuses_of_the_messages_table() -> None:
    assert [m.STATUSES[status] for status in (m.COMPLETE, m.GAP, m.CUT, m.MALFORMED)] == [
        "complete", "gap", "cut", "malformed",
    ]  # fmt: skip


# Fujifilm's containers


def test_gives_a_container_the_role_of_the_message_that_it_stands_for() -> None:
    own = [m.CONTAINER_REQUEST, m.CONTAINER_DATA, m.CONTAINER_RESPONSE, m.CONTAINER_EVENT, m.LIVE_VIEW_FRAME]
    standard = [*range(-1, 16), 0x10001, 0xFFFFFFFF]
    told = m.roles(np.array([*own, *standard])).tolist()
    assert told[:5] == [m.OPERATION_REQUEST, m.CONTAINER_DATA, m.OPERATION_RESPONSE, m.EVENT, m.LIVE_VIEW_FRAME]
    assert told[5:] == standard
    assert m.roles(np.array(standard)).tolist() == standard


def test_shows_a_number_of_its_own_for_each_type_of_the_dialect() -> None:
    shown = [m.CONTAINER_REQUEST & m.TYPE_WORD, m.SESSION_END & m.TYPE_WORD]
    assert shown == [0x10001, 0x10006]
    names = m.type_names()
    assert [names[code] for code in (6, 0x10001, 0x10005)] == ["OperationRequest", "OperationRequest", "LiveViewFrame"]


def containers(kind: int, data: bytes, known: int | None = None) -> dict[str, Any]:
    """The fixed fields of one container, of which only ``known`` bytes are in the capture."""
    have = min(len(data), 38) if known is None else known
    window = np.zeros((1, m.WINDOW_BYTES), np.uint8)
    window[0, :have] = np.frombuffer(data[:have], np.uint8)
    arguments = np.array([have]), np.array([len(data)]), np.array([m.CONTAINERS + kind])
    found = {name: values[0] for name, values in m.decode(window, *arguments).items()}
    known_, length, kinds = arguments
    return found | {
        "id known": m.carries_transaction_id(kinds, known_, length)[0],
        "code known": m.carries_code(kinds, known_, length)[0],
    }


def test_decodes_the_fixed_fields_of_a_container() -> None:
    request = containers(1, struct.pack("<IHHI3I", 24, 1, 0x101B, 9, 1, 0x1000, 0x100000))
    assert (request["code"], request["transaction_id"], request["words"]) == (0x101B, 9, 3)
    assert [request[f"word{at}"] for at in range(5)] == [1, 0x1000, 0x100000, 0, 0]
    assert (request["reason"], request["data_phase_info"]) == (m.FINE, 0)
    data = containers(2, struct.pack("<IHHI", 1012, 2, 0x101B, 9) + bytes(range(250)) * 4)
    assert (data["code"], data["transaction_id"], data["words"], data["total"]) == (0x101B, 9, 0, 1000)
    response = containers(3, struct.pack("<IHHI", 12, 3, 0x2001, 9))
    assert (response["code"], response["transaction_id"], response["words"]) == (0x2001, 9, 0)
    assert response["id known"]


def test_says_what_is_wrong_with_a_container() -> None:
    assert containers(1, struct.pack("<IHHI", 15, 1, 0x1015, 9) + bytes(3))["reason"] == m.ODD_PARAMETERS
    assert containers(4, struct.pack("<IHHI", 36, 4, 0xC004, 9) + bytes(24))["reason"] == m.MANY_PARAMETERS
    assert containers(6, struct.pack("<II", 8, 0xFFFFFFFF))["reason"] == m.FINE


@pytest.mark.parametrize(("known", "code", "identity"), [(7, False, False), (8, True, False), (11, True, False),
                                                         (12, True, True)])  # fmt: skip
def test_knows_of_a_cut_container_what_is_there(known: int, code: bool, identity: bool) -> None:
    found = containers(1, struct.pack("<IHHII", 16, 1, 0x1015, 9, 0xD212), known)
    assert (found["code known"], found["id known"]) == (code, identity)


def test_has_neither_code_nor_id_in_a_frame_of_live_view() -> None:
    found = containers(5, struct.pack("<II10x", 30, 0) + bytes(12))
    assert not found["code known"]
    assert not found["id known"]
    assert (found["words"], found["total"], found["reason"]) == (0, 0, m.FINE)
