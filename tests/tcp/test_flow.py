"""Connections are numbered as Wireshark numbers them, and one set of ports may serve several in turn."""

from __future__ import annotations

import ipaddress
import random
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.tcp import GONE, Connection, Flows
from ptpip_analyze.tcp.continuity import REORDERED_BYTES
from ptpip_analyze.tcp.flow import MOST_LEFT
from tests.engine import Segments, numbered
from tests.traffic import STORIES, TO_INITIATOR, TO_RESPONDER, Packet, capture, conversation, damage, write_pcap

FIN, SYN, RST, ACK = 1, 2, 4, 16
DESK, CAMERA = ("192.168.1.20", 50001), ("192.168.1.1", 15740)
FROM_CAMERA, FROM_DESK = 0, 1  # the camera's address is the lower one
BATCHES = [0, 1, 2, 3, 7]


def said(
    direction: str, flags: int, sequence: int, acknowledgment: int = 0, payload: bytes = b"", time: int = 0
) -> Packet:
    """One packet between the desk and the camera."""
    ends = (DESK, CAMERA) if direction == TO_RESPONDER else (CAMERA, DESK)
    return Packet(time, 0, "command", direction, *ends, sequence, acknowledgment, flags, 0, payload)


def out(flags: int, sequence: int, acknowledgment: int = 0, payload: bytes = b"", time: int = 0) -> Packet:
    return said(TO_RESPONDER, flags, sequence, acknowledgment, payload, time)


def back(flags: int, sequence: int, acknowledgment: int = 0, payload: bytes = b"", time: int = 0) -> Packet:
    return said(TO_INITIATOR, flags, sequence, acknowledgment, payload, time)


def handshake(ours: int = 1000, theirs: int = 9000) -> list[Packet]:
    return [out(SYN, ours), back(SYN | ACK, theirs, ours + 1), out(ACK, ours + 1, theirs + 1)]


def connections(packets: list[Packet], batch: int = 0) -> list[int]:
    """The connection number of each packet; the same whether connections are put away in between or not."""
    streams = numbered(packets, batch)[1]
    assert numbered(packets, batch, away=True)[1] == streams
    return [stream >> 1 for stream in streams]


def address_number(text: str) -> int:
    """An address as a 128-bit number; IPv4 is mapped."""
    address = ipaddress.ip_address(text)
    return int(address) | (0xFFFF << 32 if address.version == 4 else 0)


