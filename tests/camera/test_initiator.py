"""Twin of ``initiator``: what it does with responders that misbehave; the good ones are in ``test_server``."""

import socket
import struct
import threading

import pytest

from .initiator import Initiator
from .wire import ProtocolError, receive


@pytest.fixture
def responder():
    """A listening socket that sends ``replies`` to whoever connects, one connection after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threads = []

        def reply(*replies):
            def serve():
                for answer in replies:
                    connection, _ = listening.accept()
                    with connection:
                        receive(connection)
                        connection.sendall(answer)

            threads.append(threading.Thread(target=serve))
            threads[-1].start()
            return Initiator("127.0.0.1", listening.getsockname()[1], timeout_s=1.0)

        yield reply
        for thread in threads:
            thread.join()


def test_says_when_the_responder_closes_during_the_handshake(responder):
    with pytest.raises(ProtocolError, match="handshake"), responder(b""):
        pass


def test_closes_its_connection_when_the_responder_refuses(responder):
    initiator = responder(struct.pack("<III", 12, 5, 2))
    with pytest.raises(Exception, match="reason 2"), initiator:
        pass
    assert initiator.command.fileno() == -1


def test_refuses_data_that_no_start_data_announced(responder):
    ack = struct.pack("<III16sHI", 34, 2, 1, b"R" * 16, 0, 0x00010000)
    data = struct.pack("<III", 12, 10, 1)
    with responder(ack + data, struct.pack("<II", 8, 4)) as initiator, pytest.raises(ProtocolError, match="inside"):
        initiator.outcome()


def test_gives_up_waiting():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        initiator = Initiator("127.0.0.1", silent.getsockname()[1], timeout_s=0.05)
        with pytest.raises(TimeoutError), initiator:
            pass
