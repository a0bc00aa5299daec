"""Announcements of makers' own over UDP: Fujifilm's by their words, any other by the GUID, address or port in them.

Refuses to take two bytes that happen to be a port for an announcement: only what every datagram to that port has.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..facts.discovery import FUJI_DISCOVER
from .announcement import ANNOUNCEMENT, MOST_TEXT, UDP, Book, Datagram, Said, carried
from .mdns import address_of
from .ssdp import MOST_LINE, MOST_LINES

MOST_KEPT = 64  # datagrams of one source to one port that are looked into
MOST_SOURCES = 1000
_SHOWN = 64  # bytes of a payload that is no text


def fuji(payload: bytes) -> Said | None:
    """What Fujifilm's PC AutoSave announces: a camera looks for the computer that it is paired with."""
    if not payload.startswith(FUJI_DISCOVER):
        return None
    fields: dict[str, str] = {}
    first, *lines = payload.decode("utf-8", "replace").split("\n", MOST_LINES)
    for line in lines[:MOST_LINES]:
        name, colon, value = line[:MOST_LINE].partition(":")
        if colon:
            fields.setdefault(name.strip().upper(), value.strip())
    try:
        addresses: tuple[int, ...] = (address_of(fields.get("DSCADDR", "")),)
    except ValueError:
        addresses = ()
    told = "; ".join(f"{name}: {value}" for name, value in fields.items())
    sought = first.split()[1] if len(first.split()) > 1 else ""
    return Said(
        UDP, ANNOUNCEMENT, fields.get("SERVICE"), fields.get("DSCNAME"), addresses, text=f"DISCOVER {sought}; {told}"
    )


@dataclass(slots=True)
class _Series:
    """The datagrams of one source to one port, as long as they all have something in common."""

    first: bytes
    fields: set[str]
    guid: str | None
    datagrams: list[Datagram] = field(default_factory=list)


class Beacons:
    """Datagrams that responders of sessions send to all, and what all of them to one port contain."""

    def __init__(self) -> None:
        self._series: dict[tuple[int, int], _Series] = {}

    def take(self, datagram: Datagram, payload: bytes, guids: Iterable[str], ports: Iterable[int]) -> None:
        """Look for the sender's address, a port of its sessions and a GUID of theirs."""
        guid = carried(payload, guids)
        fields = {"guid"} if guid else set()
        if _address_in(payload, datagram.source):
            fields.add("address")
        fields |= {f"port {port}" for port in ports if _port_in(payload, port)}
        key = datagram.source, datagram.destination_port
        series = self._series.get(key)
        if series is None:
            if len(self._series) >= MOST_SOURCES:
                return
            series = self._series[key] = _Series(payload, fields, guid)
        series.fields &= fields
        if len(series.datagrams) < MOST_KEPT:
            series.datagrams.append(datagram)

    def write(self, book: Book) -> None:
        """Enter what was an announcement into the book."""
        for (source, port), series in self._series.items():
            # Two bytes may be a port by chance; a GUID and an address are not.
            ports = sorted(int(name[5:]) for name in series.fields if name.startswith("port "))
            if not series.fields & {"guid", "address"} and (not ports or len(series.datagrams) < 2):
                continue
            said = Said(
                UDP,
                ANNOUNCEMENT,
                f"udp/{port}",
                None,
                (source,) if "address" in series.fields else (),
                ports[0] if ports else None,
                series.guid if "guid" in series.fields else None,
                shown(series.first),
                carries=series.guid,
            )
            for datagram in series.datagrams:
                book.note(datagram, said)


def shown(payload: bytes) -> str:
    """A payload for people: as text where it is one, else the hex digits of its beginning."""
    text = payload.rstrip(b"\0\r\n").decode("utf-8", "replace")
    if text and all(letter.isprintable() or letter in "\r\n\t" for letter in text):
        return " ".join(text.split())[:MOST_TEXT]
    return payload[:_SHOWN].hex()


def _address_in(payload: bytes, source: int) -> bool:
    if source >> 32 == 0xFFFF:
        raw = (source & 0xFFFFFFFF).to_bytes(4, "big")
        return raw in payload or raw[::-1] in payload or str(ipaddress.IPv4Address(raw)).encode() in payload
    return source.to_bytes(16, "big") in payload


def _port_in(payload: bytes, port: int) -> bool:
    raw = port.to_bytes(2, "big")
    return raw in payload or raw[::-1] in payload or str(port).encode() in payload
