"""Olympus' and OM System's datasets: properties that changed, live view, XML. Promises XML as the text it is;
refuses to parse it.
"""

from __future__ import annotations

from collections.abc import Callable

from .pictures import find_jpeg
from .scan import Scan
from .standard import described, framed_picture, prop_desc
from .values import Dataset, PropertyValue

_SMALLEST_FRAME = 1024  # cameras answer with less while there is no picture


def changed_properties(scan: Scan) -> None:
    """What 0x9486 answers: descriptions of the properties that changed."""
    count = scan.number("count", 4)
    for name in scan.entries(count, "descriptions"):
        with scan.group(name) as description:
            prop_desc(description, exact=False)


def live_view(scan: Scan) -> None:
    """A JPEG."""
    framed_picture(scan, live_view_jpeg(scan.data))


def live_view_jpeg(data: bytes) -> tuple[int, int] | None:
    """The picture; None in a payload so small that it holds none yet."""
    return find_jpeg(data) if len(data) >= _SMALLEST_FRAME else None


def xml(scan: Scan) -> None:
    """The text of an answer in XML."""
    scan.chars("xml", scan.left)


DECODERS: dict[str, Callable[[Scan], None]] = {
    "OlympusChangedProperties": changed_properties,
    "OlympusLiveView": live_view,
    "OlympusXML": xml,
}


def changed_values(dataset: Dataset, parameters: tuple[int, ...], datatype: int | None) -> list[PropertyValue]:
    """The values of the properties that changed."""
    return [value for field in dataset.fields for value in described(field.parts)]


PROPERTY_VALUES = {"OlympusChangedProperties": changed_values}
JPEGS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {"OlympusLiveView": live_view_jpeg}
