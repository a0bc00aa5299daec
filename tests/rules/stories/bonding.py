"""Who devices say they are, and who is let in."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps, silent
from tests.traffic import Conversation, Packet, announce, damage
from tests.traffic import conversation as talk
from tests.traffic.conversation import device_info

from .discovery import GUID, KEY, OTHER, after, session

ANONYMOUS = b"\xff" * 16
PLACEHOLDER = bytes.fromhex("00112233445566778899aabbccddeeff")
NIKON = {"responder_name": "Z_6_1234567", "responder_guid": PLACEHOLDER}


def known(serial: str, maker: str = "Example", model: str = "Pretend Camera", **options: object) -> Conversation:
    """A session in which the responder says its serial number."""
    named = {"responder_guid": GUID, "initiator_guid": OTHER} | options
    info = device_info(maker, model).removesuffix(b"\5" + "0001\0".encode("utf-16-le"))
    text = (serial + "\0").encode("utf-16-le")
    said = info + bytes([len(text) // 2]) + text
    one = talk(**named).open().transaction(0x1001, data_in=said)  # type: ignore[arg-type]
    return one.close_session().close()


@keeps(
    "bonding-guid-present", "bonding-guid-unique", "bonding-guid-stable", "bonding-guid-anonymous",
    "bonding-responder-guid-anonymous", "bonding-responder-filters", "bonding-initiator-filters",
)  # fmt: skip
def two_sessions() -> list[Packet]:
    """The same two devices, twice."""
    return damage.in_turn(known("A1").packets(), known("A1", command_port=51001, event_port=51002, number=1).packets())


@keeps("bonding-no-authentication")
@breaks("bonding-guid-anonymous")
def anonymous() -> Conversation:
    """Who says nothing can't be imitated."""
    return session(initiator_guid=ANONYMOUS)


@keeps("bonding-no-authentication")
def nobody_let_in() -> Conversation:
    """The only greeting is refused."""
    return talk(initiator_guid=OTHER).connect().init_command_request().init_fail(1).close()


@breaks("bonding-no-authentication")
def readable() -> Conversation:
    """A GUID that anybody can read."""
    return session()


@breaks("bonding-guid-present", by="responder")
def zero() -> Conversation:
    """Nothing but zeros."""
    return session(responder_guid=bytes(16))


@breaks("bonding-guid-present", by="initiator")
def placeholder_of_initiator() -> Conversation:
    """Bytes that count in steps of 0x11."""
    return session(initiator_guid=PLACEHOLDER)


@silent("bonding-guid-present")
def counting_up() -> Conversation:
    """A number that was made up, perhaps: nobody can know that it is not unique."""
    return session(initiator_guid=bytes(range(16)), responder_guid=b"camera-number-42")


@keeps("bonding-guid-present")
def padded_address() -> Conversation:
    """Zeros and six bytes that may be another network card's address."""
    return session(responder_guid=bytes(10) + bytes.fromhex("020304050607"))


@breaks("bonding-guid-unique", by="responder")
def two_cameras() -> list[Packet]:
    """Two cameras of different serial numbers say the same."""
    other = known("B2", responder="192.168.1.9", command_port=51001, event_port=51002, number=1)
    return damage.interleave(known("A1").packets(), other.packets())


@keeps("bonding-guid-unique")
def one_address_again() -> list[Packet]:
    """Another serial number at the same address: an emulator that plays another camera, for one."""
    other = known("B2", command_port=51001, event_port=51002, number=1)
    return damage.in_turn(known("A1").packets(), other.packets())


@keeps("bonding-guid-unique")
def two_cameras_of_their_own() -> list[Packet]:
    """One computer, two cameras that have a GUID each."""
    place = {"responder": "192.168.1.9", "command_port": 51001, "event_port": 51002, "number": 1}
    other = known("B2", responder_guid=GUID[::-1], **place)
    return damage.interleave(known("A1").packets(), other.packets())


@keeps("bonding-guid-unique")
def two_addresses() -> list[Packet]:
    """One camera with two addresses, or two: it does not say its number."""
    other = session(responder="192.168.1.9", command_port=51001, event_port=51002, number=1)
    return damage.interleave(session().packets(), other.packets())


@breaks("bonding-guid-stable", by="responder")
def another_guid() -> list[Packet]:
    """The same serial number, another GUID."""
    other = known("A1", responder_guid=GUID[::-1], command_port=51001, event_port=51002, number=1)
    return damage.in_turn(known("A1").packets(), other.packets())


@keeps("bonding-guid-stable")
def two_programs() -> list[Packet]:
    """Two programs of one computer have a GUID each."""
    other = known("A1", initiator_guid=GUID[::-1], command_port=51001, event_port=51002, number=1)
    return damage.in_turn(known("A1").packets(), other.packets())


@breaks("bonding-responder-guid-anonymous")
def anonymous_camera() -> Conversation:
    """The responder does not."""
    return session(responder_guid=ANONYMOUS)


def refused(guid: bytes, number: int, reason: int = 1) -> Conversation:
    """An attempt that fails."""
    one = talk(initiator_guid=guid, responder_guid=GUID, command_port=52000 + number, number=number)
    return one.connect().init_command_request().init_fail(reason).close(by="responder")


@breaks("bonding-responder-filters")
def knows_whom() -> list[Packet]:
    """One is refused, another accepted."""
    return damage.in_turn(refused(bytes.fromhex("8a" * 15 + "01"), 1).packets(), session().packets())


@breaks("bonding-responder-filters")
def paired_in_between() -> list[Packet]:
    """Refused, and accepted a second later."""
    return damage.in_turn(refused(OTHER, 1).packets(), session().packets())


@keeps("bonding-responder-filters")
def busy() -> list[Packet]:
    """Refused because it was busy."""
    return damage.in_turn(refused(OTHER, 1, 2).packets(), session().packets())


@breaks("bonding-initiator-filters")
def leaves() -> Conversation:
    """The initiator closes when it knows who answered."""
    one = talk(initiator_guid=OTHER, responder_guid=GUID).connect().init_command_request().init_command_ack()
    return one.close()


@breaks("bonding-initiator-filters")
def leaves_one_alone() -> list[Packet]:
    """Two cameras answer, one is called."""
    asked = announce.dns(questions=(announce.question("_ptp._tcp.local"),), answer=False)
    other = announce.announced("Other", b"guid=" + OTHER.hex().encode(), target="other.local", address="192.168.1.7")
    return after(
        announce.mdns(asked, -3, announce.DESK), announce.mdns(announce.announced("My Camera", KEY), -2),
        announce.mdns(other, -2, source="192.168.1.7"),
    )  # fmt: skip


def eight_bit(guid: bytes, number: int) -> Conversation:
    """A client that writes its name in 8 bits, without a version."""
    one = talk(responder_guid=GUID, command_port=53000 + 2 * number, event_port=53001 + 2 * number, number=number)
    body = guid + b"desk\0"
    one.connect().said(1, struct.pack("<II", 8 + len(body), 1) + body, "to-responder", "command", status="malformed")
    return one.init_command_ack().connect("event").init_event_request().init_event_ack().open_session().close()
