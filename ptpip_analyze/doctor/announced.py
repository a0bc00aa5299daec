"""Cameras that announced themselves, though no connection to them followed.

Only services whose port speaks PTP-IP (``facts.discovery``): everything else in a network announces itself as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..capture import NO_TIME
from ..describe import counted
from ..facts.discovery import DNS_SD_SERVICES
from ..facts.packets import DEFAULT_PORT
from ..ptpip.announcement import Announcement
from ..result import Result
from .saying import Saying

MOST = 5
SPEAKING = tuple(service.name for service in DNS_SD_SERVICES if service.speaks_ptp)


def announced(result: Result) -> Iterator[Saying]:
    """Announcements of a capture that no TCP connection to that place followed."""
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
        says = (
            f"{who} announced itself at {where}, port {port} ({row.service or row.method}), but no connection to it is "
            "in the capture: none was opened, or it was not captured."
        )
        time = row.times[0] if row.times and row.times[0] != NO_TIME else None
        yield Saying("unknown", "discovery", says, tuple(packet + 1 for packet in row.packets[:6]), time)
    if len(found) > MOST:
        yield Saying("unknown", "discovery", f"{counted(len(found) - MOST, 'more announcement')} of the same kind.")


def _speaks(row: Announcement) -> bool:
    return row.service is not None and row.service.lower().startswith(SPEAKING)


def _reached(result: Result, places: tuple[int, ...], port: int) -> bool:
    """Is there any TCP connection to one of these places?"""
    return any((end[0] in places and end[1] == port) for tcp in result.connections for end in (tcp.low, tcp.high))
