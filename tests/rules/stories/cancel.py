"""Cancelling kept and broken: what both sides owe each other."""

from __future__ import annotations

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import Conversation
from tests.traffic import conversation as talk
from tests.traffic.packet import TO_INITIATOR, TO_RESPONDER

CANCELLED = 0x201F
APART = 0.06  # s between the two Cancels: more than two taps may differ by, less than it takes to read the first
READ = 4.0  # s in which whatever was sent is acknowledged, sent again where it was lost, and read
LONG = 4.5  # s after which the other connection has shown that nothing came over it


def command_first(one: Conversation, transaction_id: int | None = None) -> Conversation:
    """Cancel on the command connection, a little later on the event connection."""
    return one.wait(APART).cancel(transaction_id, on=("command",)).wait(APART).cancel(transaction_id, on=("event",))


def event_first(one: Conversation, transaction_id: int | None = None) -> Conversation:
    """Cancel on the event connection, a little later on the command connection."""
    return one.wait(APART).cancel(transaction_id, on=("event",)).wait(APART).cancel(transaction_id, on=("command",))


def downloading(one: Conversation, announced: int = 9000) -> Conversation:
    """GetObject, and the first part of the object."""
    return one.request(0x1009, 1).start_data(announced).data(bytes(1000))


def uploading(one: Conversation) -> Conversation:
    """SendObject, and the first part of the object."""
    return one.request(0x100D, data_phase_info=2).start_data(9000, TO_RESPONDER).data(bytes(1000), TO_RESPONDER)


def finish(one: Conversation) -> Conversation:
    """One more transaction, and everything is closed in good time."""
    return one.get_property().wait(LONG).close_session().close()


@keeps(
    "cancel-placement",
    "cancel-both-connections",
    "cancel-txid-valid",
    "cancel-dataout-initiator-stops",
    "cancel-responder-answers-cancelled",
    "cancel-response-present",
    "cancel-prompt",
)
@silent("cancel-datain-responder-stops")
def each_phase_cancelled() -> Conversation:
    """An upload, a download, and a long operation, cancelled on either connection first; each time as it should be."""
    one = talk().open()
    for first in (command_first, event_first):
        first(uploading(one)).response(CANCELLED)
        first(downloading(one)).data(bytes(500)).response(CANCELLED)
        first(one.request(0x100F, 1)).response(CANCELLED)
    return finish(one)


@breaks("cancel-placement", by="responder")
def cancel_by_the_responder() -> Conversation:
    """The camera sends a Cancel."""
    one = downloading(talk().open())
    one.message(11, b"\1\0\0\0", TO_INITIATOR, transaction_id=1).response(CANCELLED)
    return finish(one)


@breaks("cancel-both-connections")
def cancel_on_one_connection() -> Conversation:
    """The initiator cancels on the command connection alone."""
    return finish(downloading(talk().open()).cancel(on=("command",)).response(CANCELLED).wait(LONG))


@breaks("cancel-both-connections")
def cancels_with_two_ids() -> Conversation:
    """The initiator cancels on both connections, with different ids."""
    one = downloading(talk().open().get_property().wait(APART)).cancel(on=("command",)).cancel(1, on=("event",))
    return finish(one.response(CANCELLED, transaction_id=2).wait(LONG))


@breaks("cancel-txid-valid")
def cancel_of_nothing() -> Conversation:
    """A Cancel with an id that was never used."""
    return finish(downloading(talk().open()).cancel(9).data(bytes(8000), last=True).response())


@breaks("cancel-txid-valid")
def event_cancel_of_nothing() -> Conversation:
    """The same, on the event connection alone."""
    return finish(
        downloading(talk().open()).cancel(9, on=("event",)).data(bytes(8000), last=True).response().wait(LONG)
    )


@breaks("cancel-dataout-initiator-stops")
def data_behind_the_cancel() -> Conversation:
    """The initiator cancels its upload and sends on."""
    one = command_first(uploading(talk().open())).data(bytes(3000), TO_RESPONDER)
    return finish(one.data(b"", TO_RESPONDER, last=True).response(CANCELLED))


@breaks("cancel-responder-answers-cancelled")
def answered_ok() -> Conversation:
    """Both Cancels at once, read long before the camera answers OK: which came first can't be told, nor matters."""
    return finish(talk().open().request(0x100F, 1).wait(0.1).cancel().wait(READ).response())


@breaks("cancel-responder-answers-cancelled")
def answered_with_an_error() -> Conversation:
    """The event Cancel comes first; the camera waits for the other one, and then gives another error."""
    return finish(event_first(talk().open().request(0x100F, 1)).wait(READ).response(0x2002))


@breaks("cancel-response-present")
def no_response() -> Conversation:
    """The camera never answers what was cancelled, but the next request."""
    return finish(command_first(talk().open().request(0x100F, 1)).wait(READ))


@breaks("cancel-response-present")
def answers_the_next_one() -> Conversation:
    """The camera never answers what was cancelled, and what is asked a minute later."""
    return finish(command_first(talk().open().request(0x100F, 1)).wait(70).get_property().get_property())


@breaks("cancel-prompt")
def slow_to_cancel() -> Conversation:
    """The camera works on for three seconds."""
    return finish(command_first(talk().open().request(0x100F, 1)).wait(3).response(CANCELLED))


@breaks("cancel-datain-responder-stops")
def data_after_the_cancel() -> Conversation:
    """The camera sends on long after it has the Cancel."""
    one = command_first(downloading(talk().open())).wait(READ).data(bytes(4000)).data(bytes(4000), last=True)
    return finish(one.response(CANCELLED))
