"""Framing, beside the matrix: boundaries that are not certain accuse nobody."""

from __future__ import annotations

import struct

import pytest

from ptpip_analyze.rules import Verdict
from tests.rules.matrix import accused, judged
from tests.traffic import conversation as talk
from tests.traffic import fuji_conversation


def test_says_the_length_that_was_declared() -> None:
    one = talk().connect().init_command_request().raw(struct.pack("<II", 5, 2), "to-initiator").close()
    said = [finding.says for finding in judged(one.packets()).findings if finding.rule == "framing-length-minimum"]
    assert said == ["a message declares a length of 5 bytes"]


def test_stays_silent_behind_a_hole() -> None:
    one = talk().open().get_property().get_property()
    one.raw(struct.pack("<II", 5, 7), "to-initiator").close()
    lossy = one.drop(segment=9).packets()
    assert "framing-length-minimum" not in accused(judged(lossy))


@pytest.mark.parametrize(
    ("length", "is_broken"), [(14, False), (18, False), (16, True), (26, False), (27, True), (30, True)]
)
def test_counts_parameters_in_whole_words(length: int, is_broken: bool) -> None:
    one = talk().open().message(8, struct.pack("<HI", 0x4006, 0xFFFFFFFF) + bytes(length - 14), "to-initiator", "event")
    found = judged(one.event(0x4006, 0xFFFFFFFF, 0x5007).close().packets(), only=("framing-*",))
    assert ("framing-variable-size-bounds" in accused(found)) == is_broken


def test_takes_zeros_for_a_hole_that_somebody_filled() -> None:
    one = talk().open().get_device_info().raw(bytes(64), "to-initiator").get_device_info().close()
    assert accused(judged(one.packets(), only=("framing-*",))) == set()


def test_takes_what_may_be_a_header_for_no_part_of_the_message_before() -> None:
    one = talk().open().event(0x4006, 0xFFFFFFFF, 0x5007).raw(struct.pack(">II", 8, 8), "to-initiator", "event")
    one.event(0x4006, 0xFFFFFFFF, 0x5007).event(0x4006, 0xFFFFFFFF, 0x5008).close()
    assert accused(judged(one.packets(), only=("framing-*",))) == {"framing-little-endian"}


@pytest.mark.parametrize(
    ("type_code", "rules"),
    [(0, {"framing-type-zero"}), (14, set()), (15, {"framing-type-reserved"}), (0xFFFFFFFF, {"framing-type-reserved"})],
)
def test_knows_the_types_that_there_are(type_code: int, rules: set[str]) -> None:
    one = talk().open().raw(struct.pack("<II", 8, type_code), "to-responder", "event").probe()
    assert accused(judged(one.close().packets(), only=("framing-*",))) == rules


def test_knows_a_type_at_the_end_of_a_stream() -> None:
    one = talk().open().close_session().raw(struct.pack("<II", 8, 0)).close()
    assert accused(judged(one.packets(), only=("framing-*",))) == {"framing-type-zero"}


def test_lets_a_side_stop_when_the_other_one_has_closed() -> None:
    request = struct.pack("<IIH", 18, 6, 1)
    one = talk().open().close_session().hang_up("command", "half", "responder").raw(request)
    assert accused(judged(one.hang_up("command", "half").packets(), only=("framing-*",))) == set()
    reset = talk().open().close_session().raw(request).close("reset")
    assert accused(judged(reset.packets(), only=("framing-*",))) == set()


def test_counts_messages_and_segments() -> None:
    one = talk(segmentation="coalesced").open().send_object(bytes(4000), "tail", 1000).close()
    says = {one.side: one.says for one in judged(one.packets()).findings if one.rule == "framing-segmentation-neutral"}
    assert says == {0: "2 messages span several segments, 7 begin in one where another ends"}


@pytest.mark.parametrize(
    ("first", "name"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc", "TLS"),
        (b"SSH-2.0-x\r\n", "another protocol"),
    ],
)
def test_says_what_is_spoken_on_the_port(first: bytes, name: str) -> None:
    found = judged(talk().connect().raw(first).close().packets()).findings
    (says,) = (one.says for one in found if one.rule == "framing-non-ptpip-stream")
    assert says.startswith(f"a connection to a PTP-IP port begins with {name}: ")


def test_does_not_judge_fujifilm_s_dialect() -> None:
    found = judged(fuji_conversation().open().close().packets())
    assert accused(found) == set()
    assert "framing-non-ptpip-stream" in {one.rule for one in found.findings}


@pytest.mark.parametrize(
    ("body", "is_broken"),
    [
        (struct.pack("<IHII", 1, 0x1002, 0, 1), False),
        (struct.pack("<IHII", 0x01000000, 0x1002, 0, 1), True),
        (struct.pack("<IHII", 1, 0x0210, 0, 1), True),
        (struct.pack("<IHII", 1, 0x0F10, 0, 1), True),
        (struct.pack("<IHII", 1, 0x0077, 0, 1), False),  # nonsense either way
    ],
)
def test_knows_swapped_fields_by_the_values_that_there_are(body: bytes, is_broken: bool) -> None:
    one = talk().init().message(6, body).close()
    assert ("framing-little-endian" in accused(judged(one.packets(), only=("framing-*",)))) == is_broken


def test_shows_the_packet_in_which_a_swapped_header_stands() -> None:
    """A connection that begins with a big-endian header is none of PTP-IP; its fourth packet has the bytes."""
    one = talk().connect().raw(struct.pack(">II", 36, 1) + bytes(28)).wait(1).hang_up("command")
    (found,) = [one for one in judged(one.packets()).findings if one.rule == "framing-little-endian"]
    assert found.packet == 3


def test_finds_the_length_that_is_wrong_and_not_the_message_behind_it() -> None:
    """A request of 18 bytes that declares 22 is answered; what it lacks is then read from the message behind it."""
    one = talk().open().raw(struct.pack("<IIIHI", 22, 6, 1, 0x1004, 1)).wait(0.1)
    one.message(7, struct.pack("<HI", 0x2002, 1), "to-initiator").wait(0.1).transaction(0x1004, transaction_id=2)
    packets = one.transaction(0x1003, transaction_id=3).close().packets()
    found = [each for each in judged(packets).findings if each.rule in RULES and each.verdict is Verdict.VIOLATION]
    assert [(each.rule, each.side) for each in found] == [("framing-length-covers-whole-packet", 0)]
    assert found[0].says.startswith("OperationRequest declares 22 bytes, and was answered when 18 of them had come")


RULES = ("framing-length-minimum", "framing-length-covers-whole-packet")
