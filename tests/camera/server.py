"""The camera on the network: listening, the handshake of both connections, transactions, probes, captures and events.

Promises what CIPA DC-X005-2005 asks of a responder, for several initiators at once, each with a session of its own.
Refuses to hide a fault of its own: an exception in a thread is raised again by ``stop``. An initiator that breaks the
protocol is disconnected and noted in ``log.violations``.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from scapy.packet import Packet

from ptpip_analyze.layers import (
    Cancel,
    InitCommandAck,
    InitCommandRequest,
    InitEventAck,
    InitEventRequest,
    InitFail,
    OperationRequest,
    OperationResponse,
    ProbeRequest,
    ProbeResponse,
)

from .codes import NO_TRANSACTION, PROTOCOL_VERSION, DataPhase, Event, FailReason, Response
from .log import Log, LoggedSession, LoggedTransaction
from .model import MODEL, Model, Refusal, StoredObject, standard_model
from .operations import Answer, perform
from .session import Behaviour, Cancelled, Session, hang_up
from .wire import ProtocolError, receive, send

DEFAULT_PORT = 15740
GUID = b"SIMULATED CAMERA"
EVENT_CONNECTION_WAIT_S = 30.0
"""The standard's time limit for establishing both connections (2.2.3.1)."""


@dataclass(eq=False)
class Capture:
    """A photo being taken."""

    session: Session
    transaction_id: int
    storage: int
    cancelled: threading.Event = field(default_factory=threading.Event)


