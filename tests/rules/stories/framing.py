"""Framing kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps
from tests.traffic import TO_INITIATOR, Conversation
from tests.traffic import conversation as talk


@keeps(
    "framing-little-endian", "framing-length-covers-whole-packet", "framing-length-minimum", "framing-fixed-size-types",
    "framing-variable-size-bounds", "framing-type-zero", "framing-type-reserved", "framing-no-partial-packet-at-close",
    "framing-segmentation-neutral", "framing-non-ptpip-stream",
)  # fmt: skip
def every_type() -> Conversation:
    """A session with messages of all kinds, all of the right size, each in a segment of its own."""
    one = talk().open().get_device_info().probe().event(0x4002, 0xFFFFFFFF, 7)
    one.request(0x1009, 1).start_data(4000).data(bytes(1000)).cancel().response(0x201F)
    return one.close_session().close()


@keeps("framing-variable-size-bounds")
def smallest_and_largest() -> Conversation:
    """The shortest and the longest messages of each type that has variable fields."""
    one = talk(initiator_name="", responder_name="").open()
    one.transaction(0x9801, 1, 2, 3, 4, 5, returns=(1, 2, 3, 4, 5)).transaction(0x9802)
    return one.event(0x4002, 0xFFFFFFFF).event(0xC101, 0xFFFFFFFF, 1, 2, 3).close_session().close()


@breaks("framing-length-minimum", by="responder")
def init_event_ack_of_four_bytes() -> Conversation:
    """The responder's Init Event Ack says that it has 4 bytes."""
    one = talk().connect().init_command_request().init_command_ack().connect("event").init_event_request()
    return one.raw(struct.pack("<II", 4, 4), "to-initiator", "event").close()


@breaks("framing-fixed-size-types", by="initiator")
def init_event_request_of_sixteen_bytes() -> Conversation:
    """The initiator's Init Event Request has four bytes more."""
    one = talk().connect().init_command_request().init_command_ack().connect("event")
    one.message(3, struct.pack("<II", 1, 0), connection="event", status="malformed").init_event_ack()
    return one.open_session().close_session().close()


@breaks("framing-variable-size-bounds", by="responder")
def data_of_ten_bytes() -> Conversation:
    """A Data message that ends in the middle of its TransactionID."""
    one = talk().open().request(0x1009, 1).start_data(10)
    one.message(10, b"\1\0", TO_INITIATOR, status="malformed")
    return one.data(b"0123456789", last=True).response().close_session().close()


@breaks("framing-length-covers-whole-packet", by="responder", related=["framing-variable-size-bounds"])
def event_that_does_not_count_its_id() -> Conversation:
    """The length word of an event leaves out the TransactionID; other events follow."""
    one = talk().open().event(0x4006, 0xFFFFFFFF, 0x5007)
    one.raw(struct.pack("<IIHI", 10, 8, 0x4004, 0xFFFFFFFF), TO_INITIATOR, "event")
    return one.event(0x4006, 0xFFFFFFFF, 0x5007).event(0x4006, 0xFFFFFFFF, 0x5008).close_session().close()


@breaks("framing-length-covers-whole-packet", by="initiator", related=["framing-fixed-size-types"])
def probe_request_that_counts_too_much() -> Conversation:
    """The length word of a Probe Request has four bytes more than there are."""
    one = talk().open().raw(struct.pack("<II", 12, 13), "to-responder", "event").message(14, b"", TO_INITIATOR, "event")
    return one.probe().close_session().close()


@breaks("framing-type-zero", by="initiator")
def message_of_type_zero() -> Conversation:
    """A message of eight bytes and type 0, and a request behind it."""
    return talk().open().get_device_info().raw(struct.pack("<II", 8, 0)).close_session().close()


@breaks("framing-type-reserved", by="responder")
def message_of_type_fifteen() -> Conversation:
    """The responder says something of type 15 between two events."""
    one = talk().open().event(0x4006, 0xFFFFFFFF, 0x5007).raw(struct.pack("<II", 8, 15), TO_INITIATOR, "event")
    return one.event(0x4006, 0xFFFFFFFF, 0x5008).close_session().close()


@keeps("framing-type-reserved")
def type_fifteen_of_a_later_revision() -> Conversation:
    """A responder of version 1.1 may know a type 15."""
    one = talk(initiator_version=0x00010001, responder_version=0x00010001).open().event(0x4006, 0xFFFFFFFF, 0x5007)
    one.raw(struct.pack("<II", 8, 15), TO_INITIATOR, "event")
    return one.event(0x4006, 0xFFFFFFFF, 0x5008).close_session().close()


@breaks("framing-no-partial-packet-at-close", by="initiator")
def request_that_breaks_off() -> Conversation:
    """The initiator closes behind ten bytes of a request."""
    one = talk().open().close_session().raw(struct.pack("<IIH", 18, 6, 1))
    return one.hang_up("command").hang_up("event")


@breaks("framing-no-partial-packet-at-close", by="initiator")
def header_that_breaks_off() -> Conversation:
    """The initiator closes behind five bytes of a header."""
    return talk().open().close_session().raw(b"\x12\0\0\0\6").hang_up("command").hang_up("event")


@breaks("framing-segmentation-neutral")
def many_messages_in_a_segment() -> Conversation:
    """Start Data, Data and End Data are written together, over several segments."""
    return talk(segmentation="coalesced").open().send_object(bytes(4000), "tail").close_session().close()


@breaks("framing-segmentation-neutral")
def a_message_in_many_segments() -> Conversation:
    """One End Data of three segments, and nothing else that is split or joined."""
    return talk().open().get_object(1, bytes(4000)).close_session().close()


@breaks("framing-non-ptpip-stream")
def web_server_on_the_port() -> Conversation:
    """HTTP on PTP-IP's port."""
    one = talk().connect().raw(b"GET / HTTP/1.1\r\n\r\n").raw(b"HTTP/1.1 404 Not Found\r\n\r\n", TO_INITIATOR)
    return one.close()


@breaks("framing-little-endian", by="initiator")
def big_endian_initiator() -> Conversation:
    """An Init Command Request with all numbers the other way round."""
    body = bytes(range(16)) + "desk\0".encode("utf-16-be") + struct.pack(">I", 0x10000)
    return talk().connect().raw(struct.pack(">II", 8 + len(body), 1) + body).close(by="responder")


@breaks("framing-little-endian", by="responder")
def big_endian_responder() -> Conversation:
    """An Init Command Ack with all numbers the other way round."""
    body = struct.pack(">I", 1) + bytes(range(16)) + "camera\0".encode("utf-16-be") + struct.pack(">I", 0x10000)
    one = talk().connect().init_command_request()
    return one.raw(struct.pack(">II", 8 + len(body), 2) + body, TO_INITIATOR).close()


@breaks("framing-little-endian", by="responder", related=["init-fail-reason-defined"])
def big_endian_reason() -> Conversation:
    """An Init Fail whose reason has its bytes swapped."""
    return talk().connect().init_command_request().init_fail(0x01000000).close(by="responder")
