"""Answers and refusals, beside the matrix: boundary values of time, and what a capture can't show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rules.matrix import Told, accused, judged, packets_of
from tests.rules.stories.init_answers import (
    lingers,
    numbered,
    refusals,
    refused_on_the_event_connection,
    responder_stays,
)
from tests.rules.stories.version import at, whole
from tests.traffic import TO_RESPONDER, Conversation, damage
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
