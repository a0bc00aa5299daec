"""The messages of Fujifilm's dialect, which leaves PTP-IP's framing after the greeting: containers as on USB, frames of
live view, and the end of a session. Promises layouts and ports, row by row; refuses to say what the words of an event
behind its TransactionID mean, because sources disagree.

A container has a u16 type and a u16 code where PTP-IP has one type word of 32 bits. So that one column can hold the
types of both, the rows here are numbered by ``BASE`` plus the container type; what has no container type follows.

Sources: libgphoto2 camlibs/ptp2/fujiptpip.c; vcam; fuji-cam-wifi-tool for the end of a session.
"""

from __future__ import annotations

from typing import NamedTuple

from .layout import Field, Kind
from .packets import COMMAND, EVENT, NO_TRANSACTION, TO_INITIATOR, TO_RESPONDER

COMMAND_PORT, EVENT_PORT, LIVE_VIEW_PORT = 55740, 55741, 55742
PORTS = (COMMAND_PORT, EVENT_PORT, LIVE_VIEW_PORT)
LIVE_VIEW = "live-view"  # the third connection, beside COMMAND and EVENT

MAGIC = 0x8F53E4F2  # u32 in front of the GUID of the initiator's greeting
ACK_BYTES = 68  # the responder's greeting: number, GUID, name filled up with zeros, no version

BASE = 0x10000  # type code of a container: this plus its u16 type
HEADER_SIZE = 12  # u32 length, u16 type, u16 code, u32 TransactionID
WORDS = 5  # most parameters
PICTURE_AT = 18  # where the JPEG of a live-view frame begins in what was seen; cameras may put it elsewhere
SESSION_END_WORD = NO_TRANSACTION  # in place of type and code


class Container(NamedTuple):
    """One type of message of the dialect. Lengths are in bytes and include the header."""

    code: int  # value of the ``type_code`` column
    name: str  # as in the ``type`` column
    fields: tuple[Field, ...]  # behind the length word
    minimum_length: int
    maximum_length: int | None  # None: the layout sets no bound
    directions: tuple[str, ...]
    connections: tuple[str, ...]
    source: str
    confidence: str
    note: str

    @property
    def kind(self) -> str:
        """Code table this row belongs to."""
        return "message"

    @property
    def vendor(self) -> str:
        """The maker whose dialect it is."""
        return "fuji"


_TYPE = Field("containerType", Kind.U16, "usb_container_type")
_TRANSACTION = Field("transactionId", Kind.U32)
_PARAMETERS = Field("parameters", Kind.WORDS, upto=WORDS)
_OPERATION, _RESPONSE = Field("code", Kind.U16, "operation"), Field("code", Kind.U16, "response")
_LONGEST = HEADER_SIZE + 4 * WORDS

GREETINGS: dict[int, tuple[Field, ...]] = {  # fields behind the header, by PTP-IP type: no version, the name filled up
    1: (
        Field("magic", Kind.U32), Field("guid", Kind.GUID), Field("friendlyName", Kind.NAME),
        Field("padding", Kind.REST),
    ),
    2: (
        Field("connectionNumber", Kind.U32), Field("guid", Kind.GUID), Field("friendlyName", Kind.NAME),
        Field("padding", Kind.REST),
    ),
}  # fmt: skip

CONTAINERS: dict[int, Container] = {
    0x10001: Container(
        0x10001, "OperationRequest", (_TYPE, _OPERATION, _TRANSACTION, _PARAMETERS), 12, _LONGEST, (TO_RESPONDER,),
        (COMMAND,), "libgphoto2", "agreed", "container type 1",
    ),
    0x10002: Container(
        0x10002, "Data", (_TYPE, _OPERATION, _TRANSACTION, Field("data", Kind.REST)), 12, None,
        (TO_RESPONDER, TO_INITIATOR), (COMMAND,), "libgphoto2", "agreed", "container type 2: a whole data phase",
    ),
    0x10003: Container(
        0x10003, "OperationResponse", (_TYPE, _RESPONSE, _TRANSACTION, _PARAMETERS), 12, _LONGEST, (TO_INITIATOR,),
        (COMMAND,), "libgphoto2", "agreed", "container type 3",
    ),
    0x10004: Container(
        0x10004, "Event", (_TYPE, Field("code", Kind.U16, "event"), _TRANSACTION, _PARAMETERS), 12, _LONGEST,
        (TO_INITIATOR,), (EVENT,), "libgphoto2", "agreed", "container type 4",
    ),
    0x10005: Container(
        0x10005, "LiveViewFrame", (Field("unknown", Kind.U32), Field("picture", Kind.REST)), PICTURE_AT, None,
        (TO_INITIATOR,), (LIVE_VIEW,), "libgphoto2", "agreed", "a length word, a word of zero, a JPEG from byte 18 on",
    ),
    0x10006: Container(
        0x10006, "SessionEnd", (Field("mark", Kind.U32),), 8, 8, (TO_RESPONDER,), (COMMAND,), "hkr", "implemented",
        "a length word and 0xFFFFFFFF, behind CloseSession",
    ),
}  # fmt: skip
