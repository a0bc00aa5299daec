"""Capture files become packets, packets become TCP segments. Refuses what is no capture: file, offset and reason."""

from .at_hand import NOTHING, AtHand, Bytes, Read, all_bytes, first_bytes
from .batch import NO_TIME, CaptureError, PacketBatch, earliest
from .datagrams import Datagrams, stations
from .inet import Dissected, Dissector
from .source import (
    CHUNK_BYTES,
    STDIN,
    Source,
    expand,
    is_named_like_a_capture,
    left_out,
    once,
    open_capture,
    open_direct,
)

__all__ = [
    "CHUNK_BYTES",
    "NOTHING",
    "NO_TIME",
    "STDIN",
    "AtHand",
    "Bytes",
    "CaptureError",
    "Datagrams",
    "Dissected",
    "Dissector",
    "PacketBatch",
    "Read",
    "Source",
    "all_bytes",
    "earliest",
    "expand",
    "first_bytes",
    "is_named_like_a_capture",
    "left_out",
    "once",
    "open_capture",
    "open_direct",
    "stations",
]
