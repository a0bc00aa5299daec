"""Fujifilm's dialect replayed, for a client that speaks it."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.replay import containers
from ptpip_analyze.replay.wire import MOST_BYTES, Message, WireError
from tests.camera import Initiator
from tests.camera.wire import ProtocolError
from tests.replay.fujifilm import Fujifilm
from tests.replay.made import analysed, stage
from tests.support import ROOT
from tests.traffic import conversation, fuji_conversation

OK, GENERAL_ERROR, UNSUPPORTED, BUSY = 0x2001, 0x2002, 0x2005, 0x2019
GET, SET, EVENTS = 0x1015, 0x1016, 0xD212
PHOTO = bytes(range(256)) * 1200


def walk() -> list:
    talk = fuji_conversation(responder_name="X-T0").init().open_session()
    talk.transaction(SET, 0xDF00, data_out=b"\5\0")
    talk.poll().poll((0xD240, 7)).poll()
    return talk.get_partial_object(3, PHOTO, 0x10000).transaction(0x100E, 1, 2).end_session().close().packets()


def received(data: bytes) -> Message | None:
    async def read() -> Message | None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await containers.receive(reader)

    return asyncio.run(read())


def test_answers_a_client_of_the_dialect_as_the_camera_did() -> None:
    with stage(walk()).listening() as at, Fujifilm(at.port) as client:
        assert "X-T0".encode("utf-16-le") in client.answer
        assert client.transact(0x1002, 77) == (OK, (), None)  # whatever number it gives its session
        assert client.transact(SET, 0xDF00, data=b"\5\0").response == OK
        assert [client.transact(GET, EVENTS).data for _ in range(4)] == [
            b"\0\0", struct.pack("<HHI", 1, 0xD240, 7), b"\0\0", b"\0\0",
        ]  # fmt: skip
        pieces = [client.transact(0x101B, 3, offset, 0x10000).data or b"" for offset in range(0, len(PHOTO), 0x10000)]
        assert b"".join(pieces) == PHOTO
        assert client.leave() == b""
    assert "events and live view is not replayed" in at.said[0]
    assert "11 answered, 0 refused" in at.said[-1]


def test_refuses_what_was_not_recorded_and_goes_on() -> None:
    with stage(walk()).listening() as at, Fujifilm(at.port) as client:
        assert client.transact(0x1014, 0x5001).response == UNSUPPORTED
        assert client.transact(SET, 0x5007, data=b"\1\0").response == GENERAL_ERROR  # of this property nothing was set
        assert client.transact(GET, EVENTS) == (OK, (), b"\0\0")
    assert "1 answered, 2 refused" in at.said[-1]


def test_tells_a_second_client_that_it_is_busy_in_the_codes_of_the_dialect() -> None:
    with stage(walk()).listening() as at, Fujifilm(at.port), Fujifilm(at.port) as second:
        assert second.answer == struct.pack("<II", m.INIT_FAIL, BUSY)


def test_lets_in_nobody_of_another_dialect() -> None:
    with stage(walk()).listening() as at, pytest.raises(ProtocolError), Initiator("127.0.0.1", at.port):
        pass
    assert "does not greet in the dialect" in at.said[-1]
    with stage(conversation().open().close().packets()).listening() as at, Fujifilm(at.port) as client:
        assert client.answer == b""


@pytest.mark.parametrize("garbage", [b"\xff" * 4000, struct.pack("<IHHI", 8, 1, 0, 0), b"\x10\0\0\0\1\0"])
def test_serves_the_next_client_after_garbage(garbage: bytes) -> None:
    with stage(walk()).listening() as at:
        with Fujifilm(at.port) as client:
            client.send(garbage)
            client._socket.shutdown(socket.SHUT_WR)
            assert client._file.read() == b""
        with Fujifilm(at.port) as client:
            assert client.transact(0x1002, 1).response == OK


def test_reads_containers_as_the_messages_that_mean_the_same() -> None:
    request = struct.pack("<IHHIII", 20, 1, 0x101B, 9, 3, 4)
    assert received(request) == (m.OPERATION_REQUEST, struct.pack("<IHIII", 0, 0x101B, 9, 3, 4), 0)
    data = received(struct.pack("<IHHI", 12 + 70_000, 2, SET, 9) + bytes(70_000))
    assert data == (m.END_DATA, struct.pack("<I", 9), 70_000)
    assert received(b"") is None
    assert received(struct.pack("<II", 8, 0xFFFFFFFF)) is None
    assert containers.response(OK, 9) == struct.pack("<IHHI", 12, 3, OK, 9)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (struct.pack("<IHHI", MOST_BYTES + 1, 1, GET, 9), "claims 4,097 bytes"),
        (struct.pack("<IHHI", 12, 3, OK, 9), "type 3"),
        (struct.pack("<IHH", 11, 1, GET), "length 11"),
        (struct.pack("<IHHI", 16, 1, GET, 9), "in the middle of a container"),
        (struct.pack("<IHHI", 16, 2, GET, 9), "in the middle of a data phase"),
        (b"\x0c\0", "in the middle of a container"),
    ],
)
def test_says_what_is_no_container(data: bytes, says: str) -> None:
    with pytest.raises(WireError, match=says):
        received(data)


@pytest.mark.skipif(not (ROOT / "../shared/captures").exists(), reason="the captures of others are not here")
@pytest.mark.parametrize("name", ["hkr-vcam-fuji-stream", "malc-fuji-fuji_x_t2", "fudge-vcam-fuji-all"])
def test_answers_every_request_of_clients_that_others_wrote(name: str) -> None:
    path = ROOT / "../shared/captures" / f"{name}.pcap"
    with analysed(path) as recorded, stage(path).listening() as at, Fujifilm(at.port) as client:
        rows = recorded.transactions.query("session == 0").to_dict("records")
        for row in rows:
            number, out = row["transaction"], row["data_direction"] == "out"
            data = recorded.data(number) if row["data_direction"] != "none" else None
            told = client.transact(row["operation_code"], *row["parameters"], data=data if out else None)
            assert (told.response, told.data) == (row["response_code"], None if out else data)
        assert len(rows) >= 9
