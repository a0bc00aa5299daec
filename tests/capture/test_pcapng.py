"""Every kind of block of the pcapng format, and every way in which blocks lie."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.capture import NO_TIME, CaptureError
from ptpip_analyze.capture.pcapng import NOT_A_PACKET, nanoseconds

from .build import Reading, block, enhanced, frames, interface, obsolete, option, section, simple, tshark
from .test_pcap import assert_same_packets

ORDERS = pytest.mark.parametrize("order", ["<", ">"])
SECOND = 10**9
FRAMES = frames(6)


def resolution(value: int, order: str = "<", offset_s: int | None = None) -> bytes:
    options = option(9, bytes([value]), order)
    return options if offset_s is None else options + option(14, struct.pack(f"{order}q", offset_s), order)


def three_kinds(order: str) -> bytes:
    return (
        section(order) + interface(order, snaplen=100)
        + enhanced(FRAMES[0], 5_000_000, order, options=option(1, b"a comment", order))
        + simple(FRAMES[1][:100], order, original=len(FRAMES[1]))
        + obsolete(FRAMES[2], 7_000_000, order, drops=3)
    )  # fmt: skip


@ORDERS
def test_reads_enhanced_simple_and_obsolete_packets(order: str) -> None:
    reading = Reading(three_kinds(order))
    assert reading.format == "pcapng"
    assert reading.packets == [FRAMES[0], FRAMES[1][:100], FRAMES[2]]
    assert reading.list("original") == [len(frame) for frame in FRAMES[:3]]
    assert reading.list("time") == [5 * SECOND, NO_TIME, 7 * SECOND]
    assert reading.damage is None


def test_takes_simple_packets_as_whole_without_a_snaplen() -> None:
    reading = Reading(section() + interface() + simple(FRAMES[0]) + simple(FRAMES[1]))
    assert (reading.packets, reading.list("time")) == (FRAMES[:2], [NO_TIME, NO_TIME])


@ORDERS
@pytest.mark.parametrize(
    ("value", "ticks", "expected"),
    [
        (6, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (0, 1_700_000_000, 1_700_000_000 * SECOND),
        (3, 1_700_000_000_123, 1_700_000_000_123_000_000),
        (10, 17_000_000_001_234_567_899, 1_700_000_000_123_456_789),
        (0x80 | 0, 1_700_000_000, 1_700_000_000 * SECOND),
        (0x80 | 20, (1_700_000_000 << 20) + (1 << 19), 1_700_000_000 * SECOND + SECOND // 2),
        (0x80 | 32, (1_700_000_000 << 32) + 1, 1_700_000_000 * SECOND),
        (0x80 | 33, (1_700_000_000 << 33) + (3 << 31), 1_700_000_000 * SECOND + SECOND * 3 // 4),
    ],
)
def test_reads_times_of_any_resolution(order: str, value: int, ticks: int, expected: int) -> None:
    capture = section(order) + interface(order, options=resolution(value, order)) + enhanced(FRAMES[0], ticks, order)
    assert Reading(capture).list("time") == [expected]


@given(st.integers(0, 127), st.integers(0, (1 << 64) - 1))
def test_rounds_ticks_down_as_exact_arithmetic_does(power: int, ticks: int) -> None:
    column = np.array([ticks], np.uint64)
    decimal = ticks * SECOND // 10**power
    if decimal < 1 << 63:
        assert nanoseconds(column, power, 0).tolist() == [decimal]
    binary = ticks * SECOND >> power
    if binary < 1 << 63:
        # Beyond 2**-34 s, less than a tenth of a nanosecond, ticks are not told apart.
        assert int(nanoseconds(column, 0x80 | power, 0)[0]) in (binary, binary - 1)
        if power <= 34:
            assert nanoseconds(column, 0x80 | power, 0).tolist() == [binary]


@ORDERS
@pytest.mark.parametrize("offset_s", [1_700_000_000, -5])
def test_adds_the_time_offset_of_the_interface(order: str, offset_s: int) -> None:
    options = resolution(9, order, offset_s)
    reading = Reading(section(order) + interface(order, options=options) + enhanced(FRAMES[0], 12 * SECOND, order))
    assert reading.list("time") == [(12 + offset_s) * SECOND]


def test_survives_an_offset_beyond_all_time() -> None:
    options = resolution(9, offset_s=(1 << 63) - 1)
    assert len(Reading(section() + interface(options=options) + enhanced(FRAMES[0], 1)).list("time")) == 1


def several_interfaces() -> bytes:
    return (
        section() + interface(options=resolution(9)) + interface(link=101) + interface(options=resolution(0x80 | 10))
        + enhanced(FRAMES[0], 5 * SECOND) + enhanced(FRAMES[1][14:], 6_000_000, number=1)
        + enhanced(FRAMES[2], 7 << 10, number=2) + interface(link=113)
        + enhanced(bytes(14) + b"\x08\0" + FRAMES[3][14:], 8_000_000, number=3) + enhanced(FRAMES[4], 9 * SECOND)
    )  # fmt: skip


def test_tells_whether_all_packets_are_of_one_interface() -> None:
    assert Reading(three_kinds("<")).one_interface
    assert not Reading(several_interfaces()).one_interface
    assert not Reading(several_sections()).one_interface


def test_reads_each_packet_as_its_interface_says() -> None:
    reading = Reading(several_interfaces())
    assert reading.list("time") == [5 * SECOND, 6 * SECOND, 7 * SECOND, 8 * SECOND, 9 * SECOND]
    assert reading.list("link") == [1, 101, 1, 113, 1]
    assert reading.links == {1: 3, 101: 1, 113: 1}
    assert reading.payloads == [frame[54:] for frame in FRAMES[:5]]


def several_sections() -> bytes:
    return b"".join(
        section(order) + interface(order, options=resolution(9, order))
        + enhanced(FRAMES[n], n * SECOND, order) + simple(FRAMES[n + 1], order)
        for n, order in enumerate("<><")
    )  # fmt: skip


def test_lets_every_section_have_its_byte_order_and_interfaces() -> None:
    reading = Reading(several_sections())
    assert reading.packets == [FRAMES[0], FRAMES[1], FRAMES[1], FRAMES[2], FRAMES[2], FRAMES[3]]
    assert reading.list("time") == [0, NO_TIME, SECOND, NO_TIME, 2 * SECOND, NO_TIME]
    assert reading.damage is None


def strange_blocks() -> bytes:
    return (
        section() + block(0x0BADBEEF, b"abc")
        + interface(options=option(0x8BAD, b"odd") + resolution(9) + option(0, b""))
        + enhanced(FRAMES[0], 1) + block(4, bytes(8)) + block(0x7FFFFFFF, b"") + enhanced(FRAMES[1], 2)
        + block(0x4242, b"large!" * 3000) + enhanced(FRAMES[2], 3)
    )  # fmt: skip


@pytest.mark.parametrize("chunk_bytes", [64, 4096, 1 << 20])
def test_skips_blocks_and_options_that_it_does_not_know(chunk_bytes: int) -> None:
    reading = Reading(strange_blocks(), chunk_bytes)
    assert (reading.packets, reading.list("time"), reading.damage) == (FRAMES[:3], [1, 2, 3], None)


def other_frames() -> bytes:
    return (
        section() + interface(options=resolution(9)) + block(0x40000BAD, struct.pack("<I", 32473) + b"begin")
        + enhanced(FRAMES[0], 4) + block(9, b"__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=x\n")
        + block(0xBAD, struct.pack("<I", 32473) + b"abcd") + enhanced(FRAMES[1], 5)
    )  # fmt: skip


def test_numbers_blocks_that_wireshark_numbers_too(tmp_path: Path) -> None:
    reading = Reading(other_frames())
    assert reading.list("link") == [NOT_A_PACKET, 1, NOT_A_PACKET, NOT_A_PACKET, 1]
    assert reading.list("time") == [NO_TIME, 4, NO_TIME, NO_TIME, 5]
    assert reading.list("row") == [1, 4]
    assert reading.unknown_links == {}
    assert reading.packets[3] == b"abcd"


@pytest.mark.parametrize("capture", [three_kinds("<"), three_kinds(">"), several_interfaces(), several_sections(),
                                     strange_blocks(), other_frames()])  # fmt: skip
def test_agrees_with_tshark_on_sizes_and_numbers(tmp_path: Path, capture: bytes) -> None:
    path = tmp_path / "a.pcapng"
    path.write_bytes(capture)
    reading = Reading(path)
    rows = tshark(path, "frame.number", "frame.time_epoch", "frame.cap_len", "frame.len", "frame.protocols")
    assert len(rows) == len(reading.packets)
    for index, (number, time, captured, original, protocols) in enumerate(rows):
        assert int(number) == index + 1
        if reading.list("link")[index] != NOT_A_PACKET:
            assert protocols
            assert (int(captured), int(original)) == (reading.list("captured")[index], reading.list("original")[index])
            assert (round(float(time) * SECOND) if time else NO_TIME) == reading.list("time")[index]


@ORDERS
@pytest.mark.parametrize("value", [6, 9, 3, 0x80 | 20])
def test_agrees_with_tshark_on_times(tmp_path: Path, order: str, value: int) -> None:
    path = tmp_path / "a.pcapng"
    options = resolution(value, order, 1_600_000_000)
    packets = (enhanced(frame, 12_345_678 * (n + 1), order, original=2000) for n, frame in enumerate(FRAMES))
    path.write_bytes(section(order) + interface(order, options=options) + b"".join(packets))
    assert_same_packets(path)


def test_adds_up_the_packets_that_interfaces_lost() -> None:
    def lost(number: int, count: int) -> bytes:
        return block(5, struct.pack("<III", number, 0, 0) + option(5, struct.pack("<Q", count)))

    capture = section() + interface() + interface() + lost(0, 3) + enhanced(FRAMES[0], 1) + lost(0, 7) + lost(1, 2)
    assert Reading(capture).dropped == 9
    assert Reading(section() + interface()).dropped is None


HEAD = section() + interface() + enhanced(FRAMES[0], 1)
GOOD = enhanced(FRAMES[1], 2)


def lengths(packet: bytes, first: int, last: int) -> bytes:
    damaged = bytearray(packet)
    struct.pack_into("<I", damaged, 4, first)
    struct.pack_into("<I", damaged, len(packet) - 4, last)
    return bytes(damaged)


def word(packet: bytes, offset: int, value: int) -> bytes:
    damaged = bytearray(packet)
    struct.pack_into("<I", damaged, offset, value)
    return bytes(damaged)


@pytest.mark.parametrize("chunk_bytes", [64, 200, 1 << 20])
@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (lengths(GOOD, len(GOOD), len(GOOD) + 4), f"a block of {len(GOOD)} bytes ends with length {len(GOOD) + 4}"),
        (lengths(GOOD, 0, 0), "a block of type 0x6 can't have a length of 0 bytes"),
        (lengths(GOOD, 31, 31), "a block of type 0x6 can't have a length of 31 bytes"),
        (lengths(GOOD, len(GOOD) - 2, 0), f"a block of type 0x6 can't have a length of {len(GOOD) - 2} bytes"),
        (lengths(GOOD, 1 << 20, 0), "a block needs 1048576 bytes and "),
        (lengths(GOOD, 0x7FFFFFFC, 0), "a block of type 0x6 claims 2147483644 bytes"),
        (word(GOOD, 8, 1), "interface 1 is not described"),
        (word(GOOD, 8, 0xFFFFFFFF), "interface 4294967295 is not described"),
        (word(GOOD, 20, 0xFFFFFFFF), "claims 4294967295 captured bytes"),
        (word(GOOD, 20, len(GOOD) - 31), f"claims {len(GOOD) - 31} captured bytes"),
        (word(block(3, bytes(40)), 8, 41), "claims 41 captured bytes"),
        (word(block(0x0BADBEEF, b"abcd"), 12, 0), "a block of 16 bytes ends with length 0"),
        (lengths(block(0x0BADBEEF, b"abcd"), 8, 8), "a block of type 0xbadbeef can't have a length of 8 bytes"),
        (block(1, bytes(4)), "a block of type 0x1 can't have a length of 16 bytes"),
        (interface(options=struct.pack("<HH", 2, 40)), "option 2 runs past the end of its block"),
        (block(5, bytes(12) + struct.pack("<HH", 5, 40)), "option 5 runs past the end of its block"),
        (b"garbage! garbage! garbage!! ", "can't have a length of 560293729 bytes"),
        (bytes(64), "a block of type 0x0 can't have a length of 0 bytes"),
    ],
)
def test_names_the_place_of_a_bad_block(damaged: bytes, reason: str, chunk_bytes: int) -> None:
    reading = Reading(HEAD + damaged + GOOD * 3, chunk_bytes)
    assert reading.packets == [FRAMES[0]]
    assert reading.damage is not None
    assert reading.damage.offset == len(HEAD)
    assert reason in reading.damage.reason


def test_names_the_fault_inside_a_later_section_header() -> None:
    magic = bytearray(section())
    magic[8] ^= 1
    for damaged, place in ((bytes(magic), 8), (section(version=(2, 0)), 12)):
        damage = Reading(HEAD + damaged + GOOD).damage
        assert damage is not None
        assert damage.offset == len(HEAD) + place


def test_wants_the_interface_described_before_its_packet() -> None:
    reading = Reading(section() + interface() + enhanced(FRAMES[0], 1) + enhanced(FRAMES[1], 1, number=1) + interface())
    assert reading.packets == FRAMES[:1]
    assert reading.damage is not None
    assert "interface 1 is not described" in reading.damage.reason


def test_forgets_interfaces_at_the_next_section() -> None:
    reading = Reading(HEAD + section() + GOOD)
    assert (reading.packets, reading.damage and reading.damage.offset) == ([FRAMES[0]], len(HEAD) + len(section()))


@pytest.mark.parametrize("kept", range(1, len(GOOD), 7))
def test_keeps_whole_packets_and_names_the_cut_block(kept: int) -> None:
    reading = Reading(HEAD + GOOD[:kept], 128)
    assert reading.packets == [FRAMES[0]]
    assert reading.damage is not None
    assert (reading.damage.offset, reading.damage.at_end) == (len(HEAD), True)


@pytest.mark.parametrize("kept", range(4, 28))
def test_refuses_a_cut_section_header(kept: int) -> None:
    with pytest.raises(CaptureError, match=rf"offset {kept}: the pcapng section header has {kept} bytes"):
        Reading(section()[:kept])
    damage = Reading(HEAD + section()[:kept]).damage
    assert damage is not None
    assert (damage.offset, damage.at_end) == (len(HEAD), True)


def test_refuses_an_unknown_version_and_byte_order() -> None:
    with pytest.raises(CaptureError, match=r"offset 12: pcapng version 2\.0 is not supported"):
        Reading(section(version=(2, 0)))
    with pytest.raises(CaptureError, match="offset 8: the section header has no byte-order magic"):
        Reading(b"\x0a\x0d\x0d\x0a" + bytes(24))


def test_gives_no_memory_to_a_lying_length() -> None:
    tracemalloc.start()
    reading = Reading(HEAD + lengths(GOOD, 200 << 20, 0) + GOOD, 4096)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reading.damage is not None
    assert peak < 10 << 20


def test_bounds_the_interfaces_of_a_section() -> None:
    reading = Reading(section() + interface() * ((1 << 16) + 1))
    assert reading.damage is not None
    assert "more than 65536 interfaces" in reading.damage.reason


VARIED = three_kinds("<") + several_interfaces() + several_sections() + strange_blocks() + other_frames()


@pytest.mark.parametrize("chunk_bytes", [64, 129, 300, 4096])
def test_gives_the_same_whatever_the_chunk_size(chunk_bytes: int) -> None:
    whole, pieces = Reading(VARIED), Reading(VARIED, chunk_bytes)
    assert whole.damage is None
    assert len(whole.packets) == 3 + 5 + 6 + 3 + 5
    for name, column in whole.columns.items():
        assert pieces.list(name) == column.tolist(), name
    assert pieces.packets == whole.packets


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from("<>"), st.sampled_from([64, 1 << 20]))
def test_survives_any_bytes_behind_a_valid_header(garbage: bytes, order: str, chunk_bytes: int) -> None:
    reading = Reading(section(order) + interface(order) + enhanced(FRAMES[0], 1, order) + garbage, chunk_bytes)
    assert reading.packets[0] == FRAMES[0]
    assert garbage == b"" or reading.damage is None or reading.damage.offset >= len(HEAD)


@settings(max_examples=300, deadline=None)
@given(st.integers(28, len(VARIED) - 1), st.integers(1, 255), st.integers(28, len(VARIED)))
def test_survives_any_flipped_byte_and_any_cut_in_any_chunks(place: int, flip: int, end: int) -> None:
    damaged = bytearray(VARIED)
    damaged[place] ^= flip
    whole, pieces = Reading(bytes(damaged[:end])), Reading(bytes(damaged[:end]), 64)
    assert pieces.packets == whole.packets
    assert str(pieces.damage) == str(whole.damage)
