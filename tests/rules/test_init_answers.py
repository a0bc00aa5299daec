"""Answers and refusals, beside the matrix: boundary values of time, and what a capture can't show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rules.matrix import Told, accused, judged, packets_of
from tests.rules.stories.init_answers import (
    answered_too_late,
    lingers,
    numbered,
    refusals,
    refused_on_the_event_connection,
    refused_on_the_other_connection,
    responder_stays,
)
from tests.rules.stories.version import at, whole
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Conversation, damage
from tests.traffic import conversation as talk


def broken(story: Told, **options: object) -> set[str]:
    return {rule for rule in accused(judged(packets_of(story), **options)) if rule.startswith("init-")}


@pytest.mark.parametrize(("seconds", "rules"), [(30.9, set()), (31.1, {"init-establishment-30s"})])
def test_waits_for_an_answer_as_long_as_the_limit(seconds: float, rules: set[str]) -> None:
    one = talk().connect().init_command_request().wait(seconds).init_command_ack().close()
    assert broken(one) == rules


def test_takes_the_limit_from_the_thresholds() -> None:
    one = talk().connect().init_command_request().wait(3).init_command_ack().close()
    assert broken(one, thresholds={"establishment_s": 1.0}) == {"init-establishment-30s"}


@pytest.mark.parametrize(("seconds", "is_open"), [(4.8, False), (5.2, True)])
def test_gives_both_sides_a_grace_to_close(seconds: float, is_open: bool) -> None:
    one = talk().connect().init_command_request().init_fail(1).wait(seconds).close()
    assert broken(one) == ({"init-fail-initiator-closes", "init-fail-responder-closes"} if is_open else set())


def test_does_not_blame_a_side_whose_fin_the_capture_lacks() -> None:
    one = talk().connect().init_command_request().init_fail(1).hang_up("command", "half", "initiator")
    packets = lingers(one).hang_up("command", "half", "responder").packets()
    first = next(place for place, packet in enumerate(packets) if packet.flags & 1)
    assert broken(packets) == set()
    assert "init-fail-initiator-closes" not in broken(damage.drop(packets, first))


def test_knows_that_a_reset_ends_the_connection_for_both() -> None:
    one = talk().connect().init_command_request().init_fail(1).hang_up("command", "reset", "responder")
    assert broken(one.wait(20).acknowledge()) == set()


def test_lets_an_initiator_speak_that_has_not_heard() -> None:
    """Its message crossed the refusal: the segment does not acknowledge it."""
    one = talk().connect().init_command_request().init_fail(2).wait(0.5).init_command_request()
    packets = one.close(by="responder").packets()
    place = damage.segments(packets)[2]
    before = packets[damage.segments(packets)[0]]
    crossed = [
        replace(packet, acknowledgment=before.acknowledgment) if at == place else packet
        for at, packet in enumerate(packets)
    ]
    assert "init-fail-initiator-closes" in broken(packets)
    assert "init-fail-initiator-closes" not in broken(crossed)


def test_does_not_miss_an_event_connection_that_the_capture_may_lack() -> None:
    one = lingers(numbered().open_session().get_device_info(), seconds=40).close_session().close()
    assert broken(one) == set()
    seen = whole(at(5, 1, connection_number=2))
    assert broken([one, seen]) == {"init-event-connection-required"}
    stray = damage.one_connection_only(whole(at(7, 2)).packets(), "event")
    assert "init-event-connection-required" not in broken(
        damage.interleave(one.packets(), seen.packets(), damage.drop(stray, segment=0))
    )


def test_takes_a_silent_connection_for_a_try() -> None:
    one = numbered().refused().open_session().get_device_info()
    one = lingers(one, seconds=40).close_session().close()
    assert "init-event-connection-required" not in broken([one, whole(at(5, 1, connection_number=2))])


def test_does_not_ask_for_an_answer_on_a_connection_that_is_not_captured() -> None:
    """Init Event Request may have been refused on the command connection."""
    one = numbered().connect("event").init_event_request().wait(0.1)
    one.hang_up("event", by="responder").wait(0.1).hang_up("command", by="responder")
    assert broken(one) == {"init-event-answered"}
    assert broken(damage.one_connection_only(one.packets(), "event")) == set()


def test_takes_a_refused_connection_of_a_session_with_events_for_nothing() -> None:
    one = lingers(talk().open().get_device_info()).close_session().close()
    other = at(2, 1).refused("event")
    assert broken([one, other]) == set()


def refused_while(*others: Conversation) -> str:
    last = at(9, 9).connect().init_command_request().init_fail(2).close(by="responder")
    found = judged(packets_of([*others, last])).findings
    (says,) = (one.says for one in found if one.rule == "init-fail-classify")
    return says


def test_explains_a_refusal_by_what_is_open() -> None:
    assert refused_while(talk().open().wait(20).close()) == (
        "refused with reason 2 (busy), this initiator was accepted at another time, "
        "while 1 sessions of this responder were open in the capture"
    )
    stranger = talk(initiator_guid=b"\1" * 16)
    assert refused_while(stranger.open().wait(3).close()).endswith(
        "(busy), while 0 sessions of this responder were open in the capture"
    )


@pytest.mark.parametrize(
    ("count", "seconds", "is_hammering"),
    [(2, 0.06, True), (2, 0.2, False), (6, 1.9, True), (6, 3.0, False), (5, 1.0, False)],
)
def test_calls_it_hammering_by_pause_or_by_number(count: int, seconds: float, is_hammering: bool) -> None:
    found = judged(packets_of(refusals(count, seconds))).findings
    assert ("init-busy-retry-later" in {one.rule for one in found}) == is_hammering


def test_names_the_connection_that_was_left_open() -> None:
    found = judged(responder_stays().packets()).findings
    (says,) = (one.says for one in found if one.rule == "init-fail-responder-closes")
    assert says == "the responder did not close the event connection in 5.0 s after Init Fail"


def outcome(story: Told, rule: str) -> tuple[bool, bool]:
    """Did anybody pass, and is anything not known?"""
    ruling = judged(packets_of(story), only=(rule,)).rulings[rule]
    return bool(ruling.passed), bool(ruling.unsure)


def test_does_not_let_an_initiator_pass_whose_last_words_are_missing() -> None:
    one = talk().connect().init_command_request().init_fail(2).wait(0.5).init_command_request()
    packets = one.close(by="responder").packets()
    lost = damage.drop(packets, damage.segments(packets, "command", TO_RESPONDER)[1])
    assert outcome(lost, "init-fail-initiator-closes") == (False, True)
    usual = talk().connect().init_command_request().init_fail(2).wait(0.5).close(by="responder")
    assert outcome(usual, "init-fail-initiator-closes") == (True, False)


def test_does_not_let_a_responder_pass_whose_other_connection_is_not_certain() -> None:
    packets = refused_on_the_event_connection().packets()
    assert outcome(packets, "init-fail-responder-closes") == (True, False)
    event = damage.one_connection_only(packets, "event")
    assert outcome(event, "init-fail-responder-closes") == (False, True)
    assert outcome(event, "init-fail-initiator-closes") == (False, True)


def test_takes_a_refusal_before_the_acceptance_for_no_answer_to_the_event_request() -> None:
    one = talk().connect().init_command_request().init_fail(1).init_command_ack().close()
    assert "init-single-answer" in broken(one)


def test_does_not_call_a_refusal_late_where_a_request_of_the_initiator_may_be_missing() -> None:
    """A second Init Event Request that the capture lacks may be what was refused."""
    one = talk().init().message(8, b"", TO_RESPONDER, "event").init_fail(3, "event")
    one.wait(0.1).hang_up("event", by="responder").hang_up("command")
    packets = one.packets()
    assert "init-fail-only-during-establishment" in broken(packets)
    lost = damage.segments(packets, "event", TO_RESPONDER)[-1]
    assert "init-fail-only-during-establishment" not in broken(damage.drop(packets, lost))


def test_does_not_ask_for_an_answer_that_may_be_lost_on_the_other_connection() -> None:
    packets = refused_on_the_other_connection().packets()
    assert broken(packets) == set()
    refusal = damage.segments(packets, "command", TO_INITIATOR)[-1]
    assert broken(damage.drop(packets, refusal)) == set()


@pytest.mark.parametrize("goes_on", [True, False])
def test_asks_for_an_answer_as_far_as_the_other_connection_is_captured(goes_on: bool) -> None:
    """Init Event Request may still be refused on the command connection, of which no more is captured."""
    one = numbered().connect("event").init_event_request().wait(0.1).hang_up("event", by="responder")
    if goes_on:
        one.wait(0.1).acknowledge("command").acknowledge("command", by="responder")
    assert broken(one) == ({"init-event-answered"} if goes_on else set())


def test_does_not_let_an_answer_pass_that_nobody_asked_for() -> None:
    one = talk().connect().init_command_ack().close()
    assert outcome(one, "init-single-answer") == (False, True)


def test_does_not_call_an_answer_one_too_many_where_a_request_may_be_missing() -> None:
    one = talk().connect().init_command_request().init_command_ack().init_command_request().init_command_ack()
    packets = one.close().packets()
    assert "init-single-answer" not in broken(packets)
    for lost in damage.segments(packets, "command", TO_RESPONDER):
        assert "init-single-answer" not in broken(damage.drop(packets, lost))


@pytest.mark.parametrize("lacks", ["handshake", TO_RESPONDER, "ack"])
def test_does_not_miss_an_event_connection_where_the_command_connection_is_not_whole(lacks: str) -> None:
    beside = whole(at(5, 1, connection_number=2)).packets()
    one = lingers(numbered().open_session().get_device_info(), seconds=40).close_session().close().packets()
    if lacks == "handshake":
        one = damage.without_handshake(one)
    elif lacks == "ack":
        one = damage.drop(one, damage.segments(one, "command", TO_INITIATOR)[0])
    else:
        one = damage.one_direction_only(one, TO_INITIATOR)
    assert "init-event-connection-required" not in broken(damage.interleave(one, beside))


def test_does_not_call_an_answer_late_whose_request_came_late() -> None:
    """Init Command Request was sent again: the first try did not arrive."""
    packets = answered_too_late().packets()
    assert broken(packets) == {"init-establishment-30s"}
    assert broken(answered_too_late().damaged(damage.retransmit, 0)) == set()


@pytest.mark.parametrize(("seconds", "is_open"), [(4, False), (20, True)])
def test_takes_a_reset_for_an_end_when_it_came(seconds: int, is_open: bool) -> None:
    one = talk().connect().init_command_request().init_fail(1).wait(seconds).hang_up("command", "reset", "responder")
    rules = {"init-fail-initiator-closes", "init-fail-responder-closes"}
    assert broken(one) == (rules if is_open else set())


def test_does_not_judge_a_refusal_behind_a_hole() -> None:
    one = numbered().connect("event").init_event_request().init_fail(3)
    packets = lingers(one).close().packets()
    rules = {"init-fail-initiator-closes", "init-fail-responder-closes"}
    assert rules <= broken(packets)
    ack = damage.segments(packets, "command", TO_INITIATOR)[0]
    assert not rules & broken(damage.drop(packets, ack))


def test_gives_a_refusal_the_time_that_it_takes_to_arrive() -> None:
    """The handshake took 0.9 s: so long may Init Fail have been on its way."""
    one = talk().connect().init_command_request().init_fail(2).wait(0.5).init_command_request()
    packets = one.close(by="responder").packets()
    far = [replace(one, time_ns=one.time_ns - 900_000_000) if one.flags == 2 else one for one in packets]
    assert "init-fail-initiator-closes" in broken(packets)
    assert "init-fail-initiator-closes" not in broken(far)


def kept_open(one: Conversation) -> list[str]:
    """What is said of a command connection that stays open for 40 s behind a failure."""
    found = judged(lingers(one, seconds=40).packets(), only=("init-close-command-if-event-fails",)).findings
    return [finding.says for finding in found]


def test_says_how_the_event_connection_failed() -> None:
    asked = numbered().connect("event").init_event_request()
    assert kept_open(asked.init_fail(3, "event").hang_up("event", by="responder")) == [
        "the event connection was refused, and the command connection was not closed in 31.0 s"
    ]
    asked = numbered().connect("event").init_event_request()
    assert kept_open(asked.wait(0.1).hang_up("event")) == [
        "the event connection was closed without an answer, and the command connection was not closed in 31.0 s"
    ]


def test_does_not_take_an_event_connection_for_failed_that_waits() -> None:
    assert kept_open(numbered().connect("event").init_event_request()) == []


@pytest.mark.parametrize("side", ["initiator", "responder"])
def test_does_not_take_an_event_connection_for_failed_whose_answer_may_be_missing(side: str) -> None:
    one = lingers(talk().init().wait(0.1).hang_up("event", by=side), seconds=40)
    packets = one.packets()
    ack = damage.segments(packets, "event", TO_INITIATOR)[0]
    assert "init-close-command-if-event-fails" not in broken(damage.drop(packets, ack))


def test_lets_a_further_request_be_refused_in_an_established_session() -> None:
    """Init Event Request once more, on the same connection or on another one: it was that one."""
    again = talk().init().init_event_request().init_fail(3, "event").wait(0.1).close()
    assert "init-fail-only-during-establishment" not in broken(again)
    session = talk().init().wait(2).init_fail(3).wait(0.1).close()
    other = at(1, 1).connect("event").init_event_request().wait(3).hang_up("event")
    assert "init-fail-only-during-establishment" in broken(session)
    assert "init-fail-only-during-establishment" not in broken([session, other])
