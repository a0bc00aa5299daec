"""Canon's datasets: what EOS cameras put into their event list, their viewfinder and their folders, and the fixed
records of older PowerShots. Promises each record its place, unknown ones as bytes; refuses to guess at records whose
size doesn't fit any layout that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from ..facts import name_of
from ..facts.datasets import (
    BY_NAME,
    EOS_BLOCKS,
    EOS_COMPRESSIONS,
    EOS_CUSTOM_FUNCTIONS,
    EOS_FOCUS_INFO,
    EOS_IMAGE_FORMATS,
    EOS_IMAGE_SIZES,
    EOS_IMAGE_TYPES,
    EOS_OLC_VERSION,
    EOS_PICTURE_BLOCKS,
    EOS_TEXTS,
    OLC_FIELDS,
    OLC_SIZES,
    OLC_VALUES,
)
from ..facts.properties import DATATYPES
from .datatypes import STRING
from .pictures import find_jpeg, told_jpeg
from .scan import Scan, bytes_text, wording
from .standard import framed_picture
from .texts import image_format_text
from .values import MOST_BYTES, Dataset, Doubt, PolledEvent, PropertyValue, Value

_EOS = "canon_eos"
_HEAD = 8  # size and type of a record
_LAST_BLOCK = (_HEAD, 0)  # of a viewfinder's
_PROPERTY_CHANGED, _LIST_CHANGED, _OLC_CHANGED = 0xC189, 0xC18A, 0xC1A5
_IMAGE_FORMAT = 16  # bytes of an entry of an ImageFormat
_FOCUS_HEAD = 20

# Records that are one word: its name and wording. Where the meaning isn't known the word is called ``value``.
_WORDS: dict[int, tuple[str, str]] = {
    0xC182: ("objectHandle", "handle"),
    0xC184: ("storageId", "storage"),
    0xC185: ("storageId", "storage"),
    0xC188: ("objectHandle", "handle"),
    0xC18B: ("status", ""),
    0xC18D: ("value", ""),
    0xC18E: ("value", ""),
    0xC192: ("storageId", "storage"),
    0xC193: ("storageId", "storage"),
    0xC194: ("seconds", ""),
    0xC195: ("value", ""),
    0xC19D: ("value", ""),
    0xC1A3: ("value", ""),
    0xC1A4: ("storageId", "storage"),
    0xC1F6: ("value", ""),
}
_PARAMETERS = ("property", "objectHandle", "storageId", "status", "seconds", "value", "mask")


def event_list(scan: Scan) -> None:
    """What GetEvent (0x9116) answers: records up to one of type 0. It has 8 bytes, from some virtual cameras 12."""
    version: int | None = None
    while scan.more():
        size, kind = scan.peek(4), scan.peek(4, 4)
        if size is None or kind is None:
            scan.short("a record", scan.at, _HEAD)
            return
        if size < _HEAD:
            scan.fail(f"a record of {size} bytes, less than its head")
            return
        if size > scan.left:
            scan.short("a record", scan.at, size)
        start = scan.at
        last = kind == 0 and not scan.data[scan.at + _HEAD : scan.at + size].strip(b"\0")
        name = "End" if last else name_of("event", kind, _EOS)
        subject = scan.peek(4, _HEAD) if kind in (_PROPERTY_CHANGED, _LIST_CHANGED) else None
        if subject == EOS_OLC_VERSION and kind == _PROPERTY_CHANGED:
            version = scan.peek(4, _HEAD + 4)
        text = wording("property", subject, _EOS) if subject is not None else None
        with scan.group(name, scan.at + size, text) as record:
            record.number("length", 4)
            record.number("type", 4, "event")
            if kind == _OLC_CHANGED:
                _olc(record, version)
            elif kind in _WORDS and record.left >= 4:
                record.number(_WORDS[kind][0], 4, _WORDS[kind][1])
            elif kind in _RECORDS:
                _RECORDS[kind](record)
            if record.left:
                record.rest("unknown")
        if last:
            if size != _HEAD:
                scan.note(f"the record that ends the list has {size:,} bytes, not {_HEAD}", start)
            if scan.left and not scan.data[scan.at : scan.end].strip(b"\0"):
                scan.note(f"{scan.left:,} zero bytes of padding behind the last record")
                scan.rest("padding")
            return
    if scan.whole and not scan.failed:
        scan.note("no record ends the list")


def _property_changed(record: Scan) -> None:
    code = record.number("property", 4, "property")
    if code is None:
        return
    eos_value(record, code)
    if record.left and code in EOS_IMAGE_FORMATS:
        record.note(f"{record.left} bytes behind the ImageFormat, as a PowerShot SX740 HS sends them")


def _list_changed(record: Scan) -> None:
    code = record.number("property", 4, "property")
    record.number("listType", 4)
    count = record.number("count", 4)
    if not count or code is None or record.failed:
        return
    if code in EOS_IMAGE_FORMATS:
        with record.group("values", record.end) as values:
            for name in values.entries(count, "values"):
                image_format(values, name)
    elif record.left == 4 * count:
        record.numbers("values", count, 4)
    elif _are_strings(record.data[record.at : record.end], count):
        with record.group("values", record.end) as values:
            for name in values.entries(count, "values"):
                values.string(name)
    elif count == 1 or _tell_their_size(record.data[record.at : record.end], count):
        size = record.left // count
        with record.group("values", record.end) as values:
            for name in values.entries(count, "values"):
                values.raw(name, size)


def _tell_their_size(data: bytes, count: int) -> bool:
    """Are these bytes ``count`` values as long as each other, which begin with their size?"""
    size, rest = divmod(len(data), count)
    head = size.to_bytes(4, "little")
    return not rest and size >= 4 and all(data[at : at + 4] == head for at in range(0, len(data), size))


def _are_strings(data: bytes, count: int) -> bool:
    """Are these bytes ``count`` PTP strings, none of them empty, each ended by a NUL?"""
    at = 0
    for _ in range(count):
        end = at + 1 + 2 * data[at] if at < len(data) else 0
        if not at + 3 < end <= len(data) or data[end - 2 : end] != b"\0\0":
            return False
        at = end
    return at == len(data)


def eos_value(scan: Scan, code: int) -> None:
    """The value of an EOS property: all bytes up to the end. Integers are sent as 32 bits whatever their type is."""
    size = scan.left
    if size > MOST_BYTES:
        scan.raw("value", size)
    elif code in EOS_TEXTS:
        junk = scan.data[scan.at : scan.end].partition(b"\0")[2].strip(b"\0")
        if junk:
            scan.note("bytes of an older text behind the NUL")
        scan.chars("value", size)
    elif code in EOS_IMAGE_FORMATS:
        image_format(scan, "value")
    elif DATATYPES.get(code) == STRING and _are_strings(scan.data[scan.at : scan.end], 1):
        scan.string("value")
    elif code == EOS_CUSTOM_FUNCTIONS and size >= 4:
        with scan.group("value", scan.end, value=scan.data[scan.at : scan.end]) as functions:
            functions.number("length", 4)
            functions.numbers("words", functions.left // 4, 4, "hex")
    elif code == EOS_FOCUS_INFO and size >= _FOCUS_HEAD:
        with scan.group("value", scan.end, value=scan.data[scan.at : scan.end]) as info:
            _focus_info(info)
    elif size in (1, 2, 4, 8):
        scan.number("value", size)
    elif size:
        scan.raw("value", size)


def image_format(scan: Scan, name: str) -> None:
    """ImageFormat: one entry or two (RAW beside JPEG) of 16 bytes behind their number."""
    count = scan.peek(4) or 0
    end = scan.at + 4 + count * _IMAGE_FORMAT
    if not 1 <= count <= 2 or end > scan.end:
        scan.rest(name, "no ImageFormat that is known")
        return
    words = [int.from_bytes(scan.data[at : at + 4], "little") for at in range(scan.at, end, 4)]
    with scan.group(name, end, image_format_text(words), scan.data[scan.at : end]) as entries:
        entries.number("count", 4)
        for index in range(count):
            with entries.group(str(index)) as entry:
                entry.number("length", 4)
                entry.number("type", 4, names=EOS_IMAGE_TYPES)
                entry.number("size", 4, names=EOS_IMAGE_SIZES)
                entry.number("compression", 4, names=EOS_COMPRESSIONS)


def _focus_info(info: Scan) -> None:
    """FocusInfoEx: where the focus points lie. Its inner geometry is known from a 5Ds R only."""
    info.number("size", 4)
    info.number("innerSize", 2)
    info.number("version", 2)
    points = info.number("points", 2) or 0
    for name in ("pointsInUse", "width", "height", "width2", "height2"):
        info.number(name, 2)
    if points and 8 * points + (points + 7) // 8 <= info.left:
        for name in ("pointHeights", "pointWidths", "x", "y"):
            info.numbers(name, points, 2, signed=True)
        info.raw("selected", (points + 7) // 8)
    if info.left:
        info.rest("unknown")


def _object_added(record: Scan) -> None:
    _object_head(record)
    record.number("size", 4, "bytes")
    record.number("parentObject", 4, "handle")
    record.number("objectHandle2", 4, "handle")
    record.chars("filename", min(16, record.left))
    if record.left >= 4:
        record.number("time", 4, "unix_time")


def _object_added_64(record: Scan) -> None:
    _object_head(record)
    record.number("size", 8, "bytes")
    record.number("parentObject", 4, "handle")
    record.number("objectHandle2", 4, "handle")
    record.chars("filename", min(16, record.left))


def _object_head(record: Scan) -> None:
    record.number("objectHandle", 4, "handle")
    record.number("storageId", 4, "storage")
    record.number("objectFormat", 2, "format")
    record.number("padding", 2)
    record.number("unknown20", 4, "hex")
    record.number("flags", 4, "hex")


def _transfer(record: Scan) -> None:
    _transfer_head(record)
    record.number("unknown24", 4, "hex")
    record.chars("filename", record.left)


def _transfer_long_name(record: Scan) -> None:
    _transfer_head(record)
    record.raw("unknown24", 5)
    record.number("parentObject", 4, "handle")


def _transfer_head(record: Scan) -> None:
    record.number("objectHandle", 4, "handle")
    record.number("objectFormat", 2, "format")
    record.number("padding", 2)
    record.number("unknown16", 4, "hex")
    record.number("size", 4, "bytes")


_RECORDS: dict[int, Callable[[Scan], None]] = {
    _PROPERTY_CHANGED: _property_changed,
    _LIST_CHANGED: _list_changed,
    0xC181: _object_added,
    0xC187: _object_added,
    0xC1A7: _object_added_64,
    0xC186: _transfer,
    0xC1A9: _transfer,
    0xC1B8: _transfer_long_name,
}


def _olc(record: Scan, version: int | None) -> None:
    """OLCInfoChanged: the fields whose mask bits are set, as long as their sizes add up to the record's."""
    record.number("ownLength", 4)
    mask = record.number("mask", 4, "hex")
    sizes = None if mask is None else olc_sizes(mask, record.left, version)
    if sizes is None:
        record.rest("fields", "their layout is not known")
        return
    for name, size in sizes:
        _, at, decoded = OLC_VALUES.get(name, (None, 0, ()))
        if size not in decoded:
            record.raw(name, size, "raw")
            continue
        with record.group(name, record.at + size) as shown:
            shown.raw("unknown", at)
            shown.number("value", 1)
            if shown.left:
                shown.rest("unknown")


