"""Friendly names kept and broken."""

from __future__ import annotations

import struct

from tests.rules.matrix import breaks, keeps
from tests.traffic import TO_INITIATOR, Conversation
from tests.traffic import conversation as talk

VERSION = struct.pack("<I", 0x00010000)


def utf16(text: str) -> bytes:
    """Text as it stands in a greeting, without the NUL."""
    return text.encode("utf-16-le", "surrogatepass")


def asked(field: bytes, guid: bytes = bytes(range(16))) -> Conversation:
    """A session whose Init Command Request has these bytes behind the GUID."""
    one = talk().connect().message(1, guid + field).init_command_ack()
    return one.connect("event").init_event_request().init_event_ack().open_session().close_session().close()


def told(field: bytes) -> Conversation:
    """A session whose Init Command Ack has these bytes behind the GUID."""
    body = struct.pack("<I", 1) + bytes(range(16, 32)) + field
    one = talk().connect().init_command_request().message(2, body, TO_INITIATOR)
    one.connect("event").init_event_request().init_event_ack()
    return one.open_session().close_session().close()


@keeps("name-nul-terminated", "name-max-length", "name-no-padding", "name-utf16-wellformed", "name-empty-single-nul")
def of_forty_units() -> Conversation:
    """The longest name that there may be, with a character of two units, and one in a script that looks swapped."""
    return talk(initiator_name="n" * 37 + "\N{CAMERA WITH FLASH}", responder_name="\u6700\u4e00\u5f00").open().close()


@keeps("name-empty-single-nul", "name-nul-terminated", "name-no-padding", "name-utf16-wellformed")
def of_one_nul() -> Conversation:
    """Names that are not used."""
    return talk(initiator_name="", responder_name="").open().close_session().close()


@breaks("name-nul-terminated", by="initiator")
def without_nul() -> Conversation:
    """The version follows the last letter."""
    return asked(utf16("abc") + VERSION)


@breaks("name-nul-terminated", by="responder")
def without_nul_and_version() -> Conversation:
    """The responder's greeting ends with the last letter."""
    return told(utf16("camera"))


@breaks("name-max-length", by="initiator")
def of_forty_one_units() -> Conversation:
    """Forty units, and the NUL."""
    return talk(initiator_name="n" * 38 + "\N{CAMERA WITH FLASH}").open().close_session().close()


@breaks("name-empty-single-nul", by="initiator", related=["framing-variable-size-bounds"])
def without_a_name() -> Conversation:
    """Nothing but the version behind the GUID."""
    return asked(VERSION)


@breaks("name-empty-single-nul", by="responder")
def of_three_nuls() -> Conversation:
    """An empty name in a field of three units."""
    return told(bytes(6) + VERSION)


@breaks("name-no-padding", by="initiator")
def padded() -> Conversation:
    """A name in a field of fixed size."""
    return asked(utf16("cam\0") + bytes(44) + VERSION)


@breaks("name-utf16-wellformed", by="responder")
def half_a_pair() -> Conversation:
    """The first half of a character of two units."""
    return told(utf16("cam\ud83d\0") + VERSION)


@breaks("name-utf16-wellformed", by="initiator")
def second_half_first() -> Conversation:
    """The second half of a character, and a letter."""
    return asked(utf16("\udcf8x\0") + VERSION)


@breaks("name-utf16-wellformed", by="initiator")
def with_swapped_bytes() -> Conversation:
    """Letters in big-endian order, as many as no accident makes."""
    return asked("camera\0".encode("utf-16-be") + VERSION)


@breaks("name-utf16-wellformed", by="initiator", related=["framing-variable-size-bounds", "name-nul-terminated"])
def of_eight_bits() -> Conversation:
    """One byte for each letter and one for the NUL."""
    return asked(b"darkroom\0" + VERSION)


@breaks("name-informational-use")
def said() -> Conversation:
    """Both sides say who they are."""
    return talk().open().close_session().close()


@keeps("name-informational-use")
def not_heard() -> Conversation:
    """The capture begins behind the greetings."""
    return talk().get_device_info(5).transaction(0x1003, transaction_id=6)