def tshark_streams(packets: list[Packet], folder: Path) -> list[int]:
    path = write_pcap(folder / "flows.pcap", packets, nano=True)
    command = ["tshark", "-r", str(path), "-T", "fields", "-e", "tcp.stream"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [int(line) for line in listed.split()]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", STORIES)
def test_keeps_connections_and_directions_apart_in_every_story(name: str, batch: int) -> None:
    packets = capture(name)
    flows, streams = numbered(packets, batch)
    order = list(dict.fromkeys((packet.conversation, packet.connection) for packet in packets))
    assert len(flows.connections) == len(order)
    for packet, stream in zip(packets, streams, strict=True):
        assert stream >> 1 == order.index((packet.conversation, packet.connection))
        sender = flows.connections[stream >> 1].endpoint(stream & 1)
        assert sender[1] == packet.source[1]


@pytest.mark.parametrize("name", STORIES)
def test_numbers_the_same_where_connections_were_put_away_in_between(name: str) -> None:
    packets = capture(name)
    assert numbered(packets, 1, away=True)[1] == numbered(packets, 1)[1]


def test_remembers_nothing_of_connections_to_which_nothing_can_belong_any_more() -> None:
    first = [*handshake(), out(RST | ACK, 1001, 9001)]
    packets = [packet for number in range(50) for packet in (*first, *handshake(5_000_000 * number, 44))]
    flows, _ = numbered(packets, 1, away=True)
    assert len(flows.connections) > 50
    assert len(flows._away) == 1
    assert all(connection is GONE for connection in flows.connections)


@pytest.mark.parametrize("name", ["ports_again", "ports_again_without_close", "two_initiators", "over_ipv6"])
def test_numbers_connections_as_wireshark_does(name: str, tmp_path: Path) -> None:
    packets = capture(name)
    assert connections(packets) == tshark_streams(packets, tmp_path)


def test_numbers_repeated_and_renewed_syns_as_wireshark_does(tmp_path: Path) -> None:
    packets = [
        out(SYN, 1000),
        out(SYN, 1000),
        back(SYN | ACK, 9000, 1001),
        back(SYN | ACK, 9000, 1001),
        out(ACK, 1001, 9001),
        out(ACK, 1001, 9001, b"one"),
        out(SYN, 2_000_000_000),
        back(SYN | ACK, 77, 2_000_000_001),
        out(ACK, 2_000_000_001, 78, b"two"),
        back(ACK, 78, 2_000_000_004),
        out(SYN, 3_000_000_000),
        out(SYN, 3_000_000_000),
    ]
    packets = [replace(packet, time_ns=1000 * at) for at, packet in enumerate(packets)]
    for batch in BATCHES:
        assert connections(packets, batch) == tshark_streams(packets, tmp_path) == [0] * 6 + [1] * 4 + [2] * 2


def test_counts_connections_in_order_of_first_packet() -> None:
    """Forty of them at once, more than there is room for at first; addresses in an order of their own."""
    packets = []
    for number in range(40):
        port = 50_000 + number * 37 % 41
        packets.append(replace(out(ACK, 5, 5, b"x"), source=(DESK[0], port)))
        packets.append(replace(back(ACK, 5, 6, b"y"), destination=(DESK[0], port)))
    random.Random(1).shuffle(packets)
    ports = [packet.source[1] if packet.source[1] != 15740 else packet.destination[1] for packet in packets]
    order = list(dict.fromkeys(ports))
    expected = [order.index(port) for port in ports]
    for batch in (0, 1, 9):
        assert connections(packets, batch) == expected


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        (("10.0.0.1", 9), ("10.0.0.2", 1)),
        (("10.0.0.1", 1), ("10.0.0.1", 9)),
        (("::1", 9), ("::2", 1)),
        (("2001:db8::ffff:ffff:ffff:ffff", 9), ("2001:db8:1::", 1)),
        (("10.0.0.1", 9), ("2001:db8::1", 1)),
    ],
)
def test_calls_the_lower_endpoint_direction_zero(lower: tuple[str, int], higher: tuple[str, int]) -> None:
    up = replace(out(ACK, 1, 1, b"a"), source=lower, destination=higher)
    down = replace(up, source=higher, destination=lower)
    for packets, expected in (([up, down], [0, 1]), ([down, up], [1, 0])):
        flows, streams = numbered(packets)
        assert streams == expected
        assert (flows.connections[0].low[1], flows.connections[0].high[1]) == (lower[1], higher[1])
        assert flows.connections[0].low[0] == address_number(lower[0])
        assert flows.connections[0].high[0] == address_number(higher[0])


def test_keeps_a_connection_apart_that_differs_in_one_address_or_port_only() -> None:
    first = out(ACK, 1, 1, b"a")
    others = [
        replace(first, source=("192.168.1.21", 50001)),
        replace(first, source=("192.168.1.20", 50002)),
        replace(first, destination=("192.168.1.2", 15740)),
        replace(first, destination=("192.168.1.1", 15741)),
        replace(first, source=("2001:db8::1", 50001), destination=("2001:db8::2", 15740)),
        replace(first, source=("2001:db9::1", 50001), destination=("2001:db8::2", 15740)),
        replace(first, source=("2001:db8::1", 50001), destination=("2001:db9::2", 15740)),
    ]
    assert connections([first, *others, *reversed(others), first]) == [*range(8), *reversed(range(1, 8)), 0]


def test_answers_no_segments_with_no_numbers() -> None:
    flows = Flows()
    seen = Segments([])
    assert seen.assign(flows, 0, 0).tolist() == []
    assert flows.connections == []


# Which SYN opens a connection, and which belongs to the one that is there


@pytest.mark.parametrize("batch", BATCHES)
def test_begins_a_new_connection_when_its_ports_are_used_again(batch: int) -> None:
    first = [*handshake(), out(ACK, 1001, 9001, b"one"), out(FIN | ACK, 1004, 9001), back(FIN | ACK, 9001, 1005)]
    second = [*handshake(5_000, 44), out(ACK, 5001, 45, b"two")]
    assert connections(first + second, batch) == [0] * len(first) + [1] * len(second)


