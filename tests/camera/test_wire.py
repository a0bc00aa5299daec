"""Twin of ``wire``: messages over a socket pair."""

import socket
import struct

import pytest

from ptpip_analyze.layers import Data, EndData, InitEventAck, OperationRequest, ProbeRequest, StartData

from .codes import UNKNOWN_TOTAL
from .wire import MAX_MESSAGE_BYTES, DataStyle, ProtocolError, data_phase, readable, receive, send


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def shape(phase):
    """Each message after Start Data as its type's letter and its payload."""
    return [("E" if EndData in message else "D", message.data) for message in list(phase)[1:]]


def test_receives_messages_one_by_one_however_they_arrive(pair):
    near, far = pair
    near.sendall(struct.pack("<IIIHI", 18, 6, 1, 0x1001, 9) + struct.pack("<II", 8, 13))
    request, probe = receive(far), receive(far)
    assert OperationRequest in request
    assert (request.dataPhaseInfo, request.operationCode, request.transactionId) == (1, 0x1001, 9)
    assert ProbeRequest in probe


def test_sends_length_and_type_in_front(pair):
    near, far = pair
    send(near, StartData(transactionId=5, totalDataLength=70))
    send(near, InitEventAck())
    assert far.recv(100) == struct.pack("<IIIQ", 20, 9, 5, 70) + struct.pack("<II", 8, 4)


def test_tells_an_end_between_messages_from_one_inside(pair):
    near, far = pair
    near.sendall(struct.pack("<II", 8, 13))
    near.sendall(struct.pack("<III", 12, 11, 1)[:-1])
    near.shutdown(socket.SHUT_WR)
    assert receive(far) is not None
    with pytest.raises(ProtocolError, match="inside"):
        receive(far)
    assert receive(far) is None


def test_refuses_a_stream_that_ends_inside_a_header(pair):
    near, far = pair
    near.sendall(b"\x08\0\0")
    near.shutdown(socket.SHUT_WR)
    with pytest.raises(ProtocolError, match="inside"):
        receive(far)


@pytest.mark.parametrize("length", [0, 7, MAX_MESSAGE_BYTES + 1])
def test_refuses_lengths_no_camera_would_believe(pair, length):
    near, far = pair
    near.sendall(struct.pack("<II", length, 6))
    with pytest.raises(ProtocolError, match=str(length)):
        receive(far)


def test_knows_whether_something_is_waiting(pair):
    near, far = pair
    assert not readable(far)
    send(near, ProbeRequest())
    assert readable(far)


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (DataStyle.ONE_END_DATA, [("E", b"abcdefgh")]),
        (DataStyle.DATA_THEN_REST, [("D", b"abc"), ("D", b"def"), ("E", b"gh")]),
        (DataStyle.DATA_THEN_EMPTY, [("D", b"abc"), ("D", b"def"), ("D", b"gh"), ("E", b"")]),
    ],
)
def test_cuts_a_data_phase_in_each_style(style, expected):
    assert shape(data_phase(1, b"abcdefgh", style, 3)) == expected


@pytest.mark.parametrize("style", DataStyle)
def test_ends_every_data_phase_once_and_never_sends_an_empty_data_message(style):
    for size in range(10):
        whole = bytes(range(size))
        cut = shape(data_phase(1, whole, style, 3))
        assert b"".join(payload for _, payload in cut) == whole
        assert [kind for kind, _ in cut] == ["D"] * (len(cut) - 1) + ["E"]
        assert all(payload for kind, payload in cut if kind == "D")


def test_announces_the_total_or_says_that_it_is_unknown():
    known, unknown = (next(data_phase(1, b"abc", DataStyle.ONE_END_DATA, 3, said)) for said in (True, False))
    assert (known.totalDataLength, unknown.totalDataLength) == (3, UNKNOWN_TOTAL)


def test_carries_payloads_that_look_like_messages(pair):
    near, far = pair
    payload = struct.pack("<II", 8, 14) * 3
    send(near, Data(transactionId=1, data=payload))
    assert receive(far).data == payload
