"""What one datagram says of a device, and the rows that many of them come to: repeated words are one row, counted.

Promises bounds: of rows, of packets remembered by row, of text. What is beyond them is counted, never silently dropped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

MOST_ROWS = 20_000
MOST_PACKETS = 64  # remembered by row
MOST_TEXT = 1024  # characters
MOST_ADDRESSES = 16

ANNOUNCEMENT, ANSWER, QUERY, GOODBYE = "announcement", "answer", "query", "goodbye"
MDNS, DNS, LLMNR, SSDP, UDP, DHCP, ARP = "mdns", "dns", "llmnr", "ssdp", "udp", "dhcp", "arp"
ADDRESSING = frozenset({DHCP, ARP})


class Datagram(NamedTuple):
    """Where a datagram is and between whom; addresses are numbers of 128 bits, ``station`` 0 where there is none."""

    packet: int
    time: int
    source: int
    destination: int
    source_port: int
    destination_port: int
    position: int
    length: int
    captured: int
    station: int

    @property
    def whole(self) -> bool:
        """Is all of it in the capture?"""
        return self.captured >= self.length


class Said(NamedTuple):
    """What a datagram says of one device. None and () are "it does not say"."""

    method: str
    kind: str
    service: str | None = None
    device: str | None = None
    addresses: tuple[int, ...] = ()
    port: int | None = None
    guid: str | None = None
    text: str | None = None
    ttl: int | None = None
    complete: bool = False  # mdns: pointer, place, text and address in this very datagram
    carries: str | None = None  # the GUID of a session that stands in the bytes, in whatever form
    client: int = 0  # dhcp, arp: the Ethernet address that it is about


@dataclass(slots=True)
class Announcement:
    """What a device said of itself, once or again and again; or what was asked for.

    ``method`` is one of the constants above, ``kind`` too, or the message of DHCP or ARP. ``source`` and ``addresses``
    are numbers of 128 bits; ``station`` the sender's Ethernet address, 0 if unknown. ``guid`` are 32 hex digits.
    ``packets`` and ``times`` are those of the first datagrams, ``count`` is of all. ``complete`` are the packets in
    which everything stood at once. ``carries`` are the GUIDs of sessions found in the bytes. ``ttl`` is in seconds.
    ``client`` is the Ethernet address that DHCP or ARP is about. ``sessions`` are those that followed, by index, joined
    by what ``joined_by`` says: "guid", "address" or "name".
    """

    method: str
    kind: str
    service: str | None
    device: str | None
    source: int
    destination: int
    station: int
    addresses: list[int]
    port: int | None
    guid: str | None
    text: str | None
    ttl: int | None
    packets: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    last_time: int = 0
    count: int = 0
    cut: bool = False  # some datagram of it was not captured whole
    complete: list[int] = field(default_factory=list)
    carries: set[str] = field(default_factory=set)
    client: int = 0
    sessions: list[int] = field(default_factory=list)
    joined_by: str | None = None

    @property
    def names_device(self) -> bool:
        """Does it say that a camera is there? A query asks, a goodbye leaves, addressing is about hosts."""
        return self.kind in (ANNOUNCEMENT, ANSWER) and self.method not in ADDRESSING


class Book:
    """The rows that were found. Repeated words are counted in the row of the first ones."""

    def __init__(self) -> None:
        self._latest: dict[tuple[object, ...], Announcement] = {}
        self._rows: list[Announcement] = []
        self.left_out = 0

    def __iter__(self) -> Iterator[Announcement]:
        return iter(self._rows)

    def note(self, datagram: Datagram, said: Said) -> Announcement | None:
        """Write down what a datagram says; its row, None where there are too many."""
        key = (said.method, said.kind, said.service, said.device, said.client, datagram.source)
        row = self._latest.get(key)
        if row is None or not _agree(row, said):
            if len(self._rows) >= MOST_ROWS:
                self.left_out += 1
                return None
            row = Announcement(
                said.method, said.kind, said.service, said.device, datagram.source, datagram.destination,
                datagram.station, [], None, None, None, None,
            )  # fmt: skip
            row.client = said.client
            self._rows.append(row)
            self._latest[key] = row
        row.port = said.port if row.port is None else row.port
        row.guid = row.guid or said.guid
        row.text = row.text or (said.text[:MOST_TEXT] if said.text else None)
        row.ttl = said.ttl if said.ttl is not None else row.ttl
        for address in said.addresses:
            if address not in row.addresses and len(row.addresses) < MOST_ADDRESSES:
                row.addresses.append(address)
        if said.complete and datagram.whole and len(row.complete) < MOST_PACKETS:
            row.complete.append(datagram.packet)
        if said.carries:
            row.carries.add(said.carries)
        self.again(datagram, row)
        return row

    def again(self, datagram: Datagram, row: Announcement) -> None:
        """The same words once more."""
        if row.packets and row.packets[-1] == datagram.packet:
            return
        row.count += 1
        row.last_time = max(row.last_time, datagram.time) if row.packets else datagram.time
        row.cut |= not datagram.whole
        if len(row.packets) < MOST_PACKETS:
            row.packets.append(datagram.packet)
            row.times.append(datagram.time)


def _agree(row: Announcement, said: Said) -> bool:
    """May both be about one state of a device? What one of them does not say is no contradiction."""
    pairs = [(row.port, said.port), (row.guid, said.guid)]
    if said.method != UDP:  # which may count in it
        pairs.append((row.text, said.text[:MOST_TEXT] if said.text else None))
    return all(None in pair or pair[0] == pair[1] for pair in pairs)


# Identities in bytes


@lru_cache(256)
def forms_of(guid: str) -> tuple[bytes, ...]:
    """How a GUID (32 hex digits) may stand in an announcement: bytes, hex, UUID text, base64, in either byte order.

    Forms of letters without case are in lower case. None of a GUID that is one byte repeated: it stands in anything.
    """
    raw = bytes.fromhex(guid)
    if len(set(raw)) < 2:
        return ()
    mixed = raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]  # as Windows writes the first three fields
    found = []
    for one in (raw, mixed, raw[::-1]):
        digits = one.hex()
        dashed = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        found += [one, digits.encode(), dashed.encode(), one.hex(":").encode(), base64.b64encode(one).rstrip(b"=")]
    return tuple(found)


def carried(payload: bytes, guids: Iterable[str]) -> str | None:
    """Which of these GUIDs stands in the bytes, in any form; None for none."""
    lower = payload.lower()
    for guid in guids:
        if any(form in payload or form in lower for form in forms_of(guid)):
            return guid
    return None


def uuid_digits(text: str) -> str | None:
    """The 32 hex digits of a UUID's text, with or without dashes, braces or colons; None for anything else."""
    digits = text.strip().strip("{}").replace("-", "").replace(":", "").lower()
    return digits if len(digits) == 32 and all(digit in "0123456789abcdef" for digit in digits) else None
