"""Where IP begins behind every link layer, and that it is never found where it isn't."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.capture.link import IPV4, IPV6, KNOWN_LINKS, network_layer

from .build import ethernet, ipv4, ipv6, tcp

V4, V6 = ipv4(tcp(b"four")), ipv6(tcp(b"six"))
SNAP = b"\xaa\xaa\x03\0\0\0"


def wifi(body: bytes, control: int = 0x08, flags: int = 0x01, sequence: int = 0, extra: bytes = b"") -> bytes:
    addresses = 30 if flags & 3 == 3 else 24
    head = struct.pack("<BBH", control, flags, 0) + bytes(18) + struct.pack("<H", sequence) + bytes(addresses - 24)
    return head + extra + body


def radiotap(
    frame: bytes, present: int = 0, fields: bytes = b"", words: tuple[int, ...] = (), version: int = 0
) -> bytes:
    body = struct.pack(f"<{1 + len(words)}I", present, *words) + fields
    return struct.pack("<BxH", version, 4 + len(body)) + body + frame


def snap(kind: int, body: bytes) -> bytes:
    return SNAP + struct.pack(">H", kind) + body


# What is before the IP packet, for IPv4 and IPv6 alike: (LINKTYPE, frame).
CARRIERS: dict[str, tuple[int, Callable[[int, bytes], bytes]]] = {
    "ethernet": (1, lambda kind, body: ethernet(body, kind)),
    "802.1Q": (1, lambda kind, body: ethernet(body, kind, (0x8100,))),
    "QinQ": (1, lambda kind, body: ethernet(body, kind, (0x88A8, 0x8100))),
    "QinQ of old": (1, lambda kind, body: ethernet(body, kind, (0x9100, 0x8100))),
    "four tags": (1, lambda kind, body: ethernet(body, kind, (0x88A8, 0x8100, 0x8100, 0x8100))),
    "802.3 with SNAP": (1, lambda kind, body: ethernet(snap(kind, body), len(body) + 8)),
    "cooked": (113, lambda kind, body: struct.pack(">HHH8xH", 0, 1, 6, kind) + body),
    "cooked with a tag": (113, lambda kind, body: struct.pack(">HHH8xHHH", 0, 1, 6, 0x8100, 5, kind) + body),
    "cooked LLC": (113, lambda kind, body: struct.pack(">HHH8xH", 0, 1, 6, 4) + snap(kind, body)),
    "cooked 2": (276, lambda kind, body: struct.pack(">HHIHBB8x", kind, 0, 2, 1, 0, 6) + body),
    "raw": (101, lambda kind, body: body),
    "raw of BSD": (12, lambda kind, body: body),
    "raw of OpenBSD": (14, lambda kind, body: body),
    "802.11": (105, lambda kind, body: wifi(snap(kind, body))),
    "802.11 retry": (105, lambda kind, body: wifi(snap(kind, body), flags=0x0A, sequence=0x1230)),
    "802.11 QoS": (105, lambda kind, body: wifi(snap(kind, body), 0x88, extra=b"\x05\0")),
    "802.11 QoS HT": (105, lambda kind, body: wifi(snap(kind, body), 0x88, 0x81, extra=b"\x05\0\1\2\3\4")),
    "802.11 bridge": (105, lambda kind, body: wifi(snap(kind, body), flags=0x03)),
    "802.11 bridge QoS": (105, lambda kind, body: wifi(snap(kind, body), 0x88, 0x03, extra=b"\0\0")),
    "radiotap": (127, lambda kind, body: radiotap(wifi(snap(kind, body)))),
    "radiotap fields": (127, lambda kind, body: radiotap(wifi(snap(kind, body)), 0x2E, bytes(9))),
    "radiotap with FCS": (127, lambda kind, body: radiotap(wifi(snap(kind, body)) + b"FCS!", 2, b"\x10")),
    "radiotap padded": (
        127, lambda kind, body: radiotap(wifi(b"\0\0" + snap(kind, body), 0x88, extra=b"\0\0"), 2, b"\x20"),
    ),
    "radiotap time and padded": (
        127, lambda kind, body: radiotap(wifi(b"\0\0" + snap(kind, body), 0x88, extra=b"\0\0"), 3, bytes(8) + b"\x20"),
    ),
    "radiotap antennas and padded": (
        127,
        lambda kind, body: radiotap(
            wifi(b"\0\0" + snap(kind, body), 0x88, extra=b"\0\0"), 0xA0000003, bytes(12) + b"\x20", (0x20,)
        ),
    ),
    "ppi": (192, lambda kind, body: struct.pack("<BBHI", 0, 0, 12, 105) + bytes(4) + wifi(snap(kind, body))),
}  # fmt: skip


def layers(frames: list[tuple[int, bytes]], cut: int | None = None) -> list[tuple[int, bytes]]:
    """(EtherType, what follows) of each frame; all frames lie one behind the other, as in a capture."""
    data = b"".join(frame for _, frame in frames)
    stop = np.cumsum([len(frame) for _, frame in frames])
    start = stop - [len(frame) for _, frame in frames]
    ends = stop if cut is None else np.minimum(stop, start + cut)
    links = np.array([link for link, _ in frames], np.uint32)
    types, offset = network_layer(np.frombuffer(data, np.uint8), start, ends, links)
    return [(int(kind), data[at:end]) for kind, at, end in zip(types, offset, stop, strict=True)]


@pytest.mark.parametrize("name", CARRIERS)
def test_finds_ip_behind(name: str) -> None:
    link, carry = CARRIERS[name]
    trailer = b"FCS!" if "FCS" in name else b""
    assert layers([(link, carry(IPV4, V4)), (link, carry(IPV6, V6))]) == [(IPV4, V4 + trailer), (IPV6, V6 + trailer)]


def test_finds_ip_in_frames_of_many_link_types_at_once() -> None:
    mixed = [(link, carry(IPV4, V4)) for name, (link, carry) in CARRIERS.items() if "FCS" not in name]
    strange = (147, b"\x45" * 60)
    found = layers([*mixed, strange, *mixed])
    assert found == [(IPV4, V4)] * len(mixed) + [(0, b"")] + [(IPV4, V4)] * len(mixed)


@pytest.mark.parametrize("order", ["<", ">"])
def test_finds_ip_behind_bsd_null_of_either_byte_order(order: str) -> None:
    frames = [(0, struct.pack(f"{order}I", family) + V6) for family in (10, 24, 28, 30)]
    frames.append((0, struct.pack(f"{order}I", 2) + V4))
    assert layers(frames) == [(IPV6, V6)] * 4 + [(IPV4, V4)]
    assert layers([(0, struct.pack(f"{order}I", 7) + V4)])[0][0] == 0


def test_finds_ip_behind_bsd_loopback() -> None:
    found = layers(
        [(108, struct.pack(">I", 2) + V4), (108, struct.pack(">I", 30) + V6), (108, struct.pack("<I", 2) + V4)]
    )
    assert [kind for kind, _ in found] == [IPV4, IPV6, 0]


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, ethernet(V4, 0x0806)),
        (1, ethernet(V4, 0x0800, (0x8100,) * 5)),
        (1, ethernet(b"\x42\x42\x03" + V4, len(V4) + 3)),
        (1, ethernet(b"\xaa\xaa\x03\0\1\2\x08\0" + V4, len(V4) + 8)),
        (113, struct.pack(">HHH8xH", 0, 1, 6, 1) + V4),
        (101, b"\x50" + V4[1:]),
        (105, wifi(snap(IPV4, V4), flags=0x41)),
        (105, wifi(snap(IPV4, V4), flags=0x05)),
        (105, wifi(snap(IPV4, V4), sequence=1)),
        (105, wifi(snap(IPV4, V4), control=0x48)),
        (105, wifi(snap(IPV4, V4), control=0x80)),
        (105, wifi(snap(IPV4, V4), control=0x09)),
        (105, wifi(snap(IPV4, V4), 0x88, extra=b"\x80\0")),
        (127, radiotap(wifi(snap(IPV4, V4)), version=1)),
        (127, b"\0\0\x04\0" + wifi(snap(IPV4, V4))),
        (127, b"\0\0\xff\xff" + b"\xff" * 300),
        (192, struct.pack("<BBHI", 0, 0, 8, 1) + wifi(snap(IPV4, V4))),
        (147, V4),
        (0xFFFFFFFF, V4),
    ],
    ids=["arp", "five tags", "spanning tree", "other SNAP", "cooked 802.3", "IPv5", "protected", "more fragments",
         "later fragment", "null", "beacon", "version 1", "A-MSDU", "radiotap 1", "radiotap too short",
         "radiotap beyond the frame", "PPI of Ethernet", "user link", "no packet"],
)  # fmt: skip
def test_finds_no_ip_in(link: int, frame: bytes) -> None:
    assert layers([(link, frame)])[0][0] not in (IPV4, IPV6)
    first, second = layers([(1, ethernet(V4)), (link, frame)])
    assert first == (IPV4, V4)
    assert second[0] not in (IPV4, IPV6)


@pytest.mark.parametrize("name", CARRIERS)
def test_takes_no_type_from_the_packet_that_follows_a_cut_one(name: str) -> None:
    link, carry = CARRIERS[name]
    frame = carry(IPV6, V6)
    header = frame.index(V6)
    for cut in range(header):
        kinds = {kind for kind, _ in layers([(link, frame)] * 3, cut)}
        # The header of cooked v2 begins with the type.
        assert IPV6 not in kinds or (link == 276 and cut >= 2), cut


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(KNOWN_LINKS)), st.binary(max_size=80)), max_size=6))
def test_survives_frames_of_any_bytes(frames: list[tuple[int, bytes]]) -> None:
    together = layers(frames)
    alone = [layers([frame])[0] for frame in frames]
    assert [kind for kind, _ in together] == [kind for kind, _ in alone]
