"""Events kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps
from tests.traffic import Conversation
from tests.traffic import conversation as talk
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER

NONE = 0xFFFFFFFF
OBJECT_ADDED, PROPERTY_CHANGED, CAPTURE_COMPLETE = 0x4002, 0x4006, 0x400D
SHUTTER = 0.5  # s: the clocks of both connections agree on the order


def event_bytes(code: int, identity: int, *parameters: int) -> bytes:
    """What follows the header of an Event."""
    return struct.pack(f"<HI{len(parameters)}I", code, identity, *parameters)


def finish(one: Conversation) -> Conversation:
    """Two seconds pass, and the initiator says good-bye."""
    return one.wait(2).close_session().close()


@keeps(
    "event-placement", "event-connection-other-types", "event-param-count", "event-txid-known-or-none",
    "event-txid-specific", "event-code-range", "event-not-before-established", "event-session-scope",
    "event-cancel-event-code", "event-none-seen",
)  # fmt: skip
def events_as_they_should_be() -> Conversation:
    """Events of a capture, of a property, of a maker's, with none to three parameters."""
    one = talk().open().event(PROPERTY_CHANGED, NONE, 0x5007).transaction(0x100E, 0, 0).wait(SHUTTER)
    one.event(OBJECT_ADDED, 1, 7).event(CAPTURE_COMPLETE, 1).event(0xC101, NONE, 1, 2, 3)
    return finish(one.get_property())


@breaks("event-placement", by="responder")
def event_on_the_command_connection() -> Conversation:
    """The camera sends an event between two transactions."""
    one = talk().open().get_property()
    one.message(8, event_bytes(OBJECT_ADDED, 1, 7), TO_INITIATOR, "command", 1, OBJECT_ADDED)
    return finish(one.event(PROPERTY_CHANGED).get_property())


@breaks("event-placement", by="initiator", related=["request-role-fixed"])
def event_by_the_initiator() -> Conversation:
    """The initiator sends an event."""
    one = talk().open().get_property()
    one.message(8, event_bytes(OBJECT_ADDED, 1, 7), TO_RESPONDER, "event", 1, OBJECT_ADDED)
    return finish(one.event(PROPERTY_CHANGED).get_property())


@breaks("event-connection-other-types", by="initiator", related=["request-placement"])
def request_on_the_event_connection() -> Conversation:
    """The initiator asks on the wrong connection."""
    one = talk().open().event(PROPERTY_CHANGED)
    one.message(6, struct.pack("<IHI", 1, 0x1001, 1), TO_RESPONDER, "event", 1, 0x1001)
    return finish(one)


@breaks("event-param-count", by="responder", related=["framing-variable-size-bounds"])
def five_parameters() -> Conversation:
    """An event with five parameters."""
    one = talk().open().get_property()
    return finish(one.message(8, event_bytes(0xC101, NONE, 1, 2, 3, 4, 5), TO_INITIATOR, "event", NONE, 0xC101))


@breaks("event-txid-known-or-none")
def event_of_a_future_transaction() -> Conversation:
    """An event names a transaction that nobody has asked for yet."""
    return finish(talk().open().get_property().wait(SHUTTER).event(OBJECT_ADDED, 9, 7).wait(SHUTTER).get_property())


@breaks("event-txid-known-or-none")
def event_of_the_next_transaction() -> Conversation:
    """An event names the transaction that is asked for only half a second later."""
    return finish(talk().open().get_property().wait(SHUTTER).event(OBJECT_ADDED, 2, 7).wait(SHUTTER).get_property())


@breaks("event-txid-known-or-none")
def event_of_transaction_zero() -> Conversation:
    """An event with id 0."""
    return finish(talk().open().get_property().event(PROPERTY_CHANGED, 0, 0x5007))


@breaks("event-txid-specific")
def capture_complete_of_nothing() -> Conversation:
    """CaptureComplete does not say which capture."""
    return finish(talk().open().transaction(0x100E, 0, 0).wait(SHUTTER).event(CAPTURE_COMPLETE).get_property())


@breaks("event-code-range", by="responder")
def event_with_a_response_code() -> Conversation:
    """An event whose code is that of a response."""
    return finish(talk().open().event(0x2001).get_property())


@breaks("event-not-before-established", related=["init-no-traffic-before-established"])
def event_before_the_acknowledgment() -> Conversation:
    """An event comes in front of Init Event Ack."""
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    return finish(one.event(PROPERTY_CHANGED).init_event_ack().open_session().get_property())


@breaks("event-session-scope", related=["event-txid-known-or-none"])
def event_in_the_wrong_session() -> list[Conversation]:
    """Two sessions with one camera; the capture of the first ends in the second."""
    first = talk(seed=1).open().get_property().get_property().transaction(0x100E, 0, 0).wait(1)
    second = talk(seed=2, number=1, initiator="192.168.1.21", connection_number=2, initiator_guid=bytes(range(32, 48)))
    second.open().wait(1).event(CAPTURE_COMPLETE, 3)
    return [finish(first), finish(second)]


@breaks("event-cancel-event-code")
def cancel_transaction_event() -> Conversation:
    """The camera sends the event CancelTransaction."""
    return finish(talk().open().get_property().event(0x4001, 1))


@breaks("event-none-seen")
def events_polled() -> Conversation:
    """The event connection is silent; the initiator polls."""
    return finish(talk().open().transaction(0x90C7, data_in=b"\0\0").transaction(0x90C7, data_in=b"\0\0"))