@pytest.mark.parametrize("batch", BATCHES)
def test_begins_a_new_connection_when_the_old_one_never_ended(batch: int) -> None:
    first = [*handshake(), out(ACK, 1001, 9001, b"one")]
    second = handshake(7_000, 44)
    assert connections(first + second, batch) == [0] * 4 + [1] * 3


@pytest.mark.parametrize("batch", BATCHES)
def test_takes_a_repeated_syn_as_the_same_connection(batch: int) -> None:
    packets = [out(SYN, 1000), *handshake(), out(ACK, 1001, 9001, b"one"), back(SYN | ACK, 9000, 1001)]
    flows, streams = numbered(packets, batch)
    assert {stream >> 1 for stream in streams} == {0}
    assert flows.connections[0].syn_sequence[FROM_DESK] == 1000
    assert flows.connections[0].syn_sequence[FROM_CAMERA] == 9000


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("ended", [[FIN, FIN], [RST]])
def test_begins_a_new_connection_at_the_very_same_syn_behind_the_end(batch: int, ended: list[int]) -> None:
    """A machine whose clock of sequence numbers stands still: the times tell that this is no late copy."""
    closing = zip((out, back), ended, (1004, 9001), strict=False)
    ends = [made(flag | ACK, number, 0, time=5) for made, flag, number in closing]
    first = [*handshake(), out(ACK, 1001, 9001, b"one", time=4), *ends]
    again = [replace(packet, time_ns=9) for packet in handshake()] + [out(ACK, 1001, 9001, b"two", time=9)]
    assert connections(first + again, batch) == [0] * len(first) + [1] * len(again)
    copied = [replace(packet, time_ns=3) for packet in again]
    assert connections(first + copied, batch) == [0] * (len(first) + len(again)), "by its time a copy"
    open_still = first[:-1] if len(ended) == 2 else first[:-2]
    assert connections(open_still + again, batch) == [0] * (len(open_still) + len(again)), "not at an end"


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("sequence", [1001, 1001 + REORDERED_BYTES])
def test_takes_a_syn_that_was_written_after_its_data_as_the_same_connection(batch: int, sequence: int) -> None:
    packets = [out(ACK, sequence, 9001, b"early"), out(SYN, 1000), back(SYN | ACK, 9000, 1001)]
    flows, streams = numbered(packets, batch)
    assert streams == [FROM_DESK, FROM_DESK, FROM_CAMERA]
    assert flows.connections[0].syn_from == FROM_DESK


@pytest.mark.parametrize("batch", BATCHES)
def test_takes_a_late_syn_as_the_same_connection_across_the_wrap(batch: int) -> None:
    assert connections([out(ACK, 3, 9001, b"early"), out(SYN, 0xFFFFFFFE)], batch) == [0, 0]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("sequence", [1002 + REORDERED_BYTES, 1000 - REORDERED_BYTES & 0xFFFFFFFF])
def test_begins_a_new_connection_when_a_syn_is_far_from_the_data_before_it(batch: int, sequence: int) -> None:
    assert connections([out(ACK, sequence, 9001, b"older"), out(SYN, 1000)], batch) == [0, 1]


@pytest.mark.parametrize("batch", BATCHES)
def test_takes_a_late_syn_by_where_the_settled_stream_began(batch: int) -> None:
    """More segments than are held back: offset 0 of the stream is settled when the SYN comes."""
    data = [out(ACK, 1001 + 10 * at, 9001, b"0123456789") for at in range(60)]
    assert set(connections([*data, out(SYN, 1000)], batch)) == {0}
    assert connections([*data, out(SYN, 3_000_000)], batch) == [0] * 60 + [1]


@pytest.mark.parametrize("batch", BATCHES)
def test_takes_an_answer_that_was_written_before_its_syn_as_the_same_connection(batch: int) -> None:
    packets = [back(SYN | ACK, 9000, 1001), out(SYN, 1000), out(ACK, 1001, 9001)]
    flows, streams = numbered(packets, batch)
    assert streams == [FROM_CAMERA, FROM_DESK, FROM_DESK]
    assert flows.connections[0].syn_from == FROM_DESK


