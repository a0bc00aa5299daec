"""Capture files become packets, packets become TCP segments. Refuses what is no capture: file, offset and reason."""

from .batch import NO_TIME, CaptureError, PacketBatch, earliest
from .datagrams import Datagrams, stations
from .inet import Dissected, Dissector
from .source import CHUNK_BYTES, Source, expand, left_out, once, open_capture, open_direct

__all__ = [
    "CHUNK_BYTES",
    "NO_TIME",
    "CaptureError",
    "Datagrams",
    "Dissected",
    "Dissector",
    "PacketBatch",
    "Source",
    "earliest",
    "expand",
    "left_out",
    "once",
    "open_capture",
    "open_direct",
    "stations",
]
