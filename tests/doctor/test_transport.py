"""The network, and what the capture lost: told apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ptpip_analyze.doctor.transport import Marks
from tests.traffic import TO_INITIATOR, TO_RESPONDER, Packet, damage
from tests.traffic import conversation as talk
from tests.traffic.packet import ACK, RST

from .made import examination, sayings


def download() -> list:
    return talk(mss=500).open().get_object(1, bytes(20_000)).close_session().close().packets()


def test_tells_of_a_network_that_loses_packets() -> None:
    packets = download()
    for place in range(10, 26, 2):
        packets = damage.retransmit(packets, place, after=1)
    ((grade, says),) = sayings(packets, "network")
    assert grade == "problem"
    assert "that the camera sent on the command connection came again or out of order" in says


def test_says_nothing_of_a_few_retransmissions() -> None:
    assert sayings(damage.retransmit(download(), 12), "network") == []


def test_blames_the_capture_for_what_it_lacks() -> None:
    packets = download()
    lost = damage.segments(packets, "command", TO_INITIATOR)[8:10]
    ((grade, says),) = sayings(damage.drop(packets, *lost), "capture")
    assert grade == "unknown"
    assert says.startswith("1 kB of the conversation")
    assert "the capture lost them, not the peers" in says


def test_counts_messages_that_break_their_layout() -> None:
    one = talk().open().message(7, b"\1\2\3", TO_INITIATOR, status="malformed").close_session().close()
    packets = one.packets()
    (row,) = [row for row in examination(packets)["sessions"][0]["sayings"] if row["topic"] == "messages"]
    assert row["says"].startswith("1 message breaks its layout")
    (frame,) = row["frames"]
    assert packets[frame - 1].payload[4] == 7


def test_says_whose_window_was_closed() -> None:
    packets = talk(mss=500).open().get_object(1, bytes(9000)).close_session().close().packets()
    place = damage.segments(packets).index(damage.segments(packets, "command", TO_INITIATOR)[6])
    shut = damage.zero_window(packets, place)
    ((grade, says),) = sayings(shut, "window")
    assert grade == "slow"
    assert says == "The initiator “desk” closed its receive window: it was slow to take data."
    place = damage.segments(shut).index(damage.segments(shut, "command", TO_INITIATOR)[12])
    ((_, says),) = sayings(damage.zero_window(shut, place), "window")
    assert "closed its receive window 2 times" in says


def test_counts_a_window_once_that_stays_closed() -> None:
    packets = talk(mss=500).open().get_object(1, bytes(9000)).close_session().close().packets()
    at = next(at for at, one in enumerate(packets) if not one.payload and at > 20 and one.direction == TO_RESPONDER)
    closed = replace(packets[at], window=0)
    ((_, says),) = sayings([*packets[:at], *[closed] * 10, *packets[at:]], "window")
    assert says == "The initiator “desk” closed its receive window: it was slow to take data."


def silent(copies: int = 8) -> list[Packet]:
    """The camera is gone: a request is sent again and again, and reset at last."""
    spoken = talk().open().wait(1).request(0x1004).wait(0.1).packets()
    packets = [replace(one, options=b"") for one in spoken]  # without timestamps, which would have to go on
    at = damage.segments(packets, "command", TO_RESPONDER)[-1]
    asked = packets[at]
    again = [replace(asked, time_ns=asked.time_ns + number * 3 * 10**9) for number in range(copies)]
    end = replace(asked, payload=b"", flags=RST | ACK, time_ns=again[-1].time_ns + 10**9)
    return [*packets[:at], *again, replace(end, sequence=end.sequence + len(asked.payload))]


def test_says_that_the_camera_stopped_acknowledging() -> None:
    ((grade, says),) = sayings(silent(), "network")
    assert grade == "problem"
    assert says.startswith("The camera stopped acknowledging on the command connection: its last packet in the capture")
    assert "8 segments with data that the initiator “desk” sent after it" in says
    assert "GetStorageIDs" in says
    ((_, end),) = sayings(silent(), "end")
    assert "which was not answered (nor acknowledged)" in end


def test_does_not_say_so_of_what_was_sent_once() -> None:
    assert sayings(silent(1), "network") == []


def test_does_not_say_so_where_the_camera_acknowledged_at_last() -> None:
    packets = silent()
    last = max(at for at, one in enumerate(packets) if one.direction == TO_INITIATOR and one.connection == "command")
    asked = packets[-2]
    late = replace(packets[last], time_ns=packets[-1].time_ns - 1, flags=ACK, payload=b"",
                   sequence=asked.acknowledgment, acknowledgment=asked.sequence + len(asked.payload))  # fmt: skip
    assert not any("stopped" in says for _, says in sayings([*packets[:-1], late, packets[-1]], "network"))


def test_does_not_say_so_of_what_goes_on_without_being_repeated() -> None:
    """The capture stops to see the camera: nothing that is sent comes twice, so its acknowledgments do arrive."""
    one = talk(mss=500).open().send_object(bytes(4000)).wait(3).get_property().wait(3).get_property().wait(3)
    packets = damage.retransmit(one.get_property().packets(), 12)
    last = damage.segments(packets, "command", TO_RESPONDER)[-4]
    half = [packet for at, packet in enumerate(packets) if at < last or packet.direction == TO_RESPONDER]
    assert not any("stopped" in says for _, says in sayings(half, "network"))


def test_remembers_a_closed_window_from_one_part_of_a_capture_to_the_next() -> None:
    was_shut = np.zeros(2, bool)
    parts = [([0, 1, 0], [0, 0, 1]), ([1, 0, 0], [0, 1, 0]), ([0, 0], [1, 1])]
    found = [Marks._closed(np.array(stream), np.array(shut, bool), was_shut).tolist() for stream, shut in parts]
    assert found == [[False, False, True], [False, False, False], [True, False]]
