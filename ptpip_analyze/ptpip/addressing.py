"""How hosts get their addresses: DHCP (RFC 2131, RFC 2132), and ARP of those who take one by themselves (RFC 3927).

Promises what the fields say; an option that runs out of its message ends it. Refuses ARP's everyday questions.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from .announcement import ARP, DHCP, Said
from .mdns import MAPPED

MOST_OPTIONS = 64
MESSAGES = (
    None, "discover", "offer", "request", "decline", "ack", "nak", "release", "inform",
)  # fmt: skip
"""Names of DHCP messages by option 53 (RFC 2132 9.6)."""
_COOKIE = b"\x63\x82\x53\x63"
_HOST_NAME, _REQUESTED, _LEASE, _MESSAGE, _VENDOR, _END, _PAD = 12, 50, 51, 53, 60, 255, 0
PROBE, CLAIM = "probe", "claim"


class Lease(NamedTuple):
    """One DHCP or ARP message: whose (Ethernet address), what it says, and the address it is about (128 bits)."""

    station: int
    kind: str
    address: int | None
    host: str | None = None
    vendor: str | None = None
    seconds: int | None = None

    def said(self, method: str) -> Said:
        """As a row of discovery."""
        addresses = () if self.address is None else (self.address,)
        told = [f"client {self.station.to_bytes(6, 'big').hex(':')}"] if method == DHCP else []
        told += [f"vendor class {self.vendor}"] if self.vendor else []
        return Said(
            method, self.kind, None, self.host, addresses, text="; ".join(told), ttl=self.seconds, client=self.station
        )


def dhcp(payload: bytes) -> Lease | None:
    """Read a DHCP message; None for what is none."""
    if len(payload) < 241 or payload[236:240] != _COOKIE or payload[2] != 6:
        return None
    options: dict[int, bytes] = {}
    at = 240
    for _ in range(MOST_OPTIONS):
        if at + 1 >= len(payload) or payload[at] == _END:
            break
        if payload[at] == _PAD:
            at += 1
            continue
        size = payload[at + 1]
        if at + 2 + size > len(payload):
            break
        options.setdefault(payload[at], payload[at + 2 : at + 2 + size])
        at += 2 + size
    message = options.get(_MESSAGE, b"")
    kind = MESSAGES[message[0]] if len(message) == 1 and message[0] < len(MESSAGES) else None
    if kind is None:
        return None
    ours, yours = payload[12:16], payload[16:20]
    address = next((one for one in (yours, options.get(_REQUESTED, b""), ours) if len(one) == 4 and any(one)), None)
    lease = options.get(_LEASE, b"")
    return Lease(
        int.from_bytes(payload[28:34], "big"),
        kind,
        None if address is None else int.from_bytes(address, "big") | MAPPED,
        _text(options.get(_HOST_NAME)),
        _text(options.get(_VENDOR)),
        struct.unpack(">I", lease)[0] if len(lease) == 4 else None,
    )


def arp(header: bytes) -> Lease | None:
    """Read an ARP probe (the sender has no address yet) or claim (of its own address); None for the others."""
    if len(header) < 28 or header[:6] != b"\0\1\x08\0\x06\4":
        return None
    station, sender, target = header[8:14], header[14:18], header[24:28]
    if not any(target) or (any(sender) and sender != target):
        return None
    kind = CLAIM if any(sender) else PROBE
    return Lease(int.from_bytes(station, "big"), kind, int.from_bytes(target, "big") | MAPPED)


def _text(option: bytes | None) -> str | None:
    return option.rstrip(b"\0").decode("utf-8", "replace") or None if option else None


METHODS = {DHCP: dhcp, ARP: arp}
