"""PTP (ISO 15740) on top of the messages: transactions and events."""

from .datasets import DEVICE_INFO_BYTES, GET_DEVICE_INFO, DeviceInfo, device_info
from .parameters import event_text, parameters_text, response_text
from .texts import value_text
from .transactions import DIRECTIONS, STATUSES, Transactions, build
from .walk import NO_ROW

__all__ = [
    "DEVICE_INFO_BYTES",
    "DIRECTIONS",
    "GET_DEVICE_INFO",
    "NO_ROW",
    "STATUSES",
    "DeviceInfo",
    "Transactions",
    "build",
    "device_info",
    "event_text",
    "parameters_text",
    "response_text",
    "value_text",
]
