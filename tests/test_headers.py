"""Headers of packets: one row per segment, and who talks besides TCP."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np

from ptpip_analyze.capture import open_capture
from ptpip_analyze.headers import HeaderReader, Headers, tcp_timestamps
from tests.traffic import capture, damage, pcap_bytes


def read(data: bytes) -> list[Headers]:
    with open_capture(io.BytesIO(data)) as source:
        reader = HeaderReader()
        return [reader.read(batch) for batch in source.batches()]


def with_frames(*frames: bytes) -> bytes:
    """A pcap of Ethernet frames."""
    records = [struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame for frame in frames]
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records)


def udp(source: bytes, destination: bytes) -> bytes:
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, source, destination)
    return bytes(12) + b"\x08\x00" + ip + struct.pack(">HHHH", 5353, 5353, 8, 0)


def test_says_of_each_segment_what_its_header_says() -> None:
    packets = capture("plain")
    (told,) = read(pcap_bytes(packets))
    assert told.whole
    assert told.row.tolist() == list(range(len(packets)))
    assert told.sequence.tolist() == [packet.sequence for packet in packets]
    assert told.acknowledgment.tolist() == [packet.acknowledgment for packet in packets]
    assert told.flags.tolist() == [packet.flags for packet in packets]
    assert told.length.tolist() == [len(packet.payload) for packet in packets]
    carried = [
        told.at_hand.data[place - told.at_hand.base : place - told.at_hand.base + size].tobytes()
        for place, size in zip(told.position.tolist(), told.carried.tolist(), strict=True)
    ]
    assert carried == [packet.payload for packet in packets]


def test_numbers_flows_and_names_the_new_ones() -> None:
    packets = capture("two_pairs")
    (told,) = read(pcap_bytes(packets))
    assert len(told.fresh) == len(np.unique(told.flow)) > 1
    lower = [(key[1] & 0xFFFFFFFF, key[4] >> 16) for key in told.fresh]
    assert all(number in range(len(lower)) for number in told.flow.tolist())


def test_knows_that_not_every_packet_is_one_segment() -> None:
    packets = damage.fragmented(capture("plain"), 400)
    (told,) = read(pcap_bytes(packets))
    assert not told.whole
    assert len(set(told.row.tolist())) < len(told.row)  # a datagram that came in pieces has several rows


def test_numbers_who_talks_besides_tcp() -> None:
    camera, phone, other = bytes([192, 168, 1, 1]), bytes([192, 168, 1, 2]), bytes([192, 168, 1, 3])
    data = with_frames(udp(camera, phone), bytes(60), udp(other, phone), udp(camera, phone))
    (told,) = read(data)
    assert told.talk.tolist() == [0, -1, 1, 0]
    assert [pair[1] & 0xFF for pair in told.talks] == [1, 3]
    assert len(told.row) == 0


def test_names_each_pair_once_over_several_batches() -> None:
    camera, phone = bytes([192, 168, 1, 1]), bytes([192, 168, 1, 2])
    with open_capture(io.BytesIO(with_frames(*[udp(camera, phone)] * 40))) as source:
        reader = HeaderReader()
        told = [reader.read(batch) for batch in source.batches(64)]
    assert len(told) > 1
    assert [len(one.talks) for one in told] == [1] + [0] * (len(told) - 1)
    assert all((one.talk == 0).all() for one in told)


def test_tells_pairs_apart_that_differ_in_one_address_or_in_direction() -> None:
    hosts = [bytes([10, 0, 0, last]) for last in (1, 2, 3)]
    pairs = [(one, other) for one in hosts for other in hosts] * 2
    (told,) = read(with_frames(*(udp(*pair) for pair in pairs)))
    found = [told.talks[number] for number in told.talk.tolist()]
    assert [(a & 0xFF, b & 0xFF) for _, a, _, b in found] == [(one[3], other[3]) for one, other in pairs]
    assert len(told.talks) == 9


def test_knows_the_segments_that_close_a_window() -> None:
    packets = damage.zero_window(capture("plain"), 4)
    (told,) = read(pcap_bytes(packets))
    assert told.shut.tolist() == [at for at, packet in enumerate(packets) if packet.window == 0]
    assert len(told.shut) == 2


def test_takes_a_window_that_was_cut_off_for_open() -> None:
    (told,) = read(pcap_bytes(damage.snap(capture("plain"), 48)))
    assert len(told.row) > 0
    assert len(told.shut) == 0


def test_reads_the_timestamps_of_tcp_where_they_usually_stand() -> None:
    packets = capture("plain")
    bare = replace(packets[5], options=b"")
    odd = replace(packets[6], options=b"\x08\x0a" + packets[6].options[4:12] + b"\x01\x01")
    (told,) = read(pcap_bytes([*packets[:5], bare, odd, *packets[7:]]))
    value, there = tcp_timestamps(told, np.arange(len(packets)))
    assert there.tolist() == [at not in (5, 6) for at in range(len(packets))]
    expected = [int.from_bytes(one.options.partition(b"\x08\x0a")[2][:4], "big") for one in packets]
    assert value.tolist() == [number if seen else 0 for number, seen in zip(expected, there, strict=True)]
    some = np.array([3, 1])
    assert tcp_timestamps(told, some)[0].tolist() == [expected[3], expected[1]]
