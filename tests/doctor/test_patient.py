"""A session as the doctor looks at it."""

from __future__ import annotations

from tests.traffic import conversation as talk
from tests.traffic import damage
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