@pytest.mark.parametrize("batch", BATCHES)
def test_takes_a_syn_by_what_the_other_side_has_acknowledged(batch: int) -> None:
    assert connections([back(ACK, 9001, 1001, b"data"), out(SYN, 1000)], batch) == [0, 0]
    assert connections([back(ACK, 9001, 1001 + REORDERED_BYTES, b"data"), out(SYN, 1000)], batch) == [0, 0]
    far = [back(ACK, 9001, 1002 + REORDERED_BYTES, b"data"), out(SYN, 1000)]
    assert connections(far, batch) == [0, 1]
    another = replace(out(ACK, 1, 1, b"x"), source=(DESK[0], 40_000))
    assert connections([another, *far], batch) == [0, 1, 2]


@pytest.mark.parametrize("batch", BATCHES)
def test_takes_an_answer_that_fits_its_syn_even_behind_a_reset(batch: int) -> None:
    """Written out of order: the reset came after the answer."""
    packets = [out(SYN, 1000), out(RST, 1001), back(SYN | ACK, 9000, 1001)]
    assert connections(packets, batch) == [0, 0, 0]


@pytest.mark.parametrize("batch", BATCHES)
def test_begins_a_new_connection_at_an_answer_that_fits_no_syn_of_a_closed_one(batch: int) -> None:
    packets = [out(SYN, 1000), out(RST, 1001), back(SYN | ACK, 9000, 777_001)]
    assert connections(packets, batch) == [0, 0, 1]


@pytest.mark.parametrize("batch", BATCHES)
def test_begins_a_new_connection_at_the_answer_to_a_lost_syn_behind_a_refusal(batch: int) -> None:
    """Though the refusal and the answer have the same sequence number."""
    packets = [out(SYN, 1000), back(RST | ACK, 9000, 1001), back(SYN | ACK, 9000, 777_000_001)]
    assert connections(packets, batch) == [0, 0, 1]


@pytest.mark.parametrize("batch", BATCHES)
def test_takes_any_answer_while_the_connection_is_open(batch: int) -> None:
    assert connections([out(SYN, 1000), back(SYN | ACK, 9000, 777_001)], batch) == [0, 0]
    assert connections([out(ACK, 1001, 9001), back(SYN | ACK, 9000, 1001)], batch) == [0, 0]


@pytest.mark.parametrize("batch", BATCHES)
def test_begins_a_new_connection_at_an_answer_behind_a_close_without_any_syn(batch: int) -> None:
    assert connections([out(RST, 1001), back(SYN | ACK, 9000, 1001)], batch) == [0, 1]


def test_begins_a_new_connection_at_a_syn_behind_a_reset_of_the_other_side() -> None:
    """Only the camera's side of the older connection was seen."""
    packets = [back(SYN, 40), back(RST, 41), out(SYN, 1000)]
    assert connections(packets, 1) == [0, 0, 1]
    assert connections([back(SYN, 40), out(SYN, 1000)], 1) == [0, 0], "both sides may open at once"


def test_begins_with_the_first_packet_of_a_direction_in_its_own_batch() -> None:
    """A far older direction does not decide for the one whose SYN is judged."""
    packets = [back(ACK, 3_000_000_000, 1001, b"data"), out(ACK, 1001, 9001, b"early"), out(SYN, 1000)]
    assert connections(packets) == [0, 0, 0]


def over(seq: int = 1001, other: int = 9001) -> list:
    return [
        out(SYN, seq - 1),
        back(SYN | ACK, other - 1, seq),
        out(ACK, seq, other, b"data"),
        out(FIN | ACK, seq + 4, other),
        back(FIN | ACK, other, seq + 5),
        out(ACK, seq + 5, other + 1),
    ]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("far", [50_000_000, -50_000_000])
def test_begins_a_new_connection_behind_the_end_of_one_without_a_syn(batch: int, far: int) -> None:
    """The same ports are used again, and the capture lacks the new handshake: nothing of it may disappear."""
    first = (1001 + far) % 2**32
    packets = [*over(), out(ACK, first, 77, b"again"), back(ACK, 77, first + 5), out(ACK, first + 5, 77, b"more")]
    assert connections(packets, batch) == [0] * 6 + [1] * 3


