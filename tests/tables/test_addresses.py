"""Addresses read as people write them."""

from __future__ import annotations

from ptpip_analyze.tables.addresses import address_text, station_text


def test_tells_addresses_as_people_write_them() -> None:
    assert address_text(0xFFFF_C0A80101) == "192.168.1.1"
    assert address_text(0xFFFF_00000000) == "0.0.0.0"
    assert address_text(1) == "::1"
    assert address_text(0x20010DB8 << 96 | 5) == "2001:db8::5"
    assert address_text(0x1_FFFF_C0A80101) == "::1:ffff:c0a8:101"


def test_tells_ethernet_addresses_with_leading_zeros() -> None:
    assert station_text(0x00112233AB01) == "00:11:22:33:ab:01"
