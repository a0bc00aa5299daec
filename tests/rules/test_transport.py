"""TCP, beside the matrix: thresholds, and who is meant."""

from __future__ import annotations

import pytest

from tests.rules.matrix import accused, judged, packets_of
from tests.rules.stories import transport as stories
from tests.traffic import TO_INITIATOR, TO_RESPONDER, damage
from tests.traffic import conversation as talk

INITIATOR, RESPONDER = 0, 1


def sides(packets: list, rule: str) -> list[int]:
    return [one.side for one in judged(packets).findings if one.rule == rule]


def test_passes_a_client_that_is_the_initiator() -> None:
    assert judged(stories.usual().packets()).rulings["transport-initiator-is-client"].passed == {(0, 2): 2}


@pytest.mark.parametrize(("seconds", "guilty"), [(5, False), (40, True)])
def test_gives_the_event_connection_half_a_minute(seconds: float, guilty: bool) -> None:
    one = talk(command_port=50003, number=1).init(event=False).open_session().wait(seconds).get_property().close()
    packets = damage.in_turn(stories.usual().packets(), one.packets())
    assert ("transport-two-connections" in accused(judged(packets))) is guilty


def test_does_not_know_of_an_event_connection_that_a_filter_may_have_left_out() -> None:
    one = talk().init(event=False).open_session().wait(60).get_property().close()
    assert "transport-two-connections" not in accused(judged(one.packets()))


@pytest.mark.parametrize("direction", [TO_INITIATOR, TO_RESPONDER])
def test_says_whose_segments_came_again(direction: str) -> None:
    packets = stories.usual().packets()
    place = damage.segments(packets).index(damage.segments(packets, "command", direction)[1])
    again = damage.retransmit(packets, place)
    assert sides(again, "transport-reliability") == [RESPONDER if direction == TO_INITIATOR else INITIATOR]


def test_says_on_which_connection_segments_came_again() -> None:
    packets = stories.usual().packets()
    for connection in ("command", "event"):
        place = damage.segments(packets).index(damage.segments(packets, connection, TO_INITIATOR)[0])
        found = judged(damage.retransmit(packets, place)).findings
        (says,) = [one.says for one in found if one.rule == "transport-reliability"]
        assert says == f"1 segments retransmitted and 0 out of order on the {connection} connection"


def test_hints_at_nagle_of_the_side_that_waits() -> None:
    assert sides(packets_of(stories.waits_for_acknowledgments()), "transport-nagle-off") == [RESPONDER]


@pytest.mark.parametrize("pause", [0.001, 0.4])
def test_hints_at_no_nagle_where_the_pause_is_none_of_acknowledgments(pause: float) -> None:
    one = talk().open()
    for _ in range(8):
        one.request(0x1015, 0x5001).start_data(2).wait(pause).data(b"\1\2", last=True).response()
    assert sides(one.close().packets(), "transport-nagle-off") == []


def test_takes_a_keep_alive_as_proof() -> None:
    packets = stories.idle_for_hours().packets()
    place = next(at for at, packet in enumerate(packets) if packet.time_ns - packets[0].time_ns > 10**12)
    assert len(sides(packets, "transport-keepalive")) == 4
    assert len(sides(damage.keep_alive(packets, place), "transport-keepalive")) == 3


def test_does_not_miss_an_event_connection_that_another_clock_puts_behind_its_session() -> None:
    """Nothing pairs them any more, but its number tells whose it may be."""
    one = talk().connect().init_command_request().init_command_ack().wait(60)
    one.connect("event").init_event_request().init_event_ack().open_session().close_session().close()
    other = talk(
        number=1, start_ns=one.start_ns + 90 * 10**9, connection_number=2, command_port=50011, event_port=50012
    )
    packets = damage.skewed(one.packets(), 300_000_000, connection="event")
    rest = other.open().close_session().close().packets()
    assert "transport-two-connections" not in accused(judged(damage.interleave(packets, rest)))
    without = [packet for packet in packets if packet.connection == "command"]
    assert "transport-two-connections" in accused(judged(damage.interleave(without, rest)))
