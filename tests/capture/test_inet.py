"""From frames to segments: lengths, addresses and places, whatever IP and TCP look like."""

from __future__ import annotations

import io
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.capture import Dissected, Dissector, inet, open_capture
from tests.traffic import STORIES, capture, damage, pcap_bytes

from .build import (
    CAMERA,
    CAMERA_6,
    CLIENT,
    CLIENT_6,
    PSH,
    SHARED_CAPTURES,
    Reading,
    address,
    ethernet,
    ipv4,
    ipv6,
    pcap,
    tcp,
    tshark,
)

IPV6 = 0x86DD
DATA = b"what the camera said"


def read(*frames: bytes, originals: dict[int, int] | None = None, chunk_bytes: int = 1 << 20) -> Reading:
    return Reading(pcap(list(frames), originals=originals), chunk_bytes)


def test_tells_all_that_the_headers_say() -> None:
    segment = tcp(DATA, 50000, 15740, 0xFFFFFFFE, 0x80000001, 0xC2, 65535)
    found = read(ethernet(ipv4(segment)))
    names = ("network", "protocol", "row", "source_port", "destination_port", "sequence", "acknowledgment", "flags",
             "window")  # fmt: skip
    assert {name: found.list(name) for name in names} == {
        "network": [4], "protocol": [6], "row": [0], "source_port": [50000], "destination_port": [15740],
        "sequence": [0xFFFFFFFE], "acknowledgment": [0x80000001], "flags": [0xC2], "window": [65535],
    }  # fmt: skip
    assert (found.payloads, found.list("length")) == ([DATA], [len(DATA)])


def test_maps_ipv4_addresses_and_keeps_ipv6_addresses() -> None:
    found = read(ethernet(ipv4(tcp())), ethernet(ipv6(tcp()), IPV6))
    assert found.list("source_high")[0] == 0
    assert found.list("source_low")[0] == 0xFFFF_C0A8_0102
    columns = [found.list(name) for name in ("source_high", "source_low", "destination_high", "destination_low")]
    assert [(address(*row[:2]), address(*row[2:])) for row in zip(*columns, strict=True)] == [
        (CLIENT, CAMERA),
        (CLIENT_6, CAMERA_6),
    ]


@pytest.mark.parametrize("options", [b"", b"\x94\x04\0\0", b"\1" * 40])
@pytest.mark.parametrize("tcp_options", [b"", b"\1\1\x08\x0a" + bytes(8), b"\1" * 40])
def test_finds_the_payload_behind_options(options: bytes, tcp_options: bytes) -> None:
    assert read(ethernet(ipv4(tcp(DATA, options=tcp_options), options=options))).payloads == [DATA]


def test_never_takes_padding_for_payload() -> None:
    frames = [ethernet(ipv4(tcp(payload))).ljust(60, b"\xee") for payload in (b"", b"x", b"12345")]
    frames.append(ethernet(ipv6(tcp()), IPV6).ljust(80, b"\xee"))
    assert read(*frames).payloads == [b"", b"x", b"12345", b""]


