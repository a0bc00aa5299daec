"""Packets without what is personal, with checksums as they were."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import pytest

from ptpip_analyze import analyze, open_capture
from ptpip_analyze.scrub import scrub
from tests.capture.build import ethernet, ipv4, ipv6, pcap, tcp
from tests.scrub import made
from tests.traffic import LINK_TYPES, conversation, pcap_bytes
from tests.traffic.packet import checksum

SECRET = b"Ada was here"


def scrubbed(packets: list[bytes], link: int = 1) -> list[bytes]:
    """Frames after scrubbing."""
    with analyze(io.BytesIO(pcap(packets, link=link))) as analysis:
        out = io.BytesIO()
        scrub(analysis.results[0], out, b"key")
    with open_capture(io.BytesIO(out.getvalue())) as source:
        return [
            batch.data[at - batch.base : at - batch.base + size].tobytes()
            for batch in source.batches()
            for at, size in zip(batch.position.tolist(), batch.captured.tolist(), strict=True)
        ]


def sealed(frame: bytes, protocol: int = 6) -> bytes:
    """An Ethernet frame of plain IPv4 with its checksums right."""
    data = bytearray(frame)
    data[24:26] = b"\0\0"
    data[24:26] = checksum(bytes(data[14:34])).to_bytes(2, "big")
    at = 34 + {6: 16, 17: 6, 1: 2}[protocol]
    data[at : at + 2] = b"\0\0"
    pseudo = data[26:34] + bytes([0, protocol]) + (len(data) - 34).to_bytes(2, "big") if protocol != 1 else b""
    data[at : at + 2] = checksum(bytes(pseudo) + bytes(data[34:])).to_bytes(2, "big")
    return bytes(data)


def is_right(frame: bytes, protocol: int = 6) -> tuple[bool, bool]:
    """Are the checksums of IP and of what it carries right?"""
    again = sealed(frame, protocol)
    at = 34 + {6: 16, 17: 6, 1: 2}[protocol]
    return again[24:26] == frame[24:26], again[at : at + 2] == frame[at : at + 2]


def udp(payload: bytes, ports: tuple[int, int] = (4000, 4001)) -> bytes:
    return struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload


@pytest.mark.parametrize("payload", [b"", b"x", SECRET, SECRET * 30])
def test_keeps_right_checksums_right(payload: bytes) -> None:
    (new,) = scrubbed([sealed(ethernet(ipv4(tcp(payload))))])
    assert is_right(new) == (True, True)
    (new,) = scrubbed([sealed(ethernet(ipv4(udp(payload), protocol=17)), 17)])
    assert is_right(new, 17) == (True, True)


@pytest.mark.parametrize("options", [b"", b"\1\1\x08\x0a" + bytes(8)], ids=["plain", "timestamps"])
def test_keeps_wrong_checksums_wrong_and_absent_ones_absent(options: bytes) -> None:
    whole = sealed(ethernet(ipv4(tcp(SECRET, options=options) if options else tcp(SECRET))))
    wrong = bytearray(whole)
    wrong[51] ^= 0x40
    absent = bytearray(whole)
    absent[50:52] = b"\0\0"
    new = scrubbed([bytes(wrong), bytes(absent)])
    assert [is_right(frame) for frame in new] == [(True, False)] * 2
    assert new[1][50:52] == b"\0\0"


def test_keeps_the_sum_of_addresses_that_a_card_was_to_complete() -> None:
    frame = bytearray(sealed(ethernet(ipv4(tcp(SECRET)))))

    def partial(data: bytes) -> bytes:
        pseudo = data[26:34] + b"\0\6" + (len(data) - 34).to_bytes(2, "big")
        return (0xFFFF ^ checksum(bytes(pseudo))).to_bytes(2, "big")

    frame[50:52] = partial(bytes(frame))
    (new,) = scrubbed([bytes(frame)])
    assert new[50:52] == partial(new)
    assert new[26:34] != frame[26:34]


@pytest.mark.parametrize("link", LINK_TYPES)
def test_scrubs_every_link_type(link: str) -> None:
    spoken = conversation(initiator_name="Ada L.").open().get_object(1, SECRET * 9).close()
    done = made.scrubbed([replace(packet, link=link) for packet in spoken.packets()])
    assert SECRET not in done.capture
    assert "Ada L.".encode("utf-16-le") not in done.capture
    assert bytes([192, 168, 1, 20]) not in done.capture
    for table in made.PERSONAL:
        assert made.without_personal(done.new, table) == made.without_personal(done.old, table)
    done.close()


def test_blanks_what_is_not_known() -> None:
    arp_like = b"\xff" * 6 + b"\0\1\2\3\4\5" + b"\x88\xcc" + SECRET
    unknown = ethernet(ipv4(SECRET * 2, protocol=47))
    icmp = ethernet(ipv4(b"\3\1\0\0" + bytes(4) + SECRET, protocol=1))
    trailer = sealed(ethernet(ipv4(tcp(b"")))) + SECRET
    new = scrubbed([arp_like, unknown, icmp, trailer])
    assert [len(frame) for frame in new] == [len(arp_like), len(unknown), len(icmp), len(trailer)]
    for frame in new:
        assert b"Ada" not in frame
    assert new[0][:6] == b"\xff" * 6
    assert new[0][12:14] == b"\x88\xcc"
    assert new[1][23] == 47


def test_blanks_a_link_type_that_it_does_not_know() -> None:
    (new,) = scrubbed([SECRET * 4], link=147)
    assert new == bytes(len(SECRET) * 4)


def test_leaves_out_options_of_ip_and_of_tcp_that_may_tell_something() -> None:
    route = b"\7\7\4" + bytes([192, 168, 9, 9])
    (new,) = scrubbed([ethernet(ipv4(tcp(b"", options=b"\x22\6Ada!\2\4\5\xb4\0\0"), options=route + b"\0"))])
    assert b"Ada" not in new
    assert bytes([192, 168, 9, 9]) not in new
    assert b"\2\4\5\xb4" in new
    (new,) = scrubbed([ethernet(ipv4(tcp(b"", options=b"\x08\x0cAda Ada A\1")))])
    assert b"Ada" not in new


def test_maps_addresses_of_ipv6_and_blanks_its_options() -> None:
    destination_options = bytes([6, 1]) + b"\x1e\x0c" + SECRET
    (new,) = scrubbed([ethernet(ipv6(destination_options + tcp(b"x"), following=60), kind=0x86DD)])
    assert b"Ada" not in new
    assert new[54] == 6


def test_keeps_vlan_tags() -> None:
    (new,) = scrubbed([ethernet(ipv4(tcp(SECRET)), tags=(0x8100,))])
    assert new[12:14] == b"\x81\0"
    assert b"Ada" not in new


def test_blanks_what_was_cut_in_its_middle() -> None:
    done = made.scrubbed(pcap_bytes(conversation().open().get_object(1, SECRET * 9).packets(), snaplen=96))
    assert SECRET[:8] not in done.capture
    done.close()
