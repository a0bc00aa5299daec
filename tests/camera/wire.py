"""PTP-IP messages on a socket: one read, one sent, and a data phase cut into messages.

Promises that what is sent was built by ``ptpip_analyze.layers`` and what is received was dissected by it. Refuses a
stream that ends inside a message, and a length no camera would allocate, with ``ProtocolError``.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator
from enum import Enum

from scapy.packet import Packet

from ptpip_analyze.layers import PTPIP, Data, EndData, StartData

from .codes import UNKNOWN_TOTAL

HEADER_BYTES = 8
MAX_MESSAGE_BYTES = 64 << 20


class ProtocolError(Exception):
    """What the peer sent is not PTP-IP, or not allowed at this point."""


class DataStyle(Enum):
    """How a responder cuts a data phase; all three are allowed and met (CIPA DC-X005-2005, 2.3.10 and 2.3.11)."""

    ONE_END_DATA = "everything in the End Data message"
    DATA_THEN_REST = "Data messages, the last part in the End Data message"
    DATA_THEN_EMPTY = "Data messages, then an empty End Data message"


def receive(sock: socket.socket) -> Packet | None:
    """The next message, dissected; None when the peer closed between two messages. ProtocolError, OSError."""
    header = _exactly(sock, HEADER_BYTES)
    if not header:
        return None
    if len(header) < HEADER_BYTES:
        raise ProtocolError("connection closed inside a message")
    (length,) = struct.unpack_from("<I", header)
    if not HEADER_BYTES <= length <= MAX_MESSAGE_BYTES:
        raise ProtocolError(f"message of {length} bytes announced")
    body = _exactly(sock, length - HEADER_BYTES)
    if len(body) != length - HEADER_BYTES:
        raise ProtocolError("connection closed inside a message")
    return PTPIP(header + body)


def send(sock: socket.socket, message: Packet) -> None:
    """Send one message; ``message`` is the part after the header. OSError when the connection is gone."""
    sock.sendall(bytes(PTPIP() / message))


def readable(sock: socket.socket) -> bool:
    """Whether a message (or the end of the connection) is waiting."""
    return bool(select.select([sock], [], [], 0)[0])


def data_phase(
    transaction_id: int, data: bytes, style: DataStyle, chunk_bytes: int, announced: bool = True, too_much: int = 0
) -> Iterator[Packet]:
    """The messages that carry ``data``; the total is sent as unknown unless ``announced``, or so many bytes too large.

    A wrong total is what 2.3.9 forbids.
    """
    total = len(data) + too_much if announced else UNKNOWN_TOTAL
    yield StartData(transactionId=transaction_id, totalDataLength=total)
    ends = {
        DataStyle.ONE_END_DATA: 0,
        DataStyle.DATA_THEN_REST: max(len(data) - 1, 0) // chunk_bytes * chunk_bytes,
        DataStyle.DATA_THEN_EMPTY: len(data),
    }
    rest = ends[style]
    for start in range(0, rest, chunk_bytes):
        yield Data(transactionId=transaction_id, data=data[start : min(start + chunk_bytes, rest)])
    yield EndData(transactionId=transaction_id, data=data[rest:])


def _exactly(sock: socket.socket, size: int) -> bytes:
    """``size`` bytes, fewer only when the peer closed first."""
    parts = bytearray()
    while len(parts) < size:
        part = sock.recv(min(size - len(parts), 1 << 20))
        if not part:
            break
        parts += part
    return bytes(parts)
