"""Datasets of PTP and MTP that branch, and what cameras do differently in the flat ones. Promises the fields that are
there, with a note for each oddity it knows; refuses makers' own datasets.
"""

from __future__ import annotations

from collections.abc import Callable

from ..facts import name_of
from ..facts.datasets import BY_NAME, SECRETS
from ..facts.named import DEVICE_PROP_CHANGED
from ..facts.properties import DATATYPES
from . import datatypes
from .pictures import kind_text
from .reader import Reader
from .scan import Scan, bytes_text, many
from .values import MOST_BYTES, Dataset, Doubt, PolledEvent, PropertyValue, Value

NONE, RANGE, ENUMERATION, DATE_TIME, FIXED_ARRAY, EXPRESSION, BYTE_ARRAY, LONG_STRING = (0, 1, 2, 3, 4, 5, 6, 0xFF)
RANGE_FIELDS = ("minimum", "maximum", "step")
_OBJECT_NAME = 52  # where the filename of an ObjectInfo begins
_OBJECT_NAME_64 = 56


def storage_info(scan: Scan) -> None:
    """StorageInfo; an EOS 60D sends two zero bytes more behind an empty string."""
    scan.layout(BY_NAME["StorageInfo"])
    if not scan.failed and 0 < scan.left <= 4 and not any(scan.data[scan.at :]):
        scan.note("stray zero bytes behind an empty string, as a Canon EOS 60D sends them")
        scan.rest("stray")


def object_info(scan: Scan) -> None:
    """ObjectInfo, also with the 64-bit size that some Samsung phones send."""
    wide = scan.whole and _is_wide(scan.data)
    if wide:
        scan.note("the object's size has 64 bits instead of 32, as some Samsung phones send it", 8)
    scan.layout(BY_NAME["ObjectInfo64" if wide else "ObjectInfo"])


def _is_wide(data: bytes) -> bool:
    """Do the strings begin 4 bytes late, and only so fit the payload?"""
    return _strings_fit(data, _OBJECT_NAME_64) and not _strings_fit(data, _OBJECT_NAME)


def _strings_fit(data: bytes, start: int) -> bool:
    reader = Reader(data, start)
    texts = [reader.units() for _ in range(4)]
    return not reader.failed and not reader.left and all(text is not None and text[-1:] in ("", "\0") for text in texts)


def filesystem_manifest(scan: Scan) -> None:
    """FilesystemManifest: entries behind a 64-bit count."""
    count = scan.number("count", 8)
    with scan.group("entries") as entries:
        for name in entries.entries(count, "entries"):
            with entries.group(name) as entry:
                entry.layout(BY_NAME["FilesystemManifestEntry"])


def prop_desc(scan: Scan, *, asked: int | None = None, exact: bool = True, code_bytes: int = 2) -> None:
    """DevicePropDesc.

    ``asked`` is the property that the request named; ``exact``: does the description end where the scan ends, so that
    what its bytes add up to tells something? ``code_bytes`` is the size of the property's code.
    """
    code = scan.peek(code_bytes)
    datatype = scan.peek(2, code_bytes)
    if asked is not None and code != asked and datatype is not None and not datatypes.is_known(datatype):
        text = f"no description: it doesn't begin with property 0x{asked:04X}; some iRiver players send the value"
        scan.note(text, doubt=Doubt.CONTRADICTION)
        scan.rest("raw")
        return
    code = scan.number("property", code_bytes, "property")
    if asked is not None and code is not None and code != asked:
        scan.note(f"describes another property than 0x{asked:04X}, which was asked for", scan.at - code_bytes)
    datatype = scan.number("dataType", 2, "datatype")
    scan.number("getSet", 1, "get_set")
    if datatype is None or scan.failed:
        return
    if code in SECRETS.get(scan.vendor, ()):
        scan.chars("values", scan.left, secret=True)
        return
    scan.typed("factoryDefault", datatype)
    scan.typed("current", datatype)
    if datatype == datatypes.STRING and not scan.failed and not scan.left and scan.whole:
        scan.note("no FormFlag behind a string", doubt=Doubt.CONTRADICTION)
        return
    form(scan, scan.number("formFlag", 1, "form_flag"), datatype, exact=exact)


def form(scan: Scan, flag: int | None, datatype: int, *, exact: bool = True) -> None:
    """What a form flag of a property description announces."""
    if flag == RANGE:
        for name in RANGE_FIELDS:
            scan.typed(name, datatype)
    elif flag == ENUMERATION:
        enumeration(scan, "values", datatype, exact=exact)
    elif flag not in (None, NONE):
        scan.fail(f"form flag {flag} is not known: what follows can't be read")


