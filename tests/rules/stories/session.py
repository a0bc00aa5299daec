"""Sessions opened, used and ended as the standard has it, and otherwise."""

from __future__ import annotations

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import Conversation
from tests.traffic import conversation as talk

NOT_OPEN, ALREADY_OPEN = 0x2003, 0x201E
NO_ID = 0xFFFFFFFF  # outside a session


@keeps(
    "session-open-before-operations",
    "session-ended-operations-stop",
    "session-deviceinfo-without-session",
    "session-open-twice",
    "session-one-per-pair",
    "session-id-not-on-wire",
    "session-one-transaction",
)
@silent("session-refuse-without-session")
def one_session_after_the_other() -> Conversation:
    """GetDeviceInfo first, then two sessions in turn, each opened and closed."""
    one = talk().init().transaction(0x1001, data_in=bytes(40), transaction_id=0)
    for session in (1, 2):
        one.open_session(session).transaction(0x1004, data_in=bytes(8), transaction_id=1)
        one.transaction(0x1003, transaction_id=2)
    return one.close()


@keeps("session-opened-by-ok", "session-first-operations")
def no_session_at_all() -> Conversation:
    """Connections that are made and closed again."""
    return talk().init().close()


def refused_without_session() -> Conversation:
    """The initiator asks without a session and is refused."""
    return (
        talk()
        .init()
        .transaction(0x1004, response=NOT_OPEN, transaction_id=NO_ID)
        .open_session()
        .close_session()
        .close()
    )


@breaks("session-open-before-operations")
@keeps("session-refuse-without-session")
def asks_before_opening() -> Conversation:
    """GetStorageIDs without a session; the responder refuses it."""
    return refused_without_session()


@breaks("session-refuse-without-session", related=["session-open-before-operations by initiator"])
def answers_before_opening() -> Conversation:
    """GetStorageIDs without a session, answered all the same."""
    one = talk().init().transaction(0x1004, data_in=bytes(8), transaction_id=NO_ID)
    return one.open_session().close_session().close()


@breaks("session-ended-operations-stop")
def asks_after_closing() -> Conversation:
    """GetObject behind CloseSession."""
    return talk().open().close_session().transaction(0x1009, 1, response=NOT_OPEN, transaction_id=NO_ID).close()


@breaks("session-refuse-without-session", related=["session-ended-operations-stop by initiator"])
def answers_after_closing() -> Conversation:
    """GetObject behind CloseSession, answered all the same."""
    return talk().open().close_session().transaction(0x1009, 1, data_in=bytes(9), transaction_id=NO_ID).close()


@breaks("session-deviceinfo-without-session")
def wants_a_session_for_device_info() -> Conversation:
    """GetDeviceInfo is refused for want of a session."""
    one = talk().init().transaction(0x1001, response=NOT_OPEN, transaction_id=0)
    return one.open_session().close_session().close()


@breaks("session-opened-by-ok")
def opens_a_session() -> Conversation:
    """The usual."""
    return talk().open().close_session().close()


@keeps("session-open-twice", "session-one-per-pair")
def refuses_a_second_session() -> Conversation:
    """A second OpenSession is refused."""
    one = talk().open().transaction(0x1002, 2, response=ALREADY_OPEN)
    return one.close_session().close()


@breaks("session-open-twice")
def opens_the_same_session_twice() -> Conversation:
    """A second OpenSession with the same id is answered OK."""
    return talk().open().transaction(0x1002, 1).close_session().close()


@breaks("session-one-per-pair", by="both")
def opens_two_sessions() -> Conversation:
    """A second OpenSession with another id is answered OK."""
    return talk().open().transaction(0x1002, 2).close_session().close()


@breaks("session-id-not-on-wire")
def opens_session_zero() -> Conversation:
    """OpenSession with SessionID 0."""
    return talk().open(0).close_session().close()


@breaks("session-one-transaction")
def asks_before_the_answer() -> Conversation:
    """The second request goes out before the first response comes."""
    one = talk().open().request(0x1004, transaction_id=1).request(0x1005, 1, transaction_id=2)
    one.response(transaction_id=1).response(transaction_id=2)
    return one.request(0x1003, transaction_id=3).response().close()


@breaks("session-first-operations")
def looks_before_it_opens() -> Conversation:
    """GetDeviceInfo, then OpenSession."""
    return one_session_after_the_other()