def olc_sizes(mask: int, size: int, version: int | None) -> list[tuple[str, int]] | None:
    """Name and size of each field that ``mask`` announces; None where no layout, or more than one, fits ``size``.

    ``version`` is the value of property 0xD199; without it, or where its layout doesn't fit, all are tried.
    """
    bits = [bit for bit in range(32) if mask >> bit & 1]
    if not bits or bits[-1] >= len(OLC_FIELDS):
        return None
    fitting = [
        (versions, tuple(sizes[bit] for bit in bits))
        for versions, sizes in OLC_SIZES.items()
        if sum(sizes[bit] for bit in bits) == size
    ]
    own = {sizes for versions, sizes in fitting if version in versions}
    found = own or {sizes for _, sizes in fitting}
    if len(found) != 1:
        return None
    return [(OLC_FIELDS[bit], width) for bit, width in zip(bits, found.pop(), strict=True)]


def device_info_ex(scan: Scan) -> None:
    """What an EOS camera tells beyond DeviceInfo: its events and properties."""
    size = scan.number("length", 4)
    if size is not None and size != scan.size:
        scan.note(f"says {size:,} bytes, there are {scan.size:,}", 0, Doubt.CONTRADICTION)
    scan.array("events", 4, "event")
    scan.array("properties", 4, "property")
    scan.array("unknown", 4, "hex")


