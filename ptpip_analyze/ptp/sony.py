"""Sony's datasets (SDIO): descriptions of all properties at once, and live view. Promises to find out by itself which
of the two forms of a description a camera sends; refuses to tell what a control does.
"""

from __future__ import annotations

from collections.abc import Callable

from ..facts.datasets import SONY_ACCESS, SONY_ENABLED
from . import datatypes
from .pictures import find_jpeg, told_jpeg
from .scan import Scan
from .standard import ENUMERATION, described, enumeration, form, framed_picture
from .values import Dataset, PropertyValue


def prop_desc(scan: Scan, *, settable: bool) -> None:
    """One description; ``settable``: a second list, of the values that can be set now, follows an enumeration."""
    scan.number("property", 2, "property")
    datatype = scan.number("dataType", 2, "datatype")
    scan.number("getSet", 1, names=SONY_ACCESS)
    scan.number("isEnabled", 1, names=SONY_ENABLED)
    if datatype is None or scan.failed:
        return
    if not datatypes.is_known(datatype):
        scan.fail(f"datatype 0x{datatype:04X} is none of PTP's, its size is not known")
        return
    scan.typed("factoryDefault", datatype)
    scan.typed("current", datatype)
    flag = scan.number("formFlag", 1, "form_flag")
    form(scan, flag, datatype, exact=False)
    if flag == ENUMERATION and settable:
        enumeration(scan, "settable", datatype, exact=False)


def _all(scan: Scan, settable: bool) -> None:
    count = scan.number("count", 4)
    scan.number("padding", 4)
    for name in scan.entries(count, "descriptions"):
        with scan.group(name) as description:
            prop_desc(description, settable=settable)


def _one(scan: Scan, settable: bool) -> None:
    prop_desc(scan, settable=settable)


def _fitting(decode: Callable[[Scan, bool], None]) -> Callable[[Scan], None]:
    """A decoder that reads both ways and keeps the one that fits: protocol version 0x12C has second lists, 0xC8 not."""

    def decoder(scan: Scan) -> None:
        tries = []
        for settable in (False, True):
            tried = Scan(scan.data, scan.request, size=scan.size)
            decode(tried, settable)
            tries.append(tried)
        # Of two that do equally well the first, without second lists.
        scan.become(max(tries, key=lambda tried: (not tried.failed and not tried.left, len(tried.fields))))

    return decoder


def live_view(scan: Scan) -> None:
    """Object 0xFFFFC002: where the picture lies, newer cameras also where focus frames do, then both."""
    start = scan.number("jpegOffset", 4)
    scan.number("jpegLength", 4)
    if start is not None and start >= 16:
        scan.number("focalFrameOffset", 4)
        scan.number("focalFrameLength", 4)
    framed_picture(scan, place if (place := live_view_jpeg(scan.data)) and place[0] >= scan.at else None)


def live_view_jpeg(data: bytes) -> tuple[int, int] | None:
    """Where the header says that the picture is, else where one is found."""
    start, size = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
    return told_jpeg(data, start, size) if start >= 8 and told_jpeg(data, start, size) else find_jpeg(data)


DECODERS: dict[str, Callable[[Scan], None]] = {
    "SonyAllDevicePropData": _fitting(_all),
    "SonyDevicePropDesc": _fitting(_one),
    "SonyLiveView": live_view,
}


def all_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The values of all properties that are described."""
    return [value for field in dataset.fields for value in described(field.parts)]


def one_value(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The value of the property that is described."""
    return described(dataset.fields)


PROPERTY_VALUES = {"SonyAllDevicePropData": all_values, "SonyDevicePropDesc": one_value}
JPEGS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {"SonyLiveView": live_view_jpeg}
