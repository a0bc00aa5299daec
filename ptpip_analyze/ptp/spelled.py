"""The fields of one message with the places of their bytes, by the layouts of ``facts.packets`` and, for a dialect's
own messages, of ``facts.containers``.

Promises that no value is told whose bytes are not all there. Refuses types without a layout: bytes in which no message
was found are one run of bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import facts
from ..facts.containers import CONTAINERS, GREETINGS
from ..facts.layout import SIZES, Field, Kind
from ..facts.packets import HEADER_SIZE, MESSAGES
from .parameters import event_text, parameters_text, response_text
from .values import Value

LENGTH_SIZE = 4  # of a container, which has no packet type

_CODED = frozenset({"operation", "response", "event"})  # code tables that differ by vendor


def message_fields(
    data: bytes,
    type_code: int | None,
    vendor: str | None = None,
    *,
    fuji: bool = False,
    operation: int | None = None,
) -> tuple[Value, ...]:
    """The fields of a message, of which ``data`` is the beginning or all; places count from its first byte.

    ``type_code`` is that of the messages table; None for bytes in which no message was found. ``fuji``: the message is
    of Fujifilm's dialect, whose greetings have a layout of their own. ``operation`` is the one that a response answers:
    the parameters of a response mean what its operation says.
    """
    container = CONTAINERS.get(type_code) if type_code is not None else None
    if container is not None and len(data) >= LENGTH_SIZE:
        first = Value("length", int.from_bytes(data[:LENGTH_SIZE], "little"), 0, LENGTH_SIZE)
        return (first, *_behind(data, LENGTH_SIZE, container.fields, vendor, operation))
    layout = MESSAGES.get(type_code) if type_code is not None else None
    if layout is None or len(data) < HEADER_SIZE:
        return (Value("bytes", None, 0, len(data)),) if data else ()
    length, kind = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    head = (Value("length", length, 0, 4), Value("packetType", kind, 4, 8, layout.name))
    fields = GREETINGS.get(layout.type_code, layout.fields) if fuji else layout.fields
    return (*head, *_behind(data, HEADER_SIZE, fields, vendor, operation))


def _behind(
    data: bytes, at: int, fields: tuple[Field, ...], vendor: str | None, operation: int | None
) -> Iterator[Value]:
    coded: tuple[str, int] | None = None  # what the message is of: kind and code
    for field in fields:
        if field.kind is Kind.WORDS:
            words = _words_from(data, at, field.upto)
            value = _parameters(field.name, at, words, _said(coded, words, vendor, operation)) if words else None
        else:
            value = _value(data, at, field, vendor)
        if value is None:
            return
        if field.codes in _CODED and isinstance(value.value, int):
            coded = field.codes, value.value
        yield value
        at = value.end


def _value(data: bytes, at: int, field: Field, vendor: str | None) -> Value | None:
    """A field that begins at a byte; None where its end is not there."""
    if field.kind in SIZES:
        end = at + SIZES[field.kind]
        if end > len(data):
            return None
        if field.kind is Kind.GUID:
            return Value(field.name, data[at:end], at, end)
        number = int.from_bytes(data[at:end], "little")
        return Value(field.name, number, at, end, _text(field, number, vendor))
    if field.kind is Kind.NAME:
        end_of_name = next(
            (place + 2 for place in range(at, len(data) - 1, 2) if data[place : place + 2] == b"\0\0"), None
        )
        if end_of_name is None:
            return None
        name = data[at : end_of_name - 2].decode("utf-16-le", "replace")
        return Value(field.name, name, at, end_of_name)
    return Value(field.name, None, at, len(data)) if at < len(data) or field.name != "padding" else None


def _words_from(data: bytes, at: int, most: int) -> list[int]:
    ends = range(at + 4, len(data) + 1, 4)[:most]
    return [int.from_bytes(data[end - 4 : end], "little") for end in ends]


def _parameters(name: str, at: int, words: list[int], said: str | None) -> Value:
    parts = tuple(
        Value(str(number + 1), word, at + 4 * number, at + 4 * number + 4, f"0x{word:08X}")
        for number, word in enumerate(words)
    )
    return Value(name, None, at, at + 4 * len(words), said, parts)


def _said(coded: tuple[str, int] | None, words: list[int], vendor: str | None, operation: int | None) -> str | None:
    """What the parameters of a request, an event, or of the response to a known operation mean."""
    if coded is None:
        return None
    kind, code = coded
    if kind == "operation":
        return parameters_text(code, words, vendor)
    if kind == "event":
        return event_text(code, words, vendor)
    return response_text(operation, code, words, vendor) if operation is not None else None


def _text(field: Field, number: int, vendor: str | None) -> str | None:
    if not field.codes:
        return None
    if field.codes == "protocol_version":
        return f"{number >> 16}.{number & 0xFFFF}"
    return facts.name_of(field.codes, number, vendor if field.codes in _CODED else None)
