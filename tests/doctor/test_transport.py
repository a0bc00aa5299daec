"""The network, and what the capture lost: told apart."""

from __future__ import annotations

from tests.traffic import TO_INITIATOR, damage
from tests.traffic import conversation as talk

from .made import sayings


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
    ((_, says),) = sayings(one.packets(), "messages")
    assert says.startswith("1 message breaks its layout")


def test_says_whose_window_was_closed() -> None:
    packets = talk(mss=500).open().get_object(1, bytes(9000)).close_session().close().packets()
    place = damage.segments(packets).index(damage.segments(packets, "command", TO_INITIATOR)[6])
    ((grade, says),) = sayings(damage.zero_window(packets, place), "window")
    assert grade == "slow"
    assert says == "The initiator “desk” closed its receive window 2 times: it was slow to take data."
