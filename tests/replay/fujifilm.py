"""A client that speaks Fujifilm's dialect over a socket: its greeting, then containers.

Made from ``struct`` and what is written of the dialect (libgphoto2 camlibs/ptp2/fujiptpip.c), not from the code under
test.
"""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple, Self

MAGIC = 0x8F53E4F2
PATIENCE_S = 10.0


class Told(NamedTuple):
    """What the camera answered: its response with parameters, and what it carried, None for no data phase."""

    response: int
    parameters: tuple[int, ...]
    data: bytes | None


class Fujifilm:
    """A connection to a camera, greeted; ``answer`` is what the camera greeted with. A context manager."""

    def __init__(self, port: int, greeting: bytes | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._file = self._socket.makefile("rb")
        self._identity = 1000
        self.send(greeting or struct.pack("<III", 82, 1, MAGIC) + bytes(70))
        (length,) = struct.unpack("<I", self._file.read(4).ljust(4, b"\0"))
        self.answer = self._file.read(max(length - 4, 0))

    def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self._socket.sendall(data)

    def transact(self, operation: int, *parameters: int, data: bytes | None = None) -> Told:
        """A request, data where it has some, and all that is answered."""
        self._identity += 1
        words = struct.pack(f"<{len(parameters)}I", *parameters)
        self.send(struct.pack("<IHHI", 12 + len(words), 1, operation, self._identity) + words)
        if data is not None:
            self.send(struct.pack("<IHHI", 12 + len(data), 2, operation, self._identity) + data)
        carried = None
        while True:
            length, kind, code, identity = struct.unpack("<IHHI", self._file.read(12))
            body = self._file.read(length - 12)
            assert identity == self._identity
            if kind == 3:
                return Told(code, struct.unpack(f"<{len(body) // 4}I", body), carried)
            assert (kind, code, carried) == (2, operation, None)
            carried = body

    def leave(self) -> bytes:
        """Say that it leaves; what comes until the camera closes."""
        self.send(struct.pack("<II", 8, 0xFFFFFFFF))
        return self._file.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()
