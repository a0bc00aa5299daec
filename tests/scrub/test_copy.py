"""Capture files written anew."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from ptpip_analyze import open_capture
from ptpip_analyze.capture import PacketBatch
from ptpip_analyze.capture.pcapng import ENHANCED_PACKET, SECTION
from ptpip_analyze.scrub.copy import copy
from tests.capture.build import block, enhanced, ethernet, frames, interface, option, pcap, section, simple
from tests.traffic import conversation, pcap_bytes, pcapng_bytes

FRAMES = frames(5)
SECRET = b"Ada was here"


def same(batch: PacketBatch) -> np.ndarray:
    return batch.data


def copied(capture: bytes) -> tuple[bytes, dict[str, int]]:
    out = io.BytesIO()
    with open_capture(io.BytesIO(capture)) as source:
        left_out = copy(source, same, out)
    return out.getvalue(), dict(left_out)


def packets(capture: bytes) -> list[tuple[int, int, int, int, bytes]]:
    """Time, sizes, link type and bytes of each packet."""
    with open_capture(io.BytesIO(capture)) as source:
        return [
            (time, captured, original, link, batch.data[at - batch.base : at - batch.base + captured].tobytes())
            for batch in source.batches()
            for time, captured, original, link, at in zip(
                *(column.tolist() for column in (batch.time, batch.captured, batch.original, batch.link)),
                batch.position.tolist(),
                strict=True,
            )
        ]


def kinds(capture: bytes) -> list[int]:
    """The types of a file's blocks."""
    found, at = [], 0
    while at < len(capture):
        kind, length = struct.unpack_from("<II", capture, at)
        found.append(kind)
        at += length
    assert at == len(capture)
    return found


@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34])
@pytest.mark.parametrize("order", ["<", ">"])
def test_copies_any_pcap_packet_by_packet(order: str, magic: int) -> None:
    capture = pcap(FRAMES, order=order, magic=magic)
    new, left_out = copied(capture)
    assert new == capture
    assert left_out == {}


def test_blanks_the_fields_of_a_pcap_header_that_nobody_reads() -> None:
    capture = bytearray(pcap(FRAMES))
    capture[8:16] = b"Ada here"
    assert b"Ada" not in copied(bytes(capture))[0]


@pytest.mark.parametrize("kind", ["enhanced", "simple", "obsolete"])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("resolution", [6, 9, 0x80 | 20])
def test_copies_any_pcapng_packet_by_packet(kind: str, big_endian: bool, resolution: int) -> None:
    said = conversation().open().get_object(1, b"x" * 3000).close().packets()
    capture = pcapng_bytes(said, big_endian, resolution, 3600, kind, sections=2, unknown=True)
    new, left_out = copied(capture)
    assert packets(new) == packets(capture)
    assert left_out["blocks"] > 0
    assert b"odd" not in new
    assert b"skip me" not in new


def test_leaves_out_whatever_was_written_beside_packets() -> None:
    secret = option(1, SECRET) + option(2, SECRET) + option(3, SECRET) + option(4, SECRET) + option(0x8BAD, SECRET)
    head = block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + secret + option(0, b""))
    about = interface(options=secret + option(9, b"\x09") + option(0, b""))
    packet = enhanced(FRAMES[0], 5)[8:-4] + option(1, SECRET) + option(0, b"")
    beside = [block(kind, SECRET) for kind in (4, 0xA, 0x1234)]
    counters = block(5, struct.pack("<III", 0, 0, 7) + option(1, SECRET) + option(5, struct.pack("<Q", 3)))
    capture = head + about + beside[0] + block(ENHANCED_PACKET, packet) + b"".join(beside) + counters
    new, left_out = copied(capture)
    assert SECRET not in new
    assert packets(new) == packets(capture)
    assert left_out["packet options"] == 1
    assert left_out["section options"] == 1
    assert 5 in kinds(new)
    with open_capture(io.BytesIO(new)) as source:
        list(source.batches())
        assert source.dropped == 3


def test_keeps_frames_that_are_no_packets_in_number_only() -> None:
    capture = section() + interface() + enhanced(FRAMES[0], 5) + block(9, SECRET) + enhanced(FRAMES[1], 6)
    new, left_out = copied(capture)
    assert SECRET not in new
    assert len(packets(new)) == len(packets(capture)) == 3
    assert left_out["frames that are no packets"] == 1


def test_blanks_the_bytes_that_fill_a_block_up() -> None:
    frame = ethernet(b"x" * 3)
    whole = bytearray(section() + interface() + enhanced(frame, 5) + simple(frame))
    at = bytes(whole).index(frame) + len(frame)
    whole[at : at + 3] = b"Ada"
    assert b"Ada" not in copied(bytes(whole))[0]


def test_ends_before_damage() -> None:
    capture = pcapng_bytes(conversation().open().close().packets())
    new, _ = copied(capture[:-7])
    assert packets(new) == packets(capture)[:-1]
    whole = pcap_bytes(conversation().open().close().packets())
    assert packets(copied(whole[:-7])[0]) == packets(whole)[:-1]


def test_copies_a_capture_without_packets() -> None:
    assert copied(pcap([]))[0] == pcap([])
    assert packets(copied(section() + interface())[0]) == []
