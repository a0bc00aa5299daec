"""Blocks of pcapng are made whole and told apart whole, however the stream that they come in is cut."""

from __future__ import annotations

import io
import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.capture import CaptureError, blocks, open_capture
from tests.traffic import capture, pcap_bytes


def stream(packets: int = 5) -> bytes:
    made = [blocks.section("somebody"), blocks.interface(1, 0, "wlan7", "tcp"), blocks.interface(101)]
    made += [
        blocks.packet(number % 2, 1_700_000_000_000_000_000 + number, bytes([number]) * (number + 60), 1500)
        for number in range(packets)
    ]
    return b"".join([*made, blocks.statistics(0, 5, 100, 7)])


def packets_of(data: bytes) -> list[tuple[int, int, bytes]]:
    """Time, bytes on the wire and captured bytes of each packet, as our reader has them."""
    found = []
    with open_capture(io.BytesIO(data)) as source:
        for batch in source.batches():
            columns = zip(
                batch.time.tolist(), batch.original.tolist(), batch.position.tolist(), batch.captured.tolist(),
                strict=True,
            )  # fmt: skip
            found += [(time, size, source.read(at, length)) for time, size, at, length in columns]
        assert source.damage is None
    return found


def test_makes_what_can_be_read():
    found = packets_of(stream())
    assert [size for _, size, _ in found] == [1500] * 5
    assert found[3] == (1_700_000_000_000_000_003, 1500, b"\x03" * 63)
    with open_capture(io.BytesIO(stream())) as source:
        assert [len(batch.time) for batch in source.batches()] == [5]
        assert (source.dropped, source.links) == (7, {1: 3, 101: 2})


def split(data: bytes, cuts: list[int], most: int | None = None) -> tuple[blocks.Splitter, list[bytes]]:
    splitter = blocks.splitter_for("a stream", data[:4], most)
    edges = [0, *sorted({cut % len(data) for cut in cuts}), len(data)]
    return splitter, [splitter.take(data[low:high]) for low, high in pairwise(edges)]


@settings(max_examples=50)
@given(st.lists(st.integers(0, 10_000), max_size=12))
def test_gives_whole_blocks_wherever_the_stream_is_cut(cuts):
    data = stream()
    splitter, parts = split(data, cuts)
    assert b"".join(parts) == data
    assert splitter.packets == 5
    assert splitter.header == b"".join([data[: len(splitter.header)]])
    written = b""
    for part in parts:
        written += part
        if written:
            packets_of(written)  # nothing is damaged


@settings(max_examples=50)
@given(st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_turns_records_into_blocks(cuts, nano):
    data = pcap_bytes(capture("plain"), nano=nano)
    splitter, parts = split(data, cuts)
    made = b"".join(parts)
    assert packets_of(made) == packets_of(data)
    assert splitter.packets == len(packets_of(data))
    assert made.startswith(splitter.header)


@pytest.mark.parametrize("data", [stream(), pcap_bytes(capture("plain"))], ids=["pcapng", "pcap"])
def test_gives_no_more_packets_than_are_wanted(data):
    splitter, parts = split(data, [100, 200, 300, 1000], most=3)
    assert len(packets_of(b"".join(parts))) == splitter.packets == 3


def test_reads_a_big_endian_stream():
    section = struct.pack(">IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    interface = struct.pack(">IIHHII", 1, 20, 1, 0, 0, 20)
    packet = struct.pack(">IIIIIII4sI", 6, 36, 0, 0, 1, 4, 4, b"abcd", 36)
    _, parts = split(section + interface + packet, [3, 9, 30, 50])
    assert packets_of(b"".join(parts)) == [(1000, 4, b"abcd")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GIF89a", "not a capture: it begins with 47 49 46 38"),
        (stream()[:8] + b"XXXX" + stream()[12:], "the section header has no byte-order magic"),
    ],
)
def test_refuses_what_is_no_capture(data, reason):
    with pytest.raises(CaptureError, match=reason):
        split(data, [])


def test_tells_where_a_block_can_not_be_so_long_after_giving_what_stands_before_it():
    good = stream()
    splitter, (given_out,) = split(good + struct.pack("<II", 6, 13) + bytes(20), [])
    assert given_out == good
    with pytest.raises(CaptureError, match="length of 13 bytes") as fault:
        splitter.take(b"")
    assert fault.value.offset == len(good)


@pytest.mark.parametrize("data", [stream(), pcap_bytes(capture("plain"))], ids=["pcapng", "pcap"])
def test_says_that_the_stream_ends_inside_a_packet(data):
    splitter, _ = split(data, [])
    splitter.end()
    splitter, _ = split(data[:-5], [])
    with pytest.raises(CaptureError, match="ends inside a packet") as fault:
        splitter.end()
    assert fault.value.at_end


def test_tells_where_a_record_claims_too_much():
    good = pcap_bytes(capture("plain"))
    splitter, _ = split(good + struct.pack("<IIII", 1, 1, 1 << 30, 1 << 30), [])
    with pytest.raises(CaptureError, match="claims 1073741824") as fault:
        splitter.take(b"")
    assert fault.value.offset == len(good)
