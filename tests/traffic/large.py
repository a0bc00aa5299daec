"""An upload of any size, as a capture with a snap length has it: lengths and no payload.

Promises a file whose size grows with the number of segments and not with the bytes that they carried; refuses to
compute checksums, which offloading leaves out as well.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from .conversation import conversation
from .packet import ACK, TO_INITIATOR, Packet

PIECE = 60_000  # bytes of a Data message, each in a segment of its own
CAPTURED = 32  # of them
ACK_EVERY = 4
HEADER = 12


def large_upload(pieces: int, announced: int) -> bytes:
    """A pcap file: SendObject with Data messages of PIECE bytes and an empty End Data, answered OK; CloseSession."""
    one = conversation().open().request(0x100D, data_phase_info=2).start_data(announced, "to-responder")
    one.data(b"x" * (CAPTURED - HEADER), "to-responder").data(b"", "to-responder", last=True)
    packets = one.response().close_session().close().packets()
    at = next(index for index, packet in enumerate(packets) if packet.payload[4:8] == b"\x0a\0\0\0")
    grown = pieces * PIECE - CAPTURED
    file = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)]
    file += [_record(packet, packet.whole) for packet in packets[:at]]
    template = replace(packets[at], payload=struct.pack("<III", PIECE, 10, 1) + b"x" * (CAPTURED - HEADER))
    answer = next(packet for packet in packets[at:] if packet.direction == TO_INITIATOR)
    frame = bytearray(template.whole)
    size = len(frame) - CAPTURED + PIECE
    struct.pack_into(">H", frame, 16, size - 14)  # the IP packet's length
    for piece in range(pieces):
        struct.pack_into(">I", frame, 38, (template.sequence + piece * PIECE) & 0xFFFFFFFF)
        file.append(_record(template, bytes(frame), size))
        if piece % ACK_EVERY == 0:
            received = (template.sequence + (piece + 1) * PIECE) & 0xFFFFFFFF
            file.append(_record(answer, replace(answer, flags=ACK, payload=b"", acknowledgment=received).whole))
    file += [_record(packet, _moved(packet, grown).whole) for packet in packets[at + 1 :]]
    return b"".join(file)


def _moved(packet: Packet, grown: int) -> Packet:
    """The packet, behind that much more on the command connection."""
    if packet.connection != "command":
        return packet
    if packet.direction == TO_INITIATOR:
        return replace(packet, acknowledgment=(packet.acknowledgment + grown) & 0xFFFFFFFF)
    return replace(packet, sequence=(packet.sequence + grown) & 0xFFFFFFFF)


def _record(packet: Packet, frame: bytes, original: int | None = None) -> bytes:
    size = len(frame) if original is None else original
    head = struct.pack("<IIII", packet.time_ns // 10**9, packet.time_ns % 10**9, len(frame), size)
    return head + frame
