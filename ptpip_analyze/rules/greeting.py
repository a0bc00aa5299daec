"""The variable part of Init Command Request and Init Command Ack: name and version, as they stand in the bytes.

Takes apart what was captured as a whole and at a certain boundary (CIPA DC-X005-2005 2.3.1, 2.3.2); judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..ptpip import messages as m
from ..ptpip.recognise import GREETING_LIMIT

if TYPE_CHECKING:
    from .evidence import Evidence

KINDS = (m.INIT_COMMAND_REQUEST, m.INIT_COMMAND_ACK)
NAME_AT = {m.INIT_COMMAND_REQUEST: 24, m.INIT_COMMAND_ACK: 28}
VERSION_BYTES = 4
ANONYMOUS = "ff" * 16  # GUID of an initiator that does not say who it is (2.3.1)
PROTOCOL_VERSION = 0x00010000  # of the standard (3)
_VERSION = PROTOCOL_VERSION.to_bytes(VERSION_BYTES, "little")
# GUIDs that many devices share: anonymous, empty, and the one that counts up from 00 11 22.
_SHARED = (b"\xff" * 16, bytes(16), bytes.fromhex("00112233445566778899aabbccddeeff"))


@dataclass(frozen=True, slots=True)
class Greeting:
    """One greeting. ``field`` are the bytes from the name on; ``units`` the name without its NUL.

    ``rest`` is what stands behind the NUL, or None where no NUL ends the name; then ``units`` are all there are. A
    name that runs into a version which begins with a zero unit has no NUL of its own.
    """

    row: int
    kind: int
    session: int
    side: int
    guid: bytes
    field: bytes
    units: tuple[int, ...]
    rest: bytes | None

    @property
    def version(self) -> int | None:
        """The protocol version; None where it is not exactly what is left behind the name."""
        return int.from_bytes(self.rest, "little") if self.rest is not None and len(self.rest) == 4 else None

    @property
    def name(self) -> str:
        """The name as text; what can't be decoded is U+FFFD."""
        return b"".join(unit.to_bytes(2, "little") for unit in self.units).decode("utf-16-le", "replace")

    @property
    def no_field(self) -> bool:
        """Is there no name at all, not even an empty one: nothing but a version?"""
        return len(self.field) == VERSION_BYTES and self.field == _VERSION


def greetings(seen: Evidence) -> list[Greeting | tuple[int, int, int]]:
    """All greetings; those that can't be judged as (row, session, side)."""
    return seen.once(_all)


def by_row(seen: Evidence) -> dict[int, Greeting]:
    """Those that can be judged, by message row."""
    return seen.once(_by_row)


def _by_row(seen: Evidence) -> dict[int, Greeting]:
    return {one.row: one for one in greetings(seen) if isinstance(one, Greeting)}


def _all(seen: Evidence) -> list[Greeting | tuple[int, int, int]]:
    return list(_taken_apart(seen))


def _taken_apart(seen: Evidence) -> Iterator[Greeting | tuple[int, int, int]]:
    for row in seen.rows(*KINDS).tolist():
        body, kind = seen.greetings.get(row, b""), int(seen.kind[row])
        session, side = int(seen.session[row]), int(seen.side[row])
        length, at = int(seen.length[row]), NAME_AT[kind]
        whole = len(body) == length <= GREETING_LIMIT and seen.columns["lost"][row] == 0
        if not (whole and seen.status[row] in (m.COMPLETE, m.MALFORMED) and seen.synced[row]) or length < at:
            yield row, session, side
            continue
        units, rest = _parts(body[at:])
        yield Greeting(row, kind, session, side, body[at - 16 : at], body[at:], units, rest)


def _parts(field: bytes) -> tuple[tuple[int, ...], bytes | None]:
    """The units of the name, and what stands behind its NUL."""
    units = [int.from_bytes(field[at : at + 2], "little") for at in range(0, len(field) - 1, 2)]
    if 0 not in units:
        return tuple(units), None
    end = units.index(0)
    rest = field[2 * end + 2 :]
    if 0 < len(rest) < VERSION_BYTES and field[-VERSION_BYTES:] == _VERSION:
        return tuple(units[:end]), None  # the zero unit is the first half of the version
    return tuple(units[:end]), rest


def is_shared(guid: bytes) -> bool:
    """Is this GUID no identity of one device: anonymous, empty, or a placeholder?"""
    return guid in _SHARED or len(set(guid)) == 1


def in_words(version: int) -> str:
    """A version as it is spoken: major and minor number."""
    return f"{version >> 16}.{version & 0xFFFF}"