class SimulatedCamera:
    """A responder on ``address``. ``with SimulatedCamera() as camera:`` listens; leaving it disconnects everyone."""

    def __init__(
        self,
        model: Model | None = None,
        address: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        behaviour: Behaviour | None = None,
        name: str = MODEL,
    ) -> None:
        self.model = model or standard_model()
        self.behaviour = behaviour or Behaviour()
        self.name = name
        self.log = Log()
        self.sessions: dict[int, Session] = {}
        self.address, self.port = address, port
        self._listening = socket.socket()
        self._state = threading.RLock()
        self._threads: list[threading.Thread] = []
        self._connections: set[socket.socket] = set()
        self._faults: list[Exception] = []
        self._capture: Capture | None = None
        self._last_connection_number = 0
        self._stopping = False

    def __enter__(self) -> SimulatedCamera:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; ``port`` 0 becomes the port the system chose. OSError when the port is taken."""
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listening.bind((self.address, self.port))
        except OSError:
            self._listening.close()
            raise
        self.port = self._listening.getsockname()[1]
        self._listening.listen()
        self._run(self._accept)

    def stop(self) -> None:
        """Stop listening, disconnect everyone, wait for the threads. Raises what went wrong in any of them."""
        self._stopping = True
        hang_up(self._listening)
        with self._state:
            connections = list(self._connections)
        for connection in connections:
            hang_up(connection)
        for thread in self._threads:
            thread.join()
        self._listening.close()
        if self._faults:
            raise ExceptionGroup("the simulated camera failed", self._faults)

    def notify(
        self,
        event: int,
        parameters: Sequence[int] = (),
        transaction_id: int = NO_TRANSACTION,
        but: Session | None = None,
    ) -> None:
        """Send an event to every open session (but one)."""
        with self._state:
            sessions = list(self.sessions.values())
        for session in sessions:
            if session is not but and session.ptp.session_id is not None:
                session.send_event(event, parameters, transaction_id)

    def press_shutter(self) -> StoredObject:
        """Take a photo by hand, at the camera: every initiator hears of it, in no transaction of its own."""
        with self._state:
            added = self.model.capture()
        self.notify(Event.ObjectAdded, (added.handle,))
        return added

    def probe(self, connection_number: int, timeout_s: float = 10.0) -> bool:
        """Ask whether an initiator is still there; whether it answered within the time."""
        session = self.sessions[connection_number]
        session.probe_answered.clear()
        return session.send_on_event_connection(ProbeRequest()) and session.probe_answered.wait(timeout_s)

    def wait_idle(self, timeout_s: float = 5.0) -> bool:
        """Wait until the last initiator has gone and the last photo is taken; whether that came within the time."""
        deadline = time.monotonic() + timeout_s
        while self._connections or self._capture:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    # -- connections -------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                if self._stopping:
                    return
                raise
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            with self._state:
                self._connections.add(connection)
                if self._stopping:  # accepted while stop() was taking its list
                    hang_up(connection)
            self._run(self._serve, connection)

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        def guarded() -> None:
            try:
                work(*arguments)
            except Exception as fault:
                self._faults.append(fault)  # stop() raises it

        thread = threading.Thread(target=guarded, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, connection: socket.socket) -> None:
        """One TCP connection from its first message to its end."""
        try:
            first = receive(connection)
            if first is None:
                return
            if InitCommandRequest in first:
                self._serve_commands(connection, first)
            elif InitEventRequest in first:
                self._serve_events(connection, first)
            else:
                raise ProtocolError(f"connection begins with {first.summary()}")
        except ProtocolError as violation:
            if not self._stopping:
                self.log.violations.append(str(violation))
        except OSError as loss:
            if not self._stopping:
                self.log.losses.append(str(loss))
        finally:
            hang_up(connection)
            connection.close()
            with self._state:
                self._connections.discard(connection)

    def _serve_commands(self, connection: socket.socket, hello: Packet) -> None:
        guid, name = bytes(hello.guid), str(hello.friendlyName)
        with self._state:
            reason = self._why_not(guid)
            number = 0
            if reason is None:
                self._last_connection_number += 1
                number = self._last_connection_number
                self.sessions[number] = Session(number, connection, self.log)
            self.log.sessions.append(LoggedSession(number, guid, name, int(reason or 0)))
        if reason is not None:
            send(connection, InitFail(reason=reason))
            return
        session = self.sessions[number]
        try:
            version = min(hello.protocolVersion, PROTOCOL_VERSION)  # 5.5, rule 4
            send(
                connection,
                InitCommandAck(connectionNumber=number, guid=GUID, friendlyName=self.name, protocolVersion=version),
            )
            while (message := receive(connection)) is not None:
                self._on_command(session, message)
        finally:
            with self._state:
                del self.sessions[number]
            session.hang_up()

    def _on_command(self, session: Session, message: Packet) -> None:
        if not session.established.wait(EVENT_CONNECTION_WAIT_S):
            raise ProtocolError("no event connection")
        if OperationRequest in message:
            self._transact(session, message)
        elif Cancel in message:  # too late for a finished transaction, in time for a capture (5.6.1 case 5, 2.7.3)
            self.log.cancels.append(("command", message.transactionId))
            self._cancel_capture(session, message.transactionId)
        else:
            raise ProtocolError(f"{message.summary()} between transactions")

    def _serve_events(self, connection: socket.socket, hello: Packet) -> None:
        with self._state:
            session = self.sessions.get(hello.connectionNumber)
            accepted = session is not None and session.event is None
            if session is not None and accepted:
                session.event = connection
        if session is None or not accepted:
            send(connection, InitFail(reason=FailReason.UNSPECIFIED))
            raise ProtocolError(f"event connection for connection number {hello.connectionNumber}")
        try:
            session.send_on_event_connection(InitEventAck())
            session.established.set()
            while (message := receive(connection)) is not None:
                self._on_event_connection(session, message)
        finally:
            session.hang_up()

    def _on_event_connection(self, session: Session, message: Packet) -> None:
        if ProbeRequest in message:
            self.log.probes.append(session.connection_number)
            session.send_on_event_connection(ProbeResponse())
        elif ProbeResponse in message:
            session.probe_answered.set()
        elif Cancel in message:
            self.log.cancels.append(("event", message.transactionId))
            session.cancelled_by_event = message.transactionId
            self._cancel_capture(session, message.transactionId)
        else:
            raise ProtocolError(f"{message.summary()} on the event connection")

    def _why_not(self, guid: bytes) -> FailReason | None:
        """Why an initiator may not connect; None: it may."""
        behaviour = self.behaviour
        if behaviour.fail_reason is not None:
            return behaviour.fail_reason
        if behaviour.bonded_guids is not None and guid not in behaviour.bonded_guids:
            return FailReason.REJECTED_INITIATOR
        return FailReason.BUSY if len(self.sessions) >= behaviour.max_sessions else None

    # -- transactions ------------------------------------------------------------------------------------------------

    def _transact(self, session: Session, request: Packet) -> None:
        transaction_id = request.transactionId
        direction, data_bytes, capture = "none", 0, None
        try:
            data = session.receive_data(request)
            if data is not None:
                direction, data_bytes = "out", len(data)
            session.check_cancelled(transaction_id, data_bytes)
            time.sleep(self.behaviour.work_s.get(int(request.operationCode), 0.0))
            answer = self._perform(session, request, data)
            if answer.capture_to is not None:
                capture = self._claim_shutter(session, transaction_id, answer.capture_to)
                answer = answer if capture else Answer(Response.DeviceBusy)
            if answer.data is not None:
                direction, data_bytes = "in", len(answer.data)
                session.send_data(transaction_id, answer.data, self.behaviour)
        except Cancelled as cancelled:
            answer, data_bytes = Answer(Response.TransactionCanceled), cancelled.data_bytes
            if request.dataPhaseInfo == DataPhase.OUT:
                direction = "out"
        self.log.transactions.append(
            LoggedTransaction(
                session.connection_number,
                transaction_id,
                int(request.operationCode),
                tuple(request.parameters),
                direction,
                data_bytes,
                int(answer.response),
                answer.parameters,
            )
        )
        send(
            session.command,
            OperationResponse(
                responseCode=answer.response, transactionId=transaction_id, parameters=list(answer.parameters)
            ),
        )
        for notice in answer.notices:
            self.notify(notice.event, notice.parameters, but=session)
        if capture:
            self._run(self._take_photo, capture)

    def _perform(self, session: Session, request: Packet, data: bytes | None) -> Answer:
        with self._state:
            operation, busy = int(request.operationCode), self.behaviour.busy
            if busy.get(operation, 0) > 0:
                busy[operation] -= 1
                return Answer(Response.DeviceBusy)
            return perform(self.model, session.ptp, operation, tuple(request.parameters), data)

    # -- captures ----------------------------------------------------------------------------------------------------

    def _claim_shutter(self, session: Session, transaction_id: int, storage: int) -> Capture | None:
        """The shutter for one capture; None while another is going on."""
        with self._state:
            if self._capture is not None:
                return None
            self._capture = Capture(session, transaction_id, storage)
            return self._capture

    def _take_photo(self, capture: Capture) -> None:
        """What follows the response of InitiateCapture: the photo and its events, unless it is cancelled in time."""
        cancelled = capture.cancelled.wait(self.behaviour.capture_s)
        session, transaction_id = capture.session, capture.transaction_id
        with self._state:
            try:
                added = None if cancelled else self.model.capture(capture.storage)
            except Refusal:  # the card filled up since the response
                session.send_event(Event.StoreFull, (capture.storage,), transaction_id)
                return
            finally:
                self._capture = None
        if added is not None:
            session.send_event(Event.ObjectAdded, (added.handle,), transaction_id)
            self.notify(Event.ObjectAdded, (added.handle,), but=session)
        session.send_event(Event.CaptureComplete, (), transaction_id)

    def _cancel_capture(self, session: Session, transaction_id: int) -> None:
        with self._state:
            capture = self._capture
            if capture and capture.session is session and capture.transaction_id == transaction_id:
                capture.cancelled.set()
