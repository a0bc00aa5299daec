"""What a dataset decodes to: a tree of values with their places. Promises plain tuples that turn into JSON; refuses to
hold more than ``MOST_VALUES`` values and ``MOST_BYTES`` bytes in one of them, whatever a payload claims.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

MOST_VALUES = 65_536  # values of one dataset; a note says that there are more
MOST_BYTES = 65_536  # bytes of one value; of a longer run only its place is kept
MOST_DEPTH = 8  # groups within groups
SHOWN_BYTES = 64  # bytes that ``as_dict`` writes out

Plain = int | str | bytes | tuple[int, ...] | tuple[bytes, ...] | tuple[str, ...] | None


class Value(NamedTuple):
    """One field, element or group of fields."""

    name: str
    value: Plain  # None: a group, more than ``MOST_BYTES`` bytes, a secret, a list of which not all is there
    start: int  # first byte in the payload
    end: int  # behind the last byte
    text: str | None = None  # readable form: the name of a code, a date, a size; None where the value says it all
    parts: tuple[Value, ...] = ()  # fields of a group, elements of an array; their places lie within this one's

    def get(self, path: str) -> Value | None:
        """The first part with a name; "a.b" is part b of part a, a number that is no name counts from 0. None: none."""
        return _found(self.parts, path)

    def as_dict(self) -> dict[str, Any]:
        """As JSON can say it: bytes as hex digits, the first ``SHOWN_BYTES`` of them."""
        told: dict[str, Any] = {"name": self.name, "start": self.start, "end": self.end}
        if self.value is not None:
            told["value"] = _plain(self.value)
        if self.text is not None:
            told["text"] = self.text
        if self.parts and not isinstance(self.value, tuple):
            told["parts"] = [part.as_dict() for part in self.parts]
        elif self.parts and any(part.text is not None for part in self.parts):
            told["texts"] = [part.text for part in self.parts]
        return told


class Doubt(IntEnum):
    """What a note says against the values that were read."""

    NONE = 0
    CONTRADICTION = 1  # payload and layout don't agree: what is read from its byte on may be anything
    GUESS = 2  # nobody told of which datatype they are


class Note(NamedTuple):
    """Something that a reader of the dataset should know: a lie, a cut, an oddity of the camera."""

    start: int  # the byte it is about
    text: str
    doubt: Doubt = Doubt.NONE


class Dataset(NamedTuple):
    """A decoded payload."""

    name: str
    fields: tuple[Value, ...]
    notes: tuple[Note, ...]
    size: int  # bytes of the whole payload, also where only its beginning was at hand

    def get(self, path: str) -> Value | None:
        """The first field with a name; paths as ``Value.get`` has them."""
        return _found(self.fields, path)

    def value(self, path: str) -> Plain:
        """The value of ``get(path)``; None where there is none."""
        found = self.get(path)
        return None if found is None else found.value

    def as_dict(self) -> dict[str, Any]:
        """As JSON can say it."""
        return {
            "dataset": self.name,
            "size": self.size,
            "fields": [field.as_dict() for field in self.fields],
            "notes": [{"start": note.start, "text": note.text} for note in self.notes],
        }


class PolledEvent(NamedTuple):
    """An event that a camera put into a list which the initiator asks for."""

    code: int | None  # None: the list names a property that changed, no event
    name: str
    parameters: tuple[int, ...]  # of a property that changed: its code, and its value
    start: int  # place of its record in the payload
    end: int


class PropertyValue(NamedTuple):
    """A property's value, or the values that it may take now."""

    code: int
    datatype: int | None  # PTP datatype; None: the payload doesn't tell
    value: Plain  # None: it isn't told, or the bytes are no value
    start: int  # place of the value in the payload
    end: int
    # "current"; "allowed": ``value`` is the tuple of values that may be set, "range": the least, the largest, the step;
    # "notified": it changed, to what isn't told
    role: str = "current"
    text: str | None = None  # readable form, where the payload's layout gives one
    fixed: bool = False  # the payload says that it can't be set


def _found(values: tuple[Value, ...], path: str) -> Value | None:
    name, _, rest = path.partition(".")
    found = next((value for value in values if value.name == name), None)
    if found is None and name.isascii() and name.isdecimal() and len(name) < 9:
        found = values[int(name)] if int(name) < len(values) else None
    return found.get(rest) if found is not None and rest else found


def _plain(value: Plain) -> Any:
    if isinstance(value, bytes):
        return value[:SHOWN_BYTES].hex() + ("…" if len(value) > SHOWN_BYTES else "")
    return [_plain(element) for element in value] if isinstance(value, tuple) else value
