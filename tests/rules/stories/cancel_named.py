"""The cases of cancelling, each as it should be and as it should not."""

from __future__ import annotations

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import Conversation
from tests.traffic import conversation as talk

from .cancel import (
    APART,
    CANCELLED,
    LONG,
    READ,
    command_first,
    downloading,
    each_phase_cancelled,
    event_first,
    finish,
    uploading,
)  # fmt: skip

for _rule in ("cancel-phase-unsure", "cancel-i-case1-1", "cancel-i-async"):
    keeps(_rule)(each_phase_cancelled)


@keeps(
    "cancel-i-case1-1", "cancel-i-case1-2", "cancel-i-case2-1", "cancel-i-case2-2", "cancel-i-case3-1",
    "cancel-i-case3-2", "cancel-i-case4-1", "cancel-i-case4-2", "cancel-single-response",
    "cancel-no-request-before-response",
)  # fmt: skip
@silent("cancel-async-does-not-stop-current")
@keeps("cancel-datain-responder-stops")
def each_case_kept() -> Conversation:
    """Each case from 1.2 to 4.2, answered as the standard has it."""
    one = talk().open()
    one.cancel(1, on=("event",)).wait(0.1).request(0x100F, 1).wait(0.1).cancel(1, on=("command",)).response(CANCELLED)
    for first in (command_first, event_first):
        first(uploading(one)).response(CANCELLED)
        first(downloading(one)).data(bytes(500)).response(CANCELLED)
        first(one.request(0x1009, 1).data_phase(bytes(2000))).wait(0.1).response(CANCELLED)
    return finish(one)


@keeps("cancel-i-case5-1", "cancel-i-case5-2", "cancel-single-response")
def cancelled_too_late() -> Conversation:
    """The Cancels of two operations come when they have been answered, and change nothing."""
    one = talk().open().transaction(0x100F, 1)
    command_first(one, 1).transaction(0x100F, 1)
    return finish(event_first(one, 2))


@keeps("cancel-phase-unsure")
def both_at_once() -> Conversation:
    """Both Cancels leave within a millisecond, and one tap sees which is the first: 4.1."""
    return finish(talk().open().request(0x100F, 1).wait(APART).cancel().response(CANCELLED))


@breaks("cancel-phase-unsure")
def right_before_its_request() -> Conversation:
    """The event Cancel leaves a moment before the request, and may arrive behind it: 1.2, 4.1 or 4.2."""
    one = talk().open().wait(APART).cancel(1, on=("event",)).request(0x100F, 1).cancel(on=("command",))
    return finish(one.wait(READ).response(CANCELLED))


@breaks("cancel-i-case1-1", related=["cancel-txid-valid"])
def cancel_before_its_request() -> Conversation:
    """Both Cancels are sent before the request that they name."""
    one = command_first(talk().open(), 1).wait(0.1)
    return finish(one.request(0x100F, 1).response())


@breaks("cancel-i-case1-2")
def hung_up_on_an_early_cancel() -> Conversation:
    """The event Cancel is there before the request, and the camera closes both connections."""
    one = talk().open().get_property().cancel(2, on=("event",)).wait(0.1).request(0x100F, 1).wait(0.1)
    return one.close(by="responder")


@breaks("cancel-i-case2-1", related=["cancel-responder-answers-cancelled"])
def upload_refused() -> Conversation:
    """The upload is cancelled on the command connection first, and answered with another code."""
    return finish(command_first(uploading(talk().open())).wait(READ).response(0x2002))


@breaks("cancel-i-case3-1", related=["cancel-datain-responder-stops", "cancel-responder-answers-cancelled"])
def download_finished_all_the_same() -> Conversation:
    """The camera has the Cancel, sends the whole object and answers OK."""
    one = command_first(downloading(talk().open())).wait(READ).data(bytes(8000), last=True)
    return finish(one.wait(READ).response())


@breaks("cancel-i-case4-1", related=["cancel-responder-answers-cancelled"])
def formatted_all_the_same() -> Conversation:
    """The camera has the Cancel, formats its card and answers OK, twenty seconds later."""
    return finish(command_first(talk().open().request(0x100F, 1)).wait(20).response())


