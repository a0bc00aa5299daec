"""A session as the doctor looks at it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.traffic import TO_INITIATOR, TO_RESPONDER, damage
from tests.traffic import conversation as talk
from tests.traffic.stories import STORIES

from .made import patient


def test_knows_who_talks() -> None:
    one = patient(talk().open().close().packets())
    assert one.initiator == "the initiator “desk”"
    assert one.side(one.command, one.command.initiator, begins=True) == "The initiator “desk”"
    assert one.side(one.command, 1 - one.command.initiator) == "the camera"
    assert one.side(one.command, None) == "somebody"
    assert one.answer["connection_number"] == 1


def test_knows_nobody_by_name_where_the_greeting_is_not_captured() -> None:
    one = patient(damage.begin_late(talk().open().get_property().close_session().close().packets(), 16))
    assert one.initiator == "the initiator"
    assert (one.greeting, one.answer) == ({}, {})


def test_counts_what_the_capture_lacks() -> None:
    packets = talk().open().get_property().close_session().close().packets()
    place = damage.segments(packets, "command")[4]
    assert patient(packets).missing_bytes == 0
    assert patient(damage.drop(packets, place)).missing_bytes == len(packets[place].payload)


def test_names_operations_and_statuses() -> None:
    one = patient(talk().open().transaction(0x1009, 1).close().packets())
    assert [one.name("operation", code) for code in one.asked.tolist()] == ["OpenSession", "GetObject"]
    assert [one.name("response", code) for code in one.answered.tolist()] == ["OK", "OK"]
    assert {one.status(number) for number in one.numbers.tolist()} == {"complete"}


def test_knows_no_code_that_was_cut_off() -> None:
    one = patient(damage.snap(talk().open().transaction(0x1009, 1).close().packets(), 74))
    assert set(one.asked.tolist()) == set(one.answered.tolist()) == {-1}
    assert one.name("operation", -1) == "an operation that was not captured"


def test_takes_the_greeting_of_a_dialect_as_it_is() -> None:
    one = patient([packet for told in STORIES["fuji"]() for packet in told.packets()])
    assert one.fuji
    assert one.greeting["name"]


def test_finds_nothing_to_doubt_in_one_clock() -> None:
    packets = talk().open().get_property().wait(9).get_property().close_session().close().packets()
    assert patient(packets).doubt == 0
    assert patient(packets).trusts(0.001)


@pytest.mark.parametrize("direction", [TO_INITIATOR, TO_RESPONDER])
def test_doubts_clocks_that_contradict_acknowledgments(direction: str) -> None:
    packets = talk().open().get_property().get_property().close_session().close().packets()
    late = [replace(one, time_ns=one.time_ns + 3 * 10**9 * (one.direction == direction)) for one in packets]
    one = patient(sorted(late, key=lambda packet: packet.time_ns))
    assert 2.9 < one.doubt <= 3
    assert not one.trusts(20)
    assert one.trusts(31)


def test_doubts_a_clock_that_was_set_back() -> None:
    packets = talk().open().get_property().get_property().close_session().close().packets()
    half = len(packets) // 2
    back = [replace(one, time_ns=one.time_ns - 40 * 10**9 * (at >= half)) for at, one in enumerate(packets)]
    assert 39 < patient(back).doubt <= 40


def test_knows_what_the_other_side_received() -> None:
    one = patient(talk().open().get_property().close_session().close().packets())
    assert one.received(one.request(0), one.command)
    deaf = talk().open().request(0x1004).packets()
    last = damage.segments(deaf, "command")[-1]
    two = patient(deaf[: last + 1])
    assert two.received(two.request(1), two.command) is False
    half = patient(damage.one_direction_only(deaf, TO_RESPONDER))
    assert half.received(half.request(1), half.command) is None


def test_knows_where_a_session_was_opened_and_closed() -> None:
    one = talk().open().close_session().get_device_info(0)
    assert patient(one.packets()).session_at == (0, 1)
    assert patient(one.open_session().packets()).session_at == (3, 1)
    assert patient(talk().open().transaction(0x1003, response=0x2003).packets()).session_at == (0, -1)


def test_misses_what_was_acknowledged_behind_the_last_message() -> None:
    packets = talk().open().get_property().packets()
    last = damage.segments(packets, "command", TO_INITIATOR)[-1]
    one = patient(damage.drop(packets, last))
    assert not one.whole(one.command)
