"""TransactionIDs kept and broken."""

from __future__ import annotations

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import NOT_APPLICABLE, Conversation
from tests.traffic import conversation as talk

ALL = (
    "txid-start-one", "txid-increment-one", "txid-unique", "txid-restart-per-session", "txid-zero-only-open-or-info",
    "txid-zero-inside-session", "txid-ffffffff-reserved", "txid-not-applicable-value", "txid-wrap",
)  # fmt: skip
IN_TURN_NS = 5_000_000_000


@keeps(*ALL)
@silent("txid-not-applicable-value")
def two_sessions_on_one_pair() -> Conversation:
    """GetDeviceInfo and OpenSession with id 0, 1, 2, 3; then a second session that begins again."""
    one = talk().init().get_device_info(0).open_session().event(0x4006, NOT_APPLICABLE, 0x5001)
    one.get_property().get_object().close_session().get_device_info(0).open_session(2)
    for number in (1, 2, 3):
        one.transaction(0x1014, 0x5001, transaction_id=number)
    return one.event(0x4002, 3, 7).close()


@keeps(*ALL)
@silent("txid-restart-per-session")
def outside_a_session() -> Conversation:
    """What has no session has no TransactionID."""
    one = talk().init().transaction(0x1001, data_in=b"info", transaction_id=NOT_APPLICABLE)
    one.transaction(0x9105, transaction_id=NOT_APPLICABLE, response=0x2003).open_session().get_property()
    return one.close_session().transaction(0x9105, transaction_id=NOT_APPLICABLE, response=0x2003).close()


@keeps("txid-increment-one", "txid-unique", "txid-restart-per-session")
@silent("txid-not-applicable-value")
def open_session_is_numbered() -> list[Conversation]:
    """OpenSession has id 1, in each of two sessions in turn."""
    return [
        talk(seed=number, number=number, start_ns=Conversation.start_ns + number * IN_TURN_NS,
             command_port=50001 + 2 * number, event_port=50002 + 2 * number)
        .init().open_session(1, 1).transaction(0x1014, 1, transaction_id=2)
        .transaction(0x1003, transaction_id=3).close()
        for number in range(2)
    ]  # fmt: skip


@keeps("txid-wrap", "txid-increment-one", "txid-unique", "txid-ffffffff-reserved")
def begins_again_at_one() -> Conversation:
    """A very long session: 0xFFFFFFFD, 0xFFFFFFFE, 1, 2. It is not captured from its beginning."""
    one = talk()
    for number in (0xFFFFFFFD, 0xFFFFFFFE, 1, 2):
        one.transaction(0x1004, data_in=b"\0\0\0\0", transaction_id=number)
    return one.close()


@silent("txid-restart-per-session")
@keeps("txid-start-one", "txid-increment-one")
def two_initiators_of_one_host() -> list[Conversation]:
    """Two programs on one computer, at once; each counts on its own, and neither begins anew."""
    first = talk(seed=1).open().get_property().wait(0.2).get_property().wait(1).close_session().close()
    second = talk(
        seed=2, number=1, command_port=50011, event_port=50012, connection_number=2,
        start_ns=Conversation.start_ns + 50_000_000,
    )  # fmt: skip
    return [first, second.open().get_property().wait(0.3).get_property().close_session().close()]


@breaks("txid-start-one")
def begins_with_seven() -> Conversation:
    """OpenSession has id 0, the first transaction of the session 7."""
    one = talk().open().transaction(0x1004, data_in=b"\0\0\0\0", transaction_id=7)
    return one.transaction(0x1003, transaction_id=8).close()


@breaks("txid-increment-one")
def leaves_one_out() -> Conversation:
    """1, 2, 4."""
    one = talk().open()
    for number in (1, 2, 4):
        one.transaction(0x1014, 0x5001, transaction_id=number)
    return one.transaction(0x1003, transaction_id=5).close()


@breaks("txid-increment-one")
def counts_backwards() -> Conversation:
    """1, 9, 8: what is left out, and what is smaller."""
    one = talk().open()
    for number in (1, 9, 8):
        one.transaction(0x1014, 0x5001, transaction_id=number)
    return one.close()


