"""What is spoken is told by the bytes of both sides, and nothing else is taken for PTP-IP."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptpip.recognise import (
    FUJI_MAGIC,
    GREETING_LIMIT,
    HEAD_BYTES,
    Dialect,
    Verdict,
    is_answer,
    is_cut_short,
    is_fuji,
    is_plausible,
    is_sound,
    judge_beginning,
    judge_middle,
    may_greet,
)
from tests.traffic import STORIES, TO_RESPONDER

STANDARD, FUJI, FOREIGN = Dialect.STANDARD, Dialect.FUJI, Dialect.FOREIGN
ONE = 0x00010000


def framed(kind: int, body: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<II", 8 + len(body) if length is None else length, kind) + body


def greeting(name: str = "desk", kind: int = 1) -> bytes:
    number = b"\1\0\0\0" if kind == 2 else b""
    return framed(kind, number + bytes(range(16)) + (name + "\0").encode("utf-16-le") + struct.pack("<I", ONE))


def request(code: int = 0x1009, identity: int = 7, phase: int = 1, words: int = 0) -> bytes:
    return framed(6, struct.pack(f"<IHI{words}I", phase, code, identity, *range(words)))


def answer(kind: int, code: int, words: int = 0, identity: int = 7) -> bytes:
    return framed(kind, struct.pack(f"<HI{words}I", code, identity, *range(words)))


FUJI_HELLO = framed(1, struct.pack("<I", FUJI_MAGIC) + bytes(70))
HTTP = b"GET /DCIM/DSC00001.JPG HTTP/1.1\r\nHost: camera\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.2\r\n"
TLS = bytes.fromhex("1603010200010001fc0303") + bytes(40)


@pytest.mark.parametrize(
    ("length", "kind", "plausible"),
    [
        (8, 1, True),
        (8, 14, True),
        (7, 14, False),
        (8, 15, False),
        (8, 0, False),
        (GREETING_LIMIT, 6, True),
        (GREETING_LIMIT + 1, 6, False),
        (GREETING_LIMIT + 1, 10, True),
        (0xFFFFFFFF, 12, True),
        (GREETING_LIMIT + 1, 9, False),
        (GREETING_LIMIT + 1, 11, False),
    ],
)
def test_believes_header_words(length: int, kind: int, plausible: bool) -> None:
    assert is_plausible(length, kind) is plausible


SOUND = [
    greeting(), greeting(""), greeting(kind=2), greeting("", kind=2), framed(3, bytes(4)), framed(4),
    framed(5, bytes(4)), request(), request(words=5), request(0x9101), request(phase=2), request(phase=3),
    answer(7, 0x2001), answer(7, 0x2001, 5), answer(7, 0xA001), answer(8, 0x4002), answer(8, 0xC101, 3),
    framed(9, bytes(12)), framed(10, bytes(4)), framed(10, bytes(900)), framed(12, bytes(4)), framed(11, bytes(4)),
    framed(13), framed(14),
]  # fmt: skip
UNSOUND = [
    b"", framed(14)[:7], framed(15), framed(0), framed(13, length=9), framed(3, bytes(3)), framed(3, bytes(5)),
    framed(4, bytes(1)), framed(5), framed(9, bytes(11)), framed(9, bytes(13)), framed(11), framed(10, bytes(3)),
    framed(12, bytes(3)), request(phase=0), request(phase=4), request(0x2001), request(0x1009)[:17],
    request(words=6), framed(6, request()[8:] + bytes(2)), framed(6, bytes(9)), answer(7, 0x1001), answer(7, 0x4001),
    answer(7, 0x2001, 6), answer(8, 0x2001), answer(8, 0x4002, 4), answer(8, 0x4002)[:9],
    framed(7, b"\1\x20" + bytes(5)), framed(7, b"\1\x20" + bytes(3)), greeting()[:-1],
    framed(1, greeting()[8:] + b"x"), framed(1, greeting()[8:-1]), framed(1, bytes(16) + b"a\0b\0c\0d\0"),
    framed(1, bytes(21)), framed(2, bytes(25)), framed(2, greeting("")[8:]), HTTP, SSH, TLS,
]  # fmt: skip


@pytest.mark.parametrize("head", SOUND, ids=lambda head: head.hex()[:40])
def test_takes_a_message_that_keeps_its_layout_for_sound(head: bytes) -> None:
    assert is_sound(head)


@pytest.mark.parametrize("head", UNSOUND, ids=lambda head: head.hex()[:60])
def test_takes_a_message_that_breaks_its_layout_for_unsound(head: bytes) -> None:
    assert not is_sound(head)


def test_needs_no_more_of_a_message_than_its_fixed_fields() -> None:
    assert is_sound(request(words=5)[:18])
    assert is_sound(answer(7, 0x2001, 5)[:10])
    assert is_sound(framed(10, bytes(4), length=1 << 31)[:8])


def test_judges_a_greeting_of_any_length_by_its_beginning_and_end() -> None:
    """A name may be longer than what is looked at; its terminator must still be where the length says."""
    assert is_sound(greeting("x" * 290))
    long = greeting("x" * 400)
    assert len(long) > HEAD_BYTES
    assert is_sound(long)
    assert not is_sound(long[: HEAD_BYTES - 1])


@pytest.mark.parametrize("name", [name for name in STORIES if not name.startswith("fuji")])
def test_finds_every_complete_message_of_every_story_sound(name: str) -> None:
    for one in STORIES[name]():
        truth = one.truth()
        for message in truth.messages:
            stream = truth.streams[message["connection"], message["direction"]]
            head = stream[message["offset"] : message["offset"] + message["length"]][:HEAD_BYTES]
            # Names with lone surrogates and reserved types apart, all that a story calls complete keeps its layout.
            assert is_sound(head) == (message["status"] == "complete"), (message, head)


@given(st.binary(max_size=80))
def test_never_fails_on_any_bytes(head: bytes) -> None:
    assert is_sound(head) in (True, False)
    assert is_answer(head) in (True, False)
    for expected in (True, False):
        assert judge_beginning(head, b"", expected, True) in (FOREIGN, STANDARD, FUJI, None)
        assert judge_beginning(None, head, expected, True) in (FOREIGN, STANDARD, None)


# Fujifilm's dialect


def test_knows_fujis_first_message_by_its_magic() -> None:
    assert is_fuji(FUJI_HELLO)
    assert is_fuji(framed(1, struct.pack("<I", FUJI_MAGIC) + bytes(16)))
    assert not is_fuji(framed(1, struct.pack("<I", FUJI_MAGIC) + bytes(15)))
    assert not is_fuji(framed(1, struct.pack("<I", FUJI_MAGIC + 1) + bytes(70)))
    assert not is_fuji(framed(2, struct.pack("<I", FUJI_MAGIC) + bytes(70)))
    assert not is_fuji(framed(1, struct.pack("<I", FUJI_MAGIC), length=GREETING_LIMIT + 1))
    assert not is_fuji(greeting())


def test_knows_how_much_of_a_greeting_is_too_little_to_tell_whose_it_is() -> None:
    assert [length for length in range(20) if is_cut_short(FUJI_HELLO[:length])] == [8, 9, 10, 11]
    assert is_cut_short(greeting()[:8])
    assert is_cut_short(framed(1, length=28))
    assert not is_cut_short(framed(1, length=27))  # shorter than any of Fujifilm's
    assert not is_cut_short(framed(1, length=GREETING_LIMIT + 1))
    assert not is_cut_short(framed(2, length=82))


@pytest.mark.parametrize("expected", [True, False])
def test_knows_fujis_dialect_on_any_port(expected: bool) -> None:
    assert judge_beginning(FUJI_HELLO, b"", expected, False) is FUJI
    assert judge_beginning(FUJI_HELLO[:12], None, expected, False) is FUJI


# Beginnings


@pytest.mark.parametrize(
    ("initiator", "responder", "expected", "final", "dialect"),
    [
        # Nothing to go by.
        (None, None, True, True, None),
        (b"", b"", True, True, None),
        (b"", None, True, False, None),
        (None, b"", True, False, None),
        # On the port of PTP-IP, a plausible header is enough.
        (greeting(), b"", True, False, STANDARD),
        (greeting()[:8], b"", True, False, STANDARD),
        (greeting()[:7], b"", True, False, None),
        (greeting()[:7], b"", True, True, FOREIGN),
        (request(), b"", True, False, STANDARD),
        (framed(3, bytes(4)), b"", True, False, STANDARD),
        (HTTP, b"", True, False, FOREIGN),
        (SSH, b"", True, False, FOREIGN),
        (TLS, b"", True, True, FOREIGN),
        # Elsewhere, whole messages of the handshake.
        (greeting(), b"", False, False, STANDARD),
        (greeting(), None, False, False, STANDARD),
        (greeting()[:20], b"", False, False, None),
        (greeting()[:20], b"", False, True, FOREIGN),
        (framed(1, bytes(16) + b"a\0" * 8), b"", False, False, None),
        (framed(1, bytes(16) + b"a\0" * 8), None, False, False, FOREIGN),
        (framed(1, bytes(16) + b"a\0" * 8), b"", False, True, FOREIGN),
        (framed(1, bytes(16) + b"a\0" * 8), b"HTTP/1.1", False, False, FOREIGN),
        (framed(1, bytes(16) + b"a\0" * 8), greeting(kind=2), False, False, STANDARD),
        (framed(1, bytes(16) + b"a\0" * 8), framed(5, bytes(4)), False, False, STANDARD),
        (framed(3, bytes(4)), b"", False, False, None),
        (framed(3, bytes(4)), b"", False, True, FOREIGN),
        (framed(3, bytes(4)), framed(4)[:1], False, False, None),
        (framed(3, bytes(4)), framed(4)[:7], False, True, FOREIGN),
        (framed(3, bytes(4)), framed(4), False, False, STANDARD),
        (framed(3, bytes(4)), framed(5, bytes(4)), False, False, STANDARD),
        (framed(3, bytes(4)), b"anything else", False, False, FOREIGN),
        (framed(3, bytes(4)), None, False, False, FOREIGN),
        (framed(3, length=GREETING_LIMIT + 1, body=bytes(HEAD_BYTES)), b"", False, False, FOREIGN),
        (request(), answer(7, 0x2001), False, False, FOREIGN),
        (HTTP, b"", False, False, FOREIGN),
        # The opener's first bytes are lost or it is silent: what the other side says.
        (None, greeting(kind=2), False, False, STANDARD),
        (b"", greeting(kind=2), False, False, STANDARD),
        (None, framed(4), False, False, STANDARD),
        (None, framed(5, bytes(4)), False, False, STANDARD),
        (None, framed(4)[:7], True, False, None),
        (None, framed(4)[:7], True, True, FOREIGN),
        (None, answer(7, 0x2001), True, False, STANDARD),
        (None, answer(7, 0x2001), False, False, FOREIGN),
        (None, HTTP, True, False, FOREIGN),
        (None, SSH, False, True, FOREIGN),
    ],
)  # fmt: skip
def test_judges_a_beginning(
    initiator: bytes | None, responder: bytes | None, expected: bool, final: bool, dialect: Dialect | None
) -> None:
    assert judge_beginning(initiator, responder, expected, final) is dialect


@pytest.mark.parametrize(
    ("head", "answers"),
    [
        (greeting(kind=2), True),
        (greeting(kind=2)[:20], True),
        (framed(2, bytes(22)), False),
        (framed(2, bytes(21)), False),
        (framed(2, length=30), True),
        (framed(2, length=29), False),
        (framed(2, length=GREETING_LIMIT), True),
        (framed(2, length=GREETING_LIMIT + 1), False),
        (framed(2, greeting(kind=2)[8:-1]), False),
        (greeting(kind=2) + request(), True),
        (framed(4), True),
        (framed(4) + framed(13), True),
        (framed(4, bytes(4)), False),
        (framed(5, bytes(4)), True),
        (framed(5), False),
        (framed(4)[:7], False),
        (b"", False),
        (None, False),
        (greeting(), False),
        (answer(7, 0x2001), False),
    ],
)
def test_knows_the_answers_to_a_greeting(head: bytes | None, answers: bool) -> None:
    assert is_answer(head) is answers


def test_knows_what_begins_as_a_greeting() -> None:
    heads = (greeting(), greeting()[:8], framed(3, bytes(4)), greeting()[:7], request(), HTTP, b"", None)
    assert [may_greet(head) for head in heads] == [True] * 3 + [False] * 5
    assert not may_greet(framed(1, length=GREETING_LIMIT + 1))


# Middles


def started(identity: int = 7) -> bytes:
    return framed(9, struct.pack("<IQ", identity, 5))


@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize(
    ("initiator", "responder", "expected", "known"),
    [
        ([request()], [answer(7, 0x2001)], False, True),
        ([request(identity=1), request(identity=7)], [answer(7, 0x2001, identity=7)], False, True),
        ([request(identity=6)], [answer(7, 0x2001, identity=7)], False, False),
        ([request()], [started()], False, True),
        ([request(identity=6)], [started()], False, False),
        ([started()], [answer(7, 0x2001)], False, True),
        ([started()], [started()], False, False),
        # What an object holds is not answered by the other side.
        ([request()], [answer(7, 0x2001), greeting(), request(identity=9)], False, True),
        ([request(identity=8), request()], [answer(7, 0x2001), request()], True, True),
        ([request(identity=6)], [answer(7, 0x2001, identity=7)], True, True),
        ([request()], [], False, False),
        ([request()], [], True, True),
        ([], [answer(7, 0x2001)], False, False),
        ([], [answer(7, 0x2001)], True, True),
        ([greeting()], [], False, True),
        ([], [greeting(kind=2)], False, True),
        ([framed(11, bytes(4))], [], True, True),
        ([], [answer(8, 0x4002)], True, True),
        ([], [answer(8, 0x4002)], False, False),
    ],
)
def test_judges_a_middle(
    initiator: list[bytes], responder: list[bytes], expected: bool, known: bool, direction: int
) -> None:
    sound = (responder, initiator) if direction else (initiator, responder)
    assert judge_middle(sound, expected) == (Verdict(STANDARD, direction) if known else None)


def test_does_not_tell_the_initiator_of_a_middle_in_which_both_could_be() -> None:
    assert judge_middle(([framed(13)], [framed(14)]), True) == Verdict(STANDARD, None)
    assert judge_middle(([framed(13)], [framed(14)]), False) is None
    assert judge_middle(([request(identity=1), answer(7, 0x2001, identity=2)], []), True) == Verdict(STANDARD, None)
    assert judge_middle(([], []), True) is None


def test_compares_whole_transaction_ids_only() -> None:
    """A request cut short within its TransactionID says nothing of it."""
    assert judge_middle(([request()[:16]], [answer(7, 0x2001)]), False) is None
    assert judge_middle(([request()], [answer(7, 0x2001)[:12]]), False) is None


def test_tells_the_directions_of_a_story() -> None:
    (one,) = STORIES["plain"]()
    out: list[bytes] = []
    back: list[bytes] = []
    for message in one.truth().messages:
        if message["transaction_id"] == 2:
            stream = one.truth().streams[message["connection"], message["direction"]]
            side = out if message["direction"] == TO_RESPONDER else back
            side.append(stream[message["offset"] :][: message["length"]])
    assert judge_middle((out, back), False) == Verdict(STANDARD, 0)
    assert judge_middle((back, out), False) == Verdict(STANDARD, 1)
