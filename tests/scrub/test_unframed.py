"""Bytes in which no message was found."""

from __future__ import annotations

import struct

import pytest

from ptpip_analyze.ptpip import containers
from ptpip_analyze.scrub.unframed import what_stays
from tests.scrub.made import PERSONAL, scrubbed, without_personal
from tests.scrub.test_run import damaged

REQUEST = struct.pack("<IIIHI", 22, 6, 1, 0x1009, 7) + b"Ada!"
TEXT = b"Ada was here, and left a line. "


def kept(data: bytes, form: int = containers.STANDARD, length: int | None = None) -> bytes:
    """The bytes with dots for those that don't stay."""
    found = bytearray(b"." * len(data))
    for at, run in what_stays(form, data, len(data) if length is None else length):
        assert data[at : at + len(run)] == run
        found[at : at + len(run)] = run
    return bytes(found)


@pytest.mark.parametrize(
    ("data", "length", "stays"),
    [
        (b"Ada ", None, b"...."),
        (b"\x05\0", None, b".."),
        (b"\x05\0\0\0", None, b"\x05\0\0\0"),
        (b"\x05\0\0\0Ada is here", None, b"\x05\0\0\0..........."),
        (b"Ada \x02\x30\0\0here", None, b"....\x02\x30\0\0...."),
        (b"\x0c\0\1\0\x0a\x30\0\x10", 65548, b"\x0c\0\1\0...."),
        (b"\x0c\0\1\0\x0a\x30\0\x10", 65549, b"........"),
    ],
)
def test_keeps_words_that_say_nothing_of_anybody(data: bytes, length: int | None, stays: bytes) -> None:
    assert kept(data, length=length) == stays


def test_keeps_headers_wherever_they_stand_and_no_parameters() -> None:
    assert kept(REQUEST + TEXT) == REQUEST[:18] + b"." * (4 + len(TEXT))
    assert kept(TEXT + REQUEST + TEXT) == b"." * len(TEXT) + REQUEST[:18] + b"." * (4 + len(TEXT))
    assert kept(TEXT + REQUEST + b"\x18\0\0\0" + TEXT)[len(TEXT) + 18 :] == b"....\x18\0\0\0" + b"." * len(TEXT)


@pytest.mark.parametrize(
    "words", [b"Ada \6\0\0\0", b"A\0d\0\6\0\0\0", b"\x13\0\0\0\6\0\0\0", b"Ada \x0a\0\0\0", b"A\0d\0\x0a\0\0\0"]
)
def test_keeps_no_word_in_front_of_what_only_looks_like_a_type(words: bytes) -> None:
    assert kept(TEXT + words + TEXT) == b"." * (2 * len(TEXT) + 8)


def test_keeps_headers_of_the_dialect() -> None:
    request = struct.pack("<IHHI", 16, 1, 0x1015, 4)
    assert kept(TEXT + request + TEXT, containers.CONTAINERS) == b"." * len(TEXT) + request + b"." * len(TEXT)
    assert kept(TEXT + request + TEXT) == b"." * (2 * len(TEXT) + 12)
    frame = struct.pack("<II", 60, 0) + TEXT[:10] + b"\xff\xd8\xff" + TEXT
    assert kept(frame, containers.FRAMES) == frame[:8] + b"." * 10 + frame[18:21] + b"." * len(TEXT)


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("one_byte_each", 0),  # a header with a hole in it, where the other side says that one stands
        ("one_byte_each", 6),  # the only evidence for a connection is among bytes that no message accounts for
        ("fuji_containers_in_an_object", 5),  # a container of a length that can't be
        ("fuji_handshake_missing", 10),  # a frame of live view that is cut
        ("midstream", 13),  # behind a message that was found again, one of which only the length was captured
        ("midstream", 26),  # behind messages of types that there are not
        ("big_object", 11),  # a reserved type, of a length that is no small word
    ],
)
def test_is_taken_for_the_same(name: str, seed: int) -> None:
    done = scrubbed(damaged(name, seed))
    for table in PERSONAL:
        assert without_personal(done.new, table) == without_personal(done.old, table), table
    done.close()
