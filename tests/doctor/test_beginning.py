"""How a session began."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.traffic import TO_INITIATOR, TO_RESPONDER, Conversation, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import SYN

from .made import examination, sayings


def test_says_who_was_refused_and_why() -> None:
    packets = talk().connect().init_command_request().init_fail(1).close(by="responder").packets()
    ((grade, says),) = sayings(packets, "refused")
    assert grade == "problem"
    assert "refused the initiator “desk” (GUID 000102030405060708090a0b0c0d0e0f, version 1.0)" in says
    assert "FAIL_REJECTED_INITIATOR (0x1): it does not accept this initiator" in says


@pytest.mark.parametrize(("reason", "said"), [(2, "it is busy"), (3, "it gives no reason"), (0x2019, "(0x2019),")])
def test_says_what_a_reason_means(reason: int, said: str) -> None:
    packets = talk().connect().init_command_request().init_fail(reason).close(by="responder").packets()
    assert said in sayings(packets, "refused")[0][1]


def test_says_which_connection_was_refused() -> None:
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    assert (
        "on the event connection" in sayings(one.init_fail(2, "event").close(by="responder").packets(), "refused")[0][1]
    )


def waiting(seconds: float) -> Conversation:
    one = talk().connect().init_command_request().wait(seconds).init_command_ack()
    return one.connect("event").init_event_request().init_event_ack().open_session().close_session().close()


@pytest.mark.parametrize(("seconds", "told"), [(0.1, False), (1.9, False), (2.1, True), (30.0, True)])
def test_tells_of_a_camera_that_waits_for_somebody(seconds: float, told: bool) -> None:
    assert bool(sayings(waiting(seconds).packets(), "pairing")) is told


def test_takes_no_clocks_that_differ_by_direction_for_a_camera_that_waits() -> None:
    one = talk().connect().init_command_request().init_command_ack()
    late = [replace(packet, time_ns=packet.time_ns + 3 * 10**9 * (packet.direction == TO_INITIATOR))
            for packet in one.packets()]  # fmt: skip
    assert sayings(sorted(late, key=lambda packet: packet.time_ns), "pairing") == []


def test_knows_no_reason_that_was_cut_off() -> None:
    packets = talk().connect().init_command_request().init_fail(1).close(by="responder").packets()
    cut = damage.cut(packets, damage.segments(packets)[-1], 14 + 20 + 32 + 8)
    ((_, says),) = sayings(cut, "refused")
    assert "on the command connection, the reason was not captured, " in says


def test_tells_that_the_initiator_gave_up() -> None:
    ((grade, says),) = sayings(talk().connect().init_command_request().wait(2.5).close().packets(), "beginning")
    assert grade == "problem"
    assert "never answered" in says
    assert "the initiator “desk” closed the connection 2.5" in says


def test_does_not_know_of_an_answer_behind_the_end_of_the_capture() -> None:
    ((grade, says),) = sayings(talk().connect().init_command_request().packets(), "beginning")
    assert grade == "unknown"
    assert "can't be known" in says


def test_does_not_know_how_a_session_began_before_the_capture() -> None:
    packets = damage.begin_late(talk().open().get_property().close_session().close().packets(), 16)
    assert [grade for grade, _ in sayings(packets, "beginning")] == ["unknown"]


def test_tells_of_init_fail_where_only_the_event_connection_was_captured() -> None:
    one = talk().connect("event").init_event_request().init_fail(1, "event").hang_up("event", by="responder")
    rows = sayings(one.packets())
    ((grade, says),) = [row for row in rows if "refused" in row[1]]
    assert grade == "problem"
    assert says.startswith("The camera refused the initiator with Init Fail on the event connection")
    assert not any("Nothing went wrong" in says or "No operation" in says for _, says in rows)


def test_counts_the_time_of_a_refusal_from_what_it_refuses() -> None:
    one = talk().connect().init_command_request().init_command_ack().wait(5).connect("event").init_event_request()
    ((_, says),) = sayings(one.init_fail(2, "event").close(by="responder").packets(), "refused")
    assert re.search(r" \d+ µs after it had asked for it\.$", says)


def test_says_whether_the_camera_had_received_a_request_that_it_never_answered() -> None:
    packets = talk().connect().init_command_request().wait(2.5).close().packets()
    assert "acknowledged the Init Command Request" in sayings(packets, "beginning")[0][1]
    deaf = [one if one.direction == TO_RESPONDER or one.flags & SYN else None for one in packets]
    ((_, says),) = sayings([one for one in deaf if one], "beginning")
    assert "neither acknowledged nor answered the Init Command Request" in says


def test_says_nothing_of_a_beginning_as_it_should_be() -> None:
    packets = talk().open().close_session().close().packets()
    topics = {row["topic"] for row in examination(packets)["sessions"][0]["sayings"]}
    assert topics == {"work", "end"}
