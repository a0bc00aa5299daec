"""Every variant of the pcap format, and every way in which its records lie."""

from __future__ import annotations

import struct
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.capture import CaptureError, open_capture

from .build import SHARED_CAPTURES, Reading, frames, pcap, tshark

ORDERS = pytest.mark.parametrize("order", ["<", ">"])
START = 1_700_000_000
# Capture of five frames: where each record begins.
FIVE = pcap(frames(5))
RECORDS = [24 + sum(16 + len(frame) for frame in frames(5)[:index]) for index in range(6)]


@ORDERS
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1), (0xA1B2CD34, 1000)])
def test_reads_every_variant(order: str, magic: int, unit: int) -> None:
    reading = Reading(pcap(frames(3), order, magic))
    assert reading.format == "pcap"
    assert reading.packets == frames(3)
    assert reading.list("time") == [(START + n) * 10**9 + (123456 + n) * unit for n in range(3)]
    assert reading.list("original") == [len(frame) for frame in frames(3)]
    assert reading.links == {1: 3}
    assert reading.damage is None


@ORDERS
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34])
def test_agrees_with_tshark_on_every_variant(tmp_path: Path, order: str, magic: int) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(frames(4), order, magic, originals={1: 1500}))
    assert_same_packets(path)


def assert_same_packets(path: Path) -> None:
    """Numbers, times and sizes of all packets as tshark sees them."""
    reading = Reading(path)
    theirs = tshark(path, "frame.number", "frame.time_epoch", "frame.cap_len", "frame.len")
    times = [f"{time // 10**9}.{time % 10**9:09}" for time in reading.list("time")]
    ours = zip(times, reading.list("captured"), reading.list("original"), strict=True)
    assert [[str(number), time, str(captured), str(original)] for number, (time, captured, original)
            in enumerate(ours, 1)] == theirs  # fmt: skip
    assert theirs


@pytest.mark.skipif(not SHARED_CAPTURES, reason="captures of others are not here")
@pytest.mark.parametrize("path", SHARED_CAPTURES, ids=lambda path: path.stem)
def test_agrees_with_tshark_on_captures_of_others(path: Path) -> None:
    assert_same_packets(path)


def test_knows_the_link_type_below_the_flags_of_the_network_field() -> None:
    assert Reading(pcap(frames(1), link=0x4C000071)).links == {113: 1}


def test_never_has_fewer_bytes_on_the_wire_than_captured() -> None:
    reading = Reading(pcap(frames(2), originals={0: 10}))
    assert reading.list("original") == [len(frame) for frame in frames(2)]


def test_reads_times_beyond_2038_and_a_capture_without_packets() -> None:
    assert Reading(pcap(frames(1), start=0xFFFFFFFF)).list("time") == [0xFFFFFFFF * 10**9 + 123456000]
    empty = Reading(pcap([]))
    assert (empty.packets, empty.damage, empty.batches) == ([], None, 0)


@pytest.mark.parametrize("kept", range(RECORDS[3] + 1, RECORDS[4], 13))
def test_keeps_whole_packets_and_names_the_cut_one(kept: int) -> None:
    reading = Reading(FIVE[:kept])
    assert reading.packets == frames(5)[:3]
    assert reading.damage is not None
    assert reading.damage.offset == RECORDS[3]
    assert f"{kept - RECORDS[3]} are left" in reading.damage.reason


