"""Who a camera says it is: DeviceInfo (ISO 15740 5.5.2), read without the other datasets and their decoders, which no
table of the main job needs. Promises what stands before the end of the bytes; refuses to interpret it.
"""

from __future__ import annotations

from typing import NamedTuple

from .reader import Reader

DEVICE_INFO_BYTES = 1 << 16  # more than any camera sends; bounds what is read


class DeviceInfo(NamedTuple):
    """Who the responder says it is; texts are None where the payload ended before them."""

    manufacturer: str | None
    model: str | None
    device_version: str | None
    serial_number: str | None
    extension: int | None = None  # VendorExtensionID
    extension_text: str | None = None  # VendorExtensionDesc
    operations: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    properties: tuple[int, ...] = ()


def device_info(data: bytes) -> DeviceInfo:
    """Read a DeviceInfo dataset, or as much of it as there is."""
    reader = Reader(data)
    reader.unsigned(2)
    extension = reader.unsigned(4)
    reader.unsigned(2)
    extension_text = reader.string()
    reader.unsigned(2)
    operations, events, properties, _, _ = (tuple(reader.array(2) or ()) for _ in range(5))
    manufacturer, model, version, serial = (reader.string() for _ in range(4))
    return DeviceInfo(
        manufacturer, model, version, serial, extension, extension_text, operations, events, properties
    )  # fmt: skip
