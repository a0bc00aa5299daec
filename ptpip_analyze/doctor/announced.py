"""Cameras that announced themselves, and what followed: no connection, one to another port, or another identity.

Only services whose port speaks PTP-IP (``facts.discovery``): everything else in a network announces itself as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from ..capture import NO_TIME
from ..describe import counted
from ..facts.discovery import DNS_SD_SERVICES
from ..facts.packets import DEFAULT_PORT
from ..ptpip.announcement import Announcement
from ..result import Result
from ..tcp import Connection
from .saying import Saying

MOST = 5
SPEAKING = tuple(service.name for service in DNS_SD_SERVICES if service.speaks_ptp)


def announced(result: Result) -> Iterator[Saying]:
    """Announcements of a capture that no TCP connection to that place followed, and those that it belies."""
    yield from _uncalled(result)
    yield from _others(result)


def _uncalled(result: Result) -> Iterator[Saying]:
    from ..tables.addresses import address_text

    found: dict[tuple[str | None, tuple[int, ...], int], Announcement] = {}
    for row in result.discovery.rows:
        places = tuple(row.addresses) or ((row.source,) if row.source else ())
        port = row.port or DEFAULT_PORT
        if row.names_device and _speaks(row) and not row.sessions and places and not _reached(result, places, port):
            found.setdefault((row.device, places, port), row)
    for (device, places, port), row in list(found.items())[:MOST]:
        who = f"“{device}”" if device else "A camera"
        where = ", ".join(address_text(one) or "?" for one in places[:3])
        begins = f"{who} announced itself at {where}, port {port} ({row.service or row.method}), but "
        frames = tuple(packet + 1 for packet in row.packets[:6])
        elsewhere = _called_elsewhere(result, row, places, port)
        if elsewhere is None:
            says = f"{begins}no connection to it is in the capture: none was opened, or it was not captured."
        else:
            called = elsewhere.endpoint(1 - (elsewhere.syn_from or 0))[1]
            says = f"{begins}the connection that was opened there afterwards goes to port {called}."
            frames += (elsewhere.first_packet + 1,)
        yield Saying("unknown", "discovery", says, frames, _time(row))
    if len(found) > MOST:
        yield Saying("unknown", "discovery", f"{counted(len(found) - MOST, 'more announcement')} of the same kind.")


def _others(result: Result) -> Iterator[Saying]:
    """Sessions at an announced address whose camera gives another GUID than was announced."""
    from ..tables.addresses import address_text

    told: set[tuple[str, str]] = set()
    for row in result.discovery.rows:
        if (
            row.guid is None
            or not row.sessions
            or row.joined_by != "address"
            or not (row.names_device and _speaks(row))
        ):
            continue
        said, at = result.responder_said(result.pairs[row.sessions[0]])
        guid = said["guid"] if said is not None else None
        if at is None or not isinstance(guid, str) or _same(row.guid, guid) or (row.guid, guid) in told:
            continue
        if len(told) == MOST:
            return
        told.add((row.guid, guid))
        who = f"“{row.device}”" if row.device else "a camera"
        where = address_text(result.pairs[row.sessions[0]].parts[0].responder[0])
        says = (
            f"{who} announced the GUID {row.guid} at {where}, and the camera that answers there (session "
            f"{row.sessions[0] + result.first_session}) calls itself {guid.replace('-', '')}: another camera has that "
            "address now, or it announces another identity than it gives."
        )
        frames = (row.packets[0] + 1, int(result.messages["last"][at]) + 1)
        yield Saying("unknown", "discovery", says[0].upper() + says[1:], frames, _time(row))


def _same(announced_guid: str, guid: str) -> bool:
    """Is it one GUID, also where one of them is written with the byte order of Microsoft's?"""
    try:
        one, other = UUID(hex=announced_guid), UUID(hex=guid)
    except ValueError:
        return False
    return other in (one, UUID(bytes=one.bytes_le))


def _called_elsewhere(result: Result, row: Announcement, places: tuple[int, ...], port: int) -> Connection | None:
    """The first connection that was opened to one of the places after the announcement, though to another port: that of
    PTP-IP, or one where it is spoken. What else is there, as a page that describes a device, says nothing.
    """
    speaking = {part.tcp.number for pair in result.pairs for part in pair.parts}
    for tcp in result.connections:
        if tcp.syn_from is None or tcp.first_packet < row.packets[0]:
            continue
        host, called = tcp.endpoint(1 - tcp.syn_from)
        if host in places and called != port and (called == DEFAULT_PORT or tcp.number in speaking):
            return tcp
    return None


def _time(row: Announcement) -> int | None:
    return row.times[0] if row.times and row.times[0] != NO_TIME else None


def _speaks(row: Announcement) -> bool:
    return row.service is not None and row.service.lower().startswith(SPEAKING)


def _reached(result: Result, places: tuple[int, ...], port: int) -> bool:
    """Is there any TCP connection to one of these places?"""
    return any((end[0] in places and end[1] == port) for tcp in result.connections for end in (tcp.low, tcp.high))
