"""Messages over asyncio streams, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.replay import wire
from ptpip_analyze.replay.wire import Message, WireError, message, receive, response


def received(data: bytes) -> list[Message]:
    """What a client that sends these bytes and closes has said."""

    async def read() -> list[Message]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        found = []
        while (one := await receive(reader)) is not None:
            found.append(one)
        return found

    return asyncio.run(read())


def test_reads_message_after_message() -> None:
    data = message(13) + message(11, struct.pack("<I", 7)) + message(6, bytes(18))
    assert [(one.kind, len(one.body)) for one in received(data)] == [(13, 0), (11, 4), (6, 18)]
    assert received(data)[1].transaction_id == 7


def test_counts_data_and_forgets_it() -> None:
    (found,) = received(message(12, struct.pack("<I", 7) + bytes(200_000)))
    assert (found.kind, found.transaction_id, found.data_bytes) == (12, 7, 200_000)
    assert len(found.body) == 4


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (struct.pack("<II", 7, 6), "no message of PTP-IP"),
        (struct.pack("<II", 8, 99), "no message of PTP-IP"),
        (b"GET / HTTP/1.1\r\n\r\n", "no message of PTP-IP"),
        (struct.pack("<II", 0x7FFFFFFF, 6), "claims 2,147,483,647 bytes"),
        (struct.pack("<II", 10, 10) + b"xx", "without a TransactionID"),
        (b"\x08\0\0", "in the middle of a message"),
        (struct.pack("<III", 0xFFFFFFFF, 12, 1) + b"x", "in the middle of a data phase"),
    ],
)
def test_refuses_what_is_none(data: bytes, says: str) -> None:
    with pytest.raises(WireError, match=says):
        received(data)


@given(st.binary(max_size=200))
def test_reads_or_refuses_whatever_comes(data: bytes) -> None:
    with contextlib.suppress(WireError):
        received(data)


def test_gives_up_a_client_that_stops_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PATIENCE_S", 0.05)

    async def read() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"\x08\0\0")
        await receive(reader)

    with pytest.raises(TimeoutError):
        asyncio.run(read())


def test_writes_a_response() -> None:
    assert response(0x2001, 7) == bytes.fromhex("0e00000007000000") + bytes.fromhex("012007000000")
