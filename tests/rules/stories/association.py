"""Connection numbers kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps
from tests.rules.stories.version import at, whole
from tests.traffic import Conversation
from tests.traffic import conversation as talk


def numbered(number: int = 1) -> Conversation:
    """Up to Init Command Ack."""
    return talk(connection_number=number).connect().init_command_request().init_command_ack()


def on(one: Conversation) -> Conversation:
    """The rest of a short session."""
    return one.wait(0.1).open_session().get_device_info().close_session().close()


@keeps(
    "association-number-echoed", "association-unknown-number-refused", "association-number-unique-pending",
    "association-same-peer", "association-one-event-per-command", "association-pair-by-number",
    "association-number-reuse-ok",
)  # fmt: skip
def numbers_of_their_own() -> list[Conversation]:
    """Two sessions at once, each with its number."""
    return [on(talk().init().wait(1)), on(at(0.5, 1, connection_number=2).init())]


@keeps("association-number-unique-pending", "association-one-event-per-command")
def one_number_in_turn() -> list[Conversation]:
    """The second session gets the number of the first, which is established."""
    return [on(talk().init().wait(2)), on(at(1, 1).init())]


@keeps("association-unknown-number-refused")
def right_numbers() -> Conversation:
    """The number that was given, in its own bytes."""
    return on(talk(connection_number=0x01000007).init())


@breaks("association-number-echoed")
def another_number_refused() -> Conversation:
    """The initiator repeats 1 for 7, and is refused."""
    one = numbered(7).connect("event").message(3, struct.pack("<I", 1), connection="event").init_fail(3, "event")
    return one.hang_up("event", by="responder").hang_up("command")


@breaks("association-number-echoed", related=["association-unknown-number-refused by responder"])
def another_number_accepted() -> Conversation:
    """The initiator repeats 1 for 7, and is accepted."""
    one = numbered(7).connect("event").message(3, struct.pack("<I", 1), connection="event").init_event_ack()
    return on(one)


@breaks("association-unknown-number-refused", related=["association-number-echoed by initiator"])
def swapped_number_accepted() -> Conversation:
    """The bytes of the number are swapped, and it is accepted."""
    one = numbered(7).connect("event").message(3, struct.pack(">I", 7), connection="event").init_event_ack()
    return on(one)


@breaks("association-number-unique-pending")
def one_number_for_two() -> list[Conversation]:
    """Two initiators get the same number before either has used it."""
    first = talk().connect().init_command_request().init_command_ack().wait(2)
    first.connect("event").init_event_request().init_event_ack()
    second = at(1, 1, initiator="192.168.1.21").connect().init_command_request().init_command_ack().wait(2)
    second.connect("event").init_event_request().init_event_ack()
    return [on(first), on(second)]


@breaks("association-number-reuse-ok")
def used_again() -> list[Conversation]:
    """The number of a session that is over is given again."""
    return [whole(talk()), whole(at(5, 1))]


@breaks("association-same-peer", by="both")
def event_connection_of_another_host() -> list[Conversation]:
    """A third host repeats the number, and serves the session from then on."""
    first = talk().connect().init_command_request().init_command_ack().wait(2)
    second = at(1, 1, initiator="192.168.1.99").connect("event").init_event_request().init_event_ack().wait(2)
    return [on(first), second.close()]


@breaks("association-one-event-per-command", by="both")
def second_event_connection() -> list[Conversation]:
    """A second event connection with the same number is accepted."""
    first = talk().init().open_session().wait(2).event(0x4006, 0xFFFFFFFF, 0x5007).get_device_info()
    second = at(1, 1).connect("event").init_event_request().init_event_ack().wait(1).close()
    return [first.close_session().close(), second]


@breaks("association-pair-by-number")
def joined_by_time() -> Conversation:
    """The capture begins when both connections are open."""
    one = talk().get_device_info(5).event(0x4006, 0xFFFFFFFF, 0x5007)
    return one.get_device_info(6).event(0x4006, 0xFFFFFFFF, 0x5007)
