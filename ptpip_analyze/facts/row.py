"""The rows of the code tables. Promises that every row says what it names, who names it so and how sure that is;
refuses rows without a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

# How sure a row is.
DOCUMENTED = "documented"  # by the standard or by the maker
AGREED = "agreed"  # two implementations say so, or one does and a real camera behaved so
IMPLEMENTED = "implemented"  # one implementation says so
GUESSED = "guessed"  # concluded from behaviour, or a source that says so itself
CONFIDENCES = (DOCUMENTED, AGREED, IMPLEMENTED, GUESSED)

# What the number of a parameter means (``Operation``).
PARAMETER_KINDS = (
    "handle", "storage_id", "session_id", "transaction_id", "format", "prop", "object_prop", "panasonic_prop",
    "protection", "offset", "offset_low", "offset_high", "max_bytes", "size_low", "size_high", "u32", "i32",
)  # fmt: skip


class Code(NamedTuple):
    """A response, property, object format or any other number with a name."""

    kind: str  # code table: "response", "property", "format", ...
    vendor: str  # "ptp" and "mtp" are the standards
    code: int
    name: str
    source: str  # key of ``source.SOURCES``
    confidence: str = IMPLEMENTED
    note: str = ""


class Operation(NamedTuple):
    """An operation.

    A parameter reads ``Name:kind``: the kind tells what the number means (handle, format, storage_id, prop, u32, ...);
    ``[Name:kind]`` may be absent, values seen in use stand in parentheses. ``None`` means that nobody wrote it down.
    """

    vendor: str
    code: int
    name: str
    source: str
    confidence: str = IMPLEMENTED
    data: str | None = None  # "in" (to the initiator), "out", "none"; None: unknown
    request: tuple[str, ...] | None = None
    response: tuple[str, ...] | None = None
    dataset: str = ""  # what the data phase carries
    note: str = ""

    @property
    def kind(self) -> str:
        """Code table this row belongs to."""
        return "operation"


class Event(NamedTuple):
    """An event."""

    vendor: str
    code: int
    name: str
    source: str
    confidence: str = IMPLEMENTED
    parameters: tuple[str, ...] = ()  # names, in order; "" for one that is there but has no known meaning
    carried: str = "event"  # "event": an Event message; else how a polled list carries it
    note: str = ""

    @property
    def kind(self) -> str:
        """Code table this row belongs to."""
        return "event"


class Scale(NamedTuple):
    """How the number of a property is read: (number - zero) / per, in the unit of its measure."""

    vendor: str
    code: int  # of the property
    measure: str  # one of ``values.MEASURES``
    source: str
    confidence: str = IMPLEMENTED
    per: int = 1
    zero: int = 0
    of: str = ""  # measure "code": the code table that names the number
    note: str = ""


class Choices(NamedTuple):
    """What single values of a property mean. They come before its scale."""

    vendor: str
    code: int  # of the property
    source: str
    confidence: str
    texts: Mapping[int, str]
    note: str = ""
