"""SSDP (UPnP Device Architecture 1.1, 1): NOTIFY, M-SEARCH and answers, one device or service type each.

Promises bounds: header lines by datagram, characters by line. Refuses the device description, which is HTTP.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..facts.discovery import SSDP_SERVICES
from .announcement import ANNOUNCEMENT, ANSWER, GOODBYE, MOST_TEXT, QUERY, SSDP, Said, uuid_digits
from .mdns import address_of

MOST_LINES = 64
MOST_LINE = 512
CAMERA_DESCRIPTION = b"CameraDevDesc"  # file name of Canon's device descriptions: vcam upnp/CameraDevDesc.xml
_TOLD = ("LOCATION", "SERVER")  # first in the text; the others follow in order

TELLS = re.compile(
    b"|".join(re.escape(text) for text in (*(one.name.encode() for one in SSDP_SERVICES), CAMERA_DESCRIPTION)),
    re.IGNORECASE,
)
"""Finds datagrams of cameras and about them."""

_UUID = re.compile(r"uuid:([^:]+)", re.IGNORECASE)
_AGE = re.compile(r"max-age\s*=\s*(\d{1,9})", re.IGNORECASE)
_HOST = re.compile(r"^https?://(?:\[([0-9a-fA-F:.]+)\]|([^/:?#\[\]]+))(?::\d+)?(?:[/?#]|$)", re.IGNORECASE)
_KINDS = {"ssdp:alive": ANNOUNCEMENT, "ssdp:update": ANNOUNCEMENT, "ssdp:byebye": GOODBYE}


class Notice(NamedTuple):
    """An SSDP message: its kind as in ``announcement``, and its headers by name in capital letters."""

    kind: str
    headers: dict[str, str]


def parse(payload: bytes) -> Notice | None:
    """Read an SSDP message; None for what is none."""
    head, *lines = payload.split(b"\n", MOST_LINES + 1)[: MOST_LINES + 1]
    start = head.strip().upper()
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line[:MOST_LINE].partition(b":")
        if colon:
            headers.setdefault(_text(name).strip().upper(), _text(value).strip())
    if start.startswith(b"NOTIFY "):
        kind = _KINDS.get(headers.get("NTS", "").lower())
        return None if kind is None else Notice(kind, headers)
    if start.startswith(b"M-SEARCH "):
        return Notice(QUERY, headers)
    if start.startswith(b"HTTP/1.") and start[8:12] == b" 200":
        return Notice(ANSWER, headers)
    return None


def said(notice: Notice) -> Said:
    """What an SSDP message says."""
    headers = notice.headers
    service = headers.get("NT") or headers.get("ST")
    if notice.kind == QUERY:
        return Said(SSDP, QUERY, service)
    identity = _UUID.search(headers.get("USN", "")) or _UUID.search(service or "")
    age = _AGE.search(headers.get("CACHE-CONTROL", ""))
    address = location_address(notice)
    told = [*(name for name in _TOLD if name in headers), *sorted(headers.keys() - {*_TOLD, *_IN_COLUMNS})]
    return Said(
        SSDP,
        notice.kind,
        service,
        headers.get("SERVER"),
        () if address is None else (address,),
        None,
        uuid_digits(identity[1]) if identity else None,
        "; ".join(f"{name}: {headers[name]}" for name in told)[:MOST_TEXT],
        int(age[1]) if age else None,
    )


_IN_COLUMNS = frozenset({"HOST", "NT", "ST", "NTS", "USN", "CACHE-CONTROL", "DATE", "EXT", "MAN", "MX"})


def location_address(notice: Notice) -> int | None:
    """The address in LOCATION; None where there is none, or a name."""
    host = _HOST.match(notice.headers.get("LOCATION", ""))
    if host is None:
        return None
    try:
        return address_of(host[1] or host[2])
    except ValueError:
        return None


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