@pytest.mark.parametrize("batch", BATCHES)
def test_keeps_what_is_near_the_end_of_a_connection(batch: int) -> None:
    packets = [*over(), out(ACK, 1001, 9001, b"data"), back(ACK, 9002, 1006)]
    assert connections(packets, batch) == [0] * 8
    half = over()[:4]
    assert connections([*half, back(ACK, 80_000_000, 1006, b"late")], batch) == [0] * 5, "only one side has ended it"


# What is recorded


def test_knows_who_opened_and_where_the_streams_begin() -> None:
    flows, _ = numbered(handshake())
    only = flows.connections[0]
    assert only.syn_from == FROM_DESK
    assert only.syn_sequence == [9000, 1000]
    assert only.streams[FROM_DESK].base == 1001
    assert only.streams[FROM_CAMERA].base == 9001


def test_learns_from_an_answer_alone_where_the_lost_syn_was() -> None:
    flows, _ = numbered([back(SYN | ACK, 9000, 1001), out(ACK, 1001, 9001, b"data")])
    only = flows.connections[0]
    assert only.syn_from == FROM_DESK
    assert only.syn_sequence == [9000, None]
    assert only.streams[FROM_DESK].base == 1001
    assert only.streams[FROM_DESK].syn


def test_learns_from_an_answer_of_the_higher_endpoint_as_well() -> None:
    camera = ("192.168.1.99", 15740)
    flows, _ = numbered([replace(back(SYN | ACK, 9000, 1001), source=camera)])
    only = flows.connections[0]
    assert only.syn_from == 0
    assert only.syn_sequence == [None, 9000]
    assert [stream.base for stream in only.streams] == [1001, 9001]


def test_keeps_the_beginning_that_a_syn_has_given() -> None:
    """An answer that acknowledges payload of the SYN does not move offset 0."""
    flows, _ = numbered([out(SYN, 1000, 0, b"fast open"), back(SYN | ACK, 9000, 1010)], 1)
    assert flows.connections[0].streams[FROM_DESK].base == 1001


def opened(packets: list[Packet], batch: int = 0) -> Connection:
    return numbered(packets, batch)[0].connections[0]


@pytest.mark.parametrize("batch", [0, 1])
def test_knows_who_closed_first_and_how(batch: int) -> None:
    fin, reset = FIN | ACK, RST | ACK
    cases = [
        ([out(fin, 1001, 9001, time=5), back(fin, 9001, 1002, time=6)], FROM_DESK, "fin"),
        ([back(fin, 9001, 1001, time=5), out(fin, 1001, 9002, time=6)], FROM_CAMERA, "fin"),
        ([out(fin, 1001, 9001, time=5), back(reset, 9001, 1002, time=6)], FROM_DESK, "fin"),
        ([back(reset, 9001, 1001, time=5)], FROM_CAMERA, "reset"),
        ([out(RST | FIN, 1001, time=5)], FROM_DESK, "reset"),
    ]
    for ending, by, kind in cases:
        one = opened([*handshake(), *ending], batch)
        assert (one.closed_by, one.close_kind, one.closed_at) == (by, kind, 5)


@pytest.mark.parametrize("batch", [0, 1])
def test_knows_what_each_side_had_received_when_it_closed(batch: int) -> None:
    ending = [out(FIN | ACK, 1001, 9001, time=5), back(RST | ACK, 9001, 1002, time=6), back(FIN, 9001, 7, time=7)]
    one = opened([*handshake(), *ending], batch)
    assert (one.end_flags[FROM_DESK], one.end_acknowledgments[FROM_DESK]) == (FIN | ACK, 9001)
    assert (one.end_flags[FROM_CAMERA], one.end_acknowledgments[FROM_CAMERA]) == (RST | ACK, 1002)  # its first end


@pytest.mark.parametrize("batch", [0, 1])
def test_takes_the_earlier_of_two_crossing_fins_whichever_was_written_first(batch: int) -> None:
    ours, theirs = out(FIN | ACK, 1001, 9001, time=70), back(FIN | ACK, 9001, 1001, time=69)
    for ending in ([ours, theirs], [theirs, ours]):
        one = opened([*handshake(), *ending], batch)
        assert (one.closed_by, one.closed_at) == (FROM_CAMERA, 69)


