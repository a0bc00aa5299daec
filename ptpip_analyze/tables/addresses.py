"""Addresses as people write them. Promises IPv4 where it is mapped into IPv6; refuses names."""

from __future__ import annotations

import ipaddress


def address_text(address: int) -> str:
    """An IP address of 128 bits as people write it; IPv4 when it is mapped (::ffff:a.b.c.d)."""
    if address >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(address & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(address))


def station_text(station: int) -> str:
    """An Ethernet address as people write it: 02:00:00:00:00:01."""
    return station.to_bytes(6, "big").hex(":")
