"""Places and order in the establishment, beside the matrix: near misses, holes, and messages that cross."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from tests.rules.matrix import BROKEN, Told, accused, judged, packets_of
from tests.rules.stories.init import event_connection_in_advance
from tests.rules.stories.version import at, whole
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Packet, damage
from tests.traffic import conversation as talk


def broken(story: Told) -> set[str]:
    return {rule for rule in accused(judged(packets_of(story))) if rule.startswith("init-")}


@pytest.mark.parametrize(
    ("seconds", "is_late", "is_sure"),
    [(0.9, False, True), (1.2, False, False), (3.9, False, False), (4.2, True, True)],
)
def test_calls_a_pause_late_that_two_lost_tries_do_not_explain(seconds: float, is_late: bool, is_sure: bool) -> None:
    one = talk().connect().wait(seconds).init_command_request().init_command_ack().close()
    ruling = judged(one.packets()).rulings["init-command-request-prompt"]
    assert bool(ruling.findings) == is_late
    assert bool(ruling.unsure) != is_sure


def test_subtracts_a_round_trip_from_the_pause() -> None:
    packets = talk().connect().wait(4.5).init_command_request().init_command_ack().close().packets()
    far = [replace(one, time_ns=one.time_ns - 900_000_000) if one.flags == 2 else one for one in packets]
    assert "init-command-request-prompt" in accused(judged(packets))
    assert "init-command-request-prompt" not in accused(judged(far))


def test_does_not_know_when_a_handshake_was_over_that_was_repeated() -> None:
    """SYN and SYN-ACK pass the capture point, the answer is lost behind it, and both come again."""
    rule = "init-command-request-prompt"
    packets = talk().connect().wait(9).init_command_request().init_command_ack().close().packets()
    assert rule in accused(judged(packets))
    syn, answer = packets[:2]
    again = [replace(one, time_ns=packets[2].time_ns + 8_000_000_000) for one in (syn, answer)]
    ruling = judged([syn, answer, *again, *packets[3:]]).rulings[rule]
    assert (ruling.findings, ruling.passed) == ([], {})


def test_takes_messages_within_the_tolerance_for_simultaneous() -> None:
    one = talk().connect().init_command_request().init_command_ack().open_session()
    one.connect("event").init_event_request().init_event_ack()
    assert broken(one.get_device_info().close_session().close()) == set()


def test_does_not_take_operations_of_another_session_for_early_ones() -> None:
    one = talk().init().open_session().wait(2).get_device_info().close_session().close()
    other = at(1, 1).connect("event").init_event_request().init_event_ack().close()
    assert "init-no-traffic-before-established" not in broken([one, other])


def test_knows_a_second_copy_of_an_ack() -> None:
    """Its first copy was lost before the capture point: the event connection was opened behind that one."""
    packets = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request().packets()
    place = damage.segments(packets)[1]
    late = [
        replace(packet, time_ns=packets[-1].time_ns + 200_000_000) if at == place else packet
        for at, packet in enumerate(packets)
    ]
    late.sort(key=lambda packet: packet.time_ns)
    assert "init-event-connection-after-ack" not in accused(judged(late))


def test_accepts_fail_on_either_connection() -> None:
    for on in ("command", "event"):
        one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
        one.init_fail(3, on).hang_up("event", by="responder").hang_up("command", by="responder")
        assert broken(one) == set()


def test_does_not_judge_places_where_roles_are_guessed() -> None:
    one = talk().connect().init_command_request().message(5, struct.pack("<I", 3)).close()
    assert "init-fail-placement" in broken(one)
    late = damage.begin_late(one.packets(), 4)  # the Init Fail is all that is left of the initiator
    ruling = judged(late).rulings["init-fail-placement"]
    assert not ruling.findings


def test_does_not_take_a_repeated_segment_for_a_repeated_request() -> None:
    assert broken(whole(talk()).damaged(damage.retransmit, 0)) == set()


def test_knows_a_responder_that_spoke_behind_a_lost_request() -> None:
    one = whole(talk())
    assert "init-responder-quiet-before-request" not in broken(one.drop(segment=0))


@pytest.mark.parametrize(("wait", "is_certain"), [(0, False), (0.1, True)])
def test_does_not_blame_an_initiator_whose_repetition_crossed_the_ack(wait: float, is_certain: bool) -> None:
    """Init Event Request again: sent before Init Event Ack had arrived, or behind it."""
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    if is_certain:
        one.init_event_ack().wait(wait).init_event_request()
    else:
        one.init_event_request().init_event_ack()
    one.open_session().close_session().close()
    assert ("init-packet-after-established" in broken(one)) == is_certain


def test_names_the_connection_and_the_side() -> None:
    one = talk().connect().init_command_request().init_command_ack()
    one.message(3, struct.pack("<I", 1)).message(4, b"", "to-initiator")
    found = judged(one.close().packets()).findings
    (finding,) = (one for one in found if one.rule == "init-event-request-placement")
    assert (finding.says, finding.side) == ("InitEventRequest came on the command connection", 0)


@pytest.mark.parametrize("is_answered", [False, True])
def test_blames_an_initiator_that_did_not_wait_but_not_for_a_late_copy(is_answered: bool) -> None:
    """A responder that answers has sent Init Event Ack before: what the capture has may be a copy of it."""
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    one.request(0x1002, 1, transaction_id=0)
    if is_answered:
        one.response().wait(0.1).init_event_ack()
    else:
        one.wait(0.1).init_event_ack().response()
    found = judged(one.close().packets()).findings
    sides = [one.side for one in found if one.rule == "init-no-traffic-before-established"]
    assert sides == ([] if is_answered else [0])


def test_does_not_take_a_connection_that_the_camera_opened_for_one_of_the_initiator() -> None:
    """The camera calls back before it has answered: whoever did that, it was not the initiator."""
    packets = event_connection_in_advance().packets()
    assert "init-event-connection-after-ack" in broken(packets)
    assert "init-event-connection-after-ack" not in broken(called_back(packets, "event"))


def called_back(packets: list[Packet], connection: str = "command") -> list[Packet]:
    """The same conversation on a connection that the other side opened."""
    packets = list(packets)
    syn, answer = (at for at, one in enumerate(packets) if one.flags & 2 and one.connection == connection)
    asked, told = packets[syn], packets[answer]
    packets[syn] = replace(told, flags=2, acknowledgment=0, time_ns=asked.time_ns)
    packets[answer] = replace(asked, flags=0x12, acknowledgment=told.sequence + 1, time_ns=told.time_ns)
    return packets


@pytest.mark.parametrize(("rule", "way"), [
    ("init-command-request-first", TO_RESPONDER), ("init-command-request-prompt", TO_RESPONDER),
    ("init-responder-quiet-before-request", TO_INITIATOR),
])  # fmt: skip
def test_does_not_know_the_first_word_of_a_connection_whose_beginning_is_not_certain(rule: str, way: str) -> None:
    """The other side opened it, its handshake is not captured, or what was said first was lost."""
    (story, *_) = [one.tell for one in BROKEN if one.rule == rule]
    packets = packets_of(story())
    assert rule in broken(packets)
    assert rule not in broken(called_back(packets))
    assert rule not in broken(damage.without_handshake(packets))
    first, *_ = damage.segments(packets, "command", way)
    lost = judged(damage.drop(packets, first)).rulings[rule]
    assert (lost.findings, lost.passed) == ([], {})


def test_says_on_which_connection_an_answer_came() -> None:
    for rule, where in (("init-command-ack-placement", "event"), ("init-event-ack-placement", "command")):
        (story, *_) = [one.tell for one in BROKEN if one.rule == rule]
        (says,) = (one.says for one in judged(packets_of(story())).findings if one.rule == rule)
        assert says.endswith(f"came on the {where} connection")
