"""Datasets out of data phases: DeviceInfo, which tells the camera.

Gives the fields that are there; a payload that ends early leaves the later ones None.
"""

from __future__ import annotations

from typing import NamedTuple

from .reader import Reader

GET_DEVICE_INFO = 0x1001
DEVICE_INFO_BYTES = 1 << 16  # more than any camera sends; bounds what is read


class DeviceInfo(NamedTuple):
    """Who the responder says it is (ISO 15740 5.5.2); texts are None where the payload ended before them."""

    manufacturer: str | None
    model: str | None
    device_version: str | None
    serial_number: str | None


def device_info(data: bytes) -> DeviceInfo:
    """Read the texts of a DeviceInfo dataset, walking over the lists before them."""
    reader = Reader(data)
    reader.unsigned(2)  # StandardVersion
    reader.unsigned(4)  # VendorExtensionID
    reader.unsigned(2)  # VendorExtensionVersion
    reader.string()  # VendorExtensionDesc
    reader.unsigned(2)  # FunctionalMode
    for _ in range(5):  # operations, events, properties, capture formats, image formats
        reader.array(2)
    return DeviceInfo(reader.string(), reader.string(), reader.string(), reader.string())
