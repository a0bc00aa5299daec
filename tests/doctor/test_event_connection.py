"""How the event connection came to be, or did not."""

from __future__ import annotations

from dataclasses import replace

from tests.traffic import Conversation, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import ACK, RST, SYN

from .made import examination, sayings

S = 10**9
TOPIC = "event connection"


def greeted() -> Conversation:
    return talk().connect().init_command_request().init_command_ack()


def rest(one: Conversation) -> list[Packet]:
    return one.init_event_request().init_event_ack().open_session().close_session().close().packets()


def syn_ack(packets: list[Packet], connection: str = "event") -> int:
    return next(
        at for at, one in enumerate(packets) if one.connection == connection and one.flags & (SYN | ACK) == SYN | ACK
    )


def test_tells_of_an_event_connection_that_is_late() -> None:
    ((grade, says),) = sayings(rest(greeted().wait(3).connect("event")), TOPIC)
    assert grade == "slow"
    assert says.startswith("The initiator “desk” opened the event connection only 3 s after Init Command Ack")


def test_says_that_the_camera_was_late_where_its_syn_ack_was() -> None:
    packets = rest(greeted().connect("event"))
    at = syn_ack(packets)
    packets[at:] = [replace(one, time_ns=one.time_ns + 9 * S, options=b"") for one in packets[at:]]  # no timestamps
    ((grade, says),) = sayings(packets, TOPIC)
    assert grade == "slow"
    assert says.startswith("The camera took 9 s to accept the event connection")


def test_says_that_the_initiator_waited_on_an_open_event_connection() -> None:
    ((_, says),) = sayings(rest(greeted().connect("event").wait(3)), TOPIC)
    assert says.startswith("The initiator “desk” sent Init Event Request only 3")


def test_blames_nobody_for_a_late_request_where_the_syn_is_not_in_the_capture() -> None:
    packets = rest(greeted().wait(3).connect("event"))
    at = syn_ack(packets)
    ((_, says),) = sayings(damage.drop(packets, at - 1, at), TOPIC)
    assert says.endswith("who took so long can't be known.")


def test_tells_of_an_event_connection_that_is_missing() -> None:
    ((grade, says),) = sayings(talk().init(event=False).open_session().close_session().close().packets(), TOPIC)
    assert grade == "unknown"  # a capture filter would look the same
    assert "operations were requested all the same" in says


def test_says_that_the_camera_refused_the_event_connection() -> None:
    packets = greeted().refused().wait(10).close(connections=["command"]).packets()
    rows = examination(packets)["sessions"][0]["sayings"]
    (row,) = [row for row in rows if row["topic"] == TOPIC]
    syn = next(at for at, one in enumerate(packets, 1) if one.connection == "event")
    assert row["grade"] == "problem"
    assert row["says"] == "The camera refused the event connection: it answered SYN with RST."
    assert row["frames"][-2:] == [syn, syn + 1]
    (end,) = [row["says"] for row in rows if row["topic"] == "end"]
    assert "idle" not in end
    assert end.endswith("the session was not established.")


def test_counts_the_tries_that_the_camera_refused() -> None:
    one = greeted()
    for _ in range(3):
        one.refused().wait(1)
    ((_, says),) = sayings(one.close(connections=["command"]).packets(), TOPIC)
    assert "3 times" in says


def test_does_not_call_the_initiator_late_whose_first_try_was_refused() -> None:
    one = greeted().refused().wait(8).connect("event")
    ((grade, says),) = sayings(rest(one), TOPIC)
    assert grade == "slow"
    assert says.startswith("The camera refused the event connection: it answered SYN with RST. The try that it took")


def test_does_not_say_refused_of_a_syn_without_an_answer() -> None:
    one = greeted().refused().wait(10).close(connections=["command"])
    packets = [packet for packet in one.packets() if not packet.flags & RST]
    ((grade, says),) = sayings(packets, TOPIC)
    assert grade == "unknown"
    assert "No answer to the SYN" in says


def test_does_not_say_refused_of_a_connection_that_was_open_before_its_reset() -> None:
    one = greeted().connect("event").hang_up("event", "reset", "responder").wait(1).close(connections=["command"])
    ((grade, says),) = sayings(one.packets(), TOPIC)
    assert grade == "unknown"
    assert says.startswith("A second connection was opened after Init Command Ack, but nothing said on it")


def test_does_not_take_the_refused_try_of_another_session_for_its_own() -> None:
    mine = greeted().wait(5).close(connections=["command"]).packets()
    other = talk(command_port=50011, event_port=50012, number=1, seed=3, connection_number=2)
    theirs = other.connect().init_command_request().init_command_ack().refused().wait(3)
    packets = damage.interleave(mine, theirs.close(connections=["command"]).packets())
    for session in (0, 1):
        ((grade, _),) = sayings(packets, TOPIC, session)
        assert grade == "unknown"


def numbered(number: int) -> Conversation:
    one = greeted().connect("event").message(3, number.to_bytes(4, "little"), connection="event")
    return one.init_event_ack().open_session().close_session().close()


def test_says_that_a_number_that_the_camera_did_not_give_is_paired_by_a_guess() -> None:
    ((grade, says),) = sayings(numbered(7).packets(), TOPIC)
    assert grade == "problem"  # one of the two is wrong, and nothing else is there that it could be of
    assert says.startswith("The event connection names number 7, but the camera had given 1. That it belongs to this")
    assert "is a guess" in says


def test_does_not_hold_a_number_against_a_session_that_was_over() -> None:
    packets = greeted().close().packets()
    later = talk(number=0).connect("event").message(3, (7).to_bytes(4, "little"), connection="event")
    after = damage.in_turn(packets, later.init_event_ack().close(connections=["event"]).packets(), pause_ns=20_000_000)
    rows = [row for one in examination(after)["sessions"] for row in one["sayings"] if row["topic"] == TOPIC]
    assert {row["grade"] for row in rows} <= {"unknown"}


def test_tells_of_an_init_event_request_that_was_not_answered() -> None:
    one = greeted().connect("event").init_event_request().wait(12).close()
    assert sayings(one.packets(), TOPIC) == [("problem", "Init Event Request was not answered.")]


def test_blames_nobody_where_the_clock_of_the_event_connection_may_be_off() -> None:
    """Captured by two taps: by its clock the event connection is established long after the first request."""
    packets = talk().open().get_property().wait(5).get_property().close_session().close().packets()
    late = [replace(one, time_ns=one.time_ns + 2 * S * (one.connection == "event")) for one in packets]
    assert sayings(sorted(late, key=lambda one: one.time_ns), TOPIC) == []


def test_tells_no_wait_that_the_timestamps_of_tcp_deny() -> None:
    """The clock of the capture was set forward: the peers' own timestamps went on as before."""
    packets = rest(greeted().connect("event"))
    at = syn_ack(packets)
    packets[at:] = [replace(one, time_ns=one.time_ns + 9 * S) for one in packets[at:]]
    assert not any("9 s" in says for _, says in sayings(packets, TOPIC))