def set_property(scan: Scan) -> None:
    """SetDevicePropValueEx: size, property, value."""
    size = scan.number("length", 4)
    code = scan.number("property", 4, "property")
    if size is not None and size != scan.size:
        scan.note(f"says {size:,} bytes, there are {scan.size:,}", 0, Doubt.CONTRADICTION)
    if code is not None and scan.left:
        eos_value(scan, code)


def folder_entries_ex(scan: Scan) -> None:
    """GetObjectInfoEx: entries that tell their own size."""
    for entry in _sized_entries(scan):
        entry.layout(BY_NAME["EOSFolderEntryHead"])
        if not entry.failed:
            entry.chars("filename", min(16, entry.left))
        if entry.left >= 4:
            entry.number("time", 4, "unix_time")


def folder_entries_ex_64(scan: Scan) -> None:
    """GetObjectInfoEx64: longer entries, of which only the first fields are known."""
    for entry in _sized_entries(scan):
        entry.number("objectHandle", 4, "handle")
        entry.number("storageId", 4, "storage")
        entry.number("objectFormat", 2, "format")


def _sized_entries(scan: Scan) -> Iterator[Scan]:
    """Each entry behind its size; what is not taken off it is kept as bytes."""
    count = scan.number("count", 4)
    for name in scan.entries(count, "entries"):
        size = scan.peek(4)
        if size is not None and size < 4:
            scan.fail(f"an entry of {size} bytes, less than its size field")
            return
        if size is not None and size > scan.left:
            scan.short("an entry", scan.at, size)
        with scan.group(name, scan.at + (size or 4)) as entry:
            entry.number("length", 4)
            yield entry
            if entry.left:
                entry.rest("unknown")


