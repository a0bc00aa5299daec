"""Nikon's datasets: polled events, live view, Wi-Fi profiles. Promises that no key and no GUID of a profile is told;
refuses to find anything in a live-view header whose layout isn't known but the picture behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ..facts import name_of
from .pictures import find_jpeg, told_jpeg
from .scan import Scan
from .standard import framed_picture, notified
from .values import Dataset, PolledEvent, PropertyValue

_EX_HEADER = 1024  # bytes before the picture of GetLiveViewImageEx
_MOST_PARAMETERS = 5

# Fields of that header, all big-endian: where it begins, name, bytes. What lies between them nobody has described.
_EX_FIELDS: tuple[tuple[int, str, int], ...] = (
    (0, "versionMajor", 2),
    (2, "versionMinor", 2),
    (8, "displayInfoLength", 4),
    (12, "jpegLength", 4),
    (16, "wholeWidth", 2),
    (18, "wholeHeight", 2),
    (20, "displayWidth", 2),
    (22, "displayHeight", 2),
    (24, "displayCentreX", 2),
    (26, "displayCentreY", 2),
    (28, "imageWidth", 2),
    (30, "imageHeight", 2),
    (48, "focusWidth", 2),
    (50, "focusHeight", 2),
    (52, "focusCentreX", 2),
    (54, "focusCentreY", 2),
    (816, "remainingMs", 4),
    (820, "elapsedMs", 4),
    (828, "recording", 1),
    (829, "synchronized", 1),
    (836, "countdown", 1),
    (839, "rotation", 1),
    (840, "angle1", -4),
    (844, "angle2", -4),
    (848, "angle3", -4),
)
_BIG: Literal["big"] = "big"


def event_list(scan: Scan) -> None:
    """What GetEvent (0x90C7) answers: a count, then an event code and one parameter each."""
    count = scan.number("count", 2)
    for name in scan.entries(count, "events"):
        with scan.group(name) as event:
            event.number("event", 2, "event")
            event.number("parameter", 4, "hex")


def event_list_ex(scan: Scan) -> None:
    """What GetEventEx (0x941C) answers: events that tell how many parameters they have."""
    count = scan.number("count", 2)
    scan.number("padding", 2)
    for name in scan.entries(count, "events"):
        with scan.group(name) as event:
            event.number("event", 2, "event")
            parameters = event.number("parameterCount", 2)
            if parameters is not None and parameters > _MOST_PARAMETERS:
                event.fail(f"{parameters:,} parameters, an event has at most {_MOST_PARAMETERS}")
            elif parameters is not None:
                event.numbers("parameters", parameters, 4, "hex")


def live_view(scan: Scan) -> None:
    """A frame of GetLiveViewImg: a header of 64, 128 or 384 bytes by the camera's age, then a JPEG."""
    framed_picture(scan, find_jpeg(scan.data))


def live_view_ex(scan: Scan) -> None:
    """A frame of GetLiveViewImageEx: a header of 1024 bytes with big-endian fields, then a JPEG."""
    with scan.group("header", min(_EX_HEADER, scan.end)) as header:
        for start, name, size in _EX_FIELDS:
            if start > header.at:
                header.raw(f"unknown{header.at}", start - header.at)
            header.number(name, abs(size), signed=size < 0, order=_BIG)
        if header.left:
            header.rest(f"unknown{header.at}")
    if scan.left or scan.whole:
        framed_picture(scan, live_view_ex_jpeg(scan.data))


def live_view_ex_jpeg(data: bytes) -> tuple[int, int] | None:
    """Where the header says that the picture is, else where one is found."""
    return told_jpeg(data, _EX_HEADER, int.from_bytes(data[12:16], "big")) or find_jpeg(data, _EX_HEADER)


def wifi_profiles(scan: Scan) -> None:
    """The list of Wi-Fi profiles in a camera; it holds no keys."""
    scan.number("version", 1)
    count = scan.number("count", 1)
    for name in scan.entries(count, "profiles"):
        with scan.group(name) as profile:
            profile.number("id", 1)
            profile.number("valid", 1)
            _counted(profile, "profileName")
            profile.number("displayOrder", 1)
            profile.number("deviceType", 1)
            profile.number("iconType", 1)
            profile.string("creationDate", date=True)
            profile.string("lastUse", date=True)
            _counted(profile, "ssid")
            profile.raw("padding", 1)


def _counted(scan: Scan, name: str) -> None:
    size = scan.number(f"{name}Length", 4)
    if size is not None:
        scan.chars(name, size)


def wifi_profile(scan: Scan) -> None:
    """A Wi-Fi profile as it is written to a camera. Key and GUID are redacted; of one that doesn't fit its layout to
    the last byte all is: where the key stands in it is not known.
    """
    tried = Scan(scan.data, scan.request, size=scan.size)
    _profile(tried)
    if not tried.failed and not tried.left and scan.whole:
        scan.become(tried)
        return
    scan.number("version", 1)
    if scan.more():
        scan.note("not the whole of a profile as it is known: nothing of it is told, for it may hold a key")
        scan.chars("profile", scan.left, secret=True)


def _profile(scan: Scan) -> None:
    scan.number("version", 1)
    _counted(scan, "profileName")
    scan.number("displayOrder", 1)
    scan.number("deviceType", 1)
    scan.number("iconType", 1)
    with scan.group("created", scan.at + 33) as created:
        created.string("creationDate", date=True)
        if created.left:
            created.rest("padding")
    _address(scan, "address")
    scan.number("maskLength", 1)
    _address(scan, "gateway")
    for name in ("addressMode", "accessMode", "channel"):
        scan.number(name, 1)
    _counted(scan, "ssid")
    scan.number("authentication", 1)
    scan.number("encryption", 1)
    size = scan.number("keyLength", 4)
    if size is not None:
        scan.chars("key", size, secret=True)
    scan.number("keyNumber", 1)
    scan.chars("guid", 16, secret=True)
    scan.number("keyLengthCode", 2)


def _address(scan: Scan, name: str) -> None:
    """An IPv4 address in network order."""
    scan.raw(name, 4, ".".join(str(part) for part in scan.data[scan.at : scan.at + 4]))


DECODERS: dict[str, Callable[[Scan], None]] = {
    "NikonEventList": event_list,
    "NikonEventListEx": event_list_ex,
    "NikonLiveView": live_view,
    "NikonLiveViewEx": live_view_ex,
    "NikonWiFiProfiles": wifi_profiles,
    "NikonWiFiProfile": wifi_profile,
}


def events(dataset: Dataset) -> list[PolledEvent]:
    """The events of both lists."""
    found = []
    for record in dataset.fields:
        code, one, many = (record.get(name) for name in ("event", "parameter", "parameters"))
        if code is None or not isinstance(code.value, int):
            continue
        told = one.value if one is not None else many.value if many is not None else ()
        parameters = (told,) if isinstance(told, int) else told if isinstance(told, tuple) else ()
        numbers = tuple(number for number in parameters if isinstance(number, int))
        found.append(PolledEvent(code.value, name_of("event", code.value, "nikon"), numbers, record.start, record.end))
    return found


def notified_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The properties that both lists say to have changed."""
    return notified(events(dataset))


EVENTS = {"NikonEventList": events, "NikonEventListEx": events}
PROPERTY_VALUES = {"NikonEventList": notified_values, "NikonEventListEx": notified_values}
JPEGS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {
    "NikonLiveView": find_jpeg,
    "NikonLiveViewEx": live_view_ex_jpeg,
}
