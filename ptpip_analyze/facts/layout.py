"""The words in which byte layouts are written down. Promises a closed set of kinds and rows that are plain data;
refuses callables, conditions and computed sizes.

What a flat row of fields can't say is a named exception in the room that reads it, not a new kind here.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """How a field's bytes are read. Integers are little-endian (CIPA DC-X005-2005 2.3; PIMA 15740:2000 5.2.1)."""

    U8 = "u8"  # unsigned integers of 1, 2, 4, 8 bytes
    U16 = "u16"
    U32 = "u32"
    U64 = "u64"
    GUID = "guid"  # 16 bytes, kept in wire order
    NAME = "name"  # UTF-16LE units up to and including a NUL unit, without a count
    STRING = "string"  # PTP string: one count byte (units with the NUL, 0 for empty), then UTF-16LE units
    DATE = "date"  # a STRING that holds YYYYMMDDThhmmss[.s][Z|+hhmm|-hhmm]
    ARRAY = "array"  # u32 count, then that many elements of ``Field.of``
    WORDS = "words"  # as many u32 as there are bytes for, at most ``Field.upto``
    REST = "rest"  # all bytes to the end


# Bytes of the kinds whose size never varies.
SIZES = {Kind.U8: 1, Kind.U16: 2, Kind.U32: 4, Kind.U64: 8, Kind.GUID: 16}


class Field(NamedTuple):
    """One field of a layout."""

    name: str  # lower camel case, as the standard words it
    kind: Kind
    codes: str = ""  # kind of the code table that names its values ("operation", ...); empty: a plain value
    of: Kind | None = None  # elements of an ARRAY
    upto: int = 0  # most elements of WORDS, most units of NAME with its NUL; 0: no bound


class Layout(NamedTuple):
    """Fields one behind the other, without padding."""

    name: str
    fields: tuple[Field, ...]
    source: str  # key of ``source.SOURCES``
