"""A user's own names on top of the built-in rows. Promises rows made from plain mappings (what a TOML file holds; the
format is in docs/names.md) and one overlay in force, exchanged in one step so that every thread sees the old or the
new one; refuses files, and content that isn't names (OverlayError with the keys that lead to it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import vendors
from .row import CONFIDENCES, GUESSED, PARAMETER_KINDS, Choices, Code, Event, Operation, Scale

SOURCE = "overlay"
"""The source of every row of an overlay."""

SECTIONS: dict[str, str] = {
    "operations": "operation",
    "responses": "response",
    "events": "event",
    "formats": "format",
    "properties": "property",
    "object_properties": "object_property",
}
"""The tables of a vendor, and the kind of code in each."""

_SCALE_KEYS = ("measure", "per", "zero")
_COMMON = frozenset({"name", "note", "confidence"})
_KEYS: dict[str, frozenset[str]] = {
    "operation": _COMMON | {"data", "request", "response", "dataset"},
    "event": _COMMON | {"parameters", "carried"},
    "property": _COMMON | {"values", *_SCALE_KEYS},
}
_PARAMETER = re.compile(r"\w+:(\w+)( \([^()]+\))?|\[\w+:(\w+)( \([^()]+\))?\]")
_NAME = re.compile(r"[A-Za-z0-9_\-/.+()#: ]+")
# Measures that are safe to choose: the rest are one maker's own way of packing.
_MEASURES = (
    "percent", "f_number", "mm", "distance", "exposure", "span", "iso", "ev", "kelvin", "times", "fps", "degrees",
    "date", "unix_time", "utc_time", "fourcc", "fraction", "ratio",
)  # fmt: skip
_TYPES: dict[type, str] = {str: "a text", int: "a whole number", dict: "a table", list: "a list of texts"}


class OverlayError(ValueError):
    """Content that isn't names: the keys that lead to it, the reason, and the value it was found in, if it has one."""

    def __init__(self, keys: Sequence[str], reason: str, value: object = None) -> None:
        self.keys = tuple(keys)
        self.reason = reason
        self.value = value
        super().__init__(f"{'.'.join(self.keys)}: {reason}" if keys else reason)


class Overlay:
    """Rows that come before the built-in ones. Never changed once made; equal only to itself."""

    __slots__ = ("codes", "values")

    def __init__(self, codes: Sequence[Code | Event | Operation] = (), values: Sequence[Scale | Choices] = ()) -> None:
        self.codes = tuple(codes)
        self.values = tuple(values)

    def under(self, upper: Overlay) -> Overlay:
        """This overlay with another on top of it: what both name, the upper one names."""
        return Overlay((*upper.codes, *self.codes), (*upper.values, *self.values))


EMPTY = Overlay()

_active = EMPTY


def active() -> Overlay:
    """The overlay in force."""
    return _active


def use(overlay: Overlay) -> Overlay:
    """Put an overlay in force for all look-ups that begin from now on, in all threads; gives the one before it."""
    global _active
    before, _active = _active, overlay
    return before


def overlay_of(content: Mapping[str, Any]) -> Overlay:
    """The overlay that plain content describes: vendor -> section -> code -> name or table. Raises OverlayError."""
    codes: list[Code | Event | Operation] = []
    values: list[Scale | Choices] = []
    for vendor, sections in content.items():
        if vendor not in ("ptp", "mtp", *vendors.MODULES):
            known = ", ".join(("ptp", "mtp", *vendors.MODULES))
            raise OverlayError([vendor], f"no vendor is called {vendor!r}; there are {known}")
        for section, entries in _table([vendor], sections).items():
            if section not in SECTIONS:
                known = ", ".join(SECTIONS)
                raise OverlayError([vendor, section], f"no section is called {section!r}; there are {known}")
            for code, keys, entry in _coded([vendor, section], _table([vendor, section], entries)):
                row, meanings = _rows(vendor, SECTIONS[section], code, keys, entry)
                codes.extend(row)
                values.extend(meanings)
    return Overlay(codes, values)


def layered(overlay: Overlay, vendor: str, built_in: tuple[Any, ...]) -> tuple[Any, ...]:
    """A vendor's rows with the overlay's in front; a row whose code the overlay names is replaced.

    What the overlay doesn't say of an operation or event, the replaced row does.
    """
    found: dict[tuple[str, int], Code | Event | Operation] = {}
    for row in overlay.codes:
        if row.vendor == vendor:
            found.setdefault((row.kind, row.code), row)
    if not found:
        return built_in
    for row in reversed(built_in):
        above = found.get((row.kind, row.code))
        if isinstance(above, Operation) and isinstance(row, Operation):
            if above.request is None:
                above = above._replace(request=row.request, response=row.response)
            above = above._replace(data=above.data or row.data, dataset=above.dataset or row.dataset)
            found[row.kind, row.code] = above
        elif isinstance(above, Event) and not above.parameters and isinstance(row, Event):
            found[row.kind, row.code] = above._replace(parameters=row.parameters)
    return (*found.values(), *(row for row in built_in if (row.kind, row.code) not in found))


