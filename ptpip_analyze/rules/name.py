"""Rules of friendly names (CIPA DC-X005-2005 2.3.1, 2.3.2): one NUL at the end, at most 40 units, nothing behind.

Judges only greetings whose bytes are all in the capture; of two explanations for the same bytes it gives one.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ptpip import messages as m
from .evidence import Evidence
from .greeting import VERSION_BYTES, Greeting, greetings, in_words
from .rule import Ruling, rule

MOST_UNITS = 40  # with the NUL (2.3.1)
_NOT_WHOLE = "the greeting is not in the capture as a whole"
_LEAST_SWAPPED = 6  # letters in a row, each with its bytes swapped, that are no accident of a rare script
_LEAST_BYTES = 3  # one byte each, in a field of even length


def _judge(seen: Evidence, ruling: Ruling, fault: Callable[[Greeting], str | None]) -> None:
    """Judge each greeting by what ``fault`` says of it; None: nothing."""
    for one in greetings(seen):
        if isinstance(one, tuple):
            ruling.unknown(one[1], one[2], _NOT_WHOLE)
        elif (says := fault(one)) is None:
            ruling.passes(one.session, one.side)
        else:
            ruling.fires(one.session, one.side, f"{m.type_names()[one.kind]}: {says}", row=one.row)


@rule("name-nul-terminated")
def nul_terminated(seen: Evidence, ruling: Ruling) -> None:
    """A zero unit ends the name."""

    def fault(one: Greeting) -> str | None:
        if one.rest is not None or one.no_field:
            return None
        return f"the name has no NUL at its end; its field is {one.field.hex(' ')}"

    _judge(seen, ruling, fault)


@rule("name-max-length")
def max_length(seen: Evidence, ruling: Ruling) -> None:
    """40 units with the NUL; a character beyond the basic plane takes two."""

    def fault(one: Greeting) -> str | None:
        if one.rest is None or len(one.units) < MOST_UNITS:
            return None
        return f"the name has {len(one.units) + 1} units with its NUL; {MOST_UNITS} are allowed"

    _judge(seen, ruling, fault)


@rule("name-empty-single-nul")
def empty_single_nul(seen: Evidence, ruling: Ruling) -> None:
    """A name that is not used is one NUL."""

    def fault(one: Greeting) -> str | None:
        if one.no_field:
            return "there is no name, not even an empty one"
        if one.rest is None or one.units or len(one.rest) <= VERSION_BYTES:
            return None
        return f"an empty name is one NUL unit; behind it are {len(one.rest) - VERSION_BYTES} bytes too many"

    _judge(seen, ruling, fault)


@rule("name-no-padding")
def no_padding(seen: Evidence, ruling: Ruling) -> None:
    """The version follows the NUL at once."""

    def fault(one: Greeting) -> str | None:
        if one.rest is None or not one.units or len(one.rest) <= VERSION_BYTES:
            return None
        surplus = one.rest[:-VERSION_BYTES]
        return f"{len(surplus)} bytes stand between the name and the version: {surplus[:16].hex(' ')}"

    _judge(seen, ruling, fault)


@rule("name-utf16-wellformed")
def utf16_wellformed(seen: Evidence, ruling: Ruling) -> None:
    """Names are UTF-16, least significant byte first."""
    for one in greetings(seen):
        if isinstance(one, tuple):
            ruling.unknown(one[1], one[2], _NOT_WHOLE)
            continue
        says = _flaw(one)
        name = m.type_names()[one.kind]
        if says is not None:
            ruling.fires(one.session, one.side, f"{name}: {says}", row=one.row)
        elif any(unit < 0x20 for unit in one.units) and one.rest is not None:
            says = f"{name}: the name holds control characters"
            ruling.names(one.session, one.side, says, row=one.row, sure=False)
        else:
            ruling.passes(one.session, one.side)


def _flaw(one: Greeting) -> str | None:
    """Why a name is no UTF-16; None where it may be."""
    if one.rest is None or len(one.field) % 2 or len(one.rest) < VERSION_BYTES:
        head = one.field.partition(b"\0")[0]
        least = 2 if len(one.field) % 2 else _LEAST_BYTES
        if len(head) >= least and all(0x20 <= byte < 0x7F for byte in head):
            return f"the name has 8 bits for each letter: {head[:16].hex(' ')}"
        return None
    if len(one.units) >= _LEAST_SWAPPED and all(not unit & 0xFF and 0x20 <= unit >> 8 < 0x7F for unit in one.units):
        return "the name has its bytes swapped"
    high = False
    for unit in (*one.units, 0):
        if high != (0xDC00 <= unit < 0xE000):
            return "the name holds half a surrogate pair"
        high = 0xD800 <= unit < 0xDC00
    return None


@rule("name-informational-use")
def informational_use(seen: Evidence, ruling: Ruling) -> None:
    """What the peers call themselves."""
    said: set[tuple[int, int]] = set()
    for one in greetings(seen):
        if isinstance(one, tuple) or (one.session, one.side) in said:
            continue
        said.add((one.session, one.side))
        version = "no version" if one.version is None else f"version {in_words(one.version)}"
        says = f'calls itself "{one.name}", GUID {one.guid.hex()}, {version}'
        ruling.fires(one.session, one.side, says, row=one.row)
