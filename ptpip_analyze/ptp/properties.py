"""What a session's transactions reveal of properties: values told, set and refused, in order. Promises that a value is
told as such only where all its bytes are there and the response let it stand; refuses to say what a property is now:
that is for who asks for a moment (``tables.moments``).

A camera says a property's datatype once, in a description; values are read by it before and after, in that session.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from ..facts import Event, row_of
from ..facts.named import DATE_TIME, OK, RESET_DEVICE_PROP_VALUE
from ..facts.properties import DATATYPES
from . import datatypes
from .texts import MOST_PARTS, value_text
from .values import Plain, PropertyValue

ALL = 0xFFFFFFFF

CONTROLS = frozenset({("sony", 0x9207), ("sony_qx", 0x96F8)})
"""Operations that press a button: what they send is no value that a property keeps."""

MOST_SHOWN = 256
"""Bytes or elements of a value that are written out."""

SHORT = 64  # bytes or characters of a value that is remembered as it is


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
    # "current", "set", "refused", "unanswered", "control", "allowed", "range" (what may be set), "reset", "notified"
    # (it changed, says an event)
    role: str
    changed: bool | None  # differs from what was known before; None: nothing comparable was, or the role is of no value
    start: int = 0  # place in the payload
    end: int = 0


_SIGNS = frozenset({-1, *((1 << bits) - 1 for bits in range(0, 128, 8))})  # what may stand above a number's own bits

KEPT = frozenset({"current", "set", "reset", "notified"})
"""Roles after which the property has the value, or one that isn't told."""

LIMITS = frozenset({"allowed", "range"})
"""Roles of what may be set."""


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

    def varies(self, code: int) -> bool:
        """Was a property described with more than one datatype?"""
        return len(self._told.get(code, ([], []))[1]) > 1


class Memory:
    """What a session has revealed so far."""

    def __init__(self) -> None:
        self._values: dict[int, _Kept] = {}
        self._limits: dict[tuple[int, str], _Kept] = {}
        self._fixed: set[int] = {DATE_TIME}  # that a reset of all leaves alone (PIMA 15740:2000 10.4.23)

    def take(
        self, exchange: Exchange, told: Sequence[PropertyValue], type_of: Callable[[int], int | None]
    ) -> list[Revealed]:
        """What a transaction reveals whose payload told these values; ``type_of`` knows datatypes by property.

        Lists of what may be set are revealed where they differ from the last one.
        """
        if exchange.operation == RESET_DEVICE_PROP_VALUE:
            return self._reset(exchange)
        role = role_of(exchange)
        if role is None:
            return []
        found = []
        for one in told:
            datatype = one.datatype or type_of(one.code)
            if one.role in LIMITS:
                before, now = self._limits.get((one.code, one.role)), _kept(one.value)
                if before is None or before != now:
                    self._limits[one.code, one.role] = now
                    changed = None if before is None else True
                    found.append(Revealed(one.code, one.value, datatype, one.role, changed, one.start, one.end))
                continue
            if one.role == "notified":  # what was known stays: the next value is compared with it
                found.append(Revealed(one.code, None, None, one.role, None, one.start, one.end))
                continue
            value = one.value if one.datatype is not None else _as(one.value, datatype or DATATYPES.get(one.code))
            changed = None
            if role in KEPT:
                changed = self._keep(one.code, value)
            if one.fixed and one.code != DATE_TIME:
                self._fixed.add(one.code)
            found.append(Revealed(one.code, value, datatype, role, changed, one.start, one.end))
        return found

    def _keep(self, code: int, value: Plain) -> bool | None:
        """Does the value differ from the one that was known?"""
        before, now = self._values.get(code), _kept(value)
        self._values[code] = now
        return before != now if _comparable(before, now) else None

    def _reset(self, exchange: Exchange) -> list[Revealed]:
        """The property goes back to a value that isn't told."""
        if exchange.response != OK or not exchange.parameters:
            return []
        code = exchange.parameters[0]
        codes = sorted(self._values.keys() - self._fixed) if code == ALL else [code]
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


class _Digest(NamedTuple):
    """What is kept of a long value."""

    kind: type
    of: bytes


_Kept = int | str | bytes | _Digest | None


def _kept(value: Plain) -> _Kept:
    """A value as it is remembered, in few bytes: equal ones are equal."""
    if isinstance(value, tuple) or (isinstance(value, str | bytes) and len(value) > SHORT):
        return _Digest(type(value), blake2b(repr(value).encode("utf-8", "replace"), digest_size=16).digest())
    return value


@lru_cache(maxsize=1 << 12)
def tells_of_change(code: int, vendor: str | None) -> bool:
    """Does an event with this code say that the property in its first parameter changed?"""
    row = row_of("event", code, vendor)
    named = isinstance(row, Event) and row.name.startswith("DevicePropChanged")
    return isinstance(row, Event) and named and row.parameters[:1] == ("DevicePropCode",)


def _comparable(before: _Kept, now: _Kept) -> bool:
    """Are both known, and read alike? A number and bytes that nobody could read as one may be the same."""
    kinds = {one.kind if isinstance(one, _Digest) else type(one) for one in (before, now)}
    return before is not None and len(kinds) == 1


def _as(value: Plain, datatype: int | None) -> Plain:
    """A number that was sent wider than its datatype, or without sign, as that datatype has it; others as they are."""
    size = datatypes.size_of(datatype) if datatype is not None else None
    if not isinstance(value, int) or not size or datatype is None or datatypes.is_array(datatype):
        return value
    if not datatypes.is_signed(datatype) or value >> (8 * size) not in _SIGNS:
        return value
    low = value & ((1 << 8 * size) - 1)
    return low - (1 << 8 * size) if low >> (8 * size - 1) else low


def text_of(code: int, value: Plain, vendor: str | None, datatype: int | None, role: str = "current") -> str | None:
    """A value as a photographer reads it; of values that may be set, each one. None where there is no value."""
    if isinstance(value, int) or (isinstance(value, str | bytes) and len(value) <= SHORT):
        return _text_of(code, value, vendor, datatype)
    if role not in LIMITS or not isinstance(value, tuple):
        return value_text(code, value, vendor=vendor, datatype=datatype)
    texts = [text_of(code, one, vendor, datatype) or "" for one in value[:MOST_PARTS]]
    if role == "range":
        return " to ".join(texts[:2])
    return ", ".join(texts) + (f", … ({len(value):,} values)" if len(value) > MOST_PARTS else "")


@lru_cache(maxsize=1 << 14)
def _text_of(code: int, value: int | str | bytes, vendor: str | None, datatype: int | None) -> str | None:
    return value_text(code, value, vendor=vendor, datatype=datatype)


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
