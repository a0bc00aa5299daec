"""The order of packets is believed where one tap saw them, and not where anything shows that there were two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from ptpip_analyze.rules.order import Order
from tests.rules.seen import evidence
from tests.traffic import Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER

APART_NS = 10_000_000  # more than a step of an establishment takes


def usual() -> list[Packet]:
    one = talk().open().get_device_info().get_property().event(0x4002, 0xFFFFFFFF, 1)
    return one.wait(0.5).get_property().close_session().close().packets()


def trusted(packets: Sequence[Packet], *, one_interface: bool = True) -> bool:
    seen = evidence(packets)
    seen.one_interface = one_interface
    return Order(seen).trusted(seen.cases[0])


def segment(packets: Sequence[Packet], connection: str, direction: str, number: int) -> int:
    return damage.segments(packets, connection, direction)[number]


def exchanged(packets: list[Packet], one: int, other: int) -> list[Packet]:
    """Two packets in each other's place, stamped anew."""
    result = list(packets)
    result[one] = replace(packets[other], time_ns=packets[one].time_ns)
    result[other] = replace(packets[one], time_ns=packets[other].time_ns)
    return result


def test_trusts_what_one_tap_saw() -> None:
    assert trusted(usual())


def test_trusts_no_file_of_two_interfaces() -> None:
    assert not trusted(usual(), one_interface=False)


def without_the_event_connection(packets: list[Packet]) -> list[Packet]:
    return damage.one_connection_only(packets, "command")


def with_a_clock_that_ran_back(packets: list[Packet]) -> list[Packet]:
    return damage.clock_set(packets, len(packets) - 4, -APART_NS)


def with_an_answer_before_its_request(packets: list[Packet]) -> list[Packet]:
    asked, answered = segment(packets, "command", TO_RESPONDER, 2), segment(packets, "command", TO_INITIATOR, 2)
    return exchanged(packets, asked, answered)


def with_a_request_before_the_last_answer(packets: list[Packet]) -> list[Packet]:
    answered, asked = segment(packets, "command", TO_INITIATOR, -2), segment(packets, "command", TO_RESPONDER, -1)
    return exchanged(packets, answered, asked)


def with_the_event_connection_late(packets: list[Packet]) -> list[Packet]:
    return damage.skewed(packets, APART_NS, connection="event")


def with_the_command_connection_late(packets: list[Packet]) -> list[Packet]:
    return damage.skewed(packets, APART_NS, connection="command")


def with_a_direction_late(packets: list[Packet]) -> list[Packet]:
    return damage.skewed(packets, APART_NS, TO_INITIATOR)


@pytest.mark.parametrize(
    "change",
    [
        without_the_event_connection,
        with_a_clock_that_ran_back,
        with_an_answer_before_its_request,
        with_a_request_before_the_last_answer,
        with_the_event_connection_late,
        with_the_command_connection_late,
        with_a_direction_late,
    ],
)
def test_trusts_no_order_that_something_contradicts(change: Callable[[list[Packet]], list[Packet]]) -> None:
    assert not trusted(change(usual()))


def test_trusts_no_establishment_that_is_not_there() -> None:
    packets = usual()
    for connection, direction, number in (
        ("command", TO_INITIATOR, 0), ("event", TO_RESPONDER, 0), ("event", TO_INITIATOR, 0),
    ):  # fmt: skip
        assert not trusted(damage.drop(packets, segment(packets, connection, direction, number)))


def skewed(packets: Sequence[Packet]) -> bool:
    seen = evidence(packets)
    return Order(seen).skewed(seen.cases[0])


def test_sees_no_second_clock_where_there_is_one() -> None:
    assert not skewed(usual())


@pytest.mark.parametrize(("far_ns", "sure"), [(40_000_000, False), (300_000_000, True), (400_000_000, True)])
@pytest.mark.parametrize("late", [{"direction": TO_INITIATOR}, {"direction": TO_RESPONDER}, {"connection": "command"}])
def test_sees_a_second_clock_in_what_comes_behind_its_effect(late: dict[str, str], far_ns: int, sure: bool) -> None:
    """Beyond ``skew_ms``: a direction shows it in acknowledgments, the command connection in the connection number."""
    assert skewed(damage.skewed(usual(), far_ns, **late)) == sure


def test_sees_a_second_clock_in_the_handshake_alone() -> None:
    packets = talk().connect().init_command_request().hang_up("command").packets()
    assert not skewed(packets)
    for direction in (TO_RESPONDER, TO_INITIATOR):
        assert skewed(damage.skewed(packets, 300_000_000, direction))


def test_needs_times_to_see_a_second_clock() -> None:
    late = damage.skewed(usual(), 300_000_000, TO_INITIATOR)
    assert skewed(damage.without_handshake(late))
    assert not skewed(damage.one_direction_only(late, TO_INITIATOR))
    assert not skewed([replace(packet, time_ns=0) for packet in late])
