"""Errors, loops, slow answers and probes."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from tests.traffic import TO_INITIATOR, TO_RESPONDER, damage
from tests.traffic import conversation as talk

from .made import examination, sayings


def test_groups_errors_and_names_their_frames() -> None:
    one = talk().open().transaction(0x1009, 1, response=0x2009).get_property().transaction(0x1009, 2, response=0x2009)
    rows = examination(one.close_session().close().packets())["sessions"][0]["sayings"]
    (row,) = [row for row in rows if row["topic"] == "error"]
    assert row["says"] == "GetObject was answered with InvalidObjectHandle 2 times."
    assert len(row["frames"]) == 2


def test_tells_what_changed_before_an_error() -> None:
    one = talk().open().transaction(0x1016, 0x5007, data_out=struct.pack("<H", 560)).wait(1)
    one.transaction(0x100E, response=0x2002).close_session().close()
    assert sayings(one.packets(), "error") == [
        ("problem", "InitiateCapture was answered with GeneralError; in the seconds before: FNumber set to f/5.6."),
    ]


def test_forgets_what_changed_long_before_an_error() -> None:
    one = talk().open().transaction(0x1016, 0x5007, data_out=struct.pack("<H", 560)).wait(20)
    one.transaction(0x100E, response=0x2002).close_session().close()
    assert sayings(one.packets(), "error")[0][1] == "InitiateCapture was answered with GeneralError."


@pytest.mark.parametrize(("rounds", "told"), [(2, False), (3, True), (12, True)])
def test_tells_of_a_busy_loop_and_its_end(rounds: int, told: bool) -> None:
    one = talk().open()
    for _ in range(rounds):
        one.transaction(0x100E, response=0x2019).wait(0.1)
    said = sayings(one.transaction(0x100E).close_session().close().packets(), "busy")
    assert bool(said) is told
    if told:
        assert f"DeviceBusy {rounds} times in a row over" in said[0][1]
        assert said[0][1].endswith("to InitiateCapture; then InitiateCapture was answered OK.")


def test_tells_a_loop_once_and_not_as_errors_too() -> None:
    one = talk().open()
    for _ in range(5):
        one.transaction(0x1009, 1, response=0x2009)
    packets = one.close_session().close().packets()
    assert len(sayings(packets, "busy")) == 1
    assert sayings(packets, "error") == []


@pytest.mark.parametrize(("seconds", "told"), [(0.5, False), (3.0, True)])
def test_tells_of_an_answer_that_took_long(seconds: float, told: bool) -> None:
    one = talk().open().request(0x100E).wait(seconds).response().close_session().close()
    said = sayings(one.packets(), "latency")
    assert bool(said) is told
    if told:
        assert said[0][1].startswith("InitiateCapture took 3")


def test_tells_of_a_probe_that_nobody_answered() -> None:
    one = talk().open().probe(TO_INITIATOR, answered=False).wait(20).get_property().close_session().close()
    ((grade, says),) = sayings(one.packets(), "probe")
    assert (grade, says) == (
        "problem", "The camera probed whether the initiator “desk” is still there, and got no answer.",
    )  # fmt: skip


def test_says_nothing_of_a_probe_that_was_answered() -> None:
    assert sayings(talk().open().probe().wait(20).close_session().close().packets(), "probe") == []


def test_does_not_know_of_an_answer_behind_the_end_of_the_capture() -> None:
    assert [grade for grade, _ in sayings(talk().open().probe(answered=False).packets(), "probe")] == ["unknown"]


def test_blames_nobody_for_a_probe_answer_that_was_lost() -> None:
    packets = talk().open().probe().wait(20).probe().close_session().close().packets()
    lost = damage.segments(packets, "event", TO_INITIATOR)[1]
    said = sayings(damage.drop(packets, lost), "probe")
    assert "problem" not in [grade for grade, _ in said]


def test_does_not_go_by_the_order_of_packets_in_the_file() -> None:
    packets = talk().open().probe().wait(20).close_session().close().packets()
    asked, answer = damage.segments(packets, "event")[-2:]
    packets[asked], packets[answer] = packets[answer], packets[asked]
    assert sayings(packets, "probe") == []


def test_takes_no_earlier_answer_for_that_to_a_later_probe() -> None:
    one = talk().open().probe().wait(5).probe(answered=False).wait(20).get_property().close_session().close()
    ((grade, says),) = sayings(one.packets(), "probe")
    assert (grade, says) == (
        "problem", "The initiator “desk” probed whether the camera is still there, and got no answer.",
    )  # fmt: skip


def test_says_who_cancelled_and_not_that_it_failed() -> None:
    one = talk().open().request(0x1009, 3).start_data(9000).data(bytes(1000)).cancel().data(b"", last=True)
    packets = one.response(0x201F).close_session().close().packets()
    rows = examination(packets)["sessions"][0]["sayings"]
    (row,) = [row for row in rows if row["topic"] == "cancel"]
    assert row["grade"] == "fine"
    assert row["says"] == (
        "The initiator “desk” cancelled GetObject(handle=0x3), which was then answered with TransactionCanceled."
    )
    assert len(row["frames"]) == 4  # the request, a Cancel on each connection, the response
    assert not any(row["topic"] == "error" for row in rows)


def test_tells_of_an_operation_that_was_cancelled_by_nobody() -> None:
    one = talk().open().transaction(0x1009, 3, response=0x201F).close_session().close()
    assert sayings(one.packets(), "error") == [
        ("problem", "GetObject(handle=0x3) was answered with TransactionCanceled."),
    ]


def test_tells_of_a_request_that_never_got_its_answer() -> None:
    one = talk().open().request(0x1004).wait(240).get_property().close_session().close()
    packets = one.packets()
    rows = examination(packets)["sessions"][0]["sayings"]
    (row,) = [row for row in rows if row["topic"] == "unanswered"]
    assert row["grade"] == "problem"
    said = "GetStorageIDs got no response with its TransactionID, though the camera acknowledged it; "
    assert row["says"] == f"{said}the next request came 4 min 00 s later."
    assert not any(row["says"].startswith("Nothing went wrong") for row in rows)


def test_does_not_know_of_answers_in_a_direction_that_was_not_captured() -> None:
    packets = talk().open().get_property().get_property().close_session().close().packets()
    rows = sayings(damage.one_direction_only(packets, TO_RESPONDER), "unanswered")
    assert rows == [
        ("unknown", "The answers to 3 operations are not in the capture: whether there were any can't be known."),
    ]


def test_does_not_say_that_a_request_was_not_captured_where_everything_was() -> None:
    one = talk().open()
    one.said(7, struct.pack("<IIHI", 14, 7, 0x2002, 9), TO_INITIATOR, "command", 9, 0x2002)
    ((_, says),) = sayings(one.close_session().close().packets(), "error")
    assert says == "The camera answered GeneralError (TransactionID 9) to no request that the capture has."
    early = talk().open().request(0x1009, 1).response(0x2009).close_session().close().packets()
    place = damage.segments(early, "command", TO_RESPONDER)[2]
    ((_, says),) = sayings(damage.drop(early, place), "error")
    assert says.startswith("An operation that is not in the capture was answered with InvalidObjectHandle")


def test_measures_no_answer_with_clocks_that_contradict_the_acknowledgments() -> None:
    one = talk().open().get_property().get_property().get_property().close_session().close()
    late = [replace(packet, time_ns=packet.time_ns + 5 * 10**9 * (packet.direction == TO_INITIATOR))
            for packet in one.packets()]  # fmt: skip
    assert sayings(late, "latency") == []  # SYN and its answer are as far apart
    packets = damage.without_handshake(late)
    assert sayings(packets, "latency") == []
    ((grade, says),) = sayings(packets, "clock")
    assert grade == "unknown"
    assert "The times contradict what the packets acknowledge" in says


def test_finds_a_cancel_that_the_file_has_behind_the_answer() -> None:
    one = talk().open().request(0x1009, 3).start_data(9000).data(bytes(1000)).cancel().data(b"", last=True)
    packets = one.response(0x201F).close_session().close().packets()
    late = [replace(packet, time_ns=packet.time_ns + 3 * 10**6 * (packet.direction == TO_RESPONDER))
            for packet in packets]  # fmt: skip
    assert len(sayings(sorted(late, key=lambda packet: packet.time_ns), "cancel")) == 1


def test_takes_no_whole_second_for_a_second() -> None:
    """Where times are cut to seconds, two packets of the same millisecond may be a second apart."""
    packets = talk().open().get_property().close_session().close().packets()
    half = damage.segments(packets, "command", TO_INITIATOR)[3]
    whole = [replace(one, time_ns=(10**18 + (at >= half) * 10**9)) for at, one in enumerate(packets)]
    assert sayings(whole, "latency") == []


def test_does_not_know_whether_a_probe_arrived_that_was_not_acknowledged() -> None:
    packets = talk().open().probe(answered=False).wait(20).close(connections=["event"]).packets()
    asked = damage.segments(packets, "event")[-1]
    deaf = [one for at, one in enumerate(packets)
            if at <= asked or one.connection != "event" or one.direction == TO_RESPONDER]  # fmt: skip
    assert [grade for grade, _ in sayings(deaf, "probe")] == ["unknown"]