def test_says_nothing_of_the_end_of_a_connection_that_goes_on() -> None:
    one = opened([*handshake(), out(ACK, 1001, 9001, b"data")])
    assert (one.closed_by, one.closed_at, one.close_kind) == (None, None, None)


@pytest.mark.parametrize("batch", BATCHES)
def test_bounds_a_connection_by_the_times_that_are_known(batch: int) -> None:
    packets = [*handshake(), out(FIN, 1001, 9001)]
    times = [NO_TIME, 7, 9, NO_TIME]
    one = opened([replace(packet, time_ns=time) for packet, time in zip(packets, times, strict=True)], batch)
    assert (one.first_time, one.last_time, one.closed_at) == (7, 9, NO_TIME)
    one = opened([replace(packet, time_ns=NO_TIME) for packet in packets], batch)
    assert (one.first_time, one.last_time) == (NO_TIME, NO_TIME)


def test_takes_a_close_without_a_time_for_no_earlier_one() -> None:
    ours, theirs = out(FIN | ACK, 1001, 9001, time=70), back(FIN | ACK, 9001, 1001, time=NO_TIME)
    one = opened([*handshake(), ours, theirs])
    assert (one.closed_at, one.closed_by) == (70, FROM_DESK)


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_bounds_each_connection_in_time_and_knows_its_last_packet(batch: int) -> None:
    packets = damage.shuffle(capture("two_pairs"), 6, seed=4)
    flows, streams = numbered(packets, batch)
    for number, one in enumerate(flows.connections):
        own = [at for at, stream in enumerate(streams) if stream >> 1 == number]
        times = [packets[at].time_ns for at in own]
        assert (one.first_time, one.last_time) == (min(times), max(times))
        assert (one.first_packet, one.last_packet) == (own[0], own[-1])


def test_closes_the_connection_whose_ports_are_in_use_and_not_the_one_before_it() -> None:
    first = conversation(seed=1).open().get_object()
    second = conversation(seed=2, number=1, start_ns=first.start_ns + 10**10).open().close("reset", by="responder")
    flows, _ = numbered(damage.in_turn(first.packets(), second.packets()))
    assert [one.close_kind for one in flows.connections] == [None, None, "reset", "reset"]
    assert [one.closed_by for one in flows.connections[2:]] == [FROM_CAMERA] * 2


# The same ports again where neither an end nor a SYN is in the capture


def lost(packets: list[Packet], sizes: range) -> Iterator[tuple[int, int, list[Packet]]]:
    """Packets without each stretch of these sizes: its first packet, its size, what is left."""
    for size in sizes:
        for at in range(len(packets) - size + 1):
            yield at, size, packets[:at] + packets[at + size :]


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("name", ["ports_again", "ports_again_without_close"])
def test_keeps_two_uses_of_the_same_ports_apart_whatever_is_lost_between(name: str, batch: int) -> None:
    for at, size, packets in lost(capture(name), range(1, 9)):
        order = list(dict.fromkeys((packet.conversation, packet.connection) for packet in packets))
        expected = [order.index((packet.conversation, packet.connection)) for packet in packets]
        assert connections(packets, batch) == expected, f"{size} packets from number {at} on lost"


def leap(ours: int, theirs: int, time: int = 0) -> list[Packet]:
    """A few words on the ports of ``handshake``, somewhere else."""
    return [
        out(ACK, ours, theirs, b"again", time),
        back(ACK, theirs, ours + 5, b"here", time),
        out(ACK, ours + 5, theirs + 4, b"more", time),
    ]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(2_100_000_000, 3_000_000_000), (2_100_000_000, 5_000_000), (4_294_000_000 - 2**21, 2**32 - 2**21)],
)
def test_begins_a_new_connection_where_both_sides_leap(batch: int, ours: int, theirs: int) -> None:
    first = [*handshake(), out(ACK, 1001, 9001, b"one"), back(ACK, 9001, 1004)]
    again = [*leap(ours, theirs), out(FIN | ACK, ours + 9, theirs + 4), back(FIN | ACK, theirs + 4, ours + 10)]
    third = leap(700_000_077, 700_000_088)
    flows, streams = numbered([*first, *again, *third], batch)
    assert [stream >> 1 for stream in streams] == [0] * 5 + [1] * 5 + [2] * 3
    assert [connection.close_kind for connection in flows.connections] == [None, "fin", None]


