"""Announcements of makers' own: known words, and what all datagrams to a port have in common."""

from __future__ import annotations

import pytest

from ptpip_analyze.ptpip.announcement import Announcement, Book, Datagram
from ptpip_analyze.ptpip.beacons import Beacons, fuji, shown

CAMERA = 0xFFFF_C0A80101
GUID = "6f2c81d35ab94e07a1c4d9e8b7305f12"
ADDRESS = bytes([192, 168, 1, 1])


def datagram(packet: int, source: int = CAMERA, port: int = 999) -> Datagram:
    return Datagram(packet, packet, source, 0, 999, port, 0, 9, 9, 0)


def written(*payloads: bytes, source: int = CAMERA, ports: tuple[int, ...] = (15740,)) -> list[Announcement]:
    beacons, book = Beacons(), Book()
    for packet, payload in enumerate(payloads):
        beacons.take(datagram(packet, source), payload, [GUID], ports)
    beacons.write(book)
    return list(book)


def test_reads_fujifilms_search() -> None:
    said = fuji(b"DISCOVER desk HTTP/1.1\r\nDSCADDR: 192.168.1.1\r\nSERVICE:PCAUTOSAVE/1.0\r\nDSCNAME: X-T2\r\n")
    assert said is not None
    assert (said.service, said.device, said.addresses) == ("PCAUTOSAVE/1.0", "X-T2", (CAMERA,))
    assert (said.text or "").startswith("DISCOVER desk; DSCADDR: 192.168.1.1")
    assert fuji(b"NOTIFY * HTTP/1.1\r\n") is None


def test_survives_a_search_without_words() -> None:
    said = fuji(b"DISCOVER ")
    assert said is not None
    assert (said.service, said.addresses) == (None, ())
    assert (
        len((fuji(b"DISCOVER x\n" + b"\n".join(b"a%d:" % n + b"b" * 9000 for n in range(900))) or said).text or "")
        < 40_000
    )


@pytest.mark.parametrize("payload", [b"\1" + ADDRESS, b"\1" + ADDRESS[::-1], b"at 192.168.1.1"])
def test_finds_its_own_address(payload: bytes) -> None:
    (row,) = written(payload)
    assert (row.addresses, row.port, row.service) == ([CAMERA], None, "udp/999")


def test_finds_an_address_of_ipv6() -> None:
    source = 0xFE80 << 112 | 1
    (row,) = written(b"x" + source.to_bytes(16, "big"), source=source)
    assert row.addresses == [source]


def test_finds_its_guid_and_the_port() -> None:
    (row,) = written(bytes.fromhex(GUID) + b"\x3d\x7c")
    assert (row.guid, row.carries, row.port) == (GUID, {GUID}, 15740)


def test_takes_a_port_alone_only_where_it_stands_again_and_again() -> None:
    assert written(b"\x3d\x7c") == []
    assert written(b"\x3d\x7c", b"other") == []
    (row,) = written(b"1 15740", b"2 15740")
    assert (row.port, row.count) == (15740, 2)


def test_says_nothing_of_chatter() -> None:
    assert written(b"hello", b"hello") == []


def test_shows_text_as_text_and_bytes_as_digits() -> None:
    assert shown(b"hello\r\n world\0") == "hello world"
    assert shown(b"\1\2" * 100) == "0102" * 32
    assert shown(b"") == ""