def enumeration(scan: Scan, name: str, datatype: int, *, exact: bool = True) -> None:
    """Values of one datatype behind a count of 16 bits."""
    size = datatypes.size_of(datatype)
    if size is None or datatypes.is_array(datatype):
        count = scan.number(f"{name}Count", 2)
        with scan.group(name) as values:
            for index in values.entries(count, name):
                values.typed(index, datatype)
        return
    count, signed, left = scan.peek(2), datatypes.is_signed(datatype), scan.left - 2
    swapped = 0 if count is None else int.from_bytes(count.to_bytes(2, "little"), "big")
    if count is not None and exact and scan.whole and count * size > left == swapped * size:
        scan.note(f"the number of {name} is big-endian, as an HP PhotoSmart 120 sends it")
        scan.number(f"{name}Count", 2, order="big")
        scan.numbers(name, swapped, size, signed=signed)
    elif count and exact and scan.whole and left == 2 * count * size:
        scan.note(f"{name} are {2 * size} bytes wide, the datatype says {size}; a Canon EOS 60D does so", scan.at + 2)
        scan.number(f"{name}Count", 2)
        scan.numbers(name, count, 2 * size, signed=signed)
    else:
        scan.array(name, size, counted=2, signed=signed)


def device_prop_desc(scan: Scan) -> None:
    """DevicePropDesc as the answer to a request."""
    asked = scan.request.parameters[0] if scan.request.parameters else None
    prop_desc(scan, asked=asked)


def device_prop_desc_ex(scan: Scan) -> None:
    """DevicePropDesc with a code of 32 bits, as Nikon's Z cameras answer GetDevicePropDescEx."""
    prop_desc(scan, asked=scan.request.parameters[0] if scan.request.parameters else None, code_bytes=4)


def prop_value(scan: Scan) -> None:
    """The value of a property. Of a datatype that nobody told it is what the standard says of the property where that
    fits, else what its size suggests, and a note says so.
    """
    code = scan.request.parameters[0] if scan.request.parameters else None
    if code in SECRETS.get(scan.vendor, ()):
        scan.chars("value", scan.left, secret=True)
    else:
        _value(scan, None if code is None else DATATYPES.get(code))


def object_prop_value(scan: Scan) -> None:
    """The value of an object property; of a datatype that nobody told it is what its size suggests."""
    _value(scan, None)


def _value(scan: Scan, usual: int | None) -> None:
    """A value of the datatype that a description told, else of the ``usual`` one."""
    datatype = scan.request.datatype
    if datatype is not None and datatypes.is_known(datatype):
        scan.typed("value", datatype)
        return
    if not scan.left or not scan.whole:
        scan.rest("value")
        return
    guess = datatypes.unsigned_of(scan.left)
    size = datatypes.size_of(usual) if usual is not None else None
    if usual is not None and size is not None and scan.left < size:
        scan.note(f"{many(scan.left, 'byte')}, the standard has a {datatypes.datatype_name(usual)} of {size} here")
        scan.rest("malformed")
    elif usual is not None and _fits(scan, usual):
        scan.typed("value", usual)
        if scan.left:  # a final NUL that the string's count leaves out
            scan.raw("padding", scan.left)
    elif guess is not None:
        scan.note(f"the datatype is not known; read as {datatypes.datatype_name(guess)}", doubt=Doubt.GUESS)
        scan.typed("value", guess)
    elif scan.left == 1 + 2 * scan.data[scan.at] and scan.data[-2:] == b"\0\0":
        scan.note("the datatype is not known; read as a string", doubt=Doubt.GUESS)
        scan.string("value")
    else:
        scan.note("the datatype is not known", doubt=Doubt.GUESS)
        scan.rest("value")


def _fits(scan: Scan, datatype: int) -> bool:
    """Is the payload a value of this datatype, down to its last byte?"""
    if datatype != datatypes.STRING:
        return scan.left == datatypes.size_of(datatype)
    rest = scan.left - 1 - 2 * scan.data[scan.at]
    return rest == 0 or (rest == 2 and scan.data[-2:] == b"\0\0")


def object_prop_desc(scan: Scan) -> None:
    """ObjectPropDesc of MTP."""
    scan.number("property", 2, "object_property")
    datatype = scan.number("dataType", 2, "datatype")
    scan.number("getSet", 1, "get_set")
    if datatype is None or scan.failed:
        return
    scan.typed("default", datatype)
    scan.number("groupCode", 4)
    flag = scan.number("formFlag", 1, "object_form_flag")
    if flag in (DATE_TIME, EXPRESSION):
        scan.string("date" if flag == DATE_TIME else "expression", date=flag == DATE_TIME)
    elif flag == FIXED_ARRAY:
        scan.number("length", 2)
    elif flag == BYTE_ARRAY and scan.left in (2, 4):
        scan.number("maximumLength", scan.left)
    elif flag == LONG_STRING:
        if scan.left == 4:
            scan.number("maximumLength", 4)
    else:
        form(scan, flag, datatype, exact=scan.depth == 0)


def object_prop_list(scan: Scan) -> None:
    """ObjectPropList of MTP: each element tells its own datatype."""
    count = scan.number("count", 4)
    with scan.group("elements") as elements:
        for name in elements.entries(count, "elements"):
            with elements.group(name) as element:
                element.number("objectHandle", 4, "handle")
                element.number("property", 2, "object_property")
                datatype = element.number("dataType", 2, "datatype")
                if datatype is not None:
                    element.typed("value", datatype)


