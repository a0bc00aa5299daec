"""Datagrams that may announce something are picked, all others are left alone."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest

from ptpip_analyze.capture import Datagrams, Dissector, datagrams, open_capture
from ptpip_analyze.capture.datagrams import NO_DATAGRAMS
from tests.traffic import Packet, capture, damage, pcap_bytes
from tests.traffic import announce as say


def picked(packets: Sequence[Packet], snaplen: int = 262144) -> tuple[Datagrams, list[bytes]]:
    """What is picked of a capture of one batch, with the bytes that are captured."""
    with open_capture(io.BytesIO(pcap_bytes(packets, snaplen=snaplen))) as source:
        (batch,) = source.batches()
        found = Dissector().dissect(batch).datagrams
        return found, [
            source.read(at, size) for at, size in zip(found.position.tolist(), found.captured.tolist(), strict=True)
        ]


def test_picks_what_is_sent_to_ports_of_discovery_with_its_bytes() -> None:
    said = [
        say.mdns(b"one"),
        say.to_group(b"two"),
        say.dhcp_packet(1),
        say.udp(b"", ("10.0.0.1", 9), (say.CAMERA, 15740)),
    ]
    found, payloads = picked(damage.interleave(capture("plain"), said))
    assert payloads == [b"one", b"two", say.dhcp(1), b""]
    assert found.source_port.tolist() == [5353, 1900, 68, 9]
    assert found.destination_port.tolist() == [5353, 1900, 67, 15740]
    assert (found.length.tolist(), found.udp) == ([3, 3, len(say.dhcp(1)), 0], 4)
    assert found.row.tolist() == sorted(found.row.tolist())


@pytest.mark.parametrize(
    ("destination", "wanted"),
    [
        ("239.1.2.3", True), ("224.0.0.1", True), ("255.255.255.255", True), ("192.168.1.255", True),
        ("192.168.1.20", False), ("240.0.0.1", False), ("ff02::1", True), ("fe80::ff", False),
    ],
)  # fmt: skip
def test_picks_what_is_sent_to_all_on_any_port(destination: str, wanted: bool) -> None:
    source = "fe80::1" if ":" in destination else "192.168.1.1"
    found, payloads = picked([say.udp(b"hello", (source, 4000), (destination, 4001))])
    assert payloads == ([b"hello"] if wanted else [])
    assert found.udp == 1


def test_picks_arp_between_them() -> None:
    said = [say.mdns(b"one", -3), say.arp("0.0.0.0", say.CAMERA, -2), say.mdns(b"two", -1)]
    found, payloads = picked(said)
    assert found.destination_port.tolist() == [5353, 0, 5353]
    assert payloads[1][:8] == b"\0\1\x08\0\x06\4\0\1"
    assert found.row.tolist() == [0, 1, 2]


def test_knows_what_a_snaplen_cut_off() -> None:
    found, payloads = picked([say.mdns(b"x" * 100)], snaplen=60)
    assert (payloads, found.length.tolist(), found.captured.tolist()) == ([b"x" * 18], [100], [18])
    assert picked([say.mdns(b"x" * 100)], snaplen=40)[1] == []


def test_takes_the_first_fragment_for_a_cut_datagram() -> None:
    whole = say.mdns(b"y" * 200)
    assert whole.raw is not None
    first, later = bytearray(whole.raw[: 14 + 20 + 8 + 56]), bytearray(whole.raw[: 14 + 20] + whole.raw[14 + 20 + 64 :])
    for frame, field in ((first, 0x2000), (later, 8)):
        frame[16:18] = (len(frame) - 14).to_bytes(2, "big")
        frame[20:22] = field.to_bytes(2, "big")
    from dataclasses import replace

    found, payloads = picked([replace(whole, raw=bytes(first)), replace(whole, raw=bytes(later))])
    assert (payloads, found.length.tolist()) == ([b"y" * 56], [200])


def test_never_reads_beyond_the_packet_for_a_lying_length() -> None:
    lying = bytearray(say.mdns(b"abc").raw or b"")
    lying[38:40] = (5000).to_bytes(2, "big")
    from dataclasses import replace

    packet = replace(say.mdns(b"abc"), raw=bytes(lying))
    found, payloads = picked([packet, say.mdns(b"next")])
    assert payloads == [b"abc", b"next"]
    assert found.length.tolist() == [4992, 4]
    lying[38:40] = (7).to_bytes(2, "big")
    assert picked([replace(packet, raw=bytes(lying))])[1] == []


def test_tells_the_senders_station_where_the_link_has_one() -> None:
    found, _ = picked([say.mdns(b"x", station=bytes.fromhex("00112233ab01"))])
    assert found.station.tolist() == [0x00112233AB01]
    found, payloads = picked([say.mdns(b"x", link="sll")])
    assert (found.station.tolist(), payloads) == ([0], [b"x"])


def test_costs_nothing_where_all_is_tcp() -> None:
    found, _ = picked(capture("plain"))
    assert found is NO_DATAGRAMS


def test_lists_its_ports_in_one_table() -> None:
    assert np.flatnonzero(datagrams._LISTED).tolist() == sorted(
        [53, 67, 68, 1900, 5353, 5355, 15740, 51540, 51541, 51542, 51560]
    )
