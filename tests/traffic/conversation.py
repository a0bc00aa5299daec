"""A pretend initiator and responder: a conversation becomes packets, and knows what must be found in them.

Promises: what ``truth()`` says is written down while the bytes are made, from the standard's message layouts
(CIPA DC-X005-2005 clause 2.3) and ``struct`` alone, so it can't share an error with the product. Refuses to judge:
a conversation may break any rule it is told to break.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self

from . import damage
from .packet import TO_INITIATOR, TO_RESPONDER, Packet
from .wire import REVERSE, Action, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Damage = ParamSpec("Damage")

INIT_COMMAND_REQUEST, INIT_COMMAND_ACK, INIT_EVENT_REQUEST, INIT_EVENT_ACK, INIT_FAIL = 1, 2, 3, 4, 5
OPERATION_REQUEST, OPERATION_RESPONSE, EVENT, START_DATA, DATA, CANCEL, END_DATA = 6, 7, 8, 9, 10, 11, 12
PROBE_REQUEST, PROBE_RESPONSE = 13, 14
UNKNOWN_TOTAL = (1 << 64) - 1
NOT_APPLICABLE = 0xFFFFFFFF  # the TransactionID of what belongs to no transaction
OK, TRANSACTION_CANCELLED = 0x2001, 0x201F
START_NS = 1_767_323_045_123_456_789  # 2026-01-02T03:04:05.123456789Z

Stream = tuple[str, str]  # connection, direction


@dataclass
class Truth:
    """What must be found, in the words of the tables.

    ``session`` is None where there is no PTP-IP. ``messages``, ``transactions`` and ``events`` are in order of their
    first byte. A transaction has ``extents`` besides its columns: (conversation, connection, direction, begin, end) of
    each of its messages, and ``data``: the payload of its data phase.
    """

    session: dict[str, Any] | None
    messages: list[dict[str, Any]]
    transactions: list[dict[str, Any]]
    events: list[dict[str, Any]]
    streams: dict[Stream, bytes]


@dataclass
class Conversation:
    """One initiator, one responder, one session. Methods append to the conversation and return it.

    ``initial_sequence`` is where both directions of both connections start (random if None). ``start_ns`` is the
    time of the first packet in nanoseconds since 1970. ``number`` tells conversations of one capture apart.
    """

    initiator: str = "192.168.1.20"
    responder: str = "192.168.1.1"
    command_port: int = 50001
    event_port: int = 50002
    responder_port: int = 15740
    connection_number: int = 1
    initiator_guid: bytes = bytes(range(16))
    responder_guid: bytes = bytes(range(16, 32))
    initiator_name: str = "desk"
    responder_name: str = "camera"
    initiator_version: int = 0x00010000
    responder_version: int = 0x00010000
    start_ns: int = START_NS
    seed: int = 0
    mss: int = 1448
    segmentation: str = "message"
    initial_sequence: int | None = None
    number: int = 0
    _actions: list[Action] = field(default_factory=list, repr=False)
    _damage: list[Callable[[list[Packet]], list[Packet]]] = field(default_factory=list, repr=False)
    _truth: Truth = field(default_factory=lambda: Truth(None, [], [], [], {}), repr=False)
    _current: dict[str, Any] | None = field(default=None, repr=False)
    _next_id: int = field(default=1, repr=False)

    # What peers do, message by message

    def connect(self, connection: str = "command") -> Self:
        """TCP's three-way handshake."""
        self._actions.append(Action("connect", connection))
        return self

    def raw(self, data: bytes, direction: str = TO_RESPONDER, connection: str = "command") -> Self:
        """Bytes that are no message the truth knows of."""
        stream = (connection, direction)
        self._truth.streams[stream] = self._truth.streams.get(stream, b"") + data
        self._actions.append(Action("say", connection, direction, data))
        return self

    def message(self, kind: int, body: bytes = b"", direction: str = TO_RESPONDER, connection: str = "command",
                transaction_id: int | None = None, code: int | None = None, status: str = "complete"
                ) -> Self:  # fmt: skip
        """One message of any type; the named methods below are made of this one. A bad one has status "malformed"."""
        data = struct.pack("<II", 8 + len(body), kind) + body
        return self.said(kind, data, direction, connection, transaction_id, code, status)

    def said(self, kind: int, data: bytes, direction: str, connection: str, transaction_id: int | None = None,
             code: int | None = None, status: str = "complete") -> Self:  # fmt: skip
        """The bytes of one message, which the truth knows by this type code."""
        offset = len(self._truth.streams.get((connection, direction), b""))
        self._truth.messages.append({
            "session": self.number, "connection": connection, "direction": direction, "type_code": kind,
            "length": len(data), "transaction_id": transaction_id, "code": code, "offset": offset, "status": status,
        })  # fmt: skip
        if self._truth.session is None:
            self._truth.session = self._blank_session()
        return self.raw(data, direction, connection)

    def init_command_request(self) -> Self:
        """The initiator says who it is."""
        body = self.initiator_guid + _name(self.initiator_name) + struct.pack("<I", self.initiator_version)
        self.message(INIT_COMMAND_REQUEST, body)
        return self._know(initiator_guid=self.initiator_guid.hex(), initiator_name=self.initiator_name,
                          initiator_version=_version(self.initiator_version))  # fmt: skip

    def init_command_ack(self) -> Self:
        """The responder says who it is and numbers the connection."""
        body = struct.pack("<I", self.connection_number) + self.responder_guid + _name(self.responder_name)
        self.message(INIT_COMMAND_ACK, body + struct.pack("<I", self.responder_version), TO_INITIATOR)
        return self._know(responder_guid=self.responder_guid.hex(), responder_name=self.responder_name,
                          responder_version=_version(self.responder_version),
                          connection_number=self.connection_number)  # fmt: skip

    def init_event_request(self) -> Self:
        """The initiator opens the event connection with that number."""
        self.message(INIT_EVENT_REQUEST, struct.pack("<I", self.connection_number), connection="event")
        return self._know(connection_number=self.connection_number)

    def init_event_ack(self) -> Self:
        """The session is established."""
        self.message(INIT_EVENT_ACK, b"", TO_INITIATOR, "event")
        return self._know(status="established")

    def init_fail(self, reason: int = 1, on: str = "command") -> Self:
        """The responder refuses on either connection (1 rejected, 2 busy, 3 unspecified)."""
        self.message(INIT_FAIL, struct.pack("<I", reason), TO_INITIATOR, on)
        return self._know(status="rejected", fail_reason_code=reason)

    def request(self, operation: int, *parameters: int, transaction_id: int | None = None, data_phase_info: int = 1
                ) -> Self:  # fmt: skip
        """An Operation Request; without a TransactionID it takes the next one."""
        if transaction_id is None:
            transaction_id, self._next_id = self._next_id, self._next_id + 1
        self._begin(transaction_id)
        assert self._current is not None
        self._current.update(operation_code=operation, parameters=list(parameters), data_phase_info=data_phase_info,
                             data_direction="none", status="open")  # fmt: skip
        words = struct.pack(f"<IHI{len(parameters)}I", data_phase_info, operation, transaction_id, *parameters)
        return self._belonging(OPERATION_REQUEST, words, TO_RESPONDER, transaction_id, operation)

    def start_data(self, total: int, direction: str = TO_INITIATOR, transaction_id: int | None = None) -> Self:
        """Start Data that announces ``total`` bytes (UNKNOWN_TOTAL: it does not say)."""
        current = self._of(transaction_id)
        current["announced_bytes"] = None if total == UNKNOWN_TOTAL else total
        current["data_direction"] = "in" if direction == TO_INITIATOR else "out"
        identity = current["transaction_id"]
        return self._belonging(START_DATA, struct.pack("<IQ", identity, total), direction, identity)

    def data(self, payload: bytes, direction: str = TO_INITIATOR, transaction_id: int | None = None, last: bool = False
             ) -> Self:  # fmt: skip
        """One Data message, or End Data if it is the last."""
        current = self._of(transaction_id)
        current["data"] += payload
        current["data_bytes"] += len(payload)
        current["data_messages"] += 1
        current["data_direction"] = "in" if direction == TO_INITIATOR else "out"
        identity = current["transaction_id"]
        return self._belonging(END_DATA if last else DATA, struct.pack("<I", identity) + payload, direction, identity)

    def data_phase(self, payload: bytes, direction: str = TO_INITIATOR, style: str = "end", chunk: int = 1024,
                   announced: int | None = None, end: bool = True) -> Self:  # fmt: skip
        """A data phase, broken off before End Data without ``end``.

        Styles: "end" (all in End Data), "empty-end" (Data messages, then an empty End Data) and "tail" (Data messages,
        and the rest in End Data).
        """
        self.start_data(len(payload) if announced is None else announced, direction)
        cut = {"end": 0, "empty-end": len(payload), "tail": max(0, len(payload) - 1) // chunk * chunk}[style]
        for start in range(0, cut, chunk):
            self.data(payload[start : min(start + chunk, cut)], direction)
        return self.data(payload[cut:], direction, last=True) if end else self

    def response(self, code: int = OK, *parameters: int, transaction_id: int | None = None) -> Self:
        """An Operation Response, which ends the transaction."""
        current = self._of(transaction_id)
        identity = current["transaction_id"]
        current.update(response_code=code, response_parameters=list(parameters))
        if code == TRANSACTION_CANCELLED or current["status"] == "cancelled":
            current["status"] = "cancelled"
        elif current["operation_code"] is not None:
            current["status"] = "complete"
        words = struct.pack(f"<HI{len(parameters)}I", code, identity, *parameters)
        self._belonging(OPERATION_RESPONSE, words, TO_INITIATOR, identity, code)
        self._current = None
        return self

    def event(self, code: int, transaction_id: int = NOT_APPLICABLE, *parameters: int) -> Self:
        """An Event on the event connection."""
        self._truth.events.append({
            "session": self.number, "event_code": code, "transaction_id": transaction_id,
            "parameters": list(parameters), "source": "connection",
        })  # fmt: skip
        words = struct.pack(f"<HI{len(parameters)}I", code, transaction_id, *parameters)
        return self.message(EVENT, words, TO_INITIATOR, "event", transaction_id, code)

    def polled(self, code: int, *parameters: int) -> Self:
        """An event in the list that the transaction before this fetched; such lists name no transaction."""
        self._truth.events.append({
            "session": self.number, "event_code": code, "transaction_id": None, "parameters": list(parameters),
            "source": "polled",
        })  # fmt: skip
        return self

    def cancel(self, transaction_id: int | None = None, on: Sequence[str] = ("command", "event")) -> Self:
        """The initiator cancels the current transaction (or names another) on these connections."""
        current = self._current
        if current and transaction_id in {None, current["transaction_id"]}:
            current["status"] = "cancelled"
            transaction_id = current["transaction_id"]
        if transaction_id is None:
            raise ValueError("nothing to cancel")
        for connection in on:
            self.message(CANCEL, struct.pack("<I", transaction_id), TO_RESPONDER, connection, transaction_id)
        return self

    def probe(self, direction: str = TO_RESPONDER, answered: bool = True, connection: str = "event") -> Self:
        """A Probe Request by either side, and its answer."""
        self.message(PROBE_REQUEST, b"", direction, connection)
        return self.message(PROBE_RESPONSE, b"", REVERSE[direction], connection) if answered else self

    def wait(self, seconds: float) -> Self:
        """Nobody says anything for a while."""
        self._actions.append(Action("wait", pause_ns=round(seconds * 1e9)))
        return self

    def close(self, kind: str = "fin", by: str = "initiator", connections: Sequence[str] | None = None) -> Self:
        """Close the connections that are open, or some of them, with "fin" or "reset", by either side."""
        direction = TO_RESPONDER if by == "initiator" else TO_INITIATOR
        used = {action.connection for action in self._actions if action.kind != "wait"}
        for connection in reversed(self.ports()):
            if connection in used and (connections is None or connection in connections):
                self._actions.append(Action(kind, connection, direction))
        if self._truth.session is not None:
            self._know(closed_by=by, close_kind=kind)
        return self

    def hang_up(self, connection: str = "command", kind: str = "fin", by: str = "initiator") -> Self:
        """Close one connection: "fin" from both sides, "half" (one FIN, which is only acknowledged) or "reset"."""
        self._actions.append(Action(kind, connection, TO_RESPONDER if by == "initiator" else TO_INITIATOR))
        return self

    def acknowledge(self, connection: str = "command", by: str = "initiator") -> Self:
        """An empty segment of one side, which shows that the connection is still there."""
        return self.hang_up(connection, "acknowledge", by)

    def refused(self, connection: str = "event") -> Self:
        """The initiator's SYN is answered with RST."""
        return self.hang_up(connection, "refuse")

    # What clients do

    def init(self, event: bool = True) -> Self:
        """Both connections and both Init exchanges; the command connection alone without ``event``."""
        self.connect().init_command_request().init_command_ack()
        return self.connect("event").init_event_request().init_event_ack() if event else self

    def open(self, session_id: int = 1) -> Self:
        """``init`` and OpenSession."""
        return self.init().open_session(session_id)

    def open_session(self, session_id: int = 1, transaction_id: int = 0) -> Self:
        """OpenSession, with TransactionID 0 as the standard allows."""
        return self.request(0x1002, session_id, transaction_id=transaction_id).response()

    def close_session(self) -> Self:
        """CloseSession."""
        return self.request(0x1003).response()

    def transaction(self, operation: int, *parameters: int, data_in: bytes | None = None, data_out: bytes | None = None,
                    style: str = "end", chunk: int = 1024, announced: int | None = None, response: int = OK,
                    returns: Sequence[int] = (), transaction_id: int | None = None) -> Self:  # fmt: skip
        """A whole transaction: request, data to the initiator or to the responder, response with parameters."""
        self.request(
            operation, *parameters, transaction_id=transaction_id, data_phase_info=1 if data_out is None else 2
        )
        if data_out is not None:
            self.data_phase(data_out, TO_RESPONDER, style, chunk, announced)
        if data_in is not None:
            self.data_phase(data_in, TO_INITIATOR, style, chunk, announced)
        return self.response(response, *returns)

    def get_device_info(self, transaction_id: int | None = None) -> Self:
        """GetDeviceInfo."""
        return self.transaction(0x1001, data_in=DEVICE_INFO, transaction_id=transaction_id)

    def get_object(self, handle: int = 1, data: bytes = b"object", style: str = "end", chunk: int = 1024) -> Self:
        """GetObject."""
        return self.transaction(0x1009, handle, data_in=data, style=style, chunk=chunk)

    def send_object(self, data: bytes = b"object", style: str = "end", chunk: int = 1024, handle: int = 0x80) -> Self:
        """SendObjectInfo, which returns storage, parent and handle, then SendObject."""
        info = struct.pack("<IHHIHIIIIIIIHII", 0x10001, 0x3801, 0, len(data), 0, *[0] * 10)
        info += _string("NEW.JPG") + _string("") * 3
        self.transaction(0x100C, 0x10001, 0, data_out=info, returns=(0x10001, 0, handle))
        return self.transaction(0x100D, data_out=data, style=style, chunk=chunk)

    def get_property(self, code: int = 0x5001, value: bytes = b"\x64") -> Self:
        """GetDevicePropValue."""
        return self.transaction(0x1015, code, data_in=value)

    # Damage: each call is applied in turn to what ``packets`` returns

    def damaged(
        self,
        function: Callable[Concatenate[list[Packet], Damage], list[Packet]],
        *arguments: Damage.args,
        **options: Damage.kwargs,
    ) -> Self:
        """Apply any function of ``damage`` to the packets."""
        self._damage.append(lambda packets: function(packets, *arguments, **options))
        return self

    def drop(self, *indices: int, segment: int | Iterable[int] = ()) -> Self:
        """Lose packets by index, or payload segments by their number."""
        self._damage.append(lambda packets: damage.drop(packets, *indices, segment=segment))
        return self

    # What comes of it

    def ports(self) -> dict[str, tuple[int, int]]:
        """The connections that there may be, the command connection first: the initiator's and the responder's port."""
        return {
            "command": (self.command_port, self.responder_port),
            "event": (self.event_port, self.responder_port),
        }

    def truth(self) -> Truth:
        """What must be found in the undamaged packets."""
        session = self._truth.session
        if session is not None:
            session.update(transactions=len(self._truth.transactions), events=len(self._truth.events))
            used = {message["connection"] for message in self._truth.messages}
            session["command_port"] = self.command_port if "command" in used else None
            session["event_port"] = self.event_port if "event" in used else None
            for direction in (TO_RESPONDER, TO_INITIATOR):
                sizes = (len(stream) for (_, way), stream in self._truth.streams.items() if way == direction)
                session[f"bytes_{direction.replace('-', '_')}"] = sum(sizes)
        return self._truth

    def packets(self) -> list[Packet]:
        """The packets, damaged as asked."""
        packets = self.whole_packets()
        for function in self._damage:
            packets = function(packets)
        return packets

    def whole_packets(self) -> list[Packet]:
        """The packets before any damage."""
        return Wire(self).run(self._actions)

    # Bookkeeping

    def _blank_session(self) -> dict[str, Any]:
        known = {"initiator_address": self.initiator, "responder_address": self.responder,
                 "responder_port": self.responder_port, "status": "midstream", "close_kind": "none"}  # fmt: skip
        unknown = ("connection_number", "initiator_guid", "initiator_name", "initiator_version", "responder_guid",
                   "responder_name", "responder_version", "fail_reason_code", "closed_by")  # fmt: skip
        return {"session": self.number} | known | dict.fromkeys(unknown)

    def _know(self, **facts: Any) -> Self:
        session = self._truth.session
        assert session is not None
        session.update(facts)
        if session["status"] == "midstream" and "initiator_name" in facts:
            session["status"] = "incomplete"
        return self

    def _begin(self, transaction_id: int) -> None:
        self._current = {
            "session": self.number, "transaction_id": transaction_id, "operation_code": None, "parameters": None,
            "data_phase_info": None, "data_direction": None, "announced_bytes": None, "data_bytes": 0,
            "data_messages": 0, "response_code": None, "response_parameters": None, "status": "began-earlier",
            "extents": [], "data": b"",
        }  # fmt: skip
        self._truth.transactions.append(self._current)

    def _of(self, transaction_id: int | None) -> dict[str, Any]:
        """The current transaction; one that began earlier if there is none; an older one if its id is named."""
        if self._current is None or transaction_id not in {None, self._current["transaction_id"]}:
            older = [one for one in self._truth.transactions if one["transaction_id"] == transaction_id]
            if older:
                return older[-1]
            if transaction_id is None:
                raise ValueError("no transaction is open: say which one this belongs to")
            self._begin(transaction_id)
        assert self._current is not None
        return self._current

    def _belonging(self, kind: int, body: bytes, direction: str, transaction_id: int, code: int | None = None) -> Self:
        """A message of a transaction: its extent is written down."""
        begin = len(self._truth.streams.get(("command", direction), b""))
        self._of(transaction_id)["extents"].append(
            (self.number, "command", direction, begin, begin + 8 + len(body)))  # fmt: skip
        return self.message(kind, body, direction, "command", transaction_id, code)


def conversation(**options: Any) -> Conversation:
    """A Conversation, in the words in which tests read: ``conversation().open().get_object().close().packets()``."""
    return Conversation(**options)


def _name(text: str) -> bytes:
    """A friendly name: UTF-16 with its terminator. Lone surrogates are allowed: cameras send them."""
    return (text + "\0").encode("utf-16-le", "surrogatepass")


def _string(text: str) -> bytes:
    """A PTP string: the number of UTF-16 units, then the units; empty is one zero byte."""
    units = (text + "\0").encode("utf-16-le") if text else b""
    return bytes([len(units) // 2]) + units


def _version(number: int) -> str:
    return f"{number >> 16}.{number & 0xFFFF}"


def _codes(*codes: int) -> bytes:
    return struct.pack(f"<I{len(codes)}H", len(codes), *codes)


def device_info(manufacturer: str, model: str) -> bytes:
    """A DeviceInfo dataset (ISO 15740 5.5.2)."""
    return (
        struct.pack("<HIH", 100, 6, 100) + _string("microsoft.com: 1.0") + struct.pack("<H", 0)
        + _codes(0x1001, 0x1002, 0x1003, 0x1007, 0x1008, 0x1009, 0x100C, 0x100D, 0x1014, 0x1015, 0x1016)
        + _codes(0x4002, 0x4006, 0x400D) + _codes(0x5001, 0x5007) + _codes() + _codes(0x3801)
        + _string(manufacturer) + _string(model) + _string("1.0") + _string("0001")
    )  # fmt: skip


DEVICE_INFO = device_info("Example", "Pretend Camera")
