"""Parameters of operations, responses and events in words: GetDevicePropDesc(ExposureTime). Promises that every
parameter that can mean something is there: those of the facts' row by name, any other that isn't 0 as p4=0x10; refuses
to judge what was sent.

Many stacks send five parameters whatever the operation takes: zeros behind those of the row are padding. Where nobody
wrote the parameters down, all are shown, because a 0 may then be one that counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from .. import facts
from ..facts.named import OK

ALL = 0xFFFFFFFF

# `Name:kind`, `[Name:kind]`, with `?` where the source isn't sure, and what values mean in parentheses (facts.row).
_WRITTEN = re.compile(r"\[?(?P<name>\w+):(?P<kind>\w+)\??(?: \((?P<said>[^()]+)\))?\]?")
_VALUE = r"(?:0x[0-9A-F]+|\d+)"
_MEANING = re.compile(rf"({_VALUE})(?: = | )((?!or\b|max\b)[A-Za-z][A-Za-z -]*?)(?=,? {_VALUE} |$)")
_MEANINGS = re.compile(rf"{_VALUE}(?: = | )[A-Za-z][A-Za-z -]*(?:,? {_VALUE}(?: = | )[A-Za-z][A-Za-z -]*)*")
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")

# What the usual names are called in a text.
_LABELS = {
    "ObjectHandle": "handle",
    "ParentHandle": "parent",
    "StorageID": "storage",
    "DestStorageID": "storage",
    "ObjectFormatCode": "format",
    "DevicePropCode": "property",
    "ObjectPropCode": "property",
    "OperationCode": "operation",
    "SessionID": "session",
    "TransactionID": "transaction",
    "MaxBytes": "max",
    "ProtectionStatus": "protection",
}

# Parameters whose value is a name that needs no label.
_NAMED = ("prop", "object_prop", "panasonic_prop", "operation")

# Two parameters that are one number of 64 bits, and its label.
_HALVES = {("offset_low", "offset_high"): "offset", ("size_high", "size_low"): "size"}

# What an event's parameter is, by the first word of its name: events are written down without kinds.
_EVENT_KINDS = {
    "ObjectHandle": "handle",
    "StorageID": "storage_id",
    "DevicePropCode": "prop",
    "ObjectPropCode": "object_prop",
    "ObjectFormatCode": "format",
    "OperationCode": "operation",
    "TransactionID": "transaction_id",
    "SBHandle": "handle",
}
_COUNTS = ("Size", "Count", "Num", "Bytes", "Clusters", "Width", "Height", "Seconds", "Amount")


class Parameter(NamedTuple):
    """One parameter as the facts write it down."""

    name: str
    kind: str
    meanings: dict[int, str]  # of single values


SET_IN_DATA: dict[tuple[str | None, int], int] = {("canon_eos", 0x9110): 4}
"""Operations whose payload says which property they set, by vendor, and where in it the code stands, of 32 bits."""


def parameters_text(
    operation_code: int, parameters: Sequence[int], vendor: str | None = None, property_code: int | None = None
) -> str:
    """An operation with its request's parameters: ``GetObject(handle=0x2A)``, ``GetDevicePropDesc(ExposureTime)``.

    ``vendor`` is a vendor of the facts; another one counts as unknown. An operation nobody named is its code with all
    parameters in hex: ``0x9123(0x1, 0x2)``. ``property_code`` is the property that the payload names (``SET_IN_DATA``).
    """
    known = _known(vendor)
    row = facts.row_of("operation", operation_code, known)
    request = row.request if isinstance(row, facts.Operation) else None
    text = _call(facts.name_of("operation", operation_code, known), request, parameters, known, operation_code)
    if property_code is None:
        return text
    name, _, rest = text.partition("(")
    return f"{name}({facts.name_of('property', property_code, known)}{rest if rest == ')' else f', {rest}'}"


def response_text(operation_code: int, response_code: int, parameters: Sequence[int], vendor: str | None = None) -> str:
    """A response with its parameters, which mean what the operation says: ``OK(handle=0x2B)``, ``DeviceBusy``.

    A response that isn't OK need not carry what the operation returns: its parameters stay numbers.
    """
    known = _known(vendor)
    name = facts.name_of("response", response_code, known)
    row = facts.row_of("operation", operation_code, known)
    written: tuple[str, ...] | None = ()
    if response_code == OK:
        written = row.response if isinstance(row, facts.Operation) else None
    return _call(name, written, parameters, known).removesuffix("()")


def event_text(code: int, parameters: Sequence[int], vendor: str | None = None) -> str:
    """An event with its parameters: ``ObjectAdded(handle=0x2A)``, ``DevicePropChanged(FNumber)``."""
    known = _known(vendor)
    row = facts.row_of("event", code, known)
    written = of_event(row) if isinstance(row, facts.Event) else None
    return _call(facts.name_of("event", code, known), written, parameters, known).removesuffix("()")


def _known(vendor: str | None) -> str | None:
    return vendor if vendor in facts.VENDORS else None


def _call(
    name: str,
    written: Sequence[str] | None,
    parameters: Sequence[int],
    vendor: str | None,
    operation: int | None = None,
) -> str:
    """``operation``: the request's, of which some numbers are wildcards."""
    if written is None:
        return f"{name}({', '.join(f'0x{value:X}' for value in parameters)})"
    rows = [parsed(text) for text in written]
    parts = []
    joined = False
    for index, value in enumerate(parameters):
        row = rows[index] if index < len(rows) else None
        after = rows[index + 1] if index + 1 < min(len(rows), len(parameters)) else None
        if joined:
            joined = False
        elif row is not None and after is not None and (row.kind, after.kind) in _HALVES:
            joined = True
            pair = (value, parameters[index + 1])
            low, high = pair if row.kind == "offset_low" else pair[::-1]
            parts.append(f"{_HALVES[row.kind, after.kind]}={high << 32 | low}")
        elif row is not None:
            parts.append(_part(row, index, value, vendor, operation))
        elif value:
            parts.append(f"p{index + 1}=0x{value:X}")
    return f"{name}({', '.join(parts)})"


