"""Panasonic's datasets: lists of 32-bit property numbers with sizes, values or descriptions. Promises every entry its
place; refuses to read a description whose head isn't the one that a GH5 sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..facts.datasets import BY_NAME
from . import datatypes
from .pictures import find_jpeg
from .scan import Scan
from .standard import ENUMERATION, framed_picture
from .values import Dataset, PropertyValue

_HEAD = 20  # bytes of an entry's head behind its number and the head's size


def prop_values(scan: Scan) -> None:
    """Property number, size, value, one behind the other."""
    while scan.more():
        size = scan.peek(4, 4)
        if size is not None and size > scan.left - 8:
            scan.short("a value", scan.at + 8, size)
        with scan.group("property", scan.at + 8 + (size or 0)) as entry:
            entry.number("property", 4, "property")
            entry.number("size", 4)
            if entry.left in (1, 2, 4, 8):
                entry.number("value", entry.left)
            elif entry.left:
                entry.rest("value")


def prop_sizes(scan: Scan) -> None:
    """Entries that say how much ListProperty would answer about each property; the first is the group of all."""
    while scan.more():
        with scan.group("property", scan.at + 8 + _HEAD) as entry:
            _entry_head(entry)


def _entry_head(entry: Scan) -> int:
    """Number of parts in an entry; 0 where the head is another."""
    entry.number("property", 4, "property")
    size = entry.number("headSize", 4)
    if size is not None and size != _HEAD:
        entry.fail(f"a head of {size} bytes instead of {_HEAD}")
    entry.number("headSize2", 4)
    entry.number("unknown12", 4, "hex")
    entry.number("unknown16", 4, "hex")
    count = entry.number("count", 4)
    entry.number("contentSize", 4)
    return count or 0


def prop_descs(scan: Scan) -> None:
    """Groups of properties, each with descriptions of its components."""
    while scan.more():
        with _with_content(scan, "group") as (group, count):
            for _ in group.entries(count, "properties"):
                with _with_content(group, "entry") as (entry, components):
                    for name in entry.entries(components, "descriptions"):
                        _description(entry, name)


@contextmanager
def _with_content(scan: Scan, name: str) -> Iterator[tuple[Scan, int]]:
    """An entry whose head says how many parts, and bytes of them, follow it: the entry, and how many."""
    end = scan.at + 8 + _HEAD + (scan.peek(4, _HEAD + 4) or 0)
    if end > scan.end:
        scan.short(f"a {name}", scan.at, end - scan.at)
    with scan.group(name, end) as inner:
        yield inner, _entry_head(inner)


def _description(scan: Scan, name: str) -> None:
    """Number of the component, size, then datatype, form, current value and the values that may be set."""
    size = scan.peek(4, 4)
    if size is not None and size > scan.left - 8:
        scan.short("a description", scan.at + 8, size)
    with scan.group(name, scan.at + 8 + (size or 0)) as part:
        part.number("component", 4)
        part.number("size", 4)
        for unknown in ("unknown8", "unknown12", "unknown16", "unknown20"):
            part.number(unknown, 4, "hex")
        datatype = part.number("dataType", 4, "datatype")
        flag = part.number("formFlag", 4, "form_flag")
        if datatype is None or flag is None:
            return
        width = datatypes.size_of(datatype)
        part.typed("current", datatype)
        if flag == ENUMERATION and width and not datatypes.is_array(datatype):
            part.array("values", width, signed=datatypes.is_signed(datatype))
        if part.left:
            part.rest("unknown")


def live_view_formats(scan: Scan) -> None:
    """The sizes in which live view can be had."""
    scan.number("property", 4, "property")
    scan.number("size", 4)
    count = scan.number("count", 2)
    scan.number("entrySize", 2)
    for name in scan.entries(count, "formats"):
        with scan.group(name) as entry:
            entry.layout(BY_NAME["PanasonicLiveViewFormat"])


def live_view(scan: Scan) -> None:
    """A frame: a header of unknown layout, then a JPEG."""
    framed_picture(scan, find_jpeg(scan.data))


DECODERS: dict[str, Callable[[Scan], None]] = {
    "PanasonicPropValues": prop_values,
    "PanasonicPropSizes": prop_sizes,
    "PanasonicPropDescs": prop_descs,
    "PanasonicLiveViewFormats": live_view_formats,
    "PanasonicLiveView": live_view,
}


def listed_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The values of a list; their datatypes are not told."""
    found = []
    for entry in dataset.fields:
        code, value = entry.get("property"), entry.get("value")
        if code is not None and value is not None and isinstance(code.value, int):
            found.append(PropertyValue(code.value, None, value.value, value.start, value.end))
    return found


def described_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The first component of each property that is described."""
    found = []
    for entry in (entry for group in dataset.fields for entry in group.parts if entry.name == "entry"):
        code, kind, value, allowed = (entry.get(name) for name in ("property", "0.dataType", "0.current", "0.values"))
        if code is None or kind is None or value is None:
            continue
        if not isinstance(code.value, int) or not isinstance(kind.value, int):
            continue
        found.append(PropertyValue(code.value, kind.value, value.value, value.start, value.end))
        if allowed is not None and allowed.value:
            found.append(PropertyValue(code.value, kind.value, allowed.value, allowed.start, allowed.end, "allowed"))
    return found


PROPERTY_VALUES = {"PanasonicPropValues": listed_values, "PanasonicPropDescs": described_values}
JPEGS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {"PanasonicLiveView": find_jpeg}
