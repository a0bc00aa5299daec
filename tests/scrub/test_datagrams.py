"""What hosts tell each other beside TCP, without what is personal."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptpip import addressing, mdns, ssdp
from ptpip_analyze.scrub.datagrams import arp, icmp6, scrubbed_datagram
from ptpip_analyze.scrub.pseudonyms import Pseudonyms
from tests.traffic import announce

GUID = bytes.fromhex("a17f3c9955e2460b8d0e11c2d3b4f5a6")
MAC = bytes.fromhex("00112233aabb")


def scrub(port: int, payload: bytes) -> bytes:
    new = scrubbed_datagram((port, 40000), payload, len(payload), Pseudonyms(b"key"))
    assert len(new) == len(payload)
    return new


def test_replaces_names_addresses_and_guids_of_multicast_dns() -> None:
    old = announce.announced("Adas-camera", b"guid=" + GUID.hex().encode(), b"vers=1", b"owner=Ada", target="ada.local")
    new = scrub(5353, old)
    for secret in (b"Ada", b"ada", GUID.hex().encode(), bytes([192, 168, 1, 1])):
        assert secret not in new
    before, after = mdns.parse(old), mdns.parse(new)
    assert before is not None
    assert after is not None
    assert [(one.kind, one.ttl) for one in before.records] == [(one.kind, one.ttl) for one in after.records]
    strings = next(one.value for one in after.records if one.kind == 16)
    assert strings[0] == b"guid=" + Pseudonyms(b"key").guid(GUID).hex().encode()
    assert strings[1] == b"vers=1"
    assert strings[2].startswith(b"owner=")
    assert (b"_ptp", b"_tcp", b"local") in {one.name for one in after.records}


def test_keeps_pointers_of_names_right() -> None:
    whole = announce.name("ada._ptp._tcp.local")
    old = announce.dns(announce.record("_ptp._tcp.local", 12, whole), announce.record(b"\xc0\x0c", 16, b"\3a=b"))
    after = mdns.parse(scrub(5353, old))
    assert after is not None
    assert after.whole
    assert after.records[1].name == (b"_ptp", b"_tcp", b"local")


def test_replaces_what_ssdp_says_of_a_device() -> None:
    old = announce.notify("a17f3c99-55e2-460b-8d0e-11c2d3b4f5a6")
    new = scrub(1900, old)
    assert b"a17f3c99" not in new
    assert b"192.168.1.1" not in new
    before, after = ssdp.parse(old), ssdp.parse(new)
    assert before is not None
    assert after is not None
    assert after.kind == before.kind
    for name in ("NT", "NTS", "HOST", "CACHE-CONTROL"):
        assert after.headers[name] == before.headers[name]
    digits = Pseudonyms(b"key").guid(GUID).hex()
    assert after.headers["USN"].replace("-", "").startswith(f"uuid:{digits}")
    assert after.headers["LOCATION"].endswith(":49152/upnp/CameraDevDesc.xml")
    assert after.headers["SERVER"] != before.headers["SERVER"]


def test_keeps_of_plain_headers_of_ssdp_what_the_standard_lets_stand_there() -> None:
    said = b"NOTIFY * HTTP/1.1\r\nCACHE-CONTROL: %s\r\nNTS: %s\r\n\r\n"
    plain = said % (b"max-age=1800", b"ssdp:alive")
    assert scrub(1900, plain) == plain
    assert b"Ada" not in scrub(1900, said % (b"Ada", b"ssdp:Ada Lovelace"))


def test_replaces_what_dhcp_says_of_a_host() -> None:
    old = announce.dhcp(
        1, "192.168.1.7", MAC, (12, b"adas-laptop"), (50, bytes([192, 168, 1, 7])), (61, b"\1" + MAC), (43, b"secret")
    )
    new = scrub(67, old)
    for secret in (b"adas", MAC, bytes([192, 168, 1, 7]), b"secret"):
        assert secret not in new
    before, after = addressing.dhcp(old), addressing.dhcp(new)
    assert before is not None
    assert after is not None
    assert after.kind == before.kind
    assert after.station.to_bytes(6, "big") == Pseudonyms(b"key").mac(MAC)


def test_replaces_both_ends_of_arp() -> None:
    frame = announce.arp("192.168.1.1", "192.168.1.20", station=MAC).frame
    new = arp(frame[14:42], Pseudonyms(b"key"))
    assert MAC not in new
    assert bytes([192, 168, 1, 1]) not in new
    assert new[:8] == frame[14:22]
    assert arp(b"\0\6" + b"x" * 26, Pseudonyms(b"key")) == b"\0\6" + bytes(26)


def test_replaces_neighbours_of_icmpv6() -> None:
    target = ipaddress.IPv6Address("fe80::211:22ff:fe33:aabb").packed
    message = b"\x88\0\0\0\x60\0\0\0" + target + b"\2\1" + MAC + b"\x19\1secret"
    pseudonyms = Pseudonyms(b"key")
    assert icmp6(message, pseudonyms) == b"\x60\0\0\0" + pseudonyms.ipv6(target) + b"\2\1" + pseudonyms.mac(MAC)
    assert icmp6(b"\x86\0\0\0" + b"router advertisement", pseudonyms) == b""


@pytest.mark.parametrize("port", [5353, 1900, 67, 53, 51540, 9])
@given(payload=st.binary(max_size=300))
def test_leaves_as_many_bytes_whatever_comes(port: int, payload: bytes) -> None:
    scrub(port, payload)


@pytest.mark.parametrize("port", [5353, 1900, 67, 51540, 9])
def test_leaves_nothing_of_what_it_does_not_know(port: int) -> None:
    assert not any(scrub(port, b"\xc0Ada was here\xff" * 3)) or port == 1900
    assert b"Ada" not in scrub(port, b"\xc0Ada was here\xff" * 3)


def test_leaves_nothing_of_what_is_cut() -> None:
    old = announce.announced("ada")
    assert scrubbed_datagram((5353, 5353), old[:60], len(old), Pseudonyms(b"key")) == bytes(60)
    old = announce.notify("a17f3c99-55e2-460b-8d0e-11c2d3b4f5a6")
    assert scrubbed_datagram((1900, 1900), old[:60], len(old), Pseudonyms(b"key")) == bytes(60)