@lru_cache(maxsize=4096)  # the facts hold some hundreds
def parsed(written: str) -> Parameter | None:
    """One parameter of an operation's row; None for a text that names none ("command dependent")."""
    found = _WRITTEN.fullmatch(written)
    if not found:
        return None
    said = found["said"] or ""
    meanings = {}
    if _MEANINGS.fullmatch(said):
        meanings = {int(value, 0): word.strip() for value, word in _MEANING.findall(said)}
    return Parameter(found["name"], found["kind"], meanings)


def of_event(row: facts.Event) -> tuple[str, ...]:
    """The parameters of an event, as operations write theirs."""
    return tuple(map(_as_parameter, row.parameters))


def label_of(name: str) -> str:
    """What stands before a parameter's value in a text; empty for one that has no name of its own."""
    return _LABELS.get(name) or ("" if name == "p" else _words(name))


def is_count(row: Parameter) -> bool:
    """Is it a count, in decimal however large?"""
    return row.kind == "u32" and any(word in row.name for word in _COUNTS)


def _as_parameter(name: str) -> str:
    """An event's parameter, a name in words ("ObjectHandle of a DPOF object"), as operations write theirs."""
    words, _, said = name.partition(" 1 ")
    first = words.split(" ", 1)[0]
    if not words or " or " in words:
        return "p:id"
    if first in _EVENT_KINDS:
        return f"{first}:{_EVENT_KINDS[first]}"
    return f"{words.replace(' ', '_')}:u32" + (f" (1 {said})" if said else "")


def _part(row: Parameter, index: int, value: int, vendor: str | None, operation: int | None) -> str:
    label = label_of(row.name) or f"p{index + 1}"
    meaning = row.meanings.get(value)
    if meaning is None and operation is not None:
        meaning = facts.wildcard(operation, row.name, value)
    text = _KINDS.get(row.kind, _u32)(row, value, vendor) if meaning is None else meaning
    says_it_all = row.kind in _NAMED and (meaning is None or index == 0)
    return text if says_it_all else f"{label}={text}"


def _words(name: str) -> str:
    """A name of the facts in words: AFMode is af_mode."""
    return "_".join(word.lower() for word in _WORD.findall(name)) or name


def _u32(row: Parameter, value: int, vendor: str | None) -> str:
    """Counts in decimal; what is too large to be counted, and flags, in hex."""
    if value < 0x10000 or is_count(row):
        return str(value)
    return f"0x{value:X}"


def _i32(row: Parameter, value: int, vendor: str | None) -> str:
    return str(value - (1 << 32) if value >> 31 else value)


def _id(row: Parameter, value: int, vendor: str | None) -> str:
    return f"0x{value:X}"


def _storage(row: Parameter, value: int, vendor: str | None) -> str:
    return f"0x{value:08X}"


def _format(row: Parameter, value: int, vendor: str | None) -> str:
    return facts.name_of("format", value, vendor)


def _property(row: Parameter, value: int, vendor: str | None) -> str:
    return facts.name_of("property", value, vendor)


def _object_property(row: Parameter, value: int, vendor: str | None) -> str:
    return facts.name_of("object_property", value, vendor)


def _operation(row: Parameter, value: int, vendor: str | None) -> str:
    return facts.name_of("operation", value, vendor)


def _protection(row: Parameter, value: int, vendor: str | None) -> str:
    return facts.name_of("protection", value, vendor)


def _bytes(row: Parameter, value: int, vendor: str | None) -> str:
    """A number of bytes, in KiB or MiB where it is a whole number of them."""
    if value == ALL:
        return "all"
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value and value % size == 0:
            return f"{value // size} {unit}"
    return str(value)


def _offset(row: Parameter, value: int, vendor: str | None) -> str:
    return str(value)


_KINDS: dict[str, Callable[[Parameter, int, str | None], str]] = {
    "id": _id,
    "handle": _id,
    "storage_id": _storage,
    "session_id": _id,
    "transaction_id": _offset,
    "format": _format,
    "prop": _property,
    "object_prop": _object_property,
    "panasonic_prop": _property,
    "operation": _operation,
    "protection": _protection,
    "offset": _offset,
    "offset_low": _offset,
    "offset_high": _offset,
    "max_bytes": _bytes,
    "size_low": _offset,
    "size_high": _offset,
    "u32": _u32,
    "i32": _i32,
}
"""How a number of each kind is worded."""