def extension(following: int, size: int = 8) -> bytes:
    return struct.pack("BB", following, size // 8 - 1) + bytes(size - 2)


def authentication(following: int) -> bytes:
    return struct.pack("BB", following, 4) + bytes(22)


def fragment_header(following: int, offset: int, more: bool, identification: int = 9) -> bytes:
    return struct.pack(">BBHI", following, 0, offset | more, identification)


@pytest.mark.parametrize(
    ("following", "headers"),
    [
        (0, extension(6)),
        (60, extension(6, 24)),
        (43, extension(6)),
        (51, authentication(6)),
        (0, extension(60) + extension(43, 16) + extension(51) + authentication(60) + extension(6, 2048)),
        (44, fragment_header(6, 0, False)),
        (0, extension(44) + fragment_header(60, 0, False) + extension(6)),
    ],
    ids=["hop-by-hop", "destination", "routing", "authentication", "all of them", "atomic", "atomic between"],
)
def test_finds_tcp_behind_ipv6_extension_headers(following: int, headers: bytes) -> None:
    found = read(
        ethernet(ipv6(tcp(b"plain")), IPV6),
        ethernet(ipv6(headers + tcp(DATA), following), IPV6),
        ethernet(ipv4(tcp(b"4"))),
    )
    assert found.payloads == [b"plain", DATA, b"4"]
    assert found.list("protocol") == [6, 6, 6]


def test_gives_up_on_extension_headers_without_end() -> None:
    found = read(ethernet(ipv6(extension(60) * 100 + tcp(DATA), 60), IPV6))
    assert (found.list("network"), found.list("protocol"), found.payloads) == ([6], [255], [])


def test_takes_the_length_of_the_frame_for_segments_that_the_card_was_to_cut() -> None:
    large = bytes(100_000)
    found = read(ethernet(ipv4(tcp(large), total=0)), ethernet(ipv6(tcp(large), length=0), IPV6))
    assert found.list("length") == [100_000, 100_000]


def test_bounds_a_lying_ip_length_by_the_frame() -> None:
    found = read(ethernet(ipv4(tcp(DATA), total=1500)), ethernet(ipv6(tcp(DATA), length=1500), IPV6))
    assert (found.payloads, found.list("length")) == ([DATA, DATA], [len(DATA)] * 2)


@pytest.mark.parametrize("kept", [20, 33, 34, 47, 48, 50, 53, 54, 60, 74, 80, 94])
@pytest.mark.parametrize("options", [b"", b"\1" * 12])
def test_knows_what_a_snaplen_cut_off(kept: int, options: bytes) -> None:
    frame = ethernet(ipv4(tcp(bytes(80), options=options, window=512)))
    found = read(frame[:kept], b"\xff" * 60, originals={0: len(frame)})
    if kept < 14 + 20 + 14:
        assert found.list("row") == []
    else:
        assert found.list("length") == [80]
        assert found.list("payload_captured") == [max(0, kept - 54 - len(options))]
        assert found.list("sequence") == [1000]
        assert found.list("window") == [512 if kept >= 50 else 0xFFFF]
        assert found.payloads == [bytes(max(0, kept - 54 - len(options)))]


@pytest.mark.parametrize(
    ("packet", "network"),
    [
        (ipv4(tcp(DATA), first=0x44), 0),
        (ipv4(tcp(DATA), first=0x55), 0),
        (ipv4(tcp(DATA), total=19), 0),
        (ipv4(tcp(DATA), total=39), 4),
        (ipv4(tcp(DATA), first=0x4F), 4),
        (ipv4(tcp(DATA, offset=4)), 4),
        (ipv4(tcp(DATA, offset=15)), 4),
        (ipv4(tcp()[:13]), 4),
        (ipv4(b""), 4),
        (ipv4(b"UDP packet", protocol=17), 4),
        (ipv4(tcp(DATA))[:19], 0),
    ],
    ids=["short header", "version 5", "length below header", "length inside TCP", "header beyond length", "short TCP",
         "TCP header beyond data", "TCP of 13 bytes", "no TCP", "UDP", "cut IP"],
)  # fmt: skip
def test_sees_no_segment_in(packet: bytes, network: int) -> None:
    good = ethernet(ipv4(tcp(b"good")))
    found = read(good, ethernet(packet), good)
    assert (found.list("network"), found.list("row"), found.payloads) == ([4, network, 4], [0, 2], [b"good"] * 2)
    assert (found.list("protocol")[1] == 255) == (network == 0)
    alone = read(ethernet(packet))
    assert (alone.list("network"), alone.list("row")) == ([network], [])


def test_sees_no_address_where_there_is_no_ip() -> None:
    found = read(ethernet(b"\0\1\x08\0", 0x0806), b"", b"\xff")
    assert found.list("network") == [0, 0, 0]
    assert found.list("protocol") == [255, 255, 255]
    assert found.list("source_low") + found.list("destination_low") == [0] * 6


def pieces_4(segment: bytes, cuts: list[int], identification: int = 7, options: bytes = b"") -> list[bytes]:
    edges = [0, *cuts, len(segment)]
    return [
        ethernet(ipv4(segment[start:end], fragment=start // 8 | (0x2000 if end < len(segment) else 0),
                      identification=identification, options=options))
        for start, end in pairwise(edges)
    ]  # fmt: skip


def pieces_6(segment: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *cuts, len(segment)]
    return [
        ethernet(ipv6(fragment_header(6, start, end < len(segment)) + segment[start:end], 44), IPV6)
        for start, end in pairwise(edges)
    ]


@pytest.mark.parametrize("make", [pieces_4, pieces_6])
@pytest.mark.parametrize("chunk_bytes", [64, 1 << 20])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_puts_fragments_together(make: object, chunk_bytes: int, order: tuple[int, ...]) -> None:
    segment = tcp(bytes(range(150)), flags=16 | PSH)
    three = make(segment, [40, 96])  # type: ignore[operator]
    plain = ethernet(ipv4(tcp(b"between")))
    found = read(three[order[0]], plain, three[order[1]], three[order[2]], plain, chunk_bytes=chunk_bytes)
    assert b"".join(found.payloads[1:4]) == bytes(range(150))
    assert found.payloads[0] == found.payloads[4] == b"between"
    assert found.list("row") == [1, 3, 3, 3, 4]
    assert found.list("sequence")[1:4] == [1000, 1020, 1076]
    assert found.list("protocol") == [6] * 5


def test_pads_no_fragment_with_what_follows_it() -> None:
    segment = tcp(b"abcdefgh1234")
    first, last = pieces_4(segment, [24])
    assert read(first.ljust(60, b"\xee"), last.ljust(60, b"\xee")).payloads == [b"abcd", b"efgh1234"]


def test_reads_headers_in_a_batch_of_one_and_of_none() -> None:
    assert read(ethernet(ipv4(tcp(DATA)))).payloads == [DATA]
    assert read().payloads == []


def variety() -> list[bytes]:
    """Frames of every kind, in an order in which neighbours differ."""
    segment = tcp(bytes(range(120)), 40001, options=b"\1\1\x08\x0a" + bytes(8))
    return [
        ethernet(ipv4(tcp(DATA))),
        ethernet(ipv6(tcp(DATA, 40002)), IPV6),
        ethernet(ipv4(tcp(b"")), 0x0800, (0x8100,)).ljust(64, b"\0"),
        ethernet(ipv4(tcp(DATA, 40003), options=b"\1" * 8), 0x0800, (0x88A8, 0x8100)),
        *pieces_4(segment, [48, 96]),
        ethernet(b"\0\1\x08\0\6\4\0\1" + bytes(20), 0x0806).ljust(60, b"\0"),
        *pieces_6(tcp(bytes(60), 40004), [32]),
        ethernet(ipv6(extension(60) + extension(6, 16) + tcp(b"deep", 40005), 0), IPV6),
        ethernet(ipv4(struct.pack(">HHHH", 5353, 5353, 12, 0) + b"mdns", protocol=17)),
        ethernet(ipv4(tcp(bytes(3000), 40006), total=0)),
        ethernet(ipv4(tcp(b"bad header", 40007, offset=3))),
        ethernet(ipv4(tcp(b"bad version", 40008), first=0x65)),
        ethernet(ipv6(fragment_header(6, 0, False) + tcp(b"atomic", 40009), 44), IPV6),
        ethernet(ipv4(tcp(b"end", 40010, flags=1))),
    ]


@pytest.mark.parametrize("chunk_bytes", [64, 400, 1 << 12])
def test_gives_the_same_whatever_the_batch_size(chunk_bytes: int) -> None:
    whole, pieces = read(*variety()), read(*variety(), chunk_bytes=chunk_bytes)
    assert whole.batches == 1 < pieces.batches
    for name, column in whole.columns.items():
        assert pieces.list(name) == column.tolist(), name


def assert_same_segments(path: Path) -> None:
    """Addresses, ports, numbers and lengths of all packets as tshark sees them."""
    fields = ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw",
              "tcp.window_size_value", "tcp.len")  # fmt: skip
    theirs = tshark(path, *fields)
    found = Reading(path)
    ours = []
    columns = [found.list(name) for name in ("source_high", "source_low", "destination_high", "destination_low")]
    for network, *numbers in zip(found.list("network"), *columns, strict=True):
        ends = [address(*numbers[:2]), address(*numbers[2:])]
        ours.append([*(ends if network == 4 else ["", ""]), *(ends if network == 6 else ["", ""]), *[""] * 6])
    names = ("row", "source_port", "destination_port", "sequence", "acknowledgment", "window", "length")
    for row, *segment in zip(*(found.list(name) for name in names), strict=True):
        if ours[row][4]:  # a further piece of a fragmented datagram
            ours[row][9] = str(int(ours[row][9]) + segment[5])
        else:
            ours[row][4:] = [str(value) for value in segment]
    assert ours == theirs
    assert any(row[4] for row in theirs)