@pytest.mark.parametrize("length", [len(FIVE), 100 << 20, (256 << 20) + 1, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("record", [0, 2])
def test_gives_no_memory_to_a_lying_length(record: int, length: int) -> None:
    lying = bytearray(FIVE)
    struct.pack_into("<I", lying, RECORDS[record] + 8, length)
    tracemalloc.start()
    reading = Reading(bytes(lying), 4096)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reading.packets == frames(5)[:record]
    assert reading.damage is not None
    assert reading.damage.offset == RECORDS[record]
    assert str(reading.damage).startswith(f"<capture>: offset {RECORDS[record]}: a packet record ")
    assert peak < 10 << 20


def test_stops_at_garbage_between_records() -> None:
    garbage = struct.pack("<IIII", START, 3_000_000_000, 64, 64)
    reading = Reading(FIVE[: RECORDS[2]] + garbage + FIVE[RECORDS[2] :])
    assert reading.packets == frames(5)[:2]
    assert reading.damage is not None
    assert (reading.damage.offset, reading.damage.reason) == (
        RECORDS[2],
        "garbage where a packet record is expected",
    )


def test_stops_at_the_zeros_that_a_crash_leaves() -> None:
    reading = Reading(FIVE + bytes(4096))
    assert reading.packets == frames(5)
    assert reading.damage is not None
    assert reading.damage.offset == RECORDS[5]


def test_delivers_empty_packets_that_have_a_time() -> None:
    reading = Reading(pcap([b"", *frames(1), b""], originals={0: 0, 2: 0}))
    assert reading.packets == [b"", *frames(1), b""]
    assert reading.damage is None


@pytest.mark.parametrize("size", range(4, 24))
def test_refuses_a_cut_file_header(size: int) -> None:
    with pytest.raises(CaptureError, match=rf"offset {size}: the pcap header has {size} bytes"):
        Reading(FIVE[:size])


@pytest.mark.parametrize("version", [(0, 0), (1, 9), (3, 0)])
def test_refuses_versions_that_nobody_wrote(version: tuple[int, int]) -> None:
    with pytest.raises(CaptureError, match=rf"offset 4: pcap version {version[0]}\.{version[1]} is not supported"):
        Reading(pcap([], version=version))


@pytest.mark.parametrize("chunk_bytes", [64, 100, 137, 1000, 1 << 20])
@pytest.mark.parametrize("damage", [b"", b"\xff" * 40, b"\0" * 5])
def test_gives_the_same_whatever_the_chunk_size(chunk_bytes: int, damage: bytes) -> None:
    capture = pcap([*frames(40, 0), b"x" * 5000, *frames(3)]) + damage
    whole, pieces = Reading(capture), Reading(capture, chunk_bytes)
    assert pieces.columns.keys() == whole.columns.keys()
    for name, column in whole.columns.items():
        assert pieces.list(name) == column.tolist(), name
    assert pieces.packets == whole.packets
    assert str(pieces.damage) == str(whole.damage)
    assert pieces.batches >= (2 if chunk_bytes < 5000 else 1)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from("<>"), st.sampled_from([64, 1 << 20]))
def test_survives_any_bytes_behind_a_valid_header(garbage: bytes, order: str, chunk_bytes: int) -> None:
    reading = Reading(pcap([], order) + garbage, chunk_bytes)
    end = 24 + sum(16 + len(packet) for packet in reading.packets)
    assert reading.damage.offset == end if reading.damage else end == reading.size


@settings(max_examples=150, deadline=None)
@given(st.integers(24, len(FIVE) - 1), st.integers(1, 255), st.integers(24, len(FIVE)))
def test_survives_any_flipped_byte_and_any_cut(place: int, flip: int, end: int) -> None:
    damaged = bytearray(FIVE)
    damaged[place] ^= flip
    whole = sum(record <= place for record in RECORDS[:5]) - 1
    reading = Reading(bytes(damaged[:end]), 256)
    intact = min(whole, sum(record <= end for record in RECORDS) - 1)
    assert reading.packets[:intact] == frames(5)[:intact]


def test_needs_memory_for_a_chunk_and_not_for_the_capture(tmp_path: Path) -> None:
    path = tmp_path / "large.pcap"
    path.write_bytes(pcap(frames(40, 1300) * 600, start=0))
    peaks = []
    for _ in range(2):  # the second run has everything imported
        tracemalloc.start()
        with open_capture(path) as source:
            count = sum(len(batch.time) for batch in source.batches(1 << 18))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert count == 24000
    assert peaks[1] < 4 << 20 < path.stat().st_size // 7


def test_costs_grow_with_the_capture_and_no_faster(tmp_path: Path) -> None:
    seconds = []
    for copies in (1000, 4000):
        path = tmp_path / f"{copies}.pcap"
        path.write_bytes(pcap(frames(20, 0) * copies, start=0))
        times = []
        for _ in range(3):
            begin = time.process_time()
            with open_capture(path) as source:
                assert sum(len(batch.time) for batch in source.batches()) == 20 * copies
            times.append(time.process_time() - begin)
        seconds.append(min(times))
    assert seconds[1] < 12 * seconds[0]
