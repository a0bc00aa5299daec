"""Messages of PTP-IP over asyncio streams (CIPA DC-X005-2005 2.3): what a client sends, within bounds.

Promises that no length word makes it hold more than ``MOST_BYTES``, and that a client that stops in the middle of a
message is given up after ``PATIENCE_S``. Refuses to keep data: it is counted and forgotten.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from ..ptpip import messages as m

MOST_BYTES = 1 << 12  # of a message that is no data; greetings are the longest
PATIENCE_S = 30.0
_STEP_BYTES = 1 << 16
_DATA = (m.DATA, m.END_DATA)


class WireError(Exception):
    """Why what a client sends can't be understood, in one line."""


class Message(NamedTuple):
    """A message: its type, what is behind its header, and for data how many bytes of it there were."""

    kind: int
    body: bytes
    data_bytes: int = 0

    @property
    def transaction_id(self) -> int:
        """TransactionID of Start Data, Data, End Data and Cancel."""
        return int.from_bytes(self.body[:4], "little")


@asynccontextmanager
async def patience(what: str) -> AsyncIterator[None]:
    """While the rest of ``what`` is read. WireError where the client closes, TimeoutError where it stops."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            yield
        except asyncio.IncompleteReadError as error:
            raise WireError(f"closed in the middle of {what}") from error


async def receive(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None where the client has closed in between. WireError, ConnectionError, TimeoutError."""
    first = await reader.read(1)
    if not first:
        return None
    async with patience("a message"):
        length, kind = struct.unpack("<II", first + await reader.readexactly(m.HEADER_BYTES - 1))
        if length < m.HEADER_BYTES or not 0 < kind <= m.LAST_TYPE:
            raise WireError(f"sent no message of PTP-IP: length {length}, type {kind}")
        if kind not in _DATA:
            if length > MOST_BYTES:
                raise WireError(f"sent a message of type {kind} that claims {length:,} bytes")
            return Message(kind, await reader.readexactly(length - m.HEADER_BYTES))
        if length < m.HEADER_BYTES + 4:
            raise WireError(f"sent data without a TransactionID: length {length}")
        identity = await reader.readexactly(4)
    size = length - m.HEADER_BYTES - 4
    await skip(reader, size)
    return Message(kind, identity, size)


async def skip(reader: asyncio.StreamReader, size: int) -> None:
    """Take so many bytes of data, and forget them. Raises as ``receive``."""
    while size:
        async with asyncio.timeout(PATIENCE_S):
            part = await reader.read(min(size, _STEP_BYTES))
        if not part:
            raise WireError("closed in the middle of a data phase")
        size -= len(part)


def message(kind: int, body: bytes = b"") -> bytes:
    """A message."""
    return struct.pack("<II", len(body) + m.HEADER_BYTES, kind) + body


def response(code: int, transaction_id: int) -> bytes:
    """An Operation Response without parameters."""
    return message(m.OPERATION_RESPONSE, struct.pack("<HI", code, transaction_id))


class Sender:
    """The sending side of a connection. A client that doesn't read is given up, too."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes, and wait until the client takes them. ConnectionError, TimeoutError."""
        self._writer.write(data)
        async with asyncio.timeout(PATIENCE_S):
            await self._writer.drain()
