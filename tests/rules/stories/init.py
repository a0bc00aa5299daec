"""Establishment kept and broken: places and order."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import TO_INITIATOR, Conversation
from tests.traffic import conversation as talk


@keeps(
    "init-command-request-first", "init-command-request-prompt", "init-command-request-once",
    "init-command-request-placement", "init-command-ack-placement", "init-event-request-placement",
    "init-event-ack-placement", "init-responder-quiet-before-request", "init-no-traffic-before-established",
    "init-event-connection-required", "init-event-connection-after-ack", "init-event-request-first",
    "init-packet-after-established", "init-command-answered", "init-event-answered", "init-single-answer",
    "init-establishment-30s", "init-fail-classify", "init-busy-retry-later",
)  # fmt: skip
@silent("init-fail-only-during-establishment")
def as_the_standard_has_it() -> Conversation:
    """One step after the other, with a pause between them."""
    one = talk().connect().init_command_request().wait(0.1).init_command_ack().wait(0.1)
    one.connect("event").init_event_request().wait(0.1).init_event_ack().wait(0.1)
    return one.open_session().get_device_info().event(0x4006, 0xFFFFFFFF, 0x5007).close_session().close()


@keeps("init-fail-placement", "init-fail-reason-defined", "init-fail-initiator-closes", "init-fail-responder-closes")
def refused() -> Conversation:
    """The responder refuses and closes."""
    return talk().connect().init_command_request().init_fail(1).close(by="responder")


@keeps("init-command-request-prompt")
def after_half_a_second() -> Conversation:
    """The initiator takes its time, but less than a second."""
    return talk().connect().wait(0.9).init_command_request().init_command_ack().close()


@silent("init-command-request-prompt")
def after_a_lost_try() -> Conversation:
    """Two tries may have been lost in front of the capture point."""
    return talk().connect().wait(3.5).init_command_request().init_command_ack().close()


@breaks("init-command-request-first")
def operation_first() -> Conversation:
    """The command connection begins with OpenSession."""
    return talk().connect().open_session().get_device_info().close_session().close()


@breaks("init-event-request-first", related=["init-no-traffic-before-established"])
def probe_first() -> Conversation:
    """The event connection begins with a probe."""
    one = talk().connect().init_command_request().init_command_ack().connect("event")
    one.message(13, b"", connection="event").init_event_request().wait(0.1).init_event_ack()
    return one.message(14, b"", TO_INITIATOR, "event").open_session().close_session().close()


@breaks("init-command-request-prompt")
def after_eight_seconds() -> Conversation:
    """The initiator says nothing for eight seconds."""
    one = talk().connect().wait(8).init_command_request().init_command_ack()
    return one.connect("event").init_event_request().init_event_ack().open_session().close_session().close()


@breaks("init-command-request-once")
def asked_twice() -> Conversation:
    """The same request again, before anything was answered."""
    return talk().connect().init_command_request().wait(2).init_command_request().init_command_ack().close()


@breaks("init-command-request-placement", by="initiator")
def command_request_on_the_event_connection() -> Conversation:
    """The initiator says on the event connection who it is, and goes."""
    one = talk().connect().init_command_request().init_command_ack()
    body = bytes(range(16)) + "desk\0".encode("utf-16-le") + struct.pack("<I", 0x10000)
    one.connect("event").init_event_request().message(1, body, connection="event")
    return one.hang_up("event").hang_up("command")


@breaks("init-command-request-placement", by="responder")
def command_request_of_the_responder() -> Conversation:
    """The responder answers with a request."""
    body = bytes(range(16)) + "camera\0".encode("utf-16-le") + struct.pack("<I", 0x10000)
    return talk().connect().init_command_request().message(1, body, TO_INITIATOR).close()


@breaks("init-event-request-placement", by="initiator")
def event_request_on_the_command_connection() -> Conversation:
    """There is one connection for everything."""
    one = talk().connect().init_command_request().init_command_ack()
    one.message(3, struct.pack("<I", 1)).message(4, b"", TO_INITIATOR)
    return one.close()


@breaks("init-event-request-placement", by="responder")
def event_request_of_the_responder() -> Conversation:
    """The responder asks for events."""
    one = talk().connect().init_command_request().init_command_ack().connect("event")
    one.init_event_request().message(3, struct.pack("<I", 1), TO_INITIATOR, "event")
    return one.hang_up("event").hang_up("command")


@breaks("init-command-ack-placement", by="responder")
def command_ack_on_the_event_connection() -> Conversation:
    """Init Event Request is answered with Init Command Ack."""
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    body = struct.pack("<I", 1) + bytes(range(16, 32)) + "camera\0".encode("utf-16-le") + struct.pack("<I", 0x10000)
    return one.message(2, body, TO_INITIATOR, "event").hang_up("event").hang_up("command")


@breaks("init-command-ack-placement", by="initiator")
def command_ack_of_the_initiator() -> Conversation:
    """The initiator answers itself."""
    body = struct.pack("<I", 1) + bytes(range(16, 32)) + "desk\0".encode("utf-16-le") + struct.pack("<I", 0x10000)
    return talk().connect().init_command_request().message(2, body).init_command_ack().close()


@breaks("init-event-ack-placement", by="responder")
def event_ack_on_the_command_connection() -> Conversation:
    """Init Command Request is answered with Init Event Ack."""
    return talk().connect().init_command_request().message(4, b"", TO_INITIATOR).close()


@breaks("init-event-ack-placement", by="initiator")
def event_ack_of_the_initiator() -> Conversation:
    """The initiator says that the session is established."""
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    one.message(4, b"", connection="event").init_event_ack()
    return one.open_session().close_session().close()


@breaks("init-fail-placement", by="initiator")
def fail_of_the_initiator() -> Conversation:
    """The initiator does not like what it hears."""
    one = talk().connect().init_command_request().init_command_ack()
    return one.message(5, struct.pack("<I", 3)).close()


@breaks("init-responder-quiet-before-request")
def responder_first() -> Conversation:
    """The responder greets before it is asked."""
    return talk().connect().init_command_ack().wait(0.1).init_command_request().close()


@breaks("init-no-traffic-before-established", by="initiator")
def operations_before_the_event_connection() -> Conversation:
    """OpenSession goes before the event connection."""
    one = talk().connect().init_command_request().init_command_ack().open_session().wait(0.1)
    one.connect("event").init_event_request().init_event_ack()
    return one.get_device_info().close_session().close()


@breaks("init-no-traffic-before-established", by="responder")
def probe_before_the_ack() -> Conversation:
    """The responder sends a Probe Request before Init Event Ack."""
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    one.probe(TO_INITIATOR, answered=False).init_event_ack().message(14, b"", connection="event")
    return one.open_session().close_session().close()


@breaks("init-event-connection-after-ack")
def event_connection_in_advance() -> Conversation:
    """Both connections are opened at once."""
    one = talk().connect().connect("event").wait(0.1).init_command_request().init_command_ack().wait(0.1)
    one.init_event_request().init_event_ack()
    return one.open_session().close_session().close()


@breaks("init-packet-after-established", by="initiator", related=["init-command-request-once"])
def command_request_again() -> Conversation:
    """The initiator introduces itself in the middle of a session."""
    one = talk().open().get_device_info().wait(0.1).init_command_request().wait(0.1)
    return one.close_session().close()


@breaks("init-packet-after-established", by="responder", related=["init-single-answer"])
def event_ack_again() -> Conversation:
    """The responder establishes the session a second time."""
    one = talk().open().get_device_info().wait(0.1).init_event_ack()
    return one.close_session().close()


@breaks("init-packet-after-established", by="initiator")
def event_request_again() -> Conversation:
    """The initiator repeats Init Event Request when it has been answered."""
    one = talk().open().get_device_info().wait(0.1).init_event_request()
    return one.close_session().close()
