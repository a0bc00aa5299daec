"""Connection numbers, beside the matrix: whoever misses a connection must not take a right number for a wrong one."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from ptpip_analyze.rules import Verdict
from tests.rules.matrix import Told, accused, judged, packets_of, spoken
from tests.rules.stories.association import (
    another_number_accepted,
    another_number_refused,
    event_connection_of_another_host,
    numbered,
    on,
    one_number_for_two,
    one_number_in_turn,
    second_event_connection,
    used_again,
)
from tests.rules.stories.version import at, whole
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Conversation, Packet, damage
from tests.traffic import conversation as talk


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


def without_syn(packets: list[Packet], conversation: int = 0, connection: str = "command") -> list[Packet]:
    """Without the handshake's first two packets of one connection."""
    of = (conversation, connection)
    return [one for one in packets if not (one.flags & 2 and (one.conversation, one.connection) == of)]


def test_passes_a_responder_that_refuses_a_number_and_does_not_know_one_that_is_not_answered() -> None:
    def outcome(one: Conversation) -> tuple[dict, dict]:
        ruling = judged(one.packets()).rulings["association-unknown-number-refused"]
        return ruling.passed, ruling.unsure

    assert outcome(another_number_refused()) == ({(0, 1): 1}, {})
    one = numbered(7).connect("event").message(3, struct.pack("<I", 1), connection="event")
    assert outcome(on(one)) == ({}, {(0, 1): 1})


def test_does_not_call_a_number_wrong_where_none_was_given() -> None:
    one = talk().connect().init_command_request().connect("event").message(3, struct.pack("<I", 1), connection="event")
    assert broken(on(one)) == set()


def test_does_not_call_a_number_wrong_that_may_serve_another_connection() -> None:
    """Of the same host another command connection waits for its event connection."""
    waiting = at(0.01, 1, connection_number=2).connect().init_command_request().init_command_ack().wait(3).close()
    assert broken([another_number_accepted(), waiting]) == set()


def test_does_not_call_a_number_wrong_behind_a_hole() -> None:
    one = numbered(7).connect("event").message(8, bytes(6), connection="event")
    packets = on(one.message(3, struct.pack("<I", 1), connection="event").init_event_ack()).packets()
    assert "association-number-echoed" in broken(packets)
    lost = damage.segments(packets, "event", TO_RESPONDER)[0]
    assert broken(damage.drop(packets, lost)) == set()


@pytest.mark.parametrize("connection", ["command", "event"])
def test_does_not_call_a_number_wrong_where_a_beginning_is_missing(connection: str) -> None:
    assert broken(without_syn(another_number_accepted().packets(), connection=connection)) == set()


@pytest.mark.parametrize("conversation", [0, 1])
def test_does_not_call_a_number_pending_where_a_beginning_is_missing(conversation: int) -> None:
    assert broken(without_syn(packets_of(one_number_for_two()), conversation)) == set()


def test_calls_a_number_pending_whose_holder_never_asks_for_anything() -> None:
    first, second = one_number_for_two()
    first = talk().connect().init_command_request().init_command_ack().wait(2)
    first.connect("event").init_event_request().init_event_ack().wait(2).close()
    assert broken([first, second]) == {"association-number-unique-pending"}


def test_does_not_call_a_number_pending_whose_holder_works_already() -> None:
    """It asks for something: its event connection may have been another one, before."""
    first = talk().connect().init_command_request().init_command_ack().open_session().wait(2)
    first.connect("event").init_event_request().init_event_ack()
    assert "association-number-unique-pending" not in broken([on(first), one_number_for_two()[1]])


@pytest.mark.parametrize("story", [one_number_in_turn, used_again])
def test_passes_a_number_that_comes_again_when_it_was_used(story: Callable[[], list[Conversation]]) -> None:
    ruling = judged(packets_of(story())).rulings["association-number-unique-pending"]
    assert ruling.passed == {(0, 1): 1, (1, 1): 1}


def test_does_not_know_whether_a_number_was_used_where_no_event_connection_is_captured() -> None:
    ruling = judged(damage.one_connection_only(packets_of(one_number_in_turn()), "command"))
    assert ruling.rulings["association-number-unique-pending"].unsure == {(1, 1): 1}


def test_does_not_count_event_connections_where_a_number_may_have_been_given_unseen() -> None:
    packets = packets_of(second_event_connection())
    midstream = at(0.5, 2, initiator="192.168.1.99").get_device_info(5)
    assert broken(damage.interleave(packets, midstream.packets())) == set()
    assert broken(without_syn(packets)) == set()


def test_does_not_know_which_of_two_event_connections_was_first() -> None:
    """The second is accepted 20 ms behind the first, or the first one's Init Event Ack is not captured."""
    packets = packets_of(second_event_connection())
    lost = damage.segments([one for one in packets if one.conversation == 0], "event", TO_INITIATOR)[0]
    first = [one for one in packets if one.conversation == 0]
    others = [one for one in packets if one.conversation == 1]
    assert broken(damage.interleave(damage.drop(first, lost), others)) == set()
    soon = talk().init().open_session().wait(2).get_device_info().close_session().close()
    second = at(0.02, 1).connect("event").init_event_request().init_event_ack().wait(1).close()
    assert broken([soon, second]) == set()


@pytest.mark.parametrize("lacks", ["operations", "event ack", "beginning", "order"])
def test_does_not_speak_of_hosts_that_differ_where_a_pair_is_not_certain(lacks: str) -> None:
    first, second = event_connection_of_another_host()
    packets = packets_of([first, second])
    if lacks == "operations":
        first = talk().connect().init_command_request().init_command_ack().wait(4)
        packets = packets_of([first.close(), second])
    elif lacks == "event ack":
        second = at(1, 1, initiator="192.168.1.99").connect("event").init_event_request().wait(2).close()
        packets = packets_of([first, second])
    elif lacks == "beginning":
        packets = without_syn(packets)
    else:
        first = on(talk().connect().init_command_request().init_command_ack())
        packets = packets_of([first.wait(4), second])
    assert "association-same-peer" not in spoken(judged(packets))


@pytest.mark.parametrize("number", [0, 1])
def test_does_not_take_numbers_that_are_cut_off_for_the_same(number: int) -> None:
    """Only the headers of Init Command Acks are captured; the event connections still name their numbers."""
    packets = packets_of([whole(at(5 * place, place, connection_number=number)) for place in range(3)])
    assert "association-number-reuse-ok" in spoken(judged(packets))
    for place, packet in enumerate(packets):
        if packet.payload[4:8] == b"\2\0\0\0":
            packets = damage.cut(packets, place, len(packet.whole) - len(packet.payload) + 10)
    told = judged(packets)
    assert "association-number-reuse-ok" not in spoken(told)
    assert told.rulings["association-number-unique-pending"].passed == {}
