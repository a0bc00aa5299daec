"""Fujifilm's datasets: the property list that cameras use as an event list, descriptions of all properties, and the
packets of its own connections. Promises the fields that real cameras sent; refuses to name words of unsettled meaning.
"""

from __future__ import annotations

from collections.abc import Callable

from ..facts import name_of
from .pictures import find_jpeg
from .scan import Scan, many
from .standard import described, framed_picture, prop_desc
from .values import Dataset, Doubt, PolledEvent, PropertyValue, Value

_INIT_SIZE = 82  # cameras close the connection on any other
_NAME_SIZE = 54


def event_list(scan: Scan) -> None:
    """Property 0xD212: properties that changed, with their new values."""
    count = scan.number("count", 2)
    for name in scan.entries(count, "properties"):
        with scan.group(name) as entry:
            entry.number("property", 2, "property")
            entry.number("value", 4)


def prop_descs(scan: Scan) -> None:
    """What 0x902B answers: descriptions, each behind its size."""
    count = scan.number("count", 4)
    for name in scan.entries(count, "descriptions"):
        size = scan.peek(4)
        if size is not None and size < 4:
            scan.fail(f"a description of {size} bytes, less than its size field")
            return
        if size is not None and size > scan.left:
            scan.short("a description", scan.at, size)
        with scan.group(name, scan.at + (size or 4)) as entry:
            entry.number("size", 4)
            prop_desc(entry)
            if entry.left:
                entry.note(f"{many(entry.left, 'byte')} behind the description")
                entry.rest("unknown")


def live_view_frame(scan: Scan) -> None:
    """A frame of the live-view connection: its size, a counter, and a JPEG."""
    size = scan.number("length", 4, "bytes")
    if size is not None and size != scan.size:
        scan.note(f"says {size:,} bytes, there are {scan.size:,}", 0, Doubt.CONTRADICTION)
    framed_picture(scan, find_jpeg(scan.data, scan.at))


def live_view_object(scan: Scan) -> None:
    """Object 0x80000001: the picture of live view over USB containers."""
    framed_picture(scan, find_jpeg(scan.data))


def init_request(scan: Scan) -> None:
    """The first packet of a client: always 82 bytes, and without the version that PTP-IP's has."""
    size = scan.number("length", 4)
    if size is not None and size != _INIT_SIZE:
        scan.note(f"says {size:,} bytes, cameras accept {_INIT_SIZE} only", 0, Doubt.CONTRADICTION)
    scan.number("type", 4)
    scan.number("magic", 4, "hex")
    scan.raw("guid", 16)
    start = scan.at
    if scan.left < _NAME_SIZE:
        scan.raw("name", _NAME_SIZE)
        return
    name = scan.data[start : start + _NAME_SIZE].decode("utf-16-le", "replace").partition("\0")[0]
    scan.reader.at += _NAME_SIZE
    scan.add(Value("name", name, start, scan.at))


DECODERS: dict[str, Callable[[Scan], None]] = {
    "FujiEventList": event_list,
    "FujiDevicePropDescs": prop_descs,
    "FujiLiveViewFrame": live_view_frame,
    "FujiLiveViewObject": live_view_object,
    "FujiInitRequest": init_request,
}


def _pairs(dataset: Dataset) -> list[tuple[int, int, Value, Value]]:
    """Property, value, the record and the value's place."""
    found = []
    for record in dataset.fields:
        code, value = record.get("property"), record.get("value")
        if code is not None and value is not None and isinstance(code.value, int) and isinstance(value.value, int):
            found.append((code.value, value.value, record, value))
    return found


def events(dataset: Dataset) -> list[PolledEvent]:
    """Each property that changed, with its value: Fujifilm's list has no event codes."""
    return [
        PolledEvent(None, name_of("property", code, "fuji"), (code, value), record.start, record.end)
        for code, value, record, _ in _pairs(dataset)
    ]


def listed_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The values of an event list; 32 bits whatever the property's datatype is."""
    return [PropertyValue(code, None, value, place.start, place.end) for code, value, _, place in _pairs(dataset)]


def described_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The values of all properties that are described."""
    return [value for field in dataset.fields for value in described(field.parts)]


EVENTS = {"FujiEventList": events}
PROPERTY_VALUES = {"FujiEventList": listed_values, "FujiDevicePropDescs": described_values}
JPEGS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {
    "FujiLiveViewFrame": lambda data: find_jpeg(data, 4),
    "FujiLiveViewObject": find_jpeg,
}
