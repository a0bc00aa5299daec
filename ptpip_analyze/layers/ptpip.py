"""scapy layers of PTP-IP: ``PTPIP`` is the header, one class per message behind it. Promises that any bytes dissect
without an exception and build to the same bytes; refuses to guess at bytes that can't be framed: they are Raw.

A buffer with several messages is one chain: PTPIP / OperationRequest / PTPIP / StartData / ... scapy walks chains by
recursion, so a chain holds at most ``CHAIN`` messages; the bytes behind them are Padding, which ``TCPSession`` and
``StreamSocket`` hand back for the next round.

Layouts, code names and numbers: ``ptpip_analyze.facts`` (CIPA DC-X005-2005 2.3).
"""

# scapy.contrib.description = Picture Transfer Protocol over TCP/IP (PTP-IP)
# scapy.contrib.status = loads

from __future__ import annotations

import struct
from typing import Any

from scapy.config import conf
from scapy.fields import LEIntField
from scapy.layers.inet import TCP
from scapy.packet import Packet, Padding, Raw, bind_bottom_up, bind_layers, bind_top_down

from ..facts import packets
from ..facts.containers import MAGIC
from ..facts.layout import SIZES, Kind
from .fields import CodeField, name_end, scapy_field

CHAIN = 100  # messages; each costs four Python frames when scapy builds, of 1000
ROUNDS = 3  # chains that TCPSession may put on one packet before they get too deep to copy

_HEADER = struct.Struct("<II")
_FUJI_GREETING = MAGIC.to_bytes(4, "little")  # where the initiator's GUID would begin
_DEFAULTS: dict[str, Any] = {
    "connectionNumber": 0,
    "data": b"",
    "dataPhaseInfo": packets.NO_DATA_OR_DATA_IN,
    "eventCode": 0x4000,
    "friendlyName": "",
    "guid": packets.ANONYMOUS_GUID,
    "operationCode": 0x1000,
    "parameters": None,
    "protocolVersion": packets.PROTOCOL_VERSION,
    "reason": packets.FAIL_UNSPECIFIED,
    "responseCode": 0x2001,
    "totalDataLength": 0,
    "transactionId": 0,
}


def _boundary(data: bytes, start: int) -> int | None:
    """Offset behind the message whose header is at ``start``, be it in the buffer or not; None: this is no message."""
    length, kind = _HEADER.unpack_from(data, start)
    if length < packets.HEADER_SIZE:
        return None
    end = start + length
    # A reserved type is a message only as long as its length doesn't ask for bytes that nobody may ever send.
    return end if kind in packets.MESSAGES or end <= len(data) else None


def _holds(message: packets.Message, body: bytes) -> bool:
    """Whether ``body`` has all fields of the layout. The greeting of Fujifilm's dialect has another one."""
    if message.type_code == 1 and body[:4] == _FUJI_GREETING:
        return False
    at = 0
    for field in message.fields:
        if field.kind is Kind.NAME:
            end = name_end(body, at)
            if end is None:
                return False
            at = end
        else:
            at += SIZES.get(field.kind, 0)  # WORDS and REST take what there is
    return at <= len(body)


