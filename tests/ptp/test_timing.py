"""Where the time of a transaction went is told to the nanosecond, and not at all where it can't be known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support import RECORDED, analysed, in_batches, rows
from tests.traffic import STORIES, Conversation, Packet, capture, conversation, damage, pcap_bytes
from tests.traffic.timed import answered, asked, at_once, later, sent_again, shut, tapped, unseen

GET, SEND = "GetObject", "SendObject"
FIRST = 2  # segments of each side on the command connection before GetObject: the greeting and OpenSession
LAN = (0.00002, 0.004)  # captured at the initiator, 4 ms from the responder
PHOTO = bytes(range(256)) * 40


def download() -> list[Packet]:
    """GetObject in nine segments, without any time passing."""
    return at_once(conversation().open().get_object(1, PHOTO).get_property().packets())


def upload() -> list[Packet]:
    return at_once(conversation().open().transaction(0x100D, data_out=PHOTO).get_property().packets())


def last_answer(packets: list[Packet]) -> int:
    """The place of the response to GetObject: three segments before the end are those of GetDevicePropValue."""
    return answered(packets, -4)


def row_of(packets: list[Packet], operation: str = GET) -> dict[str, Any]:
    with analysed(packets) as analysis:
        (found,) = (row for row in rows(analysis, "transactions") if row["operation"] == operation)
    return found


def times(row: dict[str, Any]) -> dict[str, Any]:
    names = ("think_s", "device_s", "transfer_s", "stalled_s", "transfer_stalled_s", "stall_cause")
    return {name: row[name] for name in names}


def test_parts_a_transaction_into_thinking_waiting_and_transfer() -> None:
    packets = later(download(), asked(download(), FIRST), 1.0)
    packets = later(packets, answered(packets, FIRST), 0.2)
    packets = later(packets, answered(packets, FIRST + 4), 0.04)
    packets = later(packets, last_answer(packets), 0.03)
    assert times(row_of(packets)) == {
        "think_s": 1.0, "device_s": 0.23, "transfer_s": 0.04, "stalled_s": 0.0, "transfer_stalled_s": 0.0,
        "stall_cause": None,
    }  # fmt: skip


def test_waits_for_the_responder_only_behind_the_data_of_an_upload() -> None:
    packets = upload()
    packets = later(packets, asked(packets, FIRST + 1), 0.3)  # the initiator takes its time with the first data
    packets = later(packets, asked(packets, FIRST + 4), 0.04)
    packets = later(packets, answered(packets, FIRST), 0.2)
    row = row_of(packets, SEND)
    assert (row["first_byte_s"], row["transfer_s"], row["device_s"], row["stalled_s"]) == (0.3, 0.04, 0.2, 0.0)


@pytest.mark.parametrize("way", ["in", "out"])
def test_finds_the_stall_of_a_closed_window(way: str) -> None:
    packets = download() if way == "in" else upload()
    place = answered(packets, FIRST + 4) if way == "in" else asked(packets, FIRST + 4)
    row = row_of(shut(packets, place, 0.5), GET if way == "in" else SEND)
    assert times(row) | {"think_s": 0.0} == {
        "think_s": 0.0, "device_s": 0.0, "transfer_s": 0.5, "stalled_s": 0.5, "transfer_stalled_s": 0.5,
        "stall_cause": "zero-window",
    }  # fmt: skip


@pytest.mark.parametrize("seen", [sent_again, unseen])
def test_finds_the_stall_of_a_lost_segment_at_either_side_of_the_loss(
    seen: Callable[[list[Packet], int, float, int], list[Packet]],
) -> None:
    packets = download()
    packets = seen(packets, answered(packets, FIRST + 3), 0.3, answered(packets, FIRST + 6))
    row = row_of(packets)
    assert (row["stalled_s"], row["transfer_stalled_s"], row["stall_cause"]) == (0.3, 0.3, "retransmission")
    assert row["transfer_s"] == 0.3


def test_does_not_blame_a_window_that_was_closed_for_a_moment() -> None:
    packets = shut(download(), answered(download(), FIRST + 4), 0.1)
    for seconds, cause in ((0.1, "zero-window"), (0.101, "silence")):
        row = row_of(later(packets, answered(packets, FIRST + 4), seconds))
        assert (row["stalled_s"], row["stall_cause"]) == (0.1 + seconds, cause)


def test_knows_a_window_that_stayed_closed_until_the_end_of_the_capture() -> None:
    packets = shut(download(), answered(download(), FIRST + 4), 0.5)
    opened = answered(packets, FIRST + 4) - 1
    rest = [packet for packet in packets[opened + 1 :] if packet.direction == "to-initiator"]
    row = row_of([*packets[:opened], *rest])
    assert (row["stalled_s"], row["stall_cause"]) == (0.5, "zero-window")


def test_adds_up_pauses_and_names_what_took_longest() -> None:
    packets = later(download(), answered(download(), FIRST + 2), 0.2)
    packets = later(packets, answered(packets, FIRST + 3), 0.2)
    packets = sent_again(packets, answered(packets, FIRST + 3), 0.3, answered(packets, FIRST + 6))
    row = row_of(packets)
    assert (row["stalled_s"], row["stall_cause"]) == (0.7, "silence")


def test_takes_no_short_pause_for_a_stall() -> None:
    packets = later(download(), answered(download(), FIRST + 4), 0.049)
    assert row_of(packets)["stalled_s"] == 0.0
    packets = later(packets, answered(packets, FIRST + 4), 0.001)
    row = row_of(packets)
    assert (row["stalled_s"], row["stall_cause"]) == (0.05, "silence")


def test_takes_no_thinking_for_a_stall() -> None:
    packets = download()
    packets = later(packets, answered(packets, FIRST), 5.0)
    assert (row_of(packets)["stalled_s"], row_of(packets)["device_s"]) == (0.0, 5.0)


# A request that was sent again


def asked_twice(tap: tuple[float, float] | None = LAN, then: float = 0.1, acknowledged: bool = False) -> list[Packet]:
    """The request is sent a second time after 0.3 s, and answered after that."""
    packets = download()
    request = asked(packets, FIRST)
    packets = sent_again(packets, request, 0.3, request + 1)
    if acknowledged:
        answer = packets[answered(packets, FIRST)]
        packets.insert(request + 1, replace(answer, payload=b"", time_ns=packets[request].time_ns))
    packets = later(packets, answered(packets, FIRST), then)
    return damage.without_handshake(packets) if tap is None else tapped(packets, *tap)


def test_waits_in_vain_until_a_lost_request_was_sent_again() -> None:
    row = row_of(asked_twice())
    assert (row["device_s"], row["stalled_s"], row["transfer_stalled_s"]) == (0.4, 0.3, 0.0)
    assert row["stall_cause"] == "retransmission"


@pytest.mark.parametrize(
    "packets",
    [
        pytest.param(asked_twice(then=0.003), id="answered before the second copy can have arrived"),
        pytest.param(asked_twice(LAN[::-1]), id="captured where both copies arrived"),
        pytest.param(asked_twice(acknowledged=True), id="the first copy was acknowledged"),
    ],
)
def test_does_not_blame_the_network_where_the_first_request_had_arrived(packets: list[Packet]) -> None:
    row = row_of(packets)
    assert (row["stalled_s"], row["stall_cause"]) == (0.0, None)
    assert row["device_s"] >= 0.3


def test_waits_in_vain_until_the_last_of_the_data_was_sent_again() -> None:
    packets = upload()
    answer = answered(packets, FIRST)
    packets = sent_again(packets, answer - 1 if packets[answer - 1].payload else asked(packets, -3), 0.3, answer)
    row = row_of(tapped(later(packets, answered(packets, FIRST), 0.1), *LAN), SEND)
    assert (row["device_s"], row["stalled_s"], row["transfer_stalled_s"]) == (0.4, 0.3, 0.0)


def test_can_not_know_what_a_second_request_did_where_no_handshake_tells_the_way() -> None:
    row = row_of(asked_twice(None))
    assert (row["stalled_s"], row["stall_cause"], row["device_s"]) == (None, None, 0.4)


def test_counts_a_window_that_the_initiator_opened_right_before_the_answer() -> None:
    packets = download()
    row = row_of(shut(packets, answered(packets, FIRST), 0.5))
    assert (row["device_s"], row["stalled_s"], row["stall_cause"]) == (0.5, 0.5, "zero-window")
    packets = shut(packets, answered(packets, FIRST), 0.5)
    row = row_of(later(packets, answered(packets, FIRST), 0.2))  # it thought on behind that
    assert (row["device_s"], row["stalled_s"]) == (0.7, 0.0)


# Thinking


def test_does_not_let_the_initiator_think_while_its_response_was_on_the_way() -> None:
    packets = download()
    response, request = answered(packets, FIRST - 1), asked(packets, FIRST)
    assert row_of(later(packets, request, 1.0))["think_s"] == 1.0
    assert row_of(sent_again(packets, response, 1.0, request))["think_s"] is None


def test_does_not_think_across_a_transaction_that_the_capture_lost() -> None:
    one = conversation().open().get_property().get_object(1, PHOTO)
    packets = at_once(one.packets())
    middle = range(asked(packets, FIRST), asked(packets, FIRST + 1))
    lossy = [packet for at, packet in enumerate(packets) if at not in middle]
    assert row_of(packets)["think_s"] == 0.0
    assert row_of(lossy)["think_s"] is None


def test_does_not_think_from_the_middle_of_a_transaction_that_has_no_response() -> None:
    one = conversation().open().request(0x1015, 0x5001).data_phase(b"x").get_object(1, PHOTO)
    assert row_of(at_once(one.packets()))["think_s"] is None


def test_knows_no_time_before_the_first_request() -> None:
    with analysed(conversation().open().packets()) as analysis:
        assert [row["think_s"] for row in rows(analysis, "transactions")] == [None]


def test_knows_no_time_that_ran_backwards() -> None:
    packets = download()
    row = row_of(damage.clock_set(packets, asked(packets, FIRST), -(10**9)))
    assert (row["think_s"], row["device_s"]) == (None, 0.0)
    row = row_of(damage.clock_set(packets, answered(packets, FIRST), -(10**9)))
    assert (row["device_s"], row["stalled_s"]) == (None, None)


# The way


def test_measures_the_way_by_an_acknowledgment_that_came_alone() -> None:
    packets = download()
    request = asked(packets, FIRST)
    answer = packets[answered(packets, FIRST)]
    alone = replace(answer, payload=b"", time_ns=packets[request].time_ns)
    packets = later([*packets[: request + 1], alone, *packets[request + 1 :]], request + 1, 0.004)
    assert row_of(packets)["acknowledged_s"] == 0.004


def test_does_not_take_an_answer_or_an_old_acknowledgment_for_one() -> None:
    packets = later(download(), answered(download(), FIRST), 0.2)
    assert row_of(packets)["acknowledged_s"] is None
    request = asked(packets, FIRST)
    answer = packets[answered(packets, FIRST)]
    old = replace(answer, payload=b"", acknowledgment=(answer.acknowledgment - 1) & 0xFFFFFFFF)
    assert row_of([*packets[: request + 1], old, *packets[request + 1 :]])["acknowledged_s"] is None


# What is missing


def test_knows_no_stall_where_bytes_are_missing() -> None:
    packets = later(download(), answered(download(), FIRST + 4), 0.5)
    row = row_of(damage.drop(packets, answered(packets, FIRST + 4)))
    assert row["status"] == "gap"
    assert times(row) | {"think_s": None, "transfer_s": None} == dict.fromkeys(times(row))


def test_knows_the_first_waiting_and_no_more_of_a_capture_that_ends_early() -> None:
    packets = later(download(), answered(download(), FIRST), 0.2)
    row = row_of(packets[: answered(packets, FIRST + 4)])
    assert (row["first_byte_s"], row["device_s"], row["stalled_s"]) == (0.2, None, None)


def test_parts_what_it_knows_of_a_capture_that_began_later() -> None:
    packets = later(download(), asked(download(), FIRST), 1.0)
    packets = later(packets, answered(packets, FIRST), 0.2)
    row = row_of(packets[answered(packets, FIRST - 1) :])
    assert (row["think_s"], row["device_s"], row["stalled_s"]) == (1.0, 0.2, 0.0)
    assert row_of(packets[asked(packets, FIRST) :])["think_s"] is None


# Whatever happens


def check_sums(found: list[dict[str, Any]]) -> None:
    for row in found:
        device, stalled, within = row["device_s"], row["stalled_s"], row["transfer_stalled_s"]
        assert row["think_s"] is None or row["think_s"] >= 0
        assert (stalled or 0) == 0 or row["stall_cause"] in ("retransmission", "zero-window", "silence")
        if device is None:
            assert stalled is None
            continue
        own = row["first_byte_s"] if row["data_direction"] == "out" else 0
        assert row["latency_s"] == pytest.approx(device + (row["transfer_s"] or 0) + own, abs=1e-9)
        if stalled is not None:
            assert 0 <= stalled - (within or 0) <= device + 1e-9
            assert 0 <= (within or 0) <= (row["transfer_s"] or 0) + 1e-9


@pytest.mark.parametrize("name", STORIES)
def test_parts_what_there_is_and_invents_no_time(name: str) -> None:
    packets = capture(name)
    lossy = [packet for at, packet in enumerate(packets) if at % 5]
    for variant in (packets, lossy, packets[20:]):
        with analysed(variant) as analysis:
            check_sums(rows(analysis, "transactions"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_parts_the_times_of_recorded_captures(path: Any) -> None:
    with in_batches(path) as analysis:
        check_sums(rows(analysis, "transactions"))


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_tells_the_same_of_small_batches(size: int) -> None:
    packets = asked_twice()
    packets = shut(packets, answered(packets, FIRST + 4), 0.5)
    packets = sent_again(packets, answered(packets, FIRST + 5), 0.3, answered(packets, FIRST + 7))
    data = pcap_bytes(packets, nano=True)
    with in_batches(data) as whole, in_batches(data, size) as parts:
        found = rows(whole, "transactions")
        assert found == rows(parts, "transactions")
        assert [row["stalled_s"] for row in found if row["operation"] == GET] == [1.1]
        assert rows(whole, "sessions") == rows(parts, "sessions")


def test_tells_a_stall_where_the_first_byte_is_found_late() -> None:
    """Without SYN the order of the first segments is uncertain, and what came again is known only afterwards."""
    packets = damage.without_handshake(download())
    packets = sent_again(packets, answered(packets, FIRST + 3), 0.3, answered(packets, FIRST + 6))
    row = row_of(packets)
    assert (row["stalled_s"], row["stall_cause"]) == (0.3, "retransmission")


def test_keeps_sessions_apart() -> None:
    """One camera is slow while another one's client thinks."""
    slow, quick = (
        Conversation(number=number, command_port=50001 + 2 * number, event_port=50002 + 2 * number,
                     initiator=f"192.168.1.{20 + number}").open().get_object(1, PHOTO).get_property()
        for number in range(2)
    )  # fmt: skip
    first = later(at_once(slow.packets()), answered(download(), FIRST + 4), 2.0)
    other = later(at_once(quick.packets()), asked(download(), FIRST), 2.0)
    with analysed(damage.interleave(first, other)) as analysis:
        found = [row for row in rows(analysis, "transactions") if row["operation"] == GET]
    assert [(row["think_s"], row["stalled_s"]) for row in found] == [(0.0, 2.0), (2.0, 0.0)]
