"""What a session's transactions reveal of properties: values told, set and refused, in order. Promises that a value is
told as such only where all its bytes are there and the response let it stand; refuses to say what a property is now:
that is for who asks for a moment (``tables.moments``).

A camera says a property's datatype once, in a description; values are read by it before and after, in that session.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..facts.properties import DATATYPES
from . import datatypes
from .texts import MOST_PARTS, value_text
from .values import Plain, PropertyValue

OK = 0x2001
RESET = 0x1017  # ResetDevicePropValue
ALL = 0xFFFFFFFF

CONTROLS = frozenset({("sony", 0x9207), ("sony_qx", 0x96F8)})
"""Operations that press a button: what they send is no value that a property keeps."""

MOST_SHOWN = 256
"""Bytes or elements of a value that are written out."""


class Exchange(NamedTuple):
    """What is known of a transaction apart from its data; None is not known."""

    operation: int
    parameters: tuple[int, ...] = ()
    vendor: str | None = None
    direction: str | None = None  # "in" to the initiator, "out"
    response: int | None = None


class Revealed(NamedTuple):
    """A property, and what was revealed of it."""

    code: int
    value: Plain  # None: it isn't told (a secret, more bytes than are kept), or a reset took it away
    datatype: int | None
    role: str  # "current", "set", "refused", "unanswered", "control", "allowed" (what may be set), "reset"
    changed: bool | None  # differs from what was known before; None: nothing comparable was, or the role is of no value
    start: int = 0  # place in the payload
    end: int = 0


_SIGNS = frozenset({-1, *((1 << bits) - 1 for bits in range(0, 128, 8))})  # what may stand above a number's own bits

KEPT = frozenset({"current", "set", "reset"})
"""Roles after which the property has the value."""


class Datatypes:
    """Datatypes of a session's properties as descriptions told them, by number of the transaction."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[list[int], list[int]]] = {}

    def learn(self, number: int, code: int, datatype: int) -> None:
        """Transaction ``number`` described a property; numbers never go back."""
        numbers, types = self._told.setdefault(code, ([], []))
        if not types or types[-1] != datatype:
            numbers.append(number)
            types.append(datatype)

    def before(self, code: int, number: int) -> int | None:
        """The datatype told last before transaction ``number``, or by it."""
        numbers, types = self._told.get(code, ([], []))
        place = bisect_right(numbers, number) - 1
        return types[place] if place >= 0 else None

    def of(self, code: int, number: int) -> int | None:
        """The datatype told last before transaction ``number``, else the first one told after it."""
        if code not in self._told:
            return None
        numbers, types = self._told[code]
        return types[max(bisect_right(numbers, number) - 1, 0)]


class Memory:
    """What a session has revealed so far."""

    def __init__(self) -> None:
        self._values: dict[int, Plain] = {}
        self._allowed: dict[int, Plain] = {}

    def take(
        self, exchange: Exchange, told: Sequence[PropertyValue], type_of: Callable[[int], int | None]
    ) -> list[Revealed]:
        """What a transaction reveals whose payload told these values; ``type_of`` knows datatypes by property.

        Lists of what may be set are revealed where they differ from the last one.
        """
        if exchange.operation == RESET:
            return self._reset(exchange)
        role = role_of(exchange)
        if role is None:
            return []
        found = []
        for one in told:
            datatype = one.datatype or type_of(one.code)
            if one.role == "allowed":
                if one.code not in self._allowed or self._allowed[one.code] != one.value:
                    changed = True if one.code in self._allowed else None
                    self._allowed[one.code] = one.value
                    found.append(Revealed(one.code, one.value, datatype, "allowed", changed, one.start, one.end))
                continue
            value = one.value if one.datatype is not None else _as(one.value, datatype or DATATYPES.get(one.code))
            changed = None
            if role in KEPT:
                before = self._values.get(one.code)
                changed = before != value if _comparable(before, value) else None
                self._values[one.code] = value
            found.append(Revealed(one.code, value, datatype, role, changed, one.start, one.end))
        return found

    def _reset(self, exchange: Exchange) -> list[Revealed]:
        """The property goes back to a value that isn't told."""
        if exchange.response != OK or not exchange.parameters:
            return []
        code = exchange.parameters[0]
        codes = sorted(self._values) if code == ALL else [code]
        for one in codes:
            self._values[one] = None
        return [Revealed(one, None, None, "reset", None) for one in codes]


def role_of(exchange: Exchange) -> str | None:
    """What the values in a data phase are; None where the response says that the data doesn't count."""
    if exchange.direction != "out":
        return "current" if exchange.response in (OK, None) else None
    if exchange.response is None:
        return "unanswered"
    if exchange.response != OK:
        return "refused"
    return "control" if (exchange.vendor, exchange.operation) in CONTROLS else "set"


def _comparable(before: Plain, value: Plain) -> bool:
    """Are both known, and read alike? A number and bytes that nobody could read as one may be the same."""
    return before is not None and type(before) is type(value)


def _as(value: Plain, datatype: int | None) -> Plain:
    """A number that was sent wider than its datatype, or without sign, as that datatype has it; others as they are."""
    size = datatypes.size_of(datatype) if datatype is not None else None
    if not isinstance(value, int) or not size or datatype is None or datatypes.is_array(datatype):
        return value
    if not datatypes.is_signed(datatype) or value >> (8 * size) not in _SIGNS:
        return value
    low = value & ((1 << 8 * size) - 1)
    return low - (1 << 8 * size) if low >> (8 * size - 1) else low


@lru_cache(maxsize=1 << 14)
def text_of(code: int, value: Plain, vendor: str | None, datatype: int | None, role: str = "current") -> str | None:
    """A value as a photographer reads it; of values that may be set, each one. None where there is no value."""
    if role != "allowed" or not isinstance(value, tuple):
        return value_text(code, value, vendor=vendor, datatype=datatype)
    texts = [value_text(code, one, vendor=vendor, datatype=datatype) or "" for one in value[:MOST_PARTS]]
    return ", ".join(texts) + (f", … ({len(value):,} values)" if len(value) > MOST_PARTS else "")


def value_written(value: Plain) -> str | None:
    """A value as text: a number in decimal, a string as it is, bytes as hex digits, a list in brackets. Of bytes and
    lists at most ``MOST_SHOWN``, with "…" and how many there are.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    rest = f"… ({len(value):,})" if len(value) > MOST_SHOWN else ""
    if isinstance(value, bytes):
        return value[:MOST_SHOWN].hex() + rest
    return "[" + ", ".join(value_written(one) or "" for one in value[:MOST_SHOWN]) + rest + "]"
