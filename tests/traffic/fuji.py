"""A pretend initiator and responder that speak Fujifilm's dialect: PTP-IP's greeting, then containers as on USB.

Promises bytes made from ``struct`` and what is written of the dialect (libgphoto2 camlibs/ptp2/fujiptpip.c; vcam), as
``conversation`` does from the standard.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from .conversation import (
    INIT_COMMAND_ACK,
    INIT_COMMAND_REQUEST,
    INIT_FAIL,
    OK,
    Conversation,
    Truth,
)
from .packet import TO_INITIATOR, TO_RESPONDER

MAGIC = 0x8F53E4F2
CONTAINERS = 0x10000  # type codes in the truth: this plus the container's type
REQUEST, DATA, RESPONSE, EVENT, FRAME, END = 1, 2, 3, 4, 5, 6
LIVE_VIEW = "live-view"


@dataclass
class FujiConversation(Conversation):
    """One initiator, one responder, one session, on three connections."""

    responder_port: int = 55740
    event_service: int = 55741
    live_view_service: int = 55742
    live_view_port: int = 50003
    connection_number: int = 0

    def ports(self) -> dict[str, tuple[int, int]]:
        """As for any conversation; the camera listens on three ports."""
        return {
            "command": (self.command_port, self.responder_port),
            "event": (self.event_port, self.event_service),
            LIVE_VIEW: (self.live_view_port, self.live_view_service),
        }

    def init_command_request(self) -> Self:
        """82 bytes: a word of its own, GUID, name filled up with zeros, no version."""
        name = self.initiator_name.encode("utf-16-le").ljust(54, b"\0")
        self.message(INIT_COMMAND_REQUEST, struct.pack("<I", MAGIC) + self.initiator_guid + name)
        return self._know(initiator_guid=self.initiator_guid.hex(), initiator_name=self.initiator_name)

    def init_command_ack(self) -> Self:
        """68 bytes: number, GUID, name filled up with zeros. Nothing else is needed for a session."""
        name = self.responder_name.encode("utf-16-le").ljust(40, b"\0")
        body = struct.pack("<I", self.connection_number) + self.responder_guid + name
        self.message(INIT_COMMAND_ACK, body, TO_INITIATOR)
        return self._know(responder_guid=self.responder_guid.hex(), responder_name=self.responder_name,
                          connection_number=self.connection_number, status="established")  # fmt: skip

    def init_fail(self, reason: int = 0x2019, on: str = "command") -> Self:
        """The camera refuses; the reasons are response codes."""
        self.message(INIT_FAIL, struct.pack("<I", reason), TO_INITIATOR, on)
        return self._know(status="rejected", fail_reason_code=reason)

    def request(self, operation: int, *parameters: int, transaction_id: int | None = None, data_phase_info: int = 0
                ) -> Self:  # fmt: skip
        """A command container."""
        if transaction_id is None:
            transaction_id, self._next_id = self._next_id, self._next_id + 1
        self._begin(transaction_id)
        assert self._current is not None
        self._current.update(operation_code=operation, parameters=list(parameters), data_direction="none",
                             status="open")  # fmt: skip
        return self._container(REQUEST, operation, transaction_id, _words(parameters), TO_RESPONDER)

    def data_phase(self, payload: bytes, direction: str = TO_INITIATOR, style: str = "end", chunk: int = 1024,
                   announced: int | None = None, end: bool = True) -> Self:  # fmt: skip
        """All of it in one data container, whatever the style; its length announces the bytes."""
        current = self._of(None)
        current["data"] += payload
        current.update(data_bytes=len(payload), data_messages=1, announced_bytes=len(payload),
                       data_direction="in" if direction == TO_INITIATOR else "out")  # fmt: skip
        return self._container(DATA, current["operation_code"], current["transaction_id"], payload, direction)

    def response(self, code: int = OK, *parameters: int, transaction_id: int | None = None) -> Self:
        """A response container, which ends the transaction."""
        current = self._of(transaction_id)
        current.update(response_code=code, response_parameters=list(parameters))
        if current["operation_code"] is not None:
            current["status"] = "complete"
        self._container(RESPONSE, code, current["transaction_id"], _words(parameters), TO_INITIATOR)
        self._current = None
        return self

    def event(self, code: int, transaction_id: int = 1, *parameters: int) -> Self:
        """An event container on the event connection."""
        self._truth.events.append({
            "session": self.number, "event_code": code, "transaction_id": transaction_id,
            "parameters": list(parameters), "source": "connection",
        })  # fmt: skip
        data = container(EVENT, code, transaction_id, _words(parameters))
        return self.said(CONTAINERS + EVENT, data, TO_INITIATOR, "event", transaction_id, code)

    def frame(self, picture: bytes) -> Self:
        """A frame of live view, pushed by the camera."""
        data = struct.pack("<II10x", 18 + len(picture), 0) + picture
        return self.said(CONTAINERS + FRAME, data, TO_INITIATOR, LIVE_VIEW)

    def end_session(self) -> Self:
        """The eight bytes with which some clients leave."""
        return self.said(CONTAINERS + END, struct.pack("<II", 8, 0xFFFFFFFF), TO_RESPONDER, "command")

    def init(self, event: bool = True) -> Self:
        """The command connection and its greetings; nothing greets on the others."""
        self.connect().init_command_request().init_command_ack()
        return self.connect("event").connect(LIVE_VIEW) if event else self

    def open_session(self, session_id: int = 1, transaction_id: int = 1) -> Self:
        """OpenSession."""
        self._next_id = transaction_id + 1
        return self.request(0x1002, session_id, transaction_id=transaction_id).response()

    def get_partial_object(self, handle: int, data: bytes, piece: int = 0x1000) -> Self:
        """GetPartialObject until all of it is there."""
        for offset in range(0, len(data), piece):
            self.transaction(0x101B, handle, offset, piece, data_in=data[offset : offset + piece])
        return self

    def poll(self, *changed: tuple[int, int]) -> Self:
        """GetDevicePropValue of the list of events."""
        value = struct.pack("<H", len(changed)) + b"".join(struct.pack("<HI", *one) for one in changed)
        self.transaction(0x1015, 0xD212, data_in=value)
        for pair in changed:  # the list names properties that changed, no events
            self._truth.events.append({
                "session": self.number, "event_code": None, "transaction_id": None, "parameters": list(pair),
                "source": "polled",
            })  # fmt: skip
        return self

    def set_property(self, code: int, value: bytes) -> Self:
        """SetDevicePropValue."""
        return self.transaction(0x1016, code, data_out=value)

    def truth(self) -> Truth:
        """As for any conversation, and which connections there are."""
        known = super().truth()
        if known.session is not None:
            connected = {action.connection for action in self._actions if action.kind == "connect"}
            said = {message["connection"] for message in known.messages}
            used = connected | said
            known.session.update(
                event_port=self.event_port if "event" in used else None,
                live_view_port=self.live_view_port if LIVE_VIEW in used else None,
                dialect="fuji", paired_by="dialect" if used > {"command"} else "alone",
            )  # fmt: skip
        return known

    def _container(self, kind: int, code: int, transaction_id: int, body: bytes, direction: str) -> Self:
        data = container(kind, code, transaction_id, body)
        begin = len(self._truth.streams.get(("command", direction), b""))
        self._of(transaction_id)["extents"].append((self.number, "command", direction, begin, begin + len(data)))
        return self.said(CONTAINERS + kind, data, direction, "command", transaction_id, code)


def container(kind: int, code: int, transaction_id: int, body: bytes = b"") -> bytes:
    """The bytes of a container."""
    return struct.pack("<IHHI", 12 + len(body), kind, code, transaction_id) + body


def _words(parameters: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(parameters)}I", *parameters)


def fuji_conversation(**options: Any) -> FujiConversation:
    """As ``conversation``, for a camera of Fujifilm."""
    return FujiConversation(**options)
