"""scapy fields for the kinds of ``facts.layout``. Promises that every value they dissect builds the same bytes again;
refuses values that the wire can't carry (ValueError), instead of sending something else.

One scapy field per ``Kind`` that the 14 messages use; names of codes come from ``facts``.
"""

from __future__ import annotations

import struct
import uuid
from typing import Any

from scapy.fields import EnumField, Field, FieldListField, LEIntField, LELongField, StrField, XLEIntField
from scapy.volatile import RandString

from .. import facts
from ..facts import layout, packets
from ..facts.layout import Kind

_NUL = b"\0\0"


def name_end(body: bytes, start: int) -> int | None:
    """Where the NUL-terminated UTF-16LE name that begins at ``start`` ends, its NUL included; None without a NUL."""
    at = body.find(_NUL, start)
    while at >= 0 and (at - start) % 2:
        at = body.find(_NUL, at + 1)
    return None if at < 0 else at + 2


class CodeField(EnumField):  # type: ignore[misc]
    """A little-endian code that shows its name; codes without a name show as 0x9123. Accepts either when building."""

    def __init__(self, name: str, default: int, kind: str, fmt: str) -> None:
        # scapy lets the last code of a name win when a name is given; here the lowest does.
        EnumField.__init__(self, name, default, dict(sorted(facts.names_of(kind).items(), reverse=True)), fmt)

    def _i2repr(self, pkt: Any, x: Any) -> str:
        return f"0x{x:04X}" if isinstance(x, int) else repr(x)


class VersionField(LEIntField):  # type: ignore[misc]
    """Protocol version: major number in the upper 16 bits, minor in the lower; shows as 1.0."""

    def i2repr(self, pkt: Any, x: Any) -> str:
        """The two numbers."""
        return f"{x >> 16}.{x & 0xFFFF}" if isinstance(x, int) else repr(x)


class GuidField(Field):  # type: ignore[misc]
    """16 bytes in wire order, shown as 32 hexadecimal digits. Accepts 16 bytes, hexadecimal text or ``uuid.UUID``."""

    def __init__(self, name: str, default: bytes) -> None:
        Field.__init__(self, name, default, "16s")

    def any2i(self, pkt: Any, x: Any) -> Any:
        """The 16 bytes; ValueError for another number of bytes."""
        if isinstance(x, uuid.UUID):
            return x.bytes
        if isinstance(x, str):
            x = bytes.fromhex(x.replace("-", ""))
        if isinstance(x, bytes | bytearray | memoryview):
            x = bytes(x)
            if len(x) != layout.SIZES[Kind.GUID]:
                raise ValueError(f"{self.name}: a GUID has 16 bytes, not {len(x)}")
        return x

    def i2repr(self, pkt: Any, x: Any) -> str:
        """Hexadecimal digits."""
        return x.hex() if isinstance(x, bytes) else repr(x)


class NameField(Field):  # type: ignore[misc]
    """A friendly name: UTF-16LE units and a NUL unit. Lone surrogates survive; the value is text without the NUL."""

    def __init__(self, name: str, default: str) -> None:
        Field.__init__(self, name, default, "H")

    def any2i(self, pkt: Any, x: Any) -> Any:
        """Text; bytes are taken as UTF-16LE. ValueError when it holds a NUL, at which it would end on the wire."""
        if isinstance(x, str):
            x = x.encode("utf-16-le", "surrogatepass")
        if isinstance(x, bytes):
            x = x.decode("utf-16-le", "surrogatepass")  # what the wire gives back: surrogates next to each other pair
            if "\0" in x:
                raise ValueError(f"{self.name}: a friendly name ends at its first NUL")
        return x

    def i2m(self, pkt: Any, x: Any) -> bytes:
        """UTF-16LE with the NUL."""
        return str(x or "").encode("utf-16-le", "surrogatepass") + _NUL

    def addfield(self, pkt: Any, s: bytes, val: Any) -> bytes:
        """The bytes behind what was built so far."""
        return s + self.i2m(pkt, val)

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, str]:
        """The name and the bytes behind its NUL; without a NUL all whole units are the name."""
        end = name_end(s, 0)
        units = s[: end - 2] if end is not None else s[: len(s) // 2 * 2]
        return s[len(units) if end is None else end :], units.decode("utf-16-le", "surrogatepass")

    def i2repr(self, pkt: Any, x: Any) -> str:
        """Quoted, control characters escaped."""
        return repr(x)

    def i2len(self, pkt: Any, x: Any) -> int:
        """Bytes on the wire."""
        return len(self.i2m(pkt, x))

    def randval(self) -> Any:
        """For scapy's ``fuzz``: a name of at most 39 letters and its NUL."""
        return RandString(packets.NAME_UNITS - 1)


class WordsField(FieldListField):  # type: ignore[misc]
    """Parameters: as many u32 as there are bytes for. One to three bytes too many stay behind for the next layer."""

    def __init__(self, name: str) -> None:
        FieldListField.__init__(self, name, [], XLEIntField("", 0))

    def any2i(self, pkt: Any, x: Any) -> Any:
        """A list; tuples and single numbers become one."""
        return super().any2i(pkt, list(x) if isinstance(x, tuple) else x)

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, list[int]]:
        """All whole words."""
        count = len(s) // 4
        return s[4 * count :], list(struct.unpack_from(f"<{count}I", s))


def scapy_field(field: layout.Field, default: Any) -> Any:
    """The scapy field that executes a row of a layout; KeyError for a kind that no PTP-IP message has."""
    if field.codes == "protocol_version":
        return VersionField(field.name, default)
    if field.codes:
        return CodeField(field.name, default, field.codes, _CODE_FORMATS[field.kind])
    return _EXECUTORS[field.kind](field.name, default)


_CODE_FORMATS = {Kind.U16: "<H", Kind.U32: "<I"}
_EXECUTORS = {
    Kind.U32: LEIntField,
    Kind.U64: LELongField,
    Kind.GUID: GuidField,
    Kind.NAME: NameField,
    Kind.WORDS: lambda name, default: WordsField(name),
    Kind.REST: StrField,
}