@pytest.mark.parametrize("batch", BATCHES)
def test_goes_back_to_a_connection_that_only_a_stray_segment_interrupted(batch: int) -> None:
    first = [*handshake(), out(ACK, 1001, 9001, b"one")]
    stray = [out(ACK, 2_100_000_000, 3_000_000_000, b"stray")]
    rest = [
        back(ACK, 9001, 1004, b"two"),
        out(ACK, 1004, 9004),
        out(FIN | ACK, 1004, 9004),
        back(FIN | ACK, 9004, 1005),
    ]
    packets = [*first, *stray, *rest, out(ACK, 1005, 9005)]
    assert connections(packets, batch) == [0] * 4 + [1] + [0] * 5


@pytest.mark.parametrize("batch", BATCHES)
def test_goes_back_to_a_connection_behind_several_stray_segments(batch: int) -> None:
    first = [*handshake(), out(ACK, 1001, 9001, b"one")]
    strays = [out(ACK, number * 300_000_000, number * 500_000_000, b"stray") for number in range(1, MOST_LEFT + 1)]
    rest = [back(ACK, 9001, 1004, b"two"), out(ACK, 1004, 9004)]
    packets = [*first, *strays, *rest]
    assert connections(packets, batch) == [0] * 4 + [*range(1, MOST_LEFT + 1)] + [0] * 2


@pytest.mark.parametrize("batch", BATCHES)
def test_follows_two_connections_that_are_written_into_each_other(batch: int) -> None:
    one, two = [*handshake(), *leap(1001, 9001), *leap(1010, 9010)], leap(2_100_000_000, 3_000_000_000)
    packets = [*one[:6], two[0], one[6], *two[1:], *one[7:]]
    assert connections(packets, batch) == [0] * 6 + [1, 0, 1, 1, 0, 0]


@pytest.mark.parametrize("batch", BATCHES)
def test_stays_with_a_connection_of_which_one_direction_moved_far(batch: int) -> None:
    first = [*handshake(), out(ACK, 1001, 9001, b"one")]
    missed = [back(ACK, 900_000_000, 1004, b"two"), out(ACK, 1004, 900_000_003)]
    assert connections(first + missed, batch) == [0] * 6


@pytest.mark.parametrize("batch", BATCHES)
def test_stays_with_a_connection_that_was_not_captured_for_an_hour(batch: int) -> None:
    first = [*handshake(), out(ACK, 1001, 9001, b"one")]
    later = leap(1001 + 40_000_000, 9001 + 800_000_000, 3_600_000_000_000)
    assert connections(first + later, batch) == [0] * 7
    assert connections(first + leap(1001 + 40_000_000, 9001 + 800_000_000, 1_000_000_000), batch) == [0] * 4 + [1] * 3


@pytest.mark.parametrize("batch", BATCHES)
def test_returns_to_no_connection_that_was_over_for_a_stranger(batch: int) -> None:
    """What stands far from the end, and then where the connection stood: in batches of any size the same."""
    late = [
        out(ACK, 1005 + 50_000_000, 9002, b"stranger"),
        out(ACK, 1005, 9002),
        out(ACK, 90_000_000, 80_000_000, b"new"),
    ]
    assert connections([*over(), *late], batch) == connections([*over(), *late])


@pytest.mark.parametrize("batch", BATCHES)
def test_forgets_where_a_connection_stood_when_a_syn_opens_the_next(batch: int) -> None:
    second = [*handshake(2_100_000_000, 3_000_000_000), *leap(2_100_000_001, 3_000_000_001)]
    packets = [*handshake(), *leap(1001, 9001), *second]
    assert connections(packets, batch) == [0] * 6 + [1] * 6


def test_opens_many_connections_on_the_same_ports_at_the_cost_of_each() -> None:
    """Hostile: every segment stands somewhere else. Rows are shared out once, not once per change."""
    packets = [out(ACK, at * 50_000_000 % 2**32, at * 70_000_000 % 2**32, b"x") for at in range(1, 60)]
    assert connections(packets) == list(range(59))