@breaks("txid-unique", related=["txid-increment-one"])
def the_same_twice() -> Conversation:
    """1, 2, 2."""
    one = talk().open()
    for number in (1, 2, 2):
        one.transaction(0x1014, 0x5001 + number, transaction_id=number)
    return one.transaction(0x1003, transaction_id=3).close()


@breaks("txid-unique", related=["txid-increment-one"])
def begins_again_in_a_session() -> Conversation:
    """1, 2, 3, 1, 2: the initiator forgot that it has a session."""
    one = talk().open()
    for number in (1, 2, 3, 1, 2):
        one.transaction(0x1014, 0x5001, transaction_id=number)
    return one.close()


@breaks("txid-restart-per-session", related=["txid-start-one"])
def goes_on_in_the_next_session() -> Conversation:
    """The second session's numbers go on where the first one's ended; OpenSession has id 0."""
    one = talk().open()
    for number in (1, 2, 3):
        one.transaction(0x1014, 0x5001, transaction_id=number)
    one.transaction(0x1003, transaction_id=4).open_session(2).transaction(0x1014, 0x5001, transaction_id=5)
    return one.transaction(0x1003, transaction_id=6).close()


@breaks("txid-restart-per-session", related=("txid-start-one",))
def goes_on_over_the_next_connections() -> list[Conversation]:
    """One counter for all sessions of an initiator, OpenSession included."""
    return [
        talk(seed=number, number=number, start_ns=Conversation.start_ns + number * IN_TURN_NS,
             command_port=50001 + 2 * number, event_port=50002 + 2 * number)
        .init().open_session(1, 1 + 3 * number).transaction(0x1014, 1, transaction_id=2 + 3 * number)
        .transaction(0x1003, transaction_id=3 + 3 * number).close()
        for number in range(2)
    ]  # fmt: skip


@breaks("txid-zero-only-open-or-info")
def storage_with_zero() -> Conversation:
    """GetStorageIDs has id 0."""
    one = talk().open().transaction(0x1004, data_in=b"\0\0\0\0", transaction_id=0).get_property()
    return one.close_session().close()


@breaks("txid-zero-inside-session")
def device_info_with_zero() -> Conversation:
    """GetDeviceInfo has id 0 while a session is open; the numbering goes on as if it had none."""
    return talk().open().get_property().get_device_info(0).get_property().close_session().close()


@breaks("txid-ffffffff-reserved")
def no_id_in_a_session() -> Conversation:
    """GetObject has id 0xFFFFFFFF."""
    one = talk().open().get_property().transaction(0x1009, 1, data_in=b"photo", transaction_id=NOT_APPLICABLE)
    return one.get_property().close_session().close()


@breaks("txid-not-applicable-value", related=["session-open-before-operations"])
def numbered_without_session() -> Conversation:
    """A request before any session has id 5."""
    one = talk().init().transaction(0x1004, transaction_id=5, response=0x2003).open_session().get_property()
    return one.close_session().close()


@breaks("txid-wrap", related=["txid-ffffffff-reserved"])
def goes_on_with_reserved_values() -> Conversation:
    """0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF."""
    one = talk()
    for number in (0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF):
        one.transaction(0x1004, data_in=b"\0\0\0\0", transaction_id=number)
    return one.close()


@keeps("txid-start-one")
def open_session_is_the_first_one() -> Conversation:
    """OpenSession itself has id 1, and what follows it 2."""
    one = talk().init().open_session(1, 1).transaction(0x1014, 1, transaction_id=2)
    return one.transaction(0x1003, transaction_id=3).close()


@breaks("txid-start-one")
def counts_on_from_elsewhere() -> Conversation:
    """OpenSession takes the next number of a counter that began in another session."""
    one = talk().init().open_session(1, 2022).transaction(0x1014, 1, transaction_id=2023)
    return one.transaction(0x1003, transaction_id=2024).close()
