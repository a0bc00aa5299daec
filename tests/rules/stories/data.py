"""Data phases kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps
from tests.traffic import Conversation
from tests.traffic import conversation as talk

PHASE = (
    "data-start-placement", "data-data-placement", "data-end-placement", "data-start-first", "data-start-once",
    "data-one-direction", "data-phase-needs-request", "data-txid-consistent", "data-end-required",
    "data-nothing-after-end", "data-no-interleaving",
)  # fmt: skip


@keeps(*PHASE)
def every_style() -> Conversation:
    """Data both ways, all in End Data, in pieces, and with an empty End Data."""
    one = talk().open()
    for style in ("end", "tail", "empty-end"):
        one.get_object(1, b"x" * 3000, style).send_object(b"x" * 3000, style)
    return one.close_session().close()


@keeps(*PHASE)
def cancelled_by_the_initiator() -> Conversation:
    """An upload and a download are cancelled; the data of the download goes on for a while."""
    one = talk().open().request(0x100D, data_phase_info=2).data_phase(b"x" * 4000, "to-responder", "tail", end=False)
    one.cancel().response(0x201F).get_property().request(0x1009, 1)
    one.data_phase(b"x" * 4000, style="tail", announced=9000, end=False).cancel().data(b"x" * 1000).response(0x201F)
    return one.get_property().close_session().close()


@keeps(*PHASE)
def broken_off_by_the_responder() -> Conversation:
    """An upload and a download are broken off by the response, data of the upload is on its way."""
    one = talk().open().request(0x1009, 1).data_phase(b"x" * 4000, style="tail", end=False).response(0x2002)
    one.request(0x100D, data_phase_info=2).data_phase(b"x" * 4000, "to-responder", "tail", announced=9000, end=False)
    one.response(0x200C).data(b"x" * 1000, "to-responder", 2)
    return one.wait(0.1).get_property().close_session().close()


@breaks("session-one-transaction")
def two_at_once() -> Conversation:
    """An initiator that does not wait: both transactions have their data, in turn."""
    one = talk().open().request(0x1009, 1).request(0x1009, 2).wait(0.1)
    for number in (1, 2):
        one.start_data(100, transaction_id=number).data(b"x" * 100, transaction_id=number, last=True)
        one.response(transaction_id=number)
    return one.wait(0.1).get_property().close_session().close()


def on_event(kind: int, body: bytes) -> Conversation:
    """A message of the responder on the event connection, within a session."""
    one = talk().open().get_property()
    return one.message(kind, body, "to-initiator", "event").get_property().close_session().close()


@breaks("data-start-placement", by="responder", related=["event-connection-other-types"])
def start_on_the_event_connection() -> Conversation:
    """Start Data on the event connection."""
    return on_event(9, struct.pack("<IQ", 1, 100))


@breaks("data-data-placement", by="responder", related=["event-connection-other-types"])
def data_on_the_event_connection() -> Conversation:
    """Data on the event connection."""
    return on_event(10, struct.pack("<I", 1) + b"photo")


@breaks("data-end-placement", by="responder", related=["event-connection-other-types"])
def end_on_the_event_connection() -> Conversation:
    """End Data on the event connection."""
    return on_event(12, struct.pack("<I", 1) + b"photo")


@breaks("data-data-placement", by="initiator", related=["data-one-direction", "data-start-first"])
def data_against_the_start() -> Conversation:
    """The responder begins, and the initiator sends Data."""
    one = talk().open().request(0x1009, 1).start_data(1000).wait(0.1).data(b"x" * 500, "to-responder").wait(0.1)
    return one.data(b"x" * 1000, last=True).response().close_session().close()


@breaks("data-end-placement", by="initiator", related=["data-one-direction", "data-start-first"])
def end_against_the_start() -> Conversation:
    """The responder begins, and the initiator ends."""
    one = talk().open().request(0x1009, 1).start_data(1000).data(b"x" * 1000).wait(0.1)
    one.data(b"", "to-responder", last=True).wait(0.1)
    return one.data(b"", last=True).response().close_session().close()


@breaks("data-start-first", by="responder")
def data_without_start() -> Conversation:
    """The responder sends End Data at once."""
    return talk().open().request(0x1009, 1).data(b"photo", last=True).response().close_session().close()


@breaks("data-start-once", by="responder")
def starts_twice() -> Conversation:
    """Start Data, and Start Data again."""
    one = talk().open().request(0x1009, 1).start_data(5).start_data(5).data(b"photo", last=True).response()
    return one.close_session().close()


@breaks("data-one-direction", by="responder", related=["request-dataphase-matches-direction"])
def data_both_ways() -> Conversation:
    """The initiator sends its data, the responder sends some, too."""
    one = talk().open().request(0x9105, data_phase_info=2).data_phase(b"value", "to-responder").wait(0.1)
    return one.data_phase(b"other").response().close_session().close()


@breaks("data-phase-needs-request", by="responder")
def data_behind_the_response() -> Conversation:
    """The responder says OK and sends Data of that transaction afterwards."""
    one = talk().open().get_object(1, b"photo").data(b"more", transaction_id=1).wait(0.1)
    return one.get_property().close_session().close()


@breaks("data-phase-needs-request", by="responder")
def data_that_nobody_asked_for() -> Conversation:
    """The responder sends Start Data while no request is open."""
    one = talk().open().get_property().start_data(100, transaction_id=9).wait(0.1)
    return one.get_property().close_session().close()


@breaks("data-txid-consistent", by="responder")
def data_of_another_transaction() -> Conversation:
    """The data phase has another id than the request and the response."""
    one = talk().open().request(0x1009, 1, transaction_id=1)
    one.start_data(5, transaction_id=8).data(b"photo", transaction_id=8, last=True).response(transaction_id=1)
    return one.transaction(0x1014, 1, transaction_id=2).close()


@breaks("data-end-required", by="responder", related=["response-after-data"])
def ok_without_end_data() -> Conversation:
    """The responder sends all of the object in Data, and no End Data."""
    one = talk().open().request(0x1009, 1).data_phase(b"x" * 3000, style="empty-end", end=False).response()
    return one.get_property().close_session().close()


@breaks("data-end-required", by="initiator")
def next_request_without_end_data() -> Conversation:
    """The initiator sends all of the value in Data, and no End Data; the responder is content."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2)
    one.data_phase(b"x" * 100, "to-responder", "empty-end", end=False).response()
    return one.get_property().close_session().close()


