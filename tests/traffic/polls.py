"""Stories of cameras that are asked for events and properties: what Canon, Nikon and Sony make of PTP.

Payloads are written down from the makers' layouts with ``struct`` alone, small enough to be read.
"""

from __future__ import annotations

import struct

from .conversation import NOT_APPLICABLE, Conversation, device_info
from .conversation import conversation as talk
from .stories import story

DEVICE_BUSY, INVALID_VALUE = 0x2019, 0x201C
U8, I16, U16, U32, STRING = 2, 3, 4, 6, 0xFFFF


def u8(*values: int) -> bytes:
    return bytes(values)


def u16(*values: int) -> bytes:
    return b"".join((value & 0xFFFF).to_bytes(2, "little") for value in values)


def u32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def record(kind: int, body: bytes) -> bytes:
    """One record of Canon's event list: its size, its type, what it says."""
    return u32(8 + len(body), kind) + body


def description(code: int, datatype: int, default: bytes, current: bytes, form: bytes = b"\0") -> bytes:
    """DevicePropDesc of a property that may be set."""
    return u16(code, datatype) + u8(1) + default + current + form


def sony(code: int, datatype: int, current: bytes, form: bytes = b"\0") -> bytes:
    """A description as Sony's cameras send them."""
    return u16(code, datatype) + u8(1, 1) + current + current + form


CANON_END = u32(8, 0)
CANON_FIRST = (
    record(0xC189, u32(0xD101, 0x30))  # aperture f/5.6, in eighths of a stop
    + record(0xC189, u32(0xD103, 0x48))  # ISO 100
    + record(0xC18A, u32(0xD103, 3, 3, 0x48, 0x50, 0x58))
    + CANON_END
)
CANON_SECOND = record(0xC189, u32(0xD103, 0x50)) + CANON_END
CANON_NEW = u32(7, 0x10001) + u16(0x3801, 0) + u32(0, 0x20, 5000, 0x90000000, 7) + b"IMG_0001.JPG".ljust(16, b"\0")
CANON_OBJECT = record(0xC181, CANON_NEW + u32(1_767_323_045)) + CANON_END
NIKON_EVENTS = u16(2) + u16(0xC101) + u32(0x2B000001) + u16(0x4006) + u32(0x500D)
NIKON_EVENTS_EX = u16(2, 0) + u16(0x4002, 1) + u32(7) + u16(0x400D, 0)
NIKON_BIAS = description(0x5010, I16, u16(0), u16(-333), u8(2) + u16(3) + u16(-333, 0, 333))
SONY_BEFORE = u32(2, 0) + sony(0x5007, U16, u16(560), u8(2) + u16(3) + u16(400, 560, 800)) + sony(0xD21E, U32, u32(400))
SONY_AFTER = u32(2, 0) + sony(0x5007, U16, u16(800), u8(2) + u16(3) + u16(400, 560, 800)) + sony(0xD21E, U32, u32(400))


@story
def canon_polls() -> Conversation:
    """An EOS camera is asked for its events over and over; ISO is set, and refused while the camera is busy."""
    one = talk().open().transaction(0x1001, data_in=device_info("Canon Inc.", "Canon EOS R5"))
    one.transaction(0x9114, 1).transaction(0x9115, 1)
    one.transaction(0x9116, data_in=CANON_FIRST)
    one.polled(0xC189, 0xD101, 0x30).polled(0xC189, 0xD103, 0x48).polled(0xC18A, 0xD103)
    one.transaction(0x9116, data_in=CANON_END)
    one.transaction(0x9110, data_out=u32(12, 0xD103, 0x50))
    one.transaction(0x9116, data_in=CANON_SECOND).polled(0xC189, 0xD103, 0x50)
    one.transaction(0x9110, data_out=u32(12, 0xD103, 0x58), response=DEVICE_BUSY)
    one.transaction(0x910F).event(0xC101)
    one.transaction(0x9116, data_in=CANON_OBJECT).polled(0xC181, 7, 0x10001)
    return one.close_session().close()


@story
def nikon_polls() -> Conversation:
    """A Nikon camera: events by both lists and by the event connection; a property read, described, set and reset."""
    one = talk().open().transaction(0x1001, data_in=device_info("Nikon Corporation", "Z 6"))
    one.transaction(0x90C7, data_in=NIKON_EVENTS).polled(0xC101, 0x2B000001).polled(0x4006, 0x500D)
    one.transaction(0x1015, 0x5010, data_in=u16(-333))
    one.transaction(0x1014, 0x5010, data_in=NIKON_BIAS)
    one.transaction(0x1016, 0x5010, data_out=u16(333))
    one.transaction(0x1016, 0x5010, data_out=u16(5000), response=INVALID_VALUE)
    one.transaction(0x100E, 0, 0).event(0x400D, 7)
    one.transaction(0x941C, data_in=NIKON_EVENTS_EX).polled(0x4002, 7).polled(0x400D)
    one.transaction(0x1017, 0x5010)
    return one.close_session().close()


@story
def sony_polls() -> Conversation:
    """A Sony camera describes all its properties at once, again and again; the aperture is set, the shutter pressed."""
    one = talk().open().transaction(0x1001, data_in=device_info("Sony Corporation", "ILCE-7M3"))
    for phase in (1, 2, 3):
        one.transaction(0x9201, phase, 0, 0, data_in=bytes(8))
    one.transaction(0x9202, 0x12C, data_in=u16(300) + u32(2) + u16(0x5007, 0xD21E) + u32(1) + u16(0xD2C1))
    one.transaction(0x9209, data_in=SONY_BEFORE).transaction(0x9209, data_in=SONY_BEFORE)
    one.transaction(0x9205, 0x5007, data_out=u16(800))
    one.event(0xC203, NOT_APPLICABLE, 0x5007).transaction(0x9209, data_in=SONY_AFTER)
    one.transaction(0x9207, 0xD2C1, data_out=u16(2))
    return one.close_session().close()
