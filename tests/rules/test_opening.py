"""What is certain of the opening of connections, and of answers that did not come."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.rules.opening import INITIATOR, RESPONDER, delay, in_time, openings, unanswered
from tests.rules.stories.init_answers import closed_without_an_answer, given_up, lingers, never_answered, numbered
from tests.rules.stories.version import at, whole
from tests.traffic import TO_INITIATOR, Packet, damage
from tests.traffic import conversation as talk

from .seen import evidence


def missing(packets: Sequence[Packet]) -> tuple[str, int | None] | None:
    seen = evidence(packets)
    (one,) = openings(seen).commands
    request = one.first(INITIATOR, m.INIT_COMMAND_REQUEST)
    assert request is not None
    return unanswered(seen, one.line, request)


def test_finds_the_messages_of_each_opening_in_stream_order() -> None:
    seen = evidence(talk().open().close().packets())
    made = openings(seen)
    (command,), (event,) = made.commands, made.events
    assert [int(seen.kind[row]) for row in command.all(INITIATOR, 1)] == [m.INIT_COMMAND_REQUEST]
    assert event.first(RESPONDER, m.INIT_EVENT_ACK, m.INIT_FAIL) == event.case.established
    assert command.first(RESPONDER, m.INIT_FAIL) is None
    assert openings(seen) is made


def test_knows_an_answer_that_did_not_come() -> None:
    assert missing(never_answered().packets()) == ("nothing came for 40.1 s", None)
    packets = closed_without_an_answer().packets()
    closing = next(place for place, packet in enumerate(packets) if packet.flags & 1)
    assert missing(packets) == ("the responder closed the connection instead", closing)


def test_does_not_miss_an_answer_when_the_initiator_gave_up() -> None:
    assert missing(given_up().packets()) is None


@pytest.mark.parametrize("direction", ["to-responder", "to-initiator"])
def test_needs_both_directions(direction: str) -> None:
    packets = closed_without_an_answer().packets()
    seen = evidence(damage.one_direction_only(packets, direction))
    for one in openings(seen).commands:
        request = one.first(INITIATOR, m.INIT_COMMAND_REQUEST)
        assert request is None or unanswered(seen, one.line, request) is None


def test_does_not_take_a_lost_answer_for_none() -> None:
    answered = talk().connect().init_command_request().init_command_ack().close(by="responder")
    assert missing(answered.drop(segment=1).packets()) is None


def test_does_not_blame_a_responder_that_heard_late() -> None:
    again = never_answered().damaged(damage.retransmit, 0, 3)
    assert missing(again.packets()) is None


def test_does_not_blame_a_responder_that_left_when_the_initiator_had() -> None:
    packets = talk().connect().init_command_request().close().packets()
    first = next(place for place, packet in enumerate(packets) if packet.flags & 1)
    assert missing(damage.drop(packets, first)) is None


def test_knows_when_all_numbers_were_seen() -> None:
    packets = talk().open().close().packets()
    host = next(iter(openings(evidence(packets)).commands)).hosts[1]
    assert openings(evidence(packets)).numbers_known(host)
    assert not openings(evidence(damage.drop(packets, segment=1))).numbers_known(host)
    late = talk(number=1, command_port=50011).get_device_info(5)
    assert not openings(evidence(damage.interleave(packets, late.packets()))).numbers_known(host)


def test_knows_the_only_event_connection_of_a_number() -> None:
    one = talk().init().open_session().wait(2).close()
    (case,) = evidence(one.packets()).judged
    assert openings(case._seen).sole_event(case)
    other = at(1, 1).connect("event").init_event_request().init_event_ack().close()
    both = evidence(damage.interleave(one.packets(), other.packets()))
    assert not any(openings(both).sole_event(case) for case in both.judged)
    hidden = evidence(damage.interleave(one.packets(), damage.drop(other.packets(), segment=0)))
    assert not any(openings(hidden).sole_event(case) for case in hidden.judged)


def test_lists_connections_that_said_nothing() -> None:
    seen = evidence(lingers(numbered().refused()).close().packets())
    (one,) = openings(seen).commands
    ack = one.first(RESPONDER, m.INIT_COMMAND_ACK)
    assert ack is not None
    assert [tcp.close_kind for tcp in openings(seen).tries(one, ack)] == ["reset"]


def test_measures_only_what_the_clock_can_say() -> None:
    seen = evidence(whole(talk()).packets())
    (one,) = openings(seen).commands
    request, ack = one.first(INITIATOR, 1), one.first(RESPONDER, 2)
    assert request is not None
    assert ack is not None
    assert 0 < (delay(seen, request, ack) or 0) < 2_000_000
    assert delay(seen, ack, request) is None


def test_says_times_in_seconds_or_milliseconds() -> None:
    assert in_time(31_040_000_000) == "31.0 s"
    assert in_time(999_400_000) == "999 ms"


def test_is_silent_where_only_the_responder_was_captured() -> None:
    seen = evidence(damage.one_direction_only(talk().open().close().packets(), TO_INITIATOR))
    assert all(one.first(INITIATOR, *range(1, 6)) is None for one in openings(seen).every)


def nat(*lost: int) -> set[int]:
    """The connections that are others once more, both sides of a router captured, where some SYNs are missing."""
    packets = damage.both_sides_of_nat(talk().connect().init_command_request().init_command_ack().close().packets())
    marks = [place for place, packet in enumerate(packets) if packet.flags & 2]
    return openings(evidence(damage.drop(packets, *(marks[number] for number in lost)))).twice


def test_knows_a_connection_captured_twice_by_its_sequence_numbers() -> None:
    assert len(nat()) == 1
    assert openings(evidence(talk().open().close().packets())).twice == set()


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_knows_it_where_one_of_its_syns_is_missing(lost: int) -> None:
    assert len(nat(lost)) == 1


def test_does_not_know_every_number_that_was_given_where_an_answer_is_cut() -> None:
    packets = talk().open().close().packets()
    (ack,) = damage.segments(packets, "command", TO_INITIATOR)[:1]
    for most, known in ((78, True), (74, False)):
        seen = evidence(damage.cut(packets, ack, most))
        made = openings(seen)
        assert made.numbers_known(made.commands[0].hosts[1]) == known
