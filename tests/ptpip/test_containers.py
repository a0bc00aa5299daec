"""Headers of Fujifilm's dialect are told from everything that is none."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptpip import containers as c
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.ptpip.recognise import is_sound as is_sound_message
from tests.support import analysed, rows
from tests.traffic import STORIES, capture, damage
from tests.traffic.fuji import container

OF_FUJI = [name for name in STORIES if name.startswith("fuji")]
REQUEST = container(1, 0x1015, 7, struct.pack("<I", 0xD212))
RESPONSE = container(3, 0x2001, 7)
EVENT = container(4, 0xC004, 1, bytes(16))
FRAME = struct.pack("<II10x", 1018, 0) + b"\xff\xd8\xff\xe0" + bytes(996)
END = struct.pack("<II", 8, 0xFFFFFFFF)
NAME = "X-T2".encode("utf-16-le").ljust(40, b"\0")
ACK = struct.pack("<III16s", 68, 2, 0, bytes(16)) + NAME
HTTP = b"HTTP/1.1 200 OK\r\nServer: camera\r\n"


def heads(name: str) -> list[tuple[int, bytes, bytes, str]]:
    """(form, first bytes, all bytes behind, direction) of every message of a story."""
    found = []
    for one in STORIES[name]():
        truth = one.truth()
        for message in truth.messages:
            stream = truth.streams[message["connection"], message["direction"]]
            form = c.FRAMES if message["connection"] == "live-view" else c.CONTAINERS
            found.append((form, stream[message["offset"] :], stream, message["direction"]))
    return found


@pytest.mark.parametrize("name", OF_FUJI)
def test_finds_every_message_of_every_story_sound(name: str) -> None:
    for form, head, _, _ in heads(name):
        assert c.is_sound(form, head[: c.GREETING_BYTES]), head[:20]
        assert c.is_plausible(*c.kind_of(form, head))


@pytest.mark.parametrize("name", [name for name in STORIES if name not in OF_FUJI])
def test_finds_no_message_of_the_standard_sound(name: str) -> None:
    for form, head, _, _ in heads(name):
        for form in (c.CONTAINERS, c.FRAMES):
            assert not c.is_sound(form, head[: c.GREETING_BYTES]), head[:20]


@pytest.mark.parametrize("head", [REQUEST, RESPONSE, EVENT, FRAME, END, ACK])
def test_is_not_taken_for_the_standard(head: bytes) -> None:
    assert not is_sound_message(head)


@pytest.mark.parametrize(
    ("head", "length", "kind"),
    [
        (REQUEST, 16, m.CONTAINER_REQUEST),
        (container(2, 0x1015, 7, b"xy"), 14, m.CONTAINER_DATA),
        (RESPONSE, 12, m.CONTAINER_RESPONSE),
        (EVENT, 28, m.CONTAINER_EVENT),
        (END, 8, m.SESSION_END),
        (ACK, 68, m.INIT_COMMAND_ACK),
    ],
)
def test_reads_length_and_type(head: bytes, length: int, kind: int) -> None:
    assert c.kind_of(c.CONTAINERS, head) == (length, kind)


def test_reads_a_frame_only_where_live_view_is() -> None:
    assert c.kind_of(c.FRAMES, FRAME) == (1018, m.LIVE_VIEW_FRAME)
    assert not c.is_plausible(*c.kind_of(c.CONTAINERS, FRAME))
    assert not c.is_plausible(*c.kind_of(c.FRAMES, REQUEST))


@pytest.mark.parametrize(
    "head",
    [
        container(1, 0x2001, 7),  # a request with a response's code
        container(3, 0x1015, 7),
        container(4, 0x1015, 7),
        container(5, 0x1015, 7),  # no such type
        container(0, 0x1015, 7),
        container(1, 0x1015, 7, bytes(24)),  # six parameters
        container(1, 0x1015, 7, bytes(3)),
        struct.pack("<IHHI", 11, 1, 0x1015, 7),
        struct.pack("<II", 9, 0xFFFFFFFF),
        HTTP,
        b"",
        REQUEST[:7],
        REQUEST[:11],
    ],
)
def test_finds_unsound_what_breaks_the_layout(head: bytes) -> None:
    assert not c.is_sound(c.CONTAINERS, head)


def test_looks_for_the_picture_of_a_frame_where_it_may_be() -> None:
    assert c.is_sound(c.FRAMES, FRAME[: c.HEAD_BYTES])
    moved = struct.pack("<II40x", 1018, 0) + b"\xff\xd8\xff" + bytes(900)
    assert c.is_sound(c.FRAMES, moved)
    assert not c.is_sound(c.FRAMES, struct.pack("<II", 1018, 0) + bytes(1010))
    assert not c.is_sound(c.FRAMES, struct.pack("<II10x", 18, 0) + FRAME[18:])  # the picture is the next one's


@pytest.mark.parametrize("name", OF_FUJI)
def test_finds_every_header_in_a_stream(name: str) -> None:
    for form, head, stream, direction in heads(name):
        at = len(stream) - len(head)
        found = {
            place: length for place, length, _ in c.candidates(form, bytearray(stream), direction == "to-responder")
        }
        assert found[at] == int.from_bytes(head[:4], "little")


def test_finds_no_header_that_only_the_other_side_may_send() -> None:
    both = bytearray(REQUEST + RESPONSE + container(2, 0x1015, 7, b"x"))
    assert [kind for _, _, kind in c.candidates(c.CONTAINERS, both, True)] == [m.CONTAINER_REQUEST, m.CONTAINER_DATA]
    assert [kind for _, _, kind in c.candidates(c.CONTAINERS, both, False)] == [m.CONTAINER_RESPONSE, m.CONTAINER_DATA]
    assert len(c.candidates(c.CONTAINERS, both, None)) == 3


# Recognition


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (ACK, True),
        (ACK[:40], None),
        (struct.pack("<III", 12, 5, 0x2019), True),
        (struct.pack("<III", 12, 5, 0x201D), True),
        (struct.pack("<III", 12, 5, 0x2019)[:8], None),
        (struct.pack("<III", 12, 5, 1), False),  # a reason of the standard
        (ACK[:64] + struct.pack("<I", 0x10000), False),  # a version where the dialect has none
        (struct.pack("<III", 69, 2, 0) + bytes(57), False),
        (RESPONSE, False),
    ],
)
def test_knows_the_dialects_answer_from_the_standards(head: bytes, answer: bool | None) -> None:
    assert c.is_answer(head) is answer


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize(
    ("head", "trusted", "form"),
    [
        (ACK, False, c.CONTAINERS),
        (EVENT, True, c.CONTAINERS),
        (EVENT, False, c.STANDARD),
        (FRAME, True, c.FRAMES),
        (FRAME, False, c.STANDARD),
        (HTTP, True, c.STANDARD),
        (struct.pack("<II", 1018, 0) + bytes(1010), True, c.STANDARD),
    ],
)
def test_judges_what_only_the_responder_says(head: bytes, trusted: bool, form: int, final: bool) -> None:
    assert c.judge_responder(head, trusted, final) == form


@pytest.mark.parametrize("head", [EVENT[:5], EVENT[:11], FRAME[:16], FRAME[:19]])
def test_waits_for_the_bytes_that_tell(head: bytes) -> None:
    assert c.judge_responder(head, True, False) is None
    assert c.judge_responder(head, True, True) == c.STANDARD


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (REQUEST[:8], c.CONTAINERS), (RESPONSE[:8], c.CONTAINERS), (REQUEST[:7], None), (b"", None),
        (struct.pack("<II", 18, 6), c.STANDARD), (struct.pack("<II", 8, 13), c.STANDARD),
        (ACK[:8], None), (struct.pack("<II", 12, 5), None),  # greetings are of both
        (struct.pack("<II", 7, 6), None), (struct.pack("<II", 18, 15), None), (struct.pack("<II", 8, 0), None),
        (struct.pack("<II", 13, 0x10010001), None),
    ],
)  # fmt: skip
def test_tells_the_dialect_by_the_header_of_what_follows_a_greeting(words: bytes, form: int | None) -> None:
    assert c.told_by(words) == form


@pytest.mark.parametrize(
    ("sound", "trusted", "verdict"),
    [
        (([REQUEST], [RESPONSE]), False, (c.CONTAINERS, 0)),
        (([RESPONSE], [REQUEST]), False, (c.CONTAINERS, 1)),
        (([REQUEST], [container(3, 0x2001, 8)]), False, None),  # of another transaction
        (([REQUEST], []), False, None),
        (([REQUEST], []), True, (c.CONTAINERS, 0)),
        (([EVENT], []), True, (c.CONTAINERS, 1)),
        (([EVENT], []), False, None),
        (([], [FRAME]), True, (c.FRAMES, 0)),
        (([ACK], []), False, (c.CONTAINERS, 1)),
        (([], []), True, None),
    ],
)
def test_judges_the_middle_of_a_connection(
    sound: tuple[list[bytes], list[bytes]], trusted: bool, verdict: tuple[int, int] | None
) -> None:
    assert c.judge_middle(sound, trusted) == verdict


@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_never_fails_on_any_bytes(head: bytes, trusted: bool, final: bool) -> None:
    assert c.judge_responder(head, trusted, final) in (c.STANDARD, c.CONTAINERS, c.FRAMES, None)
    for form in (c.CONTAINERS, c.FRAMES):
        assert c.is_sound(form, head) in (True, False)
        for at, length, _ in c.candidates(form, bytearray(head), None):
            assert length >= m.HEADER_BYTES <= len(head) - at


# A capture that lost its beginning, and the next header behind a hole


def test_finds_the_next_container_behind_a_lost_header() -> None:
    """The object is full of containers that are none."""
    packets = capture("fuji_containers_in_an_object")
    headers = [at for at in damage.segments(packets, "command", "to-initiator") if packets[at].payload[4:6] == b"\2\0"]
    with analysed(packets) as analysis:
        known = rows(analysis, "transactions")
    for at in headers:
        with analysed(damage.drop(packets, at)) as analysis:
            told = rows(analysis, "transactions")
        assert len(told) == len(known)
        assert sorted(row["status"] for row in told)[:-1] == ["complete"] * (len(known) - 1)
