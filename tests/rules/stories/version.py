"""Protocol versions kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps, silent
from tests.rules.stories.name import asked, told, utf16
from tests.traffic import Conversation
from tests.traffic import conversation as talk

V1_0, V1_1, V1_2, V2_0 = 0x00010000, 0x00010001, 0x00010002, 0x00020000
S = 1_000_000_000


def at(seconds: float, number: int, **options: object) -> Conversation:
    """A conversation that begins some seconds behind the first one, from ports of its own."""
    return talk(
        start_ns=Conversation.start_ns + round(seconds * S), number=number, seed=number,
        command_port=50001 + 2 * number, event_port=50002 + 2 * number, **options,
    )  # fmt: skip


def whole(one: Conversation) -> Conversation:
    """A short session."""
    return one.open().close_session().close()


@keeps(
    "version-field-present", "version-is-1-0", "version-major-high-half", "version-responder-not-above-initiator",
    "version-initiator-highest-or-known", "version-initiator-minor-compat", "version-responder-minor-compat",
    "version-unsupported-closes", "version-stable-per-device",
)  # fmt: skip
def of_the_standard() -> list[Conversation]:
    """Two sessions of the same peers, both of version 1.0."""
    return [whole(talk()), whole(at(5, 1, connection_number=2))]


@keeps("version-responder-not-above-initiator", "version-initiator-minor-compat", "version-unsupported-closes")
def of_an_older_responder() -> Conversation:
    """The responder has a lower minor version, and the initiator goes on."""
    return whole(talk(initiator_version=V1_2))


@keeps("version-unsupported-closes")
def of_another_major_number() -> Conversation:
    """The initiator leaves when it sees version 2.0."""
    return talk(responder_version=V2_0).connect().init_command_request().init_command_ack().close()


@silent("version-is-1-0")
def of_a_later_revision() -> Conversation:
    """1.1 may be a later revision."""
    return whole(talk(initiator_version=V1_1, responder_version=V1_1))


@breaks("version-field-present", by="initiator")
def without_version() -> Conversation:
    """The greeting ends with the NUL of the name."""
    return asked(utf16("desk\0"))


@breaks("version-field-present", by="responder")
def with_half_a_version() -> Conversation:
    """Two bytes behind the name."""
    return told(utf16("camera\0") + bytes(2))


@breaks("version-is-1-0", by="initiator")
def of_zero() -> Conversation:
    """All zero."""
    return asked(utf16("desk\0") + bytes(4))


@breaks("version-is-1-0", by="responder")
def with_swapped_bytes() -> Conversation:
    """1.0, most significant byte first."""
    return told(utf16("camera\0") + struct.pack(">I", V1_0))


@breaks("version-major-high-half", by="initiator", related=["version-is-1-0"])
def with_swapped_halves() -> Conversation:
    """The minor number in the upper half."""
    return asked(utf16("desk\0") + struct.pack("<I", 0x00000001))


@breaks("version-responder-not-above-initiator")
def above_the_initiator() -> Conversation:
    """1.0 is answered with 1.1."""
    return whole(talk(responder_version=V1_1))


@breaks("version-unsupported-closes")
def on_with_another_major_number() -> Conversation:
    """The initiator opens the event connection to a responder of version 2.0."""
    one = talk(responder_version=V2_0).connect().init_command_request().init_command_ack().wait(0.1)
    one.connect("event").init_event_request().init_event_ack()
    return one.open_session().close_session().close()


@breaks("version-initiator-minor-compat")
def gone_from_an_older_responder() -> Conversation:
    """The initiator of 1.2 leaves when it sees 1.0."""
    return talk(initiator_version=V1_2).connect().init_command_request().init_command_ack().close()


@keeps("version-initiator-minor-compat")
def gone_from_an_older_responder_that_refused() -> Conversation:
    """The initiator leaves because its event connection was refused."""
    one = talk(initiator_version=V1_2).connect().init_command_request().init_command_ack()
    return one.refused().hang_up("command")


@keeps("version-initiator-minor-compat")
def gone_from_an_equal_responder() -> Conversation:
    """The initiator leaves, for reasons of its own."""
    return talk().connect().init_command_request().init_command_ack().close()


@breaks("version-responder-minor-compat")
def older_initiator_refused() -> list[Conversation]:
    """1.0 is refused by a responder that accepts 1.1."""
    first = whole(talk(initiator_version=V1_1, responder_version=V1_1))
    second = at(5, 1, initiator="192.168.1.21", initiator_guid=bytes(range(1, 17)))
    return [first, second.connect().init_command_request().init_fail(3).close(by="responder")]


@keeps("version-responder-minor-compat")
def equal_initiator_refused() -> list[Conversation]:
    """1.1 is refused by a responder that accepted 1.1 and then 1.0."""
    first = whole(talk(initiator_version=V1_1, responder_version=V1_1))
    second = whole(at(5, 1, initiator="192.168.1.21", initiator_guid=bytes(range(1, 17)), connection_number=2))
    third = at(10, 2, initiator="192.168.1.22", initiator_guid=bytes(range(2, 18)), initiator_version=V1_1)
    return [first, second, third.connect().init_command_request().init_fail(3).close(by="responder")]


@breaks("version-initiator-highest-or-known")
def not_lowered_to_a_known_responder() -> list[Conversation]:
    """An initiator that has seen 1.0 greets the same responder with 1.1 again."""
    return [whole(talk(initiator_version=V1_1)), whole(at(5, 1, initiator_version=V1_1, connection_number=2))]


@keeps("version-initiator-highest-or-known", "version-stable-per-device")
def lowered_to_a_known_responder() -> list[Conversation]:
    """It says 1.0 the second time."""
    return [whole(talk(initiator_version=V1_1)), whole(at(5, 1, connection_number=2))]


@breaks("version-stable-per-device")
def of_changing_versions() -> list[Conversation]:
    """A responder that had 1.0 for an initiator of 1.1 has 1.1 now."""
    first = whole(talk(initiator_version=V1_1))
    second = at(5, 1, initiator_version=V1_1, responder_version=V1_1, connection_number=2)
    return [first, whole(second)]


def of_one_placeholder() -> list[Conversation]:
    """Two cameras with the same placeholder for a GUID, which keeps no rule of bonding."""
    guid = bytes.fromhex("00112233445566778899aabbccddeeff")
    first = whole(talk(initiator_version=V1_1, responder_guid=guid))
    return [
        first,
        whole(at(5, 1, initiator_version=V1_1, responder_version=V1_1, responder_guid=guid, connection_number=2)),
    ]
