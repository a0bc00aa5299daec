"""The 14 PTP-IP message layouts and the numbers around them. Promises what CIPA DC-X005-2005 section 2.3 says, row by
row; refuses to judge: where a message may travel is written here, whether it did is a rule's business.

The standard calls a message a "packet"; this project keeps that word for what the network carried. The published text
of the standard hides the values of the type words, of the Init Fail reasons and of DataPhaseInfo: they are those of
the implementations that work with cameras (``NUMBERS_SOURCE``).
"""

from __future__ import annotations

from typing import NamedTuple

from .layout import Field, Kind

SOURCE = "CIPA DC-X005-2005"
NUMBERS_SOURCE = "libgphoto2"

DEFAULT_PORT = 15740  # TCP, both connections (2.2.3.1; IANA "ptp-ip")
HEADER_SIZE = 8  # u32 Length of the whole message, u32 Packet Type
BYTE_ORDER = "little"  # of every integer (2.3)
UNKNOWN_TOTAL = 0xFFFFFFFFFFFFFFFF  # TotalDataLength of Start Data when the sender doesn't know it (2.3.9)
NO_TRANSACTION = 0xFFFFFFFF  # TransactionID of what belongs to no transaction (2.3.6, 2.3.8)
ANONYMOUS_GUID = b"\xff" * 16  # an initiator that doesn't tell who it is (2.3.1)
NAME_UNITS = 40  # longest friendly name, its NUL unit included (2.3.1, 2.3.2)
PROTOCOL_VERSION = 0x00010000  # 1.0: major in the upper 16 bits, minor in the lower (2.3.1, 3)

# DataPhaseInfo of Operation Request (2.3.6); names: facts.names_of("dataphase")
NO_DATA_OR_DATA_IN, DATA_OUT, UNKNOWN_DATA_PHASE = 1, 2, 3

# Reason of Init Fail (2.3.5); names: facts.names_of("init_fail")
FAIL_REJECTED_INITIATOR, FAIL_BUSY, FAIL_UNSPECIFIED = 1, 2, 3

REQUEST_WORDS = 5  # most parameters of Operation Request and Operation Response (2.3.6, 2.3.7)
EVENT_WORDS = 3  # most parameters of Event (2.3.8)

TO_RESPONDER, TO_INITIATOR = "to-responder", "to-initiator"
BOTH_DIRECTIONS = (TO_RESPONDER, TO_INITIATOR)
COMMAND, EVENT = "command", "event"
BOTH_CONNECTIONS = (COMMAND, EVENT)


class Message(NamedTuple):
    """One type of message. Lengths are in bytes and include the header."""

    type_code: int  # value of the Packet Type word
    name: str  # as in the ``type`` column
    fields: tuple[Field, ...]  # behind the header
    minimum_length: int  # with an empty name, no parameters, no payload
    maximum_length: int | None  # None: the layout sets no bound
    directions: tuple[str, ...]
    connections: tuple[str, ...]
    clause: str  # of SOURCE

    @property
    def kind(self) -> str:
        """Code table this row belongs to."""
        return "message"

    @property
    def vendor(self) -> str:
        """Always the standard."""
        return "ptp"

    @property
    def code(self) -> int:
        """Same as ``type_code``."""
        return self.type_code

    @property
    def source(self) -> str:
        """Key of ``source.SOURCES``."""
        return SOURCE

    @property
    def confidence(self) -> str:
        """How sure the number is: the standard hides it, implementations agree on it."""
        return "agreed"

    @property
    def note(self) -> str:
        """The clause."""
        return f"clause {self.clause}"


_GREETING = (
    Field("guid", Kind.GUID),
    Field("friendlyName", Kind.NAME, upto=NAME_UNITS),
    Field("protocolVersion", Kind.U32, "protocol_version"),
)
_NUMBER = Field("connectionNumber", Kind.U32)
_TRANSACTION = Field("transactionId", Kind.U32)
_PARAMETERS = Field("parameters", Kind.WORDS, upto=REQUEST_WORDS)
_REQUEST = (
    Field("dataPhaseInfo", Kind.U32, "dataphase"),
    Field("operationCode", Kind.U16, "operation"),
    _TRANSACTION,
    _PARAMETERS,
)
_RESPONSE = (Field("responseCode", Kind.U16, "response"), _TRANSACTION, _PARAMETERS)
_EVENT = (Field("eventCode", Kind.U16, "event"), _TRANSACTION, Field("parameters", Kind.WORDS, upto=EVENT_WORDS))
_START = (_TRANSACTION, Field("totalDataLength", Kind.U64))
_PAYLOAD = (_TRANSACTION, Field("data", Kind.REST))
_REASON = (Field("reason", Kind.U32, "init_fail"),)

MESSAGES: dict[int, Message] = {
    1: Message(1, "InitCommandRequest", _GREETING, 30, None, (TO_RESPONDER,), (COMMAND,), "2.3.1"),
    2: Message(2, "InitCommandAck", (_NUMBER, *_GREETING), 34, None, (TO_INITIATOR,), (COMMAND,), "2.3.2"),
    3: Message(3, "InitEventRequest", (_NUMBER,), 12, 12, (TO_RESPONDER,), (EVENT,), "2.3.3"),
    4: Message(4, "InitEventAck", (), 8, 8, (TO_INITIATOR,), (EVENT,), "2.3.4"),
    5: Message(5, "InitFail", _REASON, 12, 12, (TO_INITIATOR,), BOTH_CONNECTIONS, "2.3.5"),
    6: Message(6, "OperationRequest", _REQUEST, 18, 38, (TO_RESPONDER,), (COMMAND,), "2.3.6"),
    7: Message(7, "OperationResponse", _RESPONSE, 14, 34, (TO_INITIATOR,), (COMMAND,), "2.3.7"),
    8: Message(8, "Event", _EVENT, 14, 26, (TO_INITIATOR,), (EVENT,), "2.3.8"),
    9: Message(9, "StartData", _START, 20, 20, BOTH_DIRECTIONS, (COMMAND,), "2.3.9"),
    10: Message(10, "Data", _PAYLOAD, 12, None, BOTH_DIRECTIONS, (COMMAND,), "2.3.10"),
    11: Message(11, "Cancel", (_TRANSACTION,), 12, 12, (TO_RESPONDER,), BOTH_CONNECTIONS, "2.3.12"),
    12: Message(12, "EndData", _PAYLOAD, 12, None, BOTH_DIRECTIONS, (COMMAND,), "2.3.11"),
    13: Message(13, "ProbeRequest", (), 8, 8, BOTH_DIRECTIONS, (EVENT,), "2.3.13"),
    14: Message(14, "ProbeResponse", (), 8, 8, BOTH_DIRECTIONS, (EVENT,), "2.3.14"),
}
