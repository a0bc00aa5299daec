"""Fujifilm's dialect over asyncio streams: what a client sends behind its greeting, as the messages of PTP-IP that mean
the same.

Promises the bounds of ``wire``. Refuses events and frames of live view: they have connections, and ports, of their own.
"""

from __future__ import annotations

import asyncio
import struct

from ..facts import containers as facts
from ..ptpip import messages as m
from .wire import MOST_BYTES, Message, WireError, patience, skip

_REQUEST, _DATA, _RESPONSE = 1, 2, 3  # types of containers
_PHASE_NOT_TOLD = 0  # a request of the dialect has no DataPhaseInfo


async def receive(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None where the client has closed in between, or said that it leaves.

    A container of data is a whole data phase, and comes as its End Data. Raises as ``wire.receive``.
    """
    first = await reader.read(1)
    if not first:
        return None
    async with patience("a container"):
        length, kind, code = struct.unpack("<IHH", first + await reader.readexactly(m.HEADER_BYTES - 1))
        if (length, kind | code << 16) == (m.HEADER_BYTES, facts.SESSION_END_WORD):
            return None
        if length < facts.HEADER_SIZE or kind not in (_REQUEST, _DATA):
            raise WireError(f"sent no container of Fujifilm's dialect: length {length}, type {kind}")
        if kind == _REQUEST and length > MOST_BYTES:
            raise WireError(f"sent a request that claims {length:,} bytes")
        identity = await reader.readexactly(4)
        if kind == _REQUEST:
            words = await reader.readexactly(length - facts.HEADER_SIZE)
            return Message(m.OPERATION_REQUEST, struct.pack("<IH", _PHASE_NOT_TOLD, code) + identity + words)
    size = length - facts.HEADER_SIZE
    await skip(reader, size)
    return Message(m.END_DATA, identity, size)


def response(code: int, transaction_id: int) -> bytes:
    """A response without parameters."""
    return struct.pack("<IHHI", facts.HEADER_SIZE, _RESPONSE, code, transaction_id)
