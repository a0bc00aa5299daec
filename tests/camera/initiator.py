"""A small initiator: what a client does on both connections, one step at a time, for what gphoto2 can't be made to do.

Promises to send what it is told, also what the standard forbids. Refuses to be clever: no retries, no defaults that the
standard does not give, every wait ends after ``timeout_s`` with ``TimeoutError``.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from scapy.packet import Packet

from ptpip_analyze.layers import (
    Cancel,
    InitCommandRequest,
    InitEventRequest,
    InitFail,
    OperationRequest,
    OperationResponse,
    ProbeRequest,
    StartData,
)

from .codes import PROTOCOL_VERSION, UNKNOWN_TOTAL, DataPhase, Operation
from .server import DEFAULT_PORT
from .wire import DataStyle, ProtocolError, data_phase, receive, send

GUID = b"SMALL  INITIATOR"


class Rejected(Exception):
    """The responder sent Init Fail, with ``reason``."""

    def __init__(self, reason: int) -> None:
        super().__init__(f"Init Fail, reason {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Outcome:
    """What a transaction brought."""

    response: int
    parameters: tuple[int, ...]
    data: bytes | None
    """Payload of the data-in phase; None when there was none."""
    messages: int
    """Data and End Data messages of the data-in phase."""
    announced: int | None
    """Total that Start Data promised."""


class Initiator:
    """Both connections to a responder. ``with Initiator(address) as initiator:`` connects, leaving it closes both."""

    def __init__(
        self,
        address: str,
        port: int = DEFAULT_PORT,
        guid: bytes = GUID,
        name: str = "Small initiator",
        version: int = PROTOCOL_VERSION,
        timeout_s: float = 5.0,
    ) -> None:
        self._peer, self._timeout_s = (address, port), timeout_s
        self._hello = InitCommandRequest(guid=guid, friendlyName=name, protocolVersion=version)
        self.last_transaction = 0
        self._event: socket.socket | None = None

    def __enter__(self) -> Initiator:
        self.command = self._connect()
        try:
            self.ack = self._expect_init(self.command, self._hello)
            self.event = self._event = self._connect()
            self._expect_init(self.event, InitEventRequest(connectionNumber=self.ack.connectionNumber))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close both connections."""
        self.command.close()
        if self._event is not None:
            self._event.close()

    def open_session(self, session_id: int = 1) -> Outcome:
        """OpenSession, with the transaction 0 that the standard gives it; transactions count from 1 afterwards."""
        self.last_transaction = -1
        return self.transact(Operation.OpenSession, session_id)

    def transact(self, operation: int, *parameters: int, data: bytes | None = None) -> Outcome:
        """One transaction from request to response."""
        transaction_id = self.request(operation, *parameters, out=data is not None)
        if data is not None:
            for message in data_phase(transaction_id, data, DataStyle.DATA_THEN_REST, 32 * 1024):
                send(self.command, message)
        return self.outcome()

    def request(self, operation: int, *parameters: int, out: bool = False, phase: int | None = None) -> int:
        """Send a request only; its TransactionID."""
        self.last_transaction += 1
        info = phase if phase is not None else DataPhase.OUT if out else DataPhase.NONE_OR_IN
        message = OperationRequest(
            dataPhaseInfo=info,
            operationCode=operation,
            transactionId=self.last_transaction,
            parameters=list(parameters),
        )
        send(self.command, message)
        return self.last_transaction

    def outcome(self, begun: bool = False) -> Outcome:
        """Receive until the response of the current transaction; ``begun``: its Start Data has been received before."""
        data, messages, announced = bytearray(), 0, UNKNOWN_TOTAL if begun else None
        while True:
            message = self.next_message()
            if OperationResponse in message:
                content = None if announced is None else bytes(data)
                return Outcome(message.responseCode, tuple(message.parameters), content, messages, announced)
            if StartData in message:
                announced = message.totalDataLength
            elif announced is not None and hasattr(message, "data"):
                data += message.data
                messages += 1
            else:
                raise ProtocolError(f"{message.summary()} inside a transaction")

    def next_message(self) -> Packet:
        """The next message on the command connection."""
        message = receive(self.command)
        if message is None:
            raise ProtocolError("the responder closed the command connection")
        return message

    def cancel(self, transaction_id: int, connections: Sequence[str] = ("command", "event")) -> None:
        """Send Cancel, on both connections as the standard asks, or on fewer and in the order given."""
        for connection in connections:
            send(self.command if connection == "command" else self.event, Cancel(transactionId=transaction_id))

    def probe(self) -> Packet | None:
        """Send a Probe Request; what comes on the event connection next."""
        send(self.event, ProbeRequest())
        return receive(self.event)

    def next_event(self) -> Packet | None:
        """The next message on the event connection; None when the responder closed it."""
        return receive(self.event)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._peer, timeout=self._timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @staticmethod
    def _expect_init(connection: socket.socket, hello: Packet) -> Packet:
        send(connection, hello)
        answer = receive(connection)
        if answer is None:
            raise ProtocolError("the responder closed the connection during the handshake")
        if InitFail in answer:
            raise Rejected(answer.reason)
        return answer
