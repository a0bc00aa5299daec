"""Nothing that a capture may hold makes the dissector fail, and behind a hole it invents nothing."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from tests.traffic import Packet, capture, damage, pcap_bytes, write_pcap

from . import tshark

FILE_HEADER = 24
STORIES = ("plain", "canon_polls", "nikon_polls", "sony_polls", "names", "fuji", "malformed_messages", "cancels_in",
           "two_initiators", "many_in_one_segment", "messages_in_an_object", "boundaries_anywhere")  # fmt: skip
ROUNDS = 3


def flipped(name: str, seed: int) -> bytes:
    """A capture with some of its bytes changed, but for the lengths of its packets."""
    rng = random.Random(f"{name} {seed}")
    data = bytearray(pcap_bytes(capture(name), nano=True))
    at, payloads = FILE_HEADER, []
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at + 8)
        payloads += range(at + 16 + min(54, size), at + 16 + size)
        at += 16 + size
    for place in rng.sample(payloads, len(payloads) // 60):
        data[place] ^= rng.randrange(1, 256)
    return bytes(data)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_lua_never_fails_on_changed_bytes(seed: int, tmp_path: Path) -> None:
    for name in STORIES:
        path = tmp_path / f"{name}.pcap"
        path.write_bytes(flipped(name, seed))
        tshark.run(["-r", str(path), "-V", *(("-2",) if seed else ())])


def sent(packets: list[Packet], tmp_path: Path, name: str) -> list[tuple[str, str, str | None]]:
    path = write_pcap(tmp_path / f"{name}.pcap", packets, nano=True)
    return [(m["type"], m["length"], m.get("transaction_id")) for m in tshark.messages(path)]


@pytest.mark.parametrize("name", ["plain", "messages_in_an_object", "upload"])
def test_invents_nothing_behind_a_lost_segment(name: str, tmp_path: Path) -> None:
    packets = capture(name)
    true = sent(packets, tmp_path, "whole")
    segments = len(damage.segments(packets))
    for segment in range(0, segments, max(segments // 6, 1)):
        found = sent(damage.drop(packets, segment), tmp_path, f"without-{segment}")
        left = list(true)
        for one in found:
            assert one in left, (segment, one)
            left.remove(one)


def test_shows_what_is_sent_twice_once(tmp_path: Path) -> None:
    packets = capture("plain")
    true = sent(packets, tmp_path, "once")
    for segment in reversed(range(1, len(damage.segments(packets)), 4)):
        packets = damage.retransmit(packets, segment, 2, earlier=7, later=9)
    assert sent(packets, tmp_path, "twice") == true