def _not_waited(one: Conversation) -> Conversation:
    """Transaction_Cancelled comes upon the event Cancel, and only then the Cancel on the command connection."""
    one.wait(APART).cancel(on=("event",)).wait(0.2).response(CANCELLED)
    return finish(one.cancel(1, on=("command",)).wait(0.1))


@breaks("cancel-i-case2-2")
def upload_not_waited() -> Conversation:
    """Of an upload."""
    return _not_waited(uploading(talk().open()))


@breaks("cancel-i-case3-2")
def download_not_waited() -> Conversation:
    """Of a download."""
    return _not_waited(downloading(talk().open()))


@breaks("cancel-i-case4-2")
def operation_not_waited() -> Conversation:
    """Of a long operation."""
    return _not_waited(talk().open().request(0x100F, 1))


@breaks("cancel-i-case5-1", related=["cancel-single-response", "response-unsolicited"])
def late_cancel_answered() -> Conversation:
    """The Cancels come after the response, and the camera answers once more."""
    one = command_first(talk().open().transaction(0x100F, 1), 1)
    return finish(one.response(CANCELLED, transaction_id=1))


@breaks("cancel-i-case5-2")
def late_cancel_hits_the_next() -> Conversation:
    """The event Cancel comes after the response, its twin in the next transaction, and that is cancelled."""
    one = talk().open().transaction(0x100F, 1).wait(APART).cancel(1, on=("event",)).request(0x100F, 2)
    return finish(one.wait(APART).cancel(1, on=("command",)).response(CANCELLED))


@breaks("cancel-single-response", related=["response-unsolicited"])
def answered_twice() -> Conversation:
    """The camera answers each of the two Cancels, which left at once."""
    one = talk().open().request(0x100F, 1).wait(APART).cancel().response(CANCELLED)
    return finish(one.response(CANCELLED, transaction_id=1))


@breaks("cancel-no-request-before-response", related=["session-one-transaction"])
def request_before_the_response() -> Conversation:
    """The initiator cancels, and asks on without waiting."""
    one = command_first(talk().open().request(0x100F, 1)).request(0x1015, 0x5001)
    one.response(CANCELLED, transaction_id=1)
    one.start_data(1, transaction_id=2).data(b"\0", transaction_id=2, last=True)
    return finish(one.response(transaction_id=2))


def capturing(one: Conversation) -> Conversation:
    """InitiateOpenCapture, answered OK: it goes on."""
    return one.transaction(0x101C, 0, 0).wait(0.1)


@keeps("cancel-async-both", "cancel-async-ends-with-event", "cancel-phase-unsure")
@silent("cancel-both-connections")
@keeps("cancel-async-does-not-stop-current")
def capture_cancelled() -> Conversation:
    """What goes on is cancelled while something else runs, and ends with an event; the other one is answered OK."""
    one = command_first(capturing(talk().open()).request(0x1015, 0x5001), 1).data_phase(b"\0").response()
    return finish(one.event(0x400D, 1))


@breaks("cancel-i-async")
def capture_cancelled_alone() -> Conversation:
    """What goes on is cancelled."""
    return finish(command_first(capturing(talk().open()), 1).event(0x400D, 1))


@breaks("cancel-async-both")
def capture_cancelled_on_one_connection() -> Conversation:
    """On the command connection alone."""
    return finish(capturing(talk().open()).cancel(1, on=("command",)).wait(APART).event(0x400D, 1).wait(LONG))


@breaks("cancel-async-ends-with-event")
def capture_never_ends() -> Conversation:
    """No event for more than a minute."""
    return finish(command_first(capturing(talk().open()), 1).wait(70))


@breaks("cancel-async-does-not-stop-current")
def wrong_one_cancelled() -> Conversation:
    """What goes on is cancelled, and the camera cancels what runs."""
    one = command_first(capturing(talk().open()).request(0x100F, 1), 1).response(CANCELLED)
    return finish(one.event(0x400D, 1))
