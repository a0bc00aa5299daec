"""Messages and stream rows written down by hand, for the twins of framing and what it stands on."""

from __future__ import annotations

import struct

import numpy as np

from ptpip_analyze.tcp import HOLE

# Bytes that were captured; the length of a hole; or captured bytes with the length they had before a snap length.
Piece = bytes | int | tuple[bytes, int]

ID = 7


def framed(kind: int, body: bytes = b"", length: int | None = None) -> bytes:
    """A message; ``length`` lies about its length."""
    return struct.pack("<II", 8 + len(body) if length is None else length, kind) + body


def request(*parameters: int, code: int = 0x1009, identity: int = ID) -> bytes:
    return framed(6, struct.pack(f"<IHI{len(parameters)}I", 1, code, identity, *parameters))


def response(*parameters: int, code: int = 0x2001, identity: int = ID) -> bytes:
    return framed(7, struct.pack(f"<HI{len(parameters)}I", code, identity, *parameters))


def event(*parameters: int, code: int = 0x4002) -> bytes:
    return framed(8, struct.pack(f"<HI{len(parameters)}I", code, 0xFFFFFFFF, *parameters))


def start(total: int, identity: int = ID) -> bytes:
    return framed(9, struct.pack("<IQ", identity, total))


def data(payload: bytes, identity: int = ID) -> bytes:
    return framed(10, struct.pack("<I", identity) + payload)


def end(payload: bytes = b"", identity: int = ID) -> bytes:
    return framed(12, struct.pack("<I", identity) + payload)


def cancel(identity: int = ID) -> bytes:
    return framed(11, struct.pack("<I", identity))


def hello(name: str = "desk", version: bytes = b"\0\0\1\0") -> bytes:
    return framed(1, bytes(range(16)) + (name + "\0").encode("utf-16-le") + version)


def ack(name: str = "camera", number: int = 5) -> bytes:
    return framed(2, struct.pack("<I", number) + hello(name)[8:])


class Laid:
    """A source in which the captured bytes of rows lie, each with some bytes of a packet header before it."""

    def __init__(self) -> None:
        self.source = bytearray(b"capture file header.....")
        self.packet = 0
        self.reads = 0

    def rows(self, *pieces: Piece, offset: int = 0) -> np.ndarray:
        """Rows of one stream that follow one another from ``offset`` on; a packet each, a second apart."""
        columns = []
        for piece in pieces:
            if isinstance(piece, int):
                # A hole shows in the packet behind it.
                columns.append((offset, piece, 0, HOLE, self.packet, self.packet * 10**9, 500 + self.packet))
                offset += piece
                continue
            carried, length = piece if isinstance(piece, tuple) else (piece, len(piece))
            self.source += b"\xee" * 11
            columns.append(
                (offset, length, len(carried), len(self.source), self.packet, self.packet * 10**9, 500 + self.packet)
            )
            self.source += carried
            self.packet += 1
            offset += length
        return np.array(columns, np.int64).reshape(-1, 7).T.copy()

    def read(self, position: int, length: int) -> bytes:
        assert 0 <= position <= position + length <= len(self.source), "reads only what is in the capture"
        self.reads += 1
        return bytes(self.source[position : position + length])

    @property
    def bytes(self) -> np.ndarray:
        """The whole source, as a batch that reaches everything hands it over."""
        return np.frombuffer(bytes(self.source), np.uint8)


def apart(stream: bytes, *cuts: int) -> list[Piece]:
    """A stream as segments with these boundaries."""
    return [stream[low:high] for low, high in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
