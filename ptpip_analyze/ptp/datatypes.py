"""The datatypes of property values (PIMA 15740:2000 5.3). Promises sizes, ranges, names and lenient dates; refuses to
guess the type of a value that nobody declared.
"""

from __future__ import annotations

import re

from ..facts import name_of

STRING = 0xFFFF
ARRAY = 0x4000  # set beside the type of the elements

# Datatype -> bytes of a value; odd ones are signed.
_SIZES = {0x1: 1, 0x2: 1, 0x3: 2, 0x4: 2, 0x5: 4, 0x6: 4, 0x7: 8, 0x8: 8, 0x9: 16, 0xA: 16}
_UNSIGNED = {1: 0x2, 2: 0x4, 4: 0x6, 8: 0x8}

_DATE = re.compile(
    r"(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d)(?:T(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)?(?P<tenths>\.\d+)?)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


def size_of(datatype: int) -> int | None:
    """Bytes of one integer of this type, or of one element of this array type; None for strings and unknown types."""
    return _SIZES.get(datatype & ~ARRAY)


def is_signed(datatype: int) -> bool:
    """Are its integers, or the elements of its arrays, two's complement?"""
    return datatype & 1 == 1 and size_of(datatype) is not None


def is_array(datatype: int) -> bool:
    """Is this an array of integers?"""
    return datatype != STRING and bool(datatype & ARRAY) and size_of(datatype) is not None


def is_known(datatype: int) -> bool:
    """Can a value of this type be read?"""
    return datatype == STRING or size_of(datatype) is not None


def datatype_name(datatype: int) -> str:
    """UINT16, AUINT16 (an array), STR; 0x1234 for a number that is no datatype."""
    return name_of("datatype", datatype)


def unsigned_of(size: int) -> int | None:
    """The unsigned type of ``size`` bytes; None where there is none below 128 bits."""
    return _UNSIGNED.get(size)


def date_text(text: str) -> str | None:
    """A PTP date-time (5.3.5.2) as people write it: 2016-01-02 13:26:20, with tenths and zone where they are given.

    Reads leniently: seconds, time and zone may be absent; None for anything else, a month 13 or a 25th hour.
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (match[part] for part in ("y", "mo", "d", "h", "mi", "s"))
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    if hour is None:
        return f"{year}-{month}-{day}{_zone(match['zone'])}"
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:
        return None
    tenths = match["tenths"] if match["tenths"] and match["tenths"].strip(".0") else ""
    seconds = "" if second is None else f":{second}{tenths}"
    return f"{year}-{month}-{day} {hour}:{minute}{seconds}{_zone(match['zone'])}"


def _zone(zone: str | None) -> str:
    if not zone:
        return ""
    return " UTC" if zone == "Z" else f" {zone[:3]}:{zone[-2:]}"