def test_agrees_with_tshark_on_a_variety_of_frames(tmp_path: Path) -> None:
    path = tmp_path / "variety.pcap"
    frames = [frame for frame in variety() if b"bad" not in frame]
    path.write_bytes(pcap(frames))
    assert_same_segments(path)


@pytest.mark.parametrize("link", [12, 101, 105, 113, 127, 192, 276, 0, 108])
def test_agrees_with_tshark_on_every_link_type(tmp_path: Path, link: int) -> None:
    from .test_link import CARRIERS

    carriers = {name: carry for name, (number, carry) in CARRIERS.items() if number == link}
    if link in (0, 108):
        carriers = {"null": lambda kind, body: struct.pack(">I", 2 if kind == 0x0800 else 30) + body}
    frames = [
        carry(kind, make(tcp(DATA, 40000 + n)))
        for n, carry in enumerate(carriers.values())
        for kind, make in ((0x0800, ipv4), (IPV6, ipv6))
    ]
    path = tmp_path / "link.pcap"
    path.write_bytes(pcap(frames, link=link))
    assert_same_segments(path)


@pytest.mark.skipif(not SHARED_CAPTURES, reason="captures of others are not here")
@pytest.mark.parametrize("path", SHARED_CAPTURES, ids=lambda path: path.stem)
def test_agrees_with_tshark_on_captures_of_others(path: Path) -> None:
    assert_same_segments(path)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(variety()) - 1), st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), max_size=4),
    st.integers(0, 200),
)  # fmt: skip
def test_stays_inside_the_packet_whatever_its_bytes(number: int, changes: list[tuple[int, int]], cut: int) -> None:
    frame = bytearray(variety()[number])
    for place, value in changes:
        frame[min(place, len(frame) - 1)] = value
    guard = ethernet(ipv4(tcp(b"guard", 65000)))
    damaged = bytes(frame[:cut])
    found = read(damaged, guard, originals={0: len(frame)})
    alone = read(damaged, originals={0: len(frame)})
    for name in ("sequence", "source_port", "flags", "length", "payload_captured", "payload_position"):
        assert found.list(name)[:-1] == alone.list(name), name
    assert found.payloads == [*alone.payloads, b"guard"]
    for at, size, length in zip(
        *(alone.list(n) for n in ("payload_position", "payload_captured", "length")), strict=True
    ):
        assert 0 <= size <= length <= len(frame)
        assert size == 0 or 40 <= at <= at + size <= 40 + len(damaged)


