"""How a session began."""

from __future__ import annotations

import pytest

from tests.traffic import Conversation, damage
from tests.traffic import conversation as talk

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


def test_tells_of_an_event_connection_that_is_late() -> None:
    one = talk().connect().init_command_request().init_command_ack().wait(3).connect("event")
    packets = one.init_event_request().init_event_ack().open_session().close_session().close().packets()
    ((grade, says),) = sayings(packets, "event connection")
    assert grade == "slow"
    assert "opened the event connection only 3" in says


def test_tells_of_an_event_connection_that_is_missing() -> None:
    one = talk().init(event=False).open_session().close_session().close()
    ((grade, says),) = sayings(one.packets(), "event connection")
    assert grade == "unknown"  # a capture filter would look the same
    assert "operations were requested all the same" in says


def test_tells_of_a_number_that_the_camera_did_not_give() -> None:
    one = talk().connect().init_command_request().init_command_ack().connect("event")
    one.message(3, (7).to_bytes(4, "little"), connection="event").init_event_ack().open_session().close()
    said = [says for _, says in sayings(one.packets(), "event connection")]
    assert "The event connection names number 7, but the camera had given 1." in said


def test_says_nothing_of_a_beginning_as_it_should_be() -> None:
    packets = talk().open().close_session().close().packets()
    topics = {row["topic"] for row in examination(packets)["sessions"][0]["sayings"]}
    assert topics == {"work", "end"}
