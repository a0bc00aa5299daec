"""Responders that break off a transaction, well and badly."""

from __future__ import annotations

from tests.rules.matrix import breaks, keeps
from tests.traffic import Conversation
from tests.traffic import conversation as talk
from tests.traffic.packet import TO_RESPONDER

from .cancel import CANCELLED, LONG, READ, command_first, downloading, finish, uploading

STORE_FULL, ACCESS_DENIED = 0x200C, 0x200F


def refused_upload() -> Conversation:
    """An upload that the camera refuses while it runs."""
    return uploading(talk().open()).response(STORE_FULL)


@keeps("cancel-cancelled-without-cancel", "cancel-r-case3")
def nothing_broken_off() -> Conversation:
    """All is carried to its end, or cancelled by the initiator."""
    one = talk().open().get_object(1, bytes(5000), "tail").send_object(bytes(5000), "tail")
    return finish(command_first(uploading(one)).response(CANCELLED))


@keeps("cancel-r-case1", "cancel-r-error-code", "cancel-r-discard-leftovers")
def upload_refused() -> Conversation:
    """The camera refuses an upload while it runs; a message that was on its way is dropped, and life goes on."""
    return finish(refused_upload().data(bytes(1000), TO_RESPONDER, 1).wait(READ))


@breaks("cancel-r-case1", by="initiator")
def initiator_sends_on() -> Conversation:
    """The initiator sends on, long after it has the response."""
    one = refused_upload().data(bytes(1000), TO_RESPONDER, 1).wait(READ)
    return finish(one.data(bytes(1000), TO_RESPONDER, 1).data(bytes(1000), TO_RESPONDER, 1))


@keeps("cancel-r-case2")
def download_broken_off() -> Conversation:
    """The camera breaks off a download, and says why."""
    return finish(downloading(talk().open()).response(ACCESS_DENIED))


@breaks("cancel-r-case2", related=["cancel-r-error-code", "data-end-required", "response-after-data"])
def download_broken_off_with_ok() -> Conversation:
    """The camera breaks off a download, and says that all is well."""
    return finish(downloading(talk().open()).response())


@breaks("cancel-r-case2", related=["data-phase-needs-request"])
def download_goes_on_behind_its_response() -> Conversation:
    """The camera breaks off a download, says why, and sends more of it."""
    return finish(downloading(talk().open()).response(ACCESS_DENIED).data(bytes(1000), transaction_id=1))


@breaks("cancel-r-case3")
def refused() -> Conversation:
    """Two requests are answered with errors."""
    return finish(talk().open().transaction(0x1014, 0x5001, response=0x200A).transaction(0x100B, 7, response=0x2009))


@breaks("cancel-cancelled-without-cancel")
def cancelled_by_the_responder() -> Conversation:
    """The camera answers Transaction_Cancelled by itself."""
    return finish(downloading(talk().open()).response(CANCELLED))


@breaks("cancel-r-error-code", related=["response-after-data"])
def upload_accepted_half_way() -> Conversation:
    """The camera says OK when a part of the upload is there."""
    return finish(uploading(talk().open()).response())


@breaks("cancel-r-discard-leftovers", related=["response-unsolicited"])
def leftovers_answered() -> Conversation:
    """The camera answers the rest of the data once more."""
    return finish(refused_upload().data(bytes(1000), TO_RESPONDER, 1).response(STORE_FULL, transaction_id=1))


@breaks("cancel-r-discard-leftovers", related=["shutdown-both-connections"])
def reset_over_leftovers() -> Conversation:
    """The camera resets the command connection when the rest of the data comes; the event connection stays."""
    one = refused_upload().data(bytes(1000), TO_RESPONDER, 1).wait(0.1)
    return one.close("reset", by="responder", connections=("command",)).wait(2 * LONG).close(connections=("event",))
