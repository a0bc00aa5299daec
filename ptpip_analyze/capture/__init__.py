"""Capture files become packets, packets become TCP segments. Refuses what is no capture: file, offset and reason."""

from .batch import CaptureError, PacketBatch
from .inet import Dissected, Dissector
from .source import CHUNK_BYTES, Source, expand, open_capture

__all__ = ["CHUNK_BYTES", "CaptureError", "Dissected", "Dissector", "PacketBatch", "Source", "expand", "open_capture"]
