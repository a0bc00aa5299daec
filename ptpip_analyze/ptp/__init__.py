"""PTP (ISO 15740) on top of the messages: transactions, events and datasets."""

from .datasets import (
    DEVICE_INFO_BYTES,
    GET_DEVICE_INFO,
    DeviceInfo,
    dataset_name,
    decode,
    decode_as,
    device_info,
    jpeg_of,
    live_view_jpeg,
    polled_events,
    property_values,
)
from .transactions import DIRECTIONS, STATUSES, Transactions, build
from .values import Dataset, Note, PolledEvent, PropertyValue, Value
from .walk import NO_ROW

__all__ = [
    "DEVICE_INFO_BYTES",
    "DIRECTIONS",
    "GET_DEVICE_INFO",
    "NO_ROW",
    "STATUSES",
    "Dataset",
    "DeviceInfo",
    "Note",
    "PolledEvent",
    "PropertyValue",
    "Transactions",
    "Value",
    "build",
    "dataset_name",
    "decode",
    "decode_as",
    "device_info",
    "jpeg_of",
    "live_view_jpeg",
    "polled_events",
    "property_values",
]