def view_finder_image(scan: Scan) -> None:
    """GetViewfinderImage of old PowerShots: a JPEG."""
    framed_picture(scan, find_jpeg(scan.data))


def view_finder(scan: Scan) -> None:
    """GetViewFinderData: blocks of a size, a type and data, up to an empty one of type 0; old bytes may follow."""
    while scan.more():
        size, kind = scan.peek(4), scan.peek(4, 4)
        if size is None or kind is None:
            scan.short("a block", scan.at, _HEAD)
            return
        if size < _HEAD:
            scan.fail(f"a block of {size} bytes, less than its head")
            return
        if size > scan.left:
            scan.short("a block", scan.at, size)
        last = (size, kind) == _LAST_BLOCK
        with scan.group("End" if last else EOS_BLOCKS.get(kind, f"type{kind}"), scan.at + size) as block:
            block.number("length", 4)
            block.number("type", 4)
            if not last:
                picture = told_jpeg(block.data, block.at, block.left)
                block.rest("data", f"JPEG, {bytes_text(block.left) or f'{block.left} bytes'}" if picture else None)
        if last and scan.left:
            scan.rest("unknown")
            return


def view_finder_jpeg(data: bytes) -> tuple[int, int] | None:
    """Where the picture lies in viewfinder blocks, types that are known to hold one first."""
    blocks: dict[int, tuple[int, int]] = {}
    at = 0
    while at + _HEAD <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "little"), int.from_bytes(data[at + 4 : at + 8], "little")
        if size < _HEAD or (size, kind) == _LAST_BLOCK:
            break
        place = told_jpeg(data, at + _HEAD, size - _HEAD)
        if place is not None:
            blocks.setdefault(kind, place)
        at += size
    return next((blocks[kind] for kind in EOS_PICTURE_BLOCKS if kind in blocks), None)


