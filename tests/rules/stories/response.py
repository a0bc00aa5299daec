"""Operation Responses kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps
from tests.traffic import Conversation
from tests.traffic import conversation as talk


@keeps(
    "response-placement", "response-for-every-request", "response-unsolicited", "response-txid-matches",
    "response-param-count", "response-code-range", "response-after-data", "response-error-without-data",
)  # fmt: skip
def every_kind_of_response() -> Conversation:
    """OK, errors of the standard and of a vendor, none to five parameters, behind data and without."""
    one = talk().open().get_object(1, b"photo" * 500, "tail").send_object(b"photo" * 500, "empty-end")
    for count in range(6):
        one.transaction(0x9105, returns=range(count))
    return one.transaction(0x100E, response=0xA001).close_session().close()


@keeps("response-latency")
def nothing_to_answer() -> Conversation:
    """The initiator connects and leaves."""
    return talk().init().wait(1).close()


@keeps("response-after-data", "response-unsolicited", "data-phase-needs-request", "data-total-length-exact")
def refused_while_data_is_on_its_way() -> Conversation:
    """The responder breaks an upload off; Data and End Data that were on their way arrive behind its response."""
    one = talk().open().request(0x100D, data_phase_info=2).start_data(3000, "to-responder")
    one.data(b"x" * 1000, "to-responder").response(0x200C)
    one.data(b"x" * 1000, "to-responder", 1).data(b"x" * 1000, "to-responder", 1, last=True)
    return one.wait(0.1).get_property().close_session().close()


@breaks("session-one-transaction")
def impatient_initiator() -> Conversation:
    """The initiator asks again before it has its answer; both come, in turn."""
    one = talk().open().request(0x1014, 0x5001).wait(0.5).request(0x1015, 0x5001)
    one.response(0x2005, transaction_id=1).response(0x2005, transaction_id=2)
    return one.get_property().close_session().close()


@keeps("response-for-every-request")
def powers_down() -> Conversation:
    """PowerDown needs no answer."""
    return talk().open().get_property().request(0x1013).wait(6).close(by="responder")


@breaks("response-placement", by="responder", related=["event-connection-other-types"])
def response_on_the_event_connection() -> Conversation:
    """The responder answers on the event connection as well."""
    one = talk().open().get_property()
    one.message(7, struct.pack("<HI", 0x2001, 1), "to-initiator", "event")
    return one.get_property().close_session().close()


@breaks("response-placement", by="initiator", related=["request-role-fixed"])
def response_from_the_initiator() -> Conversation:
    """The initiator answers."""
    one = talk().open().get_property().message(7, struct.pack("<HI", 0x2001, 1)).wait(0.1)
    return one.close_session().close()


@breaks("response-for-every-request")
def request_without_response() -> Conversation:
    """One request is never answered; the next ones are."""
    one = talk().open().request(0x100F, 1).wait(3)
    return one.get_property().get_property().close_session().close()


@breaks("response-for-every-request")
def last_but_one_without_response() -> Conversation:
    """The last request but one is never answered; then the connection is closed."""
    return talk().open().request(0x100F, 1).wait(3).close_session().wait(0.1).close()


@breaks("response-for-every-request")
def closes_instead_of_answering() -> Conversation:
    """The responder closes the connection ten seconds after the request."""
    return talk().open().get_property().request(0x100F, 1).wait(10).close(by="responder")


@breaks("response-unsolicited")
def response_twice() -> Conversation:
    """The responder says the same again."""
    one = talk().open().get_property().message(7, struct.pack("<HI", 0x2001, 1), "to-initiator").wait(0.1)
    return one.get_property().close_session().close()


@breaks("response-txid-matches")
def response_of_another_transaction() -> Conversation:
    """The responder answers with an id that it was never asked with."""
    one = (
        talk().open().get_property().request(0x1014, 0x5001).message(7, struct.pack("<HI", 0x2005, 77), "to-initiator")
    )
    return one.wait(0.1).get_property().close_session().close()


@breaks("response-param-count", by="responder", related=["framing-variable-size-bounds"])
def six_parameters() -> Conversation:
    """A response of 38 bytes."""
    one = talk().open().request(0x9105)
    one.message(7, struct.pack("<HI6I", 0x2001, 1, *range(6)), "to-initiator", status="malformed")
    return one.get_property().close_session().close()


@breaks("response-param-count", by="responder", related=["framing-variable-size-bounds"])
def half_a_parameter() -> Conversation:
    """A response of 16 bytes."""
    one = talk().open().request(0x9105)
    one.message(7, struct.pack("<HIH", 0x2001, 1, 7), "to-initiator", status="malformed")
    return one.get_property().close_session().close()


@breaks("response-code-range", by="responder")
def operation_code_as_response() -> Conversation:
    """Response 0x1001."""
    return talk().open().transaction(0x100E, response=0x1001).close_session().close()


@breaks("cancel-r-error-code", related=["response-after-data"])
def ok_before_the_data() -> Conversation:
    """OK comes when half the data has."""
    one = talk().open().request(0x100D, data_phase_info=2).start_data(2000, "to-responder")
    one.data(b"x" * 1000, "to-responder").wait(0.1).response()
    one.data(b"x" * 1000, "to-responder", 1, last=True).wait(0.1)
    return one.get_property().close_session().close()


@breaks("response-after-data")
def ok_without_any_data() -> Conversation:
    """OK comes for data that was announced and not sent."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).response()
    return one.get_property().close_session().close()


@breaks("response-error-without-data")
def no_such_object() -> Conversation:
    """GetObject of a handle that does not exist."""
    return talk().open().transaction(0x1009, 99, response=0x2009).close_session().close()


@breaks("response-latency")
def answers_late() -> Conversation:
    """A response after two seconds."""
    return talk().open().request(0x1014, 0x5001).wait(2).response(0x2005).close_session().close()