class PTPIP(Packet):  # type: ignore[misc]
    """Header of a PTP-IP message. ``length`` counts the whole message and is computed when None.

    ``PTPIP(data)`` gives a chain of all messages in ``data``. A message shorter than its layout keeps its bytes as
    Raw, and so do the greeting of Fujifilm's dialect and what a message has behind its layout; ``PTPIP(data)`` is Raw
    when ``data`` can't begin a message.
    """

    name = "PTPIP"
    fields_desc = (LEIntField("length", None), CodeField("type", 0, "message", "<I"))

    @classmethod
    def dispatch_hook(cls, _pkt: bytes | None = None, *args: Any, **kargs: Any) -> Any:
        """Raw for bytes that can't begin a message, this class for all else."""
        if _pkt and (len(_pkt) < packets.HEADER_SIZE or _boundary(_pkt, 0) is None):
            return Raw
        return cls

    @classmethod
    def tcp_reassemble(cls, data: bytes, metadata: dict[str, Any], session: dict[str, Any]) -> Packet | None:
        """All complete messages at the start of ``data``, what follows as Padding; None until there is one.

        scapy's hook for ``TCPSession`` and ``StreamSocket``. Bytes that can't begin a message, and lengths that no
        message of its type can have, come back as Raw: this reader doesn't search for the next boundary. Messages
        beyond ``ROUNDS`` chains on one packet wait for the next packet of their direction. A bare FIN is the last: it
        takes one chain, and what is left is Raw behind it.
        """
        if _rounds(data, metadata) > ROUNDS:
            return None
        end, count = 0, 0
        while len(data) - end >= packets.HEADER_SIZE and count < CHAIN:
            boundary = _boundary(data, end)
            if boundary is None or boundary > len(data):
                break
            end, count = boundary, count + 1
        if count:
            packet = cls(data[:end])
            if end < len(data):
                # scapy 2.8 fails when a packet without payload gives something back.
                bare = "tcp_end" in metadata and "original" in metadata and not metadata["original"][TCP].payload
                _last(packet).add_payload(Raw(data[end:]) if bare else Padding(data[end:]))
            return packet
        if len(data) < packets.HEADER_SIZE:
            return None
        length, kind = _HEADER.unpack_from(data)
        longest = packets.MESSAGES[kind].maximum_length if kind in packets.MESSAGES else 0
        if length < packets.HEADER_SIZE or (longest is not None and length > longest):
            return Raw(data)
        metadata["tcp_min_len"] = length
        return None

    def dissect(self, s: bytes) -> None:
        """Take the first message; the others become a chain behind it."""
        end = self._dissect_message(s)
        last, count = _last(self), 1
        while end < len(s) and count < CHAIN:
            rest = s[end:]
            following = PTPIP(rest[: _extent(rest)], _internal=1, _underlayer=last)
            last.add_payload(following)
            last, end, count = _last(following), end + len(following.original), count + 1
        if end < len(s) and conf.padding:
            last.add_payload(Padding(s[end:]))

    def _dissect_message(self, s: bytes) -> int:
        """Dissect header and body of the message at the start of ``s``; its end, at most that of ``s``."""
        self.do_dissect(s)
        end = _extent(s)
        body = s[packets.HEADER_SIZE : end]
        if body:
            self.do_dissect_payload(body)
        elif self.guess_payload_class(body) is not Raw:
            self.add_payload(self.guess_payload_class(body)())
        return end

    def guess_payload_class(self, payload: bytes) -> Any:
        """The class of the message type, Raw when ``payload`` is shorter than its layout or the type is reserved."""
        message = packets.MESSAGES.get(self.type)
        return CLASSES[self.type] if message is not None and _holds(message, payload) else Raw

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        """Compute the length if it wasn't given."""
        if self.length is None:
            pkt = struct.pack("<I", self._computed_length()) + pkt[4:]
        return pkt + pay

    def _computed_length(self) -> int:
        """Bytes of this message alone: what is behind the next PTPIP header isn't part of it."""
        length = packets.HEADER_SIZE
        layer = self.payload
        while layer and not isinstance(layer, PTPIP):
            length += len(layer.self_build())
            layer = layer.payload
        return length

    def __eq__(self, other: object) -> bool:
        """Same type, same length (given or computed), equal messages behind the header."""
        if not isinstance(other, PTPIP):
            return False
        lengths = [packet._computed_length() if packet.length is None else packet.length for packet in (self, other)]
        return bool(lengths[0] == lengths[1] and self.type == other.type and self.payload == other.payload)

    __hash__ = None  # type: ignore[assignment]  # packets are mutable


def _rounds(data: bytes, metadata: dict[str, Any]) -> int:
    """How often ``TCPSession`` has asked for messages of the same packet, this time included.

    From the third time on, scapy 2.8 forgets what it shifted out of its buffer the times before: the place of the
    buffer in the stream is corrected here, or the next segment would land in the wrong place.
    """
    if "relative_seq" not in metadata or "ident" in metadata:
        metadata.pop("ptpip_rounds", None)
        return 1
    number, relative, size = metadata.get("ptpip_rounds", (1, metadata["relative_seq"], len(data)))
    metadata["relative_seq"] = relative + size - len(data)
    metadata["ptpip_rounds"] = (number + 1, metadata["relative_seq"], len(data))
    return int(number + 1)


def _extent(data: bytes) -> int:
    """Bytes of ``data`` that belong to its first message, all of them when it isn't one or is cut."""
    boundary = _boundary(data, 0) if len(data) >= packets.HEADER_SIZE else None
    return len(data) if boundary is None else min(boundary, len(data))


def _last(packet: Packet) -> Packet:
    """The last layer; a walk, because scapy's own ``lastlayer`` recurses."""
    while packet.payload:
        packet = packet.payload
    return packet


CLASSES: dict[int, Any] = {}  # of the messages, by type code


def _message_class(type_code: int) -> Any:
    """The scapy class of a row of ``packets.MESSAGES``, bound to the header."""
    message = packets.MESSAGES[type_code]
    body = {
        "__module__": __name__,
        "__doc__": f"Fields of the {message.name} message behind the PTPIP header ({packets.SOURCE} {message.clause}).",
        "name": message.name,
        "fields_desc": [scapy_field(field, _DEFAULTS[field.name]) for field in message.fields],
    }
    cls = CLASSES[type_code] = type(Packet)(message.name, (Packet,), body)
    bind_layers(PTPIP, cls, type=type_code)
    return cls


InitCommandRequest = _message_class(1)
InitCommandAck = _message_class(2)
InitEventRequest = _message_class(3)
InitEventAck = _message_class(4)
InitFail = _message_class(5)
OperationRequest = _message_class(6)
OperationResponse = _message_class(7)
Event = _message_class(8)
StartData = _message_class(9)
Data = _message_class(10)
Cancel = _message_class(11)
EndData = _message_class(12)
ProbeRequest = _message_class(13)
ProbeResponse = _message_class(14)

bind_bottom_up(TCP, PTPIP, sport=packets.DEFAULT_PORT)
bind_bottom_up(TCP, PTPIP, dport=packets.DEFAULT_PORT)
bind_top_down(TCP, PTPIP, dport=packets.DEFAULT_PORT)