# The quick way gives the same answer


def fields(seen: Dissected) -> dict[str, list[int]]:
    columns = {name: getattr(seen, name).tolist() for name in Dissected.__slots__ if name != "datagrams"}
    return columns | {"datagrams": seen.datagrams.row.tolist()}


@pytest.mark.parametrize(
    "harm",
    [
        lambda packets: packets,
        lambda packets: damage.snap(packets, 60),
        lambda packets: damage.snap(packets, 52),
        lambda packets: damage.snap(packets, 40),
        lambda packets: damage.fragmented(packets, 400),
        lambda packets: damage.shuffle(packets, 6, 3),
    ],
    ids=["whole", "cut in the payload", "cut in the TCP header", "cut in the IP header", "fragments", "shuffled"],
)
@pytest.mark.parametrize("name", STORIES)
def test_reads_plain_batches_as_it_reads_any(name: str, harm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pcap_bytes(harm(capture(name)))
    with open_capture(io.BytesIO(data)) as source:
        quick = [fields(Dissector().dissect(batch)) for batch in source.batches(1 << 20)]
        monkeypatch.setattr(inet, "_read_plain", lambda *_: None)
        assert quick == [fields(Dissector().dissect(batch)) for batch in source.batches(1 << 20)]


def test_takes_the_quick_way_with_plain_batches_and_no_other() -> None:
    def is_plain(data: bytes) -> bool:
        with open_capture(io.BytesIO(data)) as source:
            (batch,) = source.batches()
            start = batch.position - batch.base
            return inet._read_plain(batch, start, start + batch.captured) is not None

    packets = capture("plain")
    assert is_plain(pcap_bytes(packets))
    assert not is_plain(pcap_bytes(damage.fragmented(packets, 400)))
    assert not is_plain(pcap_bytes(damage.snap(packets, 49)))
    data = bytearray(pcap_bytes(packets))
    for place in (12, 14, 23):  # EtherType, header length, protocol of the first packet
        other = data.copy()
        other[24 + 16 + place] ^= 0x01
        assert not is_plain(bytes(other))
    data[24 + 16 + 16 : 24 + 16 + 18] = b"\0\0"  # a segment that the card was still to cut
    assert not is_plain(bytes(data))
