"""Framing kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps
from tests.traffic import Conversation
from tests.traffic import conversation as talk


@keeps("framing-length-minimum", "framing-fixed-size-types")
def every_type() -> Conversation:
    """A session with messages of all kinds, all of the right size."""
    one = talk().open().get_device_info().probe().event(0x4002, 0xFFFFFFFF, 7)
    one.request(0x1009, 1).start_data(4000).data(bytes(1000)).cancel().response(0x201F)
    return one.close_session().close()


@breaks("framing-length-minimum")
def init_event_ack_of_four_bytes() -> Conversation:
    """The responder's Init Event Ack says that it has 4 bytes."""
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    return one.raw(struct.pack("<II", 4, 4), "to-initiator", "event").close()


@breaks("framing-fixed-size-types")
def init_event_request_of_sixteen_bytes() -> Conversation:
    """The initiator's Init Event Request has four bytes more."""
    one = talk().connect().init_command_request().init_command_ack().connect("event")
    one.message(3, struct.pack("<II", 1, 0), connection="event", status="malformed").init_event_ack()
    return one.open_session().close_session().close()