@breaks("data-end-required", by="initiator")
def closes_without_end_data() -> Conversation:
    """The initiator sends all of the value in Data, no End Data, and closes."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2)
    return one.data_phase(b"x" * 100, "to-responder", "empty-end", end=False).response().wait(0.1).close()


@breaks("data-nothing-after-end", by="responder")
def data_behind_the_end() -> Conversation:
    """Data comes behind End Data, before the response."""
    one = talk().open().request(0x1009, 1).data_phase(b"photo", announced=(1 << 64) - 1).data(b"more").response()
    return one.get_property().close_session().close()


@breaks("data-no-interleaving", by="initiator", related=["session-one-transaction"])
def asks_within_its_data() -> Conversation:
    """The initiator asks for something else in the middle of its data."""
    one = talk().open().request(0x100D, data_phase_info=2).start_data(2000, "to-responder")
    one.data(b"x" * 1000, "to-responder").request(0x1014, 1).data(b"x" * 1000, "to-responder", 1, last=True)
    return one.response(transaction_id=1).response(0x2005, transaction_id=2).get_property().close_session().close()


@breaks("data-no-interleaving", by="responder", related=["session-one-transaction by initiator"])
def data_of_two_mixed() -> Conversation:
    """Two requests at once, and the responder mixes their data."""
    one = talk().open().request(0x1009, 1).request(0x1009, 2).wait(0.1).start_data(100, transaction_id=1)
    one.start_data(50, transaction_id=2).data(b"x" * 50, transaction_id=2, last=True)
    one.data(b"x" * 100, transaction_id=1, last=True)
    one.response(transaction_id=1).response(transaction_id=2)
    return one.wait(0.1).get_property().close_session().close()
