"""Operation Requests kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps
from tests.traffic import Conversation
from tests.traffic import conversation as talk

PACKET_RULES = (
    "request-placement", "request-param-count", "request-dataphase-defined", "request-dataphase-standard-op",
    "request-dataphase-vendor-unknown", "request-dataphase-vendor-known", "request-dataphase-matches-direction",
    "request-dataout-then-start", "request-unknown-phase-close", "request-opcode-range", "request-role-fixed",
)  # fmt: skip


def words(operation: int, transaction_id: int, *parameters: int, info: int = 1) -> bytes:
    """What follows the header of an Operation Request."""
    return struct.pack(f"<IHI{len(parameters)}I", info, operation, transaction_id, *parameters)


@keeps(*PACKET_RULES)
def every_kind_of_request() -> Conversation:
    """No data, data in, data out, with none to five parameters, of the standard and of a vendor."""
    one = talk().open().get_device_info().get_object().send_object(b"photo" * 300, "tail")
    one.transaction(0x9105, 1, 2, 3, 4, 5, data_out=b"value").transaction(0x9106, data_in=b"value", returns=(1, 2))
    return one.transaction(0x1016, 0x5007).event(0x4006).close_session().close()


@keeps("request-dataout-then-start", "request-dataphase-matches-direction")
def refused_before_any_data() -> Conversation:
    """The responder does not want the data; the initiator asks for something else."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).response(0x2005)
    return one.get_property().close_session().close()


@keeps("request-dataout-then-start")
def cancelled_before_any_data() -> Conversation:
    """The initiator cancels instead of sending data."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).cancel().response(0x201F)
    return one.get_property().close_session().close()


@breaks("request-placement", by="initiator", related=["event-connection-other-types"])
def request_on_the_event_connection() -> Conversation:
    """The initiator asks on the event connection."""
    one = talk().open().get_property()
    return one.message(6, words(0x1004, 2), connection="event").wait(0.1).close_session().close()


@breaks("request-role-fixed", by="responder", related=["request-placement"])
@breaks("request-placement", by="responder", related=["request-role-fixed"])
def request_from_the_responder() -> Conversation:
    """The responder asks back on the connection on which it is asked."""
    one = talk().open().get_property()
    return one.message(6, words(0x1004, 2), "to-initiator").get_property().close_session().close()


@breaks("request-role-fixed", by="initiator", related=["response-placement"])
def answers_on_its_own_connection() -> Conversation:
    """The initiator sends an Operation Response."""
    one = talk().open().get_property()
    return one.message(7, struct.pack("<HI", 0x2001, 1)).wait(0.1).close_session().close()


@breaks("request-param-count", by="initiator", related=["framing-variable-size-bounds"])
def six_parameters() -> Conversation:
    """A request has 42 bytes."""
    one = talk().open()
    one.message(6, words(0x1009, 1, 1, 2, 3, 4, 5, 6), status="malformed", transaction_id=1).response(transaction_id=1)
    return one.transaction(0x1014, 1, transaction_id=2).transaction(0x1003, transaction_id=3).close()


@breaks("request-param-count", by="initiator", related=["framing-variable-size-bounds"])
def half_a_parameter() -> Conversation:
    """A request has 20 bytes."""
    one = talk().open()
    one.message(6, words(0x1009, 1) + b"\1\0", status="malformed", transaction_id=1).response(transaction_id=1)
    return one.transaction(0x1014, 1, transaction_id=2).transaction(0x1003, transaction_id=3).close()


@breaks("request-dataphase-defined", by="initiator")
def data_phase_zero() -> Conversation:
    """Data Phase Info 0."""
    return talk().open().request(0x1014, 0x5001, data_phase_info=0).response().close_session().close()


@breaks("request-dataphase-defined", by="initiator")
def data_phase_four() -> Conversation:
    """Data Phase Info 4."""
    return talk().open().request(0x1014, 0x5001, data_phase_info=4).response().close_session().close()


@breaks("request-dataphase-standard-op", by="initiator")
def standard_operation_of_unknown_phase() -> Conversation:
    """GetObject with Data Phase Info 3."""
    one = talk().open().request(0x1009, 1, data_phase_info=3).data_phase(b"photo").response()
    return one.close_session().close()


@breaks("request-dataphase-vendor-unknown")
def vendor_operation_of_unknown_phase() -> Conversation:
    """A bridge does not know what comes."""
    one = talk().open().request(0x9105, data_phase_info=3).data_phase(b"photo").response()
    return one.close_session().close()


@breaks("request-dataphase-vendor-known")
def vendor_operation_of_known_phase() -> Conversation:
    """The initiator sends data each time, and never says so."""
    one = talk().open()
    for _ in range(3):
        one.request(0x9105, data_phase_info=3).data_phase(b"value", "to-responder").response()
    return one.close_session().close()


@keeps("request-dataphase-vendor-known")
def vendor_operation_seen_twice() -> Conversation:
    """Two times are not three."""
    one = talk().open()
    for _ in range(2):
        one.request(0x9105, data_phase_info=3).data_phase(b"value", "to-responder").response()
    return one.close_session().close()


@keeps("request-dataphase-vendor-known")
def vendor_operation_of_both_ways() -> Conversation:
    """The data goes now one way, now the other."""
    one = talk().open()
    for direction in ("to-responder", "to-initiator", "to-responder", "to-responder"):
        one.request(0x9105, data_phase_info=3).data_phase(b"value", direction).response()
    return one.close_session().close()


@breaks("request-dataphase-matches-direction", by="initiator")
def data_out_not_announced() -> Conversation:
    """SetDevicePropValue with Data Phase Info 1, and its data all the same."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=1).data_phase(b"\1\0", "to-responder").response()
    return one.close_session().close()


@breaks("request-dataphase-matches-direction", by="initiator")
def data_in_announced_as_data_out() -> Conversation:
    """GetObject with Data Phase Info 2; the responder sends the object."""
    one = talk().open().request(0x1009, 1, data_phase_info=2).data_phase(b"photo").response()
    return one.close_session().close()


@breaks("request-dataout-then-start", related=["data-start-first"])
def data_without_start() -> Conversation:
    """SetDevicePropValue, and Data without Start Data."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).data(b"\1\0", "to-responder", last=True).response()
    return one.close_session().close()


@breaks("request-dataout-then-start")
def next_request_without_data() -> Conversation:
    """SetDevicePropValue announces data, and the next request comes."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).wait(0.1).request(0x1004)
    return one.response(0x2001, transaction_id=2).get_property().get_property().close_session().close()


@breaks("request-unknown-phase-close")
def no_answer_to_unknown_phase() -> Conversation:
    """The responder does not know what to do, for 31 seconds."""
    return talk().open().request(0x9105, data_phase_info=3).wait(31).close()


@breaks("request-unknown-phase-close")
def closed_upon_unknown_phase() -> Conversation:
    """The responder closes the connection, as it is advised to."""
    return talk().open().request(0x9105, data_phase_info=3).wait(0.1).close(by="responder")


@breaks("request-opcode-range", by="initiator")
def response_code_as_operation() -> Conversation:
    """Operation 0x2001."""
    return talk().open().transaction(0x2001, response=0x2005).close_session().close()