def _rows(
    vendor: str, kind: str, code: int, keys: list[str], entry: object
) -> tuple[list[Code | Event | Operation], list[Scale | Choices]]:
    """The rows of one entry: a name, or a table that says more."""
    said = {"name": entry} if isinstance(entry, str) else _table(keys, entry, "a name or a table")
    for key in said.keys() - _KEYS.get(kind, _COMMON):
        raise OverlayError([*keys, key], f"no key of an entry in {keys[1]} is called {key!r}")
    if not said:
        raise OverlayError(keys, "says nothing")
    name = _text(said, "name", keys)
    if name is not None and not _NAME.fullmatch(name):
        raise OverlayError([*keys, "name"], "a name has letters, digits, spaces and _-/.+()#: only", name)
    note = _text(said, "note", keys) or ""
    confidence = _one_of(said, "confidence", keys, CONFIDENCES) or GUESSED
    if name is None and not said.keys() & {"values", "measure"}:
        raise OverlayError(keys, "has no name")
    rows: list[Code | Event | Operation] = []
    if kind == "operation" and name is not None:
        request, response = _parameters(said, "request", keys), _parameters(said, "response", keys)
        if request is None and response is not None:
            raise OverlayError([*keys, "response"], "stands without a request")
        data = _one_of(said, "data", keys, ("in", "out", "none"))
        dataset = _text(said, "dataset", keys) or ""
        answer = () if response is None and request is not None else response
        rows.append(Operation(vendor, code, name, SOURCE, confidence, data, request, answer, dataset, note))
    elif kind == "event" and name is not None:
        names = _texts(said, "parameters", keys, 3) or ()
        rows.append(Event(vendor, code, name, SOURCE, confidence, names, _text(said, "carried", keys) or "event", note))
    elif name is not None:
        rows.append(Code(kind, vendor, code, name, SOURCE, confidence, note))
    return rows, _meanings(vendor, code, keys, said, confidence)


def _meanings(
    vendor: str, code: int, keys: list[str], said: Mapping[str, Any], confidence: str
) -> list[Scale | Choices]:
    """The scale and the choices of a property's entry."""
    found: list[Scale | Choices] = []
    if measure := _one_of(said, "measure", keys, _MEASURES):
        per, zero = _whole(said, "per", keys, 1), _whole(said, "zero", keys, 0)
        if per == 0:
            raise OverlayError([*keys, "per"], "is 0", per)
        found.append(Scale(vendor, code, measure, SOURCE, confidence, per, zero))
    elif extra := said.keys() & {"per", "zero"}:
        raise OverlayError([*keys, min(extra)], "stands without a measure")
    if "values" in said:
        texts: dict[int, str] = {}
        inside = [*keys, "values"]
        for number, where, text in _coded(inside, _table(inside, said["values"]), negative=True):
            if not isinstance(text, str) or not text.strip() or not text.isprintable():
                raise OverlayError(where, "is not a printable text", text)
            texts[number] = text
        found.append(Choices(vendor, code, SOURCE, confidence, texts))
    return found


def _coded(
    keys: list[str], table: Mapping[str, Any], *, negative: bool = False
) -> Iterator[tuple[int, list[str], object]]:
    """The entries of a table whose keys are numbers, each once: number, the keys that lead to it, entry."""
    seen: dict[int, str] = {}
    for key, entry in table.items():
        if not re.fullmatch(r"0x[0-9A-Fa-f]{1,8}|-?[0-9]{1,10}", key):
            raise OverlayError([*keys, key], f"{key!r} is not a code such as 0x9123 or 37155")
        number = int(key, 0) if key.startswith("0x") else int(key)
        if number > 0xFFFFFFFF or (number < 0 and not negative) or number < -0x80000000:
            raise OverlayError([*keys, key], f"{key} does not fit 32 bits")
        if number in seen:
            raise OverlayError([*keys, key], f"{key} is the same code as {seen[number]}")
        seen[number] = key
        yield number, [*keys, key], entry


def _table(keys: list[str], value: object, what: str = "a table") -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise OverlayError(keys, f"is not {what}", value)
    return value


def _typed(said: Mapping[str, Any], key: str, keys: list[str], kind: type) -> Any:
    value = said.get(key)
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise OverlayError([*keys, key], f"is not {_TYPES[kind]}", value)
    return value


def _text(said: Mapping[str, Any], key: str, keys: list[str]) -> str | None:
    value: str | None = _typed(said, key, keys, str)
    if value is not None and (not value or not value.isprintable()):
        raise OverlayError([*keys, key], "is not a printable text", value)
    return value


def _whole(said: Mapping[str, Any], key: str, keys: list[str], default: int) -> int:
    value: int | None = _typed(said, key, keys, int)
    return default if value is None else value


def _one_of(said: Mapping[str, Any], key: str, keys: list[str], allowed: Sequence[str]) -> str | None:
    value = _text(said, key, keys)
    if value is not None and value not in allowed:
        raise OverlayError([*keys, key], f"{value!r} is none of {', '.join(allowed)}", value)
    return value


def _texts(said: Mapping[str, Any], key: str, keys: list[str], most: int) -> tuple[str, ...] | None:
    values: list[Any] | None = _typed(said, key, keys, list)
    if values is None:
        return None
    if len(values) > most:
        raise OverlayError([*keys, key], f"has {len(values)} parameters; there are at most {most}")
    for value in values:
        if not isinstance(value, str) or not value.isprintable():
            raise OverlayError([*keys, key], "is not a list of texts", value)
    return tuple(values)


def _parameters(said: Mapping[str, Any], key: str, keys: list[str]) -> tuple[str, ...] | None:
    values = _texts(said, key, keys, 5)
    for value in values or ():
        written = _PARAMETER.fullmatch(value)
        if not written:
            raise OverlayError([*keys, key], f"{value!r} is not written Name:kind or [Name:kind]", value)
        if (written[1] or written[3]) not in PARAMETER_KINDS:
            known = ", ".join(PARAMETER_KINDS)
            kind = written[1] or written[3]
            raise OverlayError([*keys, key], f"no kind of parameter is called {kind!r}; there are {known}", value)
    return values
