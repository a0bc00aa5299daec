"""TCP as an observer sees it: connections numbered as Wireshark does, byte streams with holes that have a place."""

from .batch import SegmentBatch
from .connection import GONE, Connection, Endpoint, Stream
from .flow import Flows
from .places import StreamPlaces
from .reassemble import (
    ACK,
    CAPTURED,
    CUT,
    GAP_BEFORE,
    HOLE,
    KEEP_ALIVE,
    LENGTH,
    OFFSET,
    OUT_OF_ORDER,
    PACKET,
    POSITION,
    RETRANSMISSION,
    TIME,
    ZERO_WINDOW,
    Reassembler,
)
from .waits import AGAIN, FOREVER, PAUSE_NS, Segments, Told, Waits

__all__ = [
    "ACK",
    "AGAIN",
    "CAPTURED",
    "CUT",
    "FOREVER",
    "GAP_BEFORE",
    "GONE",
    "HOLE",
    "KEEP_ALIVE",
    "LENGTH",
    "OFFSET",
    "OUT_OF_ORDER",
    "PACKET",
    "PAUSE_NS",
    "POSITION",
    "RETRANSMISSION",
    "TIME",
    "ZERO_WINDOW",
    "Connection",
    "Endpoint",
    "Flows",
    "Reassembler",
    "SegmentBatch",
    "Segments",
    "Stream",
    "StreamPlaces",
    "Told",
    "Waits",
]
