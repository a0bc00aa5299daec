"""Totals, null objects and pieces kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import UNKNOWN_TOTAL, Conversation
from tests.traffic import conversation as talk


@keeps(
    "data-total-length-exact", "data-total-length-overrun", "data-unknown-total", "data-unknown-total-limited",
    "data-unknown-total-32bit", "data-null-out-option-a",
    "data-null-in", "data-empty-data-packet", "data-32bit-packet-limit",
)  # fmt: skip
@silent("data-null-out-option-b", "data-null-out-no-data-packets", "data-null-out-a-answered")
def all_that_was_announced() -> Conversation:
    """Data of all sizes, in all styles, both ways."""
    one = talk().open()
    for style in ("end", "tail", "empty-end"):
        for size in (3000, 1024, 1):
            one.get_object(1, b"x" * size, style).send_object(b"x" * size, style)
    return one.close_session().close()


@keeps("data-end-payload-optional", "data-fragmentation")
def no_data() -> Conversation:
    """Nobody sends data."""
    return talk().open().transaction(0x9105, 1).close_session().close()


@keeps("data-null-out-option-b", "data-null-out-no-data-packets")
@silent("data-total-length-exact")
def nothing_to_send() -> Conversation:
    """A null object with Data Phase Info 2, as the standard has it."""
    return talk().open().transaction(0x1016, 0x5007, data_out=b"").close_session().close()


@keeps("data-total-length-exact", "data-total-length-overrun")
@silent("data-null-out-option-b")
def not_all_that_was_announced() -> Conversation:
    """Less than was announced, but cancelled or refused: an upload, a download, a null object."""
    one = talk().open().request(0x1009, 1).data_phase(b"x" * 2000, style="tail", announced=9000).response(0x2002)
    one.request(0x1009, 1).data_phase(b"x" * 2000, style="tail", announced=9000).cancel().response(0x201F)
    one.request(0x100D, data_phase_info=2).data_phase(b"x" * 2000, "to-responder", "tail", announced=9000)
    one.response(0x200C).request(0x1016, 0x5007, data_phase_info=2).start_data(0, "to-responder").response(0x200A)
    return one.get_property().close_session().close()


@keeps("data-unknown-total-32bit")
@silent("data-unknown-total-limited", "data-total-length-exact")
def streams() -> Conversation:
    """A size that is not known: live view of a vendor, and objects of which no ObjectInfo was seen."""
    one = talk().open().transaction(0x9201, data_in=b"x" * 4000, style="tail", announced=UNKNOWN_TOTAL)
    one.transaction(0x1009, 1, data_in=b"x" * 4000, style="tail", announced=UNKNOWN_TOTAL)
    return one.close_session().close()


def object_info(size: int) -> bytes:
    """An ObjectInfo dataset that says how many bytes the object has."""
    return struct.pack("<IHHI", 0x10001, 0x3801, 0, size) + bytes(40) + b"\0" * 4


@keeps("data-unknown-total-limited")
def larger_than_object_info_can_say() -> Conversation:
    """ObjectInfo says 0xFFFFFFFF bytes: 4 GiB or more."""
    one = talk().open().transaction(0x1008, 7, data_in=object_info(0xFFFFFFFF))
    one.transaction(0x1009, 7, data_in=b"x" * 2000, announced=UNKNOWN_TOTAL)
    return one.close_session().close()


@keeps("data-null-out-a-answered")
def cancelled_null_object() -> Conversation:
    """The initiator does not wait for the response to its null object: it cancels."""
    return talk().open().request(0x1016, 0x5007).wait(1).cancel().response(0x201F).close_session().close()


@breaks("data-total-length-exact", by="responder")
def less_than_announced() -> Conversation:
    """100 bytes are announced, 90 come."""
    return talk().open().transaction(0x1009, 1, data_in=b"x" * 90, announced=100).close_session().close()


@breaks("data-total-length-exact", by="initiator")
def less_than_announced_in_pieces() -> Conversation:
    """An upload in pieces lacks one byte."""
    one = talk().open().transaction(0x9105, data_out=b"x" * 2999, style="tail", announced=3000)
    return one.close_session().close()


@breaks("data-total-length-exact", by="responder")
def less_than_announced_beside_a_probe() -> Conversation:
    """One byte is lacking, in a transaction that is not flawless: a Cancel of another one is in its midst."""
    one = talk().open().get_property().request(0x1009, 1).start_data(2000).data(b"x" * 1000).wait(0.1).cancel(1)
    return one.data(b"x" * 999, transaction_id=2, last=True).response(transaction_id=2).close_session().close()


@breaks("data-total-length-overrun", by="responder", related=["data-total-length-exact"])
def more_than_announced() -> Conversation:
    """10 bytes are announced, 64 come."""
    return talk().open().transaction(0x1009, 1, data_in=b"x" * 64, announced=10).close_session().close()


@breaks("data-total-length-overrun", by="responder")
def more_than_announced_then_cancelled() -> Conversation:
    """Too much came before the initiator cancelled."""
    one = talk().open().request(0x1009, 1).start_data(1500).data(b"x" * 1000).data(b"x" * 1000).wait(0.1).cancel()
    return one.response(0x201F).get_property().close_session().close()


@breaks("data-unknown-total")
def live_view() -> Conversation:
    """A stream of unknown size."""
    one = talk().open().transaction(0x9201, data_in=b"x" * 4000, style="tail", announced=UNKNOWN_TOTAL)
    return one.close_session().close()


@breaks("data-unknown-total-limited", by="responder")
def device_info_of_unknown_size() -> Conversation:
    """GetDeviceInfo as a stream."""
    one = talk().open().transaction(0x1001, data_in=b"x" * 300, announced=UNKNOWN_TOTAL)
    return one.close_session().close()


@breaks("data-unknown-total-limited", by="responder")
def object_of_known_size() -> Conversation:
    """GetObject as a stream, though ObjectInfo said how long it is."""
    one = talk().open().transaction(0x1008, 7, data_in=object_info(2000))
    one.transaction(0x1009, 7, data_in=b"x" * 2000, announced=UNKNOWN_TOTAL)
    return one.close_session().close()


@breaks("data-unknown-total-limited", by="initiator")
def upload_of_known_size() -> Conversation:
    """SendObject as a stream, though its ObjectInfo said how long it is."""
    one = talk().open().transaction(0x100C, 0x10001, 0, data_out=object_info(2000), returns=(0x10001, 0, 9))
    one.transaction(0x100D, data_out=b"x" * 2000, announced=UNKNOWN_TOTAL)
    return one.close_session().close()


@breaks("data-unknown-total-32bit", by="responder", related=["data-total-length-exact"])
def half_of_the_total() -> Conversation:
    """0xFFFFFFFF is announced, 500 bytes come."""
    return talk().open().transaction(0x1009, 1, data_in=b"x" * 500, announced=0xFFFFFFFF).close_session().close()


@breaks("data-null-out-option-a")
def null_object_without_data_phase() -> Conversation:
    """SendObject of nothing, with Data Phase Info 1."""
    return talk().open().transaction(0x100D).close_session().close()


@breaks("data-null-out-option-b")
def null_object_with_payload() -> Conversation:
    """Start Data of 0 bytes, and an End Data that has some."""
    return talk().open().transaction(0x1016, 0x5007, data_out=b"\1\2", announced=0).close_session().close()


@breaks("data-null-out-option-b", related=["data-end-required"])
def null_object_without_end() -> Conversation:
    """Start Data of 0 bytes, and the next request."""
    one = talk().open().get_property().request(0x1016, 0x5007, data_phase_info=2).start_data(0, "to-responder")
    return one.response().cancel(1, on=("command",)).get_property().close_session().close()


@breaks("data-null-out-no-data-packets")
def null_object_with_data() -> Conversation:
    """Start Data of 0 bytes, an empty Data, and End Data."""
    one = talk().open().request(0x1016, 0x5007, data_phase_info=2).start_data(0, "to-responder")
    one.data(b"", "to-responder").data(b"", "to-responder", last=True).response()
    return one.get_property().close_session().close()


@breaks("data-null-in")
def nothing_to_give() -> Conversation:
    """An empty data phase, and none at all."""
    return talk().open().get_object(1, b"").transaction(0x1009, 2).close_session().close()


@breaks("data-end-payload-optional")
@breaks("data-fragmentation")
def in_pieces() -> Conversation:
    """An object in pieces."""
    return talk().open().get_object(1, b"x" * 5000, "tail").close_session().close()


@breaks("data-empty-data-packet")
def empty_data() -> Conversation:
    """Data without payload."""
    one = talk().open().request(0x1009, 1).start_data(5).data(b"").data(b"photo", last=True).response()
    return one.close_session().close()


@breaks("data-32bit-packet-limit")
def five_gigabytes_in_one() -> Conversation:
    """5 GiB in a single End Data: what is left of its length in 32 bits is 1 GiB."""
    one = talk().open().request(0x1009, 1).start_data(5 << 30)
    one.raw(struct.pack("<III", (5 << 30) + 12 & 0xFFFFFFFF, 12, 1) + b"x" * 5000, "to-initiator")
    return one.wait(0.1)


@breaks("data-null-out-a-answered")
def waits_for_data() -> Conversation:
    """SetDevicePropValue of nothing: the responder waits for data, the initiator gives up after 61 seconds."""
    return talk().open().get_property().request(0x1016, 0x5007).wait(61).close()