def folder_entries(scan: Scan) -> None:
    """What old PowerShots list: entries of 28 bytes."""
    for name in scan.entries(-(-scan.left // 28), "entries"):
        with scan.group(name) as entry:
            entry.layout(BY_NAME["CanonFolderEntryHead"])
            entry.chars("filename", 13)


def directory(scan: Scan) -> None:
    """GetDirectory of old PowerShots: entries of 76 bytes."""
    for name in scan.entries(-(-scan.left // 76), "entries"):
        with scan.group(name) as entry:
            entry.raw("front", 32)
            entry.chars("filename", 12)
            entry.number("flags", 4, "hex")
            entry.number("size", 4, "bytes")
            entry.number("time", 4, "unix_time")
            entry.raw("unknown", 8)
            entry.number("thumbSize", 4, "bytes")
            entry.number("thumbWidth", 4)
            entry.number("thumbHeight", 4)


def chdk_live_view(scan: Scan) -> None:
    """What CHDK's GetDisplayData answers: a header, descriptions of two frame buffers, and their bytes."""
    scan.layout(BY_NAME["CHDKLiveViewHeader"])
    head = {field.name: field.value for field in scan.fields}
    minor = head.get("versionMinor")
    if isinstance(minor, int) and minor >= 2:
        scan.number("offset8", 4)
    starts = [(head.get(f"{name}Offset"), name) for name in ("viewport", "bitmap")]
    for start, name in sorted((start, name) for start, name in starts if isinstance(start, int)):
        if start == scan.at:
            with scan.group(name) as frame:
                frame.layout(BY_NAME["CHDKFrameDescriptor"])
    scan.rest("frames")


DECODERS: dict[str, Callable[[Scan], None]] = {
    "EOSEventList": event_list,
    "EOSDeviceInfoEx": device_info_ex,
    "EOSSetDevicePropValue": set_property,
    "EOSFolderEntries": folder_entries_ex,
    "EOSFolderEntries64": folder_entries_ex_64,
    "EOSViewFinderData": view_finder,
    "CanonViewFinderImage": view_finder_image,
    "CanonFolderEntries": folder_entries,
    "CanonDirectory": directory,
    "CHDKLiveView": chdk_live_view,
}


def events(dataset: Dataset) -> list[PolledEvent]:
    """Every record of an event list but those of type 0, with what it names: property and value, handle, storage."""
    found = []
    for record in dataset.fields:
        code = record.get("type")
        if code is None or not isinstance(code.value, int) or code.value == 0:
            continue
        named = (record.get(name) for name in _PARAMETERS)
        parameters = tuple(part.value for part in named if part is not None and isinstance(part.value, int))
        found.append(PolledEvent(code.value, record.name, parameters, record.start, record.end))
    return found


def listed_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """Values, and lists of values that may be set, out of an event list."""
    found: list[PropertyValue] = []
    for record in dataset.fields:
        found += _shown_values(record) if record.get("mask") else _value_of(record.parts)
    return found


def _shown_values(record: Value) -> list[PropertyValue]:
    """What an OLCInfoChanged record shows of exposure."""
    found = []
    for field in record.parts:
        front, value = field.get("unknown"), field.get("value")
        if field.name not in OLC_VALUES or value is None or front is None or not isinstance(front.value, bytes):
            continue
        if front.value[1]:
            code = OLC_VALUES[field.name][0]
            found.append(PropertyValue(code, None, value.value, value.start, value.end, "current"))
    return found


def set_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The value that SetDevicePropValueEx sets."""
    return _value_of(dataset.fields)


def _value_of(parts: tuple[Value, ...]) -> list[PropertyValue]:
    fields = {part.name: part for part in parts}
    code, value, allowed = fields.get("property"), fields.get("value"), fields.get("values")
    if code is None or not isinstance(code.value, int):
        return []
    if value is not None:
        return [PropertyValue(code.value, None, value.value, value.start, value.end, "current", value.text)]
    if allowed is None:
        return []
    values = allowed.value
    if values is None:
        each = tuple(part.value for part in allowed.parts if isinstance(part.value, bytes | str))
        values = cast("tuple[bytes, ...] | tuple[str, ...]", each)
    text = ", ".join(part.text for part in allowed.parts if part.text) or None
    return [PropertyValue(code.value, None, values, allowed.start, allowed.end, "allowed", text)]


EVENTS = {"EOSEventList": events}
PROPERTY_VALUES = {"EOSEventList": listed_values, "EOSSetDevicePropValue": set_values}
JPEGS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {
    "EOSViewFinderData": view_finder_jpeg,
    "CanonViewFinderImage": find_jpeg,
}
