"""The legal life of a transaction, as one table to be read aloud.

A step that is not in it is an observation, not an error.

Source: CIPA DC-X005-2005 1.6.4 (phases), 2.3.6 to 2.3.12 (messages), 2.7 (cancelling).
"""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Where a transaction stands."""

    UNSEEN = "request not in the capture"
    REQUESTED = "request sent"
    EMPTY = "data phase of no bytes begun"
    TRANSFERRING = "data phase begun"
    DELIVERED = "data phase ended"
    ANSWERED = "response sent"


class Step(Enum):
    """What can happen to it."""

    START = "Start Data"
    START_EMPTY = "Start Data with a total of 0"
    DATA = "Data"
    END = "End Data"
    WHOLE = "a whole data phase in one container"
    SUCCESS = "Operation Response OK"
    FAILURE = "Operation Response with any other code"


TRANSITIONS: dict[tuple[State, Step], State] = {
    # 2.3.6: a request is followed by a data phase or by the response.
    (State.REQUESTED, Step.START): State.TRANSFERRING,
    (State.REQUESTED, Step.START_EMPTY): State.EMPTY,
    (State.REQUESTED, Step.SUCCESS): State.ANSWERED,
    (State.REQUESTED, Step.FAILURE): State.ANSWERED,
    # 2.3.10, 2.3.11: any number of Data, then End Data, which may carry the last bytes or none.
    (State.TRANSFERRING, Step.DATA): State.TRANSFERRING,
    (State.TRANSFERRING, Step.END): State.DELIVERED,
    (State.EMPTY, Step.END): State.DELIVERED,
    # libgphoto2 leaves out the End Data behind an empty Start Data: nothing is missing, the conversation goes on.
    (State.EMPTY, Step.SUCCESS): State.ANSWERED,
    (State.EMPTY, Step.FAILURE): State.ANSWERED,
    # 2.7.2.1, 2.7.2.2: the responder breaks a data phase off by answering with the reason.
    (State.TRANSFERRING, Step.FAILURE): State.ANSWERED,
    (State.DELIVERED, Step.SUCCESS): State.ANSWERED,
    (State.DELIVERED, Step.FAILURE): State.ANSWERED,
    # Fujifilm's dialect (libgphoto2 camlibs/ptp2/fujiptpip.c): one container is the data phase.
    (State.REQUESTED, Step.WHOLE): State.DELIVERED,
    # The capture began after the request, or the request fell into a hole.
    (State.UNSEEN, Step.START): State.TRANSFERRING,
    (State.UNSEEN, Step.START_EMPTY): State.EMPTY,
    (State.UNSEEN, Step.DATA): State.TRANSFERRING,
    (State.UNSEEN, Step.END): State.DELIVERED,
    (State.UNSEEN, Step.WHOLE): State.DELIVERED,
    (State.UNSEEN, Step.SUCCESS): State.ANSWERED,
    (State.UNSEEN, Step.FAILURE): State.ANSWERED,
}

# Where an illegal step leads all the same: to what it shows.
LEADS_TO: dict[Step, State] = {
    Step.START: State.TRANSFERRING,
    Step.START_EMPTY: State.EMPTY,
    Step.DATA: State.TRANSFERRING,
    Step.END: State.DELIVERED,
    Step.WHOLE: State.DELIVERED,
    Step.SUCCESS: State.ANSWERED,
    Step.FAILURE: State.ANSWERED,
}
