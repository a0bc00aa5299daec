"""What stands in for what."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.scrub.pseudonyms import Pseudonyms

KEY = b"key"


def ipv4(text: str, key: bytes = KEY) -> str:
    return str(ipaddress.IPv4Address(Pseudonyms(key).ipv4(int(ipaddress.IPv4Address(text)))))


def ipv6(text: str) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address(Pseudonyms(KEY).ipv6(ipaddress.IPv6Address(text).packed))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "239.255.255.250"])
def test_keeps_addresses_of_nobody(address: str) -> None:
    assert ipv4(address) == address


@pytest.mark.parametrize(
    ("address", "kind"),
    [("192.168.7.9", "192.168.0.0/16"), ("10.1.2.3", "10.0.0.0/8"), ("172.20.1.1", "172.16.0.0/12"),
     ("169.254.3.4", "169.254.0.0/16"), ("100.64.9.9", "100.64.0.0/10")],
)  # fmt: skip
def test_keeps_the_kind_of_an_address(address: str, kind: str) -> None:
    assert ipaddress.IPv4Address(ipv4(address)) in ipaddress.ip_network(kind)
    assert ipv4(address) != address


@given(st.integers(0, 0xFFFFFF), st.lists(st.integers(0, 255), min_size=2, max_size=6, unique=True))
def test_keeps_hosts_of_a_subnet_apart_and_together(prefix: int, hosts: list[int]) -> None:
    pseudonyms = Pseudonyms(KEY)
    found = [pseudonyms.ipv4(prefix << 8 | host) for host in hosts]
    assert len(set(found)) == len(hosts)
    assert len({one >> 8 for one in found}) == 1
    for host, one in zip(hosts, found, strict=True):
        assert (one & 0xFF == host) or host not in (0, 255)


@given(st.integers(0x01000000, 0xDFFFFFFF))
def test_makes_no_public_address_private(address: int) -> None:
    old, new = ipaddress.IPv4Address(address), ipaddress.IPv4Address(Pseudonyms(KEY).ipv4(address))
    for kind in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "224.0.0.0/4"):
        assert (old in ipaddress.ip_network(kind)) == (new in ipaddress.ip_network(kind))


def test_keeps_an_ipv6_address_made_of_an_ethernet_address_together_with_it() -> None:
    pseudonyms = Pseudonyms(KEY)
    new = pseudonyms.ipv6(ipaddress.IPv6Address("fe80::211:22ff:fe33:4455").packed)
    mac = pseudonyms.mac(bytes.fromhex("001122334455"))
    assert new[:8] == bytes.fromhex("fe80") + bytes(6)
    assert new[8:] == bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    assert pseudonyms.mac(b"\x33\x33\xff\x33\x44\x55") == b"\x33\x33\xff" + new[13:]
    group = pseudonyms.ipv6(ipaddress.IPv6Address("ff02::1:ff33:4455").packed)
    assert group[:13] == ipaddress.IPv6Address("ff02::1:ff00:0").packed[:13]
    assert group[13:] == new[13:]


def test_keeps_the_kind_of_an_ipv6_address() -> None:
    assert ipv6("fe80::abcd:1234:5678:9abc").is_link_local
    assert ipv6("fd12:3456:789a::1").is_private
    assert str(ipv6("::1")) == "::1"
    assert str(ipv6("ff02::fb")) == "ff02::fb"
    assert ipv6("2001:4860:4860::8888").packed[0] >> 5 == 1
    assert ipv6("2001:4860:4860::8888").packed[:8] != ipaddress.IPv6Address("2001:4860:4860::").packed[:8]


def test_makes_ethernet_addresses_of_no_maker() -> None:
    new = Pseudonyms(KEY).mac(bytes.fromhex("001122334455"))
    assert new[0] & 3 == 2
    for mac in (b"\xff" * 6, bytes(6), bytes.fromhex("01005e0000fb")):
        assert Pseudonyms(KEY).mac(mac) == mac


@pytest.mark.parametrize(
    "guid", ["00" * 16, "ff" * 16, "000102030405060708090a0b0c0d0e0f"], ids=["zeros", "ones", "counting"]
)
def test_keeps_a_guid_of_nobody(guid: str) -> None:
    assert Pseudonyms(KEY).guid(bytes.fromhex(guid)).hex() == guid


def test_keeps_what_a_guid_is_made_of() -> None:
    pseudonyms = Pseudonyms(KEY)
    mac = bytes.fromhex("001122334455")
    assert pseudonyms.guid(bytes(10) + mac) == bytes(10) + pseudonyms.mac(mac)
    assert pseudonyms.guid(mac + mac + mac[:4]) == (pseudonyms.mac(mac) * 3)[:16]
    letters = pseudonyms.guid(b"GPHOTO2 ON LINUX")
    assert letters != b"GPHOTO2 ON LINUX"
    assert all(0x20 <= byte < 0x7F for byte in letters)


@given(st.text(min_size=0, max_size=30))
def test_replaces_a_text_by_one_of_as_many_units(text: str) -> None:
    new = Pseudonyms(KEY).text(text)
    assert len(new.encode("utf-16-le", "surrogatepass")) == len(text.encode("utf-16-le", "surrogatepass"))
    assert Pseudonyms(KEY).text(text) == new


@pytest.mark.parametrize("text", ["20260101T101010", "20260101T101010.5+0100", "6000x4000", "DCIM", "IMG_0007.JPG",
                                  "A:\\DCIM\\100CANON\\IMG_0007.CR3", ""])  # fmt: skip
def test_keeps_what_tells_nothing(text: str) -> None:
    assert Pseudonyms(KEY).text(text) == text


@pytest.mark.parametrize(
    ("text", "kept"), [("ADA_0007.JPG", "0007.JPG"), ("100ADALO", "100"), ("ada at sea.jpeg", ".jpeg")]
)
def test_keeps_the_number_and_suffix_of_a_file(text: str, kept: str) -> None:
    new = Pseudonyms(KEY).text(text)
    assert kept in new
    assert new != text


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12))
def test_never_leaves_a_text_as_it_was(text: str) -> None:
    assert Pseudonyms(KEY).scrambled(text) != text


def test_keeps_the_make_in_a_friendly_name() -> None:
    pseudonyms = Pseudonyms(KEY)
    pseudonyms.public.add("Box 3000")
    assert pseudonyms.friendly_name("EOS of Ada").startswith("EOS ")
    assert pseudonyms.friendly_name("box 3000 of Ada")[:9] == "box 3000 "
    assert "Ada" not in pseudonyms.friendly_name("EOS of Ada") + pseudonyms.friendly_name("box 3000 of Ada")


@given(st.integers(0, 200_000), st.integers(0, 70_000))
def test_gives_the_same_filler_whatever_was_asked_for_before(start: int, size: int) -> None:
    whole = Pseudonyms(KEY).filler(b"object", 0, 280_000)
    assert Pseudonyms(KEY).filler(b"object", start, size) == whole[start : start + size]
    assert max(whole) < 0x80
