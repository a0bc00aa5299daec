"""How a session ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.traffic import TO_INITIATOR, TO_RESPONDER, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import FIN

from .made import examination, sayings


def test_calls_an_end_behind_close_session_orderly() -> None:
    ((grade, says),) = sayings(talk().open().close_session().close().packets(), "end")
    assert grade == "fine"
    assert says == "The initiator “desk” closed the connection (FIN) after CloseSession: an orderly end."


@pytest.mark.parametrize("by", ["initiator", "responder"])
def test_says_who_gave_up_on_an_idle_session(by: str) -> None:
    ((grade, says),) = sayings(talk().open().wait(30).close(by=by).packets(), "end")
    assert grade == "problem"
    assert says.startswith("The initiator “desk” closed" if by == "initiator" else "The camera closed")
    assert "30 s after the last message, without CloseSession: nothing had been said for so long" in says


def test_says_who_closed_by_the_acknowledgment_and_not_by_the_clock() -> None:
    for direction in (TO_RESPONDER, TO_INITIATOR):
        packets = talk().open().close_session().close().packets()
        late = [replace(one, time_ns=one.time_ns + 200_000 * (one.direction == direction)) for one in packets]
        ((_, says),) = sayings(sorted(late, key=lambda one: one.time_ns), "end")
        assert says.startswith("The initiator “desk” closed the connection (FIN) after CloseSession")


def test_says_that_the_lost_fin_was_first() -> None:
    packets = talk().open().get_property().wait(20).close().packets()
    fin = next(at for at, one in enumerate(packets) if one.flags & FIN and one.connection == "command")
    ((_, says),) = sayings(damage.drop(packets, fin), "end")
    assert says.startswith("The initiator “desk” closed the connection (FIN)")
    assert says.endswith("Its FIN is not in the capture, but was acknowledged.")


def test_remembers_a_close_session_that_other_operations_followed() -> None:
    one = talk().open().close_session().get_device_info(0).close()
    ((grade, says),) = sayings(one.packets(), "end")
    assert grade == "fine"
    assert says.endswith("closed the connection (FIN) after CloseSession and 1 more operation: an orderly end.")


def test_forgets_a_close_session_behind_which_a_session_was_opened() -> None:
    one = talk().open().close_session().open_session().get_property().close()
    ((_, says),) = sayings(one.packets(), "end")
    assert "without CloseSession" in says


def test_misses_no_close_session_where_no_session_was_open() -> None:
    ((_, says),) = sayings(talk().init().get_device_info(0).close().packets(), "end")
    assert "no session was open" in says
    assert "CloseSession" not in says


def test_finds_fault_with_a_camera_that_drops_an_open_session() -> None:
    ((grade, says),) = sayings(talk().open().get_property().close(by="responder").packets(), "end")
    assert grade == "problem"
    assert says.endswith("without CloseSession: the session was open, and nothing in the capture says why.")


def test_expects_a_camera_to_close_that_is_told_to_power_down() -> None:
    ((grade, says),) = sayings(talk().open().transaction(0x1013).close(by="responder").packets(), "end")
    assert (grade, says) == ("fine", "The camera closed the connection (FIN) after PowerDown.")


def test_explains_an_end_by_the_probe_that_was_not_answered() -> None:
    one = talk().open().get_property().probe(answered=False).wait(12).close()
    ((grade, says),) = sayings(one.packets(), "end")
    assert grade == "problem"
    assert "the Probe Request in frame " in says
    assert says.endswith("was not answered, for which the standard has a side close (2.3.13).")


def test_calls_no_session_idle_that_never_was() -> None:
    one = talk().connect().init_command_request().wait(35).close()
    ((_, says),) = sayings(one.packets(), "end")
    assert says.endswith("after the last message; the session was not established.")


def test_does_not_know_of_an_answer_in_the_direction_that_was_not_captured() -> None:
    packets = talk().open().get_property().close_session().close().packets()
    ((grade, says),) = sayings(damage.one_direction_only(packets, TO_RESPONDER), "end")
    assert grade == "unknown"
    assert "not answered" not in says
    assert "was acknowledged, so it was probably answered" in says


def test_tells_of_an_event_connection_that_was_reset_while_work_went_on() -> None:
    one = talk().open().get_property().hang_up("event", "reset", "responder").wait(8).get_property().close_session()
    rows = sayings(one.hang_up().packets(), "end")
    (says,) = [says for grade, says in rows if grade == "problem"]
    assert says.startswith("The camera reset the event connection (RST), 8")
    assert says.endswith("s before the command connection ended.")


def test_tells_of_an_event_connection_that_was_reset_in_a_session_that_is_still_open() -> None:
    one = talk().open().get_property().hang_up("event", "reset", "responder").get_property()
    rows = sayings(one.packets(), "end")
    assert [says for grade, says in rows if grade == "problem"] == ["The camera reset the event connection (RST)."]


def test_cites_the_frames_that_show_who_closed() -> None:
    packets = talk().open().close_session().close().packets()
    fins = [at for at, one in enumerate(packets, 1) if one.flags & FIN and one.connection == "command"]
    (row,) = [row for row in examination(packets)["sessions"][0]["sayings"] if row["topic"] == "end"]
    assert row["frames"][-2:] == fins


def test_tells_what_a_reset_interrupted() -> None:
    one = talk().open().request(0x1009, 1).start_data(9000).data(bytes(1000)).close("reset", "responder")
    ((grade, says),) = sayings(one.packets(), "end")
    assert grade == "problem"
    assert says.startswith("The camera reset the connection (RST) in the middle of GetObject")


def test_does_not_know_an_end_behind_the_capture() -> None:
    assert [grade for grade, _ in sayings(talk().open().packets(), "end")] == ["unknown"]


def test_blames_nobody_for_an_answer_that_the_capture_lost() -> None:
    packets = talk().open().get_property().close().packets()
    last = damage.segments(packets, "command")[-1]
    assert "problem" not in [grade for grade, _ in sayings(damage.drop(packets, last), "end")]


@pytest.mark.parametrize(("pause", "told"), [(4.0, False), (20.0, True)])
def test_tells_the_longest_silence_of_the_initiator(pause: float, told: bool) -> None:
    one = talk().open().get_property().get_property().wait(pause).get_property().close_session().close()
    assert bool(sayings(one.packets(), "silence")) is told


def test_compares_only_pauses_between_an_answer_and_a_request() -> None:
    one = talk().open().get_property().get_property().wait(8).get_property().wait(20).close()
    ((_, says),) = sayings(one.packets(), "silence")
    assert says.endswith("the longest such pause between an answer and the next request.")


def test_says_nothing_of_the_end_of_a_session_of_which_only_events_were_captured() -> None:
    packets = damage.one_connection_only(talk().open().get_property().close_session().close().packets(), "event")
    assert sayings(packets, "end") == []


def test_misses_no_close_session_that_the_capture_may_have_lost() -> None:
    packets = talk().open().get_property().close_session().close().packets()
    ((_, says),) = sayings(damage.one_direction_only(packets, TO_INITIATOR), "end")
    assert "without CloseSession" not in says


def test_finds_no_fault_with_the_event_connection_of_an_orderly_end() -> None:
    one = talk().open().get_property().close_session().hang_up("event", "reset", "responder").hang_up()
    ((grade, _),) = sayings(one.packets(), "end")
    assert grade == "fine"


def test_names_nobody_where_no_fin_is_in_the_capture() -> None:
    packets = [one for one in talk().open().close_session().close().packets() if not one.flags & FIN]
    ((_, says),) = sayings(packets, "end")
    assert says.startswith(
        "The connection was closed after CloseSession: an orderly end. Its FINs are not in the capture"
    )


def test_believes_no_clock_that_was_set_back_between_the_two_ends() -> None:
    packets = talk().open().get_property().hang_up().wait(1).hang_up("event").packets()
    end = max(at for at, one in enumerate(packets) if one.connection == "command") + 1
    back = [replace(one, time_ns=one.time_ns - 40 * 10**9 * (at >= end)) for at, one in enumerate(packets)]
    assert not any("before the command connection" in says for _, says in sayings(back, "end"))


def test_does_not_say_that_nothing_explains_an_end_where_something_is_missing() -> None:
    packets = talk().open().get_property().close(by="responder").packets()
    lost = damage.segments(packets, "command", TO_INITIATOR)[2]  # of the answer to GetDevicePropValue
    (row, *_) = list(sayings(damage.drop(packets, lost), "end"))
    assert "nothing in the capture says why" not in row[1]
    assert row[1].startswith("The camera closed the connection (FIN)")


def test_blames_none_of_two_that_closed_at_once() -> None:
    packets = talk().open().close_session().close().packets()
    second = [at for at, one in enumerate(packets) if one.flags & FIN and one.connection == "command"][1]
    packets[second] = replace(packets[second], acknowledgment=packets[second].acknowledgment - 1)
    ((_, says),) = sayings(packets, "end")
    assert says == (
        "Both sides closed the connection (FIN) after CloseSession: an orderly end. "
        "Neither had received the other's FIN when it sent its own."
    )
