"""Connection numbers, beside the matrix: whoever misses a connection must not take a right number for a wrong one."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from ptpip_analyze.rules import Verdict
from tests.rules.matrix import Told, accused, judged, packets_of, spoken
from tests.rules.stories.association import (
    another_number_accepted,
    event_connection_of_another_host,
    on,
    one_number_for_two,
    second_event_connection,
)
from tests.rules.stories.version import at, whole
from tests.traffic import conversation as talk
from tests.traffic import damage


def broken(story: Told) -> set[str]:
    return {rule for rule in accused(judged(packets_of(story))) if rule.startswith("association-")}


def test_does_not_call_a_number_wrong_that_may_have_been_given_unseen() -> None:
    packets = another_number_accepted().packets()
    assert "association-number-echoed" in broken(packets)
    midstream = at(0, 1, initiator="192.168.1.50").get_device_info(5)
    assert broken(damage.interleave(packets, midstream.packets())) == set()


def test_does_not_call_a_number_wrong_that_another_connection_was_given() -> None:
    given = at(-5, 1, connection_number=1).connect().init_command_request().init_command_ack().close()
    assert "association-number-echoed" not in broken([another_number_accepted(), given])


def test_needs_the_session_to_go_on_or_the_number_to_be_refused() -> None:
    one = talk(connection_number=7).connect().init_command_request().init_command_ack().connect("event")
    one.message(3, struct.pack("<I", 1), connection="event").init_event_ack().close()
    assert broken(one) == set()


@pytest.mark.parametrize("reason", [1, 2, 3])
def test_takes_only_an_unspecified_refusal_for_one_of_the_number(reason: int) -> None:
    one = talk(connection_number=7).connect().init_command_request().init_command_ack().connect("event")
    one.message(3, struct.pack("<I", 1), connection="event").init_fail(reason, "event")
    one.hang_up("event", by="responder").hang_up("command")
    assert broken(one) == ({"association-number-echoed"} if reason == 3 else set())


def test_says_that_bytes_are_swapped() -> None:
    one = talk(connection_number=7).connect().init_command_request().init_command_ack().connect("event")
    one.message(3, struct.pack(">I", 7), connection="event").init_event_ack()
    found = judged(on(one).packets()).findings
    (says,) = (one.says for one in found if one.rule == "association-number-echoed")
    assert says == "Init Event Request has the number 117440512, Init Command Ack gave 7 with its bytes swapped"


def test_lets_a_number_come_again_when_its_first_holder_has_gone() -> None:
    first = talk().connect().init_command_request().init_command_ack().close()
    assert broken([first, on(at(1, 1).init())]) == set()


def test_does_not_call_a_number_pending_whose_event_connection_may_be_missing() -> None:
    packets = packets_of(one_number_for_two())
    assert broken(packets) == {"association-number-unique-pending"}
    for conversation in (0, 1):
        rest = [one for one in packets if (one.conversation, one.connection) != (conversation, "event")]
        assert broken(rest) == set()


def test_does_not_suspect_a_host_whose_command_connection_is_not_known() -> None:
    """That hosts differ is a hint at most: a NAT pool or a second address is no fault."""
    packets = packets_of(event_connection_of_another_host())
    assert broken(packets) == set()
    assert "association-same-peer" in spoken(judged(packets))
    midstream = at(0.5, 2, initiator="192.168.1.99").get_device_info(5)
    assert "association-same-peer" not in spoken(judged(damage.interleave(packets, midstream.packets())))


def test_takes_both_sides_of_a_nat_for_one_conversation() -> None:
    """The other address is seen 20 ms later, so that the event connections of both overlap."""
    for later_ns in (20_000, 1_000_000, 20_000_000, 300_000_000):
        packets = whole(talk()).packets()
        assert accused(judged(damage.both_sides_of_nat(packets, later_ns=later_ns))) == set()


def test_lets_a_second_event_connection_follow_the_first() -> None:
    packets = packets_of(second_event_connection())
    assert broken(packets) == {"association-one-event-per-command"}
    closed = talk().init().open_session().hang_up("event").wait(2).get_device_info().close_session().hang_up("command")
    assert broken([closed, at(1, 1).connect("event").init_event_request().init_event_ack().wait(2).close()]) == set()


def test_says_nothing_of_numbers_that_are_used_in_turn() -> None:
    story = [whole(at(5 * number, number)) for number in range(3)]
    found = judged(packets_of(story)).findings
    assert accused(judged(packets_of(story))) == set()
    (reuse,) = (one for one in found if one.rule == "association-number-reuse-ok")
    assert reuse.verdict is Verdict.PASS
    assert reuse.says == "the number 1 was given again 2 times after its connections had found each other"


def test_takes_a_copy_of_a_conversation_for_one() -> None:
    """The same packets once more, half a second later, behind a reset: nobody opened these connections twice."""
    packets = talk().open().get_property().close("reset", "responder").packets()
    copy = [replace(packet, time_ns=packet.time_ns + 500_000_000) for packet in packets]
    assert accused(judged(damage.interleave(packets, copy))) == set()