def interdependent(scan: Scan) -> None:
    """InterdependentPropDesc of MTP: groups of property descriptions."""
    count = scan.number("count", 4)
    with scan.group("groups") as groups:
        for name in groups.entries(count, "groups"):
            with groups.group(name) as group:
                members = group.number("count", 4)
                for member in group.entries(members, "descriptions"):
                    with group.group(member) as description:
                        object_prop_desc(description)


def object_bytes(scan: Scan) -> None:
    """A file, or a piece of one."""
    kind = kind_text(scan.data)
    size = bytes_text(scan.size) or f"{scan.size:,} bytes"
    scan.rest("bytes", f"{kind}, {size}" if kind else size if scan.left > MOST_BYTES else None)


def framed_picture(scan: Scan, place: tuple[int, int] | None) -> None:
    """A live-view frame: a header that ends where the picture begins, the picture, and what follows it."""
    if place is None:
        scan.note("no JPEG here")
        scan.rest("header")
        return
    if place[0] > scan.at:
        scan.raw("header", place[0] - scan.at)
    size = place[1] - place[0]
    scan.raw("jpeg", size, f"JPEG, {bytes_text(size) or f'{size} bytes'}")
    if scan.left:
        scan.rest("trailer")


DECODERS: dict[str, Callable[[Scan], None]] = {
    "StorageInfo": storage_info,
    "ObjectInfo": object_info,
    "FilesystemManifest": filesystem_manifest,
    "DevicePropDesc": device_prop_desc,
    "DevicePropDescEx": device_prop_desc_ex,
    "DevicePropValue": prop_value,
    "ObjectPropDesc": object_prop_desc,
    "ObjectPropValue": object_prop_value,
    "ObjectPropList": object_prop_list,
    "InterdependentPropDesc": interdependent,
    "ObjectBytes": object_bytes,
}


def described(parts: tuple[Value, ...]) -> list[PropertyValue]:
    """The current value, and the values that may be set, out of the fields of a property description."""
    fields = {part.name: part for part in parts}
    code, datatype, value = fields.get("property"), fields.get("dataType"), fields.get("current")
    if code is None or datatype is None or value is None:
        return []
    if not isinstance(code.value, int) or not isinstance(datatype.value, int):
        return []
    access, ends = fields.get("getSet"), [fields.get(name) for name in RANGE_FIELDS]
    fixed = access is not None and access.value == 0
    found = [PropertyValue(code.value, datatype.value, value.value, value.start, value.end, fixed=fixed)]
    bounds = tuple(end.value for end in ends if end is not None and isinstance(end.value, int))
    if len(bounds) == len(RANGE_FIELDS) and ends[0] is not None and ends[-1] is not None:
        found.append(PropertyValue(code.value, datatype.value, bounds, ends[0].start, ends[-1].end, "range"))
    allowed = fields.get("settable") or fields.get("values")
    if allowed is not None and isinstance(allowed.value, tuple):
        found.append(PropertyValue(code.value, datatype.value, allowed.value, allowed.start, allowed.end, "allowed"))
    return found


def desc_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """Property values that a DevicePropDesc tells."""
    return described(dataset.fields)


def plain_value(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The property value that a payload is; which property, says the request's first parameter. None for bytes that are
    no value of its datatype.
    """
    value = dataset.get("value")
    if not parameters or not dataset.fields:
        return []
    if value is None:  # the bytes are none of its datatype
        return [PropertyValue(parameters[0], datatype, None, 0, dataset.size)]
    return [PropertyValue(parameters[0], datatype, value.value, value.start, value.end)]


def container_event(dataset: Dataset) -> list[PolledEvent]:
    """The event that a packet or container of its own is."""
    code, words = dataset.value("eventCode"), dataset.value("parameters")
    if not isinstance(code, int):
        return []
    parameters = tuple(word for word in words if isinstance(word, int)) if isinstance(words, tuple) else ()
    vendor = "fuji" if dataset.name == "FujiEventPacket" else "canon"
    return [PolledEvent(code, name_of("event", code, vendor), parameters, 0, dataset.fields[-1].end)]


def notified(events: list[PolledEvent]) -> list[PropertyValue]:
    """The properties of which events tell that they changed, but not to what."""
    return [
        PropertyValue(event.parameters[0], None, None, event.start, event.end, "notified")
        for event in events
        if event.code == DEVICE_PROP_CHANGED and event.parameters
    ]


def contained(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The property that an event in a container of its own is about."""
    return notified(container_event(dataset))


EVENTS = {"EventContainer": container_event, "FujiEventPacket": container_event}
PROPERTY_VALUES = {
    "DevicePropDesc": desc_values, "DevicePropDescEx": desc_values, "DevicePropValue": plain_value,
    "EventContainer": contained,
}  # fmt: skip
