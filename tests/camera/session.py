"""One initiator's session: its two connections, its events, the data phases of its transactions and their cancelling.

Promises the cancelling cases of CIPA DC-X005-2005, 5.6.1. Refuses to know operations: bytes go in and out.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from scapy.packet import Packet

from ptpip_analyze.layers import Cancel, Data, EndData, Event, StartData

from .codes import DataPhase, FailReason
from .log import Log, LoggedEvent
from .operations import PtpSession
from .wire import DataStyle, ProtocolError, data_phase, readable, receive, send


@dataclass
class Behaviour:
    """How this camera differs from the plainest one. May be changed while it runs."""

    data_style: DataStyle = DataStyle.DATA_THEN_REST
    chunk_bytes: int = 32 * 1024
    chunk_pause_s: float = 0.0
    """Time after each message of a data-in phase, as a slow card would need."""
    announce_total: bool = True
    announced_too_much: int = 0
    """Bytes by which the total of a data-in phase is too large: a fault."""
    capture_s: float = 0.1
    """Time from the response of InitiateCapture to its ObjectAdded event."""
    fail_reason: FailReason | None = None
    """Refuse every initiator for this reason."""
    bonded_guids: frozenset[bytes] | None = None
    """Initiators that may connect; None: all."""
    max_sessions: int = 4
    busy: dict[int, int] = field(default_factory=dict)
    """Operation code -> how many more times it is answered DeviceBusy."""
    work_s: dict[int, float] = field(default_factory=dict)
    """Operation code -> time before it is answered."""


class Cancelled(Exception):
    """The initiator has cancelled the current transaction, on the command connection at last.

    ``data_bytes`` is the payload transferred before that.
    """

    def __init__(self, data_bytes: int) -> None:
        super().__init__(data_bytes)
        self.data_bytes = data_bytes


@dataclass(eq=False)
class Session:
    """One initiator. Its command thread owns everything but ``event``, which is sent to under a lock."""

    connection_number: int
    command: socket.socket
    log: Log
    event: socket.socket | None = None
    established: threading.Event = field(default_factory=threading.Event)
    probe_answered: threading.Event = field(default_factory=threading.Event)
    ptp: PtpSession = field(default_factory=PtpSession)
    cancelled_by_event: int | None = None
    """The transaction of the last Cancel on the event connection."""
    _sending_event: threading.Lock = field(default_factory=threading.Lock)

    def receive_data(self, request: Packet) -> bytes | None:
        """The data-out phase; None when there is none. Cancelled, ProtocolError."""
        if request.dataPhaseInfo == DataPhase.NONE_OR_IN:
            return None
        if request.dataPhaseInfo != DataPhase.OUT:
            raise ProtocolError(f"data phase {request.dataPhaseInfo} is not supported")  # closing is advised (2.3.6)
        data = bytearray()
        started = False
        while True:
            message = self._next_inside_transaction()
            if Cancel in message:
                self._cancel(message, len(data))
            if StartData in message and not started:
                started = True
            elif started and (Data in message or EndData in message):
                data += message.data
                if EndData in message:
                    return bytes(data)
            else:
                raise ProtocolError(f"{message.summary()} inside a data-out phase")

    def send_data(self, transaction_id: int, data: bytes, behaviour: Behaviour) -> None:
        """The data-in phase, in the camera's style. Cancelled, ProtocolError, OSError."""
        sent = 0
        style, chunk_bytes, announced = behaviour.data_style, behaviour.chunk_bytes, behaviour.announce_total
        too_much = behaviour.announced_too_much
        for message in data_phase(transaction_id, data, style, chunk_bytes, announced, too_much):
            self.check_cancelled(transaction_id, sent)
            send(self.command, message)
            if StartData not in message:
                sent += len(message.data)
            time.sleep(behaviour.chunk_pause_s)
        self.check_cancelled(transaction_id, sent)

    def check_cancelled(self, transaction_id: int, data_bytes: int) -> None:
        """Raise Cancelled when a Cancel has come; one on the event connection counts once its twin has come too."""
        if not readable(self.command) and self.cancelled_by_event != transaction_id:
            return
        message = self._next_inside_transaction()
        if Cancel not in message:
            raise ProtocolError(f"{message.summary()} inside a transaction")
        self._cancel(message, data_bytes)

    def send_event(self, event: int, parameters: Sequence[int], transaction_id: int) -> None:
        """Report an event, and log it when it could be sent."""
        message = Event(eventCode=event, transactionId=transaction_id, parameters=list(parameters))
        if self.send_on_event_connection(message):
            self.log.events.append(LoggedEvent(self.connection_number, int(event), transaction_id, tuple(parameters)))

    def send_on_event_connection(self, message: Packet) -> bool:
        """Send; False when the initiator has gone meanwhile, which it may at any time."""
        if self.event is None:
            return False
        try:
            with self._sending_event:
                send(self.event, message)
        except OSError:
            return False
        return True

    def hang_up(self) -> None:
        """End both connections, as they must end together (2.2.3.3). The threads that read them close them."""
        for connection in (self.command, self.event):
            if connection is not None:
                hang_up(connection)

    def _next_inside_transaction(self) -> Packet:
        message = receive(self.command)
        if message is None:
            raise ProtocolError("connection closed inside a transaction")
        return message

    def _cancel(self, message: Packet, data_bytes: int) -> None:
        self.log.cancels.append(("command", message.transactionId))
        raise Cancelled(data_bytes)


def hang_up(connection: socket.socket) -> None:
    """End a connection in both directions: the peer sees its end, and a thread that waits on it wakes up."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # the peer was faster, which is all the same
        return
