"""Announcements as rules of discovery and bonding look at them: by host, and of which kind. Judges nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from ..capture import NO_TIME
from ..facts.discovery import DNS_SD_SERVICES, SSDP_SERVICES
from ..ptpip import messages as m
from ..ptpip.announcement import MDNS, SSDP, UDP, Announcement
from .case import Case, Line
from .evidence import Evidence
from .rule import INITIATOR, RESPONDER

_SERVICES = frozenset(one.name for one in DNS_SD_SERVICES)
_SPEAKING = frozenset(one.name for one in DNS_SD_SERVICES if one.speaks_ptp)
_TYPES = tuple(one.name.lower() for one in SSDP_SERVICES)


class Identity(NamedTuple):
    """Who one side of a session said it is, and the message row in which it did."""

    guid: str
    name: str | None
    row: int


def by_host(seen: Evidence) -> dict[int, list[Announcement]]:
    """What announces a device, by the addresses that it names and by who sent it."""
    found: dict[int, list[Announcement]] = defaultdict(list)
    for row in seen.discovery.rows:
        if row.names_device:
            for host in dict.fromkeys((*row.addresses, row.source)):
                found[host].append(row)
    return dict(found)


def is_camera(row: Announcement) -> bool:
    """Does it announce a camera, and not just any service of a host?"""
    if row.method == MDNS:
        return row.service in _SERVICES
    return row.method == UDP or (row.method == SSDP and (row.service or "").lower().startswith(_TYPES))


def tells_port(row: Announcement) -> bool:
    """Does it say at which port PTP-IP is spoken?"""
    return row.port is not None and (row.method == UDP or (row.method == MDNS and row.service in _SPEAKING))


def before(row: Announcement, line: Line) -> bool:
    """Was it said before the initiator opened the connection, by the capture's order and by its clock?"""
    opened = line.opened_at
    by_clock = NO_TIME in (row.times[0], opened) or row.times[0] < opened
    return by_clock and row.packets[0] < line.tcp.first_packet


def identities(seen: Evidence) -> dict[tuple[int, int], Identity]:
    """By session and side, the GUID that it greets with, where that is in the capture whole and at a known place."""
    found: dict[tuple[int, int], Identity] = {}
    for case in seen.judged:
        line = case.command
        for side, kind in ((INITIATOR, m.INIT_COMMAND_REQUEST), (RESPONDER, m.INIT_COMMAND_ACK)):
            row = None if line is None else line.first(kind, side)
            # One that breaks its layout still has its GUID at its place.
            if row is None or seen.status[row] not in (m.COMPLETE, m.MALFORMED) or not seen.synced[row]:
                continue
            said = seen.greeting(row)
            if said is not None and said["guid"] is not None:
                found[case.index, side] = Identity(said["guid"], said["name"], row)
    return found


def greets_in_8_bits(body: bytes) -> bool:
    """Does an Init Command Request end with a name of 8 bits for each letter and one NUL byte?"""
    name = body[24:-1]
    return body[-1:] == b"\0" and len(body) % 2 == 1 and len(name) > 0 and all(0x20 <= byte < 0x7F for byte in name)


def station_of(seen: Evidence, case: Case, side: int) -> int:
    """The Ethernet address of a side's packets; 0 where it is not known. Behind a router, the router's."""
    line = case.lines[0]
    return seen.stations(line.tcp)[line.direction(side)]
