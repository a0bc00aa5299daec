"""Capture files become packets, packets become TCP segments. Refuses what is no capture: file, offset and reason."""

from .batch import CaptureError, PacketBatch
from .inet import Dissected, Dissector
from .source import Source, expand, open_capture

__all__ = ["CaptureError", "Dissected", "Dissector", "PacketBatch", "Source", "expand", "open_capture"]
